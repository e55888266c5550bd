"""Whether the output is a number close to the expected one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import (
    EXPECTED_OUTPUT_IS_MISSING,
    Answer,
    BuiltinEvaluator,
    Parameter,
    read_choice,
    read_not_negative,
)
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict

# No double needs more digits than this, and converting millions of them takes long.
MAXIMUM_NUMBER_CHARACTERS = 1_000
_NUMBER = re.compile(
    r"[-+]? (?: (?: \d{1,3}(?:,\d{3})+(?!\d) | \d+ ) (?:\.\d*)? | \.\d+ ) (?:[eE][-+]?\d+)?", re.ASCII | re.VERBOSE
)


def find_number(value: Any, *, in_text: bool = False) -> float | None:
    """Return the finite number that a JSON value is or that its text holds, or None.

    The text must be the number and nothing else; with `in_text` it is the last number in the text. Thousands may be
    separated by commas.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    text = row_text(value)
    if in_text:
        digits = ""
        for match in _NUMBER.finditer(text):
            digits = match.group()
    else:
        whole = _NUMBER.fullmatch(text.strip())
        digits = whole.group() if whole else ""
    if not 0 < len(digits) <= MAXIMUM_NUMBER_CHARACTERS:
        return None
    number = float(digits.replace(",", ""))
    return number if math.isfinite(number) else None


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Score true where |output - expected| <= max(relative_tolerance * |expected|, absolute_tolerance)."""
    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    expected = find_number(inputs.expected_output)
    if expected is None:
        return Skipped("expected_output is not a number")
    output = find_number(inputs.output, in_text=parameters["read"] == "last_number")
    if output is None:
        return Verdict(False, "the output is not a number")
    difference = abs(output - expected)
    allowed = max(parameters["relative_tolerance"] * abs(expected), parameters["absolute_tolerance"])
    return Verdict(difference <= allowed, f"difference {difference:g}, allowed {allowed:g}")


EVALUATOR = BuiltinEvaluator(
    slug="numeric_closeness",
    name="Numeric closeness",
    description="Whether the output is a number within a relative or absolute tolerance of expected_output.",
    eval_class="numeric_closeness",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(
        Parameter("relative_tolerance", "Allowed share of the expected number.", 1e-6, read_not_negative),
        Parameter("absolute_tolerance", "Allowed difference, for expected numbers near 0.", 0.0, read_not_negative),
        Parameter(
            "read",
            "The number in an output of text: whole (the text is the number) or last_number (the last one in it).",
            "whole",
            read_choice("whole", "last_number"),
        ),
    ),
)
