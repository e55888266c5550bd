"""Reports at work in this process: from a stored report to the state that it comes to rest in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from assay.engine.eval_run import EvalRun, Missing
from assay.engine.evaluations import Workshop
from assay.engine.run_end import fail_run, rest_run, settle_run
from assay.engine.run_watch import watch
from assay.model.errors import Invalid, NotFound, Unavailable
from assay.model.eval_report import FINISHED, EvalReport
from assay.ports.store import Stores

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
# Chunks of plain work under way at once, over all reports: they take turns.
_CHUNKS_AT_ONCE = 2
# A report whose cells are never complete is a defect, not a reason to go round for ever.
_MOST_ROUNDS = 5


class ReportRun:
    """One report, worked on until it rests. `look` makes it ask at once what is wanted of it."""

    def __init__(self, stores: Stores, workshop: Workshop, report_id: str, turns: asyncio.Semaphore) -> None:
        self.report_id = report_id
        self._stores = stores
        self._runs = stores.runs
        self._workshop = workshop
        self._turns = turns
        self._look = asyncio.Event()
        self._leaving = asyncio.Event()
        self._run: EvalRun | None = None

    def look(self) -> None:
        """Ask at once what is wanted of the report."""
        self._look.set()

    def leave(self) -> None:
        """Stop between two cells and leave the report as it is, for whoever takes it up next."""
        self._leaving.set()
        if self._run is not None:
            self._run.leave()

    async def work(self) -> None:
        """Work until the report rests; a store that is away, or full, is waited for."""
        while not await self._has_ended():
            await asyncio.sleep(_PAUSE_SECONDS)
            if self._leaving.is_set():
                return

    async def _has_ended(self) -> bool:
        try:
            for _ in range(_MOST_ROUNDS):
                report = await self._runs.start(self.report_id, _now())
                if report.status in FINISHED or report.status == "paused" or self._leaving.is_set():
                    return True
                report = await self._round(report)
                if self._leaving.is_set() or report.status != "running":
                    return True
            raise RuntimeError(f"report {self.report_id} lacks cells that nobody finds missing")
        except NotFound:
            # Its dataset was deleted meanwhile: nobody can ask for the result any more.
            return True
        except Unavailable as error:
            logger.warning("eval report %s waits: %s", self.report_id, error.message)
            return False
        except Exception as error:
            # The outermost loop of the engine: a defect must end as a failed report, never as one that hangs.
            await fail_run(self._runs, self.report_id, error, self._leaving.is_set)
            return True

    async def _round(self, report: EvalReport) -> EvalReport:
        """Judge all that is missing, or as much as is wanted, and settle."""
        run = self._run = EvalRun(self._runs, report)
        await run.prepare(self._stores, self._workshop)
        async with self._watched(run):
            await self._chunks(run)
        await run.finish()
        if self._leaving.is_set():
            return report
        state = await run.look()
        if state.is_cancel_requested or state.is_pause_requested:
            return await rest_run(self._runs, report, _now(), is_cancelled=state.is_cancel_requested)
        if run.budget.is_blind:
            message = "No answer says how many tokens it took, so nobody knows its cost and no budget can hold."
            raise Invalid.field("budget_usd", message)
        if run.budget.is_exhausted:
            return await settle_run(self._runs, report, _now(), rest="cancelled", reason="budget")
        return await settle_run(self._runs, report, _now(), rest=None)

    async def _chunks(self, run: EvalRun) -> None:
        """Keep enough under way until no chunk is left or the run stops; what goes wrong in one ends the others."""
        chunks = await self._runs.list_chunks(self.report_id, run.rows_per_chunk)
        try:
            async with asyncio.TaskGroup() as under_way:
                for first, last in chunks:
                    await run.until_more_is_wanted()
                    if run.is_stopped:
                        break
                    under_way.create_task(self._chunk(run, await run.take(first, last)))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _chunk(self, run: EvalRun, missing: Missing) -> None:
        if run.asks_models:
            # Whoever mostly waits for models lets others work meanwhile.
            await run.evaluate(missing)
            return
        # Everybody who waits gets a turn before this report takes its next chunk.
        async with self._turns:
            await run.evaluate(missing)

    @asynccontextmanager
    async def _watched(self, run: EvalRun) -> AsyncIterator[None]:
        """Cut the work inside short when the report is cancelled."""
        work = asyncio.current_task()
        is_cut = False

        def cut() -> None:
            nonlocal is_cut
            if work is not None:
                is_cut = True
                work.cancel()

        watcher = asyncio.create_task(watch(run, self._look, cut), name=f"watch over eval report {self.report_id}")
        try:
            yield
        except asyncio.CancelledError:
            if not is_cut or work is None or work.uncancel() > 0:
                raise
        finally:
            watcher.cancel()
            await asyncio.wait([watcher])
            if not watcher.cancelled():
                watcher.exception()


def turns() -> asyncio.Semaphore:
    """Return what reports of plain work take turns by."""
    return asyncio.Semaphore(_CHUNKS_AT_ONCE)


def _now() -> datetime:
    return datetime.now(UTC)
