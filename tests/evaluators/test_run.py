"""Running an evaluator version: always an outcome, never an exception."""

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evaluators.contract import Answer, BuiltinEvaluator
from assay.evaluators.registry import builtin_evaluators, find_builtin
from assay.evaluators.run import MAXIMUM_ERROR_CHARACTERS, bind, prepare
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, PassRule, ScoreRange, Skipped, Verdict
from assay.model.score import Outcome, ScoreValues

INPUTS = EvaluatorInputs(input="q", output="a")


class Judge:
    """An evaluator of a plug-in that answers or raises what a test tells it to."""

    def __init__(self) -> None:
        self.answer: Any = None

    def evaluate(self, inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]

    def run(self, answer: Any, score_value_type: Any = "numerical", **changes: Any) -> Outcome:
        self.answer = answer
        plugin = BuiltinEvaluator("judge", "Judge", "", "judge", score_value_type, self.evaluate)
        return bind(plugin, replace(plugin.make_version("v1"), **changes))(INPUTS)


@pytest.fixture
def judge() -> Judge:
    return Judge()


def version(eval_class: str, /, **changes: Any) -> EvaluatorVersion:
    builtin = find_builtin(eval_class)
    assert builtin is not None
    return replace(builtin.make_version("v1"), **changes)


@pytest.mark.parametrize(
    ("score_value_type", "value", "stored"),
    [
        ("numerical", 3, ScoreValues(numerical_value=3.0)),
        ("numerical", -0.5, ScoreValues(numerical_value=-0.5)),
        ("percentage", 100, ScoreValues(numerical_value=100.0)),
        ("boolean", False, ScoreValues(boolean_value=False)),
        ("text", "fine", ScoreValues(string_value="fine")),
        ("comment", "", ScoreValues(string_value="")),
        ("single_select", "good", ScoreValues(categorical_value=("good",))),
        ("single_select", ["good"], ScoreValues(categorical_value=("good",))),
        ("multi_select", ["a", "b"], ScoreValues(categorical_value=("a", "b"))),
        ("multi_select", [], ScoreValues(categorical_value=())),
        ("categorical", ["x"], ScoreValues(categorical_value=("x",))),
        ("json", {"é": [1, None]}, ScoreValues(json_value='{"é": [1, null]}')),
        ("json", None, ScoreValues(json_value="null")),
    ],
)
def test_a_value_is_stored_in_the_column_of_its_type(
    judge: Judge, score_value_type: str, value: Any, stored: ScoreValues
) -> None:
    outcome = judge.run(Verdict(value, "because"), score_value_type)
    assert (outcome.status, outcome.values, outcome.explanation) == ("scored", stored, "because")
    assert outcome.error_kind is outcome.error_message is None


@pytest.mark.parametrize(
    ("score_value_type", "value", "came_back"),
    [
        ("numerical", True, "the boolean true"),
        ("numerical", "0.5", "the string '0.5'"),
        ("numerical", None, "null"),
        ("percentage", [1, 2], "a list of 2 items"),
        ("boolean", 1, "the number 1"),
        ("boolean", {"a": 1}, "an object of 1 keys"),
        ("text", 3.5, "the number 3.5"),
        ("numerical", "x" * 500, "a string of 500 characters"),
        ("multi_select", "good", "the string 'good'"),
        ("multi_select", ["a", 2], "a list of 2 items"),
        ("single_select", ["a", "b"], "not 2"),
        ("json", {1, 2}, "set"),
        ("json", math.nan, "JSON"),
    ],
)
def test_a_value_of_the_wrong_type_fails_and_says_what_came_back(
    judge: Judge, score_value_type: str, value: Any, came_back: str
) -> None:
    outcome = judge.run(Verdict(value), score_value_type)
    assert (outcome.status, outcome.error_kind, outcome.is_passed) == ("failed", "wrong_type", None)
    assert came_back in (outcome.error_message or "")
    assert outcome.values == ScoreValues()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_a_number_that_is_not_finite_fails(judge: Judge, value: float) -> None:
    outcome = judge.run(Verdict(value))
    assert (outcome.status, outcome.error_kind, outcome.values) == ("failed", "not_finite", ScoreValues())


@pytest.mark.parametrize("value", [-0.001, 1.001, 7])
def test_a_number_outside_the_range_fails_and_is_never_clamped(judge: Judge, value: float) -> None:
    outcome = judge.run(Verdict(value), score_range=ScoreRange(0, 1, "points"))
    assert (outcome.status, outcome.error_kind, outcome.values) == ("failed", "out_of_range", ScoreValues())
    assert outcome.error_message == f"The score {float(value)!r} is outside its range, 0 to 1 points."


