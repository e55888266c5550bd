"""When a score passes: the rule of an evaluator version as a function of the score's values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from assay.evaluators.scale import CHOICE_TYPES, choices_of, finite_number
from assay.filters.expression import And, Condition, Expression, Field, Not, Or
from assay.filters.fields import SCORE_VALUE_FIELDS
from assay.filters.match import matches
from assay.filters.operators import Kind
from assay.filters.parse import parse_filters
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorVersion, PassRule
from assay.model.score import ScoreValues

PassCheck = Callable[[ScoreValues], bool | None]
PrimaryNumber = Callable[[ScoreValues], float | None]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
}
_CHOSEN = Field("scores", ("categorical_value",))


def pass_check(version: EvaluatorVersion) -> PassCheck:
    """Make the function from the values of a score to whether it passes; None where nobody said what passing is.

    The first that is given decides: `passing_conditions` (a filter over `primary_score` and the value columns), the
    legacy `configurations.passing_score` (a number passes from there on), `pass_rule`; without any, a boolean passes
    when it is true. A number that the score lacks does not pass.

    Raises Invalid naming `passing_conditions.<field>`, `configurations.passing_score` or what `choices_of` names.
    """
    if version.passing_conditions:
        return _conditions_check(version)
    primary = primary_number(version)
    is_boolean = version.score_value_type == "boolean"
    passing_score = version.configurations.get("passing_score")
    # Forms send a passing score with every type; only a number, of its own or of a choice, can reach it.
    if passing_score is not None and not is_boolean and primary is not _no_number:
        threshold = finite_number(passing_score, "configurations.passing_score")
        return _rule_check(PassRule("gte", threshold), primary)
    if version.pass_rule is not None:
        return _rule_check(version.pass_rule, primary)
    if is_boolean:
        return _boolean_value
    return _nobody_said


def primary_number(version: EvaluatorVersion) -> PrimaryNumber:
    """Make the function from the values of a score to the one number that stands for it, None where there is none.

    A number is itself, a boolean 1 or 0. Choices are the mean of their values when each chosen one has a number (or
    boolean) as its value. Text and JSON have no number. Raises what `choices_of` raises.
    """
    match version.score_value_type:
        case "numerical" | "percentage":
            return _numerical_value
        case "boolean":
            return _boolean_number
        case "single_select" | "multi_select" | "categorical":
            numbers = {
                choice.name: float(choice.value)
                for choice in choices_of(version)
                if not isinstance(choice.value, str) and math.isfinite(choice.value)
            }
            return _choice_number(numbers) if numbers else _no_number
        case "text" | "comment" | "json":
            return _no_number


def _numerical_value(values: ScoreValues) -> float | None:
    return values.numerical_value


def _boolean_value(values: ScoreValues) -> bool | None:
    return values.boolean_value


def _boolean_number(values: ScoreValues) -> float | None:
    return None if values.boolean_value is None else float(values.boolean_value)


def _no_number(values: ScoreValues) -> float | None:
    return None


def _nobody_said(values: ScoreValues) -> bool | None:
    # The contract's `is_passed` shows false for it, our own views show nothing.
    return None


def _choice_number(numbers: dict[str, float]) -> PrimaryNumber:
    def read(values: ScoreValues) -> float | None:
        chosen = values.categorical_value
        if not chosen or not all(name in numbers for name in chosen):
            return None
        return math.fsum(numbers[name] for name in chosen) / len(chosen)

    return read


def _rule_check(rule: PassRule, primary: PrimaryNumber) -> PassCheck:
    compare, threshold = _COMPARISONS[rule.operator], rule.threshold
    if primary is _numerical_value:
        # The way of every built-in with a rule: one call less a cell.
        return lambda values: values.numerical_value is not None and compare(values.numerical_value, threshold)

    def check(values: ScoreValues) -> bool:
        number = primary(values)
        return number is not None and compare(number, threshold)

    return check


def _conditions_check(version: EvaluatorVersion) -> PassCheck:
    primary = primary_number(version)
    kind, conditions = _parse(version, _primary_kinds(version, primary))
    read_primary = _primary_reader(kind, version, primary)
    chosen_names = {"categorical_value"}
    if kind == "text" and version.score_value_type in CHOICE_TYPES:
        chosen_names.add("primary_score")
    conditions = _on_choices(conditions, chosen_names)

    def check(values: ScoreValues) -> bool:
        chosen = values.categorical_value
        return matches(
            conditions,
            {
                "primary_score": read_primary(values),
                "numerical_value": values.numerical_value,
                "boolean_value": values.boolean_value,
                "string_value": values.string_value,
                "scores": {"categorical_value": None if chosen is None else list(chosen)},
            },
        )

    return check


def _primary_kinds(version: EvaluatorVersion, primary: PrimaryNumber) -> Sequence[Kind]:
    """Return how `primary_score` may be read, the most natural first: a choice by its number or by its name."""
    match version.score_value_type:
        case "boolean":
            return ("boolean", "number")
        case "text" | "comment":
            return ("text",)
        case "single_select" | "multi_select" | "categorical":
            return ("text",) if primary is _no_number else ("number", "text")
        case "numerical" | "percentage" | "json":
            return ("number",)


def _parse(version: EvaluatorVersion, kinds: Sequence[Kind]) -> tuple[Kind, Expression]:
    errors: list[Invalid] = []
    for kind in kinds:
        try:
            return kind, parse_filters(version.passing_conditions, SCORE_VALUE_FIELDS[kind], unknown="error")
        except Invalid as error:
            errors.append(error)
    fields = {f"passing_conditions{name.removeprefix('filters')}": texts for name, texts in errors[0].fields.items()}
    raise Invalid(fields=fields)


def _primary_reader(kind: Kind, version: EvaluatorVersion, primary: PrimaryNumber) -> Callable[[ScoreValues], Any]:
    if kind == "text":
        return lambda values: values.string_value
    if version.score_value_type == "boolean":
        # True is 1 to Python, so that `gte 1` and `true` both find it.
        return _boolean_value
    return _numerical_value if version.score_value_type == "json" else primary


def _on_choices(expression: Expression, names: set[str]) -> Expression:
    """Let the conditions on `names` test the chosen names one by one, as filters test the choices of a score."""
    match expression:
        case Condition():
            is_chosen = expression.field.name in names
            return Condition(_CHOSEN, expression.operator, expression.values) if is_chosen else expression
        case Not():
            return Not(_on_choices(expression.child, names))
        case And():
            return And(tuple(_on_choices(child, names) for child in expression.children))
        case Or():
            return Or(tuple(_on_choices(child, names) for child in expression.children))
