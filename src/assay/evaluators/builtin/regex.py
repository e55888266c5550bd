"""Whether the output matches a regular expression, by RE2: linear time whatever the pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import re2

from assay.evaluators.contract import Answer, BuiltinEvaluator, Parameter, describe, read_boolean
from assay.evaluators.text import row_text
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict


def compile_pattern(pattern: str, *, ignore_case: bool = False) -> Any:
    """Compile an RE2 pattern; raises ValueError saying what is wrong with it."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"Not a pattern of RE2, which has no look-around or back-references: {text}.") from None
    except UnicodeEncodeError:
        raise ValueError("Not a regular expression of RE2: it has a lone surrogate.") from None


def _read_pattern(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"Must be a string, not {describe(value)}.")
    compile_pattern(value)
    return value


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Search the text of the output for the pattern; compiled patterns are kept by `re2`."""
    pattern = parameters["pattern"]
    if pattern is None:
        pattern = inputs.metadata.get("pattern")
        if pattern is None:
            return Skipped("there is no pattern: neither the parameter nor metadata.pattern is set")
        if not isinstance(pattern, str):
            raise ValueError(f"metadata.pattern must be a string, not {describe(pattern)}")
    compiled = compile_pattern(pattern, ignore_case=parameters["ignore_case"])
    find = compiled.fullmatch if parameters["full_match"] else compiled.search
    return Verdict(find(row_text(inputs.output)) is not None)


EVALUATOR = BuiltinEvaluator(
    slug="regex",
    name="Regular expression",
    description="Whether the text of the output matches an RE2 pattern: the parameter's, else metadata.pattern.",
    eval_class="regex",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(
        Parameter("pattern", "RE2 pattern; null takes each row's metadata.pattern.", None, _read_pattern),
        Parameter("ignore_case", "Match without regard to upper and lower case.", False, read_boolean),
        Parameter("full_match", "The whole output must match, not a part of it.", False, read_boolean),
    ),
)
