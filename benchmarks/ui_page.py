"""Chromium under measurement: pages that stop their own watch, processor time of the renderer, memory of a page."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from benchmarks.server import API_KEY, Server

_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-precise-memory-info",
]  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome")
VIEWPORT = {"width": 1440, "height": 900}
KILOBYTE = 1_000
_TIMEOUT_MILLISECONDS = 60_000

# In every page before any script. `watch` waits, frame by frame, until `is` holds and that frame is on the screen; its
# times count from the navigation, from an input event, or from the call.
_WATCH = """
globalThis.bench = {
  longTasks: [],
  painted: () => new Promise(done => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now());
    channel.port2.postMessage(0);
  })),
  rows: () => [...document.querySelectorAll('[role=grid] [data-index]:not(.grid-row-pending)')],
  text: () => bench.rows().map(row => row.textContent).join(),
  panel: () => document.querySelector('aside.panel .panel-body')?.textContent ?? '',
  isBusy: () => document.querySelector('[role=grid]')?.getAttribute('aria-busy') === 'true',
  async until(is, began = 0) {
    for (const asked = performance.now(); !is(); await new Promise(requestAnimationFrame)) {
      if (performance.now() - asked > 30_000) throw new Error(`no ${is} after 30 s at ${location.href}`);
    }
    return (await bench.painted()) - began;
  },
  onInput(type) {
    const once = { capture: true, once: true };
    bench.input = new Promise(done => addEventListener(type, event => done(event.timeStamp), once));
  },
};
new PerformanceObserver(list => list.getEntries().forEach(each => bench.longTasks.push(each.duration)))
  .observe({ type: 'longtask', buffered: true });
const early = new MutationObserver(() => {
  if (!bench.rows().length) return;
  early.disconnect();
  bench.painted().then(at => { bench.firstRows = at; });
});
early.observe(document, { subtree: true, childList: true });
"""


def find_chromium() -> str:
    """Return the path of Chromium: $ASSAY_CHROMIUM, else the system's; raises RuntimeError where there is none."""
    found = os.environ.get("ASSAY_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        raise RuntimeError("Chromium is not installed: apt-get install chromium, or name one with ASSAY_CHROMIUM")
    return found


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser without a profile; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), headless=True, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True, slots=True)
class Weight:
    """What came over the wire for a page, in kilobytes as compressed, and how many scripts."""

    script_kb: float
    style_kb: float
    modules: int


class Visitor:
    """A signed-in person with an empty cache. `round_trip_milliseconds` is added to every request."""

    def __init__(self, browser: Browser, server: Server, *, round_trip_milliseconds: float = 0) -> None:
        host, port = server.address
        self.url = f"http://{host}:{port}"
        self._browser = browser
        self.context: BrowserContext = browser.new_context(base_url=self.url, viewport=VIEWPORT, timezone_id="UTC")
        self.context.set_default_timeout(_TIMEOUT_MILLISECONDS)
        signed = self.context.request.post("/ui/session/", data={"key": API_KEY}, headers={"Origin": self.url})
        if not signed.ok:
            raise RuntimeError(f"POST /ui/session/ answered {signed.status}: {signed.text()[:500]}")
        self.page: Page = self.context.new_page()
        self.page.add_init_script(_WATCH)
        self.debugger = self.context.new_cdp_session(self.page)
        if round_trip_milliseconds:
            slow = {
                "offline": False,
                "latency": round_trip_milliseconds,
                "downloadThroughput": -1,
                "uploadThroughput": -1,
            }
            self.debugger.send("Network.enable")
            self.debugger.send("Network.emulateNetworkConditions", slow)

    def first_rows(self, path: str) -> float:
        """Go to a page and return the milliseconds from there to its first rows on the screen."""
        self.page.goto(path, wait_until="commit")
        self.page.locator("[role=grid] [data-index]:not(.grid-row-pending)").first.wait_for()
        while (found := self.page.evaluate("() => bench.firstRows")) is None:
            self.page.wait_for_timeout(20)
        return float(found)

    def settle(self) -> None:
        """Wait until the page asks for nothing more and its count is there."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(300)

    def weigh(self, path: str) -> Weight:
        """Go to a page and count what it fetches until it is at rest."""
        answers: list[Response] = []
        self.page.on("response", lambda answer: answers.append(answer))
        self.page.goto(path)
        self.settle()

        def kilobytes(kind: str) -> float:
            found = (answer for answer in answers if answer.request.resource_type == kind)
            return sum(answer.request.sizes()["responseBodySize"] for answer in found) / KILOBYTE

        modules = {answer.url for answer in answers if answer.request.resource_type == "script"}
        return Weight(kilobytes("script"), kilobytes("stylesheet"), len(modules))

    def renderer_cpu_seconds(self) -> float:
        """Return the processor time that all renderers of the browser have used so far."""
        session = self._browser.new_browser_cdp_session()
        found = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        return float(sum(one["cpuTime"] for one in found if one["type"] == "renderer"))

    def heap_megabytes(self) -> float:
        """Return what JavaScript objects of the page take, garbage that was not yet collected among them."""
        self.debugger.send("Performance.enable")
        found = {one["name"]: one["value"] for one in self.debugger.send("Performance.getMetrics")["metrics"]}
        return float(found["JSHeapUsedSize"]) / 1_000_000

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """Run a function in the page."""
        return self.page.evaluate(script, argument)

    def close(self) -> None:
        """Close the page and forget its cache."""
        self.context.close()
