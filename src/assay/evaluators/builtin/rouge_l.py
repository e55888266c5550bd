"""ROUGE-L of the output against the expected output.

Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1: longest common subsequence of words,
with the words of the original package (lower case, runs of a-z and 0-9, no stemming) and equal weight of precision
and recall. It agrees with rouge-score's rougeL, against which it is tested; rouge-score itself would bring nltk and
nine more packages. rapidfuzz finds the subsequence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.evaluators.contract import EXPECTED_OUTPUT_IS_MISSING, Answer, BuiltinEvaluator, Parameter, read_choice
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, ScoreRange, Skipped, Verdict

# The work grows with the product of the lengths in words; this much takes half a second.
MAXIMUM_COMPARISONS = 2_500_000_000

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class RougeL:
    """Precision, recall and their harmonic mean, each 0 to 1."""

    precision: float
    recall: float
    f1: float


def tokenize(text: str) -> list[str]:
    """Split text into lower-case runs of ASCII letters and digits."""
    return _WORD.findall(text.lower())


def rouge_l(output: list[str], expected: list[str]) -> RougeL:
    """Compare two lists of words by their longest common subsequence.

    Raises ValueError where the lists are too long to compare.
    """
    from rapidfuzz.distance import LCSseq

    if not output or not expected:
        return RougeL(0.0, 0.0, 0.0)
    if len(output) * len(expected) > MAXIMUM_COMPARISONS:
        raise ValueError(
            f"texts of {len(output):,} and {len(expected):,} words are too long to compare: the product of their "
            f"lengths may be at most {MAXIMUM_COMPARISONS:,}"
        )
    # Numbers for words: rapidfuzz would compare hashes, which are random and may collide.
    numbers: dict[str, int] = {}
    output_numbers = [numbers.setdefault(word, len(numbers)) for word in output]
    expected_numbers = [numbers.setdefault(word, len(numbers)) for word in expected]
    common = LCSseq.similarity(output_numbers, expected_numbers)
    precision, recall = common / len(output), common / len(expected)
    return RougeL(precision, recall, 2 * common / (len(output) + len(expected)))


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Score the text of the output against the text of the expected output."""
    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    expected = tokenize(row_text(inputs.expected_output))
    if not expected:
        return Skipped("expected_output has no words of the letters a-z and digits, the only ones that ROUGE knows")
    found = rouge_l(tokenize(row_text(inputs.output)), expected)
    return Verdict(getattr(found, parameters["measure"]), f"precision {found.precision:.4f}, recall {found.recall:.4f}")


EVALUATOR = BuiltinEvaluator(
    slug="rouge_l",
    name="ROUGE-L",
    description="Longest common subsequence of words with expected_output: F1, precision or recall.",
    eval_class="rouge_l",
    score_value_type="numerical",
    evaluate=evaluate,
    score_range=ScoreRange(0, 1, "ROUGE-L"),
    parameters=(
        Parameter("measure", "The score: f1, precision or recall.", "f1", read_choice("f1", "precision", "recall")),
    ),
)
