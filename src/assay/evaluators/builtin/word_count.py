"""Number of words of the output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import BuiltinEvaluator
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, ScoreRange, Verdict


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Verdict:
    """Count the runs of characters between Unicode white space in the output's text."""
    return Verdict(len(row_text(inputs.output).split()))


EVALUATOR = BuiltinEvaluator(
    slug="word_count",
    name="Word count",
    description="Number of words of the output, separated by white space.",
    eval_class="output_word_count",
    score_value_type="numerical",
    evaluate=evaluate,
    direction="none",
    score_range=ScoreRange(0, None, "words"),
)
