"""Reports as one worker works on them: its chunks of a report share recorder, calls in flight and stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from assay.engine.eval_run import EvalRun
from assay.engine.evaluations import Workshop
from assay.engine.run_watch import watch
from assay.model.errors import NotFound, Unavailable
from assay.ports.store import Stores


class SharedRun:
    """One report in use by some chunks."""

    def __init__(self, stores: Stores, workshop: Workshop, report_id: str) -> None:
        self._stores = stores
        self._workshop = workshop
        self._report_id = report_id
        self._work: set[asyncio.Task[None]] = set()
        self._preparing = asyncio.create_task(self._prepare(), name=f"preparation of eval report {report_id}")
        self._watcher: asyncio.Task[None] | None = None
        self.users = 0

    async def _prepare(self) -> EvalRun:
        report = await self._stores.runs.start(self._report_id, datetime.now(UTC))
        run = EvalRun(self._stores.runs, report)
        await run.prepare(self._stores, self._workshop)
        name = f"watch over eval report {self._report_id}"
        self._watcher = asyncio.create_task(self._watch(run), name=name)
        return run

    async def _watch(self, run: EvalRun) -> None:
        with suppress(NotFound):
            await watch(run, asyncio.Event(), self._cut)

    def _cut(self) -> None:
        for task in self._work:
            task.cancel()

    @property
    def is_spent(self) -> bool:
        """Tell whether new chunks need another one: this one was stopped, or could not be prepared."""
        run = self._prepared
        return self._preparing.done() and (run is None or run.is_stopped)

    def leave(self) -> None:
        """Stop between two cells."""
        if self._prepared is not None:
            self._prepared.leave()

    @property
    def _prepared(self) -> EvalRun | None:
        done = self._preparing
        is_ready = done.done() and not done.cancelled() and done.exception() is None
        return done.result() if is_ready else None

    async def evaluate(self, first: int, last: int) -> EvalRun:
        """Judge what is missing in a range of row positions, unless stopped or cut short, and return the run.

        Raises NotFound, Unavailable, and Invalid when an evaluator cannot run here.
        """
        run = await asyncio.shield(self._preparing)
        work = asyncio.create_task(run.evaluate_chunk(first, last), name=f"chunk {first} of {self._report_id}")
        self._work.add(work)
        try:
            await asyncio.wait([work])
        finally:
            self._work.discard(work)
            work.cancel()
        if not work.cancelled():
            work.result()
        await run.finish()
        return run

    async def close(self) -> None:
        """Stop watching."""
        self._preparing.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        tasks = [task for task in (self._preparing, self._watcher) if task is not None]
        # What went wrong in them was told to whoever waited.
        await asyncio.gather(*tasks, return_exceptions=True)


class SharedRuns:
    """The reports that this worker works on: each is made ready once, and dropped when no chunk uses it."""

    def __init__(self, stores: Stores, workshop: Workshop) -> None:
        self._stores = stores
        self._workshop = workshop
        self._runs: dict[str, SharedRun] = {}
        self._is_leaving = False

    async def evaluate(self, report_id: str, first: int, last: int) -> EvalRun:
        """Judge a chunk as `SharedRun.evaluate` does."""
        if self._is_leaving:
            raise Unavailable("The worker is stopping.")
        shared = self._runs.get(report_id)
        if shared is None or shared.is_spent:
            shared = self._runs[report_id] = SharedRun(self._stores, self._workshop, report_id)
        shared.users += 1
        try:
            return await shared.evaluate(first, last)
        finally:
            shared.users -= 1
            if not shared.users:
                if self._runs.get(report_id) is shared:
                    del self._runs[report_id]
                await shared.close()

    def leave(self) -> None:
        """Stop all between two cells."""
        self._is_leaving = True
        for shared in self._runs.values():
            shared.leave()
