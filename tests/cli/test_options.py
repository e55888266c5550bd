"""How filters, values and tables read what people type and what data holds."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from assay.cli.options import read_filters, read_value
from assay.cli.output import clean, shortened


@pytest.mark.parametrize(
    ("shorthand", "expected"),
    [
        ("metadata.topic=refund", {"metadata.topic": "refund"}),
        ("cost>=0.5", {"cost": {"operator": "gte", "value": 0.5}}),
        ("cost > 2", {"cost": {"operator": "gt", "value": 2}}),
        ("latency<1e3", {"latency": {"operator": "lt", "value": 1000.0}}),
        ("model!=gpt-4o", {"model": {"operator": "not", "value": "gpt-4o"}}),
        ("output~sorry", {"output": {"operator": "contains", "value": "sorry"}}),
        ("metadata.flag=true", {"metadata.flag": True}),
        ("metadata.query=a=b>c", {"metadata.query": "a=b>c"}),
        ("metadata.empty=", {"metadata.empty": ""}),
        ('metadata.text="quoted"', {"metadata.text": '"quoted"'}),
        ("metadata.none=null", {"metadata.none": "null"}),
    ],
)
def test_a_shorthand_is_a_condition(shorthand: str, expected: dict[str, Any]) -> None:
    assert read_filters([shorthand], None) == expected


def test_shorthands_and_json_join() -> None:
    assert read_filters(["a=1", "b=x"], '{"c": {"operator": "in", "value": [1]}}') == {
        "a": 1,
        "b": "x",
        "c": {"operator": "in", "value": [1]},
    }


def test_without_any_there_is_no_filter() -> None:
    assert read_filters(None, None) is None


@pytest.mark.parametrize(
    ("shorthands", "filters", "words"),
    [
        (["topic"], None, "is not FIELD=VALUE"),
        (["=x"], None, "names no field"),
        (["a=1", "a=2"], None, "filtered twice"),
        (None, "[1]", "JSON object"),
        (None, "{", "not JSON"),
    ],
)
def test_what_cannot_be_read_is_named(shorthands: list[str] | None, filters: str | None, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        read_filters(shorthands, filters)


@pytest.mark.parametrize(
    ("words", "expected"), [('{"q": 1}', {"q": 1}), ("plain text", "plain text"), ("3", 3), ("{broken", "{broken")]
)
def test_a_value_is_json_or_text(words: str, expected: object) -> None:
    assert read_value(words) == expected


def test_data_cannot_steer_the_terminal() -> None:
    assert clean("a\x1b[2Jb\x07c\x9bd\ne") == "a�[2Jb�c�d\ne"


def test_long_values_stand_on_one_line_and_end_with_an_ellipsis() -> None:
    assert shortened("two\nlines") == "two lines"
    assert shortened({"a": [1, None]}) == '{"a":[1,null]}'
    assert len(shortened("x" * 1_000_000, 50)) == 50
    assert shortened("x" * 60, 50).endswith("…")