def test_the_ends_of_the_range_are_inside(judge: Judge) -> None:
    for value in (0, 1):
        assert judge.run(Verdict(value), score_range=ScoreRange(0, 1)).status == "scored"


def test_a_percentage_has_a_range_without_saying_so(judge: Judge) -> None:
    assert judge.run(Verdict(100.5), "percentage").error_kind == "out_of_range"


@pytest.mark.parametrize(
    ("operator", "passing", "failing"),
    [("gt", 0.6, 0.5), ("gte", 0.5, 0.4), ("lt", 0.4, 0.5), ("lte", 0.5, 0.6), ("eq", 0.5, 0.6)],
)
def test_a_pass_rule_decides_for_numbers(judge: Judge, operator: Any, passing: float, failing: float) -> None:
    rule = PassRule(operator, 0.5)
    assert judge.run(Verdict(passing), pass_rule=rule).is_passed is True
    assert judge.run(Verdict(failing), pass_rule=rule).is_passed is False


def test_without_a_pass_rule_nobody_says_whether_a_cell_passed(judge: Judge) -> None:
    assert judge.run(Verdict(1.0)).is_passed is None
    assert judge.run(Verdict("text"), "text", pass_rule=PassRule("gte", 0)).is_passed is False


def test_a_boolean_passes_when_it_is_true(judge: Judge) -> None:
    assert judge.run(Verdict(True), "boolean").is_passed is True
    assert judge.run(Verdict(False), "boolean").is_passed is False


def test_the_word_of_the_evaluator_overrides_the_pass_rule(judge: Judge) -> None:
    assert judge.run(Verdict(0.1, is_passed=True), pass_rule=PassRule("gte", 0.5)).is_passed is True
    assert judge.run(Verdict(True, is_passed=False), "boolean").is_passed is False


def test_a_skipped_cell_keeps_its_reason_and_neither_passes_nor_fails(judge: Judge) -> None:
    outcome = judge.run(Skipped("no reference"))
    assert (outcome.status, outcome.explanation, outcome.is_passed) == ("skipped", "no reference", None)
    assert outcome.values == ScoreValues()


class BrokenSpeechError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("cannot even say it")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("bad row"), "value_error", "bad row"),
        (KeyError("x"), "key_error", "'x'"),
        (ZeroDivisionError(), "zero_division_error", "The evaluator raised ZeroDivisionError without a message."),
        (MemoryError(), "memory_error", "The evaluator raised MemoryError without a message."),
        (
            BrokenSpeechError(),
            "broken_speech_error",
            "The evaluator raised BrokenSpeechError without a message.",
        ),
        (RuntimeError("half \ud800 and \0"), "runtime_error", "half \\ud800 and \\x00"),
    ],
)
def test_whatever_an_evaluator_raises_fails_its_cell_alone(
    judge: Judge, error: Exception, kind: str, message: str
) -> None:
    outcome = judge.run(error)
    assert (outcome.status, outcome.error_kind, outcome.error_message) == ("failed", kind, message)
    assert (outcome.is_passed, outcome.values) == (None, ScoreValues())


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\ud800" * 3_000])
def test_the_message_of_an_error_is_bounded_and_storable(judge: Judge, text: str) -> None:
    message = judge.run(ValueError(text)).error_message or ""
    assert len(message) == MAXIMUM_ERROR_CHARACTERS
    assert message.endswith("…")
    message.encode()


def test_a_request_to_stop_the_process_is_not_swallowed(judge: Judge) -> None:
    with pytest.raises(KeyboardInterrupt):
        judge.run(KeyboardInterrupt())


@pytest.mark.parametrize("answer", [None, 0.5, {"score": 1}, Verdict])
def test_an_answer_that_is_no_verdict_fails(judge: Judge, answer: Any) -> None:
    outcome = judge.run(answer)
    assert (outcome.status, outcome.error_kind) == ("failed", "wrong_type")
    assert "Verdict or Skipped" in (outcome.error_message or "")


def test_an_explanation_that_cannot_be_stored_is_escaped(judge: Judge) -> None:
    assert judge.run(Verdict(1, "né \ud800\0")).explanation == "né \\ud800\\x00"
    assert judge.run(Skipped("half \udfff")).explanation == "half \\udfff"


@pytest.mark.parametrize("score_value_type", ["text", "json", "categorical"])
def test_text_that_cannot_be_stored_fails(judge: Judge, score_value_type: str) -> None:
    value: Any = ["\udfff"] if score_value_type == "categorical" else "\udfff"
    assert judge.run(Verdict(value), score_value_type).error_kind == "wrong_type"


def test_an_unknown_eval_class_is_refused_before_the_run() -> None:
    with pytest.raises(Invalid, match="no built-in evaluator") as caught:
        prepare(version("exact_match", eval_class="exact_mach"))
    assert set(caught.value.fields) == {"eval_class"}


