"""What a server says about itself, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class AboutDatabase(BaseModel):
    """The database: sqlite or postgresql, and its size on disk."""

    kind: str
    size_bytes: int


class AboutCount(BaseModel):
    """How many there are: exactly, or at least so many."""

    count: int
    is_exact: bool


class AboutOut(BaseModel):
    """A server; `data_directory` is null without the admin scope."""

    version: str
    python_version: str
    engine: str
    database: AboutDatabase
    data_directory: str | None
    counts: dict[str, AboutCount]
    code_evaluators: dict[str, Any]
    health: dict[str, str]
    started_at: datetime
    uptime_seconds: float


def exactly(number: int) -> dict[str, Any]:
    """Return an exact count."""
    return {"count": number, "is_exact": True}
