"""Figures of the pages in Chromium: first rows, keys, clicks, scrolling, jumps, weight, over large tables."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from benchmarks import datasets, log_filling
from benchmarks.client import Connection
from benchmarks.load import percentile
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, Server, started
from benchmarks.ui_page import Visitor, chromium

# Request logs, dataset rows.
_SIZES = {"small": (100_000, 20_000), "full": (1_000_000, 100_000)}
_NAME = "A large dataset"
# The generated logs are of one month, and the page begins with the last day.
_LOGS = "/ui/logs?t=all"
_KEYS = 40
_PIXELS_A_SECOND = 9_600
_SCROLL_SECONDS, _LONG_SCROLL_SECONDS = 4, 20
_ROUND_TRIP_MILLISECONDS = 20

_SCROLL = """async ([speed, seconds]) => {
  const grid = document.querySelector('[role=grid]'), head = grid.querySelector('[role=columnheader]');
  const top = (head?.getBoundingClientRect().bottom ?? grid.getBoundingClientRect().top) + 4;
  const box = grid.getBoundingClientRect(), x = box.left + box.width / 3;
  let frames = 0, blank = 0;
  bench.longTasks.length = 0;
  const began = performance.now(), from = grid.scrollTop;
  for (;;) {
    const at = await new Promise(requestAnimationFrame), passed = (at - began) / 1000;
    if (passed >= seconds) break;
    const most = grid.scrollHeight - grid.clientHeight, wanted = from + Math.max(0, passed) * speed;
    // There and back again where the table is shorter.
    grid.scrollTop = Math.abs(((wanted + most) % (2 * most)) - most);
    frames += 1;
    const bottom = Math.min(box.bottom, innerHeight) - 4;
    const places = [0.02, 0.25, 0.5, 0.75, 0.98].map(share => top + share * (bottom - top));
    if (places.some(y => !document.elementFromPoint(x, y)?.closest('[data-index]:not(.grid-row-pending)'))) blank += 1;
  }
  return { frames, blank, longTasks: bench.longTasks.slice(), seconds: (performance.now() - began) / 1000 };
}"""

# A jump by the scroll bar, as if its thumb were dropped there.
_JUMP = """async share => {
  const grid = document.querySelector('[role=grid]'), began = performance.now();
  grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
  await new Promise(requestAnimationFrame);
  const box = grid.getBoundingClientRect(), x = box.left + box.width / 3;
  const seen = y => document.elementFromPoint(x, y)?.closest('[data-index]:not(.grid-row-pending)');
  return bench.until(() => seen(box.top + box.height * 0.3) && seen(box.top + box.height * 0.7), began);
}"""


def ui(options: Options) -> Iterator[Measurement]:
    """The pages in Chromium over 100,000 logs and 20,000 rows (1,000,000 and 100,000 at full scale)."""
    logs, rows = _SIZES[options.scale]
    with ExitStack() as stack:
        server = stack.enter_context(started(stack.enter_context(_filled(options.data, logs, rows))))
        browser = stack.enter_context(chromium())
        dataset = f"/ui/datasets/{_dataset_id(server)}"
        # Imports, caches of statements and of pages: once for all.
        for path in (_LOGS, dataset):
            _visited(browser, server, lambda visitor, path=path: visitor.first_rows(path))
        for name, path, rate in ((f"{logs:,} logs", _LOGS, 300.0), (f"{rows:,} rows", dataset, 150.0)):
            yield from _opening(browser, server, name, path, options.repeat)
            yield from _working(browser, server, name, path, rate, options.repeat)
        yield from _weighing(browser, server)


def _opening(browser: Browser, server: Server, name: str, path: str, repeat: int) -> Iterator[Measurement]:
    cold: list[float] = []
    warm: list[float] = []
    slow: list[float] = []
    cpu: list[float] = []
    for _ in range(repeat):
        with contextlib.closing(Visitor(browser, server)) as visitor:
            before = visitor.renderer_cpu_seconds()
            cold.append(visitor.first_rows(path))
            visitor.settle()
            cpu.append((visitor.renderer_cpu_seconds() - before) * 1_000)
            visitor.page.goto("about:blank")
            warm.append(visitor.first_rows(path))
        with contextlib.closing(Visitor(browser, server, round_trip_milliseconds=_ROUND_TRIP_MILLISECONDS)) as visitor:
            slow.append(visitor.first_rows(path))
    yield Measurement("ui", f"{name}: first rows, empty cache", "ms", tuple(cold), 300)
    yield Measurement("ui", f"{name}: first rows, warm cache", "ms", tuple(warm), 150)
    what = f"{name}: first rows, empty cache, {_ROUND_TRIP_MILLISECONDS} ms round trip"
    yield Measurement("ui", what, "ms", tuple(slow), 600)
    yield Measurement("ui", f"{name}: renderer's processor time until the page is at rest", "ms", tuple(cpu))


def _working(
    browser: Browser, server: Server, name: str, path: str, jump_budget_ms: float, repeat: int
) -> Iterator[Measurement]:
    with contextlib.closing(Visitor(browser, server)) as visitor:
        visitor.first_rows(path)
        visitor.settle()
        yield from _pressing(visitor, name, repeat)
        yield from _clicking(visitor, name, repeat)
        yield from _jumping(visitor, name, jump_budget_ms, repeat)
        yield from _scrolling(visitor, name, repeat)
        nodes = visitor.evaluate("() => document.querySelectorAll('*').length")
        yield Measurement("ui", f"{name}: nodes with a full table", "", (nodes,), 2_000)


def _pressing(visitor: Visitor, name: str, repeat: int) -> Iterator[Measurement]:
    """Walk down the table by keys, first the table alone, then with the panel open."""
    visitor.page.locator("[role=grid]").focus()
    for place, keys in (("", ()), (", panel open", ("Enter",))):
        for key in keys:
            visitor.page.keyboard.press(key)
            visitor.settle()
        middles: list[float] = []
        tails: list[float] = []
        cpu: list[float] = []
        for _ in range(repeat):
            before = visitor.renderer_cpu_seconds()
            times = [_press(visitor, "j") for _ in range(_KEYS)]
            cpu.append((visitor.renderer_cpu_seconds() - before) / _KEYS * 1_000)
            middles.append(statistics.median(times))
            tails.append(percentile(times, 95))
        note = f"renderer CPU {statistics.median(cpu):.0f} ms a key"
        yield Measurement("ui", f"{name}: key to painted{place}, p50", "ms", tuple(middles), 50, note=note)
        yield Measurement("ui", f"{name}: key to painted{place}, p95", "ms", tuple(tails))
    steps = [[_step(visitor, "j") for _ in range(_KEYS // 4)] for _ in range(repeat)]
    what = f"{name}: key to the next row in the panel, p50"
    yield Measurement("ui", what, "ms", tuple(statistics.median(times) for times in steps))
    visitor.page.keyboard.press("Escape")


def _press(visitor: Visitor, key: str) -> float:
    visitor.evaluate("""() => {
      const grid = document.querySelector('[role=grid]'), was = grid.getAttribute('aria-activedescendant');
      const moved = () => grid.getAttribute('aria-activedescendant') !== was;
      bench.onInput('keydown');
      bench.result = bench.input.then(began => bench.until(moved, began));
    }""")
    visitor.page.keyboard.press(key)
    return float(visitor.evaluate("() => bench.result"))


def _step(visitor: Visitor, key: str) -> float:
    visitor.evaluate("""() => {
      const was = bench.panel(), changed = () => bench.panel() && bench.panel() !== was;
      bench.onInput('keydown');
      bench.result = bench.input.then(began => bench.until(changed, began));
    }""")
    visitor.page.keyboard.press(key)
    return float(visitor.evaluate("() => bench.result"))


def _clicking(visitor: Visitor, name: str, repeat: int) -> Iterator[Measurement]:
    """Click the first facet, where the page has one, and take the filter away again."""
    facet = visitor.page.locator("aside[aria-label=Facets] input[type=checkbox]").first
    if not facet.count():
        return
    times: list[float] = []
    for _ in range(repeat):
        visitor.evaluate("""() => {
          const was = bench.text(), changed = () => !bench.isBusy() && bench.rows().length && bench.text() !== was;
          bench.onInput('click');
          bench.result = bench.input.then(began => bench.until(changed, began));
        }""")
        facet.click()
        times.append(float(visitor.evaluate("() => bench.result")))
        visitor.settle()
        found = visitor.evaluate("() => bench.text()")
        visitor.page.go_back()
        visitor.evaluate("found => bench.until(() => !bench.isBusy() && bench.text() !== found)", found)
        visitor.settle()
    yield Measurement("ui", f"{name}: click on a facet to rows", "ms", tuple(times), 200)


def _jumping(visitor: Visitor, name: str, budget_ms: float, repeat: int) -> Iterator[Measurement]:
    # Never twice to the same place, whose rows would be there already.
    for what, shares in (("the middle", (0.5, 0.47, 0.53, 0.44, 0.56)), ("the end", (1.0, 0.98, 0.96, 0.94, 0.92))):
        times = []
        for turn in range(repeat):
            times.append(float(visitor.evaluate(_JUMP, shares[turn % len(shares)])))
            visitor.settle()
        yield Measurement("ui", f"{name}: jump to {what}", "ms", tuple(times), budget_ms)


def _scrolling(visitor: Visitor, name: str, repeat: int) -> Iterator[Measurement]:
    visitor.evaluate("() => { document.querySelector('[role=grid]').scrollTop = 0; }")
    visitor.settle()
    runs: list[dict[str, Any]] = []
    cpu: list[float] = []
    for _ in range(repeat):
        before = visitor.renderer_cpu_seconds()
        runs.append(visitor.evaluate(_SCROLL, [_PIXELS_A_SECOND, _SCROLL_SECONDS]))
        cpu.append((visitor.renderer_cpu_seconds() - before) * 1_000)
    what = f"{name}: scrolling {_PIXELS_A_SECOND:,} px/s for {_SCROLL_SECONDS} s"

    def of(figure: Callable[[dict[str, Any]], float]) -> tuple[float, ...]:
        return tuple(figure(run) for run in runs)

    longest = max((task for run in runs for task in run["longTasks"]), default=0)
    note = f"longest {longest:.0f} ms" if longest else ""
    yield Measurement("ui", f"{what}: long tasks", "", of(lambda run: len(run["longTasks"])), 0, note=note)
    yield Measurement("ui", f"{what}: blank frames", "%", of(lambda run: 100 * run["blank"] / run["frames"]), 2)
    yield Measurement("ui", f"{what}: frames a second", "", of(lambda run: run["frames"] / run["seconds"]))
    yield Measurement("ui", f"{what}: renderer's processor time", "ms", tuple(cpu))
    visitor.evaluate(_SCROLL, [_PIXELS_A_SECOND, _LONG_SCROLL_SECONDS])
    yield Measurement("ui", f"{name}: heap after {_LONG_SCROLL_SECONDS} s of it", "MB", (visitor.heap_megabytes(),), 60)


def _weighing(browser: Browser, server: Server) -> Iterator[Measurement]:
    """What the first page that anybody sees brings, and the table that is read most."""
    for name, path in (("start page", "/ui/start"), ("logs", _LOGS)):
        weight = _visited(browser, server, lambda visitor, path=path: visitor.weigh(path))
        yield Measurement("ui", f"{name}: scripts, compressed", "KB", (weight.script_kb,), 60)
        yield Measurement("ui", f"{name}: modules", "", (weight.modules,), 40)
        yield Measurement("ui", f"{name}: styles, compressed", "KB", (weight.style_kb,), 15)


def _visited(browser: Browser, server: Server, look: Callable[[Visitor], Any]) -> Any:
    with contextlib.closing(Visitor(browser, server)) as visitor:
        return look(visitor)


# ------------------------------------------------------------------------------------------------------------ data


@contextlib.contextmanager
def _filled(kept: Path | None, logs: int, rows: int) -> Iterator[Path]:
    """Give a data directory with so many logs, indexed, and one dataset; kept where `kept` is given.

    The pages only read, so the kept one is used as it is.
    """
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as directory:
        if kept is None:
            _make(Path(directory), logs, rows)
            yield Path(directory)
            return
    made = kept / f"{logs}-logs-{rows}-rows"
    if not made.exists():
        partial = made.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _make(partial, logs, rows)
        partial.rename(made)
    yield made


def _make(directory: Path, logs: int, rows: int) -> None:
    with started(directory) as server:
        log_filling.fill(server, logs)
        log_filling.wait_until_indexed(server)
        datasets.fill(server, datasets.create(server, _NAME), rows)


def _dataset_id(server: Server) -> str:
    with Connection(server.address) as connection:
        found = connection.json("GET", "/api/datasets/", key=API_KEY)["results"]
    return str(next(one["id"] for one in found if one["name"] == _NAME))
