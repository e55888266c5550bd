"""Jobs in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assay.model.errors import NotFound
from assay.model.job import LOG_IMPORT, Job, JobState
from assay.stores.sql.database import Connection, Database, Row, insertion, one
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = (
    "id, organization_id, kind, state, subject_id, created_at, updated_at, done_count, total_count, error_message,"
    " recipe, outcome"
)


def _job(row: Row) -> Job:
    created_at, updated_at = from_microseconds(row[5]), from_microseconds(row[6])
    recipe, outcome = (None if text is None else text.encode() for text in row[10:])
    return Job(row[0], row[1], row[2], row[3], row[4], created_at, updated_at, row[7], row[8], row[9], recipe, outcome)


def insert_job(connection: Connection, organization_id: int, job: Job) -> None:
    """Store a new running job."""
    values = {
        "id": job.id,
        "organization_id": organization_id,
        "kind": job.kind,
        "state": job.state,
        "subject_id": job.subject_id,
        "total_count": job.total_count,
        "recipe": None if job.recipe is None else job.recipe.decode(),
        "created_at": to_microseconds(job.created_at),
        "updated_at": to_microseconds(job.updated_at),
    }
    connection.insert_many(insertion("job", list(values)), [tuple(values.values())])


# The first job of a dataset that is `initializing` is the one that was stored with it.
_SETTLE = f"""
UPDATE dataset SET
    sampling_outcome = CASE WHEN status = 'initializing' THEN :outcome ELSE sampling_outcome END,
    status = CASE
        WHEN status = 'initializing' AND :state = 'failed' THEN 'failed'
        WHEN EXISTS (SELECT 1 FROM job WHERE subject_id = dataset.id AND kind = '{LOG_IMPORT}' AND state = 'running')
        THEN 'loading' ELSE 'ready' END
WHERE status IN ('initializing', 'loading')
    AND id = (SELECT subject_id FROM job WHERE id = :job AND kind = '{LOG_IMPORT}')
    AND (status = 'loading' OR :job = (SELECT id FROM job WHERE subject_id = dataset.id ORDER BY sequence LIMIT 1))
"""


def settle_dataset(connection: Connection, job_id: str, state: JobState, outcome: bytes | None) -> None:
    """Give the dataset of a log import that just ended its status, and the outcome where it was made for this."""
    text = None if outcome is None else outcome.decode()
    connection.run(_SETTLE, {"job": job_id, "state": state, "outcome": text})


@dataclass(frozen=True, slots=True)
class SqlJobs:
    """The jobs of one organisation."""

    database: Database
    organization_id: int

    async def create(self, job: Job) -> None:
        """Store a new running job."""
        await self.database.write(lambda connection: insert_job(connection, self.organization_id, job))

    async def get(self, job_id: str) -> Job:
        """Return a job; raises NotFound."""
        statement = f"SELECT {_COLUMNS} FROM job WHERE id = :id AND organization_id = :organization_id"
        row = await self.database.read(lambda connection: one(connection, statement, self._chosen(job_id)))
        if row is None:
            raise NotFound("Job not found")
        return _job(row)

    async def list_moving(self, since: datetime, most: int) -> Sequence[Job]:
        """Return the jobs that run, and those that changed since then, the last changed first."""
        # Two selections, each with an index: jobs are never deleted.
        statement = (
            f"SELECT {_COLUMNS} FROM (SELECT * FROM job WHERE state = 'running' UNION SELECT * FROM"
            " (SELECT * FROM job ORDER BY sequence DESC LIMIT :most) AS newest WHERE updated_at >= :since) AS moving"
            " WHERE organization_id = :organization_id ORDER BY updated_at DESC, sequence DESC LIMIT :most"
        )
        chosen = {"since": to_microseconds(since), "most": most, "organization_id": self.organization_id}
        return [_job(row) for row in await self.database.read(lambda connection: connection.rows(statement, chosen))]

    async def note_progress(
        self, job_id: str, total_count: int, at: datetime, *, done_count: int | None = None
    ) -> None:
        """Store how many items a running job has in all, and where it is given how many it did: a sign of life."""
        statement = (
            "UPDATE job SET total_count = :total, done_count = COALESCE(:done, done_count), updated_at = :now"
            " WHERE id = :id AND organization_id = :organization_id AND state = 'running'"
        )
        values = {"total": total_count, "done": done_count, "now": to_microseconds(at), **self._chosen(job_id)}
        await self.database.write(lambda connection: connection.run(statement, values))

    async def start_again(self, job: Job, at: datetime) -> bool:
        """Set a running job back to its beginning; False when it ended or gave a sign of life since `job` was read."""
        statement = (
            "UPDATE job SET done_count = 0, total_count = NULL, updated_at = :now WHERE id = :id"
            " AND organization_id = :organization_id AND state = 'running' AND updated_at = :seen"
        )
        values = {"now": to_microseconds(at), "seen": to_microseconds(job.updated_at), **self._chosen(job.id)}
        return bool(await self.database.write(lambda connection: connection.run(statement, values)))

    async def finish(
        self, job_id: str, state: JobState, error_message: str | None, at: datetime, outcome: bytes | None = None
    ) -> None:
        """Store how a job ended; one that has ended stays as it is."""
        statement = (
            "UPDATE job SET state = :state, error_message = :error, outcome = :outcome, updated_at = :now"
            " WHERE id = :id AND organization_id = :organization_id AND state = 'running'"
        )
        values = {
            "state": state, "error": error_message, "now": to_microseconds(at),
            "outcome": None if outcome is None else outcome.decode(), **self._chosen(job_id),
        }  # fmt: skip

        def work(connection: Connection) -> None:
            if connection.run(statement, values):
                settle_dataset(connection, job_id, state, outcome)

        await self.database.write(work)

    def _chosen(self, job_id: str) -> dict[str, object]:
        return {"id": job_id, "organization_id": self.organization_id}


@dataclass(frozen=True, slots=True)
class SqlAbandonedJobs:
    """Jobs of all organisations whose process died."""

    database: Database

    async def list_abandoned(self, silent_since: datetime) -> Sequence[Job]:
        """Return running jobs that gave no sign of life since then."""
        statement = f"SELECT {_COLUMNS} FROM job WHERE state = 'running' AND updated_at <= :since ORDER BY sequence"
        since = {"since": to_microseconds(silent_since)}
        return [_job(row) for row in await self.database.read(lambda connection: connection.rows(statement, since))]
