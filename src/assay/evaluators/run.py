"""Running an evaluator version on inputs: always an Outcome, never an exception, because in a run failure is data."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter

from assay.evaluators.contract import BuiltinEvaluator
from assay.evaluators.outcome import WrongAnswer, answer_reader, storable_message
from assay.evaluators.registry import builtin_evaluators, find_builtin
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion
from assay.model.score import Outcome

MAXIMUM_ERROR_CHARACTERS = 2_000

Evaluation = Callable[[EvaluatorInputs], Outcome]


def prepare(version: EvaluatorVersion) -> Evaluation:
    """Find the built-in evaluator of a version and return the function to run on each cell, as `bind` makes it.

    Raises Invalid naming `eval_class` where no built-in has it, and what `bind` raises.
    """
    builtin = find_builtin(version.eval_class)
    if builtin is None:
        known = ", ".join(builtin_evaluators())
        raise Invalid.field("eval_class", f'"{version.eval_class}" is no built-in evaluator; there are: {known}.')
    return bind(builtin, version)


def bind(builtin: BuiltinEvaluator, version: EvaluatorVersion) -> Evaluation:
    """Read the parameters and rules of a version once, and return the function to run on each cell.

    The returned function never raises an Exception: what goes wrong becomes a failed Outcome with the kind of error,
    its message (at most 2,000 characters) and the time it took. It holds no state and may be called from threads.

    Raises Invalid naming `score_value_type` where the evaluator answers another type, or the wrong parameters.
    """
    if version.score_value_type != builtin.score_value_type:
        raise Invalid.field(
            "score_value_type",
            f"{builtin.eval_class} answers {builtin.score_value_type} scores, not {version.score_value_type}.",
        )
    parameters = builtin.read_parameters(version.parameters)
    evaluate = builtin.evaluate
    read_answer = answer_reader(version)

    def evaluate_cell(inputs: EvaluatorInputs) -> Outcome:
        started = perf_counter()
        try:
            answer = evaluate(inputs, parameters)
            return read_answer(answer, perf_counter() - started)
        except Exception as error:  # one bad row must not hide the rest
            return failed_outcome(error, perf_counter() - started)

    return evaluate_cell


def failed_outcome(error: BaseException, latency_seconds: float = 0.0) -> Outcome:
    """Make the outcome of a cell whose evaluator raised: the kind of error in snake case and a bounded message."""
    kind = error.kind if isinstance(error, WrongAnswer) else _snake_case(type(error).__name__)
    if isinstance(error, RecursionError):
        message = "The inputs, or a definition that refers to itself, are nested too deeply to be evaluated."
    else:
        message = _message(error) or f"The evaluator raised {type(error).__name__} without a message."
    return Outcome("failed", error_kind=kind, error_message=message, latency_seconds=latency_seconds)


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # an exception class of a plug-in may break in its own __str__
        text = ""
    text = storable_message(text[: MAXIMUM_ERROR_CHARACTERS + 1])
    return text if len(text) <= MAXIMUM_ERROR_CHARACTERS else text[: MAXIMUM_ERROR_CHARACTERS - 1] + "…"


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
