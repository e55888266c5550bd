"""Built-ins that look at values: numbers, JSON, schemas, tool calls, latency and cost."""

import json
import math
from typing import Any

import pytest

from assay.evaluators.registry import find_builtin
from assay.evaluators.run import prepare
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorInputs
from assay.model.score import Outcome


def run(eval_class: str, inputs: EvaluatorInputs, **parameters: Any) -> Outcome:
    builtin = find_builtin(eval_class)
    assert builtin is not None
    return prepare(builtin.make_version("v1", parameters))(inputs)


def compare(eval_class: str, output: Any, expected: Any = None, **parameters: Any) -> bool:
    outcome = run(eval_class, EvaluatorInputs(output=output, expected_output=expected), **parameters)
    assert outcome.status == "scored", outcome
    assert outcome.values.boolean_value is not None
    return outcome.values.boolean_value


@pytest.mark.parametrize(
    ("output", "expected", "is_close"),
    [
        (42, 42.0, True),
        ("42", 42, True),
        (" 1,234.50 ", "1234.5", True),
        ("-3e2", -300, True),
        (".5", 0.5, True),
        (1.0, 1.0000009, True),
        (1.0, 1.00001, False),
        (0.0000001, 0, False),
        ("forty-two", 42, False),
        ("42 apples", 42, False),
        ("1,23", 123, False),
        ("٤٢", 42, False),
        ("nan", 42, False),
        (True, 1, False),
        (None, 0, False),
        (10**400, 1, False),
    ],
)
def test_a_number_is_close_within_a_millionth_unless_told_otherwise(output: Any, expected: Any, is_close: bool) -> None:
    assert compare("numeric_closeness", output, expected) is is_close


def test_tolerances_are_a_share_of_the_expected_number_or_a_difference() -> None:
    assert compare("numeric_closeness", 110, 100, relative_tolerance=0.1)
    assert not compare("numeric_closeness", 100, 90, relative_tolerance=0.1)
    assert compare("numeric_closeness", 0.01, 0, absolute_tolerance=0.01)
    assert not compare("numeric_closeness", 0.011, 0, absolute_tolerance=0.01)


def test_the_last_number_in_a_text_may_be_the_answer() -> None:
    text = "Each of the 3 boxes holds 1,200 pens, so the answer is 3,600."
    assert compare("numeric_closeness", text, 3600, read="last_number")
    assert not compare("numeric_closeness", "no number here", 3600, read="last_number")


@pytest.mark.parametrize("expected", ["about ten", "", math.inf, [1], True])
def test_an_expected_output_that_is_no_number_skips(expected: Any) -> None:
    outcome = run("numeric_closeness", EvaluatorInputs(output=1, expected_output=expected))
    assert (outcome.status, outcome.explanation) == ("skipped", "expected_output is not a number")


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf, "0.1", True, None, 10**400])
def test_a_tolerance_that_is_no_number_of_at_least_0_is_refused(wrong: Any) -> None:
    with pytest.raises(Invalid, match=r"parameters\.relative_tolerance"):
        run("numeric_closeness", EvaluatorInputs(), relative_tolerance=wrong)


@pytest.mark.parametrize(
    ("output", "is_valid"),
    [
        ('{"a": [1, 2.5e3, null]}', True),
        ("3", True),
        ("1" * 6_000, True),
        ('"text"', True),
        ({"a": 1}, True),
        ({"role": "assistant", "content": "[1]"}, True),
        ("{'a': 1}", False),
        ("[1, 2", False),
        ("NaN", False),
        (math.nan, False),
        ("plain text", False),
        ("", False),
        ({"role": "assistant", "content": "sorry"}, False),
    ],
)
def test_valid_json_is_what_rfc_8259_allows(output: Any, is_valid: bool) -> None:
    assert compare("json_valid", output) is is_valid


def test_the_json_may_have_to_be_an_object_or_an_array() -> None:
    assert compare("json_valid", "{}", required_type="object")
    assert not compare("json_valid", "[]", required_type="object")
    assert compare("json_valid", "[]", required_type="array")
    with pytest.raises(Invalid, match="one of any, object, array"):
        run("json_valid", EvaluatorInputs(), required_type="list")


ORDER = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("output", "is_valid"),
    [
        ({"id": 1}, True),
        ('{"id": 1}', True),
        ({"id": "1"}, False),
        ({}, False),
        ({"id": 1, "x": 2}, False),
        ("no json", False),
    ],
)
def test_an_output_is_held_to_the_schema(output: Any, is_valid: bool) -> None:
    assert compare("json_schema", output, schema=ORDER) is is_valid


def test_a_violation_is_explained_with_its_place() -> None:
    outcome = run("json_schema", EvaluatorInputs(output={"id": "1"}), schema=ORDER)
    assert outcome.explanation == "at id: '1' is not of type 'integer'"


