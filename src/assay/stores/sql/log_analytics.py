"""What is computed over many request logs, in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal_column, select

from assay.filters.fields import REQUEST_LOG_FIELDS
from assay.filters.log_query import LogQuery
from assay.model.access import Environment
from assay.model.errors import Invalid
from assay.model.log_analytics import Facet, JsonPath, LogGroup, RequestLogsSummary, TimeBucket
from assay.model.page import Page, PageRequest, Sort
from assay.model.trace import Customer, Thread
from assay.ports.log_analytics import DateUnit
from assay.stores.sql import log_sums
from assay.stores.sql.database import Connection, Database, Row
from assay.stores.sql.exact_sum import exact, exact_order, exact_sum
from assay.stores.sql.json_paths import paths_of
from assay.stores.sql.log_labels import label_of
from assay.stores.sql.log_lines import read_many
from assay.stores.sql.log_query_sql import filter_columns, matching
from assay.stores.sql.log_scan import partial_rows
from assay.stores.sql.log_scope import environment_of
from assay.stores.sql.log_sums import Sums
from assay.stores.sql.tables import request_log as table
from assay.stores.sql.times import from_microseconds

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
# The epoch was a Thursday.
_DAYS_FROM_MONDAY = 3
# Fields with so many values that their groups are put in order by the database and never held here all at once.
_IDENTIFIERS = frozenset(
    name
    for name in REQUEST_LOG_FIELDS.specs
    if name == "id" or name.endswith("identifier") or name in ("trace_unique_id", "span_unique_id", "span_parent_id")
)


@dataclass(frozen=True, slots=True)
class SqlLogAnalytics:
    """Sums, groups and distributions over the request logs of one organisation."""

    database: Database
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

    async def summarize(self, query: LogQuery) -> RequestLogsSummary:
        """Return sums, means and percentiles over the logs that match."""
        columns = (*log_sums.sums, log_sums.latencies(self.database.dialect_name))
        statement = select(*columns).where(await self._matching(query))
        groups = await self._put_together(statement, query, 0)
        return await self.database.read(lambda _: groups[()].summary())

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
        rows, total = await self._page(_ordered(statement, keys, sort), page)
        found = log_sums.put_together(rows, len(names))
        return Page(_read_groups(list(found.items()), names), total)

    async def _page(self, grouped: Select[Any], page: PageRequest) -> tuple[list[Row], int]:
        """Return a page of groups, and how many there are."""
        counted = grouped.add_columns(func.count().over())
        number = select(func.count()).select_from(grouped.order_by(None).subquery())

        def work(connection: Connection) -> tuple[list[Row], int]:
            rows = connection.rows(counted.limit(page.size).offset(page.offset))
            if rows:
                return [row[:-1] for row in rows], rows[0][-1]
            return [], connection.rows(number)[0][0] if page.offset else 0

        return await self.database.read(work)

    async def histogram(self, query: LogQuery, width: timedelta) -> Sequence[TimeBucket]:
        """Return how many logs match in each interval of `width`, aligned to the epoch; empty ones are left out."""
        microseconds = width // timedelta(microseconds=1)
        if microseconds <= 0:
            raise Invalid.field("width", "An interval must be longer than nothing.")
        start = _floored(microseconds).label("start")
        statement: Any = (
            select(start, func.count(), log_sums.error_count).where(await self._matching(query)).group_by(start)
        )
        counts: Counter[int] = Counter()
        errors: Counter[int] = Counter()
        for at, count, error_count in await self._partial_rows(statement, query):
            counts[at] += count
            errors[at] += int(error_count)
        return [TimeBucket(from_microseconds(at), counts[at], errors[at]) for at in sorted(counts)]

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
            return paths_of(read_many(connection, [row[0] for row in connection.rows(newest)]))

        return await self.database.read(work)

    async def list_threads(self, query: LogQuery, page: PageRequest) -> Page[Thread]:
        """Return a page of threads that have logs that match, the one with the newest log first."""
        last_at = func.max(table.c.timestamp).label("last_at")
        grouped = (
            select(
                *(table.c.thread_identifier, table.c.scope, func.count(), func.min(table.c.timestamp), last_at),
                func.coalesce(func.sum(table.c.cost), literal_column("0.0")),
                *exact_sum(table.c.total_request_tokens),
            )
            .where(await self._matching(query), table.c.thread_identifier.is_not(None))
            .group_by(table.c.scope, table.c.thread_identifier)
            .order_by(last_at.desc(), table.c.thread_identifier, table.c.scope)
        )
        rows, total = await self._page(grouped, page)
        return Page([_read_thread(row) for row in rows], total)

    async def list_customers(self, query: LogQuery, sort: Sort, page: PageRequest) -> Page[Customer]:
        """Return a page of customers that have logs that match."""
        day = _floored(_DAY)
        upper, lower = exact_sum(table.c.total_request_tokens)
        columns: dict[str, ColumnElement[Any]] = {
            "customer_identifier": table.c.customer_identifier,
            "scope": table.c.scope,
            "name": func.max(table.c.customer_name),
            "email": func.max(table.c.customer_email),
            "first_seen": func.min(table.c.timestamp),
            "last_seen": func.max(table.c.timestamp),
            "active_days": func.count(day.distinct()),
            "number_of_requests": func.count(),
            "tokens_upper": upper,
            "tokens_lower": lower,
            "total_cost": func.coalesce(func.sum(table.c.cost), literal_column("0.0")),
            "average_latency": func.avg(table.c.latency),
            "average_ttft": func.avg(table.c.time_to_first_token),
        }
        if sort.field not in (*columns, "total_tokens") or sort.field in ("scope", "tokens_upper", "tokens_lower"):
            raise Invalid.field("sort_by", f"Customers cannot be sorted by '{sort.field[:100]}'.")
        sorted_by = _TOKENS_IN_ORDER if sort.field == "total_tokens" else (columns[sort.field],)
        grouped = (
            select(*columns.values())
            .where(await self._matching(query), table.c.customer_identifier.is_not(None))
            .group_by(table.c.scope, table.c.customer_identifier)
            .order_by(
                *_directed(sorted_by, sort),
                table.c.customer_identifier,
                table.c.scope,
            )
        )
        rows, total = await self._page(grouped, page)
        return Page([_read_customer(row) for row in rows], total)


_ZERO: ColumnElement[float] = literal_column("0.0")


def _floored(width: int, offset: int = 0) -> ColumnElement[int]:
    """Return the start of the interval of a width that a timestamp is in; division would round towards 1970."""
    moment = table.c.timestamp + literal_column(str(offset)) if offset else table.c.timestamp
    whole = literal_column(str(width), BigInteger)
    into = ((moment % whole) + whole) % whole
    return table.c.timestamp - into


def start_of(unit: DateUnit, dialect_name: str) -> ColumnElement[int]:
    """Return the start of the hour, day, week (from Monday) or month in UTC that a log's timestamp is in."""
    if unit == "hour":
        return _floored(_HOUR)
    if unit == "day":
        return _floored(_DAY)
    if unit == "week":
        return _floored(7 * _DAY, _DAYS_FROM_MONDAY * _DAY)
    seconds = _floored(1_000_000) / literal_column("1000000.0")
    if dialect_name == "sqlite":
        month = func.strftime("%s", seconds, "unixepoch", "start of month")
    else:
        month = func.date_part("epoch", func.date_trunc("month", func.timezone("UTC", func.to_timestamp(seconds))))
    return cast(month, BigInteger) * literal_column("1000000", BigInteger)


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
    terms = _directed(sortable[sort.field], sort)
    return grouped.order_by(*terms, *(key.asc().nulls_last() for key in keys.values()))


def _directed(columns: Sequence[ColumnElement[Any]], sort: Sort) -> list[ColumnElement[Any]]:
    return [column.desc().nulls_last() if sort.descending else column.asc().nulls_last() for column in columns]


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


def _read_thread(row: Row) -> Thread:
    return Thread(
        thread_identifier=row[0],
        environment=environment_of(row[1]),
        log_count=row[2],
        first_at=from_microseconds(row[3]),
        last_at=from_microseconds(row[4]),
        total_cost=float(row[5]),
        total_tokens=exact(row[6], row[7]),
    )


def _read_customer(row: Row) -> Customer:
    return Customer(
        customer_identifier=row[0],
        environment=environment_of(row[1]),
        name=row[2],
        email=row[3],
        first_seen=from_microseconds(row[4]),
        last_seen=from_microseconds(row[5]),
        active_days=row[6],
        number_of_requests=row[7],
        total_tokens=exact(row[8], row[9]),
        total_cost=float(row[10]),
        average_latency=row[11],
        average_ttft=row[12],
    )
