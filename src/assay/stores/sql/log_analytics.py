"""What is computed over many request logs, in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, func, literal_column, select

from assay.filters.expression import fields_of
from assay.filters.fields import REQUEST_LOG_FIELDS
from assay.filters.log_query import LogQuery
from assay.model.access import Environment
from assay.model.errors import Invalid
from assay.model.log_analytics import Facet, JsonPath, LogGroup, RequestLogsSummary, TimeBucket
from assay.model.page import Page, PageRequest, Sort
from assay.model.trace import Customer, Thread
from assay.ports.log_analytics import DateUnit
from assay.stores.sql import log_sums, log_threads
from assay.stores.sql.database import Connection, Database, Row
from assay.stores.sql.exact_sum import exact_order
from assay.stores.sql.json_paths import paths_of
from assay.stores.sql.log_intervals import floored, start_of
from assay.stores.sql.log_labels import label_of
from assay.stores.sql.log_lines import iterate_many
from assay.stores.sql.log_memory import ResultMemory
from assay.stores.sql.log_query_sql import filter_columns, matching, without_search
from assay.stores.sql.log_scan import has_identifier, hinted, hinted_rows, partial_rows
from assay.stores.sql.log_sums import Sums
from assay.stores.sql.order import directed
from assay.stores.sql.tables import request_log as table
from assay.stores.sql.times import from_microseconds

# Fields with so many values that their groups are put in order by the database and never held here all at once.
_IDENTIFIERS = frozenset(
    name
    for name in REQUEST_LOG_FIELDS.specs
    if name == "id" or name.endswith("identifier") or name in ("trace_unique_id", "span_unique_id", "span_parent_id")
)

Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])


def _remembered(method: Method) -> Method:
    """Make a method answer from memory what it answered before to the same arguments, as long as that is right."""

    @wraps(method)
    async def answer(self: SqlLogAnalytics, query: LogQuery, *arguments: Any, **named: Any) -> Any:
        if any(field.name == "scores" for field in fields_of(query.expression)):
            # Scores come and go without the logs.
            return await method(self, query, *arguments, **named)
        # As text, in which 1, 1.0 and True differ.
        key = (self.organization_id, self.environment, method.__name__, repr((query, arguments, named)))
        of_new_logs = without_search(self.organization_id, self.environment, query, self.database.dialect_name)
        return await self.memory.remembered(key, of_new_logs, lambda: method(self, query, *arguments, **named))

    return cast("Method", answer)


@dataclass(frozen=True, slots=True)
class SqlLogAnalytics:
    """Sums, groups and distributions over the request logs of one organisation."""

    database: Database
    memory: ResultMemory
    organization_id: int
    environment: Environment

    async def _matching(self, query: LogQuery) -> ColumnElement[bool]:
        return await matching(self.database, self.organization_id, self.environment, query)

    async def _partial_rows(self, statement: Select[Any], query: LogQuery) -> list[Row]:
        def work(connection: Connection) -> list[Row]:
            return list(partial_rows(connection, statement, self.organization_id, self.environment, query))

        return await self.database.read(work)

    async def _put_together(self, statement: Select[Any], query: LogQuery, key_count: int) -> dict[Any, Sums]:
        def work(connection: Connection) -> dict[Any, Sums]:
            rows = partial_rows(connection, statement, self.organization_id, self.environment, query)
            return log_sums.put_together(rows, key_count)

        return await self.database.read(work)

    @_remembered
    async def summarize(self, query: LogQuery) -> RequestLogsSummary:
        """Return sums, means and percentiles over the logs that match."""
        columns = (*log_sums.sums, log_sums.latencies(self.database.dialect_name))
        statement = select(*columns).where(await self._matching(query))
        groups = await self._put_together(statement, query, 0)
        return await self.database.read(lambda _: groups[()].summary())

    @_remembered
    async def group(
        self,
        query: LogQuery,
        fields: Sequence[str],
        date_unit: DateUnit | None,
        sort: Sort,
        page: PageRequest,
        *,
        has_percentiles: bool = False,
    ) -> Page[LogGroup]:
        """Return groups of the logs that match, by text fields and by date when a unit is given."""
        dialect_name = self.database.dialect_name
        keys: dict[str, ColumnElement[Any]] = {
            name: filter_columns(dialect_name).columns[name].label(f"key_{place}") for place, name in enumerate(fields)
        }
        if date_unit is not None:
            keys["date"] = start_of(date_unit, dialect_name).label("key_date")
        columns = [*keys.values(), *log_sums.sums]
        if has_percentiles:
            columns.append(log_sums.latencies(dialect_name))
        statement = select(*columns).where(await self._matching(query)).group_by(*keys.values())
        names = tuple(keys)
        if dialect_name == "sqlite" and _IDENTIFIERS.isdisjoint(fields):
            groups = await self._put_together(statement, query, len(names))
            ordered = await self.database.read(lambda _: _in_order(groups, names, sort))
            chosen = ordered[page.offset : page.offset + page.size]
            return Page(await self.database.read(lambda _: _read_groups(chosen, names)), len(ordered))
        rows, total = await self._page(_ordered(statement, keys, sort), query, page)
        found = log_sums.put_together(rows, len(names))
        return Page(_read_groups(list(found.items()), names), total)

    async def _page(
        self, grouped: Select[Any], query: LogQuery, page: PageRequest, identifier: str | None = None
    ) -> tuple[list[Row], int]:
        """Return a page of groups, of the logs with an identifier if one is named, and how many there are."""
        own = (self.organization_id, self.environment, query)

        def work(connection: Connection) -> tuple[list[Row], int]:
            named = grouped if identifier is None else grouped.where(has_identifier(connection, identifier, *own))
            chosen = hinted(connection, named, *own)
            counted = chosen.add_columns(func.count().over())
            rows = hinted_rows(connection, counted.limit(page.size).offset(page.offset))
            if rows:
                return [row[:-1] for row in rows], rows[0][-1]
            number = select(func.count()).select_from(chosen.order_by(None).subquery())
            return [], hinted_rows(connection, number)[0][0] if page.offset else 0

        return await self.database.read(work)

    @_remembered
    async def histogram(self, query: LogQuery, width: timedelta) -> Sequence[TimeBucket]:
        """Return how many logs match in each interval of `width`, aligned to the epoch; empty ones are left out."""
        microseconds = width // timedelta(microseconds=1)
        if microseconds <= 0:
            raise Invalid.field("width", "An interval must be longer than nothing.")
        start = floored(microseconds).label("start")
        statement: Any = (
            select(start, func.count(), log_sums.error_count).where(await self._matching(query)).group_by(start)
        )
        counts: Counter[int] = Counter()
        errors: Counter[int] = Counter()
        for at, count, error_count in await self._partial_rows(statement, query):
            counts[at] += count
            errors[at] += int(error_count)
        return [TimeBucket(from_microseconds(at), counts[at], errors[at]) for at in sorted(counts)]

    @_remembered
    async def facet(self, query: LogQuery, field: str, most: int) -> Facet:
        """Return the commonest values of a column, or of a metadata key, among logs that match.

        Values of metadata are given as text. Raises Invalid for a name that is no field.
        """
        value = self._facet_value(field).label("value")
        statement = select(value, func.count()).where(await self._matching(query)).group_by(value)
        counts: Counter[Any] = Counter()
        for found, count in await self._partial_rows(statement, query):
            if found is not None:
                counts[found] += count
        spec = REQUEST_LOG_FIELDS.specs.get(field)
        commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
        if spec is not None and spec.kind == "boolean":
            commonest = [(bool(found), count) for found, count in commonest]
        return Facet(field, commonest)

    def _facet_value(self, field: str) -> ColumnElement[Any]:
        columns = filter_columns(self.database.dialect_name)
        if field in columns.columns:
            return columns.columns[field]
        return label_of("logs", field, columns, self.database.dialect_name)

    async def list_paths(self, query: LogQuery, sampled: int) -> Sequence[JsonPath]:
        """Return the paths that occur in metadata, input and output of the newest `sampled` logs that match."""
        newest = (
            select(table.c.sequence)
            .where(await self._matching(query))
            .order_by(table.c.timestamp.desc(), table.c.sequence.desc())
            .limit(sampled)
        )

        def work(connection: Connection) -> Sequence[JsonPath]:
            return paths_of(iterate_many(connection, [row[0] for row in connection.rows(newest)]))

        return await self.database.read(work)

    @_remembered
    async def list_threads(self, query: LogQuery, page: PageRequest) -> Page[Thread]:
        """Return a page of threads that have logs that match, the one with the newest log first."""
        grouped = log_threads.threads(await self._matching(query))
        rows, total = await self._page(grouped, query, page, "thread_identifier")
        return Page([log_threads.read_thread(row) for row in rows], total)

    @_remembered
    async def list_customers(self, query: LogQuery, sort: Sort, page: PageRequest) -> Page[Customer]:
        """Return a page of customers that have logs that match."""
        grouped = log_threads.customers(await self._matching(query), sort)
        rows, total = await self._page(grouped, query, page, "customer_identifier")
        return Page([log_threads.read_customer(row) for row in rows], total)


_ZERO: ColumnElement[float] = literal_column("0.0")


_SUM_COLUMNS: dict[str, ColumnElement[Any]] = {
    "number_of_requests": func.count(),
    "total_cost": func.coalesce(func.sum(table.c.cost), _ZERO),
    "error_count": log_sums.error_count,
    "average_latency": func.coalesce(func.avg(table.c.latency), _ZERO),
}
_TOKENS_IN_ORDER = exact_order(table.c.total_request_tokens)
_SUMMARY_FIGURES: dict[str, Callable[[RequestLogsSummary], float]] = {
    "number_of_requests": lambda summary: summary.totals.number_of_requests,
    "total_cost": lambda summary: summary.totals.total_cost,
    "total_tokens": lambda summary: summary.totals.total_tokens,
    "error_count": lambda summary: summary.error_count,
    "average_latency": lambda summary: summary.totals.avg_latency,
}


def _ordered(grouped: Select[Any], keys: Mapping[str, ColumnElement[Any]], sort: Sort) -> Select[Any]:
    """Put groups in order in the database: missing values last, ties by the keys."""
    sortable = {
        "total_tokens": _TOKENS_IN_ORDER,
        **{name: (column,) for name, column in {**_SUM_COLUMNS, **keys}.items()},
    }
    if sort.field not in sortable:
        raise _cannot_sort(sort)
    terms = directed(sortable[sort.field], sort)
    return grouped.order_by(*terms, *(key.asc().nulls_last() for key in keys.values()))


def _in_order(groups: Mapping[Row, Sums], names: Sequence[str], sort: Sort) -> list[tuple[Row, Sums]]:
    """Put groups in order here: the same order."""
    ordered = sorted(groups.items(), key=lambda item: [(value is None, value) for value in item[0]])
    if sort.field in names:
        place = names.index(sort.field)
        found = [(key[place], (key, sums)) for key, sums in ordered]
    elif sort.field in _SUMMARY_FIGURES:
        figure = _SUMMARY_FIGURES[sort.field]
        found = [(figure(sums.totals()), (key, sums)) for key, sums in ordered]
    else:
        raise _cannot_sort(sort)
    present = [item for item in found if item[0] is not None]
    present.sort(key=lambda item: item[0], reverse=sort.descending)
    return [pair for _, pair in present] + [pair for value, pair in found if value is None]


def _cannot_sort(sort: Sort) -> Invalid:
    sortable = ", ".join((*_SUMMARY_FIGURES, "date or a field grouped by"))
    return Invalid.field("sort_by", f"Groups cannot be sorted by '{sort.field[:100]}': use {sortable}.")


def _read_groups(groups: Sequence[tuple[Row, Sums]], names: Sequence[str]) -> list[LogGroup]:
    read = []
    for key, sums in groups:
        keys: dict[str, str | int | datetime | None] = dict(zip(names, key, strict=True))
        if isinstance(start := keys.get("date"), int):
            keys["date"] = from_microseconds(start)
        read.append(LogGroup(keys, sums.summary(), sums.cache_hit_count))
    return read
