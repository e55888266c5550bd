"""What is computed over the rows of a dataset, in SQL: bounded counts, facets, paths; and which datasets hold a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from assay.filters.expression import EVERYTHING, Expression
from assay.filters.fields import DATASET_LOG_FIELDS
from assay.model.dataset import HoldingDataset, VersionChanges
from assay.model.log import CONTENT_NAMES
from assay.model.log_analytics import Facet, JsonPath
from assay.model.request_log import Count
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.dataset_log_filter import filter_columns, rows_matching
from assay.stores.sql.dataset_logs import log_count, read_many
from assay.stores.sql.json_paths import paths_in
from assay.stores.sql.log_count import count_lines
from assay.stores.sql.log_labels import label_in
from assay.stores.sql.scope import IN_VERSION, dataset_at
from assay.stores.sql.tables import dataset_log as table

# The dataset leads the index of sources: it is looked into once for each dataset.
_HOLDING = (
    "SELECT d.id, d.name, MIN(l.id) FROM dataset d JOIN dataset_log l ON l.dataset_sequence = d.sequence"
    " AND l.source_log_id = :log AND l.added_in <= d.version AND (l.removed_in IS NULL OR l.removed_in > d.version)"
    " WHERE d.organization_id = :organization AND d.deleted_at IS NULL"
    " GROUP BY d.id, d.name, d.sequence ORDER BY d.sequence DESC"
)
_GONE = "dataset_sequence = :dataset AND added_in <= :version AND removed_in > :version AND removed_in <= :newest"
_NEW = (
    "dataset_sequence = :dataset AND added_in > :version AND added_in <= :newest"
    " AND (removed_in IS NULL OR removed_in > :newest)"
)
# A changed row is a new revision under the id of one that is gone.
_CHANGES = (
    f"SELECT (SELECT count(*) FROM dataset_log WHERE {_GONE}), (SELECT count(*) FROM dataset_log WHERE {_NEW}),"
    f" (SELECT count(*) FROM dataset_log WHERE {_NEW} AND id IN (SELECT id FROM dataset_log WHERE {_GONE}))"
)


@dataclass(frozen=True, slots=True)
class SqlDatasetLogAnalytics:
    """Counts and distributions over the rows of one organisation's datasets."""

    database: Database
    organization_id: int

    def _at(self, connection: Connection, dataset_id: str, version: int | None) -> tuple[int, int]:
        dataset, newest = dataset_at(connection, self.organization_id, dataset_id)
        return dataset, newest if version is None else version

    async def _matching(
        self, dataset_id: str, version: int | None, expression: Expression
    ) -> tuple[int, ColumnElement[bool]]:
        dataset, at = await self.database.read(lambda connection: self._at(connection, dataset_id, version))
        return dataset, rows_matching(dataset, at, expression, self.database.dialect_name)

    async def count(
        self, dataset_id: str, version: int | None, expression: Expression, *, within_seconds: float | None = None
    ) -> Count:
        """Count the rows that match; with a limit of time, answer a lower bound when it takes longer."""
        if expression == EVERYTHING:
            return await self.database.read(
                lambda connection: Count(log_count(connection, *self._at(connection, dataset_id, version)))
            )
        _, condition = await self._matching(dataset_id, version, expression)
        return await count_lines(self.database, table, condition, within_seconds)

    async def facet(self, dataset_id: str, version: int | None, expression: Expression, field: str, most: int) -> Facet:
        """Return the commonest values of a column, or at a JSON path, among the rows that match."""
        dialect_name = self.database.dialect_name
        dataset, condition = await self._matching(dataset_id, version, expression)
        columns = filter_columns(dataset, dialect_name)
        value = columns.columns.get(field)
        if value is None:
            value = label_in(DATASET_LOG_FIELDS, field, columns, dialect_name)
        value = value.label("value")
        counted = func.count().label("number")
        grouped = select(value, counted).where(condition, value.is_not(None)).group_by(value).subquery()
        commonest = select(grouped).order_by(grouped.c.number.desc(), grouped.c.value).limit(most)

        def work(connection: Connection) -> Facet:
            return Facet(field, [(found, count) for found, count in connection.rows(commonest)])

        return await self.database.read(work)

    async def list_paths(
        self, dataset_id: str, version: int | None, expression: Expression, sampled: int
    ) -> Sequence[JsonPath]:
        """Return the paths that occur in the payloads of the first `sampled` rows that match."""
        _, condition = await self._matching(dataset_id, version, expression)
        first: Any = select(table.c.sequence).where(condition).order_by(table.c.position).limit(sampled)

        def work(connection: Connection) -> Sequence[JsonPath]:
            logs = read_many(connection, dataset_id, [row[0] for row in connection.rows(first)])
            return paths_in({name: getattr(log.content, name) for name in CONTENT_NAMES} for log in logs)

        return await self.database.read(work)

    async def count_changes(self, dataset_id: str, version: int) -> VersionChanges:
        """Count the rows that are not as they were in a version."""

        def work(connection: Connection) -> VersionChanges:
            dataset, newest = self._at(connection, dataset_id, None)
            if newest <= version:
                return VersionChanges(newest, 0, 0, 0)
            chosen = {"dataset": dataset, "version": version, "newest": newest}
            gone, new, changed = map(int, connection.rows(_CHANGES, chosen)[0])
            return VersionChanges(newest, new - changed, gone - changed, changed)

        return await self.database.read(work)

    async def list_source_ids(self, dataset_id: str, most: int) -> Sequence[str]:
        """Return the ids of the request logs that the newest version has copies of, at most so many."""

        def work(connection: Connection) -> Sequence[str]:
            dataset, newest = self._at(connection, dataset_id, None)
            wanted = f"SELECT l.source_log_id FROM dataset_log l WHERE {IN_VERSION} AND l.source_log_id IS NOT NULL"
            chosen = {"dataset": dataset, "version": newest, "most": most}
            return [row[0] for row in connection.rows(f"{wanted} LIMIT :most", chosen)]

        return await self.database.read(work)

    async def find_holding(self, log_id: str) -> Sequence[HoldingDataset]:
        """Return the datasets whose newest version has a copy of a request log, the newest dataset first."""
        asked = {"log": log_id, "organization": self.organization_id}
        return await self.database.read(
            lambda connection: [HoldingDataset(*row) for row in connection.rows(_HOLDING, asked)]
        )
