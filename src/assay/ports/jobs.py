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

    async def list_moving(self, since: datetime, most: int) -> Sequence[Job]:
        """Return the jobs that run, and those that changed since then, the last changed first."""
        ...

    async def note_progress(
        self, job_id: str, total_count: int, at: datetime, *, done_count: int | None = None
    ) -> None:
        """Store how many items a running job has in all, and unless they are counted as rows come in, how many it did.

        A sign of life.
        """
        ...

    async def start_again(self, job: Job, at: datetime) -> bool:
        """Set a running job back to its beginning; False when it ended or gave a sign of life since `job` was read."""
        ...

    async def finish(
        self, job_id: str, state: JobState, error_message: str | None, at: datetime, outcome: bytes | None = None
    ) -> None:
        """Store how a job ended; one that has ended stays as it is.

        The dataset that a log import was filling is `ready` then, or `failed` where it was the one it was made for.
        """
        ...


class AbandonedJobs(Protocol):
    """Jobs of all organisations whose process died."""

    async def list_abandoned(self, silent_since: datetime) -> Sequence[Job]:
        """Return running jobs that gave no sign of life since then."""
        ...
