"""The queue of the distributed engine: Procrastinate's jobs in PostgreSQL, and what is asked of them."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job

from assay.model.errors import Unavailable

PLAN: Final = "plan"
EVALUATE_CHUNK: Final = "evaluate_chunk"
EVALUATE_ALONE: Final = "evaluate_alone"
SWEEP: Final = "sweep"
# What decides is quick and must not wait behind what works; a report of one worker's own may take hours.
DECISIONS: Final = "decisions"
CHUNKS: Final = "chunks"
ALONE: Final = "alone"

HEARTBEAT_SECONDS: Final = 5.0
STALLED_SECONDS: Final = 15.0

_JOBS_AT_ONCE = 1_000
# What a worker that gives no sign of life has taken counts as nobody's.
_HAS_CHUNKS = """
SELECT 1 FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    AND w.last_heartbeat > now() - %(stalled)s * interval '1 second'
WHERE j.queue_name = 'chunks' AND j.args->>'report_id' = %(report)s
    AND (j.status = 'todo' AND NOT %(is_taken)s OR j.status = 'doing' AND w.id IS NOT NULL) LIMIT 1"""
_FORGET = """
DELETE FROM procrastinate_jobs
WHERE queue_name = 'chunks' AND args->>'report_id' = %(report)s AND status = 'todo'"""
_REPORTS = """
SELECT DISTINCT args->>'report_id' AS report FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') AND args->>'report_id' IS NOT NULL"""


def job_schema() -> str:
    """Return the SQL that makes Procrastinate's tables in a database that has none."""
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()


class JobQueue:
    """Jobs about reports. A job is only ever a hint: what is left to do is what lacks cells."""

    def __init__(self, url: str) -> None:
        """`url`: the PostgreSQL database, whose tables of jobs exist."""
        for name, level in (("procrastinate", logging.WARNING), ("psycopg.pool", logging.ERROR)):
            logging.getLogger(name).setLevel(level)
        self.app = App(
            connector=PsycopgConnector(
                conninfo=url, min_size=1, max_size=2, kwargs={"application_name": "assay jobs", "connect_timeout": 10}
            )
        )

    async def open(self) -> None:
        """Connect; raises Unavailable when there is no database to reach."""
        async with _reachable():
            await self.app.open_async()

    async def close(self) -> None:
        """Let go of the connections."""
        await self.app.close_async()

    async def plan(self, report_id: str) -> None:
        """Let a worker decide what is to be done about a report; raises Unavailable."""
        lock = f"plan:{report_id}"
        await self._defer([_job(PLAN, DECISIONS, lock, {"report_id": report_id}, is_exclusive=True)])

    async def evaluate_chunks(self, report_id: str, chunks: Sequence[tuple[int, int]]) -> None:
        """Let workers judge what is missing in ranges of row positions; raises Unavailable.

        The first chunks of every report come before the later ones of any: a small report overtakes a large one.
        """
        jobs = [
            _job(
                EVALUATE_CHUNK,
                CHUNKS,
                f"{report_id}:{first}",
                {"report_id": report_id, "first": first, "last": last},
                priority=-place,
            )
            for place, (first, last) in enumerate(chunks)
        ]
        for start in range(0, len(jobs), _JOBS_AT_ONCE):
            await self._defer(jobs[start : start + _JOBS_AT_ONCE])

    async def evaluate_alone(self, report_id: str) -> None:
        """Let one worker run all of a report; raises Unavailable."""
        lock = f"alone:{report_id}"
        await self._defer([_job(EVALUATE_ALONE, ALONE, lock, {"report_id": report_id}, is_exclusive=True)])

    async def _defer(self, jobs: list[Job]) -> None:
        manager = self.app.job_manager
        async with _reachable():
            try:
                await manager.batch_defer_jobs_async(jobs)
            except AlreadyEnqueued:
                # All or none: some wait already, the others go one by one.
                for job in jobs:
                    with suppress(AlreadyEnqueued):
                        await manager.defer_job_async(job)

    async def has_chunks(self, report_id: str, *, is_taken: bool = False) -> bool:
        """Tell whether chunks of a report are worked on or, unless they must be taken, wait; raises Unavailable."""
        chosen = {"report": report_id, "stalled": STALLED_SECONDS, "is_taken": is_taken}
        return bool(await self._rows(_HAS_CHUNKS, **chosen))

    async def forget_chunks(self, report_id: str) -> None:
        """Drop the chunks of a report that nobody works on yet; raises Unavailable."""
        async with _reachable():
            await self.app.connector.execute_query_async(_FORGET, report=report_id)

    async def list_reports(self) -> set[str]:
        """Return the ids of the reports that there are jobs for; raises Unavailable."""
        return {row["report"] for row in await self._rows(_REPORTS)}

    async def _rows(self, statement: str, **arguments: object) -> list[dict[str, str]]:
        async with _reachable():
            return await self.app.connector.execute_query_all_async(statement, **arguments)


def _job(
    task: str, queue: str, name: str, arguments: dict[str, Any], *, priority: int = 0, is_exclusive: bool = False
) -> Job:
    """Return a job that waits only once under its name, and when exclusive runs only once at a time."""
    return Job(
        task_name=task,
        queue=queue,
        lock=name if is_exclusive else None,
        queueing_lock=name,
        priority=priority,
        task_kwargs=arguments,
    )


@asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    try:
        yield
    except ConnectorException as error:
        raise Unavailable("The database of jobs cannot be reached.", 5.0) from error
