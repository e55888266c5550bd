"""What heads the page of a report, and reports as lines of lists, on the wire."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from assay.model.eval_report import EvalReport, EvalTask, ReportLine, RowCounts
from assay.model.evaluator import PassRule
from assay.wire.editors import editor
from assay.wire.eval_reports import judge_model, progress_out, public_status


class RowCountsOut(BaseModel):
    """Rows by what became of them; `failure_count` holds the errors too, and a row counts once."""

    row_count: int
    judged_count: int
    pending_count: int
    failure_count: int
    error_count: int
    skipped_count: int


class ReportSummaryOut(BaseModel):
    """Counts, coverage and summaries as of now; `is_final` says that a summary is of the whole run."""

    model_config = ConfigDict(extra="allow")

    report_id: str
    state: str
    row_counts: RowCountsOut
    dataset: dict[str, int]
    evaluators: list[dict[str, Any]]


class PassRateOut(BaseModel):
    """The pass rate under another rule."""

    report_id: str
    evaluator_slug: str
    at_least: float | None
    at_most: float | None
    rate: float | None
    passed: int
    total: int
    confidence_interval: dict[str, Any] | None


class ReportLineOut(BaseModel):
    """A report of any dataset, without what only its own page shows."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    dataset_id: str
    dataset_name: str
    status: str
    state: str
    created_at: datetime
    evaluators: list[dict[str, Any]]


class TrendsOut(BaseModel):
    """By dataset id its last completed reports, the oldest first."""

    results: dict[str, list[dict[str, Any]]]


def counts_out(counts: RowCounts, row_count: int) -> dict[str, int]:
    """Return the counts of rows by their names on the wire."""
    return {
        "row_count": row_count,
        "judged_count": row_count - counts.pending,
        "pending_count": counts.pending,
        "failure_count": counts.failures,
        "error_count": counts.errors,
        "skipped_count": counts.skipped,
    }


def line_of(rule: PassRule | None) -> dict[str, Any] | None:
    """Return the bound at which a score begins to pass."""
    return None if rule is None else {"operator": rule.operator, "threshold": rule.threshold}


def line_out(line: ReportLine) -> dict[str, Any]:
    """Return a report as a line of the list of all."""
    return {**report_line(line.report), "dataset_name": line.dataset_name}


def trends_out(found: Mapping[str, Sequence[EvalReport]]) -> dict[str, Any]:
    """Return the last reports of each dataset."""
    return {"results": {name: [report_line(report) for report in reports] for name, reports in found.items()}}


def report_line(report: EvalReport) -> dict[str, Any]:
    """Return a report with the main figures of each evaluator."""
    return {
        "id": report.id,
        "name": report.name,
        "dataset_id": report.dataset_id,
        "dataset_version": report.dataset_version,
        "status": public_status(report.status),
        "state": report.status,
        "environment": report.environment,
        "log_count": report.log_count,
        "trials": report.settings.trials,
        "created_at": report.created_at,
        "started_at": report.started_at,
        "completed_at": report.completed_at,
        "created_by": editor(report.created_by),
        "error_message": report.error_message,
        "cancel_reason": report.cancel_reason,
        "cost_usd": math.fsum(task.cost_usd for task in report.tasks),
        "unknown_cost_count": sum(task.unknown_cost_count for task in report.tasks),
        "progress": progress_out(report),
        "evaluators": [_part(task) for task in report.tasks],
    }


def _part(task: EvalTask) -> dict[str, Any]:
    version, summary = task.version, task.summary or {}
    model = judge_model(version) if task.method == "llm" else None
    return {
        "evaluator_slug": task.evaluator_slug,
        "evaluator_id": task.evaluator_id,
        "name": version.name,
        "version": version.number,
        "method": task.method,
        "model": model,
        "score_value_type": version.score_value_type,
        "direction": version.direction,
        "unit": version.score_range.unit,
        "minimum": version.score_range.minimum,
        "maximum": version.score_range.maximum,
        "scored_count": task.scored_count,
        "skipped_count": task.skipped_count,
        "failed_count": task.failed_count,
        "passed_count": task.passed_count,
        "score": task.mean,
        "confidence_interval": summary.get("confidence_interval"),
        "pass_rate": summary.get("pass_rate"),
        "counts": summary.get("counts"),
    }
