"""Every accepted spelling gives the same tree; every fault names the field, the value and what is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.filters.canonical import canonical_form
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Not, Operator, Or, fields_of
from assay.filters.fields import DATASET_FIELDS, DATASET_LOG_FIELDS, EVALUATOR_FIELDS
from assay.filters.operators import BY_SPELLING
from assay.filters.parse import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_VALUES,
    parse_filters,
    parse_quick_filters,
    parse_request_filters,
    parse_sort,
)
from assay.model.errors import Invalid
from assay.model.page import Sort
from tests.filters.generation import KEYS, STRINGS

RESERVED = {"page", "page_size", "sort_by"}


def parse(filters: Any, **options: Any) -> Expression:
    return parse_filters(filters, DATASET_LOG_FIELDS, **options)


def fault(filters: Any, **options: Any) -> tuple[str, str]:
    """Return the field and the message of the error."""
    with pytest.raises(Invalid) as caught:
        parse(filters, **options)
    [(field, [message])] = caught.value.fields.items()
    return field, message


def model(value: str, operator: Operator = Operator.EQUAL) -> Condition:
    return Condition(Field("model"), operator, (value,))


COST_FROM_1 = Condition(Field("cost"), Operator.GTE, (1,))
COST_BELOW_2 = Condition(Field("cost"), Operator.LT, (2,))


@pytest.mark.parametrize(
    "filters",
    [
        {"model": {"operator": "", "value": ["gpt"]}},
        {"model": {"operator": "eq", "value": "gpt"}},
        {"model": {"operator": None, "value": "gpt"}},
        {"model": {"value": "gpt"}},
        {"model": {"operator": "IN", "value": ["gpt"]}},
        {"model": "gpt"},
        {"model": ["gpt"]},
        {"model": {"eq": "gpt"}},
        {"model": [{"operator": "equals", "value": "gpt"}]},
        [{"field": "model", "operator": "=", "value": "gpt"}],
        {"anything": {"connector": "OR", "filter_params": {"model": "gpt"}}},
        {"anything": {"operator": "", "value": [], "filter_params": [{"field": "model", "value": "gpt"}]}},
        {"connector": "OR", "model": "gpt"},
    ],
)
def test_every_spelling_of_one_equality_is_the_same_tree(filters: Any) -> None:
    assert parse(filters) == model("gpt")


@pytest.mark.parametrize("filters", [None, {}, []])
def test_no_filters_mean_everything(filters: Any) -> None:
    assert parse(filters) == EVERYTHING


def test_several_fields_are_joined_with_and() -> None:
    assert parse({"model": "a", "cost": {"gte": 1}}) == And((model("a"), COST_FROM_1))


@pytest.mark.parametrize(
    "condition",
    [
        {"gte": 1, "lt": 2},
        {">=": "1", "<": 2.0},
        [{"operator": "gte", "value": [1]}, {"operator": "lt", "value": [2]}],
        [{"operator": "greater_than_or_equal", "value": 1}, {"operator": "less_than", "value": 2, "connector": "AND"}],
    ],
)
def test_a_range_is_two_conditions(condition: Any) -> None:
    assert parse({"cost": condition}) == And((COST_FROM_1, COST_BELOW_2))


def test_conditions_are_joined_from_left_to_right() -> None:
    filters = [
        {"field": "model", "value": "a"},
        {"field": "cost", "operator": "gte", "value": 1, "connector": "or"},
        {"field": "cost", "operator": "<", "value": 2},
    ]
    assert parse(filters) == And((Or((model("a"), COST_FROM_1)), COST_BELOW_2))


def test_the_connector_of_a_condition_joins_it_to_what_came_before() -> None:
    filters = {"cost": {"gte": 1}, "model": {"operator": "", "value": ["a"], "connector": "OR"}}
    assert parse(filters) == Or((COST_FROM_1, model("a")))


def test_the_conditions_of_one_field_are_a_group_of_their_own() -> None:
    filters = {"model": "a", "cost": [{"lt": 2}, {"gte": 1, "connector": "OR"}]}
    assert parse(filters) == And((model("a"), Or((COST_BELOW_2, COST_FROM_1))))


def test_a_bundle_joins_its_own_rules_and_is_joined_with_and() -> None:
    filters = {"cost": {"gte": 1}, "bundle": {"connector": "OR", "filter_params": {"model": "a", "status": "b"}}}
    status = Condition(Field("status"), Operator.EQUAL, ("b",))
    assert parse(filters) == And((COST_FROM_1, Or((model("a"), status))))


@pytest.mark.parametrize("options", [{"operator": "or"}, {}])
def test_the_top_level_may_be_joined_with_or(options: Any) -> None:
    filters = {"model": "a", "cost": {"gte": 1}} | ({} if options else {"connector": "OR"})
    assert parse(filters, **options) == Or((model("a"), COST_FROM_1))


@pytest.mark.parametrize(("spelling", "operator"), list(BY_SPELLING.items()))
def test_operators_are_known_in_any_case(spelling: str, operator: Operator) -> None:
    tree = parse({"model": {"operator": f" {spelling.upper()} ", "value": ["true"]}})
    assert isinstance(tree, Condition)
    assert tree.operator is operator


def test_an_empty_list_equals_nothing() -> None:
    assert parse({"model": []}) == Condition(Field("model"), Operator.EQUAL, ())


def test_literals_that_python_takes_for_equal_stay_apart() -> None:
    tree = parse({"metadata.k": [1, True, 1.0, "1", 1]})
    assert isinstance(tree, Condition)
    assert [repr(value) for value in tree.values] == ["1", "True", "1.0", "'1'"]


def test_a_null_value_asks_for_null() -> None:
    null = Condition(Field("model"), Operator.ISNULL, (True,))
    assert parse({"model": None}) == null
    assert parse({"model": ["a", None]}) == Or((model("a"), null))
    assert parse({"model": {"operator": "not", "value": None}}) == Condition(Field("model"), Operator.ISNULL, (False,))


@pytest.mark.parametrize(
    ("value", "wanted"), [([True], True), (True, True), ("false", False), ([0], False), ("TRUE", True), (1, True)]
)
def test_isnull_reads_booleans_generously(value: Any, wanted: bool) -> None:
    tree = parse({"model": {"operator": "isnull", "value": value}})
    assert tree == Condition(Field("model"), Operator.ISNULL, (wanted,))


@pytest.mark.parametrize("rest", [{}, {"value": [""]}, {"value": []}, {"value": None}, {"value": True}])
def test_empty_needs_no_value(rest: dict[str, Any]) -> None:
    assert parse({"model": {"operator": "empty", **rest}}) == Condition(Field("model"), Operator.EMPTY)


def test_empty_false_is_not_empty() -> None:
    assert parse({"model": {"operator": "empty", "value": False}}) == Condition(Field("model"), Operator.NOT_EMPTY)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("metadata.custom_identifier", Field("metadata", ("custom_identifier",))),
        ("metadata__custom_identifier", Field("metadata", ("custom_identifier",))),
        ("metadata__a__b", Field("metadata", ("a__b",))),
        ("metadata.a.b", Field("metadata", ("a", "b"))),
        ("custom_identifier", Field("custom_identifier")),
        ("input.messages.0.role", Field("input", ("messages", "0", "role"))),
        ("prompt", Field("input")),
        ("completion.x", Field("output", ("x",))),
        ("expected_output.a", Field("expected_output", ("a",))),
        ("metrics.cost", Field("metrics", ("cost",))),
        ("scores.quality.v2", Field("scores", ("quality.v2",))),
        ("scores__0190-aa", Field("scores", ("0190-aa",))),
        ("total_tokens", Field("total_request_tokens")),
        ("input_tokens", Field("prompt_tokens")),
        ("output_tokens", Field("completion_tokens")),
        ("trace_id", Field("trace_unique_id")),
        ("timestamp", Field("timestamp")),
        ("created_at", Field("created_at")),
        ("of_my_own", Field("metadata", ("of_my_own",))),
        ("of.my.own", Field("metadata", ("of", "my", "own"))),
    ],
)
def test_field_names_and_paths(name: str, field: Field) -> None:
    assert fields_of(parse({name: {"operator": "isnull", "value": True}})) == {field}


def test_an_id_is_the_id_of_the_row_or_of_the_log_it_was_copied_from() -> None:
    either = Or(tuple(Condition(Field(name), Operator.EQUAL, ("x",)) for name in ("id", "source_log_id")))
    assert parse({"unique_id": "x"}) == either
    assert parse({"id": {"operator": "not_in", "value": ["x"]}}) == Not(either)


def test_a_map_is_asked_for_its_keys() -> None:
    rule: dict[str, Any] = {"operator_function": "mapContainsKey", "operator_args": ["a.b"]}
    holds = Condition(Field("metadata", ("a.b",)), Operator.ISNULL, (False,))
    assert parse({"metadata": rule}) == holds
    assert parse({"metadata": rule | {"operator": "", "value": [True]}}) == holds
    assert parse({"metadata": rule | {"value": False}}) == Condition(holds.field, Operator.ISNULL, (True,))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456+02:00", datetime(2026, 1, 31, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-01-31 12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_utc(text: str, time: datetime) -> None:
    assert parse({"created_at": {"gte": text}}) == Condition(Field("created_at"), Operator.GTE, (time,))


@pytest.mark.parametrize(
    ("filters", "field", "parts"),
    [
        ({"model": {"operator": "contians", "value": "x"}}, "model", ["'contians'", "Did you mean 'contains'?"]),
        ({"model": {"operator": 5, "value": "x"}}, "model", ["Unknown operator 5", "Allowed:"]),
        ({"model": {"opertor": "eq", "value": "x"}}, "model", ["'opertor'", "Did you mean 'operator'?"]),
        ({"model": {"operator": "gt"}}, "model", ["'gt' needs a value"]),
        ({"model": {}}, "model", ["empty"]),
        ({"model": {"operator": "gt", "value": ["a", "b"]}}, "model", ["exactly one value, not 2"]),
        ({"model": {"operator": "contains", "value": []}}, "model", ["exactly one value, not 0"]),
        ({"model": {"operator": "", "value": [{"a": 1}]}}, "model", ["{'a': 1}"]),
        ({"model": [["a"]]}, "model", ["['a']"]),
        ({"model": ["a", {"operator": "gt", "value": 1}]}, "model", ["'a' is not a condition"]),
        ({"model": "a\0b"}, "model", ["NUL"]),
        ({"model": "\ud800"}, "model", ["surrogate"]),
        ({"model": {"value": "x", "connector": "XOR"}}, "model", ["AND or OR, not 'XOR'"]),
        ({"cost": "cheap"}, "cost", ["'cheap' is not a number"]),
        ({"cost": True}, "cost", ["True is not a number"]),
        ({"cost": float("nan")}, "cost", ["nan is out of range"]),
        ({"metadata.n": 10**400}, "metadata.n", ["out of range"]),
        ({"model": {"operator": 10**5000, "value": 1}}, "model", ["Unknown operator"]),
        ({"cost": {"operator": "contains", "value": "1"}}, "cost", ["does not apply to a number field", "gte"]),
        ({"created_at": {"gte": "yesterday"}}, "created_at", ["'yesterday' is not a time", "2026-01-31"]),
        ({"created_at": "2026-13-01"}, "created_at", ["'2026-13-01' is not a time"]),
        ({"created_at": 1700000000}, "created_at", ["1700000000 is not a time"]),
        ({"model": {"operator": "regex", "value": "a("}}, "model", ["'a('", "RE2"]),
        ({"model": {"operator": "regex", "value": "(?=a)"}}, "model", ["'(?=a)'", "RE2"]),
        ({"model": {"operator": "regex", "value": "a" * 1001}}, "model", ["1000"]),
        ({"metadata": {"custom": "x"}}, "metadata", ["Unknown operator 'custom'"]),
        ({"scores": 1}, "scores", ["scores.<slug>"]),
        ({"x": {"filter_params": {}}}, "x", ["bundle is empty"]),
        ({"metadata": {"operator_function": "foo"}}, "metadata", ["'foo'", "mapContainsKey"]),
        ({"metadata": {"operator_function": "mapContainsKey"}}, "metadata", ["operator_args"]),
        ({"model": {"operator_function": "mapContainsKey", "operator_args": ["k"]}}, "model", ["JSON field"]),
    ],
)  # fmt: skip
def test_a_fault_names_the_field_and_what_is_right(filters: Any, field: str, parts: list[str]) -> None:
    key, message = fault(filters)
    assert key == f"filters.{field}"
    for part in parts:
        assert part in message


def test_a_fault_of_no_field_is_put_on_the_filters() -> None:
    assert fault("model=x")[0] == "filters"
    assert fault([{"operator": "eq", "value": 1}])[0] == "filters"
    assert fault(["model"])[0] == "filters"
    assert fault({5: "x"})[0] == "filters"


def test_a_field_name_that_cannot_be_encoded_is_refused_in_words_that_can() -> None:
    for name in ("a\ud800", "a\0"):
        field, message = fault({name: "x"})
        assert field.encode()
        assert "\0" not in field
        assert "must not contain" in message


def test_an_unknown_field_is_refused_where_it_would_widen_a_deletion() -> None:
    field, message = fault({"modle": "x"}, unknown="error")
    assert field == "filters.modle"
    assert "Did you mean 'model'?" in message
    assert "metadata.<key>" in message
    assert parse({"metadata.modle": "x"}, unknown="error") is not None


def test_an_unknown_field_of_a_noun_without_metadata_is_refused() -> None:
    with pytest.raises(Invalid, match="Did you mean 'evaluator_slug'"):
        parse_filters({"evaluator_slig": "x"}, EVALUATOR_FIELDS)


def test_the_connector_of_the_body_must_be_and_or_or() -> None:
    assert fault({"model": "x"}, operator="XOR")[0] == "filters.operator"


def test_filters_are_bounded() -> None:
    nested: dict[str, Any] = {"model": "x"}
    for _ in range(MAX_DEPTH):
        nested = {"bundle": {"filter_params": nested}}
    assert fault(nested) == ("filters", f"Filters are nested more than {MAX_DEPTH} levels deep.")
    assert fault([{"field": "model", "value": "x"}] * (MAX_CONDITIONS + 1))[0] == "filters"
    assert str(MAX_VALUES) in fault({"model": ["x"] * (MAX_VALUES + 1)})[1]
    alternating = [{"field": "model", "value": "x", "connector": ("AND", "OR")[n % 2]} for n in range(200)]
    assert "alternate" in fault(alternating)[1]
    search = {"operator": "full_text_search", "value": " ".join(map(str, range(51)))}
    assert "at most 50 words" in fault({"model": search})[1]


def test_booleans_are_read_generously_and_only_booleans() -> None:
    for value in (True, "true", "TRUE", 1, "1"):
        assert parse_filters({"starred": value}, DATASET_FIELDS) == Condition(Field("starred"), Operator.EQUAL, (True,))
    with pytest.raises(Invalid, match="'yes' is not a boolean"):
        parse_filters({"starred": "yes"}, DATASET_FIELDS)


def test_url_filters_in_short_and_in_long_form() -> None:
    items = [("model", "a"), ("model", "b"), ("page", "2"), ("status", ""), ("tier[value]", "pro"),
             ("tier[operator]", "not"), ("tier[connector]", "OR")]  # fmt: skip
    quick = parse_quick_filters(items, DATASET_LOG_FIELDS, RESERVED)
    assert quick == {
        "model": {"operator": "", "value": ["a", "b"]},
        "tier": {"operator": "not", "value": ["pro"], "connector": "OR"},
    }
    tree = parse_request_filters(None, items, DATASET_LOG_FIELDS, RESERVED)
    both = Condition(Field("model"), Operator.EQUAL, ("a", "b"))
    assert tree == Or((both, Condition(Field("metadata", ("tier",)), Operator.NOT, ("pro",))))


def test_a_url_filter_replaces_the_filter_of_the_same_field_in_the_body() -> None:
    body = {"total_tokens": {"gt": 5}, "model": "a"}
    tree = parse_request_filters(body, [("total_request_tokens", "7")], DATASET_LOG_FIELDS, RESERVED)
    assert tree == And((model("a"), Condition(Field("total_request_tokens"), Operator.EQUAL, (7,))))
    listed = [{"field": "model", "value": "a"}]
    assert parse_request_filters(listed, [("model", "b")], DATASET_LOG_FIELDS, RESERVED) == model("b")


def test_a_url_filter_of_another_shape_is_refused() -> None:
    with pytest.raises(Invalid, match=r"Write model\[value\]"):
        parse_quick_filters([("model[gte]", "a")], DATASET_LOG_FIELDS, RESERVED)


def test_unknown_url_names_are_no_filters_where_there_is_no_metadata() -> None:
    assert parse_quick_filters([("_", "1"), ("name", "x")], DATASET_FIELDS, RESERVED) == {
        "name": {"operator": "", "value": ["x"]}
    }


def test_sorting() -> None:
    default = Sort("created_at", descending=True)
    assert parse_sort(None, DATASET_LOG_FIELDS, default) == default
    assert parse_sort("-total_tokens", DATASET_LOG_FIELDS, default) == Sort("total_request_tokens", True)
    assert parse_sort("unique_id", DATASET_LOG_FIELDS, default) == Sort("id", False)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("-latncy", "Did you mean 'latency'?"),
        ("scores__e1", "Cannot sort by 'scores__e1'"),
        ("metadata.x", "Cannot sort by 'metadata.x'"),
        ("input", "Cannot sort by 'input'"),
    ],
)
def test_what_cannot_be_sorted_by_is_refused(text: str, part: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_sort(text, DATASET_LOG_FIELDS, Sort("id"))
    assert part in caught.value.fields["sort_by"][0]
    assert "Allowed: id, " in caught.value.fields["sort_by"][0]


def test_a_time_in_another_zone_is_the_same_time() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert parse({"created_at": "2026-01-31T05:30:00+05:30"}) == Condition(
        Field("created_at"), Operator.EQUAL, (datetime(2026, 1, 31, 5, 30, tzinfo=zone),)
    )


_GRAMMAR = (
    *("operator", "value", "connector", "filter_params", "operator_function", "operator_args", "field", "OR"),
    *("model", "cost", "created_at", "metadata", "metadata.a", "scores.x", "id", "mapContainsKey"),
)
_WORDS = st.sampled_from((*_GRAMMAR, *BY_SPELLING, *KEYS, *STRINGS))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(filters=_JSON, unknown=st.sampled_from(["metadata", "error"]))
def test_whatever_is_sent_is_read_or_refused_in_words(filters: Any, unknown: Any) -> None:
    assert isinstance(canonical_form(filters), dict)
    refused = None
    try:
        parse(filters, unknown=unknown)
    except Invalid as error:
        refused = error
    if refused is not None:
        assert all(field.startswith("filters") and messages for field, messages in refused.fields.items())
        assert str(refused).encode()
