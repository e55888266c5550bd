"""Annotation tasks: a human verdict that is wanted, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AnnotationStatus = Literal["pending", "completed"]


@dataclass(frozen=True, slots=True)
class AnnotationTask:
    """One row that a human evaluator of a report waits for."""

    id: str
    eval_report_id: str
    dataset_id: str
    log_id: str
    evaluator_id: str
    evaluator_slug: str
    status: AnnotationStatus
    created_at: datetime
    completed_at: datetime | None = None
    completed_by: str | None = None
