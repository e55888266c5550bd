"""OpenAI's form, against the fake model server."""

from __future__ import annotations

import asyncio
import json

import pytest
from jsonschema import validate

from assay.model.errors import Invalid
from assay.providers.clients import ModelClients
from assay.providers.contract import Connection
from benchmarks.fake_model_server import FakeModelServer
from tests.providers.conftest import (
    COMPLETION,
    KEY,
    SCHEMA,
    answering,
    ask,
    call,
    error_of,
    http,
    openai_connection,
    with_clients,
)


def test_a_reply_matches_the_schema_and_carries_tokens_and_the_providers_name_of_the_model(
    fake: FakeModelServer,
) -> None:
    reply = ask(openai_connection(fake), call())
    validate(json.loads(reply.text), SCHEMA)
    assert reply.input_tokens is not None
    assert reply.output_tokens is not None
    assert (reply.input_tokens > 0, reply.output_tokens > 0, reply.model) == (True, True, "a-model-fake")
    assert (reply.finish_reason, reply.cost_usd) == ("stop", None)


@pytest.mark.parametrize(
    ("description", "low", "high"),
    [("A number from 30 to 31.5, both included.", 30, 31.5), ("A number of at least 7.", 7, 8),
     ("A number of at most -3.", -4, -3)],
)  # fmt: skip
def test_bounds_are_not_sent_to_strict_modes_and_the_fake_model_reads_them_in_the_description(
    fake: FakeModelServer, description: str, low: float, high: float
) -> None:
    schema = {"type": "object", "properties": {"score": {"type": "number", "description": description}}}
    for number in range(20):
        reply = ask(openai_connection(fake), call(prompt=f"prompt {number}", schema=schema))
        assert low <= json.loads(reply.text)["score"] <= high


def test_the_same_prompt_gets_the_same_verdict_and_another_one_another(fake: FakeModelServer) -> None:
    texts = [ask(openai_connection(fake), call(prompt=prompt)).text for prompt in ("one", "one", "two")]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(("model", "requests"), [("no-json-schema", 3), ("no-response-format", 4), ("bad-schema", 3)])
def test_an_endpoint_without_a_format_is_asked_another_way_and_that_is_remembered(
    fake: FakeModelServer, model: str, requests: int
) -> None:
    before = len(fake.calls())

    async def twice(clients: ModelClients) -> list[str]:
        connection = openai_connection(fake)
        return [(await clients.chat(connection, call(model))).text for _ in range(2)]

    assert [set(json.loads(text)) for text in with_clients(twice)] == [{"score", "reasoning"}] * 2
    assert len(fake.calls()) - before == requests


def test_a_schema_that_one_endpoint_refuses_does_not_cost_another_schema_its_format(fake: FakeModelServer) -> None:
    async def work() -> list[bytes]:
        refusal = b'{"error": {"message": "Invalid schema for response_format", "param": "response_format"}}'
        bad = http(refusal, status=b"400 Bad Request")
        async with answering(bad, http(COMPLETION), http(COMPLETION)) as (base_url, received):
            clients = ModelClients()
            connection = Connection("openai", base_url, "")
            await clients.chat(connection, call())
            await clients.chat(connection, call(schema={"type": "object", "properties": {}}))
            await clients.close()
            return received

    formats = [json.loads(request.partition(b"\r\n\r\n")[2])["response_format"] for request in asyncio.run(work())]
    assert [one["type"] for one in formats] == ["json_schema", "json_object", "json_schema"]


def test_a_model_that_cannot_be_held_to_a_schema_is_told_it_in_words() -> None:
    async def work() -> list[bytes]:
        refusal = http(b'{"detail": "response_format is not supported"}', status=b"422 Unprocessable")
        async with answering(refusal, refusal, http(COMPLETION)) as (base_url, received):
            clients = ModelClients()
            await clients.chat(Connection("openai", base_url, ""), call())
            await clients.close()
            return received

    last = json.loads(asyncio.run(work())[-1].partition(b"\r\n\r\n")[2])
    assert "response_format" not in last
    assert last["messages"][0]["content"].startswith("You judge.\n\nAnswer with one JSON object")
    assert '"maximum":10' in last["messages"][0]["content"]


