"""Eval reports in SQL, as the engine works on them: what is missing, and what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from assay.model.dataset import DatasetLog
from assay.model.eval_report import CellResult, EvalReport, ReportStatus
from assay.model.ids import new_uuid
from assay.ports.eval_reports import TaskValues
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.dataset_logs import joined_lines, read_log
from assay.stores.sql.eval_reports import report_by_id
from assay.stores.sql.scope import in_version
from assay.stores.sql.tables import cell, dataset_log
from assay.stores.sql.times import to_microseconds

_VALUE_COLUMNS = ("numerical_value", "boolean_value", "string_value", "categorical_value", "json_value", "is_passed")
_CELL_COLUMNS = (
    "report_sequence", "log_sequence", "ordinal", "trial", "log_id", "status", *_VALUE_COLUMNS, "explanation",
    "error_kind", "error_message", "attempts", "cost_usd", "latency_seconds", "created_at",
)  # fmt: skip
_SCORE_COLUMNS = (
    "dataset_sequence", "log_id", "evaluator_id", "id", "organization_id", "environment", "evaluator_slug",
    "evaluator_name", "evaluator_type", "score_value_type", "report_sequence", "status", *_VALUE_COLUMNS, "explanation",
    "error_message", "cost_usd", "created_at",
)  # fmt: skip
_SCORE_KEY = ("dataset_sequence", "log_id", "evaluator_id", "scorer")


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"


_INSERT_CELL = _insert("cell", _CELL_COLUMNS) + " ON CONFLICT DO NOTHING"
# A score keeps its id through all runs that renew it.
_UPSERT_SCORE = (
    _insert("score", _SCORE_COLUMNS)
    + f" ON CONFLICT ({', '.join(_SCORE_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _SCORE_COLUMNS if name not in (*_SCORE_KEY, "id"))
)
_COUNT_TASK = """
UPDATE eval_task SET
    scored_count = counted.scored, skipped_count = counted.skipped, failed_count = counted.failed,
    passed_count = counted.passed, value_count = counted.valued, value_sum = counted.total
FROM (
    SELECT ordinal AS of_ordinal,
        sum(CASE WHEN status = 'scored' THEN 1 ELSE 0 END) AS scored,
        sum(CASE WHEN status = 'skipped' THEN 1 ELSE 0 END) AS skipped,
        sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,
        coalesce(sum(is_passed), 0) AS passed,
        count(coalesce(numerical_value, boolean_value)) AS valued,
        coalesce(sum(coalesce(numerical_value, boolean_value)), 0) AS total
    FROM cell WHERE report_sequence = :report GROUP BY ordinal
) AS counted
WHERE report_sequence = :report AND ordinal = counted.of_ordinal"""
_ADD_TO_TASK = """
UPDATE eval_task SET
    scored_count = scored_count + :scored, skipped_count = skipped_count + :skipped,
    failed_count = failed_count + :failed, passed_count = passed_count + :passed,
    value_count = value_count + :valued, value_sum = value_sum + :total
