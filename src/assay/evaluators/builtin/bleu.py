"""Sentence BLEU of the output against the expected output.

Papineni, Roukos, Ward and Zhu 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation", with the
tokens of mteval-v13a (NIST 2009), smoothing 3 (exponential) of Chen and Cherry 2014, "A Systematic Comparison of
Smoothing Techniques for Sentence-Level BLEU", and the highest n-gram order that the output has ("effective order",
Post 2018, "A Call for Clarity in Reporting BLEU Scores"). It agrees with sacrebleu's sentence_bleu, against which it
is tested; sacrebleu itself would bring lxml and five more packages.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import EXPECTED_OUTPUT_IS_MISSING, IGNORE_CASE, Answer, BuiltinEvaluator
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, ScoreRange, Skipped, Verdict

HIGHEST_ORDER = 4
# Far beyond any sentence; counting the n-grams of this many takes about a second.
MAXIMUM_CHARACTERS = 1_000_000

# mteval-v13a sets ASCII punctuation apart; apostrophe, comma, hyphen and full stop depend on their neighbours.
_APART = str.maketrans({mark: f" {mark} " for mark in '!"#$%&()*+/:;<=>?@[\\]^_`{|}~'})
_POINT_NOT_AFTER_DIGIT = re.compile(r"([^0-9])([.,])")
_POINT_NOT_BEFORE_DIGIT = re.compile(r"([.,])([^0-9])")
_HYPHEN_AFTER_DIGIT = re.compile(r"([0-9])(-)")


def tokenize_13a(text: str) -> list[str]:
    """Split text into tokens as mteval-v13a does for Western languages."""
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(entity, character)
    text = f" {text} ".translate(_APART)
    text = _POINT_NOT_AFTER_DIGIT.sub(r"\1 \2 ", text)
    text = _POINT_NOT_BEFORE_DIGIT.sub(r" \1 \2", text)
    return _HYPHEN_AFTER_DIGIT.sub(r"\1 \2 ", text).split()


def sentence_bleu(output: list[str], expected: list[str]) -> float:
    """Return BLEU of one sentence of tokens against one reference, 0 to 100."""
    log_precisions: list[float] = []
    has_match = False
    smoothing = 1.0
    for order in range(1, min(HIGHEST_ORDER, len(output)) + 1):
        found, wanted = _count_ngrams(output, order), _count_ngrams(expected, order)
        matches = sum((found & wanted).values())
        total = len(output) - order + 1
        if matches:
            has_match = True
            log_precisions.append(math.log(matches / total))
        else:
            smoothing *= 2
            log_precisions.append(-math.log(smoothing * total))
    if not has_match:
        return 0.0
    penalty = math.exp(1 - len(expected) / len(output)) if len(output) < len(expected) else 1.0
    # Rounding alone may carry a perfect score past 100.
    return min(100.0, 100.0 * penalty * math.exp(math.fsum(log_precisions) / len(log_precisions)))


def _count_ngrams(tokens: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Score the text of the output against the text of the expected output.

    Raises ValueError where one of them is too long to be a sentence.
    """
    if inputs.expected_output is None:
        return EXPECTED_OUTPUT_IS_MISSING
    output, expected = row_text(inputs.output), row_text(inputs.expected_output)
    if max(len(output), len(expected)) > MAXIMUM_CHARACTERS:
        raise ValueError(
            f"texts of {len(output):,} and {len(expected):,} characters are too long for BLEU: each may have at most "
            f"{MAXIMUM_CHARACTERS:,}"
        )
    if parameters["ignore_case"]:
        output, expected = output.lower(), expected.lower()
    reference = tokenize_13a(expected)
    if not reference:
        return Skipped("expected_output has no words")
    return Verdict(sentence_bleu(tokenize_13a(output), reference))


EVALUATOR = BuiltinEvaluator(
    slug="bleu",
    name="BLEU",
    description="Sentence BLEU against expected_output (13a tokens, exponential smoothing, effective order).",
    eval_class="bleu",
    score_value_type="numerical",
    evaluate=evaluate,
    score_range=ScoreRange(0, 100, "BLEU points"),
    parameters=(IGNORE_CASE,),
)