def test_the_schema_comes_from_the_parameter_then_metadata_then_expected_output() -> None:
    numbers, texts = {"type": "number"}, {"type": "string"}
    of_row = EvaluatorInputs(output=5, metadata={"json_schema": numbers}, expected_output=texts)
    assert run("json_schema", of_row).is_passed is True
    assert run("json_schema", of_row, schema=texts).is_passed is False
    assert compare("json_schema", 5, numbers) is True
    assert compare("json_schema", 5, texts) is False


@pytest.mark.parametrize("expected", [None, "text", {"id": 1}, {"type": "refund"}, {"anyOf": "x"}, []])
def test_without_a_schema_the_row_is_skipped(expected: Any) -> None:
    assert run("json_schema", EvaluatorInputs(output={}, expected_output=expected)).status == "skipped"


@pytest.mark.parametrize(
    "schema",
    [
        5,
        "object",
        {"type": "objekt"},
        {"properties": []},
        {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}},
    ],
)
def test_a_schema_that_is_none_is_refused_as_a_parameter_and_fails_as_metadata(schema: Any) -> None:
    with pytest.raises(Invalid) as caught:
        run("json_schema", EvaluatorInputs(output={}), schema=schema)
    assert set(caught.value.fields) == {"parameters.schema"}
    assert run("json_schema", EvaluatorInputs(output={}, metadata={"json_schema": schema})).status == "failed"


def tree(draft: str) -> dict[str, Any]:
    return {
        "$schema": draft,
        "type": "object",
        "properties": {"child": {"$ref": "#"}},
        "patternProperties": {"^n_": {"type": "number"}},
        "additionalProperties": {"type": "string", "pattern": "^[a-z]+$"},
    }


@pytest.mark.parametrize(
    "draft",
    [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ],
)
@pytest.mark.parametrize(
    ("output", "is_valid"),
    [
        ({"child": {"n_a": 1, "b": "text"}}, True),
        ({"child": {"child": {"n_a": "1"}}}, False),
        ({"child": {"b": "UPPER"}}, False),
        ({"child": 3}, False),
    ],
)
def test_every_draft_checks_references_and_patterns(draft: str, output: Any, is_valid: bool) -> None:
    assert compare("json_schema", output, schema=tree(draft)) is is_valid


CATASTROPHE = "^(a+)+$"


@pytest.mark.parametrize("dialect", [{}, {"$schema": "https://json-schema.org/draft/2020-12/schema"}])
@pytest.mark.parametrize(
    ("schema", "output"),
    [
        ({"pattern": CATASTROPHE}, "a" * 5_000 + "!"),
        ({"patternProperties": {CATASTROPHE: False}, "additionalProperties": False}, {"a" * 5_000 + "!": 1}),
        ({"properties": {"x": {"$ref": "#/$defs/p"}}, "$defs": {"p": {"pattern": CATASTROPHE}}}, {"x": "a" * 50 + "!"}),
        ({"properties": {"x": {"$ref": "#"}}, "pattern": CATASTROPHE}, {"x": "a" * 50 + "!"}),
    ],
)
def test_a_pattern_in_a_schema_cannot_run_away(dialect: dict[str, str], schema: dict[str, Any], output: Any) -> None:
    text = json.dumps(output)
    assert compare("json_schema", text, schema=schema | dialect) is False


def test_unevaluated_properties_beside_patterns_fail_instead_of_running_away() -> None:
    schema = {"patternProperties": {CATASTROPHE: True}, "unevaluatedProperties": False}
    outcome = run("json_schema", EvaluatorInputs(output={"a" * 50 + "!": 1}), schema=schema)
    assert (outcome.status, outcome.error_kind) == ("failed", "value_error")
    assert compare("json_schema", {"b": 1}, schema={"properties": {"a": True}, "unevaluatedProperties": False}) is False


def test_a_schema_that_doubles_its_work_with_each_step_fails() -> None:
    steps = {f"s{k}": {"allOf": [{"$ref": f"#/$defs/s{k + 1}"}] * 2} for k in range(40)}
    schema = {"$ref": "#/$defs/s0", "$defs": steps | {"s40": {"type": "number"}}}
    outcome = run("json_schema", EvaluatorInputs(output=1), schema=schema)
    assert "references" in (outcome.error_message or "")


def test_a_schema_that_is_only_itself_fails() -> None:
    outcome = run("json_schema", EvaluatorInputs(output=1), schema={"$ref": "#"})
    assert outcome.status == "failed"


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/schema.json", "file:///etc/hostname", "#/nowhere"])
def test_a_reference_is_never_followed_outside_the_schema(reference: str) -> None:
    outcome = run("json_schema", EvaluatorInputs(output=1), schema={"$ref": reference})
    assert outcome.status == "failed"
    assert reference.rpartition("/")[2] in (outcome.error_message or "")


