"""Figures of eval reports: cells a second, from the request for a report to its being finished."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from benchmarks import datasets
from benchmarks.client import Connection
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, Server, started

_ONE = ("char_count_eval",)
# Asking costs the server a few milliseconds: often enough to see the end, rarely enough not to slow the run.
_LOOK_AGAIN_SECONDS = 0.05
_MOST_SECONDS = 1_200.0


def evaluate(options: Options) -> Iterator[Measurement]:
    """Cells a second of one and of three built-in evaluators over 10,000 rows (100,000 too at full scale)."""
    for count in (10_000, 100_000) if options.scale == "full" else (10_000,):
        for is_three in (False, True):
            rates, cpu = [], []
            slugs: Sequence[str] = _ONE
            for turn in range(options.repeat):
                with started() as server:
                    slugs = _three(server) if is_three else _ONE
                    path = datasets.create(server, "evaluate")
                    datasets.fill(server, path, count, first=turn * count)
                    used = server.cpu_seconds()
                    seconds = run_report(server, path, slugs, count)
                    rates.append(count * len(slugs) / seconds)
                    cpu.append((server.cpu_seconds() - used) / (count * len(slugs)) * 1e6)
            note = f"server CPU {sorted(cpu)[len(cpu) // 2]:.0f} µs a cell"
            what = f"{' + '.join(slugs)}, {count:,} rows"
            yield Measurement("evaluate", what, "cells/s", tuple(rates), 20_000, "higher", note)


def _three(server: Server) -> list[str]:
    """Return char count and the next two built-in evaluators that answer every row without an expected output."""
    with Connection(server.address) as connection:
        found = connection.json("GET", "/api/evaluators/?page_size=100", key=API_KEY)["results"]
    known = {evaluator["evaluator_slug"]: evaluator["eval_class"] for evaluator in found}
    wanted = ("output_word_count", "json_valid")
    return [*_ONE, *(slug for slug, eval_class in known.items() if eval_class in wanted)]


def run_report(server: Server, path: str, slugs: Sequence[str], count: int | None) -> float:
    """Run a report and return the seconds until it says completed.

    Raises RuntimeError when it is not, or less than `count` rows were scored.
    """
    with Connection(server.address) as connection:
        began = time.perf_counter()
        report = connection.json("POST", f"{path}/eval-reports/create/", {"evaluator_slugs": list(slugs)}, key=API_KEY)
        url = f"{path}/eval-reports/{report['id']}/"
        while report["status"] in ("pending", "running", "processing"):
            if time.perf_counter() - began > _MOST_SECONDS:
                raise RuntimeError(f"The report is not finished after {_MOST_SECONDS:.0f} s: {report}")
            time.sleep(_LOOK_AGAIN_SECONDS)
            report = connection.json("GET", url, key=API_KEY)
        seconds = time.perf_counter() - began
        rows = connection.json("GET", f"{url}rows/?page_size=1&status=scored&evaluator_slug={slugs[0]}", key=API_KEY)
    if report["status"] != "completed" or rows["total_count"] != (rows["total_count"] if count is None else count):
        raise RuntimeError(f"The report is {report['status']} with {rows['total_count']} of {count} rows scored.")
    return seconds
