"""Number of characters of the output: the evaluator of the tutorial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import BuiltinEvaluator
from assay.evaluators.json_values import dump_json
from assay.model.evaluator import EvaluatorInputs, ScoreRange, Verdict


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Verdict:
    """Count Unicode code points of a string output, or of the JSON text of any other output, null too."""
    output = inputs.output
    return Verdict(len(output if isinstance(output, str) else dump_json(output)))


EVALUATOR = BuiltinEvaluator(
    slug="char_count_eval",
    name="Character count",
    description="Number of Unicode code points of the output; of its JSON text when the output is not a string.",
    eval_class="output_char_count",
    score_value_type="numerical",
    evaluate=evaluate,
    direction="none",
    score_range=ScoreRange(0, None, "characters"),
)
