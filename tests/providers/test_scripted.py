"""Scripted models: deterministic, valid, labelled, and as troublesome as their name says."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate

from assay.providers.clients import ModelClients
from assay.providers.contract import Connection, ProviderError
from assay.providers.schema_values import NOTE, value_for
from tests.providers.conftest import SCHEMA, ask, call, error_of

SCRIPTED = Connection("scripted", "", "", timeout_seconds=0.2)

NUMBERS = st.integers(-1_000, 1_000)
RANGES = st.tuples(NUMBERS, st.integers(1, 500)).map(lambda pair: (pair[0], pair[0] + pair[1]))
LEAVES = st.one_of(
    RANGES.map(lambda pair: {"type": "number", "minimum": pair[0], "maximum": pair[1]}),
    RANGES.map(lambda pair: {"type": "number", "exclusiveMinimum": pair[0], "exclusiveMaximum": pair[1]}),
    RANGES.map(lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[1]}),
    RANGES.map(lambda pair: {"type": "integer", "exclusiveMinimum": pair[0] - 1, "maximum": pair[1]}),
    NUMBERS.map(lambda low: {"type": "integer", "minimum": low}),
    NUMBERS.map(lambda high: {"type": ["number", "null"], "maximum": high}),
    RANGES.map(lambda pair: {"type": "number", "minimum": pair[0], "maximum": pair[1] + 5, "multipleOf": 5}),
    st.lists(st.text(), min_size=1).map(lambda names: {"enum": names}),
    st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {"const": 3}, {"type": "string"}, {"$ref": "#/$defs/verdict"}]
    ),
    st.integers(0, 80).map(lambda length: {"type": "string", "maxLength": length}),
    st.integers(0, 80).map(lambda length: {"type": "string", "minLength": length}),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(st.text(max_size=5), inner, max_size=4).map(
            lambda found: {"type": "object", "properties": found, "required": [*found], "additionalProperties": False}
        ),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}),
        st.lists(inner, min_size=1, max_size=3).map(lambda choices: {"anyOf": choices}),
    ),
    max_leaves=8,
)


@given(SCHEMAS, st.binary(min_size=1, max_size=64))
def test_the_value_is_one_that_the_schema_takes_and_always_the_same(schema: dict[str, Any], digest: bytes) -> None:
    schema = {**schema, "$defs": {"verdict": {"type": "number", "minimum": 0, "maximum": 1}}}
    value = value_for(schema, digest)
    validate(value, schema)
    assert value_for(schema, digest) == value


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "https://x/y"}, {"$ref": "#/$defs/none"}])
def test_a_schema_that_cannot_be_answered_is_an_error(schema: dict[str, Any]) -> None:
    assert error_of(SCRIPTED, call("scripted", schema=schema)).kind == "schema_unsupported"


def test_numbers_are_spread_over_the_range() -> None:
    found = [value_for(SCHEMA, bytes([n % 256, n // 256]))["score"] for n in range(1_000)]
    # The mean of 1,000 uniform draws from 0–10 has a standard deviation of 0.09: five of them.
    assert abs(sum(found) / len(found) - 5) < 0.46
    assert min(found) < 0.2
    assert max(found) > 9.8


def test_the_explanation_says_plainly_that_no_model_was_asked() -> None:
    reply = ask(SCRIPTED, call("scripted"))
    validate(json.loads(reply.text), SCHEMA)
    assert json.loads(reply.text)["explanation"] == NOTE == "scripted answer: no model was asked"
    assert (reply.model, reply.cost_usd) == ("scripted", 0.0)
    assert NOTE in ask(SCRIPTED, call("scripted", schema=None)).text


def test_a_text_that_is_to_hold_json_holds_json() -> None:
    assert json.loads(value_for({"type": "string", "contentMediaType": "application/json"}, b"x")) == {"note": NOTE}


def test_tokens_are_counted_by_words() -> None:
    short, long = (ask(SCRIPTED, call("scripted", prompt)) for prompt in ("one", "one two three four"))
    assert short.input_tokens is not None
    assert long.input_tokens == short.input_tokens + 3


def test_the_same_prompt_gets_the_same_answer_in_another_client_and_another_seed_another_one() -> None:
    texts = [ask(SCRIPTED, call(model)).text for model in ("scripted", "scripted", "scripted/seed=7")]
    assert texts[0] == texts[1] != texts[2]


def outcomes(model: str, prompts: int) -> Counter[str]:
    async def work() -> Counter[str]:
        clients = ModelClients()

        async def one(number: int) -> str:
            try:
                reply = await clients.chat(SCRIPTED, call(model, f"prompt {number}"))
            except ProviderError as error:
                return error.kind if error.is_retryable else "final"
            return "verdict" if reply.text.startswith("{") else "nonsense"

        return Counter(await asyncio.gather(*(one(number) for number in range(prompts))))

    return asyncio.run(work())


def test_failures_nonsense_and_hanging_come_about_as_often_as_the_name_says() -> None:
    found = outcomes("scripted/fail=429@0.1,fail=503@0.1,nonsense@0.2,hang@0.05", 2_000)
    expected = {"rate_limited": 200, "server_error": 200, "nonsense": 400, "timeout": 100, "verdict": 1_100}
    assert set(found) == set(expected)
    # The draws are fixed by the prompts: this either holds or not, whenever it runs.
    assert all(abs(found[kind] - count) < 5 * count**0.5 for kind, count in expected.items())


def test_which_prompts_fail_is_the_same_every_time() -> None:
    assert outcomes("scripted/fail=429@0.3", 200) == outcomes("scripted/fail=429@0.3", 200)


def test_another_attempt_may_fare_better() -> None:
    async def work() -> set[bool]:
        clients = ModelClients()
        seen = set()
        for _ in range(40):
            try:
                await clients.chat(SCRIPTED, call("scripted/fail=500@0.5"))
                seen.add(True)
            except ProviderError:
                seen.add(False)
        return seen

    assert asyncio.run(work()) == {True, False}


@pytest.mark.parametrize("part", ["latency", "latency=x", "fail=429", "fail=200@0.1", "fail@0.1", "nonsense=1",
                                  "nonsense@2", "hang@0.6,nonsense@0.6", "speed=1", "judge"])  # fmt: skip
def test_a_name_that_cannot_be_read_says_what_would_be_right(part: str) -> None:
    error = error_of(SCRIPTED, call(f"scripted/{part}"))
    assert (error.kind, error.is_retryable) == ("bad_request", False)
    assert "use latency=SECONDS, fail=STATUS@P" in error.message


@pytest.mark.parametrize("model", ["gpt-4o-mini", "openai/gpt-4o", "scripted", "scripted/"])
def test_any_other_name_answers(model: str) -> None:
    assert ask(SCRIPTED, call(model)).model == model
