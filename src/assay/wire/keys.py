"""API keys and jobs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from assay.model.access import ApiKey
from assay.model.job import Job
from assay.wire import codec


class KeyCreate(BaseModel):
    """The body that makes a key."""

    name: str = Field(min_length=1, max_length=255)
    environment: Literal["prod", "test"] = "prod"
    scopes: list[Literal["read", "write", "admin"]] = Field(default=["read", "write"], min_length=1)


class KeyOut(BaseModel):
    """A key as it can be shown again: without its secret."""

    id: str
    prefix: str
    name: str
    environment: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyCreated(KeyOut):
    """A new key; `api_key` is shown this once."""

    api_key: str


class JobOut(BaseModel):
    """A long import or clean-up and how far it is."""

    id: str
    kind: str
    state: Literal["running", "completed", "failed"]
    subject_id: str
    done_count: int
    total_count: int | None
    error_message: str | None
    recipe: dict[str, Any] | None
    outcome: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


def key_out(key: ApiKey) -> dict[str, Any]:
    """Return a key without its secret."""
    return {name: getattr(key, name) for name in KeyOut.model_fields}


def job_out(job: Job) -> dict[str, Any]:
    """Return a job."""
    shown = {name: getattr(job, name) for name in JobOut.model_fields}
    return {**shown, "recipe": codec.raw(job.recipe), "outcome": codec.raw(job.outcome)}
