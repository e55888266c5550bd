"""Code evaluators, from the inputs of a row to its outcome."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import pytest

from assay.evaluators.code import answer_of, evaluate_code, rows_of, source_of
from assay.evaluators.outcome import WrongAnswer, answer_reader
from assay.evaluators.sandbox import SandboxPool
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, PassRule, ScoreRange, Skipped, Verdict
from assay.model.score import Outcome, ScoreValues


def version(score_value_type: Any = "numerical", source: str | None = None, **changes: Any) -> EvaluatorVersion:
    if source is not None:
        changes["code_config"] = {"eval_code_snippet": source}
    return EvaluatorVersion("v1", 1, "Code", "code", score_value_type, "custom_code", **changes)


def evaluate(asked: EvaluatorVersion, inputs: Sequence[EvaluatorInputs]) -> list[tuple[Outcome, str]]:
    async def run() -> list[tuple[Outcome, str]]:
        pool = SandboxPool(workers=1)
        try:
            return await evaluate_code(pool, asked, inputs)
        finally:
            await pool.stop()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("score_value_type", "value", "stored"),
    [
        ("boolean", True, ScoreValues(boolean_value=True)),
        ("numerical", 3, ScoreValues(numerical_value=3.0)),
        ("percentage", 99.5, ScoreValues(numerical_value=99.5)),
        ("text", "fine", ScoreValues(string_value="fine")),
        ("comment", "fine", ScoreValues(string_value="fine")),
        ("single_select", "good", ScoreValues(categorical_value=("good",))),
        ("multi_select", ["good", "short"], ScoreValues(categorical_value=("good", "short"))),
        ("json", {"any": [1, None]}, ScoreValues(json_value='{"any": [1, null]}')),
        ("json", {"score": 1, "skipped": 3}, ScoreValues(json_value='{"score": 1, "skipped": 3}')),
        ("numerical", {"primary_score": 0.5, "secondary_score": 2}, ScoreValues(numerical_value=0.5)),
        ("numerical", {"score": 0.5, "details": []}, ScoreValues(numerical_value=0.5)),
        ("numerical", {"primary_score": 1, "score": 2}, ScoreValues(numerical_value=1.0)),
        ("boolean", {"boolean_value": False}, ScoreValues(boolean_value=False)),
        ("text", {"string_value": "fine"}, ScoreValues(string_value="fine")),
        ("categorical", {"categorical_value": ["good"]}, ScoreValues(categorical_value=("good",))),
        ("single_select", {"string_value": "good"}, ScoreValues(categorical_value=("good",))),
        ("json", {"json_value": [1], "explanation": "e"}, ScoreValues(json_value="[1]")),
        ("numerical", {"primary_score": 1, "skipped": False}, ScoreValues(numerical_value=1.0)),
    ],
)
def test_what_code_returns_lands_in_the_column_of_its_type(
    score_value_type: Any, value: Any, stored: ScoreValues
) -> None:
    asked = version(score_value_type)
    outcome = answer_reader(asked)(answer_of(asked, value), 0.0)
    assert (outcome.status, outcome.values) == ("scored", stored)


@pytest.mark.parametrize("name", ["explanation", "reasoning"])
def test_an_object_may_explain_and_decide_whether_it_passed(name: str) -> None:
    answer = answer_of(version(), {"score": 1, name: "because", "passed": False})
    assert answer == Verdict(1, "because", False)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"skipped": "no output"}, "no output"),
        ({"skipped": True}, "The evaluator skipped the row."),
        ({"skipped": True, "reasoning": "too short"}, "too short"),
        ({"skipped": "no output", "primary_score": 1}, "no output"),
    ],
)
def test_code_may_skip_a_row(value: Any, reason: str) -> None:
    assert answer_of(version(), value) == Skipped(reason)


def test_an_object_that_says_only_skipped_skips_in_a_json_evaluator_too() -> None:
    assert answer_of(version("json"), {"skipped": "no output"}) == Skipped("no output")


@pytest.mark.parametrize(
    ("score_value_type", "value", "message"),
    [
        ("numerical", None, "The function returned None: return the score"),
        ("json", None, "The function returned None"),
        ("numerical", {"result": 1}, "must have the numerical score as primary_score; it has result."),
        ("boolean", {}, "must have the boolean score as boolean_value; it has no key."),
        ("boolean", {"primary_score": 1}, "must have the boolean score as boolean_value; it has primary_score."),
        ("numerical", {"score": 1, "explanation": 7}, "explanation must be a string, not the number 7."),
        ("numerical", {"skipped": 7}, "skipped must be true or the reason as a string, not the number 7."),
        ("numerical", {"score": 1, "passed": "yes"}, "is_passed must be true, false or absent, not the string 'yes'."),
        ("numerical", True, "must be a number, not the boolean true"),
        ("numerical", "0.5", "must be a number, not the string '0.5'"),
        ("numerical", math.nan, "must be a finite number"),
        ("numerical", 7, "outside its range"),
        ("boolean", 1, "must be true or false, not the number 1"),
        ("text", ["a"], "must be a string, not a list of 1 items"),
        ("multi_select", "good", "must be a list of choice names"),
    ],
)
def test_what_does_not_fit_fails_and_says_what_would(score_value_type: Any, value: Any, message: str) -> None:
    asked = version(score_value_type, score_range=ScoreRange(0, 1))
    with pytest.raises(WrongAnswer) as caught:
        answer_reader(asked)(answer_of(asked, value), 0.0)
    assert message in str(caught.value)


def test_rows_hold_the_five_inputs_and_texts_where_these_are_not_the_same() -> None:
    plain, chat = rows_of(
        [
            EvaluatorInputs("q\ud800", "a", None, {"k": 1}, {"cost": 0.5}),
            EvaluatorInputs([{"role": "user", "content": "q"}], [{"role": "assistant", "content": "a"}]),
        ]
    )
    assert b"llm_input" not in plain
    assert b'"llm_output": "a"' in chat


def test_the_source_is_found_in_the_older_configuration_too() -> None:
    assert source_of(version(configurations={"eval_code_snippet": "old"})) == "old"
    assert source_of(version(source="new", configurations={"eval_code_snippet": "old"})) == "new"
    for without in (version(), version(code_config={"eval_code_snippet": 7})):
        with pytest.raises(Invalid) as caught:
            source_of(without)
        assert list(caught.value.fields) == ["code_config.eval_code_snippet"]


SOURCE = """
def main(eval_inputs):
    print("looking at", eval_inputs["llm_output"])
    if eval_inputs["output"] == "skip":
        return {"skipped": "nothing to see"}
    if eval_inputs["output"] == "wrong":
        return "a string"
    return {"primary_score": 1 / len(eval_inputs["output"]), "reasoning": eval_inputs["metadata"]["why"]}
