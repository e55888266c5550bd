"""Annotation tasks in SQL: what reports want of people, and how a person's score answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.model.annotation import AnnotationStatus, AnnotationTask
from assay.model.errors import NotFound
from assay.model.eval_report import FINISHED, CellResult
from assay.model.page import Page, PageRequest
from assay.model.score import Outcome, Score
from assay.stores.sql.cell_counts import ADD_TO_TASK, count_tasks, tallies
from assay.stores.sql.database import Connection, Database, Row, insertion
from assay.stores.sql.scope import dataset_at
from assay.stores.sql.score_lines import evaluator_key, values_line
from assay.stores.sql.times import from_microseconds

_COLUMNS = (
    "a.id, r.id, d.id, a.log_id, a.evaluator_id, a.evaluator_slug, a.status, a.created_at, a.completed_at,"
    " a.completed_by"
)
_SOURCE = (
    "annotation_task a JOIN eval_report r ON r.sequence = a.report_sequence"
    " JOIN dataset d ON d.sequence = a.dataset_sequence AND d.deleted_at IS NULL"
)
_UNFINISHED = f"r.status NOT IN ({', '.join(repr(status) for status in FINISHED)})"
# The id of what a report wants of a row is that of its task and that of the row.
_OF_ROW = f"""
SELECT a.sequence, a.report_sequence, a.ordinal, a.log_sequence, a.status, a.completed_by
FROM eval_report r JOIN eval_task t ON t.report_sequence = r.sequence
JOIN annotation_task a ON a.id = t.id || ':' || :log
WHERE r.dataset_sequence = :dataset AND t.evaluator_id = :evaluator AND {_UNFINISHED}
ORDER BY a.report_sequence, a.ordinal"""
_COMPLETE = """
UPDATE annotation_task SET status = 'completed', completed_at = :now, completed_by = :scorer
WHERE sequence = :task AND status = 'pending'"""
_REOPEN = (
    "UPDATE annotation_task SET status = 'pending', completed_at = NULL, completed_by = NULL WHERE sequence = :task"
)
_CELL = insertion(
    "cell",
    (
        *("report_sequence", "log_sequence", "ordinal", "trial", "log_id", "status", "numerical_value"),
        *("boolean_value", "string_value", "categorical_value", "json_value", "is_passed", "explanation", "attempts"),
        *("cost_usd", "latency_seconds", "created_at"),
    ),
)
_OF_CELL = "report_sequence = :report AND log_sequence = :line AND ordinal = :ordinal AND trial = 0"
_CHANGE_CELL = f"""
UPDATE cell SET numerical_value = :numerical_value, boolean_value = :boolean_value, string_value = :string_value,
    categorical_value = :categorical_value, json_value = :json_value, is_passed = :is_passed,
    explanation = :explanation WHERE {_OF_CELL}"""
_MARK = (
    "UPDATE dataset_log SET annotation_status = :status"
    " WHERE dataset_sequence = :dataset AND id = :log AND removed_in IS NULL"
)


@dataclass(frozen=True, slots=True)
class SqlAnnotations:
    """The annotation tasks of one organisation."""

    database: Database
    organization_id: int

    async def list(
        self, status: AnnotationStatus | None, dataset_id: str | None, evaluator_id: str | None, page: PageRequest
    ) -> Page[AnnotationTask]:
        """Return a page of tasks, the oldest first."""
        wanted = {"status": ("a.status", status), "dataset": ("d.id", dataset_id)}
        conditions = ["a.organization_id = :organization"]
        conditions += [f"{column} = :{name}" for name, (column, value) in wanted.items() if value is not None]
        if evaluator_id is not None:
            conditions.append("(a.evaluator_id = :evaluator OR a.evaluator_slug = :evaluator)")
        chosen: dict[str, Any] = {
            "organization": self.organization_id,
            "status": status,
            "dataset": dataset_id,
            "evaluator": evaluator_id,
            "size": page.size,
            "offset": page.offset,
        }
        condition = " AND ".join(conditions)

        def work(connection: Connection) -> Page[AnnotationTask]:
            total = connection.rows(f"SELECT count(*) FROM {_SOURCE} WHERE {condition}", chosen)[0][0]
            rows = connection.rows(
                f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE {condition} ORDER BY a.sequence LIMIT :size OFFSET :offset",
                chosen,
            )
            return Page([_task(row) for row in rows], total)

        return await self.database.read(work)

    async def mark(self, dataset_id: str, log_id: str, status: AnnotationStatus) -> None:
        """Say whether people are done with a row; raises NotFound."""

        def work(connection: Connection) -> None:
            dataset, _ = dataset_at(connection, self.organization_id, dataset_id)
            if not connection.run(_MARK, {"dataset": dataset, "log": log_id, "status": status}):
                raise NotFound("Log not found")

        await self.database.write(work)


def _task(row: Row) -> AnnotationTask:
    return AnnotationTask(
        id=row[0],
        eval_report_id=row[1],
        dataset_id=row[2],
        log_id=row[3],
        evaluator_id=row[4],
        evaluator_slug=row[5],
        status=row[6],
        created_at=from_microseconds(row[7]),
        completed_at=from_microseconds(row[8]),
        completed_by=row[9],
    )


def answer_reports(connection: Connection, dataset_sequence: int, score: Score, now: int) -> tuple[str, ...]:
    """Let a person's score on a row answer the unfinished reports that want one; return those that want no more.

    Where this person has answered before, the answer is changed.
    """
    connection.run(_MARK, {"dataset": dataset_sequence, "log": score.log_id, "status": "completed"})
    answered = []
    for line in _of_row(connection, dataset_sequence, score):
        task, report, ordinal, log_sequence, status, _ = line
        if status == "completed":
            _change(connection, line, score, now)
        elif connection.run(_COMPLETE, {"task": task, "now": now, "scorer": score.scorer}):
            _insert_cell(connection, report, ordinal, log_sequence, score, now)
            answered.append(report)
    return _settled(connection, answered, now)


def change_answers(connection: Connection, dataset_sequence: int, score: Score, now: int) -> None:
    """Let unfinished reports that a person's score answered say what it says now."""
    for line in _of_row(connection, dataset_sequence, score):
        _change(connection, line, score, now)


