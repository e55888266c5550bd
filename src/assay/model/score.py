"""Scores: stored verdicts, in the typed columns of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ScoreStatus = Literal["scored", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class ScoreValues:
    """The value of a score in the column of its type; exactly one is set on a scored cell, none otherwise.

    `numerical_value` is finite; `categorical_value` lists choice names; `json_value` is JSON text.
    """

    numerical_value: float | None = None
    boolean_value: bool | None = None
    string_value: str | None = None
    categorical_value: tuple[str, ...] | None = None
    json_value: str | None = None

    @property
    def primary(self) -> Any:
        """The one value that is set, or None."""
        for value in (self.numerical_value, self.boolean_value, self.string_value, self.categorical_value):
            if value is not None:
                return list(value) if isinstance(value, tuple) else value
        return self.json_value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one cell: scored with values, skipped with a reason, or failed with its error's kind and text."""

    status: ScoreStatus
    values: ScoreValues = ScoreValues()
    is_passed: bool | None = None
    explanation: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    attempts: int = 1
    cost_usd: float = 0.0
    latency_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """The current verdict of one evaluator on one log."""

    id: str
    log_id: str
    dataset_id: str | None
    evaluator_id: str | None
    evaluator_slug: str
    evaluator_name: str
    evaluator_type: str
    score_value_type: str
    status: ScoreStatus
    values: ScoreValues
    is_passed: bool | None
    created_at: datetime
    environment: str
    explanation: str | None = None
    error_message: str | None = None
    cost_usd: float = 0.0
    eval_report_id: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreAggregate:
    """The scores of one evaluator over many rows: a mean for numbers, counts for booleans."""

    evaluator_id: str
    evaluator_slug: str
    evaluator_name: str
    score_value_type: str
    avg_score: float | None
    true_count: int | None
    false_count: int | None
