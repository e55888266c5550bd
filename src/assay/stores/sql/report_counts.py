"""How many rows of a report failed, are not finished, or would pass under another rule."""

from __future__ import annotations

from collections.abc import Mapping

from assay.model.eval_report import EvalReport, RowCounts
from assay.stores.sql.database import Connection

# One line for each row and task: what its cells are, and how many there are.
_BY_TASK = (
    "SELECT log_sequence, ordinal, max(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed,"
    " max(CASE WHEN status = 'failed' OR is_passed = 0 THEN 1 ELSE 0 END) AS broken,"
    " max(CASE WHEN status = 'skipped' THEN 1 ELSE 0 END) AS skipped, count(*) AS done"
    " FROM cell WHERE report_sequence = :report GROUP BY log_sequence, ordinal"
)
_OF_TASKS = (
    f"SELECT ordinal, done, count(*), sum(failed), sum(broken), sum(skipped) FROM ({_BY_TASK}) t GROUP BY ordinal, done"
)
_OF_ROWS = (
    "SELECT done, count(*), sum(failed), sum(broken), sum(skipped) FROM (SELECT log_sequence, max(failed) AS failed,"
    f" max(broken) AS broken, max(skipped) AS skipped, sum(done) AS done FROM ({_BY_TASK}) t GROUP BY log_sequence) r"
    " GROUP BY done"
)
_PASSES = (
    "SELECT coalesce(sum(CASE WHEN value >= :least AND value <= :most THEN 1 ELSE 0 END), 0), count(value) FROM"
    " (SELECT coalesce(numerical_value, CAST(boolean_value AS DOUBLE PRECISION)) AS value FROM cell"
    " WHERE report_sequence = :report AND ordinal = :ordinal AND status = 'scored') c"
)
_LARGEST = 1.7976931348623157e308


def count_rows(
    connection: Connection, report_sequence: int, report: EvalReport
) -> tuple[RowCounts, Mapping[int, RowCounts]]:
    """Count the rows of a report by what became of them: over all its tasks, and for each by its ordinal."""
    chosen = {"report": report_sequence}
    expected = {task.ordinal: report.trials_of(task) for task in report.tasks}
    found: dict[int, list[tuple[int, ...]]] = {ordinal: [] for ordinal in expected}
    for ordinal, *counts in connection.rows(_OF_TASKS, chosen):
        found[ordinal].append(tuple(map(int, counts)))
    rows = [tuple(map(int, counts)) for counts in connection.rows(_OF_ROWS, chosen)]
    by_task = {ordinal: _added(counts, expected[ordinal], report.log_count) for ordinal, counts in found.items()}
    return _added(rows, sum(expected.values()), report.log_count), by_task


def _added(groups: list[tuple[int, ...]], expected: int, log_count: int) -> RowCounts:
    """Add up groups of (cells of a row, rows, failed, broken, skipped)."""
    finished = sum(rows for done, rows, *_ in groups if done >= expected)
    return RowCounts(
        failures=sum(group[3] for group in groups),
        errors=sum(group[2] for group in groups),
        pending=log_count - finished,
        skipped=sum(group[4] for group in groups),
    )


def count_passes(
    connection: Connection, report_sequence: int, ordinal: int, at_least: float | None, at_most: float | None
) -> tuple[int, int]:
    """Return how many scored cells of a task have a number within bounds, and how many have one at all."""
    bounds = {
        "least": -_LARGEST if at_least is None else at_least,
        "most": _LARGEST if at_most is None else at_most,
    }
    row = connection.rows(_PASSES, {"report": report_sequence, "ordinal": ordinal, **bounds})[0]
    return int(row[0]), int(row[1])