def _change(connection: Connection, line: Row, score: Score, now: int) -> None:
    _, report, ordinal, log_sequence, status, completed_by = line
    if status != "completed" or completed_by != score.scorer:
        return
    cell = {"report": report, "line": log_sequence, "ordinal": ordinal}
    if connection.run(_CHANGE_CELL, {**cell, **_verdict(score)}):
        # The tasks before the report, as a run does: two transactions must not wait for each other.
        count_tasks(connection, report)
        _note_change(connection, report, now)


def take_back_answers(connection: Connection, dataset_sequence: int, score: Score, now: int) -> None:
    """Let unfinished reports that a person's score answered wait for another one."""
    for task, report, ordinal, line, status, completed_by in _of_row(connection, dataset_sequence, score):
        if status == "completed" and completed_by == score.scorer:
            cell = {"report": report, "line": line, "ordinal": ordinal}
            connection.run(_REOPEN, {"task": task})
            connection.run(f"DELETE FROM cell WHERE {_OF_CELL}", cell)
            count_tasks(connection, report)
            _note_change(connection, report, now)
    others = connection.rows(
        "SELECT 1 FROM score WHERE dataset_sequence = :dataset AND log_id = :log AND scorer <> '' LIMIT 1",
        {"dataset": dataset_sequence, "log": score.log_id},
    )
    if not others:
        connection.run(_MARK, {"dataset": dataset_sequence, "log": score.log_id, "status": "pending"})


def _of_row(connection: Connection, dataset_sequence: int, score: Score) -> Sequence[Row]:
    chosen = {"dataset": dataset_sequence, "log": score.log_id, "evaluator": evaluator_key(score)}
    return connection.rows(_OF_ROW, chosen)


def _verdict(score: Score) -> dict[str, Any]:
    passed = score.is_passed
    return {
        **values_line(score.values),
        "is_passed": None if passed is None else int(passed),
        "explanation": score.explanation,
    }


def _insert_cell(connection: Connection, report: int, ordinal: int, line: int, score: Score, now: int) -> None:
    cell = (report, line, ordinal, 0, score.log_id, "scored", *_verdict(score).values(), 1, 0.0, 0.0, now)
    if connection.insert_many(f"{_CELL} ON CONFLICT DO NOTHING", [cell]):
        outcome = Outcome("scored", score.values, score.is_passed, score.explanation)
        connection.run_many(ADD_TO_TASK, tallies(report, [CellResult(line, score.log_id, ordinal, outcome)]))


def _note_change(connection: Connection, report: int, now: int) -> None:
    connection.run("UPDATE eval_report SET updated_at = :now WHERE sequence = :report", {"now": now, "report": report})


def _settled(connection: Connection, reports: Sequence[int], now: int) -> tuple[str, ...]:
    """Return the ids of those of some reports that want nothing of people any more."""
    settled = []
    for report in dict.fromkeys(reports):
        # This waits for whoever answers for the same report: the last of them sees that nothing is left.
        _note_change(connection, report, now)
        rows = connection.rows(
            "SELECT r.id FROM eval_report r WHERE r.sequence = :report AND NOT EXISTS (SELECT 1 FROM annotation_task a"
            " WHERE a.report_sequence = r.sequence AND a.status = 'pending')",
            {"report": report},
        )
        settled += [row[0] for row in rows]
    return tuple(settled)
