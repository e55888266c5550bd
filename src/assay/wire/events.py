"""Events on the wire: small, complete snapshots of reports and jobs that move, as Server-Sent Events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from assay.model.eval_report import EvalReport, EvalTask
from assay.model.job import Job
from assay.wire.codec import encode
from assay.wire.eval_reports import progress_out, public_status

# A comment (WHATWG HTML, "Server-sent events"): it keeps proxies and clients from taking the stream for dead.
HEARTBEAT = b": still here\n\n"
# What a client waits before it connects again.
GREETING = b": the stream begins\nretry: 2000\n\n"


def report_snapshot(report: EvalReport, at: datetime) -> dict[str, Any]:
    """Return what a progress display needs of a report."""
    return {
        "id": report.id,
        "dataset_id": report.dataset_id,
        "name": report.name,
        "status": public_status(report.status),
        "state": report.status,
        **progress_out(report),
        "failed_count": sum(task.failed_count for task in report.tasks),
        "awaited_count": report.awaited_count,
        "cost_usd": math.fsum(task.cost_usd for task in report.tasks),
        "unknown_cost_count": sum(task.unknown_cost_count for task in report.tasks),
        "evaluators": [_evaluator(report, task) for task in report.tasks],
        "is_cancel_requested": report.is_cancel_requested,
        "is_pause_requested": report.is_pause_requested,
        "cancel_reason": report.cancel_reason,
        "error_message": report.error_message,
        "started_at": report.started_at,
        "completed_at": report.completed_at,
        "eta_seconds": eta_seconds(report, at),
    }


def _evaluator(report: EvalReport, task: EvalTask) -> dict[str, Any]:
    return {
        "evaluator_slug": task.evaluator_slug,
        "finished_count": task.finished_count,
        "cell_count": report.log_count * report.trials_of(task),
        "failed_count": task.failed_count,
        "score": task.mean,
    }


def eta_seconds(report: EvalReport, at: datetime) -> float | None:
    """Return how long the machines of a running report still need at the pace that it had so far; None if unknown."""
    if report.status != "running" or report.started_at is None:
        return None
    by_machines = [task for task in report.tasks if task.method != "human"]
    finished = sum(task.finished_count for task in by_machines)
    left = sum(report.log_count * report.trials_of(task) for task in by_machines) - finished
    if finished == 0:
        return None
    return round((at - report.started_at).total_seconds() / finished * left, 1)


def job_snapshot(job: Job) -> dict[str, Any]:
    """Return what a progress display needs of a job."""
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "subject_id": job.subject_id,
        "done_count": job.done_count,
        "total_count": job.total_count,
        "error_message": job.error_message,
    }


def event(reports: Sequence[dict[str, Any]], jobs: Sequence[dict[str, Any]]) -> bytes:
    """Return one event named `progress`, whose data is a line of JSON."""
    return b"event: progress\ndata: " + encode({"reports": reports, "jobs": jobs}) + b"\n\n"