def test_a_reasoning_model_gets_its_parameters_by_its_names_and_this_is_remembered(fake: FakeModelServer) -> None:
    before = len(fake.calls())
    asked = call("reasoning", parameters={"max_tokens": 50, "temperature": 0.2, "top_p": 0.9, "stop": None})

    async def twice(clients: ModelClients) -> None:
        for _ in range(2):
            await clients.chat(openai_connection(fake), asked)

    with_clients(twice)
    # Three refusals teach; the second call knows.
    assert len(fake.calls()) - before == 5


def test_many_first_calls_at_once_all_learn_the_same(fake: FakeModelServer) -> None:
    async def many(clients: ModelClients) -> list[str]:
        connection = openai_connection(fake)
        parameters = {"max_tokens": 50, "temperature": 0.2}
        asked = [call("reasoning", f"prompt {n}", parameters=parameters) for n in range(20)]
        return [reply.text for reply in await asyncio.gather(*(clients.chat(connection, one) for one in asked))]

    assert len(set(with_clients(many))) == 20


def test_a_value_out_of_range_is_an_error_and_never_left_out_quietly() -> None:
    async def work(clients: ModelClients) -> int:
        refusal = b'{"error": {"message": "Invalid value: temperature must be at most 2.", "param": "temperature"}}'
        async with answering(http(refusal, status=b"400 Bad Request")) as (base_url, received):
            with pytest.raises(Exception, match="temperature must be at most 2"):
                await clients.chat(Connection("openai", base_url, ""), call(parameters={"temperature": 3}))
            return len(received)

    assert with_clients(work) == 1


def test_an_endpoint_that_refuses_both_names_of_a_parameter_is_asked_without_it() -> None:
    async def work(clients: ModelClients) -> list[bytes]:
        def refusal(name: str) -> bytes:
            return http(json.dumps({"message": f"Unknown argument: {name}"}).encode(), status=b"400 Bad Request")

        answers = refusal("max_tokens"), refusal("max_completion_tokens"), http(COMPLETION)
        async with answering(*answers) as (base_url, received):
            await clients.chat(Connection("openai", base_url, ""), call(parameters={"max_tokens": 3}))
            return received

    bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in with_clients(work)]
    names = [{"max_tokens", "max_completion_tokens"} & body.keys() for body in bodies]
    assert names == [{"max_tokens"}, {"max_completion_tokens"}, set()]


def test_an_endpoint_that_never_stops_refusing_is_not_asked_forever() -> None:
    async def work(clients: ModelClients) -> int:
        refusal = http(b'{"message": "Unknown argument: max_tokens"}', status=b"400 Bad Request")
        async with answering(*[refusal] * 50) as (base_url, received):
            parameters = {"max_tokens": 3, "max_completion_tokens": 4, "temperature": 0}
            with pytest.raises(Exception, match="Unknown argument"):
                await clients.chat(Connection("openai", base_url, ""), call(parameters=parameters))
            return len(received)

    assert with_clients(work) < 10


def test_parameters_are_passed_through_and_cannot_replace_the_model_or_make_a_stream() -> None:
    parameters = {"temperature": 0.5, "stop": ["x"], "verbosity": "low", "seed": 3, "model": "other", "stream": True}

    async def work(clients: ModelClients) -> bytes:
        async with answering(http(COMPLETION)) as (base_url, received):
            await clients.chat(Connection("openai", base_url, "k"), call(schema=None, parameters=parameters))
            return received[0]

    head, _, body = with_clients(work).partition(b"\r\n\r\n")
    sent = json.loads(body)
    assert {name: sent[name] for name in ("temperature", "stop", "verbosity", "seed", "model")} == {
        "temperature": 0.5, "stop": ["x"], "verbosity": "low", "seed": 3, "model": "a-model",
    }  # fmt: skip
    assert "stream" not in sent
    assert "response_format" not in sent
    assert b"authorization: Bearer k\r\n" in head


def test_without_a_key_no_authorization_is_sent() -> None:
    async def work(clients: ModelClients) -> bytes:
        async with answering(http(COMPLETION)) as (base_url, received):
            await clients.chat(Connection("openai", base_url, ""), call())
            return received[0]

    assert b"authorization" not in with_clients(work).lower()


