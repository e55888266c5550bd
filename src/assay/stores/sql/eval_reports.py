"""Eval reports in SQL, as people ask for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from assay.filters.expression import Expression
from assay.model.errors import NotFound
from assay.model.eval_report import EvalReport, EvalTask, ReportRow
from assay.model.evaluator import EvaluatorVersion
from assay.model.page import Page, PageRequest, Sort
from assay.model.score import Outcome, ScoreStatus
from assay.ports.eval_reports import RowOrder
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of, one
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.order import order_by
from assay.stores.sql.scope import dataset_at, in_version
from assay.stores.sql.scores import read_values
from assay.stores.sql.tables import cell, dataset, dataset_log
from assay.stores.sql.tables import eval_report as table
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = (
    table.c.sequence, table.c.id, table.c.organization_id, table.c.environment, dataset.c.id, table.c.dataset_version,
    table.c.name, table.c.status, table.c.log_count, table.c.created_at, table.c.updated_at, table.c.created_by,
    table.c.started_at, table.c.completed_at, table.c.error_message, table.c.is_cancel_requested, table.c.manifest,
)  # fmt: skip
_JOINED = select(*_COLUMNS).join(dataset, and_(dataset.c.sequence == table.c.dataset_sequence))
_FILTER_COLUMNS = FilterColumns(
    columns={
        name: table.c[name]
        for name in ("id", "status", "name", "dataset_version", "created_at", "updated_at", "completed_at")
    }
)
_TASK_COLUMNS = (
    "report_sequence, ordinal, id, evaluator_id, evaluator_slug, evaluator_version, scored_count, skipped_count,"
    " failed_count, passed_count, value_count, value_sum, summary"
)

_OUTCOMES = {
    name: "SELECT log_sequence, ordinal, status, is_passed, explanation, error_kind, error_message, attempts, cost_usd,"
    " latency_seconds, numerical_value, boolean_value, string_value, categorical_value, json_value FROM cell"
    f" WHERE report_sequence = :report AND {in_list(name, 'log_sequence', 'lines')} ORDER BY ordinal"
    for name in ("sqlite", "postgresql")
}


def read_task(row: Row) -> EvalTask:
    """Make a task from the columns named in this module."""
    return EvalTask(
        id=row[2],
        ordinal=row[1],
        evaluator_id=row[3],
        evaluator_slug=row[4],
        version=msgspec.json.decode(row[5], type=EvaluatorVersion),
        scored_count=row[6],
        skipped_count=row[7],
        failed_count=row[8],
        passed_count=row[9],
        mean=row[11] / row[10] if row[10] else None,
        summary=json.loads(row[12]) if row[12] is not None else None,
    )


def read_reports(connection: Connection, wanted: Any) -> list[tuple[int, EvalReport]]:
    """Return the reports of a selection of `_JOINED` with their tasks, each with its sequence."""
    rows = connection.rows(wanted)
    tasks: dict[int, list[EvalTask]] = {}
    for row in rows:
        of_report = connection.rows(
            f"SELECT {_TASK_COLUMNS} FROM eval_task WHERE report_sequence = :report ORDER BY ordinal",
            {"report": row[0]},
        )
        tasks[row[0]] = [read_task(task) for task in of_report]
    return [
        (
            row[0],
            EvalReport(
                id=row[1],
                organization_id=row[2],
                environment=row[3],
                dataset_id=row[4],
                dataset_version=row[5],
                name=row[6],
                status=row[7],
                log_count=row[8],
                tasks=tuple(tasks[row[0]]),
                created_at=from_microseconds(row[9]),
                updated_at=from_microseconds(row[10]),
                created_by=row[11],
                started_at=from_microseconds(row[12]),
                completed_at=from_microseconds(row[13]),
                error_message=row[14],
                is_cancel_requested=bool(row[15]),
                manifest=json.loads(row[16]),
            ),
        )
        for row in rows
    ]


def report_by_id(connection: Connection, report_id: str) -> tuple[int, EvalReport]:
    """Return a report of any organisation with its sequence; raises NotFound."""
    found = read_reports(connection, _JOINED.where(table.c.id == report_id))
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
        """Pin the dataset's newest version and store the report with its tasks, in one transaction."""

        def work(connection: Connection) -> EvalReport:
            owner, newest = dataset_at(connection, self.organization_id, report.dataset_id, lock=True)
            pinned = connection.rows(
                "UPDATE dataset_version SET is_pinned = 1 WHERE dataset_sequence = :dataset AND number = :number"
                " RETURNING log_count",
                {"dataset": owner, "number": newest},
            )
            now = to_microseconds(report.created_at)
            sequence = connection.allocate("eval_report", 1)[0]
            values = {
                "sequence": sequence,
                "id": report.id,
                "organization_id": self.organization_id,
                "environment": report.environment,
                "dataset_sequence": owner,
                "dataset_version": newest,
                "name": report.name,
                "status": report.status,
                "log_count": pinned[0][0] if pinned else 0,
                "manifest": json.dumps({**report.manifest, "dataset_version": newest}),
                "is_cancel_requested": 0,
                "created_at": now,
                "updated_at": now,
                "created_by": report.created_by,
            }
            connection.run(table.insert().values(values))
            connection.run_many(
                "INSERT INTO eval_task (report_sequence, ordinal, id, evaluator_id, evaluator_slug, evaluator_version)"
                " VALUES (:report, :ordinal, :id, :evaluator, :slug, :version)",
                [
                    {
                        "report": sequence,
                        "ordinal": task.ordinal,
                        "id": task.id,
                        "evaluator": task.evaluator_id,
                        "slug": task.evaluator_slug,
                        "version": msgspec.json.encode(task.version).decode(),
                    }
                    for task in report.tasks
                ],
            )
            connection.run(
                "UPDATE dataset SET running_status = 'pending', running_progress = 0, running_at = :now"
                " WHERE sequence = :dataset",
                {"now": now, "dataset": owner},
            )
            return report_by_id(connection, report.id)[1]

        return await self.database.write(work)

    async def get(self, dataset_id: str, report_id: str) -> EvalReport:
        """Return a report by its id, or by the id of one of its tasks; raises NotFound."""
        return await self.database.read(lambda connection: self._find(connection, dataset_id, report_id)[2])

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

    async def request_cancel(self, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
        """Ask a running report to stop; a finished one is left as it is."""

        def work(connection: Connection) -> EvalReport:
            _, sequence, report = self._find(connection, dataset_id, report_id)
            connection.run(
                "UPDATE eval_report SET is_cancel_requested = 1, updated_at = :now"
                " WHERE sequence = :report AND status IN ('pending', 'running')",
                {"now": to_microseconds(at), "report": sequence},
            )
            return report_by_id(connection, report.id)[1]

        return await self.database.write(work)

    async def reopen_failed(self, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
        """Forget the failed cells of a finished report and make it pending again."""

        def work(connection: Connection) -> EvalReport:
            _, sequence, report = self._find(connection, dataset_id, report_id)
            chosen = {"report": sequence}
            connection.run("DELETE FROM cell WHERE report_sequence = :report AND status = 'failed'", chosen)
            connection.run("UPDATE eval_task SET failed_count = 0 WHERE report_sequence = :report", chosen)
            connection.run(
                "UPDATE eval_report SET status = 'pending', is_cancel_requested = 0, completed_at = NULL,"
                " error_message = NULL, updated_at = :now WHERE sequence = :report",
                {**chosen, "now": to_microseconds(at)},
            )
            return report_by_id(connection, report.id)[1]

        return await self.database.write(work)

    async def page_rows(
        self,
        dataset_id: str,
        report_id: str,
        status: ScoreStatus | None,
        ordinal: int | None,
        order: RowOrder,
        page: PageRequest,
    ) -> Page[ReportRow]:
        """Return a page of rows with their outcomes, in row order or by the value of the task `ordinal`."""

        def work(connection: Connection) -> Page[ReportRow]:
            owner, sequence, report = self._find(connection, dataset_id, report_id)
            condition: ColumnElement[bool] = in_version(owner, report.dataset_version)
            cells = and_(cell.c.report_sequence == sequence, cell.c.log_sequence == dataset_log.c.sequence)
            if status is not None:
                of_task = cells if ordinal is None else and_(cells, cell.c.ordinal == ordinal)
                condition = and_(condition, select(cell.c.ordinal).where(of_task, cell.c.status == status).exists())
            rows = select(dataset_log.c.id, dataset_log.c.sequence).where(condition)
            if order != "position":
                value = (
                    select(func.coalesce(cell.c.numerical_value, cell.c.boolean_value))
                    .where(cells, cell.c.ordinal == (ordinal or 0), cell.c.trial == 0)
                    .scalar_subquery()
                )
                directed = value.desc() if order == "descending" else value.asc()
                rows = rows.order_by(directed.nulls_last())
            wanted = rows.order_by(dataset_log.c.position).limit(page.size).offset(page.offset)
            found = connection.rows(wanted)
            total = connection.rows(select(func.count()).select_from(dataset_log).where(condition))[0][0]
            slugs = {task.ordinal: task.evaluator_slug for task in report.tasks}
            outcomes = _outcomes(connection, sequence, [row[1] for row in found], slugs)
            return Page([ReportRow(id_, line, outcomes.get(line, {})) for id_, line in found], total)

        return await self.database.read(work)


def _outcomes(
    connection: Connection, report_sequence: int, lines: Sequence[int], slugs: dict[int, str]
) -> dict[int, dict[str, Outcome]]:
    chosen = {"report": report_sequence, "lines": list_of(connection.dialect_name, lines)}
    found: dict[int, dict[str, Outcome]] = {}
    for row in connection.rows(_OUTCOMES[connection.dialect_name], chosen):
        found.setdefault(row[0], {})[slugs[row[1]]] = Outcome(
            status=row[2],
            values=read_values(row[10:15]),
            is_passed=None if row[3] is None else bool(row[3]),
            explanation=row[4],
            error_kind=row[5],
            error_message=row[6],
            attempts=row[7],
            cost_usd=row[8],
            latency_seconds=row[9],
        )
    return found
