"""The built-in evaluators, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assay.evaluators.builtin import (
    bleu,
    char_count,
    contains,
    cost_threshold,
    exact_match,
    json_schema,
    json_valid,
    latency_threshold,
    levenshtein,
    numeric_closeness,
    regex,
    rouge_l,
    tool_call_match,
    word_count,
)
from assay.evaluators.contract import BuiltinEvaluator

_ORDERED: tuple[BuiltinEvaluator, ...] = (
    char_count.EVALUATOR,
    word_count.EVALUATOR,
    exact_match.EVALUATOR,
    contains.EVALUATOR,
    regex.EVALUATOR,
    numeric_closeness.EVALUATOR,
    levenshtein.EVALUATOR,
    rouge_l.EVALUATOR,
    bleu.EVALUATOR,
    json_valid.EVALUATOR,
    json_schema.EVALUATOR,
    tool_call_match.EVALUATOR,
    latency_threshold.EVALUATOR,
    cost_threshold.EVALUATOR,
)
_BY_EVAL_CLASS: Mapping[str, BuiltinEvaluator] = MappingProxyType(
    {evaluator.eval_class: evaluator for evaluator in _ORDERED}
)


def builtin_evaluators() -> Mapping[str, BuiltinEvaluator]:
    """Return the built-in evaluators by `eval_class`, in the order in which to show them (read-only)."""
    return _BY_EVAL_CLASS


def find_builtin(eval_class: str) -> BuiltinEvaluator | None:
    """Return the built-in evaluator of an `eval_class`, or None."""
    return _BY_EVAL_CLASS.get(eval_class)
