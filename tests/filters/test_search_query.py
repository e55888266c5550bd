"""What is written into a search box, and what is meant by it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.filters.expression import EVERYTHING, And, Condition, Field, Operator
from assay.filters.fields import REQUEST_LOG_FIELDS, TRACE_FIELDS
from assay.filters.match import matches
from assay.filters.search import TextSearch, words_in
from assay.filters.search_query import parse_search
from assay.model.errors import Invalid
from tests.filters.generation import STRINGS


def parsed(text: str | None) -> tuple[TextSearch | None, Any]:
    return parse_search(text, REQUEST_LOG_FIELDS)


def one(name: str, operator: str, *values: Any) -> Condition:
    root, *path = name.split(".")
    return Condition(Field(root, tuple(path)), Operator(operator), values)


@pytest.mark.parametrize("text", [None, "", "  \t\n", '""', "--- !!", '"  "'])
def test_nothing_to_look_for_is_no_search(text: str | None) -> None:
    assert parsed(text) == (None, EVERYTHING)


@pytest.mark.parametrize(
    ("text", "words", "phrases"),
    [
        ("Refund", ("refund",), ()),
        ("refund  angry refund", ("refund", "angry"), ()),
        ('"Refund policy"', (), (("refund", "policy"),)),
        ('"refund"', ("refund",), ()),
        ('late "my order" "my order"', ("late",), (("my", "order"),)),
        # Cut into several words, meant as one.
        ("e-mail", (), (("e", "mail"),)),
        ("退款", (), (("退", "款"),)),
        ("-refund", ("refund",), ()),
        # No name of a field before the colon.
        ("http://example.com", (), (("http", "example", "com"),)),
        ("note-to-self:now", (), (("note", "to", "self", "now"),)),
        ("unknown_field:value", (), (("unknown", "field", "value"),)),
        # A name with nothing behind it is a word.
        ("model: gpt", ("model", "gpt"), ()),
        ('unclosed "phrase here', ("unclosed", "phrase", "here"), ()),
        ("x" * 70, ("x" * 64,), ()),
    ],
)
def test_words_and_phrases_are_looked_for(
    text: str, words: tuple[str, ...], phrases: tuple[tuple[str, ...], ...]
) -> None:
    assert parsed(text) == (TextSearch(words, phrases), EVERYTHING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model:gpt-4o", one("model", "equal", "gpt-4o")),
        ('model:"gpt 4o"', one("model", "equal", "gpt 4o")),
        ('model:""', one("model", "equal", "")),
        # An alias means its field.
        ("trace_id:t1", one("trace_unique_id", "equal", "t1")),
        ("status_code:429", one("status_code", "equal", 429)),
        ("cost:>0.01", one("cost", "gt", 0.01)),
        ("cost:>=0.01", one("cost", "gte", 0.01)),
        ("latency:<2", one("latency", "lt", 2)),
        ("latency:<=2", one("latency", "lte", 2)),
        ("model:>m", one("model", "gt", "m")),
        ("stream:true", one("stream", "equal", True)),
        ("model:gpt*", one("model", "startswith", "gpt")),
        ("model:*", one("model", "equal", "*")),
        ('model:"gpt*"', one("model", "equal", "gpt*")),
        ('model:">m"', one("model", "equal", ">m")),
        ("-model:gpt-4o", one("model", "not", "gpt-4o")),
        ("-model:gpt*", one("model", "not_startswith", "gpt")),
        ('-model:"gpt 4o"', one("model", "not", "gpt 4o")),
        ("metadata.plan:gold", one("metadata.plan", "equal", "gold")),
        ("metadata.a.b:>5", one("metadata.a.b", "gt", "5")),
        ("input.0.content:hi", one("input.0.content", "equal", "hi")),
        ("timestamp:>2026-01-31T12:00:00Z", one("timestamp", "gt", datetime(2026, 1, 31, 12, tzinfo=UTC))),
    ],
)
def test_a_field_and_a_value_are_a_filter(text: str, expected: Condition) -> None:
    search, expression = parsed(text)
    assert search is None
    assert expression == expected or _same_number(expression, expected)


def _same_number(expression: Any, expected: Condition) -> bool:
    """Literals of JSON values may have been read as numbers already."""
    values = getattr(expression, "values", ())
    return (
        isinstance(expression, Condition)
        and (expression.field, expression.operator) == (expected.field, expected.operator)
        and [str(value) for value in values] == [str(value) for value in expected.values]
    )


def test_everything_written_must_hold() -> None:
    search, expression = parsed('"refund policy" angry model:gpt-4o cost:>0.01 -status:success')
    assert search == TextSearch(("angry",), (("refund", "policy"),))
    assert isinstance(expression, And)
    row = {"model": "gpt-4o", "cost": 0.02, "status": "error"}
    assert matches(expression, row)
    for wrong in ({"model": "o1"}, {"cost": 0.01}, {"status": "success"}, {"cost": None}):
        assert not matches(expression, {**row, **wrong})


@pytest.mark.parametrize(
    "text",
    ["cost:cheap", "cost:>", "status_code:4*", "stream:perhaps", "timestamp:yesterday", "-cost:>5", "cost:nan"],
)
def test_a_value_that_a_field_cannot_have_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parsed(text)
    assert list(refused.value.fields) == ["search"]
    assert text.strip("-").partition(":")[0] in refused.value.fields["search"][0]


def test_a_search_may_be_long_but_not_too_long() -> None:
    assert parsed("x" * 2_000)[0] == TextSearch(("x" * 64,))
    with pytest.raises(Invalid, match="2,001"):
        parsed("x" * 2_001)
    fifty = " ".join(f"w{n}" for n in range(50))
    search, _ = parsed(fifty + " w1 w2")
    assert search is not None
    assert len(search.all_words) == 50
    with pytest.raises(Invalid, match="51"):
        parsed(fifty + " more")
    with pytest.raises(Invalid, match="51"):
        parsed(f'"{fifty}" more')


_PIECES = (
    *("model:", "cost:", "-", '"', ":", ">", "<=", "*", ".", "metadata.", "metadata.:", "scores.q:", "input:", " "),
    *("5", "-5", "1e999", "NaN", "0x1", "true", "\x00", "\ud800", "\u2028", "(", ")", "[", "\\", "id:", "a"),
    *("timestamp:", "\n", "environment:", "metadata:", "a.b.c:", "is_root_span:", "_:", "é:"),
)
_hostile = st.lists(st.sampled_from((*_PIECES, *STRINGS)), max_size=12).map("".join)


@given(st.text(max_size=300) | _hostile | st.text(st.characters(), max_size=50))
def test_hostile_text_raises_nothing_but_invalid(text: str) -> None:
    for fields in (REQUEST_LOG_FIELDS, TRACE_FIELDS):
        try:
            search, expression = parse_search(text, fields)
        except Invalid:
            continue
        # What came out can be asked.
        assert matches(expression, {}) in (True, False)
        if search is not None:
            assert search.all_words
            assert all(words_in(word) == [word] for word in search.all_words)
            assert all(len(phrase) > 1 for phrase in search.phrases)


@given(st.lists(st.sampled_from(("alpha", "beta", "gamma")), min_size=1, max_size=8))
def test_plain_words_are_looked_for_each_once(words: list[str]) -> None:
    assert parsed(" ".join(words)) == (TextSearch(tuple(dict.fromkeys(words))), EVERYTHING)
