"""What is to be done about a report: hand out its chunks, give it to one worker, settle it, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from assay.engine.eval_run import EvalRun
from assay.engine.evaluations import Workshop
from assay.engine.job_queue import JobQueue
from assay.engine.run_end import rest_run, settle_run
from assay.model.eval_report import FINISHED, EvalReport, RunSettings
from assay.ports.store import Stores

# Workers stop within half a second of a wish, or when their calls in flight are answered.
_LOOK_AGAIN_SECONDS = 0.1


def runs_alone(report: EvalReport) -> bool:
    """Tell whether one worker runs all of a report: what it is bound to could not be counted across workers."""
    settings = report.settings
    return settings.budget_usd is not None or settings.max_concurrency < RunSettings().max_concurrency


def lacks_cells(report: EvalReport, finished_count: int) -> bool:
    """Tell whether cells of machines are missing, as far as a count of all cells can say."""
    return finished_count < report.cell_count - report.awaited_count


class Planner:
    """Decides about one report at a time; no two decisions about the same report are made at once."""

    def __init__(self, stores: Stores, workshop: Workshop, queue: JobQueue, is_leaving: Callable[[], bool]) -> None:
        self._stores = stores
        self._runs = stores.runs
        self._workshop = workshop
        self._queue = queue
        self._is_leaving = is_leaving

    async def plan(self, report_id: str) -> None:
        """Decide, and do it. Raises NotFound, Unavailable, and Invalid when an evaluator cannot run here."""
        while True:
            report = await self._runs.start(report_id, datetime.now(UTC))
            if report.status in FINISHED or report.status == "paused":
                await self._queue.forget_chunks(report_id)
                return
            if runs_alone(report):
                await self._queue.evaluate_alone(report_id)
                return
            if not (report.is_cancel_requested or report.is_pause_requested):
                break
            await self._queue.forget_chunks(report_id)
            if not await self._queue.has_chunks(report_id, is_taken=True):
                await rest_run(self._runs, report, datetime.now(UTC), is_cancelled=report.is_cancel_requested)
                return
            if self._is_leaving():
                await self._queue.plan(report_id)
                return
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        if not lacks_cells(report, report.finished_count):
            await settle_run(self._runs, report, datetime.now(UTC), rest=None)
        elif not await self._queue.has_chunks(report_id):
            await self._hand_out(report)

    async def _hand_out(self, report: EvalReport) -> None:
        run = EvalRun(self._runs, report)
        await run.prepare(self._stores, self._workshop)
        chunks = await self._runs.list_chunks(report.id, run.rows_per_chunk)
        await self._queue.evaluate_chunks(report.id, chunks)