def test_unique_items_are_unique_as_json() -> None:
    schema = {"uniqueItems": True}
    assert compare("json_schema", [1, True, "1", {"a": 1}], schema=schema)
    assert not compare("json_schema", [1, 1.0], schema=schema)
    assert not compare("json_schema", [{"a": 1, "b": 2}, {"b": 2, "a": 1}], schema=schema)


def call(name: str, arguments: Any) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}


WEATHER = {"role": "assistant", "content": None, "tool_calls": [call("weather", '{"city": "Rome", "days": 2}')]}


@pytest.mark.parametrize(
    "expected",
    [
        {"tool_calls": [{"function": {"name": "weather", "arguments": {"days": 2.0, "city": "Rome"}}}]},
        [{"name": "weather", "arguments": {"city": "Rome", "days": 2}}],
        [{"name": "weather", "arguments": '{"days":2,"city":"Rome"}'}],
        {"name": "weather", "arguments": {"city": "Rome", "days": 2}},
        json.dumps([{"name": "weather", "arguments": {"city": "Rome", "days": 2}}]),
        [{"role": "user", "content": "q"}, WEATHER, {"role": "tool", "content": "sun"}],
    ],
)
def test_tool_calls_match_in_every_shape_they_come_in(expected: Any) -> None:
    assert compare("tool_call_match", WEATHER, expected)


@pytest.mark.parametrize(
    "calls",
    [
        [call("forecast", '{"city": "Rome", "days": 2}')],
        [call("weather", '{"city": "Rome", "days": "2"}')],
        [call("weather", '{"city": "Rome"}')],
        [call("weather", "city: Rome")],
        [],
        [call("weather", '{"city": "Rome", "days": 2}')] * 2,
        [{"function": {"arguments": "{}"}}],
        "weather",
    ],
)
def test_another_name_argument_or_number_of_calls_does_not_match(calls: Any) -> None:
    assert not compare("tool_call_match", {"role": "assistant", "tool_calls": calls}, WEATHER)


def test_an_output_of_plain_text_calls_nothing() -> None:
    assert not compare("tool_call_match", "It is sunny.", WEATHER)
    assert compare("tool_call_match", "It is sunny.", [])


def test_order_counts_unless_it_is_ignored() -> None:
    two = [{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]
    assert not compare("tool_call_match", two[::-1], two)
    assert compare("tool_call_match", two[::-1], two, ignore_order=True)
    assert not compare("tool_call_match", [two[0], two[0]], two, ignore_order=True)


def test_no_arguments_and_empty_arguments_are_the_same() -> None:
    spellings: list[Any] = [None, "", "{}", {}]
    for arguments in spellings:
        assert compare("tool_call_match", [{"name": "a", "arguments": arguments}], [{"name": "a", "arguments": {}}])


def test_a_difference_in_calls_is_explained() -> None:
    inputs = EvaluatorInputs(output=[{"name": "b", "arguments": {"x": 1}}], expected_output=WEATHER)
    explanation = run("tool_call_match", inputs).explanation
    assert explanation == 'missing: weather({"city":"Rome","days":2}); not expected: b({"x":1})'


def test_an_expected_output_without_calls_skips_and_a_malformed_one_fails() -> None:
    assert run("tool_call_match", EvaluatorInputs(output=WEATHER, expected_output="sunny")).status == "skipped"
    malformed = EvaluatorInputs(output=WEATHER, expected_output={"tool_calls": [{"function": {}}]})
    assert run("tool_call_match", malformed).status == "failed"


THRESHOLDS = [("latency", "maximum_latency_seconds", 5.0), ("cost", "maximum_cost_usd", 0.01)]


@pytest.mark.parametrize(("metric", "parameter", "default"), THRESHOLDS)
def test_a_metric_passes_up_to_its_threshold(metric: str, parameter: str, default: float) -> None:
    def passes(value: float, **parameters: Any) -> bool | None:
        return run(f"{metric}_threshold", EvaluatorInputs(metrics={metric: value}), **parameters).is_passed

    assert passes(0) is True
    assert passes(default) is True
    assert passes(default * 1.01) is False
    assert passes(default * 1.01, **{parameter: default * 2}) is True


@pytest.mark.parametrize(("metric", "parameter", "default"), THRESHOLDS)
def test_a_metric_that_was_not_measured_skips(metric: str, parameter: str, default: float) -> None:
    for metrics in ({}, {metric: None}):
        outcome = run(f"{metric}_threshold", EvaluatorInputs(metrics=metrics))
        assert (outcome.status, outcome.explanation) == ("skipped", f"metrics.{metric} is missing")


@pytest.mark.parametrize("wrong", ["1.5", True, math.nan, math.inf, -1, [1]])
def test_a_metric_that_is_no_number_fails(wrong: Any) -> None:
    outcome = run("latency_threshold", EvaluatorInputs(metrics={"latency": wrong}))
    assert (outcome.status, outcome.error_kind) == ("failed", "value_error")
    assert "metrics.latency" in (outcome.error_message or "")
