"""Reports and their tasks as they stand in SQL: columns, and what is made of them."""

from __future__ import annotations

import json
from functools import lru_cache

import msgspec

from assay.model.eval_report import EvalReport, EvalTask, RunSettings
from assay.model.evaluator import EvaluatorVersion
from assay.stores.sql.database import Row
from assay.stores.sql.tables import dataset
from assay.stores.sql.tables import eval_report as table
from assay.stores.sql.times import from_microseconds

REPORT_COLUMNS = (
    table.c.sequence, table.c.id, table.c.organization_id, table.c.environment, dataset.c.id, table.c.dataset_version,
    table.c.name, table.c.status, table.c.log_count, table.c.created_at, table.c.updated_at, table.c.created_by,
    table.c.started_at, table.c.completed_at, table.c.error_message, table.c.is_cancel_requested,
    table.c.is_pause_requested, table.c.cancel_reason, table.c.settings, table.c.estimate, table.c.manifest,
)  # fmt: skip
TASK_COLUMNS = (
    "id, ordinal, evaluator_id, evaluator_slug, evaluator_version, method, scored_count, skipped_count,"
    " failed_count, value_count, value_sum, passed_count, cost_usd, unknown_cost_count, input_tokens, output_tokens,"
    " summary"
)
_read_version = msgspec.json.Decoder(EvaluatorVersion)
_read_settings = msgspec.json.Decoder(RunSettings)


@lru_cache(maxsize=512)
def _version(text: str) -> EvaluatorVersion:
    # A running report is read a few times a second with the same versions.
    return _read_version.decode(text)


def read_task(row: Row) -> EvalTask:
    """Make a task from `TASK_COLUMNS`."""
    (id_, ordinal, evaluator_id, slug, version, method, scored, skipped, failed, value_count, value_sum, passed,
     cost_usd, unknown_costs, input_tokens, output_tokens, summary) = row  # fmt: skip
    return EvalTask(
        id=id_,
        ordinal=ordinal,
        evaluator_id=evaluator_id,
        evaluator_slug=slug,
        version=_version(version),
        method=method,
        scored_count=scored,
        skipped_count=skipped,
        failed_count=failed,
        mean=value_sum / value_count if value_count else None,
        passed_count=passed,
        cost_usd=cost_usd,
        unknown_cost_count=unknown_costs,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        summary=None if summary is None else json.loads(summary),
    )


def read_report(row: Row, tasks: tuple[EvalTask, ...]) -> EvalReport:
    """Make a report from `REPORT_COLUMNS`, whose first is its sequence."""
    (_, id_, organization_id, environment, dataset_id, dataset_version, name, status, log_count, created_at,
     updated_at, created_by, started_at, completed_at, error_message, is_cancel_requested, is_pause_requested,
     cancel_reason, settings, estimate, manifest) = row  # fmt: skip
    return EvalReport(
        id=id_,
        organization_id=organization_id,
        environment=environment,
        dataset_id=dataset_id,
        dataset_version=dataset_version,
        name=name,
        status=status,
        log_count=log_count,
        tasks=tasks,
        created_at=from_microseconds(created_at),
        updated_at=from_microseconds(updated_at),
        created_by=created_by,
        settings=_read_settings.decode(settings),
        started_at=from_microseconds(started_at),
        completed_at=from_microseconds(completed_at),
        error_message=error_message,
        is_cancel_requested=bool(is_cancel_requested),
        is_pause_requested=bool(is_pause_requested),
        cancel_reason=cancel_reason,
        estimate=None if estimate is None else json.loads(estimate),
        manifest=json.loads(manifest),
    )
