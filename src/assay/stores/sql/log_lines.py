"""Reading request logs: lines of `request_log` and their bodies become `RequestLog`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from assay.model.errors import Invalid
from assay.model.log import ATTRIBUTE_NAMES, LogAttributes, LogContent
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES, RequestLog, SpanAttributes
from assay.stores.sql import compression, log_body
from assay.stores.sql.database import Connection, Parameters, Row, in_list, list_of
from assay.stores.sql.log_scope import environment_of
from assay.stores.sql.times import from_microseconds

# A log may have 20 MB, and a page a thousand logs; what is answered is in memory several times.
MOST_BYTES_TOGETHER = 128 * 1024 * 1024
_READ_AT_ONCE_BYTES = 8 * 1024 * 1024
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
    """Return the logs with these sequences in the given order; those that are gone are left out.

    Raises Invalid when they are too large to be returned together.
    """
    if not previews_only:
        return _within_limit(iterate_many(connection, sequences))
    name = connection.dialect_name
    condition = in_list(name, "l.sequence", "sequences")
    logs = read_where(connection, condition, {"sequences": list_of(name, sequences)}, previews_only=True)
    found = {log.sequence: log for log in logs}
    return [found[sequence] for sequence in sequences if sequence in found]


def iterate_many(connection: Connection, sequences: Sequence[int]) -> Iterator[RequestLog]:
    """Yield the logs with these sequences in the given order, with few of their bodies in memory at once."""
    name = connection.dialect_name
    chosen = in_list(name, "b.sequence", "sequences")
    sizes: dict[int, int] = dict(
        connection.rows(
            f"SELECT b.sequence, {log_body.STORED_SIZE[name]} FROM request_log_body b WHERE {chosen}",
            {"sequences": list_of(name, sequences)},
        )
    )
    for group in _groups(sequences, sizes):
        condition = _READ_LOGS[name] + in_list(name, "l.sequence", "sequences")
        rows = {row[1]: row for row in connection.rows(condition, {"sequences": list_of(name, group)})}
        for sequence in group:
            if sequence in rows:
                yield _read(rows.pop(sequence))


def _groups(sequences: Sequence[int], sizes: Mapping[int, int]) -> Iterator[Sequence[int]]:
    """Split sequences into runs whose bodies, as they are stored, can be read at once."""
    first, total = 0, 0
    for place, sequence in enumerate(sequences):
        total += sizes.get(sequence, 0)
        if place > first and total > _READ_AT_ONCE_BYTES:
            yield sequences[first:place]
            first, total = place, sizes.get(sequence, 0)
    if first < len(sequences):
        yield sequences[first:]


def _within_limit(logs: Iterator[RequestLog]) -> list[RequestLog]:
    taken = first_of(logs)
    if next(logs, None) is not None:
        together = f"more than {MOST_BYTES_TOGETHER // 2**20} MB together"
        raise Invalid.field(
            "page_size", f"The logs of this page have {together}: ask for fewer, or for fields=preview."
        )
    return taken


def first_of(logs: Iterator[RequestLog]) -> list[RequestLog]:
    """Return the first of some logs: as many as may be returned together, and at least one."""
    taken: list[RequestLog] = []
    total = 0
    while total <= MOST_BYTES_TOGETHER and (log := next(logs, None)) is not None:
        content = log.content or LogContent()
        parts = (content.input, content.output, content.expected_output, log.metadata, log.details)
        total += sum([len(part) for part in parts if part is not None])
        taken.append(log)
    return taken


def _read(row: Row) -> RequestLog:
    metadata = row[_ATTRIBUTES_AT - 1]
    if isinstance(metadata, str):
        metadata = metadata.encode()
    content, details = None, None
    if len(row) > _BODY_AT:
        # A body may be missing only while its log is being deleted.
        text = b"{}" if row[-1] is None else compression.unpacked(row[-2], row[-1])
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
