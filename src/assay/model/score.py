"""Scores: stored verdicts, in the typed columns of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ScoreStatus = Literal["scored", "skipped", "failed"]

# Who gave a score through the API without saying a name; empty is a machine of ours.
API_SCORER = "api"


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
    """What became of one cell: scored with values, skipped with a reason, or failed with its error's kind and text.

    `cost_usd` None is a cost that nobody knows; tokens are None where no model was asked or none were told.
    """

    status: ScoreStatus
    values: ScoreValues = ScoreValues()
    is_passed: bool | None = None
    explanation: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    attempts: int = 1
    cost_usd: float | None = 0.0
    latency_seconds: float = 0.0
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class CellDetail:
    """How a cell came about: the messages sent and the raw reply of a judge, or what code printed."""

    messages: tuple[Mapping[str, Any], ...] = ()
    reply: str | None = None
    stdout: str | None = None
    model: str | None = None
    is_from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """The current verdict of one evaluator on one log.

    `scorer` is empty for a machine's verdict and names who gave it otherwise: both stand side by side. `original`
    holds what a corrected score said before its first correction.
    """

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
    cost_usd: float | None = 0.0
    eval_report_id: str | None = None
    scorer: str = ""
    prompt_id: str | None = None
    prompt_version_number: int | None = None
    automation_id: str | None = None
    updated_at: datetime | None = None
    original: ScoreValues | None = None
    corrected_by: str | None = None


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
