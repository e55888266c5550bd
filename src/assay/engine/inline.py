"""The embedded engine: reports run as tasks of the server's own event loop."""

from __future__ import annotations

import asyncio

from assay.engine.evaluations import Workshop
from assay.engine.report_runs import ReportRun, turns
from assay.engine.server_work import ServerWork
from assay.ports.store import Stores

# Whoever stops a server kills it after ten seconds, as Docker does.
_GRACE_SECONDS = 6.0


class InlineEngine(ServerWork):
    """Runs reports chunk by chunk; reports that run together take turns, so that a small one never waits long."""

    def __init__(self, stores: Stores, workshop: Workshop, grace_seconds: float = _GRACE_SECONDS) -> None:
        super().__init__(stores, workshop)
        self._grace_seconds = grace_seconds
        self._working: dict[str, tuple[ReportRun, asyncio.Task[None]]] = {}
        self._again: set[str] = set()
        self._turns = turns()

    async def start(self) -> None:
        """Take up every report that is not finished: after a crash this is the whole recovery."""
        await super().start()
        for report_id in await self._stores.runs.list_unfinished():
            await self.submit(report_id)

    async def submit(self, report_id: str) -> None:
        """Work on a stored report; one that is being worked on looks at what is wanted of it, and once more later."""
        if not self._is_running:
            return
        working = self._working.get(report_id)
        if working is not None:
            # It may just have finished and been reopened: nobody else would come back to it.
            self._again.add(report_id)
            working[0].look()
            return
        run = ReportRun(self._stores, self._workshop, report_id, self._turns)
        task = asyncio.create_task(run.work(), name=f"eval report {report_id}")
        self._working[report_id] = run, task
        task.add_done_callback(lambda _: self._done(report_id))

    def _done(self, report_id: str) -> None:
        del self._working[report_id]
        if report_id in self._again:
            self._again.discard(report_id)
            if self._is_running:
                asyncio.get_running_loop().create_task(self.submit(report_id))

    async def stop(self) -> None:
        """Stop between two cells; what is not finished is taken up by the next `start`.

        Calls of models that take longer than the grace are given up, and made again then.
        """
        self._is_running = False
        tasks = [task for _, task in self._working.values()]
        for run, _ in self._working.values():
            run.leave()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._grace_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await super().stop()
