"""Code evaluators: rows for the sandbox, and from what the user's function returned to outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.evaluators.contract import Answer, describe
from assay.evaluators.json_values import dump_json
from assay.evaluators.outcome import ReadAnswer, WrongAnswer, answer_reader, storable_message
from assay.evaluators.run import failed_outcome
from assay.evaluators.sandbox.pool import SandboxPool
from assay.evaluators.sandbox.protocol import RowResult
from assay.evaluators.sandbox.source_check import SOURCE_FIELD
from assay.evaluators.text import row_text
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, ScoreValueType, Skipped, Verdict
from assay.model.score import Outcome

_NUMBER = ("primary_score", "numerical_value", "score")
_CHOICES = ("categorical_value", "string_value", "score")
# Under which names an object carries the value of each type, the first that is there: api.md 18, the columns of a
# score, and `score`, which judges and people write.
_VALUE_NAMES: Mapping[ScoreValueType, tuple[str, ...]] = {
    "numerical": _NUMBER,
    "percentage": _NUMBER,
    "boolean": ("boolean_value", "score"),
    "text": ("string_value", "score"),
    "comment": ("string_value", "score"),
    "single_select": _CHOICES,
    "multi_select": _CHOICES,
    "categorical": _CHOICES,
    "json": ("json_value",),
}
_SKIPPING_NAMES = frozenset({"skipped", "explanation", "reasoning"})


def source_of(version: EvaluatorVersion) -> str:
    """Return the source of a code evaluator, from its code_config or the older configurations.

    Raises Invalid naming `code_config.eval_code_snippet` where it has none.
    """
    for configuration in (version.code_config, version.configurations):
        source = (configuration or {}).get("eval_code_snippet")
        if isinstance(source, str):
            return source
    raise Invalid.field(SOURCE_FIELD, "This evaluator has no code: it must be a string of Python source.")


def rows_of(inputs: Sequence[EvaluatorInputs]) -> list[bytes]:
    """Write the eval_inputs of each row as the JSON object that the user's function gets.

    `llm_input` and `llm_output`, the text of input and output, are left to the sandbox where these are text already.
    """
    return [_row_of(each) for each in inputs]


def _row_of(inputs: EvaluatorInputs) -> bytes:
    row: dict[str, Any] = {
        "input": inputs.input,
        "output": inputs.output,
        "expected_output": inputs.expected_output,
        "metadata": dict(inputs.metadata),
        "metrics": dict(inputs.metrics),
    }
    for name, value in (("llm_input", inputs.input), ("llm_output", inputs.output)):
        if not isinstance(value, str):
            row[name] = row_text(value)
    return dump_json(row).encode("utf-8", "surrogatepass")


def answer_of(version: EvaluatorVersion, value: Any) -> Answer:
    """Read what the user's function returned: a value of the version's type, or an object that names it.

    An object gives the value as `primary_score`, `boolean_value`, `string_value`, `categorical_value`, `json_value`
    or `score`, and may add `explanation` or `reasoning`, and `passed`. `skipped`, true or the reason, says that the
    evaluator does not apply. For a version of type json any other object is the value itself.

    Raises WrongAnswer where nothing was returned or an object does not name the value; whether the value fits is for
    `outcome.answer_reader` to say.
    """
    if value is None:
        raise WrongAnswer("wrong_type", 'The function returned None: return the score, or {"skipped": "the reason"}.')
    if not isinstance(value, dict):
        return Verdict(value)
    is_json = version.score_value_type == "json"
    skipped = value.get("skipped")
    if skipped not in (None, False) and (not is_json or value.keys() <= _SKIPPING_NAMES):
        return Skipped(_reason(value, skipped))
    names = _VALUE_NAMES[version.score_value_type]
    name = next((name for name in names if value.get(name) is not None), None)
    if name is not None:
        return Verdict(value[name], _explanation(value), value.get("passed"))
    if is_json:
        return Verdict(value)
    keys = ", ".join(list(value)[:10]) or "no key"
    raise WrongAnswer(
        "wrong_type",
        f"The returned object must have the {version.score_value_type} score as {names[0]}; it has {keys}.",
    )


def _reason(value: Mapping[str, Any], skipped: Any) -> str:
    if isinstance(skipped, str):
        return skipped
    if skipped is not True:
        raise WrongAnswer("wrong_type", f"skipped must be true or the reason as a string, not {describe(skipped)}.")
    return _explanation(value) or "The evaluator skipped the row."


def _explanation(value: Mapping[str, Any]) -> str | None:
    for name in ("explanation", "reasoning"):
        text = value.get(name)
        if text is not None:
            if not isinstance(text, str):
                raise WrongAnswer("wrong_type", f"{name} must be a string, not {describe(text)}.")
            return text
    return None


async def evaluate_code(
    pool: SandboxPool, version: EvaluatorVersion, inputs: Sequence[EvaluatorInputs]
) -> list[tuple[Outcome, str]]:
    """Run a code evaluator on rows in the sandbox; return each row's outcome and what it printed, in the same order.

    Raises Invalid where the version has no code or its scale cannot be read, and Unavailable where the sandbox
    cannot run.
    """
    read_answer = answer_reader(version)
    results = await pool.evaluate(source_of(version), rows_of(inputs))
    return [(_outcome_of(version, read_answer, result), result.stdout) for result in results]


def _outcome_of(version: EvaluatorVersion, read_answer: ReadAnswer, result: RowResult) -> Outcome:
    if result.error_kind is not None:
        return Outcome(
            "failed",
            error_kind=result.error_kind,
            error_message=storable_message(result.error_message or ""),
            latency_seconds=result.latency_seconds,
        )
    try:
        return read_answer(answer_of(version, result.value), result.latency_seconds)
    except Exception as error:  # values come from user-written code
        return failed_outcome(error, result.latency_seconds)
