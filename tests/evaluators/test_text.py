"""The text of a row, and equality as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evaluators.json_values import NotJson, canonical_json, check_json, parse_json
from assay.evaluators.text import row_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as is ", "as is "),
        ("", ""),
        ({"role": "assistant", "content": "hello"}, "hello"),
        ({"content": "no role"}, "no role"),
        ({"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
        ([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "a"),
        (
            [
                {"role": "assistant", "content": "first"},
                {"role": "assistant", "content": "last"},
                {"role": "user", "content": "thanks"},
            ],
            "last",
        ),
        ({"answer": "é"}, '{"answer": "é"}'),
        (None, "null"),
        (True, "true"),
        (12.5, "12.5"),
        ([], "[]"),
        (["a", "b"], '["a", "b"]'),
    ],
)
def test_the_text_of_a_value_is_what_a_reader_would_call_its_text(value: Any, text: str) -> None:
    assert row_text(value) == text


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "nobody answered"}],
        {"role": "assistant", "content": None, "tool_calls": []},
        {"content": [{"type": "image_url", "image_url": {"url": "x"}}]},
        {"content": []},
    ],
)
def test_a_value_without_a_text_is_its_json(value: Any) -> None:
    assert json.loads(row_text(value)) == value


@given(json_values, json_values)
def test_values_have_one_canonical_text_exactly_when_they_are_equal_as_json(left: Any, right: Any) -> None:
    def same(a: Any, b: Any) -> bool:
        if isinstance(a, bool) or isinstance(b, bool):
            return a is b
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        if isinstance(a, list) and isinstance(b, list):
            return len(a) == len(b) and all(map(same, a, b))
        is_comparable = type(a) is type(b) or (isinstance(a, int | float) and isinstance(b, int | float))
        return is_comparable and bool(a == b)

    assert canonical_json(left) == canonical_json(json.loads(json.dumps(left)))
    assert (canonical_json(left) == canonical_json(right)) == same(left, right)


def test_true_is_not_1_and_1_is_1_point_0() -> None:
    assert canonical_json([True]) != canonical_json([1])
    assert canonical_json([1]) == canonical_json([1.0])
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2.0, "a": 1.0})


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "{'a': 1}", "", "[1,]", "01", "{} {}"])
def test_what_rfc_8259_does_not_allow_is_not_json(text: str) -> None:
    with pytest.raises(NotJson):
        parse_json(text)
    with pytest.raises(NotJson):
        check_json(text)


def test_a_number_of_any_length_is_json() -> None:
    assert check_json("1" * 100_000) is float
