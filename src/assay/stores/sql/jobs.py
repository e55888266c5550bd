"""Jobs in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assay.model.errors import NotFound
from assay.model.job import Job, JobState
from assay.stores.sql.database import Database, Row, insertion, one
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = (
    "id, organization_id, kind, state, subject_id, created_at, updated_at, done_count, total_count, error_message"
)


def _job(row: Row) -> Job:
    created_at, updated_at = from_microseconds(row[5]), from_microseconds(row[6])
    return Job(row[0], row[1], row[2], row[3], row[4], created_at, updated_at, row[7], row[8], row[9])


@dataclass(frozen=True, slots=True)
class SqlJobs:
    """The jobs of one organisation."""

    database: Database
    organization_id: int

    async def create(self, job: Job) -> None:
        """Store a new running job."""
        values = {
            "id": job.id,
            "organization_id": self.organization_id,
            "kind": job.kind,
            "state": job.state,
            "subject_id": job.subject_id,
            "total_count": job.total_count,
            "created_at": to_microseconds(job.created_at),
            "updated_at": to_microseconds(job.updated_at),
        }
        statement, row = insertion("job", list(values)), tuple(values.values())
        await self.database.write(lambda connection: connection.insert_many(statement, [row]))

    async def get(self, job_id: str) -> Job:
        """Return a job; raises NotFound."""
        chosen = {"id": job_id, "organization_id": self.organization_id}
        statement = f"SELECT {_COLUMNS} FROM job WHERE id = :id AND organization_id = :organization_id"
        row = await self.database.read(lambda connection: one(connection, statement, chosen))
        if row is None:
            raise NotFound("Job not found")
        return _job(row)

    async def finish(self, job_id: str, state: JobState, error_message: str | None, at: datetime) -> None:
        """Store how a job ended; one that has ended stays as it is."""
        statement = (
            "UPDATE job SET state = :state, error_message = :error, updated_at = :now"
            " WHERE id = :id AND organization_id = :organization_id AND state = 'running'"
        )
        values = {
            "state": state, "error": error_message, "now": to_microseconds(at), "id": job_id,
            "organization_id": self.organization_id,
        }  # fmt: skip
        await self.database.write(lambda connection: connection.run(statement, values))


@dataclass(frozen=True, slots=True)
class SqlAbandonedJobs:
    """Jobs of all organisations whose process died."""

    database: Database

    async def list_abandoned(self, silent_since: datetime) -> Sequence[Job]:
        """Return running jobs that gave no sign of life since then."""
        statement = f"SELECT {_COLUMNS} FROM job WHERE state = 'running' AND updated_at <= :since ORDER BY sequence"
        since = {"since": to_microseconds(silent_since)}
        return [_job(row) for row in await self.database.read(lambda connection: connection.rows(statement, since))]