"""


def test_rows_become_outcomes_in_order_with_what_was_printed() -> None:
    asked = version(source=SOURCE, pass_rule=PassRule("gte", 0.5))
    outputs: list[Any] = ["a", "", "skip", "wrong", "abcd", [{"role": "assistant", "content": "ab"}]]
    inputs = [EvaluatorInputs("q", output, None, {"why": "short"}) for output in outputs]
    outcomes, printed = zip(*evaluate(asked, inputs), strict=True)
    assert [outcome.status for outcome in outcomes] == ["scored", "failed", "skipped", "failed", "scored", "scored"]
    assert [outcome.values.numerical_value for outcome in outcomes] == [1.0, None, None, None, 0.25, 1.0]
    assert [outcome.is_passed for outcome in outcomes] == [True, None, None, None, False, True]
    assert outcomes[0].explanation == "short"
    assert (outcomes[1].error_kind, outcomes[1].error_message) == (
        "zero_division_error",
        "line 8: ZeroDivisionError: division by zero",
    )
    assert outcomes[2].explanation == "nothing to see"
    assert (outcomes[3].error_kind, outcomes[3].error_message) == (
        "wrong_type",
        "The score must be a number, not the string 'a string'.",
    )
    assert printed == tuple(f"looking at {text}\n" for text in ("a", "", "skip", "wrong", "abcd", "ab"))
    assert all(outcome.cost_usd == 0 and outcome.latency_seconds > 0 for outcome in outcomes)


def test_a_version_without_code_is_refused_before_anything_runs() -> None:
    with pytest.raises(Invalid):
        evaluate(version(), [EvaluatorInputs()])
