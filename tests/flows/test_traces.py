"""Traces over HTTP: listed, read as a tree, summed up, deleted one by one and in bulk. On both databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.client import Api, create_organization
from tests.server import Server

LIST = "/api/traces/list/"
SUMMARIES = ["/api/traces/summary/", "/api/traces/summary", "/clickhouse/traces/summary/", "/clickhouse/traces/summary"]
DAY = "start_time=2026-03-02T00:00:00Z&end_time=2026-03-03T00:00:00Z"


def span(trace: str, name: str, parent: str | None, start: int, seconds: int, **more: Any) -> dict[str, Any]:
    return {
        "trace_unique_id": trace,
        "span_unique_id": name,
        "span_parent_id": parent,
        "span_name": name,
        "log_type": "task",
        "start_time": f"2026-03-02T10:00:{start:02d}Z",
        "timestamp": f"2026-03-02T10:00:{start + seconds:02d}Z",
        **more,
    }


def trace_of(trace: str, start: int = 0, **root: Any) -> list[dict[str, Any]]:
    llm = {"log_type": "chat", "model": "gpt-4o", "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5}
    return [
        span(trace, "llm", "root", start + 1, 2, input=[{"role": "user", "content": "hi"}], output="hello", **llm),
        span(trace, "tool", "llm", start + 2, 1, input={"id": 1}, status="error", error_message="no such order"),
        span(trace, "root", None, start, 5, input="question", output={"text": "answer"}, log_type="workflow", **root),
    ]


@pytest.fixture(scope="module")
def traces(any_server: Server) -> Iterator[Api]:
    """A client of an organisation of its own with four traces of three spans."""
    client = Api(any_server.url, create_organization("traces", any_server.data, any_server.environment))
    for n in range(4):
        more = {"customer_identifier": f"c{n}", "metadata": {"n": n}, "session_identifier": "s"}
        client.ok("POST", "/api/v1/traces/ingest", trace_of(f"t{n}", start=10 * n, **more))
    yield client
    client.close()


def ids(listed: dict[str, Any]) -> list[str]:
    return [trace["id"] for trace in listed["results"]]


def test_a_trace_is_the_sum_of_its_spans(traces: Api) -> None:
    trace = traces.ok("GET", "/api/traces/t1/")
    assert trace["id"] == trace["trace_unique_id"] == "t1"
    assert (trace["span_count"], trace["llm_call_count"], trace["error_count"]) == (3, 1, 1)
    assert (trace["total_prompt_tokens"], trace["total_completion_tokens"], trace["total_tokens"]) == (10, 5, 15)
    assert (trace["duration"], trace["total_cost"], trace["status"]) == (5.0, 0.5, "error")
    assert (trace["start_time"], trace["end_time"]) == ("2026-03-02T10:00:10Z", "2026-03-02T10:00:15Z")


def test_its_root_says_what_it_is(traces: Api) -> None:
    trace = traces.ok("GET", "/api/traces/t1")
    assert (trace["name"], trace["root_span_unique_id"], trace["model"]) == ("root", "root", "gpt-4o")
    assert (trace["input"], trace["output"]) == ("question", '{"text":"answer"}')
    assert (trace["customer_identifier"], trace["session_identifier"], trace["metadata"]) == ("c1", "s", {"n": 1})


def test_its_spans_are_a_tree(traces: Api) -> None:
    trace = traces.ok("GET", "/api/traces/t1/")
    assert trace["span_tree_is_complete"] is True
    (root,) = trace["span_tree"]
    (llm,) = root["children"]
    (tool,) = llm["children"]
    assert [one["span_name"] for one in (root, llm, tool)] == ["root", "llm", "tool"]
    assert llm["input"] == '[{"role":"user","content":"hi"}]'
    assert (llm["latency"], tool["status"], tool["error_message"]) == (2.0, "failed", "no such order")
    assert traces.ok("GET", f"/api/request-logs/{tool['id']}/")["span_parent_id"] == "llm"


def test_spans_in_a_circle_are_all_shown(traces: Api) -> None:
    name = os.urandom(6).hex()
    circle = [span(name, one, other, 50, 1) for one, other in (("a", "b"), ("b", "a"), ("c", "c"), ("d", "gone"))]
    traces.ok("POST", "/api/v1/traces/ingest", circle)
    trees = traces.ok("GET", f"/api/traces/{name}/")["span_tree"]
    assert sorted(tree["span_name"] for tree in trees) == ["a", "c", "d"]
    assert [child["span_name"] for child in trees[0]["children"]] == ["b"]
    traces.ok("DELETE", f"/api/traces/{name}/")


def test_an_unknown_trace_is_not_found(traces: Api, any_api: Api) -> None:
    assert traces.refused("GET", "/api/traces/nothing/", status=404)["error"] == "Trace not found"
    assert any_api.refused("GET", "/api/traces/t1/", status=404)["error"] == "Trace not found"


def test_a_list_is_of_the_last_hour_and_newest_first(traces: Api) -> None:
    listed = traces.ok("POST", LIST, {"filters": {}})
    assert (listed["results"], listed["default_window"]) == ([], True)
    assert listed["current_filters"]["timestamp"]["operator"] == "gte"
    assert ids(traces.ok("GET", f"{LIST}?{DAY}")) == ["t3", "t2", "t1", "t0"]
    assert ids(traces.ok("POST", f"{LIST}?sort_by=timestamp", {"start_time": "2026-03-02T10:00:20Z"})) == ["t2", "t3"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"customer_identifier": "c2"}, ["t2"]),
        ({"metadata__n": {"operator": "gte", "value": [2]}}, ["t3", "t2"]),
        ({"trace_unique_id": {"operator": "IN", "value": ["t0", "t3"]}}, ["t3", "t0"]),
        ({"total_cost": {"operator": ">", "value": [0.5]}}, []),
        ({"error_count": {"operator": "gt", "value": [0]}, "duration": 5}, ["t3", "t2", "t1", "t0"]),
    ],
)
def test_traces_are_filtered_by_their_sums_and_their_root(traces: Api, filters: Any, expected: list[str]) -> None:
    assert ids(traces.ok("POST", f"{LIST}?{DAY}", {"filters": filters})) == expected


def test_pages_know_their_neighbours(traces: Api) -> None:
    page = traces.ok("GET", f"{LIST}?{DAY}&page_size=3")
    assert (page["count"], len(page["results"]), page["previous"]) == (4, 3, None)
    rest = traces.ok("GET", page["next"].removeprefix(traces.url))
    assert (ids(rest), rest["next"]) == (["t0"], None)


@pytest.mark.parametrize("path", SUMMARIES)
def test_traces_are_summed_up(traces: Api, path: str) -> None:
    for summary in (traces.ok("GET", f"{path}?{DAY}"), traces.ok("POST", f"{path}?{DAY}", {"filters": {}})):
        assert (summary["total_count"], summary["total_span_count"], summary["average_span_count"]) == (4, 12, 3.0)
        assert (summary["total_cost"], summary["average_duration"], summary["error_rate"]) == (2.0, 5.0, 1.0)
    assert traces.ok("GET", f"{path}?{DAY}&customer_identifier=nobody")["average_cost"] == 0.0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{LIST}?sort_by=colour", "sort_by"),
        (f"{LIST}?search=refund", "search"),
        (f"{LIST}?count=perhaps", "count"),
        ("/api/traces/t1/?start_time=soon", "start_time"),
    ],
)
def test_what_cannot_be_asked_is_named(traces: Api, path: str, field: str) -> None:
    assert list(traces.refused("GET", path)) == [field]


def test_a_deleted_trace_is_gone_with_its_spans(traces: Api) -> None:
    name = os.urandom(6).hex()
    traces.ok("POST", "/api/traces/ingest/", trace_of(name))
    said = traces.ok("DELETE", f"/api/traces/{name}/")
    assert said == {"success": f"Successfully deleted trace {name}", "message": f"Successfully deleted trace {name}"}
    traces.refused("GET", f"/api/traces/{name}/", status=404)
    assert traces.ok("GET", f"/api/request-logs/count/?trace_unique_id={name}")["count"] == 0
    # Also fine when there is none.
    assert traces.ok("DELETE", f"/api/traces/{name}/") == said


@pytest.mark.parametrize("path", ["/api/traces/bulk-delete/", "/api/traces/bulk", "/api/traces/bulk/"])
def test_traces_are_deleted_in_bulk_by_filter(traces: Api, path: str) -> None:
    names = [os.urandom(6).hex() for _ in range(3)]
    for name in names:
        traces.ok("POST", "/api/traces/ingest/", trace_of(name))
    said = traces.ok("POST", path, {"filters": {"trace_unique_id": {"operator": "IN", "value": [*names[:2], "gone"]}}})
    assert (said["deleted_count"], said["success_count"], said["error_count"], said["errors"]) == (2, 2, 0, [])
    assert said["message"]
    assert traces.ok("GET", f"/api/traces/{names[2]}/")["span_count"] == 3
    traces.ok("DELETE", f"/api/traces/{names[2]}/")


@pytest.mark.parametrize(
    "body", [None, {}, {"filters": {}}, {"filters": {"colour": "red"}}, {"filters": {"id": {"operator": "x"}}}]
)
def test_a_bulk_delete_that_does_not_say_what_deletes_nothing(traces: Api, body: Any) -> None:
    assert list(traces.refused("POST", "/api/traces/bulk-delete/", body)) == ["filters"]
    assert traces.ok("GET", f"{LIST}?{DAY}")["count"] == 4


def test_more_than_a_thousand_traces_are_not_deleted_at_once(traces: Api) -> None:
    group = os.urandom(6).hex()
    spans = [span(f"{group}-{n}", "root", None, 1, 1, customer_identifier=group) for n in range(1_001)]
    traces.ok("POST", "/api/traces/ingest/", spans)
    body = {"filters": {"customer_identifier": group}}
    said = traces.refused("POST", "/api/traces/bulk/", body)
    assert (said["matched_count"], bool(said["error"])) == (1_001, True)
    assert traces.ok("GET", f"{LIST}?{DAY}&customer_identifier={group}")["count"] == 1_001
    traces.ok("DELETE", f"/api/traces/{group}-0/")
    assert traces.ok("POST", "/api/traces/bulk/", body)["deleted_count"] == 1_000


def test_sharing_a_trace_is_not_offered(traces: Api) -> None:
    assert traces("PATCH", "/api/traces/t1/", json={"is_public": True}).status_code == 405
    assert traces("GET", "/api/01a20000-0000-7000-8000-000000000000/traces/t1/").status_code == 404
