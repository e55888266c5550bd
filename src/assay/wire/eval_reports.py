"""Eval reports on the wire: one object that every client's parser can read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.eval_report import EvalReport, EvalTask, ReportRow
from assay.model.evaluator import EvaluatorVersion
from assay.model.score import Outcome
from assay.wire.editors import editor

MOST_EVALUATORS = 50


class RunEvalReport(BaseModel):
    """Which evaluators to run over a dataset, by slug or id."""

    model_config = ConfigDict(extra="allow")

    evaluator_slugs: Any = Field(default=None, description="Slugs or ids of evaluators.")
    evaluator_ids: Any = Field(default=None, description="The same; both lists are taken together.")
    name: str | None = Field(default=None, max_length=255)


class EvalReportOut(BaseModel):
    """A report, with its parts by evaluator in `evaluators` and in the older form `created_tasks`."""

    model_config = ConfigDict(extra="allow")

    id: str
    dataset_id: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    evaluator_slugs: list[str]
    created_at: datetime
    updated_at: datetime
    results: dict[str, Any] | None
    created_tasks: list[dict[str, Any]]


class ReportRowOut(BaseModel):
    """A row of a report with its scores by evaluator slug."""

    log_id: str
    scores: dict[str, Any]


def read_references(body: RunEvalReport) -> list[str]:
    """Return the evaluators that a body names, in order and once each; raises Invalid when there is none."""
    references: list[str] = []
    for field in ("evaluator_slugs", "evaluator_ids"):
        named = getattr(body, field)
        if named is None:
            continue
        if not isinstance(named, list) or not all(isinstance(item, str) and item for item in named):
            raise Invalid.field(field, "Expected a list of evaluator slugs or ids.")
        references += named
    unique = list(dict.fromkeys(references))
    if not unique:
        raise Invalid.field("evaluator_slugs", "At least one evaluator is required")
    if len(unique) > MOST_EVALUATORS:
        raise Invalid.field("evaluator_slugs", f"At most {MOST_EVALUATORS} evaluators run together, not {len(unique)}.")
    return unique


def report_out(report: EvalReport, errors: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a report in the union of the documented shapes, with our own progress and summaries beside them.

    A report of one evaluator carries the fields of a task too, as the newer lists have them.
    """
    tasks = [_task_out(report, task) for task in report.tasks]
    percent = 100 * report.finished_count // report.cell_count if report.cell_count else 0
    if report.status == "completed":
        percent = 100
    only_task = tasks[0] if len(tasks) == 1 else {"task_id": report.id, "evaluator_slug": None, "score": None}
    return {
        **only_task,
        "id": report.id,
        "name": report.name,
        "dataset_id": report.dataset_id,
        "dataset_version": report.dataset_version,
        "status": report.status,
        "evaluator_slugs": [task.evaluator_slug for task in report.tasks],
        "evaluator_ids": [task.evaluator_id for task in report.tasks],
        "created_at": report.created_at,
        "updated_at": report.updated_at,
        "started_at": report.started_at,
        "completed_at": report.completed_at,
        "created_by": editor(report.created_by),
        "error_message": report.error_message,
        "environment": report.environment,
        "log_count": report.log_count,
        "is_cancel_requested": report.is_cancel_requested,
        "progress": {
            "finished_count": report.finished_count,
            "cell_count": report.cell_count,
            "percent": percent,
        },
        "evaluators": [_evaluator_part(report, task) for task in report.tasks],
        "results": {task.evaluator_slug: _result(task) for task in report.tasks},
        "created_tasks": tasks,
        "errors": errors or {},
        "experiment_updated": False,
        "experiment_evaluator_ids": [],
    }


def _task_out(report: EvalReport, task: EvalTask) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "name": task.version.name,
        "dataset_id": report.dataset_id,
        "evaluator_slug": task.evaluator_slug,
        "evaluator_id": task.evaluator_id,
        "status": report.status,
        "started_at": report.started_at,
        "completed_at": report.completed_at,
        "error_message": report.error_message,
        "evaluated_logs_count": task.scored_count,
        "score": task.mean,
    }


def _evaluator_part(report: EvalReport, task: EvalTask) -> dict[str, Any]:
    version = task.version
    return {
        "task_id": task.id,
        "evaluator_id": task.evaluator_id,
        "evaluator_slug": task.evaluator_slug,
        "name": version.name,
        "version": version.number,
        "type": version.type,
        "score_value_type": version.score_value_type,
        "direction": version.direction,
        "unit": version.score_range.unit,
        "minimum": version.score_range.minimum,
        "maximum": version.score_range.maximum,
        "status": report.status,
        "scored_count": task.scored_count,
        "skipped_count": task.skipped_count,
        "failed_count": task.failed_count,
        "passed_count": task.passed_count,
        "score": task.mean,
        "summary": task.summary,
    }


def _result(task: EvalTask) -> dict[str, Any]:
    counts = (task.summary or {}).get("counts") or {}
    return {
        "avg_score": task.mean,
        "true_count": counts.get("true"),
        "false_count": counts.get("false"),
        "evaluated_logs_count": task.scored_count,
        "skipped_count": task.skipped_count,
        "failed_count": task.failed_count,
        "distribution": (task.summary or {}).get("histogram"),
    }


def row_out(row: ReportRow) -> dict[str, Any]:
    """Return a row of a report with its scores by evaluator slug."""
    return {"log_id": row.log_id, "scores": {slug: _outcome_out(outcome) for slug, outcome in row.outcomes.items()}}


def _outcome_out(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "score": outcome.values.primary,
        "is_passed": outcome.is_passed,
        "explanation": outcome.explanation,
        "error_kind": outcome.error_kind,
        "error_message": outcome.error_message,
        "attempts": outcome.attempts,
        "cost_usd": outcome.cost_usd,
        "latency_seconds": outcome.latency_seconds,
    }


def manifest_evaluator(evaluator_id: str, slug: str, version: EvaluatorVersion) -> dict[str, Any]:
    """Return what a run manifest says of one pinned evaluator."""
    return {
        "evaluator_id": evaluator_id,
        "evaluator_slug": slug,
        "version": version.number,
        "version_id": version.id,
        "eval_class": version.eval_class,
        "score_value_type": version.score_value_type,
        "parameters": dict(version.parameters),
    }
