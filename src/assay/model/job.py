"""Jobs: work that takes longer than a request, with progress and an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

JobState = Literal["running", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """A long import or clean-up; `done_count` counts items, `total_count` is None while it is not known."""

    id: str
    organization_id: int
    kind: str
    state: JobState
    subject_id: str
    created_at: datetime
    updated_at: datetime
    done_count: int = 0
    total_count: int | None = None
    error_message: str | None = None
