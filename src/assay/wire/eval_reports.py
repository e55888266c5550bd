"""Eval reports on the wire: one object that every client's parser can read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from assay.model.eval_report import EvalReport, EvalTask, ReportStatus, RunSettings
from assay.model.evaluator import EvaluatorVersion
from assay.wire.editors import editor

PublicStatus = Literal["pending", "running", "completed", "failed", "cancelled"]

# What old parsers know; our own word stands in `state`.
_PUBLIC: Mapping[ReportStatus, PublicStatus] = {
    "pending": "pending",
    "running": "running",
    "paused": "running",
    "waiting_for_annotations": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
_SCRIPTED = "scripted"


class EvalReportOut(BaseModel):
    """A report, with its parts by evaluator in `evaluators` and in the older form `created_tasks`.

    `status` has the words that old clients know; `state` also `paused` and `waiting_for_annotations`.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    dataset_id: str
    status: PublicStatus
    state: ReportStatus
    evaluator_slugs: list[str]
    created_at: datetime
    updated_at: datetime
    results: dict[str, Any] | None
    created_tasks: list[dict[str, Any]]


def public_status(state: ReportStatus) -> PublicStatus:
    """Return the state of a report in the words that every client knows."""
    return _PUBLIC[state]


def report_out(report: EvalReport, errors: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a report in the union of the documented shapes, with our own progress and summaries beside them.

    A report of one evaluator carries the fields of a task too, as the newer lists have them.
    """
    tasks = [_task_out(report, task) for task in report.tasks]
    only_task = tasks[0] if len(tasks) == 1 else {"task_id": report.id, "evaluator_slug": None, "score": None}
    return {
        **only_task,
        "id": report.id,
        "name": report.name,
        "dataset_id": report.dataset_id,
        "dataset_version": report.dataset_version,
        "status": public_status(report.status),
        "state": report.status,
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
        "trials": report.settings.trials,
        "settings": settings_out(report.settings),
        "estimate": report.estimate,
        "cost_usd": math.fsum(task.cost_usd for task in report.tasks),
        "unknown_cost_count": sum(task.unknown_cost_count for task in report.tasks),
        "tokens": {
            "input": sum(task.input_tokens for task in report.tasks),
            "output": sum(task.output_tokens for task in report.tasks),
        },
        "is_cancel_requested": report.is_cancel_requested,
        "is_pause_requested": report.is_pause_requested,
        "cancel_reason": report.cancel_reason,
        "awaited_count": report.awaited_count,
        "progress": progress_out(report),
        "evaluators": [_evaluator_part(report, task) for task in report.tasks],
        "results": {task.evaluator_slug: _result(task) for task in report.tasks},
        "created_tasks": tasks,
        "errors": dict(errors or {}),
        "experiment_updated": False,
        "experiment_evaluator_ids": [],
    }


def settings_out(settings: RunSettings) -> dict[str, Any]:
    """Return settings by the names that bodies have for them."""
    return {
        "trials": settings.trials,
        "budget_usd": settings.budget_usd,
        "max_concurrency": settings.max_concurrency,
        "cache": settings.is_cached,
        "cluster_by": settings.cluster_by,
        "generation_method": settings.generation_method,
        "seed": settings.seed,
    }


def progress_out(report: EvalReport) -> dict[str, Any]:
    """Return how far a report is: finished of all cells, `percent` 0 to 100."""
    percent = 100 * report.finished_count // report.cell_count if report.cell_count else 0
    return {
        "finished_count": report.finished_count,
        "cell_count": report.cell_count,
        "percent": 100 if report.status == "completed" else percent,
    }


def judge_model(version: EvaluatorVersion) -> str | None:
    """Return the model that a version asks, None where it names none."""
    named = version.llm_config.get("model") if version.llm_config else version.configurations.get("llm_engine")
    return named if isinstance(named, str) else None


def _task_out(report: EvalReport, task: EvalTask) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "name": task.version.name,
        "dataset_id": report.dataset_id,
        "evaluator_slug": task.evaluator_slug,
        "evaluator_id": task.evaluator_id,
        "status": public_status(report.status),
        "started_at": report.started_at,
        "completed_at": report.completed_at,
        "error_message": report.error_message,
        "evaluated_logs_count": task.scored_count,
        "score": task.mean,
    }


def _evaluator_part(report: EvalReport, task: EvalTask) -> dict[str, Any]:
    version = task.version
    model = judge_model(version) if task.method == "llm" else None
    return {
        "task_id": task.id,
        "evaluator_id": task.evaluator_id,
        "evaluator_slug": task.evaluator_slug,
        "name": version.name,
        "version": version.number,
        "type": version.type,
        "method": task.method,
        "model": model,
        # A scripted model answers from a script: its scores are for tests and demonstrations.
        "is_scripted": model is not None and model.partition("/")[0] == _SCRIPTED,
        "score_value_type": version.score_value_type,
        "direction": version.direction,
        "unit": version.score_range.unit,
        "minimum": version.score_range.minimum,
        "maximum": version.score_range.maximum,
        "status": public_status(report.status),
        "trials": report.trials_of(task),
        "cell_count": report.log_count * report.trials_of(task),
        "scored_count": task.scored_count,
        "skipped_count": task.skipped_count,
        "failed_count": task.failed_count,
        "passed_count": task.passed_count,
        "score": task.mean,
        "cost_usd": task.cost_usd,
        "unknown_cost_count": task.unknown_cost_count,
        "input_tokens": task.input_tokens,
        "output_tokens": task.output_tokens,
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
