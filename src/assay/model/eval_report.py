"""Eval reports: chosen evaluator versions over one dataset version, in cells of log x evaluator x trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from assay.model.evaluator import EvaluatorVersion
from assay.model.log import LogContent
from assay.model.score import Outcome

ReportStatus = Literal["pending", "running", "completed", "failed", "cancelled"]

FINISHED: tuple[ReportStatus, ...] = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class EvalTask:
    """One evaluator's part of a report: its pinned version, how far it is, and its summary once it is finished.

    `ordinal` is its column in the report's cells. `mean` is of numeric scores, booleans counting 0 and 1.
    """

    id: str
    ordinal: int
    evaluator_id: str
    evaluator_slug: str
    version: EvaluatorVersion
    scored_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    mean: float | None = None
    passed_count: int = 0
    summary: Mapping[str, Any] | None = None

    @property
    def finished_count(self) -> int:
        """Cells with a final state."""
        return self.scored_count + self.skipped_count + self.failed_count


@dataclass(frozen=True, slots=True)
class EvalReport:
    """A run and its results; `log_count` is the number of rows of the pinned dataset version."""

    id: str
    organization_id: int
    environment: str
    dataset_id: str
    dataset_version: int
    name: str
    status: ReportStatus
    log_count: int
    tasks: tuple[EvalTask, ...]
    created_at: datetime
    updated_at: datetime
    created_by: str
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error_message: str | None = None
    is_cancel_requested: bool = False
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cell_count(self) -> int:
        """All cells of the report."""
        return self.log_count * len(self.tasks)

    @property
    def finished_count(self) -> int:
        """Cells with a final state."""
        return sum(task.finished_count for task in self.tasks)


@dataclass(frozen=True, slots=True)
class RowToJudge:
    """What evaluators need of a row: its content, and the measurements that were lifted from it into columns."""

    id: str
    sequence: int
    content: LogContent
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CellResult:
    """One finished cell: the row revision and the task it belongs to, and what became of it."""

    log_sequence: int
    log_id: str
    ordinal: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of a report for reading: the dataset row and its outcomes by evaluator slug."""

    log_id: str
    log_sequence: int
    outcomes: Mapping[str, Outcome]
