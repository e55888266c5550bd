"""Eval reports in SQL, as the engine works on them: what is missing, and what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.model.eval_report import CellResult, EvalReport, EvalTask, ReportStatus, RowToJudge
from assay.model.ids import new_uuid
from assay.model.score import Outcome
from assay.ports.eval_reports import TaskValues
from assay.stores.sql import body, compression
from assay.stores.sql.database import Connection, Database, insertion
from assay.stores.sql.eval_reports import report_by_id
from assay.stores.sql.scope import IN_VERSION
from assay.stores.sql.times import to_microseconds

# What a cell and the score made of it have in common, in the order of `_verdict`.
_VERDICT_COLUMNS = (
    "report_sequence", "log_id", "status", "numerical_value", "boolean_value", "string_value", "categorical_value",
    "json_value", "is_passed", "explanation", "error_message", "cost_usd", "created_at",
)  # fmt: skip
_CELL_COLUMNS = (
    *_VERDICT_COLUMNS, "log_sequence", "ordinal", "trial", "error_kind", "attempts", "latency_seconds",
)  # fmt: skip
_SCORE_COLUMNS = (
    *_VERDICT_COLUMNS, "id", "dataset_sequence", "organization_id", "environment", "evaluator_id", "evaluator_slug",
    "evaluator_name", "evaluator_type", "score_value_type",
)  # fmt: skip
_SCORE_KEY = ("dataset_sequence", "log_id", "evaluator_id", "scorer")
_METRICS = (
    "prompt_tokens", "completion_tokens", "total_request_tokens", "cost", "latency", "time_to_first_token",
    "tokens_per_second",
)  # fmt: skip
_ROWS_TO_JUDGE = f"""
SELECT l.sequence, l.id, b.codec, b.data, {", ".join(f"l.{name}" for name in _METRICS)}
FROM dataset_log l JOIN dataset_log_body b ON b.sequence = l.body_sequence
WHERE {IN_VERSION} AND l.position BETWEEN :first AND :last ORDER BY l.position"""
_PRESENT_CELLS = f"""
SELECT c.log_sequence, c.ordinal FROM dataset_log l
JOIN cell c ON c.report_sequence = :report AND c.log_sequence = l.sequence
WHERE {IN_VERSION} AND l.position BETWEEN :first AND :last"""


_INSERT_CELL = insertion("cell", _CELL_COLUMNS) + " ON CONFLICT DO NOTHING"
# A score keeps its id through all runs that renew it.
_UPSERT_SCORE = (
    insertion("score", _SCORE_COLUMNS)
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
                f" FROM dataset_log l WHERE {IN_VERSION}) AS placed WHERE place % :size = 0 ORDER BY position",
                {"dataset": owner, "version": version, "size": rows_per_chunk},
            )
            firsts = [row[0] for row in rows]
            lasts = [*(first - 1 for first in firsts[1:]), 1 << 62] if firsts else []
            return list(zip(firsts, lasts, strict=True))

        return await self.database.read(work)

    async def list_missing(self, report_id: str, first: int, last: int) -> Sequence[tuple[RowToJudge, Sequence[int]]]:
        """Return the rows of a range that lack cells, each with the ordinals that it lacks."""

        def work(connection: Connection) -> Sequence[tuple[RowToJudge, Sequence[int]]]:
            sequence, report = report_by_id(connection, report_id)
            owner, version = _pinned(connection, report_id)
            present: dict[int, set[int]] = {}
            chosen = {"report": sequence, "dataset": owner, "version": version, "first": first, "last": last}
            for line, ordinal in connection.rows(_PRESENT_CELLS, chosen):
                present.setdefault(line, set()).add(ordinal)
            ordinals = [task.ordinal for task in report.tasks]
            missing = []
            for line, log_id, codec, data, *metrics in connection.rows(_ROWS_TO_JUDGE, chosen):
                done = present.get(line)
                wanted = ordinals if done is None else [ordinal for ordinal in ordinals if ordinal not in done]
                if wanted:
                    measured = {name: value for name, value in zip(_METRICS, metrics, strict=True) if value is not None}
                    row = RowToJudge(log_id, line, body.split(compression.unpacked(codec, data)), measured)
                    missing.append((row, wanted))
            return missing

        return await self.database.read(work)

    async def record(self, report_id: str, results: Sequence[CellResult], at: datetime) -> EvalReport:
        """Store finished cells, the scores they give and the progress, in one transaction."""
        now = to_microseconds(at)

        def work(connection: Connection) -> EvalReport:
            sequence, report = report_by_id(connection, report_id)
            verdicts = [_verdict(sequence, result, now) for result in results]
            cells = [
                (*verdict, result.log_sequence, result.ordinal, 0, *_course(result.outcome))
                for verdict, result in zip(verdicts, results, strict=True)
            ]
            inserted = connection.insert_many(_INSERT_CELL, cells)
            if inserted == len(cells):
                connection.run_many(_ADD_TO_TASK, _tallies(sequence, results))
            else:
                # Another run got here first with some cells: what is there counts, and makes the scores.
                connection.run(_COUNT_TASK, {"report": sequence})
                verdicts = [_stored_verdict(connection, sequence, result) for result in results]
            owner, _ = _pinned(connection, report_id)
            identities = {task.ordinal: _identity(owner, report, task) for task in report.tasks}
            scores = [
                (*verdict, new_uuid(), *identities[result.ordinal])
                for verdict, result in zip(verdicts, results, strict=True)
            ]
            connection.insert_many(_UPSERT_SCORE, scores)
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


def _verdict(report_sequence: int, result: CellResult, now: int) -> tuple[Any, ...]:
    outcome = result.outcome
    values = outcome.values
    boolean, categories, passed = values.boolean_value, values.categorical_value, outcome.is_passed
    return (
        report_sequence,
        result.log_id,
        outcome.status,
        values.numerical_value,
        None if boolean is None else int(boolean),
        values.string_value,
        None if categories is None else json.dumps(categories, ensure_ascii=False),
        values.json_value,
        None if passed is None else int(passed),
        outcome.explanation,
        outcome.error_message,
        outcome.cost_usd,
        now,
    )


def _stored_verdict(connection: Connection, report_sequence: int, result: CellResult) -> tuple[Any, ...]:
    statement = (
        f"SELECT {', '.join(_VERDICT_COLUMNS)} FROM cell WHERE report_sequence = :report AND log_sequence = :line"
        " AND ordinal = :ordinal AND trial = 0"
    )
    chosen = {"report": report_sequence, "line": result.log_sequence, "ordinal": result.ordinal}
    return connection.rows(statement, chosen)[0]


def _course(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.error_kind, outcome.attempts, outcome.latency_seconds


def _identity(dataset_sequence: int, report: EvalReport, task: EvalTask) -> tuple[Any, ...]:
    version = task.version
    return (
        dataset_sequence,
        report.organization_id,
        report.environment,
        task.evaluator_id,
        task.evaluator_slug,
        version.name,
        version.type,
        version.score_value_type,
    )


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