def test_a_version_of_another_score_type_is_refused_before_the_run() -> None:
    with pytest.raises(Invalid, match="answers numerical scores, not boolean"):
        prepare(version("output_char_count", score_value_type="boolean"))


def test_every_wrong_parameter_is_named_before_the_run() -> None:
    with pytest.raises(Invalid) as caught:
        prepare(version("exact_match", parameters={"ignore_case": "yes", "stripp": True}))
    assert set(caught.value.fields) == {"parameters.ignore_case", "parameters.stripp"}
    assert "ignore_case, strip" in caught.value.fields["parameters.stripp"][0]


def test_parameters_that_are_not_given_have_their_defaults() -> None:
    run = prepare(version("exact_match", parameters={"ignore_case": True}))
    assert run(EvaluatorInputs(output="A", expected_output="a")).is_passed is True
    assert run(EvaluatorInputs(output="A ", expected_output="a")).is_passed is False


@pytest.mark.parametrize("builtin", builtin_evaluators().values(), ids=lambda builtin: builtin.slug)
def test_every_builtin_can_be_seeded_from_its_own_declaration(builtin: BuiltinEvaluator) -> None:
    made = builtin.make_version("v1")
    json.dumps(dict(made.parameters), allow_nan=False)
    assert made.parameters == builtin.default_parameters
    assert (made.eval_class, made.type) == (builtin.eval_class, "code")
    assert find_builtin(builtin.eval_class) is builtin
    prepare(made)


def test_no_two_builtins_share_a_slug() -> None:
    slugs = [builtin.slug for builtin in builtin_evaluators().values()]
    assert len(set(slugs)) == len(slugs) == 14


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.text(st.characters(), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["role", "content", "tool_calls", "function", "name", "arguments", "type", "a"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
inputs_of_anything = st.builds(
    EvaluatorInputs,
    output=json_values,
    expected_output=json_values,
    metadata=st.dictionaries(st.sampled_from(["pattern", "json_schema"]), json_values),
    metrics=st.dictionaries(st.sampled_from(["cost", "latency"]), json_values),
)


def deep_list(depth: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


def deep_object(depth: int) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for _ in range(depth):
        nested = {"properties": nested, "content": nested}
    return nested


HOSTILE: list[Any] = [
    deep_list(50_000),
    deep_object(50_000),
    "[" * 100_000,
    '{"a":' * 100_000,
    "a" * 5_000_000,
    "1" * 5_000_000,
    "1," * 2_500_000,
    " . , - & a1" * 450_000,
    "\ud800",
    "\0",
    math.nan,
    math.inf,
    10**5_000,
    {"tool_calls": "none"},
    {"tool_calls": [None, 3, {"function": None}]},
    [{"role": "assistant", "content": 5}],
]


@pytest.mark.parametrize("eval_class", builtin_evaluators())
def test_no_input_makes_a_builtin_raise(eval_class: str) -> None:
    run = prepare(version(eval_class))

    @given(inputs_of_anything)
    def check(inputs: EvaluatorInputs) -> None:
        outcome = run(inputs)
        assert outcome.status in ("scored", "skipped", "failed")
        assert (outcome.values == ScoreValues()) == (outcome.status != "scored")
        assert (outcome.error_message is None) == (outcome.status != "failed")
        (outcome.explanation or "").encode()

    check()


@pytest.mark.parametrize("eval_class", builtin_evaluators())
def test_hostile_inputs_end_in_an_outcome(eval_class: str) -> None:
    run = prepare(version(eval_class))
    for value in HOSTILE:
        for inputs in (
            EvaluatorInputs(output=value, expected_output="abc def"),
            EvaluatorInputs(output="abc def", expected_output=value, metadata={"pattern": value, "json_schema": value}),
            EvaluatorInputs(output=1, metrics={"latency": value, "cost": value}),
        ):
            outcome = run(inputs)
            assert outcome.status in ("scored", "skipped", "failed")
            assert len(outcome.error_message or "") <= MAXIMUM_ERROR_CHARACTERS


def test_inputs_nested_too_deeply_fail_with_a_reason() -> None:
    outcome = prepare(version("output_char_count"))(EvaluatorInputs(output=deep_list(50_000)))
    assert (outcome.status, outcome.error_kind) == ("failed", "recursion_error")
    assert "nested too deeply" in (outcome.error_message or "")


def test_one_prepared_evaluation_serves_many_threads() -> None:
    run = prepare(version("json_schema", parameters={"schema": {"type": "object", "properties": {"a": {"$ref": "#"}}}}))
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.extend(run(EvaluatorInputs(output='{"a":{}}')) for _ in range(50)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.is_passed for outcome in outcomes] == [True] * 200
