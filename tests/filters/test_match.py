"""What filters mean, case by case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assay.filters.expression import EVERYTHING, And, Not, Or, depth_of
from assay.filters.fields import DATASET_FIELDS, DATASET_LOG_FIELDS
from assay.filters.match import matches
from assay.filters.parse import parse_filters


def holds(filters: Any, **row: Any) -> bool:
    return matches(parse_filters(filters, DATASET_LOG_FIELDS), row)


def on(value: Any, operator: str, literal: Any) -> bool:
    """Test a metadata value."""
    return holds({"metadata.k": {"operator": operator, "value": literal}}, metadata={"k": value})


@pytest.mark.parametrize(
    ("stored", "literal", "is_equal"),
    [
        ("5", 5, True),
        (5, "5", True),
        (5.0, "5.0", True),
        ("5.0", 5, False),
        ("true", True, True),
        ("TRUE", True, False),
        (True, "TRUE", True),
        (True, 1, True),
        (False, 0, True),
        (1, True, False),
        (True, "yes", False),
        (2**53 + 1, 2**53, True),
        ("", "", True),
        (None, "null", False),
        ([5], 5, False),
        ({}, "{}", False),
        ("a", "A", False),
    ],
)
def test_the_type_of_the_stored_json_value_decides_how_a_literal_is_read(
    stored: Any, literal: Any, is_equal: bool
) -> None:
    assert on(stored, "", literal) is is_equal
    if stored is not None:
        assert on(stored, "not", literal) is not is_equal


@pytest.mark.parametrize("operator", ["not", "not_contains", "not_startswith", "not_endswith"])
def test_a_missing_or_null_json_value_never_matches_a_negation(operator: str) -> None:
    assert not on(None, operator, "x")
    assert not holds({"metadata.k": {"operator": operator, "value": "x"}}, metadata={})
    assert not holds({"metadata.k": {"operator": operator, "value": "x"}})
    assert on("y", operator, "x")


def test_a_null_column_matches_not_and_nothing_else() -> None:
    assert holds({"model": {"operator": "not", "value": "x"}}, model=None)
    assert holds({"model": {"operator": "not", "value": []}}, model=None)
    for operator in ("", "not_contains", "lt", "contains", "regex"):
        assert not holds({"model": {"operator": operator, "value": "x"}}, model=None)


def test_negated_text_operators_match_numbers_because_text_operators_never_do() -> None:
    assert not on(15, "contains", "5")
    assert on(15, "not_contains", "5")
    assert not on(True, "startswith", "t")


@pytest.mark.parametrize(
    ("stored", "operator", "literal", "result"),
    [
        (10, "gt", "9", True),
        ("10", "gt", 9, True),
        ("10", "gt", "9", True),
        ("1e3", "gt", 9, False),
        ("+10", "gt", 9, False),
        ("1234567890123456", "gt", 9, False),
        (True, "gte", 0, False),
        ("b", "gt", "a", True),
        (5, "gt", "a", False),
        ("\uffff", "lt", "😀", True),
        ("10", "lte", 10.0, True),
        (None, "lt", 1, False),
        ([1], "gt", 0, False),
    ],
)
def test_orderings_of_json_values(stored: Any, operator: str, literal: Any, result: bool) -> None:
    assert on(stored, operator, literal) is result


def test_containers_are_searched_in_their_compact_text() -> None:
    assert on({"a": [1, "é"]}, "contains", '{"a":[1,"é"]}')
    assert on(["x"], "regex", r'^\["x"\]$')


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_empty_values(value: Any) -> None:
    assert on(value, "empty", True)
    assert not on(value, "not_empty", True)


@pytest.mark.parametrize("value", [0, False, " ", [None]])
def test_values_that_are_not_empty(value: Any) -> None:
    assert on(value, "not_empty", True)
    assert not on(value, "empty", True)


def test_an_empty_string_is_not_null() -> None:
    assert on("", "isnull", False)
    assert on(None, "isnull", True)
    assert holds({"metadata.k": {"operator": "isnull", "value": True}}, metadata={})


def test_case_folds_as_unicode_lower_case() -> None:
    assert on("ÉCOLE", "iexact", "école")
    assert on("Grüße", "icontains", "ÜSS") is False
    assert on("GRÜSSE", "icontains", "üss")


def test_every_word_of_a_text_search_must_occur() -> None:
    assert on("The quick Brown fox", "full_text_search", "brown  QUICK")
    assert not on("The quick fox", "full_text_search", "brown quick")


def test_regular_expressions_search_and_do_not_anchor() -> None:
    assert on("order 66", "regex", r"\d+$")
    assert not on("a\nb", "regex", "a.b")


def test_columns_are_compared_in_their_type() -> None:
    assert holds({"cost": "5"}, cost=5.0)
    assert holds({"model": 5}, model="5")
    time = datetime(2026, 1, 31, tzinfo=UTC)
    assert holds({"created_at": {"gte": "2026-01-31", "lt": "2026-02-01"}}, created_at=time)
    assert not holds({"created_at": {"gt": "2026-01-31"}}, created_at=time)
    assert matches(parse_filters({"starred": "true"}, DATASET_FIELDS), {"starred": True})


def test_custom_identifier_is_found_as_a_column_and_in_the_metadata() -> None:
    row: dict[str, Any] = {"custom_identifier": "c", "metadata": {"custom_identifier": "c"}}
    for name in ("custom_identifier", "metadata.custom_identifier", "metadata__custom_identifier"):
        assert holds({name: "c"}, **row)


def test_a_literal_key_that_is_there_wins_over_the_path_even_if_it_is_null() -> None:
    assert holds({"metadata.a.b": 1}, metadata={"a": {"b": 1}})
    assert holds({"metadata.a.b": 1}, metadata={"a.b": 1, "a": {"b": 2}})
    assert not holds({"metadata.a.b": 1}, metadata={"a.b": None, "a": {"b": 1}})


def test_digits_index_arrays_and_other_numbers_do_not() -> None:
    assert holds({"input.1": "b"}, input=["a", "b"])
    assert holds({"input.1": "b"}, input={"1": "b"})
    for name in ("input.-1", "input.01", "input.2", "input.+1"):
        assert not holds({name: {"operator": "isnull", "value": False}}, input=["a", "b"])


def test_scores() -> None:
    scores = {"quality": 0.8, "polite": True, "tone": "warm", "labels": ["a", "5"], "none": []}
    assert holds({"scores.quality": {"gte": 0.5, "lt": 1}}, scores=scores)
    assert holds({"scores.polite": "true"}, scores=scores)
    assert holds({"scores.labels": ["x", 5]}, scores=scores)
    assert not holds({"scores.labels": {"operator": "not", "value": "a"}}, scores=scores)
    assert holds({"scores.none": {"operator": "not", "value": "a"}}, scores=scores)
    assert holds({"scores.none": {"operator": "empty"}}, scores=scores)
    assert not holds({"scores.other": {"operator": "not", "value": "a"}}, scores=scores)
    assert not holds({"scores.quality": 1})


def test_an_empty_list_matches_nothing_and_its_negation_everything() -> None:
    assert not holds({"model": []}, model="x")
    assert holds({"model": {"operator": "not", "value": []}}, model="x")


def test_connectives() -> None:
    assert matches(EVERYTHING, {})
    assert not matches(Or(()), {})
    assert matches(Not(Or(())), {})
    assert depth_of(And((Not(Or(())), EVERYTHING))) == 3
