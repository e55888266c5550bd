"""Eval reports: chosen evaluator versions over one dataset version, in cells of log x evaluator x trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from assay.model.evaluator import EvaluatorVersion, GenerationMethod, Method
from assay.model.log import LogContent
from assay.model.score import CellDetail, Outcome

ReportStatus = Literal["pending", "running", "paused", "waiting_for_annotations", "completed", "failed", "cancelled"]
CancelReason = Literal["request", "budget"]

FINISHED: tuple[ReportStatus, ...] = ("completed", "failed", "cancelled")
MOST_TRIALS = 20


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run was asked for beside its evaluators.

    `trials` repeats each cell; `budget_usd` stops it; `max_concurrency` bounds its model calls in flight;
    `is_cached` lets equal judge calls share one answer; `cluster_by` is the metadata path whose equal values make
    rows belong together; `seed` drives what is drawn at random in its statistics.
    """

    trials: int = 1
    budget_usd: float | None = None
    max_concurrency: int = 64
    is_cached: bool = False
    cluster_by: str | None = None
    generation_method: GenerationMethod = "auto"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EvalTask:
    """One evaluator's part of a report: its pinned version, how far it is, and its summary once it is finished.

    `ordinal` is its column in the report's cells. `mean` is of numeric scores, booleans counting 0 and 1.
    `cost_usd` sums the known costs of its cells, `unknown_cost_count` counts the others.
    """

    id: str
    ordinal: int
    evaluator_id: str
    evaluator_slug: str
    version: EvaluatorVersion
    method: Method = "builtin"
    scored_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    mean: float | None = None
    passed_count: int = 0
    cost_usd: float = 0.0
    unknown_cost_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    summary: Mapping[str, Any] | None = None

    @property
    def finished_count(self) -> int:
        """Cells with a final state."""
        return self.scored_count + self.skipped_count + self.failed_count


@dataclass(frozen=True, slots=True)
class EvalReport:
    """A run and its results; `log_count` is the number of rows of the pinned dataset version.

    `estimate` is what the pilot of a run with models said: cost in USD and seconds for all cells.
    """

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
    settings: RunSettings = RunSettings()
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error_message: str | None = None
    is_cancel_requested: bool = False
    is_pause_requested: bool = False
    cancel_reason: CancelReason | None = None
    estimate: Mapping[str, Any] | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def trials_of(self, task: EvalTask) -> int:
        """Return how often each row is judged by a task: people are asked once."""
        return 1 if task.method == "human" else self.settings.trials

    @property
    def cell_count(self) -> int:
        """All cells of the report."""
        return self.log_count * sum(self.trials_of(task) for task in self.tasks)

    @property
    def finished_count(self) -> int:
        """Cells with a final state."""
        return sum(task.finished_count for task in self.tasks)

    @property
    def awaited_count(self) -> int:
        """Cells that people have not answered yet."""
        return sum(self.log_count - task.finished_count for task in self.tasks if task.method == "human")


@dataclass(frozen=True, slots=True)
class RowToJudge:
    """What evaluators need of a row: its content, and the measurements that were lifted from it into columns.

    `damage` says why the stored content cannot be read; it is empty then.
    """

    id: str
    sequence: int
    content: LogContent
    metrics: Mapping[str, float]
    damage: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of a verdict in a report: the task and the trial, of some row."""

    ordinal: int
    trial: int = 0


@dataclass(frozen=True, slots=True)
class CellResult:
    """One finished cell: the row revision and the task it belongs to, and what became of it."""

    log_sequence: int
    log_id: str
    ordinal: int
    outcome: Outcome
    trial: int = 0
    detail: CellDetail | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """What a running report is to do next, as its store says it now."""

    status: ReportStatus
    is_cancel_requested: bool
    is_pause_requested: bool
    finished_count: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of a report for reading: the dataset row and its outcomes by evaluator slug, in the order of trials."""

    log_id: str
    log_sequence: int
    outcomes: Mapping[str, Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class TaskCells:
    """The finished cells of one task as columns of equal length, in row order: what its statistics are made of.

    `value` is the number of a numeric score, 0 or 1 of a boolean one, the number of a choice that has one, else None;
    `categories` the chosen names.
    """

    log_id: Sequence[str] = ()
    log_sequence: Sequence[int] = ()
    trial: Sequence[int] = ()
    status: Sequence[str] = ()
    value: Sequence[float | None] = ()
    categories: Sequence[Sequence[str] | None] = ()
    is_passed: Sequence[bool | None] = ()
    cost_usd: Sequence[float | None] = ()
    latency_seconds: Sequence[float] = ()
    input_tokens: Sequence[int | None] = ()
    output_tokens: Sequence[int | None] = ()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report as a line of a list over many datasets: without its manifest, with the name of its dataset."""

    report: EvalReport
    dataset_name: str


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows of a report did not pass or failed (`failures`), failed (`errors`), are not finished (`pending`).

    A row counts once, however many of its cells it is for; `skipped` are rows with a skipped cell.
    """

    failures: int = 0
    errors: int = 0
    pending: int = 0
    skipped: int = 0
