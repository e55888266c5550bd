"""Driving a real pool from tests that are not asynchronous."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from assay.evaluators.sandbox import Limits, RowResult, SandboxPool

T = TypeVar("T")
GOOD = "def main(eval_inputs):\n    return eval_inputs['n'] * 2\n"


class Sandbox:
    """A pool that is driven from a thread of its own."""

    def __init__(self, limits: Limits, workers: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.pool = self.wait(self._make(limits, workers))

    @staticmethod
    async def _make(limits: Limits, workers: int) -> SandboxPool:
        return SandboxPool(limits, workers)

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(120)

    def run(self, source: str, *inputs: dict[str, Any]) -> list[RowResult]:
        """Run code on rows, one empty row when none is given."""
        rows = [json.dumps(each).encode() for each in inputs or ({},)]
        results: list[RowResult] = self.wait(self.pool.evaluate(source, rows))
        assert len(results) == len(rows)
        return results

    def run_one(self, source: str, **inputs: Any) -> RowResult:
        return self.run(source, inputs)[0]

    def check_that_it_serves(self) -> None:
        """Run an honest evaluator on every worker's share of rows, and demand the right answers."""
        rows = [{"n": n} for n in range(5)]
        results = self.run(GOOD, *rows)
        assert [(result.value, result.error_message) for result in results] == [(2 * n, None) for n in range(5)]

    def close(self) -> None:
        self.wait(self.pool.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def serve(source: str, rows: Sequence[dict[str, Any]], limits: Limits, **options: Any) -> list[RowResult]:
    """Run code on rows in a pool of its own that is gone afterwards."""

    async def run() -> list[RowResult]:
        pool = SandboxPool(limits, **options)
        try:
            return await pool.evaluate(source, [json.dumps(row).encode() for row in rows])
        finally:
            await pool.stop()

    return asyncio.run(run())


async def until(condition: Callable[[], T]) -> T:
    """Wait until a condition holds in other processes, and return what it found."""
    async with asyncio.timeout(30):
        while not (found := condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found
