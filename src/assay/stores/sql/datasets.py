"""Datasets in SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, cast, func, select
from sqlalchemy.dialects.postgresql import JSON

from assay.filters.expression import Expression
from assay.model.dataset import Dataset, DatasetChanges
from assay.model.errors import NotFound
from assay.model.job import Job
from assay.model.page import Page, PageRequest, Sort
from assay.model.server import Holdings
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.dataset_logs import free_bodies
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.jobs import insert_job
from assay.stores.sql.order import order_by
from assay.stores.sql.scope import dataset_at
from assay.stores.sql.tables import dataset as table
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = (
    table.c.id, table.c.organization_id, table.c.name, table.c.description, table.c.created_at, table.c.updated_at,
    table.c.updated_by, table.c.type, table.c.status, table.c.initial_log_filters, table.c.granularity,
    table.c.starred, table.c.tags, table.c.log_count, table.c.version, table.c.running_status,
    table.c.running_progress, table.c.running_at, table.c.sampling_recipe, table.c.sampling_outcome,
)  # fmt: skip
_SELECT = select(*_COLUMNS)
_GET = (
    f"SELECT {', '.join(column.name for column in _COLUMNS)} FROM dataset"
    " WHERE id = :id AND organization_id = :organization_id AND deleted_at IS NULL"
)
_FILTERED = (
    "id", "name", "description", "type", "status", "running_status", "created_at", "updated_at", "log_count", "starred",
    "granularity",
)  # fmt: skip
_FILTER_COLUMNS = {
    "sqlite": FilterColumns(columns={name: table.c[name] for name in _FILTERED}, json={"tags": table.c.tags}),
    "postgresql": FilterColumns(
        columns={name: table.c[name] for name in _FILTERED}, json={"tags": cast(table.c.tags, JSON)}
    ),
}


def _dataset(row: Row) -> Dataset:
    (id_, organization_id, name, description, created_at, updated_at, updated_by, type_, status, filters, granularity,
     starred, tags, log_count, version, running_status, running_progress, running_at, recipe,
     outcome) = row  # fmt: skip
    return Dataset(
        id=id_,
        organization_id=organization_id,
        name=name,
        description=description,
        created_at=from_microseconds(created_at),
        updated_at=from_microseconds(updated_at),
        updated_by=updated_by,
        type=type_,
        status=status,
        initial_log_filters=filters.encode(),
        granularity=granularity,
        starred=bool(starred),
        tags=tuple(json.loads(tags)),
        log_count=log_count,
        version=version,
        running_status=running_status,
        running_progress=running_progress,
        running_at=from_microseconds(running_at),
        sampling_recipe=None if recipe is None else recipe.encode(),
        sampling_outcome=None if outcome is None else outcome.encode(),
    )


@dataclass(frozen=True, slots=True)
class SqlDatasets:
    """The datasets of one organisation."""

    database: Database
    organization_id: int

    def _own(self) -> ColumnElement[bool]:
        return and_(table.c.organization_id == self.organization_id, table.c.deleted_at.is_(None))

    def _filtered(self, expression: Expression) -> ColumnElement[bool]:
        name = self.database.dialect_name
        return compile_filter(expression, _FILTER_COLUMNS[name], name)

    async def create(self, dataset: Dataset, job: Job | None = None) -> None:
        """Store a new, empty dataset, together with the job that fills it if there is one."""
        values = {
            "id": dataset.id,
            "organization_id": self.organization_id,
            "name": dataset.name,
            "description": dataset.description,
            "type": dataset.type,
            "status": dataset.status,
            "granularity": dataset.granularity,
            "initial_log_filters": dataset.initial_log_filters.decode(),
            "tags": json.dumps(dataset.tags),
            "starred": int(dataset.starred),
            "created_at": to_microseconds(dataset.created_at),
            "updated_at": to_microseconds(dataset.updated_at),
            "updated_by": dataset.updated_by,
            "sampling_recipe": None if dataset.sampling_recipe is None else dataset.sampling_recipe.decode(),
        }

        def work(connection: Connection) -> None:
            connection.run(table.insert().values(values))
            if job is not None:
                insert_job(connection, self.organization_id, job)

        await self.database.write(work)

    async def start_import(self, dataset_id: str, job: Job) -> None:
        """Store a job that adds logs to a dataset, which is `loading` until that ends."""

        def work(connection: Connection) -> None:
            sequence, _ = dataset_at(connection, self.organization_id, dataset_id, lock=True)
            insert_job(connection, self.organization_id, job)
            connection.run(
                "UPDATE dataset SET status = 'loading' WHERE sequence = :sequence AND status <> 'initializing'",
                {"sequence": sequence},
            )

        await self.database.write(work)

    async def get(self, dataset_id: str) -> Dataset:
        """Return a dataset; raises NotFound."""
        return await self.database.read(lambda connection: self._get(connection, dataset_id))

    def _get(self, connection: Connection, dataset_id: str) -> Dataset:
        row = one(connection, _GET, {"id": dataset_id, "organization_id": self.organization_id})
        if row is None:
            raise NotFound
        return _dataset(row)

    async def list(self, expression: Expression, sort: Sort, page: PageRequest) -> Page[Dataset]:
        """Return a page of the datasets that match."""
        condition = and_(self._own(), self._filtered(expression))
        wanted = (
            _SELECT.where(condition)
            .order_by(*order_by(table.c[sort.field], sort, tie_break=table.c.sequence))
            .limit(page.size)
            .offset(page.offset)
        )

        def work(connection: Connection) -> Page[Dataset]:
            total = connection.rows(select(func.count()).select_from(table).where(condition))[0][0]
            return Page([_dataset(row) for row in connection.rows(wanted)], total)

        return await self.database.read(work)

    async def count_holdings(self) -> Holdings:
        """Count the datasets, their present rows and their reports."""
        statement = (
            "SELECT count(*), coalesce(sum(log_count), 0), (SELECT count(*) FROM eval_report r"
            " JOIN dataset o ON o.sequence = r.dataset_sequence AND o.deleted_at IS NULL"
            " WHERE r.organization_id = :organization)"
            " FROM dataset WHERE organization_id = :organization AND deleted_at IS NULL"
        )

        def work(connection: Connection) -> Holdings:
            return Holdings(*map(int, connection.rows(statement, {"organization": self.organization_id})[0]))

        return await self.database.read(work)

    async def count(self, expression: Expression) -> int:
        """Return how many datasets match."""
        condition = and_(self._own(), self._filtered(expression))
        counted = select(func.count()).select_from(table).where(condition)
        return await self.database.read(lambda connection: int(connection.rows(counted)[0][0]))

    async def update(self, dataset_id: str, changes: DatasetChanges, author: str, at: datetime) -> Dataset:
        """Set what `changes` names and return the dataset as it is now."""
        values: dict[str, object] = {"updated_at": to_microseconds(at), "updated_by": author}
        if changes.name is not None:
            values["name"] = changes.name
        if changes.description is not None:
            values["description"] = changes.description
        if changes.starred is not None:
            values["starred"] = int(changes.starred)
        if changes.tags is not None:
            values["tags"] = json.dumps(changes.tags)

        def work(connection: Connection) -> Dataset:
            connection.run(table.update().where(self._own(), table.c.id == dataset_id).values(values))
            return self._get(connection, dataset_id)

        return await self.database.write(work)

    async def delete(self, dataset_id: str, at: datetime) -> None:
        """Take a dataset away; its rows, reports and scores are out of reach at once and freed later."""

        def work(connection: Connection) -> None:
            changed = connection.run(
                table.update()
                .where(self._own(), table.c.id == dataset_id)
                .values(deleted_at=to_microseconds(at), updated_at=to_microseconds(at))
            )
            if not changed:
                raise NotFound
            # A running report must stop: nobody can read its result any more.
            connection.run(
                "UPDATE eval_report SET status = 'cancelled', is_cancel_requested = 1"
                " WHERE status IN ('pending', 'running', 'paused', 'waiting_for_annotations')"
                " AND dataset_sequence = (SELECT sequence FROM dataset WHERE id = :id)",
                {"id": dataset_id},
            )
            connection.run(
                "UPDATE job SET state = 'failed', error_message = 'The dataset was deleted.', updated_at = :now"
                " WHERE subject_id = :id AND state = 'running'",
                {"id": dataset_id, "now": to_microseconds(at)},
            )

        await self.database.write(work)


@dataclass(frozen=True, slots=True)
class SqlDeletedDatasets:
    """Frees the rows of deleted datasets a slice at a time, so that other writers never wait long."""

    database: Database

    async def purge(self, most_rows: int) -> bool:
        """Free up to `most_rows` rows of deleted datasets; True when something is left to free."""
        return await self.database.write(lambda connection: _purge(connection, most_rows))


_SLICES = (
    # Children before parents; each takes at most :limit lines of the dataset :dataset.
    "DELETE FROM score WHERE dataset_sequence = :dataset AND log_id IN"
    " (SELECT log_id FROM score WHERE dataset_sequence = :dataset LIMIT :limit)",
    *(
        f"DELETE FROM {table_name} WHERE (report_sequence, log_sequence) IN"
        f" (SELECT report_sequence, log_sequence FROM {table_name} WHERE report_sequence IN"
        " (SELECT sequence FROM eval_report WHERE dataset_sequence = :dataset) LIMIT :limit)"
        for table_name in ("annotation_task", "cell_detail", "cell")
    ),
)


def _purge(connection: Connection, limit: int) -> bool:
    row = one(connection, "SELECT sequence FROM dataset WHERE deleted_at IS NOT NULL ORDER BY sequence LIMIT 1")
    if row is None:
        return False
    chosen = {"dataset": row[0], "limit": limit}
    for statement in _SLICES:
        if connection.run(statement, chosen):
            return True
    removed = connection.rows(
        "DELETE FROM dataset_log WHERE sequence IN"
        " (SELECT sequence FROM dataset_log WHERE dataset_sequence = :dataset LIMIT :limit) RETURNING body_sequence",
        chosen,
    )
    if removed:
        free_bodies(connection, removed)
        return True
    reports = "(SELECT sequence FROM eval_report WHERE dataset_sequence = :dataset)"
    connection.run(f"DELETE FROM eval_task WHERE report_sequence IN {reports}", chosen)
    connection.run("DELETE FROM eval_report WHERE dataset_sequence = :dataset", chosen)
    connection.run("DELETE FROM dataset_version WHERE dataset_sequence = :dataset", chosen)
    connection.run("DELETE FROM dataset WHERE sequence = :dataset", chosen)
    return True
