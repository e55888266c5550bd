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
# How a version comes to its verdict, and what a run may ask for: `auto` is what the version has.
Method = Literal["llm", "code", "builtin", "human"]
GenerationMethod = Literal["auto", "llm", "code"]


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
class Choice:
    """One category that an evaluator may choose; a number as its value feeds pass rules and order."""

    name: str
    value: str | float | bool


@dataclass(frozen=True, slots=True)
class PassRule:
    """When a numeric score passes: `operator` is one of gt, gte, lt, lte, eq."""

    operator: Literal["gt", "gte", "lt", "lte", "eq"]
    threshold: float


@dataclass(frozen=True, slots=True)
class EvaluatorVersion:
    """One definition of an evaluator: everything a run pins. A version that is not read-only is a draft.

    `parameters` configures a built-in named by `eval_class`. `llm_config`, `code_config`, `score_config`,
    `passing_conditions` and the older `configurations` are JSON objects as the client sent them; `categorical_choices`
    are the categories from wherever they were written.
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
    llm_config: Mapping[str, Any] | None = None
    code_config: Mapping[str, Any] | None = None
    score_config: Mapping[str, Any] | None = None
    passing_conditions: Mapping[str, Any] | None = None
    configurations: Mapping[str, Any] = field(default_factory=dict)
    categorical_choices: tuple[Choice, ...] = ()
    custom_required_fields: tuple[str, ...] = ()
    is_read_only: bool = True
    version_description: str = ""
    created_at: datetime | None = None
    created_by: str = ""

    def method(self, asked: GenerationMethod = "auto") -> Method | None:
        """Return how this version judges when a run asks so: None when it lacks what was asked for."""
        has_model = bool(self.llm_config) or (self.type == "llm" and bool(self.configurations))
        has_code = bool(self.code_config) or (self.type == "code" and "eval_code_snippet" in self.configurations)
        if asked != "auto":
            return asked if (has_model if asked == "llm" else has_code) else None
        if self.llm_config:
            return "llm"
        if self.code_config:
            return "code"
        if has_model or has_code:
            return "llm" if has_model else "code"
        return "human" if self.type == "human" else "builtin"


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
