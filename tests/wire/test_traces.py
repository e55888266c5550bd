"""Spans become trees whatever they say about their parents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.model.access import Identity
from assay.model.log import LogAttributes, LogContent
from assay.model.request_log import RequestLog, SpanAttributes
from assay.wire.codec import encode
from assay.wire.traces import DEEPEST_SPAN, payload_text, span_tree

WHO = Identity("key", "prefix", 1, "organization", "prod", ("read",))
AT = datetime(2026, 1, 1, tzinfo=UTC)


def span(name: str | None, parent: str | None) -> RequestLog:
    attributes = LogAttributes(AT, AT, trace_unique_id="t")
    ids = SpanAttributes(span_unique_id=name, span_parent_id=parent)
    return RequestLog(f"log-{name}", 1, AT, attributes, ids, "", "", None, LogContent(input=b'"in"', output=b'{"a":1}'))


def names(trees: list[dict[str, Any]]) -> Iterator[str]:
    pending = list(trees)
    while pending:
        node = pending.pop()
        yield node["span_unique_id"]
        pending += node["children"]


def shape(trees: list[dict[str, Any]]) -> list[Any]:
    return [(node["span_unique_id"], shape(node["children"])) for node in trees]


def test_children_hang_on_their_parents_in_the_order_given() -> None:
    spans = [span("a", None), span("c", "b"), span("b", "a"), span("d", "a")]
    assert shape(span_tree(spans, WHO)) == [("a", [("b", [("c", [])]), ("d", [])])]


def test_spans_whose_parent_is_not_there_are_roots() -> None:
    assert shape(span_tree([span("a", "gone"), span("b", "a")], WHO)) == [("a", [("b", [])])]


def test_a_span_that_is_its_own_parent_is_a_root() -> None:
    assert shape(span_tree([span("a", "a"), span("b", "a")], WHO)) == [("a", [("b", [])])]


def test_a_circle_is_cut_at_its_first_span() -> None:
    spans = [span("x", None), span("a", "c"), span("b", "a"), span("c", "b")]
    assert shape(span_tree(spans, WHO)) == [("x", []), ("a", [("b", [("c", [])])])]


def test_spans_that_share_an_id_are_all_there() -> None:
    assert sorted(names(span_tree([span("a", None), span("a", None), span("b", "a")], WHO))) == ["a", "a", "b"]


def test_a_span_without_an_id_goes_by_that_of_its_log() -> None:
    (root,) = span_tree([span(None, None)], WHO)
    assert root["span_unique_id"] == "log-None"


@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_a_chain_of_thousands_stays_readable(order: str) -> None:
    spans = [span(str(n), str(n - 1) if n else None) for n in range(10_000)]
    trees = span_tree(spans if order == "forwards" else spans[::-1], WHO)
    assert len(list(names(trees))) == 10_000
    assert encode(trees)
    depth, level = 0, trees
    while level:
        depth, level = depth + 1, [child for node in level for child in node["children"]]
    assert depth == DEEPEST_SPAN


@given(st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 15)), max_size=30), st.integers())
def test_every_span_is_in_the_tree_exactly_once(drawn: list[tuple[int, int | None]], seed: int) -> None:
    spans = [span(str(name), None if parent is None else str(parent)) for name, parent in drawn]
    random.Random(seed).shuffle(spans)
    assert sorted(names(span_tree(spans, WHO))) == sorted(str(name) for name, _ in drawn)


def test_payloads_are_text() -> None:
    assert payload_text(None) is None
    assert payload_text(b'"a \\"b\\""') == 'a "b"'
    assert payload_text(b'{"a":[1]}') == '{"a":[1]}'
    assert payload_text(b"null") == "null"
