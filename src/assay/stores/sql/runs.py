"""Eval reports in SQL, as the engine works on them: what is missing, and what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from zstandard import ZstdError

from assay.model.errors import NotFound
from assay.model.eval_report import (
    CancelReason,
    Cell,
    CellResult,
    EvalReport,
    EvalTask,
    ReportStatus,
    RowToJudge,
    RunState,
    TaskCells,
)
from assay.model.ids import new_uuid
from assay.model.log import LogContent
from assay.model.score import CellDetail
from assay.stores.sql import body, compression, report_cells
from assay.stores.sql.cell_counts import ADD_TO_TASK, count_tasks, tallies
from assay.stores.sql.cell_scores import UPSERT_SCORE, row_verdicts, score_identity
from assay.stores.sql.database import Connection, Database, insertion
from assay.stores.sql.eval_reports import report_by_id
from assay.stores.sql.report_changes import STOP_ASKING
from assay.stores.sql.scope import IN_VERSION
from assay.stores.sql.score_lines import values_line
from assay.stores.sql.times import to_microseconds
from assay.wire.evaluator_inputs import LIFTED_METRICS

_CELL_COLUMNS = (
    "report_sequence", "log_sequence", "ordinal", "trial", "log_id", "status", "numerical_value", "boolean_value",
    "string_value", "categorical_value", "json_value", "is_passed", "explanation", "error_kind", "error_message",
    "attempts", "cost_usd", "latency_seconds", "input_tokens", "output_tokens", "created_at",
)  # fmt: skip
_INSERT_CELL = insertion("cell", _CELL_COLUMNS) + " ON CONFLICT DO NOTHING"
_INSERT_DETAIL = (
    insertion("cell_detail", ("report_sequence", "log_sequence", "ordinal", "trial", "codec", "data"))
    + " ON CONFLICT DO NOTHING"
)
_ROWS_TO_JUDGE = f"""
SELECT l.sequence, l.id, b.codec, b.data, {", ".join(f"l.{name}" for name in LIFTED_METRICS)}
FROM dataset_log l JOIN dataset_log_body b ON b.sequence = l.body_sequence
WHERE {IN_VERSION} AND l.position BETWEEN :first AND :last ORDER BY l.position"""
_PRESENT_CELLS = f"""
SELECT c.log_sequence, c.ordinal, c.trial FROM dataset_log l
JOIN cell c ON c.report_sequence = :report AND c.log_sequence = l.sequence
WHERE {IN_VERSION} AND l.position BETWEEN :first AND :last"""
_STATE = """
SELECT status, is_cancel_requested, is_pause_requested,
    (SELECT coalesce(sum(t.scored_count + t.skipped_count + t.failed_count), 0) FROM eval_task t
        WHERE t.report_sequence = r.sequence),
    (SELECT coalesce(sum(t.cost_usd), 0) FROM eval_task t WHERE t.report_sequence = r.sequence)
