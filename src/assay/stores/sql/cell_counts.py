"""What a task counts of its cells: how many came to what, their sum, cost and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.model.eval_report import CellResult
from assay.model.score import Outcome
from assay.stores.sql.database import Connection

_LOCK_TASKS = "SELECT ordinal FROM eval_task WHERE report_sequence = :report ORDER BY ordinal FOR UPDATE"
_COUNT_TASKS = """
UPDATE eval_task SET
    scored_count = counted.scored, skipped_count = counted.skipped, failed_count = counted.failed,
    passed_count = counted.passed, value_count = counted.valued, value_sum = counted.total,
    cost_usd = counted.cost, unknown_cost_count = counted.unknown, input_tokens = counted.input,
    output_tokens = counted.output
FROM (
    SELECT t.ordinal AS of_ordinal,
        coalesce(sum(CASE WHEN c.status = 'scored' THEN 1 ELSE 0 END), 0) AS scored,
        coalesce(sum(CASE WHEN c.status = 'skipped' THEN 1 ELSE 0 END), 0) AS skipped,
        coalesce(sum(CASE WHEN c.status = 'failed' THEN 1 ELSE 0 END), 0) AS failed,
        coalesce(sum(c.is_passed), 0) AS passed,
        count(coalesce(c.numerical_value, c.boolean_value)) AS valued,
        coalesce(sum(coalesce(c.numerical_value, c.boolean_value)), 0) AS total,
        coalesce(sum(c.cost_usd), 0) AS cost,
        coalesce(sum(CASE WHEN c.ordinal IS NOT NULL AND c.cost_usd IS NULL THEN 1 ELSE 0 END), 0) AS unknown,
        coalesce(sum(c.input_tokens), 0) AS input,
        coalesce(sum(c.output_tokens), 0) AS output
    FROM eval_task t LEFT JOIN cell c ON c.report_sequence = t.report_sequence AND c.ordinal = t.ordinal
    WHERE t.report_sequence = :report GROUP BY t.ordinal
) AS counted
WHERE report_sequence = :report AND ordinal = counted.of_ordinal"""
ADD_TO_TASK = """
UPDATE eval_task SET
    scored_count = scored_count + :scored, skipped_count = skipped_count + :skipped,
    failed_count = failed_count + :failed, passed_count = passed_count + :passed,
    value_count = value_count + :valued, value_sum = value_sum + :total, cost_usd = cost_usd + :cost,
    unknown_cost_count = unknown_cost_count + :unknown, input_tokens = input_tokens + :input,
    output_tokens = output_tokens + :output
WHERE report_sequence = :report AND ordinal = :ordinal"""


def count_tasks(connection: Connection, report_sequence: int) -> None:
    """Count the tasks of a report anew from its stored cells."""
    chosen = {"report": report_sequence}
    if connection.dialect_name == "postgresql":
        # Who counts while another worker adds would undo the addition: the counting must begin after the lock is held.
        connection.rows(_LOCK_TASKS, chosen)
    connection.run(_COUNT_TASKS, chosen)


def tallies(report_sequence: int, results: Sequence[CellResult]) -> list[dict[str, Any]]:
    """Return what new cells add to each task: the parameters of `ADD_TO_TASK`."""
    tallies: dict[int, dict[str, Any]] = {}
    for result in results:
        tally = tallies.get(result.ordinal)
        if tally is None:
            tally = tallies[result.ordinal] = {
                "report": report_sequence, "ordinal": result.ordinal, "scored": 0, "skipped": 0, "failed": 0,
                "passed": 0, "valued": 0, "total": 0.0, "cost": 0.0, "unknown": 0, "input": 0, "output": 0,
            }  # fmt: skip
        _add(tally, result.outcome)
    # In one order: two workers that lock the same tasks must not wait for each other in a circle.
    return [tallies[ordinal] for ordinal in sorted(tallies)]


def _add(tally: dict[str, Any], outcome: Outcome) -> None:
    tally[outcome.status] += 1
    tally["passed"] += bool(outcome.is_passed)
    value = outcome.values.numerical_value
    if value is None:
        value = outcome.values.boolean_value
    if value is not None:
        tally["valued"] += 1
        tally["total"] += value
    if outcome.cost_usd is None:
        tally["unknown"] += 1
    else:
        tally["cost"] += outcome.cost_usd
    tally["input"] += outcome.input_tokens or 0
    tally["output"] += outcome.output_tokens or 0
