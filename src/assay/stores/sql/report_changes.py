"""What changes a stored report beside the work on it: wishes, opening it again, deleting it, asking people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.model.eval_report import EvalReport
from assay.ports.eval_reports import RunWish
from assay.stores.sql.database import Connection
from assay.stores.sql.scope import IN_VERSION

_ASK_PEOPLE = f"""
INSERT INTO annotation_task (id, organization_id, report_sequence, ordinal, dataset_sequence, log_sequence, log_id,
    evaluator_id, evaluator_slug, status, created_at)
SELECT :prefix || l.id, :organization, :report, :ordinal, :dataset, l.sequence, l.id, :evaluator, :slug, 'pending', :now
FROM dataset_log l WHERE {IN_VERSION} AND NOT EXISTS (SELECT 1 FROM cell c WHERE c.report_sequence = :report
    AND c.log_sequence = l.sequence AND c.ordinal = :ordinal)
ORDER BY l.position"""
STOP_ASKING = "DELETE FROM annotation_task WHERE report_sequence = :report AND status = 'pending'"
_WISHES: Mapping[RunWish, Sequence[str]] = {
    "cancel": (
        "UPDATE eval_report SET is_cancel_requested = 1, updated_at = :now"
        " WHERE sequence = :report AND status IN ('pending', 'running')",
        "UPDATE dataset SET running_status = 'cancelled' WHERE sequence = :dataset AND EXISTS (SELECT 1 FROM"
        " eval_report WHERE sequence = :report AND status IN ('paused', 'waiting_for_annotations'))",
        "UPDATE eval_report SET status = 'cancelled', is_cancel_requested = 1, cancel_reason = 'request',"
        " completed_at = :now, updated_at = :now"
        " WHERE sequence = :report AND status IN ('paused', 'waiting_for_annotations')",
        STOP_ASKING,
    ),
    "pause": (
        "UPDATE eval_report SET is_pause_requested = 1, updated_at = :now"
        " WHERE sequence = :report AND status IN ('pending', 'running')",
    ),
    "resume": (
        "UPDATE eval_report SET status = CASE WHEN status = 'paused' THEN 'pending' ELSE status END,"
        " is_pause_requested = 0, updated_at = :now WHERE sequence = :report",
    ),
}
# Counted anew from the cells that are left.
_REOPEN_TASK = """
UPDATE eval_task SET failed_count = 0, summary = NULL, cost_usd = left_over.cost_usd,
    unknown_cost_count = left_over.unknown, input_tokens = left_over.input_tokens,
    output_tokens = left_over.output_tokens
FROM (
    SELECT t.ordinal AS of_ordinal, coalesce(sum(c.cost_usd), 0) AS cost_usd,
        coalesce(sum(CASE WHEN c.ordinal IS NOT NULL AND c.cost_usd IS NULL THEN 1 ELSE 0 END), 0) AS unknown,
        coalesce(sum(c.input_tokens), 0) AS input_tokens, coalesce(sum(c.output_tokens), 0) AS output_tokens
    FROM eval_task t LEFT JOIN cell c ON c.report_sequence = t.report_sequence AND c.ordinal = t.ordinal
    WHERE t.report_sequence = :report GROUP BY t.ordinal
) AS left_over
WHERE report_sequence = :report AND ordinal = left_over.of_ordinal"""
# Children before parents. A score outlives the report that gave it.
_DELETE = (
    "UPDATE score SET report_sequence = NULL WHERE dataset_sequence = :dataset AND report_sequence = :report",
    "DELETE FROM annotation_task WHERE report_sequence = :report",
    "DELETE FROM cell_detail WHERE report_sequence = :report",
    "DELETE FROM cell WHERE report_sequence = :report",
    "DELETE FROM eval_task WHERE report_sequence = :report",
    "DELETE FROM eval_report WHERE sequence = :report",
)


def note_wish(connection: Connection, owner: int, report_sequence: int, wish: RunWish, now: int) -> None:
    """Note what is wanted of a report that is not finished; `owner` is the dataset's sequence, `now` microseconds."""
    chosen = {"dataset": owner, "report": report_sequence, "now": now}
    for statement in _WISHES[wish]:
        connection.run(statement, {name: value for name, value in chosen.items() if f":{name}" in statement})


def reopen(connection: Connection, owner: int, report_sequence: int, report: EvalReport, now: int) -> None:
    """Forget the failed cells of a report, make it pending, and ask people again about what they have not answered."""
    chosen = {"report": report_sequence}
    connection.run(
        "DELETE FROM cell_detail WHERE report_sequence = :report AND (log_sequence, ordinal, trial) IN (SELECT"
        " log_sequence, ordinal, trial FROM cell WHERE report_sequence = :report AND status = 'failed')",
        chosen,
    )
    connection.run("DELETE FROM cell WHERE report_sequence = :report AND status = 'failed'", chosen)
    connection.run(_REOPEN_TASK, chosen)
    connection.run(
        "UPDATE eval_report SET status = 'pending', is_cancel_requested = 0, is_pause_requested = 0,"
        " cancel_reason = NULL, completed_at = NULL, error_message = NULL, updated_at = :now"
        " WHERE sequence = :report",
        {**chosen, "now": now},
    )
    connection.run(STOP_ASKING, chosen)
    ask_people(connection, owner, report_sequence, report, now)


def delete(connection: Connection, owner: int, report_sequence: int) -> None:
    """Delete a report with all that belongs to it; the scores that it gave stay."""
    connection.run(_DELETE[0], {"dataset": owner, "report": report_sequence})
    for statement in _DELETE[1:]:
        connection.run(statement, {"report": report_sequence})


def ask_people(connection: Connection, owner: int, report_sequence: int, report: EvalReport, now: int) -> None:
    """Want an annotation of every row that lacks the cell of a human task."""
    for task in report.tasks:
        if task.method == "human":
            connection.run(
                _ASK_PEOPLE,
                {
                    "prefix": f"{task.id}:",
                    "organization": report.organization_id,
                    "report": report_sequence,
                    "ordinal": task.ordinal,
                    "dataset": owner,
                    "version": report.dataset_version,
                    "evaluator": task.evaluator_id,
                    "slug": task.evaluator_slug,
                    "now": now,
                },
            )