def test_a_query_in_the_base_url_stays_behind_the_path() -> None:
    async def work(clients: ModelClients) -> bytes:
        async with answering(http(COMPLETION)) as (base_url, received):
            await clients.chat(Connection("openai", f"{base_url}/?api-version=1", ""), call())
            return received[0]

    assert with_clients(work).startswith(b"POST /v1/chat/completions?api-version=1 HTTP/1.1\r\n")


def test_content_in_parts_is_one_text(fake: FakeModelServer) -> None:
    validate(json.loads(ask(openai_connection(fake), call("content-parts")).text), SCHEMA)


def test_missing_usage_is_unknown_and_not_zero(fake: FakeModelServer) -> None:
    reply = ask(openai_connection(fake), call("no-usage"))
    assert (reply.input_tokens, reply.output_tokens) == (None, None)


def test_the_arguments_of_a_tool_call_are_the_text_when_there_is_no_other() -> None:
    function = {"name": "grade", "arguments": '{"score": 4}'}
    message = {"content": None, "tool_calls": [{"id": "c", "type": "function", "function": function}]}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode()

    async def work(clients: ModelClients) -> tuple[str, str | None]:
        async with answering(http(body)) as (base_url, _):
            reply = await clients.chat(Connection("openai", base_url, ""), call(schema=None))
            return reply.text, reply.finish_reason

    assert with_clients(work) == ('{"score": 4}', "tool_calls")


@pytest.mark.parametrize(
    ("model", "kind", "status", "is_retryable"),
    [
        ("refusing", "refused", None, False),
        ("no-choices", "invalid_reply", None, False),
        ("not-json", "invalid_reply", None, False),
        ("missing", "not_found", 404, False),
        ("forbidden", "not_authenticated", 401, False),
        ("out-of-quota", "rate_limited", 429, False),
        ("overloaded", "server_error", 529, True),
        ("broken", "server_error", 500, True),
    ],
)
def test_what_goes_wrong_has_its_kind(
    fake: FakeModelServer, model: str, kind: str, status: int | None, is_retryable: bool
) -> None:
    error = error_of(openai_connection(fake), call(model))
    assert (error.kind, error.status, error.is_retryable) == (kind, status, is_retryable)


def test_a_wrong_key_is_said_to_be_wrong(fake: FakeModelServer) -> None:
    error = error_of(openai_connection(fake, key="sk-not-this-one"), call())
    assert (error.kind, error.message) == (
        "not_authenticated",
        "The model's endpoint answered 401: Incorrect API key provided: Bearer [key].",
    )


def test_an_error_inside_a_200_is_an_error() -> None:
    async def work(clients: ModelClients) -> None:
        async with answering(http(b'{"error": {"code": 429, "message": "Upstream is busy"}}')) as (base_url, _):
            await clients.chat(Connection("openai", base_url, ""), call())

    with pytest.raises(Exception, match="answered 429: Upstream is busy") as caught:
        with_clients(work)
    assert (caught.value.kind, caught.value.is_retryable) == ("rate_limited", True)  # type: ignore[attr-defined]


def test_a_redirect_says_where_it_leads() -> None:
    async def work(clients: ModelClients) -> None:
        moved = http(b"", b"location: https://models.example/v1", status=b"308 Permanent Redirect")
        async with answering(moved) as (base_url, _):
            await clients.chat(Connection("openai", base_url, ""), call())

    with pytest.raises(Exception, match=r"redirects to https://models\.example/v1: set base_url"):
        with_clients(work)


@pytest.mark.parametrize("base_url", ["", "api.openai.com/v1", "ftp://x/v1", "http://", "http://a:b@x/v1", "http://x:0x/",
                                      "http://x/\r\nevil: 1"])  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused_before_any_call(base_url: str) -> None:
    with pytest.raises(Invalid, match="base_url"):
        ModelClients().client(Connection("openai", base_url, ""))


def test_a_key_with_a_line_end_inside_is_refused_without_being_shown() -> None:
    with pytest.raises(Invalid, match=r"^key: ") as caught:
        ModelClients().client(Connection("openai", "http://x/v1", f"{KEY}\r\nevil: 1"))
    assert KEY not in str(caught.value)
