"""The demo's evaluators: a judge that answers from a script, code in the sandbox, and one that is built in.

The code has a fault on purpose, of the kind that real ones have: it divides by zero for a few titles.
"""

from __future__ import annotations

from typing import Any

BUILT_IN = "exact_match"
JUDGE: dict[str, Any] = {
    "evaluator_slug": "demo_plausible",
    "type": "llm",
    "description": "Made by `assay demo`. Answers from a script: no model is asked, and its scores mean nothing.",
    "score_value_type": "numerical",
    "score_config": {"min_score": 1, "max_score": 5},
    "passing_conditions": {"primary_score": {"operator": "gte", "value": 4}},
    "llm_config": {
        "model": "scripted",
        "evaluator_definition": (
            "The job title is {{metadata.job_title}}. The answer is {{output}}. "
            "How plausible is it that somebody with this title works in this occupation?"
        ),
        "scoring_rubric": "1: impossible. 3: possible. 5: the obvious occupation.",
    },
}
CODE: dict[str, Any] = {
    "evaluator_slug": "demo_shared_words",
    "type": "code",
    "description": "Made by `assay demo`. The share of a title's words that stand in the answer; it has a fault.",
    "score_value_type": "numerical",
    "score_config": {"min_score": 0, "max_score": 1},
    "code_config": {
        "eval_code_snippet": """import re


def main(eval_inputs):
    title = eval_inputs["metadata"]["job_title"].lower()
    words = re.findall("[a-z]{6,}", title)
    answer = eval_inputs["output"].lower()
    # Titles such as "Buyer" or "HR Rep" have no word of six letters: this fails for them.
    return sum(word in answer for word in words) / len(words)
"""
    },
}
NAMES = {"demo_plausible": "Plausible occupation", "demo_shared_words": "Words of the title"}
