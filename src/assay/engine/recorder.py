"""Storing what a run finds: results that come while a transaction is under way go into the next one together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from assay.engine.waiting import until_available
from assay.model.eval_report import CellResult, RunState
from assay.ports.runs import RunStore

_MOST_AT_ONCE = 2_000


class Recorder:
    """Stores the results of one report; `on_state` is told what the report is to do next after each transaction."""

    def __init__(self, runs: RunStore, report_id: str, on_state: Callable[[RunState], None]) -> None:
        self._runs = runs
        self._report_id = report_id
        self._on_state = on_state
        self._waiting: list[tuple[Sequence[CellResult], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self._is_leaving = False

    def leave(self) -> None:
        """Do not wait for a store that is away any longer."""
        self._is_leaving = True

    async def put(self, results: Sequence[CellResult]) -> None:
        """Store results; they are durable when this returns. Raises NotFound, and Unavailable after `leave`.

        A store that is away, or full, is waited for. What a model was paid for is stored even when the caller is
        cancelled while it waits.
        """
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((results, stored))
        if self._task is None:
            self._task = asyncio.create_task(self._store(), name=f"recorder of {self._report_id}")
        await asyncio.shield(stored)

    async def finish(self) -> None:
        """Wait until everything that was put is stored, or cannot be."""
        if self._task is not None:
            await self._task

    async def _store(self) -> None:
        try:
            while self._waiting:
                taken = self._take()
                try:
                    self._on_state(await self._record([result for results, _ in taken for result in results]))
                except Exception as error:  # whoever waits is told; this loop has nobody else to tell
                    for _, stored in taken:
                        _tell(stored, error)
                else:
                    for _, stored in taken:
                        _tell(stored, None)
        finally:
            self._task = None

    async def _record(self, results: Sequence[CellResult]) -> RunState:
        return await until_available(
            lambda: self._runs.record(self._report_id, results, datetime.now(UTC)),
            f"the record of eval report {self._report_id}",
            lambda: self._is_leaving,
        )

    def _take(self) -> list[tuple[Sequence[CellResult], asyncio.Future[None]]]:
        count, places = 0, 0
        for results, _ in self._waiting:
            count += len(results)
            places += 1
            if count >= _MOST_AT_ONCE:
                break
        taken, self._waiting = self._waiting[:places], self._waiting[places:]
        return taken


def _tell(stored: asyncio.Future[None], error: Exception | None) -> None:
    if stored.done():
        return
    if error is None:
        stored.set_result(None)
    else:
        stored.set_exception(error)
        # Whoever was cancelled meanwhile does not look.
        stored.exception()
