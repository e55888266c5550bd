"""Similarity of the output to the expected output by edit distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import EXPECTED_OUTPUT_IS_MISSING, IGNORE_CASE, Answer, BuiltinEvaluator
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, ScoreRange, Verdict

# The work grows with the product of the lengths; this much takes half a second.
MAXIMUM_COMPARISONS = 2_500_000_000


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Return 1 - d / max(length), d the Levenshtein distance in code points (Levenshtein 1966); 1 for equal texts.

    Raises ValueError where the texts are too long to compare.
    """
    from rapidfuzz.distance import Levenshtein

    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    output, expected = row_text(inputs.output), row_text(inputs.expected_output)
    if parameters["ignore_case"]:
        output, expected = output.casefold(), expected.casefold()
    if output == expected:
        return Verdict(1.0)
    if len(output) * len(expected) > MAXIMUM_COMPARISONS:
        raise ValueError(
            f"texts of {len(output):,} and {len(expected):,} characters are too long to compare: the product of "
            f"their lengths may be at most {MAXIMUM_COMPARISONS:,}"
        )
    return Verdict(Levenshtein.normalized_similarity(output, expected))


EVALUATOR = BuiltinEvaluator(
    slug="levenshtein",
    name="Levenshtein similarity",
    description="1 minus the edit distance to expected_output, divided by the length of the longer text.",
    eval_class="levenshtein",
    score_value_type="numerical",
    evaluate=evaluate,
    score_range=ScoreRange(0, 1, "similarity"),
    parameters=(IGNORE_CASE,),
)
