"""What an import of a file would do, on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from assay.model.dataset import DatasetLogDraft
from assay.wire.codec import raw
from assay.wire.dataset_logs import LineError


class ColumnOut(BaseModel):
    """A column or key of the records, and how many of these have it."""

    name: str
    count: int


class FilePreviewOut(BaseModel):
    """The columns of a file, its first rows as they would be stored, and what could not be read."""

    columns: list[ColumnOut]
    rows: list[dict[str, Any]]
    readable_count: int
    error_count: int
    errors: list[LineError]


def columns_out(columns: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Return the columns of a file in the order in which they were met."""
    return [{"name": name, "count": count} for name, count in columns]


def draft_out(draft: DatasetLogDraft) -> dict[str, Any]:
    """Return a row that is not stored yet: its payloads and main attributes."""
    content, attributes = draft.content, draft.attributes
    return {
        "input": raw(content.input),
        "output": raw(content.output),
        "expected_output": raw(content.expected_output),
        "metadata": raw(content.metadata) or {},
        "metrics": raw(content.metrics) or {},
        "model": attributes.model,
        "status": attributes.status,
        "timestamp": attributes.timestamp,
        "cost": attributes.cost,
        "latency": attributes.latency,
    }
