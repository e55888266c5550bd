"""Anthropic's form, against the fake model server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import validate

from assay.providers.clients import ModelClients
from assay.providers.contract import ChatReply, Connection
from benchmarks.fake_model_server import FakeModelServer
from tests.providers.conftest import SCHEMA, answering, anthropic_connection, ask, call, error_of, http, with_clients

ANSWER = {"content": [{"type": "text", "text": "7"}], "usage": {"input_tokens": 5, "output_tokens": 2}}


def exchanged(answer: dict[str, Any], **changes: Any) -> tuple[ChatReply, bytes, dict[str, Any]]:
    """Return the reply, and the head and body of the request, of a call that is answered so."""

    async def work(clients: ModelClients) -> tuple[ChatReply, bytes]:
        async with answering(http(json.dumps(answer).encode())) as (base_url, received):
            reply = await clients.chat(Connection("anthropic", base_url, "key-of-ours"), call(**changes))
            return reply, received[0]

    reply, request = with_clients(work)
    head, _, body = request.partition(b"\r\n\r\n")
    return reply, head, json.loads(body)


def test_a_schema_is_asked_for_by_a_tool_and_the_tools_input_is_the_text(fake: FakeModelServer) -> None:
    reply = ask(anthropic_connection(fake), call())
    validate(json.loads(reply.text), SCHEMA)
    assert (reply.model, reply.finish_reason) == ("a-model-fake", "tool_use")


def test_system_messages_version_key_and_a_default_of_tokens_are_sent_as_the_api_wants_them() -> None:
    _, head, body = exchanged(ANSWER, schema=None)
    assert head.startswith(b"POST /v1/messages HTTP/1.1\r\n")
    assert b"\r\nx-api-key: key-of-ours\r\n" in head
    assert b"\r\nanthropic-version: 2023-06-01\r\n" in head
    assert body == {
        "model": "a-model",
        "max_tokens": 4096,
        "system": "You judge.",
        "messages": [{"role": "user", "content": "Is this good?"}],
    }


def test_system_messages_alone_become_the_users() -> None:
    _, _, body = exchanged(ANSWER, schema=None, messages=({"role": "system", "content": "Judge this."},))
    assert (body["messages"], "system" in body) == ([{"role": "user", "content": "Judge this."}], False)


def test_parameters_of_openai_are_translated_and_those_that_say_nothing_left_out() -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    given = {"max_completion_tokens": 9, "stop": "END", "temperature": 0, "top_p": 1, "frequency_penalty": 0,
             "presence_penalty": None, "n": 1, "tools": [tool]}  # fmt: skip
    _, _, body = exchanged(ANSWER, schema=None, parameters=given)
    kept = {name: body[name] for name in body if name not in ("model", "messages", "system")}
    look = {"name": "look", "input_schema": {"type": "object"}}
    assert kept == {"max_tokens": 9, "stop_sequences": ["END"], "temperature": 0, "tools": [look]}


def test_a_parameter_that_the_api_lacks_is_refused_by_name(fake: FakeModelServer) -> None:
    error = error_of(anthropic_connection(fake), call(parameters={"frequency_penalty": 0.5}))
    assert (error.kind, error.message) == (
        "bad_request",
        "Anthropic's models have no 'frequency_penalty' (0.5): remove it.",
    )


def test_cached_tokens_are_tokens_of_the_prompt() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": 2}
    reply, _, _ = exchanged({**ANSWER, "usage": usage}, schema=None)
    assert (reply.input_tokens, reply.output_tokens) == (125, 2)


def test_thoughts_are_no_part_of_the_text() -> None:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    reply, _, _ = exchanged({**ANSWER, "content": blocks}, schema=None)
    assert reply.text == "ab"


def test_a_model_that_refuses_forced_tools_is_asked_in_words_and_that_is_remembered(fake: FakeModelServer) -> None:
    before = len(fake.calls())

    async def twice(clients: ModelClients) -> list[str]:
        return [(await clients.chat(anthropic_connection(fake), call("no-tool-choice"))).text for _ in range(2)]

    assert [set(json.loads(text)) for text in with_clients(twice)] == [{"score", "reasoning"}] * 2
    assert len(fake.calls()) - before == 3


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_the_address_may_end_as_openais_does(fake: FakeModelServer, ending: str) -> None:
    reply = ask(anthropic_connection(fake, base_url=fake.root_url + ending), call())
    assert reply.model == "a-model-fake"


@pytest.mark.parametrize(
    ("model", "kind", "status", "is_retryable"),
    [("overloaded", "server_error", 529, True), ("refusing", "refused", None, False),
     ("forbidden", "not_authenticated", 401, False), ("missing", "not_found", 404, False)],
)  # fmt: skip
def test_what_goes_wrong_has_its_kind(
    fake: FakeModelServer, model: str, kind: str, status: int | None, is_retryable: bool
) -> None:
    error = error_of(anthropic_connection(fake), call(model))
    assert (error.kind, error.status, error.is_retryable) == (kind, status, is_retryable)