WHERE report_sequence = :report AND ordinal = :ordinal"""


@dataclass(frozen=True, slots=True)
class SqlRuns:
    """What the engine does to reports, for all organisations."""

    database: Database

    async def list_unfinished(self) -> Sequence[str]:
        """Return the ids of reports that are pending or running, oldest first."""
        statement = "SELECT id FROM eval_report WHERE status IN ('pending', 'running') ORDER BY sequence"
        return [row[0] for row in await self.database.read(lambda connection: connection.rows(statement))]

    async def start(self, report_id: str, at: datetime) -> EvalReport:
        """Mark a report running and return it; raises NotFound when it was deleted."""
        now = to_microseconds(at)

        def work(connection: Connection) -> EvalReport:
            sequence, report = report_by_id(connection, report_id)
            if report.status != "pending":
                return report
            connection.run(
                "UPDATE eval_report SET status = 'running', started_at = coalesce(started_at, :now), updated_at = :now"
                " WHERE sequence = :report",
                {"now": now, "report": sequence},
            )
            connection.run(
                "UPDATE dataset SET running_status = 'running', running_at = :now WHERE id = :dataset",
                {"now": now, "dataset": report.dataset_id},
            )
            return report_by_id(connection, report_id)[1]

        return await self.database.write(work)

    async def list_chunks(self, report_id: str, rows_per_chunk: int) -> Sequence[tuple[int, int]]:
        """Cut the pinned version into ranges of row positions (first, last), in order."""

        def work(connection: Connection) -> Sequence[tuple[int, int]]:
            owner, version = _pinned(connection, report_id)
            rows = connection.rows(
                "SELECT position FROM (SELECT position, row_number() OVER (ORDER BY position) - 1 AS place"
                " FROM dataset_log WHERE dataset_sequence = :dataset AND added_in <= :version"
                " AND (removed_in IS NULL OR removed_in > :version)) AS placed"
                " WHERE place % :size = 0 ORDER BY position",
                {"dataset": owner, "version": version, "size": rows_per_chunk},
            )
            firsts = [row[0] for row in rows]
            return list(zip(firsts, [first - 1 for first in firsts[1:]] + [(1 << 62)], strict=True))

        return await self.database.read(work)

    async def list_missing(self, report_id: str, first: int, last: int) -> Sequence[tuple[DatasetLog, Sequence[int]]]:
        """Return the rows of a range that lack cells, each with the ordinals that it lacks."""

        def work(connection: Connection) -> Sequence[tuple[DatasetLog, Sequence[int]]]:
            sequence, report = report_by_id(connection, report_id)
            owner, version = _pinned(connection, report_id)
            in_range = and_(in_version(owner, version), dataset_log.c.position.between(first, last))
            present: dict[int, set[int]] = {}
            of_range = select(dataset_log.c.sequence).where(in_range)
            cells = select(cell.c.log_sequence, cell.c.ordinal).where(
                cell.c.report_sequence == sequence, cell.c.log_sequence.in_(of_range)
            )
            for line, ordinal in connection.rows(cells):
                present.setdefault(line, set()).add(ordinal)
            ordinals = [task.ordinal for task in report.tasks]
            missing = []
            for row in connection.rows(joined_lines().where(in_range).order_by(dataset_log.c.position)):
                done = present.get(row[1])
                wanted = ordinals if done is None else [ordinal for ordinal in ordinals if ordinal not in done]
                if wanted:
                    missing.append((read_log(report.dataset_id, row), wanted))
            return missing

        return await self.database.read(work)

    async def record(self, report_id: str, results: Sequence[CellResult], at: datetime) -> EvalReport:
        """Store finished cells, the scores they give and the progress, in one transaction."""
        now = to_microseconds(at)

        def work(connection: Connection) -> EvalReport:
            sequence, report = report_by_id(connection, report_id)
            lines = [_cell_line(sequence, result, now) for result in results]
            inserted = connection.run_many(_INSERT_CELL, lines)
            if inserted == len(lines):
                connection.run_many(_ADD_TO_TASK, _tallies(sequence, results))
            else:
                # Another run got here first with some cells: count again what is there.
                connection.run(_COUNT_TASK, {"report": sequence})
            owner, _ = _pinned(connection, report_id)
            identities = {
                task.ordinal: {
                    "dataset_sequence": owner,
                    "organization_id": report.organization_id,
                    "environment": report.environment,
                    "evaluator_id": task.evaluator_id,
                    "evaluator_slug": task.evaluator_slug,
                    "evaluator_name": task.version.name,
                    "evaluator_type": task.version.type,
                    "score_value_type": task.version.score_value_type,
                }
                for task in report.tasks
            }
            scores = [{**line, **identities[line["ordinal"]], "id": new_uuid()} for line in lines]
            connection.run_many(_UPSERT_SCORE, scores)
            stored = report_by_id(connection, report_id)[1]
            connection.run(
                "UPDATE eval_report SET updated_at = :now WHERE sequence = :report", {"now": now, "report": sequence}
            )
            connection.run(
                "UPDATE dataset SET running_progress = :percent WHERE sequence = :dataset",
                {"percent": 100 * stored.finished_count // max(stored.cell_count, 1), "dataset": owner},
            )
            return stored

        return await self.database.write(work)

    async def values_of(self, report_id: str, ordinal: int) -> TaskValues:
        """Return what a task's summary is made of."""

        def work(connection: Connection) -> TaskValues:
            sequence, _ = report_by_id(connection, report_id)
            chosen = {"report": sequence, "ordinal": ordinal}
            of_task = "FROM cell WHERE report_sequence = :report AND ordinal = :ordinal"
            statuses = connection.rows(f"SELECT status, count(*), sum(is_passed) {of_task} GROUP BY status", chosen)
            values = connection.rows(
                f"SELECT coalesce(numerical_value, boolean_value) {of_task} AND status = 'scored'"
                " AND coalesce(numerical_value, boolean_value) IS NOT NULL",
                chosen,
            )
            categories = connection.rows(
                f"SELECT categorical_value {of_task} AND status = 'scored' AND categorical_value IS NOT NULL", chosen
            )
            passed = sum(int(row[2] or 0) for row in statuses)
            return (
                {row[0]: row[1] for row in statuses},
                [float(row[0]) for row in values],
                [json.loads(row[0]) for row in categories],
                passed,
            )

        return await self.database.read(work)

    async def finish(
        self,
        report_id: str,
        status: ReportStatus,
        summaries: Mapping[int, Mapping[str, Any]],
        error_message: str | None,
        at: datetime,
    ) -> EvalReport:
        """Store the summaries by ordinal and the final state."""
        now = to_microseconds(at)

        def work(connection: Connection) -> EvalReport:
            sequence, report = report_by_id(connection, report_id)
            connection.run(_COUNT_TASK, {"report": sequence})
            connection.run_many(
                "UPDATE eval_task SET summary = :summary WHERE report_sequence = :report AND ordinal = :ordinal",
                [
                    {"summary": json.dumps(summary), "report": sequence, "ordinal": ordinal}
                    for ordinal, summary in summaries.items()
                ],
            )
            connection.run(
                "UPDATE eval_report SET status = :status, error_message = :error, completed_at = :now,"
                " updated_at = :now WHERE sequence = :report",
                {"status": status, "error": error_message, "now": now, "report": sequence},
            )
            percent = 100 * report.finished_count // report.cell_count if report.cell_count else 100
            connection.run(
                "UPDATE dataset SET running_status = :status, running_progress = :percent WHERE id = :dataset",
                {"status": status, "percent": percent, "dataset": report.dataset_id},
            )
            return report_by_id(connection, report_id)[1]

        return await self.database.write(work)


