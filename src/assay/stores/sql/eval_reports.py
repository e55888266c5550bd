"""Eval reports in SQL, as people ask for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, and_, func, or_, select

from assay.filters.expression import Expression
from assay.model.errors import Conflict, NotFound
from assay.model.eval_report import FINISHED, EvalReport, ReportLine, ReportRow, RowCounts, TaskCells
from assay.model.page import Page, PageRequest, Sort
from assay.model.score import CellDetail, ScoreValues
from assay.ports.eval_reports import RowsAsked, RunWish
from assay.stores.sql import report_cells, report_changes, report_counts, report_lines, report_rows
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.order import order_by
from assay.stores.sql.report_reading import REPORT_COLUMNS, TASK_COLUMNS, read_report, read_task
from assay.stores.sql.scope import dataset_at
from assay.stores.sql.tables import dataset
from assay.stores.sql.tables import eval_report as table
from assay.stores.sql.times import to_microseconds

_JOINED = select(*REPORT_COLUMNS).join(
    dataset, and_(dataset.c.sequence == table.c.dataset_sequence, dataset.c.deleted_at.is_(None))
)
# The same as text: it is asked for at every step of a run.
_BY_ID = (
    f"SELECT {', '.join(str(column) for column in REPORT_COLUMNS)} FROM eval_report"
    " JOIN dataset ON dataset.sequence = eval_report.dataset_sequence AND dataset.deleted_at IS NULL"
    " WHERE eval_report.id = :id"
)
_FILTER_COLUMNS = FilterColumns(
    columns={
        name: table.c[name]
        for name in ("id", "status", "name", "dataset_version", "created_at", "updated_at", "completed_at")
    }
)
_TASKS = f"SELECT {TASK_COLUMNS} FROM eval_task WHERE report_sequence = :report ORDER BY ordinal"


def read_reports(
    connection: Connection, wanted: Select[Any] | str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[int, EvalReport]]:
    """Return the reports of a selection of the columns of this module with their tasks, each with its sequence."""
    return [_with_tasks(connection, row) for row in connection.rows(wanted, parameters)]


def _with_tasks(connection: Connection, row: Row) -> tuple[int, EvalReport]:
    tasks = tuple(read_task(task) for task in connection.rows(_TASKS, {"report": row[0]}))
    return row[0], read_report(row, tasks)


def report_by_id(connection: Connection, report_id: str) -> tuple[int, EvalReport]:
    """Return a report of any organisation with its sequence; raises NotFound, also once its dataset is deleted."""
    found = read_reports(connection, _BY_ID, {"id": report_id})
    if not found:
        raise NotFound("Report not found")
    return found[0]


@dataclass(frozen=True, slots=True)
class SqlEvalReports:
    """The reports of one organisation."""

    database: Database
    organization_id: int

    def _find(self, connection: Connection, dataset_id: str, report_id: str) -> tuple[int, int, EvalReport]:
        """Return the sequences of dataset and report, and the report; raises NotFound."""
        owner, _ = dataset_at(connection, self.organization_id, dataset_id)
        row = one(connection, "SELECT report_sequence FROM eval_task WHERE id = :id", {"id": report_id})
        named = or_(table.c.id == report_id, table.c.sequence == row[0]) if row else table.c.id == report_id
        found = read_reports(connection, _JOINED.where(named, table.c.dataset_sequence == owner))
        if not found:
            raise NotFound("Report not found")
        return owner, *found[0]

    async def create(self, report: EvalReport) -> EvalReport:
        """Pin a version of the dataset, its newest where the report names version 0, and store the report.

        Report, tasks and what people are to annotate are written in one transaction. Raises NotFound.
        """

        def work(connection: Connection) -> EvalReport:
            owner, newest = dataset_at(connection, self.organization_id, report.dataset_id, lock=True)
            number = report.dataset_version or newest
            pinned = connection.rows(
                "UPDATE dataset_version SET is_pinned = 1 WHERE dataset_sequence = :dataset AND number = :number"
                " RETURNING log_count",
                {"dataset": owner, "number": number},
            )
            if report.dataset_version and not pinned:
                raise NotFound(f"Version '{number}' not found")
            now = to_microseconds(report.created_at)
            sequence = connection.allocate("eval_report", 1)[0]
            values = {
                "sequence": sequence,
                "id": report.id,
                "organization_id": self.organization_id,
                "environment": report.environment,
                "dataset_sequence": owner,
                "dataset_version": number,
                "name": report.name,
                "status": report.status,
                "log_count": pinned[0][0] if pinned else 0,
                "settings": msgspec.json.encode(report.settings).decode(),
                "manifest": json.dumps({**report.manifest, "dataset_version": number}),
                "is_cancel_requested": 0,
                "is_pause_requested": 0,
                "created_at": now,
                "updated_at": now,
                "created_by": report.created_by,
            }
            connection.run(table.insert().values(values))
            connection.run_many(
                "INSERT INTO eval_task"
                " (report_sequence, ordinal, id, evaluator_id, evaluator_slug, evaluator_version, method)"
                " VALUES (:report, :ordinal, :id, :evaluator, :slug, :version, :method)",
                [
                    {
                        "report": sequence,
                        "ordinal": task.ordinal,
                        "id": task.id,
                        "evaluator": task.evaluator_id,
                        "slug": task.evaluator_slug,
                        "version": msgspec.json.encode(task.version).decode(),
                        "method": task.method,
                    }
                    for task in report.tasks
                ],
            )
            connection.run(
                "UPDATE dataset SET running_status = 'pending', running_progress = 0, running_at = :now"
                " WHERE sequence = :dataset",
                {"now": now, "dataset": owner},
            )
            stored = report_by_id(connection, report.id)[1]
            report_changes.ask_people(connection, owner, sequence, stored, now)
            return stored

        return await self.database.write(work)

    async def get(self, dataset_id: str, report_id: str) -> EvalReport:
        """Return a report by its id, or by the id of one of its tasks; raises NotFound."""
        return await self.database.read(lambda connection: self._find(connection, dataset_id, report_id)[2])

    async def find(self, report_id: str) -> EvalReport:
        """Return a report by its id, whatever its dataset; raises NotFound."""
        _, report = await self.database.read(lambda connection: report_by_id(connection, report_id))
        if report.organization_id != self.organization_id:
            raise NotFound("Report not found")
        return report

    async def list(self, dataset_id: str, expression: Expression, sort: Sort, page: PageRequest) -> Page[EvalReport]:
        """Return a page of a dataset's reports."""
        filtered = compile_filter(expression, _FILTER_COLUMNS, self.database.dialect_name)

        def work(connection: Connection) -> Page[EvalReport]:
            owner, _ = dataset_at(connection, self.organization_id, dataset_id)
            condition = and_(table.c.dataset_sequence == owner, filtered)
            order = order_by(table.c[sort.field], sort, tie_break=table.c.sequence)
            wanted = _JOINED.where(condition).order_by(*order).limit(page.size).offset(page.offset)
            total = connection.rows(select(func.count()).select_from(table).where(condition))[0][0]
            return Page([report for _, report in read_reports(connection, wanted)], total)

        return await self.database.read(work)

    async def list_everywhere(
        self, expression: Expression, evaluator_slug: str | None, sort: Sort, page: PageRequest
    ) -> Page[ReportLine]:
        """Return a page of the reports of all datasets, those of one evaluator where it is named."""
        asked = (self.organization_id, expression, evaluator_slug, sort, page)
        return await self.database.read(lambda connection: report_lines.list_everywhere(connection, *asked))

    async def list_latest(self, dataset_ids: Sequence[str], most: int) -> Mapping[str, Sequence[EvalReport]]:
        """Return the last completed reports of each of some datasets, at most so many, the oldest first."""
        asked = (self.organization_id, dataset_ids, most)
        return await self.database.read(lambda connection: report_lines.list_latest(connection, *asked))

    async def count_rows(self, dataset_id: str, report_id: str) -> tuple[RowCounts, Mapping[int, RowCounts]]:
        """Count the rows of a report by what became of them: over all its tasks, and for each by its ordinal."""

        def work(connection: Connection) -> tuple[RowCounts, Mapping[int, RowCounts]]:
            _, sequence, report = self._find(connection, dataset_id, report_id)
            return report_counts.count_rows(connection, sequence, report)

        return await self.database.read(work)

    async def count_passes(
        self, dataset_id: str, report_id: str, ordinal: int, at_least: float | None, at_most: float | None
    ) -> tuple[int, int]:
        """Return how many scored cells of a task have a number within bounds, and how many have one at all."""

        def work(connection: Connection) -> tuple[int, int]:
            _, sequence, _ = self._find(connection, dataset_id, report_id)
            return report_counts.count_passes(connection, sequence, ordinal, at_least, at_most)

        return await self.database.read(work)

    async def list_moving(self, since: datetime, most: int) -> Sequence[EvalReport]:
        """Return the reports that are not finished, and those that changed since then, the last changed first."""
        wanted = (
            _JOINED.where(
                table.c.organization_id == self.organization_id,
                or_(
                    table.c.updated_at >= to_microseconds(since),
                    and_(*(table.c.status != status for status in FINISHED)),
                ),
            )
            .order_by(table.c.updated_at.desc(), table.c.sequence.desc())
            .limit(most)
        )
        return await self.database.read(lambda connection: [report for _, report in read_reports(connection, wanted)])

    async def wish(self, dataset_id: str, report_id: str, wish: RunWish, at: datetime) -> EvalReport:
        """Note what is wanted of a report; a finished one is left as it is.

        A report that waits for nobody's work (paused, or waiting for annotations) is cancelled at once.
        """

        def work(connection: Connection) -> EvalReport:
            owner, sequence, report = self._find(connection, dataset_id, report_id)
            if report.status in FINISHED:
                return report
            report_changes.note_wish(connection, owner, sequence, wish, to_microseconds(at))
            return report_by_id(connection, report.id)[1]

        return await self.database.write(work)

    async def reopen_failed(self, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
        """Forget the failed cells of a finished report and make it pending again."""

        def work(connection: Connection) -> EvalReport:
            owner, sequence, report = self._find(connection, dataset_id, report_id)
            report_changes.reopen(connection, owner, sequence, report, to_microseconds(at))
            return report_by_id(connection, report.id)[1]

        return await self.database.write(work)

    async def delete(self, dataset_id: str, report_id: str) -> None:
        """Delete a finished report with its cells; the scores on the rows stay. Raises Conflict while it runs."""

        def work(connection: Connection) -> None:
            owner, sequence, report = self._find(connection, dataset_id, report_id)
            if report.status not in FINISHED:
                raise Conflict(f"The report is {report.status}: cancel it first.")
            report_changes.delete(connection, owner, sequence)

        await self.database.write(work)

    async def page_rows(self, dataset_id: str, report_id: str, asked: RowsAsked, page: PageRequest) -> Page[ReportRow]:
        """Return a page of rows with their outcomes."""

        def work(connection: Connection) -> Page[ReportRow]:
            owner, sequence, report = self._find(connection, dataset_id, report_id)
            return report_rows.read_page(connection, owner, sequence, report, asked, page)

        return await self.database.read(work)

    async def details(self, dataset_id: str, report_id: str, log_id: str) -> Mapping[tuple[int, int], CellDetail]:
        """Return how the cells of a row came about, by ordinal and trial."""

        def work(connection: Connection) -> Mapping[tuple[int, int], CellDetail]:
            _, sequence, _ = self._find(connection, dataset_id, report_id)
            return report_cells.read_details(connection, sequence, log_id)

        return await self.database.read(work)

    async def cells(self, dataset_id: str, report_id: str, ordinal: int) -> TaskCells:
        """Return the finished cells of one task."""

        def work(connection: Connection) -> TaskCells:
            _, sequence, report = self._find(connection, dataset_id, report_id)
            return report_cells.read_cells(connection, sequence, report.tasks[ordinal])

        return await self.database.read(work)

    async def labels(self, dataset_id: str, report_id: str, path: str) -> Mapping[str, str | None]:
        """Return the text at a metadata path of each row of the pinned version, by row id."""

        def work(connection: Connection) -> Mapping[str, str | None]:
            owner, _, report = self._find(connection, dataset_id, report_id)
            return report_cells.read_labels(connection, owner, report.dataset_version, path)

        return await self.database.read(work)

    async def human_values(self, dataset_id: str, report_id: str, ordinal: int) -> Mapping[str, Sequence[ScoreValues]]:
        """Return what people say of the rows that a task judged, by row id."""

        def work(connection: Connection) -> Mapping[str, Sequence[ScoreValues]]:
            owner, _, report = self._find(connection, dataset_id, report_id)
            return report_cells.read_human_values(connection, owner, report.tasks[ordinal].evaluator_id)

        return await self.database.read(work)
