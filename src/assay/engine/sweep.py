"""The sweep: what a dead worker left is worked on again, and no unfinished report is without a job."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from assay.engine.job_queue import STALLED_SECONDS, JobQueue
from assay.engine.run_end import fail_run
from assay.ports.runs import RunStore

logger = logging.getLogger(__name__)

# A report whose cells are never complete is a defect, not a reason to go round for ever.
_MOST_ROUNDS = 5


class Sweep:
    """Runs every few seconds, in one of the workers at a time."""

    def __init__(self, runs: RunStore, queue: JobQueue) -> None:
        self._runs = runs
        self._queue = queue
        self._rounds: dict[str, tuple[int, int]] = {}

    async def sweep(self) -> None:
        """Look once; raises Unavailable."""
        stalled = await self._queue.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
        for job in stalled:
            logger.warning("%s is taken from a worker that gives no sign of life", job.call_string)
            await work_again(self._queue, job)
        # In this order: a report that came between the two has a job, or gets one more that finds nothing to do.
        unfinished = await self._runs.list_unfinished(is_waiting_included=False)
        known = await self._queue.list_reports()
        forgotten = [report_id for report_id in unfinished if report_id not in known]
        self._rounds = {name: rounds for name, rounds in self._rounds.items() if name in unfinished}
        for report_id in forgotten:
            await self._take_up(report_id)

    async def _take_up(self, report_id: str) -> None:
        state = await self._runs.state(report_id)
        finished_count, rounds = self._rounds.get(report_id, (-1, 0))
        rounds = rounds + 1 if finished_count == state.finished_count else 1
        self._rounds[report_id] = state.finished_count, rounds
        if rounds > _MOST_ROUNDS:
            await fail_run(self._runs, report_id, RuntimeError("it lacks cells that nobody finds missing"))
        else:
            await self._queue.plan(report_id)


async def work_again(queue: JobQueue, job: Job) -> None:
    """Put a job that nobody works on any more back into the queue, unless its like is there already."""
    manager = queue.app.job_manager
    if job.id is None:
        return
    try:
        await manager.retry_job_by_id_async(job.id, datetime.now(UTC))
    except ConnectorException:
        # Its like waits, or it has just ended after all.
        try:
            await manager.finish_job_by_id_async(job.id, Status.ABORTED, delete_job=True)
        except ConnectorException as error:
            logger.info("job %s is gone: %s", job.id, error)