def _pinned(connection: Connection, report_id: str) -> tuple[int, int]:
    rows = connection.rows(
        "SELECT dataset_sequence, dataset_version FROM eval_report WHERE id = :id", {"id": report_id}
    )
    return rows[0][0], rows[0][1]


def _cell_line(report_sequence: int, result: CellResult, now: int) -> dict[str, Any]:
    outcome = result.outcome
    values = outcome.values
    boolean, categories, passed = values.boolean_value, values.categorical_value, outcome.is_passed
    return {
        "report_sequence": report_sequence,
        "log_sequence": result.log_sequence,
        "ordinal": result.ordinal,
        "trial": 0,
        "log_id": result.log_id,
        "status": outcome.status,
        "numerical_value": values.numerical_value,
        "boolean_value": None if boolean is None else int(boolean),
        "string_value": values.string_value,
        "categorical_value": None if categories is None else json.dumps(categories, ensure_ascii=False),
        "json_value": values.json_value,
        "is_passed": None if passed is None else int(passed),
        "explanation": outcome.explanation,
        "error_kind": outcome.error_kind,
        "error_message": outcome.error_message,
        "attempts": outcome.attempts,
        "cost_usd": outcome.cost_usd,
        "latency_seconds": outcome.latency_seconds,
        "created_at": now,
    }


def _tallies(report_sequence: int, results: Sequence[CellResult]) -> list[dict[str, Any]]:
    tallies: dict[int, dict[str, Any]] = {}
    for result in results:
        tally = tallies.get(result.ordinal)
        if tally is None:
            tally = tallies[result.ordinal] = {
                "report": report_sequence, "ordinal": result.ordinal, "scored": 0, "skipped": 0, "failed": 0,
                "passed": 0, "valued": 0, "total": 0.0,
            }  # fmt: skip
        outcome = result.outcome
        tally[outcome.status] += 1
        tally["passed"] += bool(outcome.is_passed)
        value = outcome.values.numerical_value
        if value is None:
            value = outcome.values.boolean_value
        if value is not None:
            tally["valued"] += 1
            tally["total"] += value
    return list(tallies.values())
