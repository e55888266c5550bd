"""From the cells of a row to the score that the row shows: the verdict of a task over its trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.model.eval_report import CellResult, EvalReport, EvalTask
from assay.model.score import Outcome
from assay.stores.sql.database import Connection, Row, in_list, insertion, list_of
from assay.stores.sql.score_lines import values_line

# In the order of a verdict, then of an identity.
_VERDICT = (
    "status", "numerical_value", "boolean_value", "string_value", "categorical_value", "json_value", "is_passed",
    "explanation", "error_message", "cost_usd",
)  # fmt: skip
_IDENTITY = (
    "dataset_sequence", "report_sequence", "organization_id", "environment", "evaluator_id", "evaluator_slug",
    "evaluator_name", "evaluator_type", "score_value_type", "created_at",
)  # fmt: skip
_KEY = ("dataset_sequence", "log_id", "evaluator_id", "scorer")
_COLUMNS = ("log_id", "id", *_VERDICT, *_IDENTITY)
# A score keeps its id through all runs that renew it, and what a person corrected stays corrected.
UPSERT_SCORE = (
    insertion("score", _COLUMNS)
    + f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in (*_KEY, "id"))
    + " WHERE score.original IS NULL"
)
_OF_ROWS = {
    name: f"SELECT log_id, ordinal, {', '.join(_VERDICT)} FROM cell WHERE report_sequence = :report"
    f" AND {in_list(name, 'log_sequence', 'lines')} ORDER BY log_sequence, ordinal, trial"
    for name in ("sqlite", "postgresql")
}

Verdict = tuple[Any, ...]


def score_identity(
    dataset_sequence: int, report_sequence: int, report: EvalReport, task: EvalTask, now: int
) -> tuple[Any, ...]:
    """Return what the scores of a task have in common, in the order of `UPSERT_SCORE`."""
    version = task.version
    return (
        dataset_sequence,
        report_sequence,
        report.organization_id,
        report.environment,
        task.evaluator_id,
        task.evaluator_slug,
        version.name,
        version.type,
        version.score_value_type,
        now,
    )


def row_verdicts(
    connection: Connection, report_sequence: int, results: Sequence[CellResult], *, is_read_back: bool
) -> list[tuple[str, int, Verdict]]:
    """Return row id, ordinal and verdict of each score that results give.

    `is_read_back`: from the stored cells of all trials, instead of from the results alone.
    """
    if not is_read_back:
        return [(result.log_id, result.ordinal, _verdict(result.outcome)) for result in results]
    touched = {(result.log_id, result.ordinal) for result in results}
    lines = sorted({result.log_sequence for result in results})
    chosen = {"report": report_sequence, "lines": list_of(connection.dialect_name, lines)}
    trials: dict[tuple[str, int], list[Row]] = {}
    for log_id, ordinal, *verdict in connection.rows(_OF_ROWS[connection.dialect_name], chosen):
        if (log_id, ordinal) in touched:
            trials.setdefault((log_id, ordinal), []).append(tuple(verdict))
    return [(log_id, ordinal, _over_trials(rows)) for (log_id, ordinal), rows in trials.items()]


def _verdict(outcome: Outcome) -> Verdict:
    passed = outcome.is_passed
    return (
        outcome.status,
        *values_line(outcome.values).values(),
        None if passed is None else int(passed),
        outcome.explanation,
        outcome.error_message,
        outcome.cost_usd,
    )


def _over_trials(rows: Sequence[Row]) -> Verdict:
    """Return the verdict over trials: the mean of numbers, the majority of booleans, else the first scored trial's.

    A row is scored when one of its trials is; it passes when more than half of those scored do.
    """
    scored = [row for row in rows if row[0] == "scored"]
    if len(rows) == 1 or not scored:
        return rows[0]
    first = scored[0]
    numbers = [row[1] for row in scored if row[1] is not None]
    booleans = [row[2] for row in scored if row[2] is not None]
    passes = [row[6] for row in scored if row[6] is not None]
    costs = [row[9] for row in rows]
    return (
        "scored",
        sum(numbers) / len(numbers) if numbers else None,
        int(2 * sum(booleans) > len(booleans)) if booleans else None,
        *first[3:6],
        int(2 * sum(passes) > len(passes)) if passes else None,
        first[7],
        None,
        None if None in costs else sum(costs),
    )
