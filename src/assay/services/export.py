"""Exporting rows as JSONL or CSV, streamed in memory bounded by one batch."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Literal

from assay.filters.expression import Expression
from assay.model.dataset import DatasetLog
from assay.model.score import Score
from assay.ports.store import Store
from assay.wire.codec import decode_stored, encode
from assay.wire.dataset_logs import list_item

ExportFormat = Literal["jsonl", "csv"]

_ROWS_AT_ONCE = 500
_CSV_COLUMNS = (
    "id", "input", "output", "expected_output", "metadata", "metrics", "model", "log_type", "status", "timestamp",
)  # fmt: skip


async def export_rows(
    store: Store,
    organization_unique_id: str,
    dataset_id: str,
    version: int | None,
    expression: Expression,
    file_format: ExportFormat,
) -> AsyncIterator[bytes]:
    """Yield the rows that match as a file, all of one version even while others write. Raises NotFound.

    A JSONL line is the row as lists show it, with its scores. CSV has the payloads as JSON where they are no plain
    text, and can be imported again.
    """
    if file_format == "csv":
        yield _csv_line(_CSV_COLUMNS)
    async for logs in store.dataset_logs.iterate(dataset_id, version, expression, _ROWS_AT_ONCE):
        if file_format == "csv":
            yield b"".join(_csv_line(_cells(log)) for log in logs)
        else:
            scores = await store.scores.list_for_logs(dataset_id, [log.id for log in logs])
            yield b"".join(_json_line(log, organization_unique_id, scores.get(log.id, ())) for log in logs)


def _json_line(log: DatasetLog, organization_unique_id: str, scores: Sequence[Score]) -> bytes:
    return encode(list_item(log, organization_unique_id, scores)) + b"\n"


def _cells(log: DatasetLog) -> tuple[str, ...]:
    content, attributes = log.content, log.attributes
    return (
        log.id,
        _text(content.input),
        _text(content.output),
        _text(content.expected_output),
        (content.metadata or b"").decode(),
        (content.metrics or b"").decode(),
        attributes.model or "",
        attributes.log_type,
        attributes.status,
        attributes.timestamp.isoformat(),
    )


def _text(payload: bytes | None) -> str:
    """A string stands as it is; any other value as its JSON text."""
    if payload is None:
        return ""
    return str(decode_stored(payload)) if payload.startswith(b'"') else payload.decode()


def _csv_line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
