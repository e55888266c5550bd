"""Templates of judges: names become the texts of a row, and texts stay what they are."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evaluators.judge.template import MAXIMUM_PROMPT_BYTES, names_in, render, value_text
from assay.evaluators.outcome import WrongAnswer
from assay.model.evaluator import EvaluatorInputs

ROW = EvaluatorInputs(
    input=[{"role": "user", "content": "Où ?"}],
    output={"answer": "Ici", "steps": ["one", {"two": 2}]},
    expected_output="Ici",
    metadata={"user": {"tags": ["vip", "new"], "age": 7}, "user.tags": "literal", "ok": True, "none": None},
    metrics={"latency": 0.25},
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{expected_output}}", "Ici"),
        ("<{{ expected_output }}>", "<Ici>"),
        ("{{ideal_output}}", "Ici"),
        ("{{output}}", '{"answer": "Ici", "steps": ["one", {"two": 2}]}'),
        ("{{llm_output}}", '{"answer": "Ici", "steps": ["one", {"two": 2}]}'),
        ("{{output.answer}} {{llm_output.answer}}", "Ici Ici"),
        ("{{output.steps.0}}{{output.steps.1.two}}", "one2"),
        ("{{input.0.content}}", "Où ?"),
        ("{{metadata.user.age}}", "7"),
        ("{{metadata.user.tags.1}}", "new"),
        ("{{metadata.user.tags}}", "literal"),
        ("{{metadata.ok}}", "true"),
        ("{{metrics}}", '{"latency": 0.25}'),
        ("{{metrics.latency}}s", "0.25s"),
        ("[{{metadata.none}}{{metadata.absent}}{{output.steps.9}}{{unknown}}{{input.content}}]", "[]"),
        ("{{{expected_output}}}", "{Ici}"),
        ('{"a": {{metadata.user.age}}}', '{"a": 7}'),
    ],
)
def test_a_name_becomes_the_text_of_its_value(template: str, text: str) -> None:
    assert render(template, ROW) == text


@pytest.mark.parametrize("template", ["{ {input} }", "{{}}", '{{"a": 1}}', "{{input | upper}}", "{{#if x}}", "{{1}}"])
def test_braces_around_anything_but_a_name_stay(template: str) -> None:
    assert render(template, ROW) == template
    assert names_in(template) == ()


def test_a_list_of_messages_is_readable_json() -> None:
    text = render("{{llm_input}}", ROW)
    assert json.loads(text) == ROW.input
    assert text.splitlines()[2] == '    "role": "user",'
    assert "Où ?" in text


def test_names_are_told_once_each_in_order() -> None:
    assert names_in("{{ output }} {{input}} {{output}} {{metadata.a b}}") == ("output", "input", "metadata.a b")


def test_values_are_not_searched_for_names() -> None:
    row = EvaluatorInputs(input="{{metadata.secret}}", output="{{", expected_output="}}", metadata={"secret": "s3"})
    assert render("{{input}}", row) == "{{metadata.secret}}"
    assert render("{{output}}metadata.secret{{expected_output}}", row) == "{{metadata.secret}}"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.text(string.ascii_letters + " "))
def test_a_text_is_inserted_verbatim(value: str, around: str) -> None:
    assert render(f"{around}{{{{input}}}}{around}", EvaluatorInputs(input=value)) == around + value + around


@given(st.dictionaries(st.text(string.ascii_lowercase + ". ", min_size=1).map(str.strip).filter(bool), st.integers()))
def test_a_literal_key_is_found_whatever_dots_it_has(metadata: dict[str, int]) -> None:
    for key, number in metadata.items():
        if not key.endswith((" ", ".")):
            assert value_text(EvaluatorInputs(metadata=metadata), f"metadata.{key}") == str(number)


def test_a_prompt_of_two_million_bytes_is_the_longest() -> None:
    half = EvaluatorInputs(input="é" * (MAXIMUM_PROMPT_BYTES // 4))
    assert len(render("{{input}}{{input}}", half).encode()) == MAXIMUM_PROMPT_BYTES
    for template in ("{{input}}{{input}}.", "{{input}}" * 100_000):
        with pytest.raises(WrongAnswer, match="longer than 2,000,000 bytes") as caught:
            render(template, half)
        assert caught.value.kind == "prompt_too_long"


def deep(depth: int) -> Any:
    nested: Any = []
    for _ in range(depth):
        nested = [nested]
    return nested


@pytest.mark.parametrize("value", [deep(100_000), 10**5_000], ids=["deep", "long"])
def test_a_value_without_json_text_fails_the_cell_with_its_name(value: Any) -> None:
    with pytest.raises(WrongAnswer, match="has no JSON text") as caught:
        render("{{metadata.a}}", EvaluatorInputs(metadata={"a": value}))
    assert caught.value.kind == "unreadable_inputs"


def test_what_no_request_can_carry_is_escaped() -> None:
    assert (
        render("{{input}}{{output}}", EvaluatorInputs(input="a\ud800\0", output=["\udfff"]))
        == 'a\\ud800\\x00["\\udfff"]'
    )


@pytest.mark.parametrize("hostile", ["{{" * 500_000, "{{ " + " " * 1_000_000, "{{a." * 300_000, "{{" + "a." * 500_000])
def test_hostile_templates_are_read_in_passing(hostile: str) -> None:
    assert render(hostile, ROW) == hostile