FROM eval_report r WHERE """


@dataclass(frozen=True, slots=True)
class SqlRuns:
    """What the engine does to reports, for all organisations."""

    database: Database

    async def list_unfinished(self, *, is_waiting_included: bool = True) -> Sequence[str]:
        """Return the ids of reports that are pending or running, or waiting for annotations, oldest first."""
        words = "'pending', 'running'" + (", 'waiting_for_annotations'" if is_waiting_included else "")
        statement = f"SELECT id FROM eval_report WHERE status IN ({words}) ORDER BY sequence"
        return [row[0] for row in await self.database.read(lambda connection: connection.rows(statement))]

    async def start(self, report_id: str, at: datetime) -> EvalReport:
        """Mark a pending report running and return it; others are returned as they are."""
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

    async def state(self, report_id: str) -> RunState:
        """Return what a report is to do next."""

        def work(connection: Connection) -> RunState:
            rows = connection.rows(_STATE + "r.id = :id", {"id": report_id})
            if not rows:
                raise NotFound("Report not found")
            return _run_state(rows[0])

        return await self.database.read(work)

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

    async def list_missing(self, report_id: str, first: int, last: int) -> Sequence[tuple[RowToJudge, Sequence[Cell]]]:
        """Return the rows of a range that lack cells of machines, each with the cells that it lacks."""

        def work(connection: Connection) -> Sequence[tuple[RowToJudge, Sequence[Cell]]]:
            sequence, report = report_by_id(connection, report_id)
            owner, version = _pinned(connection, report_id)
            chosen = {"report": sequence, "dataset": owner, "version": version, "first": first, "last": last}
            present: dict[int, set[tuple[int, int]]] = {}
            for line, ordinal, trial in connection.rows(_PRESENT_CELLS, chosen):
                present.setdefault(line, set()).add((ordinal, trial))
            every = [
                Cell(task.ordinal, trial)
                for trial in range(report.settings.trials)
                for task in report.tasks
                if task.method != "human"
            ]
            missing = []
            for line, log_id, codec, data, *metrics in connection.rows(_ROWS_TO_JUDGE, chosen):
                done = present.get(line)
                wanted = every if done is None else [cell for cell in every if (cell.ordinal, cell.trial) not in done]
                if wanted:
                    measured = {
                        name: value for name, value in zip(LIFTED_METRICS, metrics, strict=True) if value is not None
                    }
                    missing.append((_row_to_judge(log_id, line, codec, data, measured), wanted))
            return missing

        return await self.database.read(work)

    async def record(self, report_id: str, results: Sequence[CellResult], at: datetime) -> RunState:
        """Store finished cells, the scores they give and the progress, in one transaction."""
        now = to_microseconds(at)
        # Compressed before the transaction begins: writers wait for one another.
        details = [detail for result in results if (detail := _detail(result, self.database.dialect_name)) is not None]

        def work(connection: Connection) -> RunState:
            sequence, report = report_by_id(connection, report_id)
            cells = [_cell(sequence, result, now) for result in results]
            inserted = connection.insert_many(_INSERT_CELL, cells)
            if details:
                connection.insert_many(_INSERT_DETAIL, [(sequence, *detail) for detail in details])
            is_repeated = inserted != len(cells)
            if is_repeated:
                # Another worker got here first with some cells: what is there counts, and makes the scores.
                count_tasks(connection, sequence)
            else:
                connection.run_many(ADD_TO_TASK, tallies(sequence, results))
            owner, _ = _pinned(connection, report_id)
            identities = {task.ordinal: score_identity(owner, sequence, report, task, now) for task in report.tasks}
            verdicts = row_verdicts(
                connection, sequence, results, is_read_back=is_repeated or report.settings.trials > 1
            )
            connection.insert_many(
                UPSERT_SCORE,
                [(log_id, new_uuid(), *verdict, *identities[ordinal]) for log_id, ordinal, verdict in verdicts],
            )
            return _advance(connection, sequence, owner, report, now)

        return await self.database.write(work)

    async def note_estimate(self, report_id: str, estimate: Mapping[str, Any]) -> None:
        """Store what the pilot of a run said."""
        values = {"estimate": json.dumps(estimate), "id": report_id}
        await self.database.write(
            lambda connection: connection.run("UPDATE eval_report SET estimate = :estimate WHERE id = :id", values)
        )

    async def cells(self, report_id: str, ordinal: int) -> TaskCells:
        """Return the finished cells of one task."""

        def work(connection: Connection) -> TaskCells:
            sequence, report = report_by_id(connection, report_id)
            return report_cells.read_cells(connection, sequence, _task(report, ordinal))

        return await self.database.read(work)

    async def labels(self, report_id: str, path: str) -> Mapping[str, str | None]:
        """Return the text at a metadata path of each row of the pinned version, by row id."""

        def work(connection: Connection) -> Mapping[str, str | None]:
            return report_cells.read_labels(connection, *_pinned(connection, report_id), path)

        return await self.database.read(work)

    async def settle(
        self,
        report_id: str,
        status: ReportStatus,
        summaries: Mapping[int, Mapping[str, Any]],
        at: datetime,
        *,
        error_message: str | None = None,
        cancel_reason: CancelReason | None = None,
    ) -> EvalReport:
        """Store the summaries by ordinal and the state that a run comes to rest in."""
        now = to_microseconds(at)

        def work(connection: Connection) -> EvalReport:
            sequence, _ = report_by_id(connection, report_id)
            count_tasks(connection, sequence)
            report = report_by_id(connection, report_id)[1]
            if status == "completed" and report.finished_count < report.cell_count:
                return report
            connection.run_many(
                "UPDATE eval_task SET summary = :summary WHERE report_sequence = :report AND ordinal = :ordinal",
                [
                    {"summary": json.dumps(summary), "report": sequence, "ordinal": ordinal}
                    for ordinal, summary in summaries.items()
                ],
            )
            if status == "cancelled":
                connection.run(STOP_ASKING, {"report": sequence})
            is_finished = status in ("completed", "failed", "cancelled")
            connection.run(
                "UPDATE eval_report SET status = :status, error_message = :error, cancel_reason = :reason,"
                " is_pause_requested = 0, completed_at = :completed, updated_at = :now WHERE sequence = :report",
                {
                    "status": status,
                    "error": error_message,
                    "reason": cancel_reason,
                    "completed": now if is_finished else None,
                    "now": now,
                    "report": sequence,
                },
            )
            connection.run(
                "UPDATE dataset SET running_status = :status, running_progress = :percent WHERE id = :dataset",
                {
                    # Clients know no other words for a run that has not ended.
                    "status": status if is_finished else "running",
                    "percent": _percent(report.finished_count, report.cell_count),
                    "dataset": report.dataset_id,
                },
            )
            return report_by_id(connection, report_id)[1]

        return await self.database.write(work)


def _task(report: EvalReport, ordinal: int) -> EvalTask:
    return next(task for task in report.tasks if task.ordinal == ordinal)


def _row_to_judge(log_id: str, line: int, codec: int, data: Any, metrics: Mapping[str, float]) -> RowToJudge:
    try:
        content = body.split(compression.unpacked(codec, data))
    except (ZstdError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return RowToJudge(log_id, line, LogContent(), metrics, damage=str(error))
    return RowToJudge(log_id, line, content, metrics)


def _run_state(row: tuple[Any, ...]) -> RunState:
    return RunState(row[0], bool(row[1]), bool(row[2]), int(row[3]), float(row[4]))


def _percent(finished: int, total: int) -> int:
    return 100 * finished // total if total else 100


def _pinned(connection: Connection, report_id: str) -> tuple[int, int]:
    rows = connection.rows(
        "SELECT dataset_sequence, dataset_version FROM eval_report WHERE id = :id", {"id": report_id}
    )
    if not rows:
        raise NotFound("Report not found")
    return rows[0][0], rows[0][1]


def _advance(connection: Connection, sequence: int, owner: int, report: EvalReport, now: int) -> RunState:
    connection.run(
        "UPDATE eval_report SET updated_at = :now WHERE sequence = :report", {"now": now, "report": sequence}
    )
    state = _run_state(connection.rows(_STATE + "r.sequence = :report", {"report": sequence})[0])
    connection.run(
        "UPDATE dataset SET running_progress = :percent WHERE sequence = :dataset",
        {"percent": _percent(state.finished_count, report.cell_count), "dataset": owner},
    )
    return state


def _cell(report_sequence: int, result: CellResult, now: int) -> tuple[Any, ...]:
    outcome = result.outcome
    passed = outcome.is_passed
    return (
        report_sequence,
        result.log_sequence,
        result.ordinal,
        result.trial,
        result.log_id,
        outcome.status,
        *values_line(outcome.values).values(),
        None if passed is None else int(passed),
        outcome.explanation,
        outcome.error_kind,
        outcome.error_message,
        outcome.attempts,
        outcome.cost_usd,
        outcome.latency_seconds,
        outcome.input_tokens,
        outcome.output_tokens,
        now,
    )


_encode_detail = msgspec.json.Encoder().encode


def _detail(result: CellResult, dialect_name: str) -> tuple[Any, ...] | None:
    """Return the place and the stored form of how a cell came about; None where there is nothing to tell."""
    detail: CellDetail | None = result.detail
    if detail is None:
        return None
    codec, data = compression.packed(_encode_detail(detail), dialect_name)
    if isinstance(data, str):
        data = data.encode()
    return result.log_sequence, result.ordinal, result.trial, codec, data
