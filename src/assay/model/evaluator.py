"""Evaluators, what they get and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

EvaluatorType = Literal["llm", "human", "code"]
ScoreValueType = Literal[
    "numerical", "percentage", "boolean", "single_select", "multi_select", "text", "json", "categorical", "comment"
]
Direction = Literal["higher", "lower", "none"]


@dataclass(frozen=True, slots=True)
class EvaluatorInputs:
    """What an evaluator is given: JSON values, already decoded. `metrics` holds cost (USD), latency (s) and tokens."""

    input: Any = None
    output: Any = None
    expected_output: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evaluator answers: a value of its score type, and why.

    `value` is a number, a bool, a string, a list of choice names or any JSON value, as the evaluator's
    `score_value_type` says. `is_passed` overrides the evaluator's pass rule when the evaluator knows better.
    """

    value: Any
    explanation: str | None = None
    is_passed: bool | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An evaluator's own word that it does not apply to these inputs, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """The smallest and largest possible value; None where there is no bound. `unit` as people write it."""

    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class PassRule:
    """When a numeric score passes: `operator` is one of gt, gte, lt, lte, eq."""

    operator: Literal["gt", "gte", "lt", "lte", "eq"]
    threshold: float


@dataclass(frozen=True, slots=True)
class EvaluatorVersion:
    """One immutable definition of an evaluator: everything a run pins.

    `parameters` configures a built-in named by `eval_class`; `score_config`, `passing_conditions` and the others are
    kept as the client sent them (JSON text).
    """

    id: str
    number: int
    name: str
    type: EvaluatorType
    score_value_type: ScoreValueType
    eval_class: str
    description: str = ""
    direction: Direction = "higher"
    score_range: ScoreRange = ScoreRange()
    pass_rule: PassRule | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_read_only: bool = True
    version_description: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evaluator:
    """A named, versioned way to judge a log; `current` is the version that runs use unless another is named."""

    id: str
    organization_id: int
    slug: str
    current: EvaluatorVersion
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str
    starred: bool = False
    tags: tuple[str, ...] = ()
    is_builtin: bool = False
    version_count: int = 1
