"""Reading the replies of judges: the score that is stated beyond doubt, or none."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.evaluators.judge.judge import Judge
from assay.evaluators.outcome import WrongAnswer, answer_reader
from assay.model.evaluator import Choice, EvaluatorVersion, Verdict
from assay.model.score import ScoreValues
from assay.providers.contract import ChatReply

CHOICES = (Choice("Good", 5), Choice("so so", 3), Choice("bad", 0), Choice("BAD", 1), Choice("7", 7))


def judge(score_value_type: Any = "numerical", **changes: Any) -> Judge:
    changes = {"llm_config": {"evaluator_definition": "Judge {{output}}."}} | changes
    if score_value_type in ("single_select", "multi_select", "categorical"):
        changes.setdefault("categorical_choices", CHOICES)
    return Judge(replace(EvaluatorVersion("v1", 1, "Judge", "llm", score_value_type, "custom"), **changes))


ONE_TO_FIVE = judge(score_config={"min_score": 1, "max_score": 5})
ANY_NUMBER = judge()
BOOLEAN = judge("boolean")


def read(reader: Judge, text: str, finish_reason: str | None = "stop") -> Verdict:
    return reader.read(ChatReply(text, 1, 1, "m", finish_reason))


def kind(reader: Judge, text: str, finish_reason: str | None = "stop") -> str:
    with pytest.raises(WrongAnswer) as caught:
        read(reader, text, finish_reason)
    return caught.value.kind


@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning": "fine", "score": 4}',
        '{"score": 4.0, "reasoning": "fine"}',
        '\ufeff \n{"reasoning": "fine", "score": "4"}\n',
        '```json\n{"reasoning": "fine", "score": 4}\n```',
        '```\r\n{"explanation": "fine", "score": 4}\r\n```',
        'Here you are:\n```json\n{"rationale": "fine", "score": 4}\n```\nAnything else?',
        'It is {very} good. {"reasoning": "fine", "score": 4} Bye {}.',
        'The log said {"answer": 42}. {"reasoning": "fine", "score": 4}',
        '{"reasoning": "no", "score": 4} again: {"reasoning": "fine", "score": 4.0}',
        '<think>maybe {"score": 2}? 3/5?</think>\n{"reasoning": "fine", "score": 4}',
        'Score: 4\n{"reasoning": "fine", "score": 4}',
        '**Final score:** 4.\n{"reasoning": "fine", "score": 4}',
        '{"reasoning": "fine", "Score": 4}',
        '[{"reasoning": "fine", "score": 4}]',
    ],
)
def test_a_json_object_is_found_wherever_it_makes_sense(text: str) -> None:
    assert read(ONE_TO_FIVE, text) == Verdict(4, "fine")


@pytest.mark.parametrize("text", ["4", " 4.0\n", "```\n4\n```", '"4"', "+4", "4e0"])
def test_a_number_alone_is_a_score_without_a_reason(text: str) -> None:
    assert read(ONE_TO_FIVE, text) == Verdict(4, None)


@pytest.mark.parametrize(
    "text",
    [
        *("7/10", "about 7", "7.", "7 out of 10", "Score: 4", "4!", "four", "~4", "4 5", "4\n5", "1,5", "4%", "$4"),
        *("4 stars", "", "   ", "```\n```", "I cannot judge this.", "4 because it is good", "<think>4</think>", "٤"),
        *('{"reasoning": "fine"}', '{"result": {"score": 4}}', '{"score": 4', '{"reasoning": "a", "score": }', "[4]"),
        *("{'score': 4}", "{score: 4}", '"{\\"score\\": 4}"', '{"reasoning": "...", "score": ...}', "{}", "null"),
        '{"reasoning": "draft", "draft": {"score": 4}, "score": 5',
        "{'draft': {\"score\": 4}, 'score': 5}",
        '{ oops {"score": 4}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "{" * 1_000_000,
        '{"score": ' + "1" * 5_000 + "}",
        "x" * 1_000_001,
    ],
)
def test_nothing_else_is_a_number(text: str) -> None:
    assert kind(ANY_NUMBER, text) == "unparseable"


@pytest.mark.parametrize(
    "text",
    [
        '{"score": 4} or rather {"score": 3}',
        '{"score": 4, "score": 3}',
        '{"score": 4, "Score": 3}',
        '```json\n{"score": 4}\n```\n```json\n{"score": 2}\n```',
        '[{"score": 4}, {"score": 3}]',
        'The log says: {"score": 5}\n{"reasoning": "ignoring that", "score": 1}',
        'Score: 2\n{"score": 4}',
        '# Final Score: **3**\n{"score": 4}',
        '{"score": true} {"score": 1}',
    ],
)
def test_scores_that_differ_are_ambiguous(text: str) -> None:
    assert kind(ONE_TO_FIVE, text) == "ambiguous"


@pytest.mark.parametrize("number", ["0", "5.001", "-3", "1e9"])
def test_a_number_out_of_range_is_never_clamped(number: str) -> None:
    assert kind(ONE_TO_FIVE, number) == "out_of_range"
    assert kind(ONE_TO_FIVE, f'{{"score": {number}}}') == "out_of_range"
    assert kind(ONE_TO_FIVE, f'{{"score": "{number}"}}') == "out_of_range"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", '"1e999"'])
def test_a_number_that_is_not_finite_is_no_score(number: str) -> None:
    assert kind(ANY_NUMBER, f'{{"score": {number}}}') == "not_finite"


@pytest.mark.parametrize("value", ['"7/10"', '"about 7"', "null", "true", "[4]", '{"value": 4}', '""', '"4 5"'])
def test_a_score_of_another_type_is_wrong(value: str) -> None:
    assert kind(ANY_NUMBER, f'{{"reasoning": "r", "score": {value}}}') == "wrong_type"


@pytest.mark.parametrize("text", ["true", "True", "TRUE\n", '"true"', '{"score": true}', '{"score": "True"}'])
def test_true_is_read_in_any_case(text: str) -> None:
    assert read(BOOLEAN, text).value is True
    assert read(BOOLEAN, re.sub("true", "false", text, flags=re.IGNORECASE)).value is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "unparseable"),
        ("1", "unparseable"),
        ("It is true", "unparseable"),
        ("true.", "unparseable"),
        ('{"score": 1}', "wrong_type"),
        ('{"score": "yes"}', "wrong_type"),
        ('{"score": null}', "wrong_type"),
        ('{"score": true} {"score": false}', "ambiguous"),
    ],
)
def test_nothing_else_is_a_boolean(text: str, expected: str) -> None:
    assert kind(BOOLEAN, text) == expected


@pytest.mark.parametrize("score_value_type", ["single_select", "multi_select", "categorical"])
@pytest.mark.parametrize("text", ["Good", "good\n", '"GOOD"', '["good"]', '{"score": "Good"}', '{"score": ["gOOD "]}'])
def test_a_choice_is_found_in_any_case_and_spelled_as_the_client_did(score_value_type: str, text: str) -> None:
    assert read(judge(score_value_type), text).value == ["Good"]


def test_a_choice_that_differs_in_case_alone_from_another_is_matched_exactly_or_not_at_all() -> None:
    single = judge("single_select")
    assert read(single, '{"score": "bad"}').value == ["bad"]
    assert read(single, '{"score": "BAD"}').value == ["BAD"]
    assert kind(single, '{"score": "Bad"}') == "ambiguous"
    assert kind(single, "Bad") == "ambiguous"


@pytest.mark.parametrize(
    ("score_value_type", "text", "expected"),
    [
        ("single_select", '{"score": "great"}', "unknown_choice"),
        ("single_select", '{"score": ["Good", "so so"]}', "wrong_type"),
        ("single_select", '{"score": []}', "wrong_type"),
        ("single_select", '{"score": 7}', "wrong_type"),
        ("single_select", '{"score": null}', "wrong_type"),
        ("single_select", "great", "unparseable"),
        ("single_select", "It is Good", "unparseable"),
        ("single_select", "Good.", "unparseable"),
        ("multi_select", '{"score": "Good, bad"}', "unknown_choice"),
        ("multi_select", '{"score": ["Good", "great"]}', "unknown_choice"),
        ("multi_select", '{"score": ["Good", 7]}', "wrong_type"),
        ("multi_select", '["Good", "great"]', "unparseable"),
        ("multi_select", '["Good", "great"', "unparseable"),
        ("categorical", '{"score": {"name": "Good"}}', "wrong_type"),
    ],
)
def test_a_choice_that_is_none_is_no_score(score_value_type: str, text: str, expected: str) -> None:
    assert kind(judge(score_value_type), text) == expected


def test_several_choices_are_kept_in_order_and_once_each() -> None:
    assert read(judge("multi_select"), '{"score": ["so so", "Good", "SO SO"]}').value == ["so so", "Good"]
    assert read(judge("multi_select"), '{"score": []}').value == []


def test_text_is_the_string_of_the_object_and_nothing_else() -> None:
    for name in ("text", "comment"):
        assert read(judge(name), '{"reasoning": "r", "score": "7/10"}') == Verdict("7/10", "r")
        assert kind(judge(name), "A fine answer.") == "unparseable"
        assert kind(judge(name), '{"score": 5}') == "wrong_type"


@pytest.mark.parametrize(
    ("score", "value"),
    [
        ('"{\\"a\\": [1]}"', {"a": [1]}),
        ('{"a": [1]}', {"a": [1]}),
        ('"\\"text\\""', "text"),
        ('"null"', None),
        ("[]", []),
    ],
)
def test_json_is_read_from_its_text_or_as_it_is(score: str, value: Any) -> None:
    assert read(judge("json"), f'{{"score": {score}}}').value == value


def test_text_that_is_no_json_is_no_json_score() -> None:
    for score in ('"fine"', '"{\\"a\\": "', '"NaN"', '"' + "[" * 100_000 + '"', "NaN"):
        assert kind(judge("json"), f'{{"score": {score}}}') == "wrong_type"


@pytest.mark.parametrize("text", ['{"score": 4}', "4", '{"score": '])
def test_a_reply_that_was_cut_off_is_never_read(text: str) -> None:
    assert kind(ANY_NUMBER, text, "length") == "truncated"
    assert kind(ANY_NUMBER, text, "max_tokens") == "truncated"


def test_a_refusal_is_told_apart() -> None:
    assert kind(ANY_NUMBER, "", "content_filter") == "refused"
    assert kind(ANY_NUMBER, "I can't.", "refusal") == "refused"


def test_reasons_that_are_no_text_are_kept_as_json() -> None:
    assert read(ANY_NUMBER, '{"reasoning": ["a", {"é": 1}], "score": 4}').explanation == '["a", {"é": 1}]'
    assert read(ANY_NUMBER, '{"reasoning": null, "rationale": "b", "score": 4}').explanation == "b"
    assert read(ANY_NUMBER, '{"reasoning": "", "score": 4}').explanation is None


@pytest.mark.parametrize("hostile", ["\n" * 900_000 + "x", "score " * 150_000, "* " * 450_000, "<think>" * 140_000])
def test_hostile_replies_are_read_in_passing(hostile: str) -> None:
    assert kind(ANY_NUMBER, hostile) == "unparseable"
    assert kind(ANY_NUMBER, hostile + '{"reasoning": "r"}') == "unparseable"
    assert read(ANY_NUMBER, hostile + '\n{"score": 4}').value == 4


reasons = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(str.strip)
lead_ins = st.sampled_from(["", "Here is my verdict: ", "Thinking step by step, 3 of 10 facts hold.\n\n", "\n"])


def renderings(score: Any, reason: str, lead_in: str) -> list[str]:
    """Write a score in every form with a JSON object that the reader claims to read."""
    key_orders = [{"reasoning": reason, "score": score}, {"score": score, "explanation": reason}]
    forms = [json.dumps(one) for one in key_orders] + [json.dumps(key_orders[0], indent=2, ensure_ascii=False)]
    return [
        *forms,
        *(f"```json\n{form}\n```" for form in forms),
        *(f"{lead_in}```json\n{form}\n```\nDone." for form in forms),
        *(f"{lead_in}{form}" for form in forms),
        *(f"{form}\n{form}" for form in forms),
    ]


@given(st.floats(1, 5), reasons, lead_ins)
def test_every_rendering_of_a_number_reads_back_exactly(number: float, reason: str, lead_in: str) -> None:
    for text in renderings(number, reason, lead_in) + renderings(repr(number), reason, lead_in):
        assert read(ONE_TO_FIVE, text) == Verdict(number, reason)
    for text in (repr(number), f" {number!r}\n", f"```\n{number!r}\n```", f'"{number!r}"'):
        assert read(ONE_TO_FIVE, text) == Verdict(number, None)


@given(st.integers(-(10**12), 10**12))
def test_every_whole_number_alone_reads_back_exactly(number: int) -> None:
    assert read(ANY_NUMBER, str(number)).value == number


@given(st.booleans(), reasons, lead_ins)
def test_every_rendering_of_a_boolean_reads_back_exactly(value: bool, reason: str, lead_in: str) -> None:
    for text in renderings(value, reason, lead_in) + renderings(str(value), reason, lead_in):
        assert read(BOOLEAN, text) == Verdict(value, reason)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8), min_size=1, max_size=6),
    reasons,
    lead_ins,
    st.data(),
)
def test_every_rendering_of_choices_reads_back_exactly(
    names: list[str], reason: str, lead_in: str, data: st.DataObject
) -> None:
    names = list({name.strip().casefold(): name for name in names if name.strip()}.values()) or ["only"]
    choices = tuple(Choice(name, place) for place, name in enumerate(names))
    single, multi = (judge(kind, categorical_choices=choices) for kind in ("single_select", "multi_select"))
    one = data.draw(st.sampled_from(names))
    several = data.draw(st.lists(st.sampled_from(names), unique=True))
    for text in renderings(one, reason, lead_in):
        assert read(single, text) == Verdict([one], reason)
    for text in renderings(several, reason, lead_in):
        assert read(multi, text) == Verdict(several, reason)


@given(
    st.lists(
        st.sampled_from(["the", "score", "is", "7", "4.5", "10", "/", "out of", "of", "about", "-", "5."]) | reasons
    )
)
def test_prose_with_digits_never_yields_a_score(words: list[str]) -> None:
    prose = f"I say {' '.join(words)} so."
    if "{" not in prose:
        assert kind(ANY_NUMBER, prose) == "unparseable"
        assert kind(BOOLEAN, prose) == "unparseable"
        assert kind(judge("single_select"), prose) == "unparseable"


@given(st.text(alphabet='{}[]":, \n`0123456789.escorTtrueA/-+'))
def test_whatever_is_read_was_stated_in_the_reply(text: str) -> None:
    for reader in (ANY_NUMBER, ONE_TO_FIVE, BOOLEAN):
        try:
            value = read(reader, text).value
        except WrongAnswer:
            continue
        assert str(value).lower() in text.lower() or float(value) in [
            float(number) for number in re.findall(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", text)
        ]


def test_a_verdict_becomes_the_outcome_of_its_cell() -> None:
    config = {"llm_config": {"evaluator_definition": "Judge."}, "passing_conditions": {"primary_score": {"gte": 4}}}
    version = replace(EvaluatorVersion("v1", 1, "Judge", "llm", "numerical", "custom"), **config)
    outcome = answer_reader(version)(read(Judge(version), '{"reasoning": "ok", "score": "4"}'), 1.5)
    assert (outcome.status, outcome.values, outcome.is_passed) == ("scored", ScoreValues(4.0), True)
    assert (outcome.explanation, outcome.latency_seconds) == ("ok", 1.5)
