"""The pool of zygotes: rows in, results in the same order out, whatever the code does."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence

from assay.evaluators.sandbox.limits import Limits
from assay.evaluators.sandbox.protocol import RowResult
from assay.evaluators.sandbox.worker import NotConfined, Worker, ZygoteLost
from assay.model.errors import Unavailable

# A fork costs milliseconds: enough rows that it does not count, few enough that several runs take turns.
_BATCH_ROWS = 250
_BATCH_BYTES = 4 << 20
_DEFAULT_IDLE_SECONDS = 300.0
_LOSSES_BEFORE_A_ROW_IS_BLAMED = 3
_DEFAULT_LIMITS = Limits()


class SandboxPool:
    """Runs user-written code in confined processes, at most `workers` at once (default: one for each core).

    A batch of rows shares a process; nothing else is shared, with no other batch, evaluator or organisation. Zygotes
    are started when first needed, and let go when nothing was run for `idle_seconds`. With `is_isolated` False
    there are processes and limits but no walls: code can do all that the server's user can.
    """

    def __init__(
        self,
        limits: Limits = _DEFAULT_LIMITS,
        workers: int | None = None,
        *,
        idle_seconds: float = _DEFAULT_IDLE_SECONDS,
        is_isolated: bool = True,
    ) -> None:
        self._limits = limits
        self._most = workers or os.cpu_count() or 1
        self._idle_seconds = idle_seconds
        self._slots = asyncio.Semaphore(self._most)
        self._idle: list[Worker] = []
        self._workers: set[Worker] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._is_isolated = is_isolated
        self._is_open = True

    @property
    def process_ids(self) -> frozenset[int]:
        """The process ids of the zygotes there are now."""
        return frozenset(worker.process_id for worker in self._workers)

    async def start(self) -> None:
        """Be ready to run, as a new pool is, after `stop` too; starts no process."""
        self._is_open = True

    async def stop(self) -> None:
        """End every process and wait until they are gone; rows that were running end with Unavailable."""
        self._is_open = False
        self._cancel_idle_timer()
        for worker in tuple(self._workers):
            self._let_go(worker)
        while self._leaving:
            await asyncio.wait(tuple(self._leaving))

    async def evaluate(self, source: str, rows: Sequence[bytes]) -> list[RowResult]:
        """Run the code on each row, a JSON object with the eval_inputs, and return their results in the same order.

        What the code does never raises: it becomes the error of its row, and the others are run all the same.

        Raises Unavailable when the pool was stopped or no process can be confined.
        """
        code = source.encode("utf-8", "surrogatepass")
        results: list[list[RowResult]] = []
        batches = self._batches(rows, results)

        async def run_batches() -> None:
            for batch, found in batches:
                await self._run_batch(code, batch, found)

        turns = [asyncio.create_task(run_batches()) for _ in range(min(self._most, -(-len(rows) // _BATCH_ROWS)))]
        try:
            await asyncio.gather(*turns)
        finally:
            for turn in turns:
                turn.cancel()
            await asyncio.gather(*turns, return_exceptions=True)
        return [result for found in results for result in found]

    @staticmethod
    def _batches(
        rows: Sequence[bytes], results: list[list[RowResult]]
    ) -> Iterator[tuple[Sequence[bytes], list[RowResult]]]:
        """Cut the rows, and give each part a list in `results`, in order, for what becomes of it."""
        start = 0
        while start < len(rows):
            end, size = start, 0
            while end < min(len(rows), start + _BATCH_ROWS):
                size += len(rows[end])
                if size > _BATCH_BYTES and end > start:
                    break
                end += 1
            results.append([])
            yield rows[start:end], results[-1]
            start = end

    async def _run_batch(self, source: bytes, rows: Sequence[bytes], results: list[RowResult]) -> None:
        losses = 0
        while len(results) < len(rows):
            async with self._slots:
                worker = await self._take()
                try:
                    results += await worker.run(source, rows[len(results) :])
                except ZygoteLost:
                    self._let_go(worker)
                    losses += 1
                except NotConfined as error:
                    self._let_go(worker)
                    raise Unavailable(f"Code evaluators cannot run: {error}.") from None
                except BaseException:
                    self._let_go(worker)
                    raise
                else:
                    self._give_back(worker)
                    losses = 0
            if losses == _LOSSES_BEFORE_A_ROW_IS_BLAMED:
                results.append(RowResult(None, "crashed", "the sandbox was lost three times while the row ran."))
                losses = 0

    async def _take(self) -> Worker:
        self._check_open()
        self._cancel_idle_timer()
        if self._idle:
            return self._idle.pop()
        try:
            worker = await Worker.start(self._limits, self._is_isolated)
        except NotConfined as error:
            raise Unavailable(f"Code evaluators cannot run: {error}.") from None
        self._workers.add(worker)
        if not self._is_open:
            self._let_go(worker)
        self._check_open()
        return worker

    def _check_open(self) -> None:
        if not self._is_open:
            raise Unavailable("Code evaluators cannot run: the server is stopping.")

    def _give_back(self, worker: Worker) -> None:
        if worker not in self._workers:
            return
        self._idle.append(worker)
        if len(self._idle) == len(self._workers):
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self._idle_seconds, self._let_all_go)

    def _let_all_go(self) -> None:
        for worker in tuple(self._idle):
            self._let_go(worker)

    def _let_go(self, worker: Worker) -> None:
        if worker not in self._workers:
            return
        self._workers.discard(worker)
        with contextlib.suppress(ValueError):
            self._idle.remove(worker)
        worker.hang_up()
        task = asyncio.create_task(worker.gone())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
