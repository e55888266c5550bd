"""Whether the output is the expected output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import (
    EXPECTED_OUTPUT_IS_MISSING,
    IGNORE_CASE,
    Answer,
    BuiltinEvaluator,
    Parameter,
    read_boolean,
)
from assay.evaluators.json_values import canonical_json
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, Verdict


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Compare the texts of output and expected output; values that are equal as JSON match whatever their key order."""
    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    output, expected = row_text(inputs.output), row_text(inputs.expected_output)
    if parameters["strip"]:
        output, expected = output.strip(), expected.strip()
    if parameters["ignore_case"]:
        output, expected = output.casefold(), expected.casefold()
    if output == expected:
        return Verdict(True)
    if isinstance(inputs.output, str) or isinstance(inputs.expected_output, str):
        return Verdict(False)
    return Verdict(canonical_json(inputs.output) == canonical_json(inputs.expected_output))


EVALUATOR = BuiltinEvaluator(
    slug="exact_match",
    name="Exact match",
    description="Whether the output equals expected_output: as text, or as JSON when both are JSON values.",
    eval_class="exact_match",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(
        IGNORE_CASE,
        Parameter("strip", "Leave white space at both ends out of the comparison.", False, read_boolean),
    ),
)
