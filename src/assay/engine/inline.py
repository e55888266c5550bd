"""The embedded engine: reports and log imports run as tasks of the server's own event loop."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from assay.engine.eval_run import ROWS_PER_CHUNK, evaluate_chunk, finish_report, prepare_evaluations
from assay.engine.inline_imports import InlineImports
from assay.model.errors import Invalid, NotFound, Unavailable
from assay.model.eval_report import FINISHED, EvalReport
from assay.model.job import Job
from assay.ports.store import Stores
from assay.statistics.summary import load_arithmetic

logger = logging.getLogger(__name__)

_CHUNKS_AT_ONCE = 2
_PAUSE_SECONDS = 1.0
# After the first requests, which a start is usually followed by.
_WARM_UP_AFTER_SECONDS = 1.5


class InlineEngine:
    """Runs reports chunk by chunk; reports that run together take turns, so that a small one never waits long."""

    def __init__(self, stores: Stores) -> None:
        self._runs = stores.runs
        self._imports = InlineImports(stores)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._chunks = asyncio.Semaphore(_CHUNKS_AT_ONCE)
        self._is_running = False
        self._warm_up: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up every report that is not finished: after a crash this is the whole recovery."""
        self._is_running = True
        self._imports.start()
        self._warm_up = asyncio.create_task(_load_arithmetic(), name="warm-up")
        for report_id in await self._runs.list_unfinished():
            await self.submit(report_id)

    async def submit(self, report_id: str) -> None:
        """Work on a stored report; one that is being worked on is looked at once more afterwards."""
        if not self._is_running:
            return
        if report_id in self._tasks:
            # It may just have finished and been reopened: nobody else would come back to it.
            self._again.add(report_id)
            return
        task = asyncio.create_task(self._run(report_id), name=f"eval report {report_id}")
        self._tasks[report_id] = task
        task.add_done_callback(lambda _: self._done(report_id))

    async def import_logs(self, job: Job) -> None:
        """Work on a stored job of the kind "log import", from its beginning, unless it is being worked on."""
        self._imports.submit(job)

    def _done(self, report_id: str) -> None:
        del self._tasks[report_id]
        if report_id in self._again:
            self._again.discard(report_id)
            if self._is_running:
                asyncio.get_running_loop().create_task(self.submit(report_id))

    def is_alive(self) -> bool:
        """Tell whether submitted reports are being worked on."""
        return self._is_running

    async def stop(self) -> None:
        """Stop between two chunks; what is not finished is taken up by the next `start`."""
        self._is_running = False
        if self._warm_up is not None:
            self._warm_up.cancel()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks)
        await self._imports.stop()

    async def _run(self, report_id: str) -> None:
        while not await self._has_ended(report_id):
            await asyncio.sleep(_PAUSE_SECONDS)
            if not self._is_running:
                return

    async def _has_ended(self, report_id: str) -> bool:
        """Work on a report; False when the database was away or its disk full, and the rest is to be tried again."""
        try:
            report = await self._runs.start(report_id, _now())
            if report.status not in FINISHED:
                await self._work(report)
        except NotFound:
            # Its dataset was deleted meanwhile: nobody can ask for the result any more.
            return True
        except Unavailable as error:
            logger.warning("eval report %s waits: %s", report_id, error.message)
            return False
        except Exception as error:
            # The outermost loop of the engine: a defect must end as a failed report, never as one that hangs.
            logger.exception("eval report %s failed", report_id)
            await self._fail(report_id, error)
        return True

    async def _work(self, report: EvalReport) -> None:
        evaluations = prepare_evaluations(report)
        for first, last in await self._runs.list_chunks(report.id, ROWS_PER_CHUNK):
            if not self._is_running:
                return
            # Everybody who waits gets a turn before this report takes its next chunk.
            async with self._chunks:
                report = await evaluate_chunk(self._runs, report, evaluations, first, last, _now())
            if report.is_cancel_requested or report.status in FINISHED:
                break
        if report.status not in FINISHED:
            await finish_report(self._runs, report, _now())

    async def _fail(self, report_id: str, error: Exception) -> None:
        message = error.message if isinstance(error, Invalid) else "The run broke off; the server's log says why."
        try:
            await self._runs.finish(report_id, "failed", {}, message, _now())
        except Exception:
            logger.exception("eval report %s could not be marked as failed", report_id)


def _now() -> datetime:
    return datetime.now(UTC)


async def _load_arithmetic() -> None:
    # Importing it takes half a second: the first report should not be the one to wait for it.
    await asyncio.sleep(_WARM_UP_AFTER_SECONDS)
    await asyncio.to_thread(load_arithmetic)
