"""Whether the output is valid JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import BuiltinEvaluator, Parameter, read_choice
from assay.evaluators.json_values import NotJson, check_json
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, Verdict

_TYPES: dict[str, type] = {"object": dict, "array": list}


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Verdict:
    """Check the text of the output against RFC 8259; an output that is no text is JSON already."""
    try:
        found = check_json(row_text(inputs.output))
    except NotJson as error:
        return Verdict(False, f"the output is not JSON: {error}")
    wanted = _TYPES.get(parameters["required_type"])
    if wanted is not None and found is not wanted:
        return Verdict(False, f"the output is JSON but not an {parameters['required_type']}")
    return Verdict(True)


EVALUATOR = BuiltinEvaluator(
    slug="json_valid",
    name="Valid JSON",
    description="Whether the text of the output is JSON (RFC 8259; NaN and Infinity are not).",
    eval_class="json_valid",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(
        Parameter(
            "required_type",
            "What the JSON must be: any, object or array.",
            "any",
            read_choice("any", "object", "array"),
        ),
    ),
)
