"""Choosing request logs for a dataset: seeded orders that come out the same in every store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, literal_column, or_, select

from assay.filters.log_query import LogQuery
from assay.model.access import ENVIRONMENTS, Environment
from assay.model.request_log import RequestLog
from assay.model.sampling import PRIME, Granularity, coefficients
from assay.ports.log_samples import SampleOrder
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.dialect import dialect_named, number_literal
from assay.stores.sql.log_labels import label_of
from assay.stores.sql.log_lines import read_where
from assay.stores.sql.log_query_sql import filter_columns, matching
from assay.stores.sql.log_scan import extent, hinted, hinted_rows
from assay.stores.sql.log_scope import scopes_of
from assay.stores.sql.tables import request_log, trace
from assay.stores.sql.traces import matching_traces, trace_columns, trace_source

# Of each stratum the logs lowest in the order are wanted: a look at so many times more than are asked for in all finds
# them for all but small strata, and spares sorting the rest.
_MARGIN = 16


@dataclass(frozen=True, slots=True)
class _Population:
    """What is chosen from: lines of logs, or of traces joined to their roots."""

    source: FromClause
    condition: ColumnElement[bool]
    newest: Sequence[ColumnElement[Any]]
    is_failed: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class SqlLogSamples:
    """Samples of the request logs of one organisation."""

    database: Database
    organization_id: int
    environment: Environment

    async def _population(self, unit: Granularity, query: LogQuery) -> _Population:
        if unit == "traces":
            return _Population(
                source=trace_source,
                condition=matching_traces(self.organization_id, self.environment, query, self.database.dialect_name),
                newest=(trace.c.end_time.desc(), trace.c.root_sequence.desc()),
                is_failed=trace.c.error_count > literal_column("0"),
            )
        return _Population(
            source=request_log,
            condition=await matching(self.database, self.organization_id, self.environment, query),
            newest=(request_log.c.timestamp.desc(), request_log.c.sequence.desc()),
            is_failed=request_log.c.status != literal_column("'success'"),
        )

    async def count(self, unit: Granularity, query: LogQuery) -> int:
        """Return exactly how many match."""
        of = await self._population(unit, query)
        counted = select(func.count()).select_from(of.source).where(of.condition)
        return int(await self.database.read(lambda connection: connection.rows(counted)[0][0]))

    async def choose(
        self, unit: Granularity, query: LogQuery, order: SampleOrder, seed: int, offset: int, limit: int
    ) -> Sequence[int]:
        """Return the sequences at these places of the order among all that match."""
        of = await self._population(unit, query)
        terms: list[ColumnElement[Any]] = list(of.newest) if order == "newest" else _random_order(seed)
        if order == "failures_first":
            terms.insert(0, of.is_failed.desc())
        chosen = (
            select(request_log.c.sequence)
            .select_from(of.source)
            .where(of.condition)
            .order_by(*terms)
            .limit(limit)
            .offset(offset)
        )
        return [row[0] for row in await self._rows(unit, query, chosen)]

    async def _rows(self, unit: Granularity, query: LogQuery, statement: Select[Any]) -> list[Row]:
        return await self.database.read(
            lambda connection: hinted_rows(connection, self._hinted(connection, unit, query, statement))
        )

    def _hinted(
        self, connection: Connection, unit: Granularity, query: LogQuery, statement: Select[Any]
    ) -> Select[Any]:
        if unit == "traces":
            return statement
        return hinted(connection, statement, self.organization_id, self.environment, query)

    def _label(self, unit: Granularity, field: str) -> ColumnElement[Any]:
        dialect_name = self.database.dialect_name
        columns = trace_columns(dialect_name) if unit == "traces" else filter_columns(dialect_name)
        return label_of(unit, field, columns, dialect_name)

    async def strata(self, unit: Granularity, query: LogQuery, field: str) -> Mapping[str | None, int]:
        """Count those that match by the value of a field or metadata path as text; None: they have none."""
        of = await self._population(unit, query)
        label = self._label(unit, field).label("stratum")
        counted = select(label, func.count()).select_from(of.source).where(of.condition).group_by(label)
        rows = await self._rows(unit, query, counted)
        return {None if value is None else str(value): int(count) for value, count in rows}

    async def choose_from_strata(
        self, unit: Granularity, query: LogQuery, field: str, seed: int, quotas: Mapping[str | None, int]
    ) -> Mapping[str | None, Sequence[int]]:
        """Return for each stratum the first `quota` sequences in random order."""
        of = await self._population(unit, query)
        label = self._label(unit, field)
        order = _random_order(seed)
        place = func.row_number().over(partition_by=label, order_by=order)
        every = (
            select(request_log.c.sequence.label("sequence"), label.label("stratum"), place.label("place"))
            .select_from(of.source)
            .where(of.condition)
        )
        most, total = max(quotas.values(), default=0), sum(quotas.values())

        def first(connection: Connection, statement: Select[Any]) -> list[Row]:
            ranked = self._hinted(connection, unit, query, statement).subquery()
            chosen = select(ranked.c.sequence, ranked.c.stratum).where(ranked.c.place <= number_literal(most))
            return hinted_rows(connection, chosen.order_by(ranked.c.place))

        def work(connection: Connection) -> Mapping[str | None, Sequence[int]]:
            taken: dict[str | None, list[int]] = {stratum: [] for stratum in quotas}
            lowest, highest = extent(connection)
            bound = PRIME * _MARGIN * total // (highest - lowest + 1)
            if bound < PRIME // 2:
                _take(taken, quotas, first(connection, every.where(order[0] < number_literal(bound))))
            if short := [stratum for stratum, quota in quotas.items() if len(taken[stratum]) < quota]:
                for stratum in short:
                    taken[stratum].clear()
                named = dialect_named(connection.dialect_name).in_texts(
                    label, [stratum for stratum in short if stratum is not None]
                )
                _take(taken, quotas, first(connection, every.where(or_(named, label.is_(None)))))
            return taken

        return await self.database.read(work)

    async def read(self, sequences: Sequence[int]) -> Sequence[RequestLog]:
        """Return these logs with their content, in the given order; those that are gone are left out."""
        scopes = scopes_of(self.organization_id, self.environment, ENVIRONMENTS)

        def work(connection: Connection) -> Sequence[RequestLog]:
            name = connection.dialect_name
            own = f"{in_list(name, 'l.sequence', 'sequences')} AND {in_list(name, '+l.scope', 'scopes')}"
            listed = {"sequences": list_of(name, sequences), "scopes": list_of(name, scopes)}
            found = {log.sequence: log for log in read_where(connection, own, listed)}
            return [found[sequence] for sequence in sequences if sequence in found]

        return await self.database.read(work)


def _take(taken: Mapping[str | None, list[int]], quotas: Mapping[str | None, int], rows: Sequence[Row]) -> None:
    """Add the sequences of rows to their strata until these have their quotas."""
    for sequence, stratum in rows:
        if len(taken.get(stratum, ())) < quotas.get(stratum, 0):
            taken[stratum].append(sequence)


def _random_order(seed: int) -> list[ColumnElement[Any]]:
    a, b = coefficients(seed)
    key = (request_log.c.sampling_hash * number_literal(a) + number_literal(b)) % literal_column(str(PRIME))
    return [key, request_log.c.id]
