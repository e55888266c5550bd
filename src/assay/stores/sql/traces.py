"""Traces in SQL: the sums of their spans beside the line of their root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Double, Text, and_, case, cast, func, literal_column, select

from assay.filters.expression import EVERYTHING
from assay.filters.log_query import LogQuery
from assay.model.access import Environment
from assay.model.errors import NotFound
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count, RequestLog
from assay.model.trace import Trace, TracesSummary
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.exact_sum import exact, exact_sum
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.log_count import count_lines
from assay.stores.sql.log_lines import first_of, iterate_many, read_many
from assay.stores.sql.log_memory import ResultMemory
from assay.stores.sql.log_query_sql import filter_columns
from assay.stores.sql.log_scope import environment_of, scope_of, scopes_of
from assay.stores.sql.log_upkeep import SLICE, delete_lines
from assay.stores.sql.order import order_by
from assay.stores.sql.tables import request_log, trace
from assay.stores.sql.times import from_microseconds, to_microseconds

# Fields of the line itself, by their columns: never missing, so that an index can give their order.
_SUMS = {
    **{name: name for name in ("trace_unique_id", "start_time", "end_time", "span_count", "llm_call_count")},
    **{"error_count": "error_count", "total_cost": "cost", "total_tokens": "total_tokens"},
    **{"total_prompt_tokens": "prompt_tokens", "total_completion_tokens": "completion_tokens"},
}
_IDENTIFIERS = ("customer_identifier", "session_identifier", "thread_identifier", "trace_group_identifier")
trace_source = trace.outerjoin(request_log, request_log.c.sequence == trace.c.root_sequence)
_READ = (
    *(trace.c.trace_unique_id, trace.c.scope, trace.c.start_time, trace.c.end_time, trace.c.span_count),
    *(trace.c.llm_call_count, trace.c.error_count, trace.c.prompt_tokens, trace.c.completion_tokens),
    *(trace.c.total_tokens, trace.c.cost, trace.c.root_sequence),
)


def _some_model() -> ColumnElement[str]:
    """The model of the root, or else of the earliest span that has one."""
    span = request_log.alias("span")
    earliest = (
        select(span.c.model)
        # `+ 0` keeps the planner to the index of traces.
        .where(span.c.trace_unique_id == trace.c.trace_unique_id, span.c.scope + literal_column("0") == trace.c.scope)
        .where(span.c.model.is_not(None))
        .order_by(span.c.start_time, span.c.sequence)
        .limit(literal_column("1"))
        .correlate(trace)
        .scalar_subquery()
    )
    return func.coalesce(request_log.c.model, earliest, type_=Text())


@cache
def trace_columns(dialect_name: str) -> FilterColumns:
    """Return what the fields of traces are in SQL, over `trace_source`."""
    of_logs = filter_columns(dialect_name)
    is_test = trace.c.scope.op("&")(literal_column("1")) == literal_column("1")
    has_error = trace.c.error_count > literal_column("0")
    columns: dict[str, ColumnElement[Any]] = {
        **{name: trace.c[column] for name, column in _SUMS.items()},
        **{name: request_log.c[name] for name in _IDENTIFIERS},
        "environment": case((is_test, literal_column("'test'", Text)), else_=literal_column("'prod'", Text)),
        "duration": cast(trace.c.end_time - trace.c.start_time, Double) / literal_column("1000000.0", Double),
        "name": request_log.c.span_name,
        "workflow_name": request_log.c.span_workflow_name,
        "model": _some_model(),
        "status": case((has_error, literal_column("'error'", Text)), else_=literal_column("'success'", Text)),
    }
    return FilterColumns(
        columns=columns,
        json={name: of_logs.json[name] for name in ("metadata", "input", "output")},
        json_text=of_logs.json_text,
    )


def matching_traces(
    organization_id: int, environment: Environment, query: LogQuery, dialect_name: str
) -> ColumnElement[bool]:
    """Return the condition that a line of `trace_source` is meant by a query, whose window is over the end of traces.

    Raises Invalid for a filter that the database cannot be asked.
    """
    scopes = scopes_of(organization_id, environment, query.environments)
    conditions = [dialect_named(dialect_name).in_numbers(trace.c.scope, scopes)]
    if query.start is not None:
        conditions.append(trace.c.end_time >= to_microseconds(query.start))
    if query.end is not None:
        conditions.append(trace.c.end_time < to_microseconds(query.end))
    if query.expression != EVERYTHING:
        conditions.append(compile_filter(query.expression, trace_columns(dialect_name), dialect_name))
    return and_(*conditions)


@dataclass(frozen=True, slots=True)
class SqlTraces:
    """The traces of one organisation."""

    database: Database
    memory: ResultMemory
    organization_id: int
    environment: Environment

    def _matching(self, query: LogQuery) -> ColumnElement[bool]:
        return matching_traces(self.organization_id, self.environment, query, self.database.dialect_name)

    async def page(self, query: LogQuery, sort: Sort, page: PageRequest) -> tuple[Sequence[Trace], bool]:
        """Return a page of the traces that match, with their root spans' content, and whether more follow.

        A root without a model shows that of the earliest span that has one.
        """
        wanted = (
            select(*_READ)
            .select_from(trace_source)
            .where(self._matching(query))
            .order_by(*self._order(sort))
            .limit(page.size + 1)
            .offset(page.offset)
        )

        def work(connection: Connection) -> tuple[Sequence[Trace], bool]:
            rows = connection.rows(wanted)
            return _read_traces(connection, rows[: page.size]), len(rows) > page.size

        return await self.database.read(work)

    def _order(self, sort: Sort) -> list[ColumnElement[Any]]:
        column = trace_columns(self.database.dialect_name).columns[sort.field]
        if sort.field in _SUMS:
            return [column.desc(), trace.c.sequence.desc()] if sort.descending else [column, trace.c.sequence]
        return order_by(column, sort, tie_break=trace.c.sequence)

    async def count(self, query: LogQuery, *, within_seconds: float | None = None) -> Count:
        """Count the traces that match; with a limit of time, answer a lower bound when it takes longer."""
        return await count_lines(self.database, trace_source, self._matching(query), within_seconds)

    async def get(self, trace_unique_id: str, query: LogQuery) -> Trace:
        """Return a trace of the environments and within the window of `query`; raises NotFound."""
        wanted = (
            select(*_READ)
            .select_from(trace_source)
            .where(trace.c.trace_unique_id == trace_unique_id, self._matching(query))
            .order_by(trace.c.scope)
            .limit(1)
        )

        def work(connection: Connection) -> Trace:
            rows = connection.rows(wanted)
            if not rows:
                raise NotFound("Trace not found")
            return _read_traces(connection, rows)[0]

        return await self.database.read(work)

    async def spans(self, trace: Trace, most: int) -> Sequence[RequestLog]:
        """Return the spans of a trace with their content, by start time; at most `most`, fewer when they are large."""
        chosen = {
            "id": trace.trace_unique_id,
            "scope": scope_of(self.organization_id, trace.environment),
            "most": most,
        }
        wanted = (
            "SELECT sequence FROM request_log WHERE trace_unique_id = :id AND +scope = :scope"
            " ORDER BY start_time, sequence LIMIT :most"
        )

        def work(connection: Connection) -> Sequence[RequestLog]:
            # The spans of one trace may have gigabytes together.
            return first_of(iterate_many(connection, [row[0] for row in connection.rows(wanted, chosen)]))

        return await self.database.read(work)

    async def summarize(self, query: LogQuery) -> TracesSummary:
        """Return sums over the traces that match."""
        duration = cast(trace.c.end_time - trace.c.start_time, Double)
        wanted = (
            select(
                func.count(),
                func.coalesce(func.sum(trace.c.cost), 0.0),
                func.coalesce(func.sum(duration), 0.0),
                func.coalesce(func.sum(case((trace.c.error_count > 0, 1), else_=0)), 0),
                *exact_sum(trace.c.prompt_tokens),
                *exact_sum(trace.c.completion_tokens),
                *exact_sum(trace.c.total_tokens),
                *exact_sum(trace.c.span_count),
                *exact_sum(trace.c.llm_call_count),
                *exact_sum(trace.c.error_count),
            )
            .select_from(trace_source)
            .where(self._matching(query))
        )
        row = await self.database.read(lambda connection: connection.rows(wanted)[0])
        return TracesSummary(
            total_count=int(row[0]),
            total_cost=float(row[1]),
            total_duration=float(row[2]) / 1_000_000,
            traces_with_errors=int(row[3]),
            total_prompt_tokens=exact(row[4], row[5]),
            total_completion_tokens=exact(row[6], row[7]),
            total_tokens=exact(row[8], row[9]),
            total_span_count=exact(row[10], row[11]),
            total_llm_call_count=exact(row[12], row[13]),
            total_error_count=exact(row[14], row[15]),
        )

    async def delete(self, trace_unique_id: str, query: LogQuery) -> int:
        """Delete the spans of a trace in the environments and window of `query`; return how many there were."""
        name = self.database.dialect_name
        scopes = scopes_of(self.organization_id, self.environment, query.environments)
        conditions = [f"trace_unique_id = :id AND {in_list(name, '+scope', 'scopes')}"]
        chosen: dict[str, Any] = {"id": trace_unique_id, "scopes": list_of(name, scopes), "most": SLICE}
        if query.start is not None:
            conditions.append("+timestamp >= :start")
            chosen["start"] = to_microseconds(query.start)
        if query.end is not None:
            conditions.append("+timestamp < :end")
            chosen["end"] = to_microseconds(query.end)
        wanted = (
            "SELECT sequence, scope, trace_unique_id FROM request_log"
            f" WHERE {' AND '.join(conditions)} ORDER BY sequence LIMIT :most"
        )

        def work(connection: Connection) -> int:
            lines = connection.rows(wanted, chosen)
            delete_lines(connection, lines)
            return len(lines)

        total = deleted = await self.memory.changing(self.database.write(work))
        while deleted == SLICE:
            deleted = await self.memory.changing(self.database.write(work))
            total += deleted
        return total

    async def list_ids(self, query: LogQuery, most: int) -> Sequence[str]:
        """Return the ids of up to `most` traces that match, those that ended last first."""
        wanted = (
            select(trace.c.trace_unique_id)
            .select_from(trace_source)
            .where(self._matching(query))
            .order_by(trace.c.end_time.desc(), trace.c.sequence.desc())
            .limit(most)
        )
        rows = await self.database.read(lambda connection: connection.rows(wanted))
        return list(dict.fromkeys(row[0] for row in rows))


def _read_traces(connection: Connection, rows: Sequence[Row]) -> list[Trace]:
    """Make traces from lines of `_READ`."""
    roots = {log.sequence: log for log in read_many(connection, [row[-1] for row in rows])}
    models = _models(connection, [row for row in rows if row[-1] in roots and roots[row[-1]].attributes.model is None])
    return [_read_trace(row, roots.get(row[-1]), models) for row in rows]


def _models(connection: Connection, rows: Sequence[Row]) -> Mapping[tuple[int, str], str]:
    """Return the model of the earliest span that has one, by scope and trace id."""
    if not rows:
        return {}
    name = connection.dialect_name
    found = connection.rows(
        "SELECT scope, trace_unique_id, model FROM request_log"
        f" WHERE {in_list(name, 'trace_unique_id', 'ids')} AND {in_list(name, '+scope', 'scopes')}"
        " AND model IS NOT NULL ORDER BY start_time DESC, sequence DESC",
        {"ids": list_of(name, [row[0] for row in rows]), "scopes": list_of(name, sorted({row[1] for row in rows}))},
    )
    return {(scope, trace_id): model for scope, trace_id, model in found}


def _read_trace(row: Row, root: RequestLog | None, models: Mapping[tuple[int, str], str]) -> Trace:
    if root is not None and root.attributes.model is None:
        model = models.get((row[1], row[0]))
        root = replace(root, attributes=replace(root.attributes, model=model))
    return Trace(
        trace_unique_id=row[0],
        environment=environment_of(row[1]),
        start_time=from_microseconds(row[2]),
        end_time=from_microseconds(row[3]),
        span_count=row[4],
        llm_call_count=row[5],
        error_count=row[6],
        prompt_tokens=row[7],
        completion_tokens=row[8],
        total_tokens=row[9],
        cost=row[10],
        root=root,
    )
