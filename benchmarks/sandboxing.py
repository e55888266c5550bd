"""Figures of the sandbox for code evaluators: rows a second, and the wait for the first row."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Iterator

from assay.evaluators.sandbox import SandboxPool
from benchmarks.measurement import Measurement
from benchmarks.options import Options

_ROWS = 10_000
_WORDS_PER_TEXT = 90
_SOURCE = r"""
import re
WORD = re.compile(r"\w+")
def main(eval_inputs):
    said = set(WORD.findall(eval_inputs["output"].lower()))
    wanted = set(WORD.findall(eval_inputs["expected_output"].lower()))
    return len(said & wanted) / max(1, len(wanted))
"""


def sandbox(options: Options) -> Iterator[Measurement]:
    """Rows a second of a 5-line code evaluator over 10,000 rows of 2 KB, and milliseconds of a first and of one row."""
    samples = [asyncio.run(_sample()) for _ in range(options.repeat)]
    rates, first, single, cpu = zip(*samples, strict=True)
    note = f"{os.cpu_count()} workers, CPU of the server's process {sorted(cpu)[len(cpu) // 2]:.0f} µs a row"
    yield Measurement("sandbox", "5-line evaluator, 10,000 rows of 2 KB", "rows/s", rates, 5_000, "higher", note)
    yield Measurement("sandbox", "first row, its process being started", "ms", first)
    yield Measurement("sandbox", "one row, its process being there", "ms", single)


async def _sample() -> tuple[float, float, float, float]:
    """Return rows a second, milliseconds of the first row and of one more, and microseconds of our CPU time a row."""
    rows = _rows()
    pool = SandboxPool()
    try:
        first = await _seconds(pool, rows[:1])
        single = await _seconds(pool, rows[:1])
        cpu = time.process_time()
        whole = await _seconds(pool, rows)
        cpu = time.process_time() - cpu
    finally:
        await pool.stop()
    return _ROWS / whole, first * 1e3, single * 1e3, cpu / _ROWS * 1e6


async def _seconds(pool: SandboxPool, rows: list[bytes]) -> float:
    began = time.perf_counter()
    results = await pool.evaluate(_SOURCE, rows)
    seconds = time.perf_counter() - began
    failed = next((result.error_message for result in results if result.error_kind is not None), None)
    if failed is not None:
        raise RuntimeError(f"A row failed: {failed}")
    return seconds


def _rows() -> list[bytes]:
    draw = random.Random(1)
    words = [f"word{number}" for number in range(400)]

    def text() -> str:
        return " ".join(draw.choices(words, k=_WORDS_PER_TEXT))

    return [json.dumps({"input": text(), "output": text(), "expected_output": text()}).encode() for _ in range(_ROWS)]
