"""What the spans of a trace come to: the table `trace`, kept in the transaction that adds or deletes spans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from assay.model.request_log import MODEL_CALL_TYPES
from assay.stores.sql.database import Connection, in_list, list_of


class TraceLine(NamedTuple):
    """What a span adds to its trace; times in microseconds, cost in US dollars."""

    scope: int
    trace_unique_id: str
    sequence: int
    start_time: int
    end_time: int
    has_parent: bool
    is_model_call: bool
    is_error: bool
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: float


_SUMS = (
    *("span_count", "llm_call_count", "error_count"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "cost"),
)
_ROOT = ("root_has_parent", "root_start_time", "root_sequence")
_COLUMNS = ("scope", "trace_unique_id", "start_time", "end_time", *_SUMS, *_ROOT)


def _added(least: str, greatest: str) -> str:
    new, present = (", ".join(f"{table}.{name}" for name in _ROOT) for table in ("excluded", "trace"))
    is_before = f"({new}) < ({present})"
    sets = [
        f"start_time = {least}(trace.start_time, excluded.start_time)",
        f"end_time = {greatest}(trace.end_time, excluded.end_time)",
        *(f"{name} = trace.{name} + excluded.{name}" for name in _SUMS),
        *(f"{name} = CASE WHEN {is_before} THEN excluded.{name} ELSE trace.{name} END" for name in _ROOT),
    ]
    return (
        f"INSERT INTO trace ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
        f" ON CONFLICT (scope, trace_unique_id) DO UPDATE SET {', '.join(sets)}"
    )


_ADD = {"sqlite": _added("min", "max"), "postgresql": _added("least", "greatest")}


def count_in(connection: Connection, lines: Iterable[TraceLine]) -> None:
    """Add new spans to the sums of their traces."""
    sums: dict[tuple[int, str], dict[str, Any]] = {}
    for line in lines:
        own = _sums_of(line)
        present = sums.setdefault((line.scope, line.trace_unique_id), own)
        if present is not own:
            _add(present, own)
    if sums:
        # In one order for everybody, so that two transactions never wait for each other in a circle.
        connection.run_many(_ADD[connection.dialect_name], [sums[key] for key in sorted(sums)])


def _sums_of(line: TraceLine) -> dict[str, Any]:
    return {
        "scope": line.scope,
        "trace_unique_id": line.trace_unique_id,
        "start_time": line.start_time,
        "end_time": line.end_time,
        "span_count": 1,
        "llm_call_count": int(line.is_model_call),
        "error_count": int(line.is_error),
        "prompt_tokens": line.prompt_tokens,
        "completion_tokens": line.completion_tokens,
        "total_tokens": line.total_tokens,
        "cost": line.cost,
        "root_has_parent": int(line.has_parent),
        "root_start_time": line.start_time,
        "root_sequence": line.sequence,
    }


def _add(present: dict[str, Any], other: dict[str, Any]) -> None:
    present["start_time"] = min(present["start_time"], other["start_time"])
    present["end_time"] = max(present["end_time"], other["end_time"])
    for name in _SUMS:
        present[name] += other[name]
    if [other[name] for name in _ROOT] < [present[name] for name in _ROOT]:
        present.update((name, other[name]) for name in _ROOT)


_MODEL_CALLS = ", ".join(f"'{name}'" for name in sorted(MODEL_CALL_TYPES))


def _recounted(dialect_name: str) -> str:
    root = "CASE WHEN place = 1 THEN {} END"
    sums = (
        *("count(*)", f"sum(CASE WHEN log_type IN ({_MODEL_CALLS}) THEN 1 ELSE 0 END)"),
        *("sum(CASE WHEN status <> 'success' THEN 1 ELSE 0 END)", "sum(coalesce(prompt_tokens, 0))"),
        *("sum(coalesce(completion_tokens, 0))", "sum(coalesce(total_request_tokens, 0))", "sum(coalesce(cost, 0.0))"),
        *(f"max({root.format(name)})" for name in ("has_parent", "start_time", "sequence")),
    )
    return (
        f"INSERT INTO trace ({', '.join(_COLUMNS)})"
        f" SELECT scope, trace_unique_id, min(start_time), max(timestamp), {', '.join(sums)} FROM ("
        "SELECT numbered.*, row_number() OVER (PARTITION BY trace_unique_id ORDER BY has_parent, start_time, sequence)"
        " AS place FROM (SELECT scope, trace_unique_id, sequence, start_time, timestamp, log_type, status,"
        " prompt_tokens, completion_tokens, total_request_tokens, cost,"
        " CASE WHEN span_parent_id IS NULL THEN 0 ELSE 1 END AS has_parent FROM request_log"
        # `+` keeps the planner to the index of traces.
        f" WHERE +scope = :scope AND {in_list(dialect_name, 'trace_unique_id', 'ids')}) AS numbered) AS placed"
        # Without WHERE, SQLite would take ON for a join.
        " WHERE true GROUP BY scope, trace_unique_id ON CONFLICT (scope, trace_unique_id) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])
    )


_RECOUNT = {name: _recounted(name) for name in ("sqlite", "postgresql")}


def recount(connection: Connection, scope: int, trace_ids: Collection[str]) -> None:
    """Compute the sums of traces again after spans of theirs were deleted; a trace without spans is gone."""
    name = connection.dialect_name
    traces = {"scope": scope, "ids": list_of(name, sorted(trace_ids))}
    chosen = f"scope = :scope AND {in_list(name, 'trace_unique_id', 'ids')}"
    if name == "postgresql":
        # Spans of these traces that are being recorded now are added after this, to what is counted here.
        connection.rows(f"SELECT 1 FROM trace WHERE {chosen} ORDER BY trace_unique_id FOR UPDATE", traces)
    connection.run(_RECOUNT[name], traces)
    connection.run(
        f"DELETE FROM trace WHERE {chosen} AND NOT EXISTS (SELECT 1 FROM request_log"
        " WHERE +request_log.scope = :scope AND request_log.trace_unique_id = trace.trace_unique_id)",
        traces,
    )


def recount_after(connection: Connection, lines: Sequence[tuple[Any, ...]]) -> None:
    """Compute the sums of the traces of deleted lines (sequence, scope, trace id or None) again."""
    touched: dict[int, set[str]] = {}
    for _, scope, trace_id in lines:
        if trace_id is not None:
            touched.setdefault(scope, set()).add(trace_id)
    for scope, trace_ids in sorted(touched.items()):
        recount(connection, scope, trace_ids)
