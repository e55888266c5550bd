"""Two evaluators of good manners, and one thing that is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import assay


def read_words(value: Any) -> tuple[str, ...]:
    """Read a list of words."""
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise ValueError("Must be a list of words.")
    return tuple(word.casefold() for word in value)


WORDS = assay.Parameter("words", "What counts as polite.", ["please", "thank"], read_words)


@assay.evaluator("says_please", score_value_type="boolean", parameters=[WORDS])
def says_please(inputs: assay.EvaluatorInputs, parameters: Mapping[str, Any]) -> assay.Verdict | assay.Skipped:
    """Whether the output has a polite word."""
    if not isinstance(inputs.output, str):
        return assay.Skipped("the output is no text")
    found = [word for word in parameters["words"] if word in inputs.output.casefold()]
    return assay.Verdict(bool(found), f"found: {', '.join(found) or 'nothing'}")


@assay.evaluator("exclamation_marks", score_value_type="numerical", direction="lower")
def exclamation_marks(inputs: assay.EvaluatorInputs, parameters: Mapping[str, Any]) -> float:
    """How many exclamation marks the output has."""
    return float(inputs.output.count("!"))


EVALUATORS = [says_please, exclamation_marks]
NOT_AN_EVALUATOR = "a text"
