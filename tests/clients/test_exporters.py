"""Exporters of traces from PyPI, unmodified, each in a program of its own: what they send ends in a readable trace."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clients.running import Traces, run_program, shape_of, spans_of, start_program
from tests.clients.scripted_model import (
    ANSWER,
    CACHED_TOKENS,
    COMPLETION_TOKENS,
    MODEL,
    PROMPT_TOKENS,
    QUESTION,
    TOOL_CALL,
    scripted_model,
)
from tests.server import Server, running

# Dollars for the tokens of one scripted answer, at 0.15 a million in, 0.075 from the cache and 0.60 out.
COST = (PROMPT_TOKENS * 0.15 + COMPLETION_TOKENS * 0.60) / 1e6
COST_WITH_CACHE = ((PROMPT_TOKENS - CACHED_TOKENS) * 0.15 + CACHED_TOKENS * 0.075 + COMPLETION_TOKENS * 0.60) / 1e6
SYSTEM = {"role": "system", "content": "You answer in one sentence."}
ASKED = {"role": "user", "content": QUESTION}
SAID = {"role": "assistant", "content": ANSWER}


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    with scripted_model() as url:
        yield url


@pytest.fixture
def traces(server: Server) -> Traces:
    return Traces(server)


def assert_totals(trace: dict[str, Any], calls: int, cost: float) -> None:
    assert trace["llm_call_count"] == calls
    assert trace["model"] == MODEL
    assert trace["total_prompt_tokens"] == calls * PROMPT_TOKENS
    assert trace["total_completion_tokens"] == calls * COMPLETION_TOKENS
    assert trace["total_cost"] == pytest.approx(calls * cost)
    assert trace["error_count"] == 0


@pytest.mark.parametrize("is_batching", ["True", "False"])
def test_keywordsai_tracing_leaves_a_tree_of_its_decorators(
    server: Server, traces: Traces, model_url: str, tmp_path: Path, is_batching: str
) -> None:
    settings = {
        "KEYWORDSAI_BASE_URL": f"{server.url}/api",
        "KEYWORDSAI_API_KEY": server.api_key,
        # Without batches each span is a request of its own, and children come before their root.
        "KEYWORDSAI_BATCHING_ENABLED": is_batching,
        "OPENAI_BASE_URL": model_url,
    }
    [[trace_id]] = run_program("keywordsai_tracing", "keywordsai-tracing", settings, tmp_path)
    trace = traces.read(trace_id)
    assert shape_of(trace["span_tree"]) == [["travel_workflow", ["answer_question", ["openai.chat"]]]]
    assert_totals(trace, 1, COST_WITH_CACHE)
    assert (trace["name"], trace["output"]) == ("travel_workflow", ANSWER)
    assert json.loads(trace["input"]) == {"args": [QUESTION], "kwargs": {}}
    workflow, task, call = (traces.log(span) for span in spans_of(trace))
    assert [log["log_type"] for log in (workflow, task, call)] == ["workflow", "task", "chat"]
    assert (task["customer_identifier"], task["thread_identifier"]) == ("customer-7", "thread-7")
    assert task["metadata"]["plan"] == "pro"
    assert (call["model"], call["provider_id"], call["temperature"]) == (MODEL, "openai", 0.2)
    assert (call["prompt_messages"], call["completion_message"]) == ([SYSTEM, ASKED], SAID)
    assert call["prompt_cache_hit_tokens"] == CACHED_TOKENS


@pytest.mark.parametrize("is_batching", ["True", "False"])
def test_respan_tracing_leaves_a_tree_of_its_decorators(
    server: Server, traces: Traces, model_url: str, tmp_path: Path, is_batching: str
) -> None:
    settings = {
        "RESPAN_BASE_URL": f"{server.url}/api",
        "RESPAN_API_KEY": server.api_key,
        "RESPAN_BATCHING_ENABLED": is_batching,
        "OPENAI_BASE_URL": model_url,
        # It instruments the OpenAI SDK by OpenTelemetry's own package, which shows no messages unless asked to.
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only",
    }
    [[trace_id]] = run_program("respan_tracing", "exporters", settings, tmp_path)
    trace = traces.read(trace_id)
    assert shape_of(trace["span_tree"]) == [["travel_workflow", ["answer_question", ["look_up"], ["llm.gpt-4o-mini"]]]]
    assert_totals(trace, 1, COST)
    assert (trace["name"], trace["output"]) == ("travel_workflow", ANSWER)
    workflow, task, tool, call = (traces.log(span) for span in spans_of(trace))
    assert [log["log_type"] for log in (workflow, task, tool, call)] == ["workflow", "task", "tool", "chat"]
    assert (task["customer_identifier"], task["thread_identifier"]) == ("customer-8", "thread-8")
    assert task["metadata"]["plan"] == "free"
    assert json.loads(tool["output"]) == {"city": "Paris", "country": "France"}
    assert (call["prompt_messages"], call["completion_message"]) == ([ASKED], SAID)


@pytest.mark.parametrize(
    ("endpoint", "compression"),
    [
        ("/api/v2/traces", "none"),
        ("/api/v1/traces", "gzip"),
        # Bases, to which the exporter adds /v1/traces.
        ("", "none"),
        ("/api", "deflate"),
        ("/api/", "gzip"),
    ],
)
def test_the_exporter_of_opentelemetry_sends_to_every_endpoint(
    server: Server, traces: Traces, tmp_path: Path, endpoint: str, compression: str
) -> None:
    is_whole = endpoint.endswith("traces")
    settings = {
        f"OTEL_EXPORTER_OTLP_{'TRACES_' if is_whole else ''}ENDPOINT": server.url + endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{server.api_key}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
    }
    [[trace_id]] = run_program("otlp", "exporters", settings, tmp_path)
    trace = traces.read(trace_id)
    assert shape_of(trace["span_tree"]) == [["plan a journey", ["chat gpt-4o-mini"]]]
    assert_totals(trace, 1, COST)
    root, call = (traces.log(span) for span in spans_of(trace))
    assert (root["log_type"], root["metadata"]["customer.plan"]) == ("agent", "pro")
    assert root["metadata"]["service.name"] == "travel-agent"
    assert (call["prompt_messages"], call["completion_message"]) == ([ASKED], SAID)
    assert call["metadata"]["finish_reason"] == "stop"


def test_a_program_with_a_wrong_key_goes_on_and_leaves_nothing(server: Server, traces: Traces, tmp_path: Path) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url, "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20wrong"}
    [[trace_id]] = run_program("otlp", "exporters", settings, tmp_path)
    assert not traces.is_there(trace_id)


def test_a_server_that_crashes_and_comes_back_has_every_span_once(tmp_path: Path) -> None:
    with running() as server:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{server.api_key}",
            # Seconds that the exporter goes on trying.
            "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }
        with start_program("outage", "exporters", settings, tmp_path) as program:
            trace_id = program.stdout.readline().strip()
            server.kill()
            program.stdin.write("go on\n")
            program.stdin.flush()
            assert "retrying" in program.stderr.readline()
            server.start()
            printed, _ = program.communicate(timeout=120)
        assert (program.returncode, printed) == (0, "everything sent\n")
        trace = Traces(server).read(trace_id)
        names = [child["span_name"] for child in trace["span_tree"][0]["children"]]
        assert sorted(names) == sorted(f"step {number}" for number in range(1_000) for _ in range(2))


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize("path", ["/api/v2/traces", "/api/v1/traces", "/v1/traces"])
def test_spans_written_as_json_by_hand_are_read_too(
    server: Server, traces: Traces, path: str, is_compressed: bool
) -> None:
    now = int(datetime.now(UTC).timestamp() * 1e9)
    trace_id, root_id = secrets.token_hex(16), secrets.token_hex(8)
    times = {"startTimeUnixNano": str(now - 2_000_000_000), "endTimeUnixNano": str(now)}
    attributes: dict[str, dict[str, Any]] = {
        "gen_ai.request.model": {"stringValue": MODEL},
        "gen_ai.usage.input_tokens": {"intValue": str(PROMPT_TOKENS)},
        # Numbers as numbers: the protobuf mapping asks for text, but many write what JSON has.
        "gen_ai.usage.output_tokens": {"intValue": COMPLETION_TOKENS},
        "gen_ai.prompt.0.role": {"stringValue": "user"},
        "gen_ai.prompt.0.content": {"stringValue": QUESTION},
        "gen_ai.completion.0.role": {"stringValue": "assistant"},
        "gen_ai.completion.0.content": {"stringValue": ANSWER},
    }
    call = {"traceId": trace_id, "spanId": secrets.token_hex(8), "parentSpanId": root_id, "name": "call", **times}
    call["attributes"] = [{"key": key, "value": value} for key, value in attributes.items()]
    # Ids are hexadecimal in either case.
    root = {"traceId": trace_id.upper(), "spanId": root_id.upper(), "name": "by hand", **times}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [call, root]}]}]}).encode()
    headers = {**server.headers, "Content-Type": "application/json"}
    if is_compressed:
        body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    answer = requests.post(server.url + path, data=body, headers=headers, allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"partialSuccess": {"rejectedSpans": 0, "errorMessage": ""}}
    trace = traces.read(trace_id)
    assert shape_of(trace["span_tree"]) == [["by hand", ["call"]]]
    assert_totals(trace, 1, COST)
    log = traces.log(trace["span_tree"][0]["children"][0])
    assert (log["prompt_messages"], log["completion_message"], log["latency"]) == ([ASKED], SAID, 2.0)


def agents_trace(server: Server, traces: Traces, model_url: str, home: Path, exporter: str, path: str) -> Any:
    settings = {
        "EXPORTER": exporter,
        "RESPAN_ENDPOINT": server.url + path,
        "RESPAN_API_KEY": server.api_key,
        "OPENAI_BASE_URL": model_url,
    }
    [[trace_id]] = run_program("agents", "exporters", settings, home)
    trace = traces.read(trace_id)
    assert_totals(trace, 2, COST_WITH_CACHE)
    assert trace["name"] == "weather workflow"
    logs = [traces.log(span) for span in spans_of(trace)]
    first, second = sorted(
        (log for log in logs if log["log_type"] == "generation"), key=lambda log: str(log["timestamp"])
    )
    assert first["completion_message"]["tool_calls"] == [TOOL_CALL]
    assert first["has_tool_calls"] is True
    assert second["completion_message"]["content"] == ANSWER
    assert second["prompt_messages"][-1]["content"] == "21 degrees in Paris"
    [tool] = [log for log in logs if log["log_type"] == "tool"]
    assert (tool["span_name"], tool["output"]) == ("get_weather", "21 degrees in Paris")
    return trace


def test_the_openai_agents_sdk_exports_in_its_own_format(
    server: Server, traces: Traces, model_url: str, tmp_path: Path
) -> None:
    trace = agents_trace(server, traces, model_url, tmp_path, "openai", "/api/openai/v1/traces/ingest")
    [root] = trace["span_tree"]
    assert (root["span_name"], root["thread_identifier"], root["metadata"]["plan"]) == (
        "weather workflow",
        "thread-9",
        "pro",
    )
    [names] = shape_of(root["children"])
    # A turn of the agent holds its call of the model and what it did with the answer.
    assert names == [
        "Agent workflow",
        ["weather agent", ["weather agent", ["generation"], ["get_weather"]], ["weather agent", ["generation"]]],
    ]


def test_the_agents_exporter_of_respan_leaves_all_it_sends_in_one_trace(
    server: Server, traces: Traces, model_url: str, tmp_path: Path
) -> None:
    trace = agents_trace(server, traces, model_url, tmp_path, "respan", "/api/v1/traces/ingest")
    # Its first item has no times; those of the spans are the trace's, however late the batch came.
    assert trace["duration"] == pytest.approx(
        max(span["latency"] for span in trace["span_tree"] if span["latency"]), rel=0.5
    )
    # It leaves out the turns that its spans name as parents, so these have no place below the root.
    names = {span["span_name"] for span in trace["span_tree"]}
    assert names == {"weather workflow", "weather agent", "generation", "get_weather"}
