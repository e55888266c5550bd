"""What tracing libraries say in attributes and events is found again in the fields of a request log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.model.request_log import RequestLogDraft
from assay.wire import codec, otlp, otlp_conventions, otlp_spans
from assay.wire.request_log_reading import read_request_log
from tests.wire.otlp_requests import END, SPAN_ID, TRACE_ID, as_protobuf, body_of, json_event, json_request, json_span

CAPTURES = Path(__file__).parent / "captures"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def bodies(name: str) -> list[dict[str, Any]]:
    decoded = otlp.decode_json(json.loads((CAPTURES / f"{name}.json").read_text()))
    assert decoded.rejected == []
    return [otlp_spans.log_body(span) for span in decoded.spans]


def recorded(body: dict[str, Any]) -> RequestLogDraft:
    return read_request_log(body, environment="prod", now=NOW, price=lambda *_: None, log_method="otlp")


def part(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names if name in body}


# What real exporters sent

CALL = {
    "model": "gpt-4o-mini",
    "provider_id": "openai",
    "log_type": "chat",
    "input": [{"role": "user", "content": "What is 2+2?"}],
}
STEP_INPUT = {"args": ["What is 2+2?"], "kwargs": {}}
READ = {
    "keywordsai_01": {"span_name": "lookup_tool", "log_type": "tool", "input": STEP_INPUT, "span_path": "lookup_tool"},
    "keywordsai_02": {
        **CALL,
        "span_name": "openai.chat",
        "output": {"role": "assistant", "content": "hello"},
        **{"prompt_tokens": 3, "completion_tokens": 1, "total_request_tokens": 4, "reasoning_tokens": 0},
        **{"stream": False, "span_workflow_name": "heldout_workflow", "span_path": "lookup_tool.ask_task"},
    },
    "keywordsai_03": {
        **{"span_name": "ask_task", "log_type": "task", "input": STEP_INPUT, "output": "hello"},
        **{"customer_identifier": "user_123", "thread_identifier": "thr_1", "log_method": "python_tracing"},
    },
    "keywordsai_04": {"span_name": "heldout_workflow", "log_type": "workflow", "output": "hello", "span_path": ""},
    "npm-tracing_01": {"span_name": "js_task", "log_type": "task", "output": {"a": 1}},
    "otel-json_01": {**CALL, "prompt_tokens": 12, "output": {"role": "assistant", "content": "4"}},
    "otel-json_02": {"span_name": "workflow", "log_type": "workflow", "customer_identifier": "user_123"},
    "otel-proto_01": {**CALL, "completion_tokens": 3, "output": {"role": "assistant", "content": "4"}},
    "otel-proto_02": {"span_name": "root", "log_type": "workflow", "customer_identifier": "user_123"},
    "pytest_01": {
        **{"span_name": "test_ok", "log_type": "task", "span_path": "test_sample.py::test_ok"},
        "trace_group_identifier": "pytest_clients_work_workflow",
    },
    "pytest_02": {"span_name": "test_ok", "log_type": "task"},
    "pytest_03": {
        **{"span_name": "test_bad", "status": "error"},
        **{"error_code": "AssertionError", "error_message": "assert 1 == 2"},
    },
    "pytest_04": {"log_type": "workflow", "status": "error", "error_code": "pytest.ExitCode"},
    "respan_01": {"span_name": "lookup_tool", "log_type": "tool", "output": {"answer": "4", "q": "What is 2+2?"}},
    "respan_02": {
        **{"span_name": "ask_task", "log_type": "task", "customer_identifier": "user_123"},
        **{"session_identifier": "thr_1", "thread_identifier": "thr_1", "output": "hello"},
    },
    "respan_03": {"span_name": "heldout_workflow", "log_type": "workflow", "input": STEP_INPUT},
    "respanai_01": {
        **{"span_name": "openai.chat", "log_type": "chat", "model": "gpt-4o-mini", "status_code": 200},
        **{"prompt_tokens": 3, "completion_tokens": 1, "customer_identifier": "cust_9", "status": None},
        "input": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "output": {"role": "assistant", "content": "hello"},
    },
    "respanai_02": {"span_name": "t1", "log_type": "task", "span_workflow_name": "wf1", "output": "hello"},
    "respanai_03": {"span_name": "wf1", "log_type": "workflow", "customer_identifier": "cust_9"},
}


@pytest.mark.parametrize(("name", "expected"), READ.items(), ids=READ)
def test_what_exporters_sent_reads_as_their_users_expect(name: str, expected: dict[str, Any]) -> None:
    body = bodies(name)[0]
    assert {field: body.get(field) for field in expected} == expected
    assert recorded(body).attributes.span_name == body["span_name"]


def test_every_capture_is_read_back() -> None:
    assert sorted(path.stem for path in CAPTURES.glob("*.json")) == sorted(READ)


def test_the_parent_is_absent_for_a_root_alone() -> None:
    child, root = bodies("npm-tracing_01")
    assert "span_parent_id" not in root
    assert bodies("respan_02")[0]["span_parent_id"] == bodies("respan_03")[0]["span_unique_id"]
    assert child["trace_unique_id"] == root["trace_unique_id"]


def test_metadata_of_the_client_stands_under_its_own_keys() -> None:
    metadata = bodies("pytest_04")[0]["metadata"]
    assert (metadata["integration"], metadata["pytest.exit_status"]) == ("pytest", 1)
    # In the JSON object and in an attribute alike: once.
    assert not any(name.startswith("respan.") for name in metadata)
    assert bodies("keywordsai_03")[0]["metadata"]["tag"] == "heldout-830d15b8"


def test_what_says_the_same_twice_is_kept_once() -> None:
    metadata = bodies("respanai_01")[0]["metadata"]
    assert metadata == {
        "a": "1",
        "_tracing_sdk_version": "2.24.0",
        "gen_ai.response.id": "chatcmpl-1",
        "respan.environment": "dev",
        "service.name": "x",
        "otel.span.name": "llm.gpt-4o-mini",
    }


# Spans as such


def test_times_come_from_nanoseconds() -> None:
    body = body_of()
    assert body["start_time"] == datetime(2026, 11, 23, 11, 26, 55, 210211, tzinfo=UTC)
    assert body["timestamp"] == datetime(2026, 11, 23, 11, 26, 56, 460211, tzinfo=UTC)
    assert body["latency"] == 1.25


@pytest.mark.parametrize("end", ["0", "5", None])
def test_a_span_that_ends_before_it_starts_ends_when_it_starts(end: str | None) -> None:
    body = body_of(endTimeUnixNano=end)
    assert body["timestamp"] == body["start_time"]
    assert body["latency"] == 0.0


def test_a_span_without_times_is_as_old_as_its_coming() -> None:
    body = body_of(startTimeUnixNano=None, endTimeUnixNano=None)
    assert not {"start_time", "timestamp", "latency"} & set(body)
    assert body_of(startTimeUnixNano="0")["start_time"] == body_of(startTimeUnixNano=str(END))["start_time"]


def test_resource_scope_kind_and_links_are_kept() -> None:
    request = json_request(
        [json_span(kind=3, traceState="a=b", links=[{"traceId": TRACE_ID, "spanId": SPAN_ID}])],
        {"service.name": "shop", "host.name": "h", "process.pid": 1},
        {"name": "tracer", "version": "2", "attributes": [{"key": "k", "value": {"stringValue": "v"}}]},
    )
    body = otlp_spans.log_body(otlp.decode_json(request).spans[0])
    assert body["metadata"] == {
        "service.name": "shop",
        "resource": {"host.name": "h", "process.pid": 1},
        "otel.scope.name": "tracer",
        "otel.scope.version": "2",
        "otel.scope.attributes": {"k": "v"},
        "otel.span.kind": "client",
        "otel.trace_state": "a=b",
    }
    assert body["span_links"] == [{"trace_id": TRACE_ID, "span_id": SPAN_ID, "attributes": {}}]


def test_what_the_client_put_under_our_names_stays() -> None:
    body = body_of({"respan.metadata.foo": "mine", "foo": "other", "otel.span.kind": "own"}, kind=3)
    assert body["metadata"] == {"foo": "mine", "foo_": "other", "otel.span.kind": "own", "otel.span.kind_": "client"}


# Errors


def test_an_error_has_the_message_of_its_status() -> None:
    body = body_of({"error.type": "timeout"}, status={"code": 2, "message": "took too long"})
    assert part(body, "status", "error_code", "error_message") == {
        **{"status": "error", "error_code": "timeout", "error_message": "took too long"}
    }
    draft = recorded(body)
    assert (draft.attributes.status, draft.attributes.status_code) == ("failed", 500)


def test_an_error_without_a_message_has_that_of_its_exception() -> None:
    exception = {"exception.type": "ValueError", "exception.message": "no such order", "exception.stacktrace": "at 1"}
    body = body_of(status={"code": 2}, events=[json_event("exception", exception)])
    assert part(body, "error_code", "error_message") == {"error_code": "ValueError", "error_message": "no such order"}
    assert body["metadata"]["exception.stacktrace"] == "at 1"


def test_an_exception_that_was_caught_is_no_error() -> None:
    caught = {"exception.type": "KeyError", "exception.message": "x"}
    body = body_of(status={"code": 1}, events=[json_event("exception", caught), json_event("retry", {"n": 1})])
    assert body["status"] == "success"
    assert "error_message" not in body
    assert body["metadata"]["exception.message"] == "x"
    assert body["metadata"]["otel.events"] == [
        {"name": "retry", "time": "2026-11-23T11:26:56.460211Z", "attributes": {"n": 1}}
    ]


def test_a_second_exception_is_kept_beside_the_first() -> None:
    events = [json_event("exception", {"exception.message": text}) for text in ("first", "second")]
    body = body_of(status={"code": 2}, events=events)
    assert body["error_message"] == "first"
    assert body["metadata"]["otel.events"][0]["attributes"] == {"exception.message": "second"}


def test_a_long_error_message_is_kept_whole() -> None:
    draft = recorded(body_of(status={"code": 2, "message": "x" * 9000}))
    assert len(draft.attributes.error_message or "") == 4096
    assert b"x" * 9000 in (draft.details or b"")


def test_the_status_of_http_is_the_status_code() -> None:
    assert body_of({"http.response.status_code": 429})["status_code"] == 429
    body = body_of({"status_code": 200, "http.status_code": 503})
    assert (body["status_code"], body["metadata"]["http.status_code"]) == (200, 503)


# Log types


@pytest.mark.parametrize(
    ("attributes", "log_type"),
    [
        ({"traceloop.span.kind": "workflow"}, "workflow"),
        ({"traceloop.span.kind": "agent", "gen_ai.request.model": "m"}, "agent"),
        ({"traceloop.span.kind": "tool"}, "tool"),
        ({"traceloop.span.kind": "task"}, "task"),
        ({"traceloop.span.kind": "task", "gen_ai.request.model": "m"}, "chat"),
        ({"openinference.span.kind": "LLM"}, "chat"),
        ({"openinference.span.kind": "CHAIN"}, "task"),
        ({"openinference.span.kind": "AGENT"}, "agent"),
        ({"openinference.span.kind": "TOOL"}, "tool"),
        ({"openinference.span.kind": "RETRIEVER"}, "task"),
        ({"openinference.span.kind": "EMBEDDING"}, "embedding"),
        ({"openinference.span.kind": "RERANKER"}, "reranker"),
        ({"openinference.span.kind": "GUARDRAIL"}, "guardrail"),
        ({"openinference.span.kind": "EVALUATOR"}, "task"),
        ({"gen_ai.operation.name": "chat"}, "chat"),
        ({"gen_ai.operation.name": "text_completion"}, "completion"),
        ({"gen_ai.operation.name": "embeddings"}, "embedding"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool"),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}, "agent"),
        ({"gen_ai.operation.name": "create_agent"}, "agent"),
        ({"gen_ai.operation.name": "generate_content"}, "chat"),
        ({"llm.request.type": "chat"}, "chat"),
        ({"llm.request.type": "completion"}, "completion"),
        ({"llm.request.type": "embedding"}, "embedding"),
        ({"llm.request.type": "rerank"}, "reranker"),
        ({"llm.request.type": "unknown"}, "task"),
        ({"llm.request.type": "chat", "respan.entity.log_type": "Generation"}, "generation"),
        ({"llm.request.type": "chat", "keywordsai.entity.log_type": "agent"}, "agent"),
        ({"llm.request.type": "chat", "respan.entity.log_type": "no such type"}, "chat"),
        ({"gen_ai.request.model": "gpt-4o"}, "chat"),
        ({"gen_ai.prompt.0.content": "hi"}, "chat"),
        ({"db.system": "redis"}, "task"),
        ({}, "task"),
    ],
)
def test_the_log_type_is_that_of_the_step(attributes: dict[str, Any], log_type: str) -> None:
    body = body_of(attributes)
    assert body["log_type"] == log_type
    said = [value for name, value in attributes.items() if name.endswith(("kind", "type", "operation.name"))]
    assert {*said} <= {log_type, *map(str, body["metadata"].values())}


@pytest.mark.parametrize(
    ("attributes", "log_type"),
    [
        ({}, "workflow"),
        ({"openinference.span.kind": "CHAIN"}, "workflow"),
        ({"gen_ai.request.model": "m"}, "chat"),
        ({"traceloop.span.kind": "task"}, "task"),
    ],
)
def test_a_root_without_a_model_call_is_a_workflow(attributes: dict[str, Any], log_type: str) -> None:
    assert body_of(attributes, parentSpanId="")["log_type"] == log_type


# traceloop and OpenLLMetry


def test_openllmetry_calls_with_tools() -> None:
    body = body_of(
        {
            "llm.request.type": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "gpt-4o-2024-08-06",
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.max_tokens": 100,
            "llm.headers": "{'Authorization': 'Bearer secret'}",
            "llm.is_streaming": True,
            "llm.request.functions.0.name": "weather",
            "llm.request.functions.0.description": "The weather of a city",
            "llm.request.functions.0.parameters": '{"type": "object"}',
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": '[{"type": "text", "text": "Rome?"}]',
            "gen_ai.prompt.1.role": "assistant",
            "gen_ai.prompt.1.tool_calls.0.id": "call_1",
            "gen_ai.prompt.1.tool_calls.0.name": "weather",
            "gen_ai.prompt.1.tool_calls.0.arguments": '{"city": "Rome"}',
            "gen_ai.prompt.2.role": "tool",
            "gen_ai.prompt.2.content": "sunny",
            "gen_ai.prompt.2.tool_call_id": "call_1",
            "gen_ai.prompt.10.role": "user",
            "gen_ai.prompt.10.content": "And Oslo?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.finish_reason": "tool_calls",
            "gen_ai.completion.0.tool_calls.0.id": "call_2",
            "gen_ai.completion.0.tool_calls.0.name": "weather",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"city": "Oslo"}',
            "gen_ai.usage.prompt_tokens": 30,
            "gen_ai.usage.completion_tokens": 9,
            "llm.usage.total_tokens": 39,
            "gen_ai.usage.cache_read_input_tokens": 8,
            "gen_ai.usage.cache_creation_input_tokens": 2,
            "gen_ai.usage.reasoning_tokens": 4,
            "traceloop.association.properties.user_id": "u1",
            "traceloop.association.properties.plan": "pro",
        }
    )

    def call(call_id: str, city: str) -> dict[str, Any]:
        function = {"name": "weather", "arguments": f'{{"city": "{city}"}}'}
        return {"id": call_id, "type": "function", "function": function}

    assert body["input"] == [
        {"role": "user", "content": [{"type": "text", "text": "Rome?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call("call_1", "Rome")]},
        {"role": "tool", "content": "sunny", "tool_call_id": "call_1"},
        {"role": "user", "content": "And Oslo?"},
    ]
    assert body["output"] == {"role": "assistant", "content": None, "tool_calls": [call("call_2", "Oslo")]}
    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                **{"name": "weather", "description": "The weather of a city"},
                "parameters": {"type": "object"},
            },
        }
    ]
    assert body["model"] == "gpt-4o"
    assert body["metadata"] == {
        "finish_reason": "tool_calls",
        "plan": "pro",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
    }
    draft = recorded(body)
    assert draft.span.has_tool_calls
    assert draft.span.stream
    assert (draft.attributes.prompt_tokens, draft.attributes.completion_tokens) == (30, 9)
    assert (draft.span.prompt_cache_hit_tokens, draft.span.prompt_cache_creation_tokens) == (8, 2)
    assert (draft.span.reasoning_tokens, draft.span.provider_id) == (4, "openai")
    assert draft.attributes.customer_identifier == "u1"


def test_several_completions_are_a_list() -> None:
    body = body_of({"gen_ai.completion.0.content": "a", "gen_ai.completion.1.content": "b"})
    assert body["output"] == [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.mark.parametrize("text", ["not json", "{broken", "", '{"a": 1, "a": 2}', '"\\ud800"'])
def test_an_entity_that_is_no_json_stays_text(text: str) -> None:
    assert body_of({"traceloop.entity.input": text})["input"] == text


# GenAI conventions of OpenTelemetry

INPUT_MESSAGES = [
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "I need the tool."},
            {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}},
        ],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"sky": "rain"}}]},
    {
        "role": "user",
        "parts": [
            {"type": "text", "content": "And here?"},
            {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "AAAA"},
            {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
        ],
    },
]
OUTPUT_MESSAGES = [{"role": "assistant", "parts": [{"type": "text", "content": "Rain."}], "finish_reason": "stop"}]
CHAT_INPUT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Paris?"},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "I need the tool.",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"sky":"rain"}'},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "And here?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ],
    },
]
TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
CURRENT = {
    "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
    "gen_ai.input.messages": INPUT_MESSAGES,
    "gen_ai.output.messages": OUTPUT_MESSAGES,
    "gen_ai.tool.definitions": [TOOL],
}
CURRENT_REQUEST = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.request.temperature": 0.2,
    "gen_ai.request.top_p": 0.9,
    "gen_ai.request.max_tokens": 50,
    "gen_ai.request.frequency_penalty": 0.1,
    "gen_ai.request.presence_penalty": 0.3,
    "gen_ai.request.stop_sequences": ["END"],
    "gen_ai.request.seed": 7,
    "gen_ai.request.choice.count": 1,
    "gen_ai.response.id": "r1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 2,
    "gen_ai.usage.cache_read.input_tokens": 5,
    "gen_ai.conversation.id": "conv_1",
    "gen_ai.agent.name": "forecaster",
    "server.address": "api.openai.com",
}


def current_spans() -> dict[str, dict[str, Any]]:
    as_text = {name: json.dumps(value) for name, value in CURRENT.items()}
    details = json_event("gen_ai.client.inference.operation.details", CURRENT)
    return {
        "structured attributes": json_span({**CURRENT_REQUEST, **CURRENT}),
        "attributes of JSON text": json_span({**CURRENT_REQUEST, **as_text}),
        "event": json_span(CURRENT_REQUEST, events=[details]),
    }


@pytest.mark.parametrize("span", current_spans().values(), ids=current_spans())
def test_message_arrays_become_chat_messages(span: dict[str, Any]) -> None:
    for decoded in (
        otlp.decode_json(json_request([span])),
        otlp.decode_protobuf(as_protobuf(json_request([span]))),
    ):
        body = otlp_spans.log_body(decoded.spans[0])
        assert body["input"] == CHAT_INPUT
        assert body["output"] == {"role": "assistant", "content": "Rain."}
        assert body["tools"] == [
            {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
        ]
        assert part(body, "temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "seed") == {
            **{"temperature": 0.2, "top_p": 0.9, "max_tokens": 50, "frequency_penalty": 0.1},
            **{"presence_penalty": 0.3, "seed": 7},
        }
        assert part(body, "n", "stop", "thread_identifier", "session_identifier", "prompt_cache_hit_tokens") == {
            **{"n": 1, "stop": ["END"], "thread_identifier": "conv_1", "session_identifier": "conv_1"},
            "prompt_cache_hit_tokens": 5,
        }
        assert body["metadata"] == {
            "finish_reason": "stop",
            "gen_ai.response.id": "r1",
            "gen_ai.agent.name": "forecaster",
            "server.address": "api.openai.com",
        }
        assert recorded(body).attributes.model == "gpt-4o"


def test_the_model_that_answered_counts_where_none_was_asked_for() -> None:
    assert body_of({"gen_ai.response.model": "gpt-4o-2024-08-06"})["model"] == "gpt-4o-2024-08-06"


def test_messages_in_older_events() -> None:
    events = [
        json_event("gen_ai.system.message", {"gen_ai.event.content": '{"role": "system", "content": "Be brief."}'}),
        json_event("gen_ai.user.message", {"content": "2+2?"}),
        json_event("gen_ai.assistant.message", {"tool_calls": '[{"id": "c1", "type": "function"}]'}),
        json_event("gen_ai.tool.message", {"content": "4", "id": "c1"}),
        json_event(
            "gen_ai.choice",
            {"index": 0, "finish_reason": "stop", "message": '{"role": "assistant", "content": "Four."}'},
        ),
    ]
    body = body_of({"gen_ai.operation.name": "chat"}, events=events)
    assert body["input"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function"}]},
        {"role": "tool", "content": "4", "tool_call_id": "c1"},
    ]
    assert body["output"] == {"role": "assistant", "content": "Four.", "index": 0}
    assert body["metadata"] == {"finish_reason": "stop"}


def test_content_in_the_oldest_events() -> None:
    events = [
        json_event("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "hi"}]'}),
        json_event("gen_ai.content.completion", {"gen_ai.completion": '[{"role": "assistant", "content": "yo"}]'}),
    ]
    body = body_of(events=events)
    assert body["input"] == [{"role": "user", "content": "hi"}]
    assert body["output"] == {"role": "assistant", "content": "yo"}
    assert body["log_type"] == "chat"


def test_a_tool_has_its_arguments_and_its_result() -> None:
    body = body_of(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "weather",
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": '{"city": "Paris"}',
            "gen_ai.tool.call.result": "rain",
        },
        name="execute_tool weather",
    )
    assert part(body, "log_type", "input", "output") == {
        "log_type": "tool",
        "input": {"city": "Paris"},
        "output": "rain",
    }
    assert body["metadata"]["gen_ai.tool.name"] == "weather"
    assert body["metadata"]["gen_ai.tool.call.id"] == "c1"


# OpenInference


def test_openinference_calls() -> None:
    request = {"messages": [{"role": "user", "content": "Rome?"}], "model": "gpt-4o"}
    body = body_of(
        {
            "openinference.span.kind": "LLM",
            "llm.provider": "openai",
            "llm.system": "openai",
            "llm.model_name": "gpt-4o",
            "llm.invocation_parameters": '{"temperature": 0.3, "max_tokens": 20, "top_logprobs": 2}',
            "input.value": json.dumps(request),
            "input.mime_type": "application/json",
            "output.value": '{"id": "x"}',
            "output.mime_type": "application/json",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "Rome?",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.input_messages.0.message.contents.1.message_content.image.image.url": "https://example.com/a.png",
            "llm.input_messages.1.message.role": "tool",
            "llm.input_messages.1.message.content": "sunny",
            "llm.input_messages.1.message.tool_call_id": "c0",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "weather",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"city": "Rome"}',
            "llm.tools.0.tool.json_schema": '{"type": "function", "function": {"name": "weather"}}',
            "llm.token_count.prompt": 10,
            "llm.token_count.completion": 5,
            "llm.token_count.total": 15,
            "llm.token_count.prompt_details.cache_read": 4,
            "llm.token_count.prompt_details.cache_write": 1,
            "llm.token_count.completion_details.reasoning": 3,
            "llm.cost.total": 0.002,
            "llm.cost.prompt": 0.001,
            "session.id": "s1",
            "user.id": "u1",
            "metadata": '{"tenant": "acme"}',
            "tag.tags": ["a", "b"],
        }
    )
    assert body["input"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Rome?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            ],
        },
        {"role": "tool", "content": "sunny", "tool_call_id": "c0"},
    ]
    function = {"name": "weather", "arguments": '{"city": "Rome"}'}
    assert body["output"] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }
    assert (body["full_request"], body["full_response"]) == (request, {"id": "x"})
    assert body["tools"] == [{"type": "function", "function": {"name": "weather"}}]
    assert part(body, "model", "provider_id", "temperature", "max_tokens", "cost", "session_identifier") == {
        **{"model": "gpt-4o", "provider_id": "openai", "temperature": 0.3, "max_tokens": 20, "cost": 0.002},
        "session_identifier": "s1",
    }
    assert part(body, "prompt_cache_hit_tokens", "prompt_cache_creation_tokens", "reasoning_tokens") == {
        **{"prompt_cache_hit_tokens": 4, "prompt_cache_creation_tokens": 1, "reasoning_tokens": 3}
    }
    assert body["customer_identifier"] == "u1"
    assert body["metadata"] == {
        **{"tenant": "acme", "tag.tags": ["a", "b"], "llm.cost.prompt": 0.001, "openinference.span.kind": "LLM"},
        "llm.invocation_parameters": {"top_logprobs": 2},
    }
    assert recorded(body).attributes.cost == 0.002


def test_openinference_retrieval_embedding_and_reranking() -> None:
    retrieval = body_of(
        {
            "openinference.span.kind": "RETRIEVER",
            "input.value": "refunds",
            "retrieval.documents.0.document.id": "d1",
            "retrieval.documents.0.document.content": "Refunds take 5 days",
            "retrieval.documents.0.document.score": 0.9,
            "retrieval.documents.0.document.metadata": '{"page": 3}',
        }
    )
    assert retrieval["input"] == "refunds"
    document = {"id": "d1", "content": "Refunds take 5 days", "score": 0.9, "metadata": {"page": 3}}
    assert retrieval["output"] == [document]
    embedding = body_of(
        {
            "openinference.span.kind": "EMBEDDING",
            "embedding.model_name": "small",
            "embedding.embeddings.0.embedding.text": "a",
            "embedding.embeddings.0.embedding.vector": [0.1, 0.2],
        }
    )
    assert part(embedding, "model", "input", "embedding") == {"model": "small", "input": "a", "embedding": [0.1, 0.2]}
    reranking = body_of(
        {
            "openinference.span.kind": "RERANKER",
            "reranker.model_name": "rank",
            "reranker.query": "refunds",
            "reranker.top_k": 1,
            "reranker.input_documents.0.document.content": "a",
            "reranker.output_documents.0.document.content": "a",
        }
    )
    assert reranking["input"] == {"query": "refunds", "top_k": 1, "documents": [{"content": "a"}]}
    assert reranking["output"] == [{"content": "a"}]


@pytest.mark.parametrize(
    ("mime_type", "expected"),
    [("application/json", {"a": 1}), ("text/plain", '{"a": 1}'), (None, {"a": 1}), ("text/html", '{"a": 1}')],
)
def test_values_are_decoded_by_their_type(mime_type: str | None, expected: Any) -> None:
    said = {} if mime_type is None else {"output.mime_type": mime_type}
    body = body_of({"output.value": '{"a": 1}', **said})
    assert body["output"] == expected
    assert body["metadata"] == ({"output.mime_type": mime_type} if mime_type == "text/html" else {})


# The platform's own attributes


@pytest.mark.parametrize("namespace", ["respan", "keywordsai"])
def test_attributes_of_the_platform(namespace: str) -> None:
    said = {
        "customer_params.customer_identifier": "c1",
        "customer_params.email": "a@example.com",
        "customer_params.name": "Ann",
        "threads.thread_identifier": "t1",
        "sessions.session_identifier": "s1",
        "trace.trace_group_identifier": "g1",
        "span_params.custom_identifier": "x1",
        "evaluation_params.evaluation_identifier": "e1",
        "metadata.plan": "pro",
        "metadata": '{"plan": "pro", "seats": 3}',
        "properties": '{"paid": true}',
        "properties.region": "eu",
        "prompt": '{"prompt_id": "p1", "variables": {"a": 1}}',
        "environment": "dev",
        "entity.log_type": "agent",
        "entity.log_id": "l1",
    }
    body = body_of({f"{namespace}.{name}": value for name, value in said.items()})
    assert body["metadata"] == {
        **{"plan": "pro", "seats": 3, f"{namespace}.environment": "dev", f"{namespace}.entity.log_id": "l1"}
    }
    assert body["properties"] == {"paid": True, "region": "eu"}
    draft = recorded(body)
    attributes, span = draft.attributes, draft.span
    assert (attributes.customer_identifier, span.customer_email, span.customer_name) == ("c1", "a@example.com", "Ann")
    assert (attributes.thread_identifier, attributes.session_identifier) == ("t1", "s1")
    assert (attributes.custom_identifier, span.trace_group_identifier, span.evaluation_identifier) == ("x1", "g1", "e1")
    assert (attributes.prompt_id, attributes.log_type) == ("p1", "agent")


def test_the_documented_short_names_of_the_platform() -> None:
    body = body_of(
        {
            "respan.customer.identifier": "c1",
            "respan.customer.email": "a@example.com",
            "respan.thread.id": "t1",
            "respan.trace_group.id": "g1",
        }
    )
    assert part(body, "customer_identifier", "customer_email", "thread_identifier", "trace_group_identifier") == {
        **{"customer_identifier": "c1", "customer_email": "a@example.com", "thread_identifier": "t1"},
        "trace_group_identifier": "g1",
    }


def test_an_identifier_too_long_for_its_column_stays_metadata() -> None:
    body = body_of({"respan.customer_params.customer_identifier": "c" * 513, "gen_ai.request.model": "m" * 600})
    assert not {"customer_identifier", "model"} & set(body)
    assert len(body["metadata"]["gen_ai.request.model"]) == 600


# Vercel AI SDK, Langfuse


def test_vercel_calls_and_the_spans_around_them() -> None:
    call = body_of(
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "gpt-4o",
            "ai.model.provider": "openai.chat",
            "ai.prompt.messages": '[{"role": "user", "content": [{"type": "text", "text": "hi"}]}]',
            "ai.prompt.tools": ['{"type": "function", "name": "weather", "inputSchema": {}}'],
            "ai.prompt.toolChoice": '{"type": "auto"}',
            "ai.response.text": "Let me see.",
            "ai.response.toolCalls": '[{"toolCallType": "function", "toolCallId": "c1", "toolName": "weather", '
            '"args": "{}"}]',
            "ai.response.finishReason": "tool-calls",
            "ai.response.msToFirstChunk": 250,
            "ai.usage.promptTokens": 5,
            "ai.usage.completionTokens": 2,
            "ai.telemetry.metadata.team": "search",
        }
    )
    assert call["log_type"] == "chat"
    assert call["input"] == [{"role": "user", "content": "hi"}]
    assert call["output"] == {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
    }
    assert part(call, "model", "provider_id", "prompt_tokens", "time_to_first_token", "tool_choice") == {
        **{"model": "gpt-4o", "provider_id": "openai.chat", "prompt_tokens": 5, "time_to_first_token": 0.25},
        "tool_choice": {"type": "auto"},
    }
    assert (call["metadata"]["team"], call["metadata"]["finish_reason"]) == ("search", "tool-calls")
    around = body_of(
        {"ai.operationId": "ai.generateText", "ai.prompt": '{"prompt": "hi"}', "ai.usage.promptTokens": 5},
        parentSpanId="",
    )
    assert part(around, "log_type", "input") == {"log_type": "workflow", "input": {"prompt": "hi"}}
    # A trace would count the tokens twice.
    assert "prompt_tokens" not in around
    assert around["metadata"]["ai.usage.promptTokens"] == 5


def test_langfuse_observations() -> None:
    body = body_of(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.model.parameters": '{"temperature": 1, "style": "x"}',
            "langfuse.observation.input": '[{"role": "user", "content": "hi"}]',
            "langfuse.observation.output": "yo",
            "langfuse.observation.usage_details": '{"input": 3, "output": 1, "total": 4}',
            "langfuse.observation.cost_details": '{"total": 0.1, "input": 0.06}',
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "cut off",
            "langfuse.trace.metadata.tenant": "acme",
            "langfuse.trace.name": "chat",
            "user.id": "u1",
        }
    )
    assert part(body, "log_type", "model", "prompt_tokens", "completion_tokens", "cost", "temperature", "output") == {
        **{"log_type": "generation", "model": "gpt-4o", "prompt_tokens": 3, "completion_tokens": 1, "cost": 0.1},
        **{"temperature": 1, "output": "yo"},
    }
    assert part(body, "status", "error_message", "trace_name") == {
        **{"status": "error", "error_message": "cut off", "trace_name": "chat"}
    }
    assert body["metadata"]["tenant"] == "acme"
    assert body["metadata"]["langfuse.observation.cost_details"] == {"input": 0.06}


# Whatever else comes


def test_places_in_a_list_cost_nothing() -> None:
    body = body_of({"gen_ai.prompt.999999999.role": "user", "gen_ai.prompt.99999999999999999999.role": "user"})
    assert body["input"] == [{"role": "user", "content": None}]
    assert body["metadata"] == {"gen_ai.prompt.99999999999999999999.role": "user"}


def test_ten_thousand_attributes_are_ten_thousand_keys() -> None:
    many = {f"key.{i}": i for i in range(10_000)}
    assert body_of(many)["metadata"] == many


def test_a_name_of_a_thousand_steps_is_a_name() -> None:
    name = "gen_ai.prompt.0." + ".".join("a" * 1000)
    assert body_of({name: 1})["metadata"] == {name: 1}


WRONG_VALUES = {
    "gen_ai.usage.input_tokens": "many",
    "gen_ai.usage.output_tokens": -1,
    "gen_ai.usage.cost": "free",
    "gen_ai.request.temperature": {"a": 1},
    "gen_ai.request.model": ["a"],
    "llm.is_streaming": "perhaps",
    "status_code": "OK",
    "gen_ai.input.messages": 5,
    "gen_ai.output.messages": "text",
    "gen_ai.tool.definitions": "none",
    "respan.prompt": '{"variables": 5}',
    "respan.properties": "x",
    "respan.metadata": "[1]",
    "llm.invocation_parameters": "[]",
    "traceloop.prompt.template_variables": "[1]",
    "traceloop.span.kind": 5,
}


def test_what_is_wrong_for_its_field_stays_metadata() -> None:
    body = body_of(WRONG_VALUES)
    assert body["metadata"] == WRONG_VALUES
    assert recorded(body).attributes.prompt_tokens is None


KNOWN_NAMES = sorted(
    {
        *(name for names in otlp_conventions.FIELDS.values() for name in names),
        *(name for names in otlp_conventions.JSON_FIELDS.values() for name in names),
        *otlp_conventions.MILLISECONDS,
        *(name for name in (*otlp_conventions.INPUTS, *otlp_conventions.OUTPUTS) if not name.endswith(".")),
        *otlp_conventions.METADATA_OBJECTS,
        *otlp_conventions.OBJECTS,
        *otlp_conventions.LOG_TYPES,
        *otlp_conventions.NAMED_LOG_TYPES,
        *("gen_ai.system_instructions", "ai.response.toolCalls", "reranker.query", "langfuse.observation.level"),
    }
)
STEPS = st.sampled_from(
    [
        "0",
        "1",
        "007",
        "role",
        "content",
        "message",
        "contents",
        "tool_calls",
        "tool_call",
        "function",
        "document",
        "tool",
    ]
)
NAMES = (
    st.sampled_from(KNOWN_NAMES)
    | st.builds("{}{}".format, st.sampled_from(otlp_conventions.INDEXED), st.lists(STEPS, max_size=5).map(".".join))
    | st.builds("{}{}".format, st.sampled_from(sorted(otlp_conventions.PREFIXES)), st.text(max_size=5))
    | st.text(max_size=8)
)


@given(
    st.dictionaries(
        NAMES,
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.lists(st.text(max_size=3)),
        max_size=8,
    ),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_random_attributes_are_always_a_log(attributes: dict[str, Any], is_root: bool) -> None:
    body = body_of(attributes, **({"parentSpanId": ""} if is_root else {}))
    draft = recorded(body)
    assert draft.attributes.trace_unique_id == TRACE_ID
    msgspec.json.decode(codec.encode(body))


@given(st.lists(NAMES, unique=True, max_size=12))
@settings(max_examples=400, deadline=None)
def test_every_value_is_found_again(names: list[str]) -> None:
    attributes = {name: f"value-{index}-of" for index, name in enumerate(names)}
    text = codec.encode(body_of(attributes)).decode()
    assert [name for name, value in attributes.items() if value not in text] == []


@given(st.lists(NAMES, unique=True, max_size=12), st.integers(1, 10**9))
@settings(max_examples=300, deadline=None)
def test_every_number_is_found_again(names: list[str], start: int) -> None:
    attributes = {name: 10**9 + start * 100 + index for index, name in enumerate(names)}
    text = codec.encode(body_of(attributes)).decode()
    milliseconds = otlp_conventions.MILLISECONDS
    assert [name for name, value in attributes.items() if str(value) not in text and name not in milliseconds] == []
