"""Annotation tasks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from assay.model.annotation import AnnotationTask


class AnnotationTaskOut(BaseModel):
    """A verdict that is wanted of a person; `url` reads the row, `scores_url` takes the verdict."""

    id: str
    eval_report_id: str
    dataset_id: str
    log_id: str
    evaluator_id: str
    evaluator_slug: str
    status: str
    created_at: datetime
    completed_at: datetime | None
    completed_by: str | None
    url: str
    scores_url: str


class AnnotationStatusBody(BaseModel):
    """Whether people are done with a row."""

    status: Literal["pending", "completed"]


def task_out(task: AnnotationTask, origin: str) -> dict[str, Any]:
    """Return a task with the links to its row, below the origin of the request (`https://host`)."""
    return {
        "id": task.id,
        "eval_report_id": task.eval_report_id,
        "dataset_id": task.dataset_id,
        "log_id": task.log_id,
        "evaluator_id": task.evaluator_id,
        "evaluator_slug": task.evaluator_slug,
        "status": task.status,
        "created_at": task.created_at,
        "completed_at": task.completed_at,
        "completed_by": task.completed_by,
        "url": f"{origin}/api/datasets/{task.dataset_id}/logs/{task.log_id}/",
        "scores_url": f"{origin}/api/logs/{task.log_id}/scores/",
    }
