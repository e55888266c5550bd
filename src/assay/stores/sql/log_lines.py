"""Reading request logs: lines of `request_log` and their bodies become `RequestLog`."""

from __future__ import annotations

from collections.abc import Sequence

from assay.model.log import ATTRIBUTE_NAMES, LogAttributes
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES, RequestLog, SpanAttributes
from assay.stores.sql import log_body
from assay.stores.sql.database import Connection, Parameters, Row, in_list, list_of
from assay.stores.sql.log_scope import environment_of
from assay.stores.sql.times import from_microseconds

_AFTER_ENVIRONMENT = ATTRIBUTE_NAMES[3:]
_METADATA = {"sqlite": "json(l.metadata)", "postgresql": "CAST(l.metadata AS text)"}
_LINE = ("l.id", "l.sequence", "l.created_at", "l.scope", "l.input_preview", "l.output_preview")
_ATTRIBUTES_AT = len(_LINE) + 1
_SPAN_AT = _ATTRIBUTES_AT + 2 + len(_AFTER_ENVIRONMENT)
_BODY_AT = _SPAN_AT + len(SPAN_ATTRIBUTE_NAMES)
_BOOLEANS = tuple(
    SPAN_ATTRIBUTE_NAMES.index(name) for name in ("stream", "cache_hit", "has_tool_calls", "blurred", "is_pinned")
)
_POSITIVE_FEEDBACK = SPAN_ATTRIBUTE_NAMES.index("positive_feedback")


def _columns(dialect_name: str) -> str:
    attributes = ("timestamp", "start_time", *_AFTER_ENVIRONMENT, *SPAN_ATTRIBUTE_NAMES)
    return ", ".join((*_LINE, _METADATA[dialect_name], *(f"l.{name}" for name in attributes)))


_READ_LINES = {name: f"SELECT {_columns(name)} FROM request_log l WHERE " for name in ("sqlite", "postgresql")}
_READ_LOGS = {
    name: f"SELECT {_columns(name)}, b.codec, b.data FROM request_log l"
    " LEFT JOIN request_log_body b ON b.sequence = l.sequence WHERE "
    for name in ("sqlite", "postgresql")
}


def read_where(
    connection: Connection, condition: str, parameters: Parameters, *, previews_only: bool = False
) -> list[RequestLog]:
    """Return the logs for a condition over `request_log l`, without their content where only previews are wanted."""
    statements = _READ_LINES if previews_only else _READ_LOGS
    return [_read(row) for row in connection.rows(statements[connection.dialect_name] + condition, parameters)]


def read_many(connection: Connection, sequences: Sequence[int], *, previews_only: bool = False) -> list[RequestLog]:
    """Return the logs with these sequences in the given order; those that are gone are left out."""
    name = connection.dialect_name
    condition = in_list(name, "l.sequence", "sequences")
    logs = read_where(connection, condition, {"sequences": list_of(name, sequences)}, previews_only=previews_only)
    found = {log.sequence: log for log in logs}
    return [found[sequence] for sequence in sequences if sequence in found]


def _read(row: Row) -> RequestLog:
    metadata = row[_ATTRIBUTES_AT - 1]
    if isinstance(metadata, str):
        metadata = metadata.encode()
    content, details = None, None
    if len(row) > _BODY_AT:
        # A body may be missing only while its log is being deleted.
        text = b"{}" if row[-1] is None else log_body.unpacked(row[-2], row[-1])
        content, details = log_body.split(text, metadata)
        metadata = content.metadata
    span = list(row[_SPAN_AT:_BODY_AT])
    for place in _BOOLEANS:
        span[place] = bool(span[place])
    if span[_POSITIVE_FEEDBACK] is not None:
        span[_POSITIVE_FEEDBACK] = bool(span[_POSITIVE_FEEDBACK])
    return RequestLog(
        id=row[0],
        sequence=row[1],
        created_at=from_microseconds(row[2]),
        attributes=LogAttributes(
            from_microseconds(row[_ATTRIBUTES_AT]),
            from_microseconds(row[_ATTRIBUTES_AT + 1]),
            environment_of(row[3]),
            *row[_ATTRIBUTES_AT + 2 : _SPAN_AT],
        ),
        span=SpanAttributes(*span),
        input_preview=row[4],
        output_preview=row[5],
        metadata=metadata,
        content=content,
        details=details,
    )
