"""Jobs: work that takes longer than a request, with progress and an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

JobState = Literal["running", "completed", "failed"]

# The kind of a job that fills a dataset from request logs or another dataset: it can always start again.
LOG_IMPORT = "log import"
# The kind of a job that loads the demo.
DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Job:
    """A long import or clean-up; `done_count` counts items, `total_count` is None while it is not known.

    `recipe` is a JSON object that says what to do, for a job that another process can start again; `outcome` one that
    says what it came to.
    """

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
    recipe: bytes | None = None
    outcome: bytes | None = None
