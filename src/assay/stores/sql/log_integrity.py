"""What `assay verify` checks of request logs: that each has its body, and that traces come to what their spans are."""

from __future__ import annotations

import msgspec
import zstandard

from assay.stores.sql import compression, log_body
from assay.stores.sql.database import Connection

_READ_AT_ONCE = 1_000


def problems(connection: Connection) -> list[str]:
    """Check file, bodies, traces and text index; return what is wrong, one line each."""
    found: list[str] = []
    if connection.dialect_name == "sqlite":
        # Asked first: FTS5 checks what a connection remembers of its index, and forgets that only when it searches.
        connection.rows("SELECT rowid FROM request_log_text WHERE request_log_text MATCH 'a' LIMIT 1")
        found += [f"request logs: {line}" for (line,) in connection.rows("PRAGMA integrity_check") if line != "ok"]
    found += _damaged_bodies(connection)
    found += [
        f"trace {trace}: says {stated} spans and has {actual}"
        for trace, stated, actual in connection.rows(
            "SELECT t.trace_unique_id, t.span_count, (SELECT count(*) FROM request_log l"
            " WHERE l.trace_unique_id = t.trace_unique_id AND l.scope = t.scope) FROM trace t"
        )
        if stated != actual
    ]
    found += [
        f"trace {trace}: it has spans, but no line of its own"
        for (trace,) in connection.rows(
            "SELECT DISTINCT l.trace_unique_id FROM request_log l WHERE l.trace_unique_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM trace t WHERE t.scope = l.scope AND t.trace_unique_id = l.trace_unique_id)"
        )
    ]
    found += _left_behind(connection)
    last = connection.rows("SELECT coalesce(max(sequence), 0) FROM request_log")[0][0]
    watermark = connection.rows("SELECT watermark FROM text_index")[0][0]
    allocated = max(last, _allocated(connection))
    if watermark > allocated:
        found.append(f"text index: it says it has read up to {watermark}, but only {allocated} logs were recorded")
    return found


def _left_behind(connection: Connection) -> list[str]:
    """Look for what a deleted log should have taken along."""
    place = {"sqlite": "rowid", "postgresql": "sequence"}[connection.dialect_name]
    found = []
    for what, table, column in (("bodies", "request_log_body", "sequence"), ("text index", "request_log_text", place)):
        left = connection.rows(
            f"SELECT count(*) FROM {table} WHERE NOT EXISTS"
            f" (SELECT 1 FROM request_log l WHERE l.sequence = {table}.{column})"
        )[0][0]
        if left:
            found.append(f"{what}: {left} belong to request logs that are gone")
    return found


def _allocated(connection: Connection) -> int:
    if connection.dialect_name == "postgresql":
        return int(connection.rows("SELECT last_value FROM request_log_sequence_seq")[0][0])
    rows = connection.rows("SELECT seq FROM sqlite_sequence WHERE name = 'request_log'")
    return int(rows[0][0]) if rows else 0


def _damaged_bodies(connection: Connection) -> list[str]:
    found: list[str] = []
    last = 0
    while rows := connection.rows(
        "SELECT l.sequence, l.id, b.codec, b.data FROM request_log l"
        " LEFT JOIN request_log_body b ON b.sequence = l.sequence"
        " WHERE l.sequence > :last ORDER BY l.sequence LIMIT :most",
        {"last": last, "most": _READ_AT_ONCE},
    ):
        for _, log_id, codec, data in rows:
            if data is None:
                found.append(f"request log {log_id}: its body is missing")
                continue
            try:
                log_body.split(compression.unpacked(codec, data), None)
            except (zstandard.ZstdError, msgspec.MsgspecError):
                found.append(f"request log {log_id}: its body cannot be read")
        last = rows[-1][0]
    return found
