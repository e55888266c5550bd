"""What exporters were once seen to send, sent again with the headers they had, and read back in every way there is.

The OTLP bodies are those of tests/wire/captures; the JSON ones of other exporters are in captures/ beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from keywordsai.logs.api import LogAPI
from respan import RespanClient

from tests.clients.running import Traces, shape_of, spans_of
from tests.server import Server, running
from tests.wire.otlp_requests import as_protobuf

OTLP = Path(__file__).parents[1] / "wire" / "captures"
JSON = Path(__file__).parent / "captures"
PROTOBUF = "application/x-protobuf"
PYTHON_OTEL = {"Content-Type": PROTOBUF, "User-Agent": "OTel-OTLP-Exporter-Python/1.34.1"}
RESPAN = {"Content-Type": "application/json", "User-Agent": "python-requests/2.34.2", "X-Respan-Dogfood": "1"}
# Path and headers by the beginning of a file's name, as they were on the wire.
SENT = {
    "keywordsai": ("/api/v1/traces", PYTHON_OTEL),
    "npm-tracing": (
        "/api/v1/traces",
        {"Content-Type": PROTOBUF, "User-Agent": "OTel-OTLP-Exporter-JavaScript/0.56.0"},
    ),
    "otel-proto": ("/api/v2/traces", PYTHON_OTEL),
    "otel-json": ("/api/v2/traces", RESPAN),
    "pytest": ("/api/v2/traces", RESPAN),
    "respan": ("/api/v2/traces", RESPAN),
    "respanai": ("/api/v2/traces", RESPAN),
    "agents": ("/api/v1/traces/ingest", {"Content-Type": "application/json"}),
    "langfuse": ("/api/v1/traces/ingest", {"Content-Type": "application/json"}),
    "vercel": ("/api/integrations/v1/traces/ingest", {"Content-Type": "application/json", "User-Agent": "node"}),
}
CAPTURES = [*sorted(OTLP.glob("*.json")), *sorted(JSON.glob("*.json"))]
# The trees that come of them: a name and what is below it.
TREES: dict[str, list[Any]] = {
    "keywordsai": [["heldout_workflow", ["lookup_tool"], ["ask_task", ["openai.chat"]]]],
    "npm-tracing": [["js_wf"], ["js_task"]],
    "otel-proto": [["root", ["openai.chat"]]],
    "respan": [["heldout_workflow", ["lookup_tool"], ["ask_task"]]],
    "agents": [["exp-afa9a0c8", ["prepare", ["lookup"]], ["generation"]]],
    "langfuse": [["exp-f5c230d3", ["gen"]]],
    "vercel": [["ai.generateText"]],
}
WINDOW = {"start_time": "2026-11-23T00:00:00Z", "end_time": "2026-11-24T00:00:00Z", "page_size": "100"}


def sender(path: Path) -> str:
    return path.stem.partition("_")[0]


def trace_of(path: Path) -> str:
    """Return the id of the trace that a capture belongs to."""
    body = json.loads(path.read_text())
    if "resourceSpans" in body:
        return str(body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"])
    items = body["data"] if isinstance(body, dict) else body
    return str(items[0]["trace_unique_id"])


def send(server: Server, path: Path) -> requests.Response:
    url, headers = SENT[sender(path)]
    body = json.loads(path.read_text())
    data = as_protobuf(body) if headers["Content-Type"] == PROTOBUF else json.dumps(body).encode()
    return requests.post(
        server.url + url, data=data, headers={**server.headers, **headers}, allow_redirects=False, timeout=30
    )


@pytest.fixture(scope="module")
def holder() -> Iterator[Server]:
    """A server that holds the captures and nothing else."""
    with running() as started:
        for path in CAPTURES:
            answer = send(started, path)
            assert answer.status_code == 200, (path.name, answer.text)
            if answer.headers["Content-Type"] == "application/json":
                said = answer.json()
                assert said.get("partialSuccess", {"rejectedSpans": 0})["rejectedSpans"] == 0
                assert said.get("errors", []) == []
            else:
                # A message without fields: every span was taken.
                assert (answer.headers["Content-Type"], answer.content) == (PROTOBUF, b"")
        yield started


def get(server: Server, path: str, **query: str) -> Any:
    answer = requests.get(f"{server.url}/api/{path}", params=query, headers=server.headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_span_is_in_its_trace_in_the_list_and_readable_alone(holder: Server, path: Path) -> None:
    trace = Traces(holder).read(trace_of(path))
    listed = get(holder, "request-logs/list/", trace_unique_id=trace["id"], **WINDOW)
    in_list = {log["unique_id"]: log for log in listed["results"]}
    assert listed["count"] == trace["span_count"]
    assert in_list.keys() == {span["unique_id"] for span in spans_of(trace)}
    for span in spans_of(trace):
        log = Traces(holder).log(span)
        for name in ("span_name", "log_type", "model", "prompt_tokens", "completion_tokens", "latency"):
            assert log[name] == in_list[span["unique_id"]][name] == span[name], name
        # Unknown costs are 0 where the contract wants a number, and null in a tree.
        assert log["cost"] == in_list[span["unique_id"]]["cost"] == (span["cost"] or 0.0)
        assert log["trace_unique_id"] == trace["id"]
    [found] = get(holder, "traces/list/", trace_unique_id=trace["id"], **WINDOW)["results"]
    assert {**found, "span_tree": None, "span_tree_is_complete": None} == {
        **trace,
        "span_tree": None,
        "span_tree_is_complete": None,
    }


@pytest.mark.parametrize("name", TREES)
def test_the_spans_of_a_trace_stand_where_their_program_had_them(holder: Server, name: str) -> None:
    path = next(path for path in CAPTURES if sender(path) == name)
    assert shape_of(Traces(holder).read(trace_of(path))["span_tree"]) == TREES[name]


def test_a_trace_that_came_without_times_lasted_as_long_as_its_spans(holder: Server) -> None:
    trace = Traces(holder).read(trace_of(JSON / "agents.json"))
    assert (trace["start_time"], trace["end_time"]) == ("2026-11-23T11:31:15.803973Z", "2026-11-23T11:31:15.804062Z")
    assert trace["duration"] == pytest.approx(89e-6)


def test_calls_of_a_model_have_their_messages_and_tokens(holder: Server) -> None:
    calls = [
        Traces(holder).log(log) for log in get(holder, "request-logs/list/", model="gpt-4o-mini", **WINDOW)["results"]
    ]
    assert {call["span_name"] for call in calls} == {"openai.chat", "llm.gpt-4o-mini", "generation", "ai.generateText"}
    for call in calls:
        if call["span_name"] in ("openai.chat", "llm.gpt-4o-mini"):
            assert call["log_type"] == "chat"
            assert call["prompt_messages"][-1]["role"] == "user"
            assert call["completion_message"]["role"] == "assistant"
            assert call["prompt_tokens"] > 0
            assert call["cost"] > 0


def test_what_is_sent_again_is_there_once(holder: Server) -> None:
    before = get(holder, "request-logs/list/", **WINDOW)["count"]
    for path in CAPTURES:
        assert send(holder, path).status_code == 200
    assert get(holder, "request-logs/list/", **WINDOW)["count"] == before
    assert get(holder, "traces/list/", **WINDOW)["count"] == len({trace_of(path) for path in CAPTURES})


def test_the_parsers_of_both_clients_accept_what_the_exporters_sent(holder: Server) -> None:
    expected = {log["unique_id"] for log in get(holder, "request-logs/list/", **WINDOW)["results"]}
    logs = LogAPI(api_key=holder.api_key, base_url=holder.url)
    found = logs.list(page=1, page_size=100, start_time=WINDOW["start_time"], end_time=WINDOW["end_time"]).results
    assert {log.id for log in found} == expected
    with httpx.Client() as http:
        client = RespanClient(base_url=holder.url, authorization=f"Bearer {holder.api_key}", httpx_client=http)
        for log_id in expected:
            assert logs.get(log_id).id == client.spans.retrieve_span(log_id).id == log_id
        for trace_id in {trace_of(path) for path in CAPTURES}:
            assert client.traces.retrieve_trace(trace_id).trace_unique_id == trace_id
