"""From an evaluator's answer to the outcome of its cell: the value in the column of its type, or why it failed."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from typing import Any

from assay.evaluators.contract import Answer, describe
from assay.model.evaluator import EvaluatorVersion, PassRule, ScoreRange, ScoreValueType, Skipped, Verdict
from assay.model.score import Outcome, ScoreValues

PERCENTAGE_RANGE = ScoreRange(0.0, 100.0, "%")

ReadAnswer = Callable[[Answer, float], Outcome]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
}


class WrongAnswer(ValueError):
    """The evaluator answered something that is not a value of its type; `kind` is the error kind of the cell."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def answer_reader(version: EvaluatorVersion) -> ReadAnswer:
    """Make the function from (answer, latency in seconds) to the outcome of a cell of this evaluator version.

    The function raises WrongAnswer where the answer is not a Verdict or Skipped, its value is of the wrong type, a
    number is not finite or lies outside the range of scores. Nothing is clamped.
    """
    read_value = _value_reader(version.score_value_type, version.score_range)
    is_boolean = version.score_value_type == "boolean"
    passes = _pass_check(version.pass_rule)

    def read(answer: Answer, latency_seconds: float) -> Outcome:
        if isinstance(answer, Verdict):
            values = read_value(answer.value)
            passed = answer.is_passed
            if passed is None:
                passed = values.boolean_value if is_boolean else passes(values.numerical_value)
            elif not isinstance(passed, bool):
                raise WrongAnswer("wrong_type", f"is_passed must be true, false or absent, not {describe(passed)}.")
            explanation = answer.explanation
            if explanation is not None:
                explanation = storable_message(explanation)
            return Outcome("scored", values, passed, explanation, latency_seconds=latency_seconds)
        if isinstance(answer, Skipped):
            return Outcome("skipped", explanation=storable_message(answer.reason), latency_seconds=latency_seconds)
        raise WrongAnswer("wrong_type", f"The evaluator must answer with a Verdict or Skipped, not {describe(answer)}.")

    return read


def _pass_check(rule: PassRule | None) -> Callable[[float | None], bool | None]:
    if rule is None:
        # Nobody said what passing is. The contract's `is_passed` shows false for it, our own views show nothing.
        return lambda value: None
    compare, threshold = _COMPARISONS[rule.operator], rule.threshold
    return lambda value: value is not None and compare(value, threshold)


def _value_reader(score_value_type: ScoreValueType, score_range: ScoreRange) -> Callable[[Any], ScoreValues]:
    match score_value_type:
        case "numerical":
            return _number_reader(score_range)
        case "percentage":
            return _number_reader(
                ScoreRange(
                    PERCENTAGE_RANGE.minimum if score_range.minimum is None else score_range.minimum,
                    PERCENTAGE_RANGE.maximum if score_range.maximum is None else score_range.maximum,
                    score_range.unit or PERCENTAGE_RANGE.unit,
                )
            )
        case "boolean":
            return _read_boolean
        case "text" | "comment":
            return _read_text
        case "json":
            return _read_json
        case "single_select" | "multi_select" | "categorical":
            return _choice_reader(score_value_type)


def _number_reader(score_range: ScoreRange) -> Callable[[Any], ScoreValues]:
    minimum = -math.inf if score_range.minimum is None else score_range.minimum
    maximum = math.inf if score_range.maximum is None else score_range.maximum
    unit = f" {score_range.unit}" if score_range.unit else ""

    def read(value: Any) -> ScoreValues:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongAnswer("wrong_type", f"The score must be a number, not {describe(value)}.")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise WrongAnswer("not_finite", f"The score must be a finite number, not {describe(value)}.")
        if not minimum <= number <= maximum:
            raise WrongAnswer(
                "out_of_range", f"The score {number!r} is outside its range, {minimum:g} to {maximum:g}{unit}."
            )
        return ScoreValues(number)

    return read


def _read_boolean(value: Any) -> ScoreValues:
    if not isinstance(value, bool):
        raise WrongAnswer("wrong_type", f"The score must be true or false, not {describe(value)}.")
    return ScoreValues(None, value)


def _read_text(value: Any) -> ScoreValues:
    if not isinstance(value, str):
        raise WrongAnswer("wrong_type", f"The score must be a string, not {describe(value)}.")
    return ScoreValues(string_value=_storable(value))


def _read_json(value: Any) -> ScoreValues:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise WrongAnswer("wrong_type", f"The score must be a JSON value: {error}.") from None
    return ScoreValues(json_value=_storable(text))


def _choice_reader(score_value_type: ScoreValueType) -> Callable[[Any], ScoreValues]:
    is_single = score_value_type == "single_select"

    def read(value: Any) -> ScoreValues:
        # One name is what a single-choice evaluator naturally answers.
        names = [value] if isinstance(value, str) and score_value_type != "multi_select" else value
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise WrongAnswer("wrong_type", f"The score must be a list of choice names, not {describe(value)}.")
        if is_single and len(names) != 1:
            raise WrongAnswer("wrong_type", f"The score must be exactly one choice name, not {len(names):,}.")
        return ScoreValues(categorical_value=tuple(_storable(name) for name in names))

    return read


def storable_message(text: str) -> str:
    """Return a message with what cannot be stored as text everywhere, lone surrogates and NUL, written as escapes."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise WrongAnswer(
            "wrong_type", f"The score has a lone surrogate at character {error.start:,}, which is no Unicode text."
        ) from None
    return text
