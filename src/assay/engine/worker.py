"""A worker process of the distributed engine: takes jobs about reports until it is told to leave."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker as JobWorker

from assay.engine import job_queue
from assay.engine.evaluations import Workshop
from assay.engine.job_queue import JobQueue
from assay.engine.planning import Planner, lacks_cells
from assay.engine.report_runs import ReportRun, turns
from assay.engine.run_end import fail_run
from assay.engine.server_work import load_what_runs_need
from assay.engine.shared_runs import SharedRuns
from assay.engine.sweep import Sweep, work_again
from assay.model.errors import NotFound, Unavailable
from assay.model.eval_report import FINISHED
from assay.ports.store import Stores

logger = logging.getLogger(__name__)

CHUNKS_AT_ONCE = 4
# Most of them wait until others have stopped.
_DECISIONS_AT_ONCE = 16
_REPORTS_ALONE_AT_ONCE = 16
_PAUSE_SECONDS = 1.0
# A job that is put back tells nobody: it is found by looking.
_LOOK_EVERY_SECONDS = 1.0
_TEND_EVERY_SECONDS = 5.0
_EVERY_5_SECONDS = "* * * * * */5"
_GRACE_SECONDS = 25.0


class Worker:
    """Judges chunks of reports, and decides what becomes of reports, beside other workers on the same database."""

    def __init__(self, stores: Stores, workshop: Workshop, queue: JobQueue, chunks_at_once: int) -> None:
        self._runs = stores.runs
        self._stores = stores
        self._workshop = workshop
        self._queue = queue
        self._is_leaving = False
        self._planner = Planner(stores, workshop, queue, lambda: self._is_leaving)
        self._shared = SharedRuns(stores, workshop)
        self._alone: set[ReportRun] = set()
        self._turns = turns()
        self._sweep = Sweep(stores.runs, queue)
        self._job_ids: set[int] = set()
        self._add_tasks()
        at_once = {
            job_queue.DECISIONS: _DECISIONS_AT_ONCE,
            job_queue.CHUNKS: chunks_at_once,
            job_queue.ALONE: _REPORTS_ALONE_AT_ONCE,
        }
        self._workers = [
            JobWorker(
                queue.app,
                queues=[name],
                name=name,
                concurrency=concurrency,
                fetch_job_polling_interval=_LOOK_EVERY_SECONDS,
                shutdown_graceful_timeout=_GRACE_SECONDS,
                # What remains to be done is told by the cells; jobs that ended tell nothing.
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=job_queue.HEARTBEAT_SECONDS,
                stalled_worker_timeout=job_queue.STALLED_SECONDS,
            )
            for name, concurrency in at_once.items()
        ]

    def _add_tasks(self) -> None:
        app = self._queue.app
        app.task(name=job_queue.PLAN, pass_context=True)(self._job(self._planner.plan))
        app.task(name=job_queue.EVALUATE_CHUNK, pass_context=True)(self._job(self._evaluate_chunk))
        app.task(name=job_queue.EVALUATE_ALONE, pass_context=True)(self._job(self._evaluate_alone))
        sweep = app.task(name=job_queue.SWEEP, queue=job_queue.DECISIONS, queueing_lock=job_queue.SWEEP)(self._look)
        app.periodic(cron=_EVERY_5_SECONDS)(sweep)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT; raises Unavailable when there is no database at the start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)
        await self._queue.open()
        await self._workshop.start()
        warm_up = asyncio.create_task(load_what_runs_need(), name="warm-up")
        tend = asyncio.create_task(self._tend(), name="tending of jobs")
        try:
            await asyncio.gather(*(self._keep_working(worker) for worker in self._workers))
        finally:
            for task in (warm_up, tend):
                task.cancel()
            await asyncio.gather(warm_up, tend, return_exceptions=True)
            await self._workshop.close()
            await self._queue.close()

    def leave(self) -> None:
        """Take no more jobs, and stop between two cells."""
        self._is_leaving = True
        self._shared.leave()
        for run in self._alone:
            run.leave()
        for worker in self._workers:
            worker.stop()  # type: ignore[no-untyped-call]

    async def _keep_working(self, worker: JobWorker) -> None:
        while not self._is_leaving:
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            except ConnectorException as error:
                logger.warning("jobs wait: %s", error.__cause__ or error)
            if not self._is_leaving:
                # It ends when the database is away.
                await asyncio.sleep(_PAUSE_SECONDS)

    def _job(self, work: Callable[..., Awaitable[None]]) -> Callable[..., Any]:
        """Return work on a report that knows no failure: it waits, or the report is failed."""

        async def run(context: JobContext, report_id: str, **arguments: int) -> None:
            job_id = context.job.id or 0
            self._job_ids.add(job_id)
            try:
                has_ended = False
                while not has_ended:
                    has_ended = await self._has_ended(work, report_id, arguments)
            finally:
                self._job_ids.discard(job_id)

        return run

    async def _has_ended(self, work: Callable[..., Awaitable[None]], report_id: str, arguments: dict[str, int]) -> bool:
        try:
            await work(report_id, **arguments)
        except NotFound:
            # Its dataset was deleted meanwhile: nobody can ask for the result any more.
            pass
        except Unavailable as error:
            logger.warning("eval report %s waits: %s", report_id, error.message)
            await asyncio.sleep(_PAUSE_SECONDS)
            # Whoever sweeps finds it when this worker is gone.
            return self._is_leaving
        except Exception as error:
            # The outermost loop of the engine: a defect must end as a failed report, never as one that hangs.
            await fail_run(self._runs, report_id, error)
        return True

    async def _evaluate_chunk(self, report_id: str, first: int, last: int) -> None:
        while True:
            state = await self._runs.state(report_id)
            if state.status in FINISHED or state.status == "paused":
                return
            if state.is_cancel_requested or state.is_pause_requested:
                await self._queue.plan(report_id)
                return
            if self._is_leaving:
                await self._queue.evaluate_chunks(report_id, [(first, last)])
                return
            run = await self._shared.evaluate(report_id, first, last)
            state = await run.look()
            if run.is_interrupted or not lacks_cells(run.report, state.finished_count):
                await self._queue.plan(report_id)
                return
            if not run.is_stopped:
                return
            # This worker is leaving, or somebody wished something and took it back.

    async def _evaluate_alone(self, report_id: str) -> None:
        run = ReportRun(self._stores, self._workshop, report_id, self._turns)
        self._alone.add(run)
        if self._is_leaving:
            run.leave()
        try:
            await run.work()
        finally:
            self._alone.discard(run)
        if self._is_leaving:
            await self._queue.evaluate_alone(report_id)

    async def _look(self, timestamp: int) -> None:
        try:
            await self._sweep.sweep()
        except (Unavailable, ConnectorException, NotFound) as error:
            logger.warning("the sweep waits: %s", error)

    async def _tend(self) -> None:
        """Find jobs that ended here without the database hearing of it, as when it restarts: nobody else would."""
        suspected: set[int] = set()
        while True:
            await asyncio.sleep(_TEND_EVERY_SECONDS)
            with suppress(ConnectorException):
                manager = self._queue.app.job_manager
                held = [
                    job
                    for worker in self._workers
                    if worker.worker_id is not None
                    for job in await manager.list_jobs_async(status="doing", worker_id=worker.worker_id)
                    if job.id is not None and job.id not in self._job_ids and job.task_name != job_queue.SWEEP
                ]
                for job in held:
                    if job.id in suspected:
                        await work_again(self._queue, job)
                suspected = {job.id for job in held if job.id is not None}
