"""From an evaluator's answer to the outcome of its cell: the value in the column of its type, or why it failed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from assay.evaluators.contract import Answer, describe
from assay.evaluators.passing import pass_check
from assay.evaluators.scale import choices_of, number_range
from assay.model.evaluator import EvaluatorVersion, ScoreRange, Skipped, Verdict
from assay.model.score import Outcome, ScoreValues

ReadAnswer = Callable[[Answer, float], Outcome]
ReadValue = Callable[[Any], ScoreValues]


class WrongAnswer(ValueError):
    """The evaluator answered something that is not a value of its type; `kind` is the error kind of the cell."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def answer_reader(version: EvaluatorVersion) -> ReadAnswer:
    """Make the function from (answer, latency in seconds) to the outcome of a cell of this evaluator version.

    The function raises WrongAnswer where the answer is not a Verdict or Skipped, its value is of the wrong type, a
    number is not finite or lies outside the range of scores, or a choice is none of the version's. Nothing is clamped.

    Raises Invalid where the scale or the pass rule of the version cannot be read.
    """
    read_value = value_reader(version)
    passes = pass_check(version)

    def read(answer: Answer, latency_seconds: float) -> Outcome:
        if isinstance(answer, Verdict):
            values = read_value(answer.value)
            passed = answer.is_passed
            if passed is None:
                passed = passes(values)
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


def value_reader(version: EvaluatorVersion) -> ReadValue:
    """Make the function from a JSON value to the column of the version's type; it raises WrongAnswer as above.

    Raises Invalid where the scale of the version cannot be read.
    """
    match version.score_value_type:
        case "numerical" | "percentage":
            return _number_reader(number_range(version))
        case "boolean":
            return _read_boolean
        case "text" | "comment":
            return _read_text
        case "json":
            return _read_json
        case "single_select" | "multi_select" | "categorical":
            return _choice_reader(version)


def _number_reader(score_range: ScoreRange) -> ReadValue:
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


def _choice_reader(version: EvaluatorVersion) -> ReadValue:
    is_single = version.score_value_type == "single_select"
    takes_one_name = version.score_value_type != "multi_select"
    known = {choice.name: None for choice in choices_of(version)}

    def read(value: Any) -> ScoreValues:
        # One name is what a single-choice evaluator naturally answers.
        names = [value] if isinstance(value, str) and takes_one_name else value
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise WrongAnswer("wrong_type", f"The score must be a list of choice names, not {describe(value)}.")
        if is_single and len(names) != 1:
            raise WrongAnswer("wrong_type", f"The score must be exactly one choice name, not {len(names):,}.")
        if known:
            for name in names:
                if name not in known:
                    raise unknown_choice(name, known)
        return ScoreValues(categorical_value=tuple(_storable(name) for name in names))

    return read


def unknown_choice(name: str, known: Iterable[str]) -> WrongAnswer:
    """Make the error for a name that is none of the choices, with the first 20 of those there are."""
    names = list(known)
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    listed = ", ".join(f'"{choice}"' for choice in names[:20])
    return WrongAnswer("unknown_choice", f"The choices are {listed}{more}, not {describe(name)}.")


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
