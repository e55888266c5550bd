"""Whether the output holds the expected text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import EXPECTED_OUTPUT_IS_MISSING, IGNORE_CASE, Answer, BuiltinEvaluator
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Look for the text of the expected output in the text of the output."""
    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    output, expected = row_text(inputs.output), row_text(inputs.expected_output)
    if not expected:
        return Skipped("expected_output is empty, and every text holds the empty text")
    if parameters["ignore_case"]:
        output, expected = output.casefold(), expected.casefold()
    return Verdict(expected in output)


EVALUATOR = BuiltinEvaluator(
    slug="contains",
    name="Contains",
    description="Whether the text of expected_output occurs in the text of the output.",
    eval_class="contains",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(IGNORE_CASE,),
)
