"""What a store of jobs must do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assay.model.job import Job, JobState


class JobStore(Protocol):
    """Jobs of one organisation."""

    async def create(self, job: Job) -> None:
        """Store a new running job."""
        ...

    async def get(self, job_id: str) -> Job:
        """Return a job; raises NotFound."""
        ...

    async def finish(self, job_id: str, state: JobState, error_message: str | None, at: datetime) -> None:
        """Store how a job ended; one that has ended stays as it is."""
        ...


class AbandonedJobs(Protocol):
    """Jobs of all organisations whose process died."""

    async def list_abandoned(self, silent_since: datetime) -> Sequence[Job]:
        """Return running jobs that gave no sign of life since then."""
        ...
