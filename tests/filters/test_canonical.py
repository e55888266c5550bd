"""The echo of a filter is an object of objects, and means the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.filters.canonical import canonical_form
from assay.filters.fields import DATASET_LOG_FIELDS
from assay.filters.match import matches
from assay.filters.parse import parse_filters


@pytest.mark.parametrize(
    ("filters", "echo"),
    [
        (None, {}),
        ({"metadata.custom_identifier": "x"}, {"metadata.custom_identifier": {"operator": "", "value": ["x"]}}),
        ({"model": ["a", "b"]}, {"model": {"operator": "", "value": ["a", "b"]}}),
        ({"a": {"operator": "NOT IN", "value": 1}}, {"a": {"operator": "not", "value": [1]}}),
        ({"a": {"gte": 1}}, {"a": {"operator": "gte", "value": [1]}}),
        ({"a": None}, {"a": {"operator": "isnull", "value": [True]}}),
        ({"unknown": {"operator": "nonsense", "value": 1}}, {"unknown": {"operator": "nonsense", "value": [1]}}),
        ({"a": {"value": 1, "connector": "OR"}}, {"a": {"operator": "", "value": [1], "connector": "OR"}}),
        ([{"field": "a", "value": 1}], {"a": {"operator": "", "value": [1]}}),
        ("nonsense", {}),
    ],
)
def test_each_spelling_has_one_object_form(filters: Any, echo: Any) -> None:
    assert canonical_form(filters) == echo


def test_a_range_becomes_a_bundle_that_strict_clients_can_read() -> None:
    echo = canonical_form({"cost": {"gte": 1, "lt": 2}})
    assert echo == {
        "cost": {
            "operator": "",
            "value": [],
            "connector": "AND",
            "filter_params": {"cost": [{"operator": "gte", "value": [1]}, {"operator": "lt", "value": [2]}]},
        }
    }


_NAMES = ("model", "cost", "status")
_BARE = st.sampled_from([1, 2, "1", "2", None]) | st.lists(st.sampled_from([1, 2, "1"]), max_size=2)
_CONNECTORS = st.fixed_dictionaries({}, optional={"connector": st.sampled_from(["AND", "or"])})
_SINGLE = st.builds(
    lambda condition, connector: condition | connector,
    st.sampled_from(
        [
            {"operator": "gt", "value": 1},
            {"operator": "!=", "value": [1, 2]},
            {"value": "2"},
            {"operator": "isnull"},
            {"operator": "empty"},
            {"gte": 1, "lte": 1},
            {"lt": "2"},
        ]
    ),
    _CONNECTORS,
)
_MEMBERS = st.one_of(_BARE, _SINGLE, st.lists(_SINGLE, min_size=1, max_size=3))
_RULES = st.dictionaries(st.sampled_from(_NAMES), _MEMBERS, min_size=1)
_LISTS = st.lists(
    st.builds(lambda name, rule: {"field": name} | rule, st.sampled_from(_NAMES), _SINGLE), min_size=1, max_size=3
)
_BUNDLES = st.builds(
    lambda inner, connector: {"bundle": {"filter_params": inner} | connector}, _RULES | _LISTS, _CONNECTORS
)
_FILTERS = st.builds(
    lambda rules, bundle, connector: rules | bundle | connector, _RULES, _BUNDLES | st.just({}), _CONNECTORS
)
_ROWS = [
    {"model": model, "cost": cost, "status": status}
    for model in (None, "", "1", "2")
    for cost in (None, 1, 1.5, 2)
    for status in (None, "1")
]


@given(filters=_FILTERS | _LISTS)
def test_the_echo_means_the_same_and_is_its_own_echo(filters: Any) -> None:
    echo = canonical_form(filters)
    assert all({"operator", "value"} <= set(entry) for entry in echo.values())
    before, after = (parse_filters(form, DATASET_LOG_FIELDS) for form in (filters, echo))
    assert [matches(before, row) for row in _ROWS] == [matches(after, row) for row in _ROWS]
    assert canonical_form(echo) == echo
