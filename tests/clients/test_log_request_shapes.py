"""Request shapes about logs and traces, recorded from clients that are not run here: Postman, MCP, TypeScript, Go."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from tests.clients.test_request_shapes import EVERY_MOUNT, UNKNOWN, Caller, call, filled

__all__ = ["call"]

LOG = {
    "model": "gpt-4o-mini",
    "input": [{"role": "user", "content": "What is 2+2?"}],
    "output": {"role": "assistant", "content": "4"},
}
SPAN = {"trace_unique_id": "{new}", "span_unique_id": "root", "span_name": "by shape"}
OTLP = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "{new_hex}",
                            "spanId": "00f067aa0ba902b7",
                            "name": "by shape",
                            "startTimeUnixNano": "1795433215210211278",
                            "endTimeUnixNano": "1795433216460211278",
                        }
                    ]
                }
            ]
        }
    ]
}
NAMES = ("first", "second", "third")


@pytest.fixture
def places(call: Caller) -> dict[str, str]:
    """What the paths and bodies of the tables stand for: three logs of one customer, each a trace and a thread."""
    customer = secrets.token_hex(6)
    logs = [
        {
            **LOG,
            "customer_identifier": customer,
            "custom_identifier": name,
            "thread_identifier": f"{customer}-{name}",
            "trace_unique_id": f"{customer}-{name}",
            "span_name": name,
            "prompt_tokens": 10 * (rank + 1),
            "metadata": {"rank": rank + 1, "tag": customer},
        }
        for rank, name in enumerate(NAMES)
    ]
    made = call("POST", "/api/request-logs/bulk/", json={"logs": logs})
    assert made.status_code == 201, made.text
    return {
        "c": customer,
        "log": made.json()["ids"][0],
        "trace": f"{customer}-first",
        "new": f"{customer}-new",
        "new_hex": secrets.token_hex(16),
    }


# The oldest SDKs and the TypeScript one ask for logs at the root, everything else below /api.
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/request-logs", LOG, 201),
        ("POST", "/request-logs/create", LOG, 201),
        ("POST", "/request-logs/bulk", {"logs": [LOG]}, 201),
        # Go
        ("POST", "/request-logs/batch/create", {"logs": [LOG, LOG]}, 201),
        ("GET", "/request-logs", None, 200),
        ("GET", "/request-logs/list", None, 200),
        ("POST", "/request-logs/list", {}, 200),
        ("GET", "/request-logs/summary", None, 200),
        ("POST", "/request-logs/summary", {"filters": {}}, 200),
        ("GET", "/request-logs/groups", None, 200),
        ("POST", "/request-logs/groups", {"filters": {}}, 200),
        ("GET", "/request-logs/{log}", None, 200),
        ("PATCH", "/request-logs/{log}", {"metadata": {"seen": True}, "note": "odd"}, 200),
        ("PATCH", "/request-logs/{log}", {"is_pinned": True, "positive_feedback": False}, 200),
        ("PATCH", "/request-logs/batch-update", {"logs": [{"unique_id": "{log}", "note": "odd"}]}, 200),
        ("DELETE", "/request-logs/{log}", None, 204),
    ],
    ids=lambda value: str(value)[:60],
)
def test_every_mount_and_slash_of_a_log_means_the_same(
    call: Caller, places: dict[str, str], method: str, path: str, body: Any, status: int
) -> None:
    is_gone = False
    for mount in EVERY_MOUNT:
        address = mount.format(path=filled(path, places))
        # Postman sends bodies on GET and DELETE too.
        reply = call(method, address, json=filled({} if body is None else body, places))
        assert reply.status_code == (404 if is_gone else status), (address, reply.text)
        assert (reply.content == b"") is (reply.status_code == 204), address
        is_gone = reply.status_code == 204 or is_gone


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/traces/ingest", [SPAN]),
        ("POST", "/api/v1/traces/ingest", [SPAN]),
        ("POST", "/api/v1/traces/ingest", {"data": [SPAN]}),
        ("POST", "/api/integrations/v1/traces/ingest", [SPAN]),
        ("POST", "/api/openai/v1/traces/ingest", {"data": []}),
        ("POST", "/api/v2/traces", OTLP),
        ("POST", "/api/v1/traces", OTLP),
        ("GET", "/api/traces", None),
        ("GET", "/api/traces/list", None),
        ("POST", "/api/traces/list", {"filters": {}, "operator": "AND"}),
        ("GET", "/api/traces/summary", None),
        ("GET", "/clickhouse/traces/summary", None),
        ("POST", "/clickhouse/traces/summary", {"filters": {}}),
        ("GET", "/api/traces/{trace}", None),
        ("DELETE", "/api/traces/{trace}", {}),
        ("POST", "/api/traces/bulk", {"filters": {"trace_unique_id": {"operator": "IN", "value": ["{trace}"]}}}),
        ("POST", "/api/traces/bulk-delete", {"filters": {"customer_identifier": {"operator": "=", "value": "{c}"}}}),
        ("GET", "/api/log_threads", None),
        ("POST", "/api/log_threads", {"filters": {}}),
        ("POST", "/api/threads", {}),
        ("GET", "/api/users/list", None),
        ("POST", "/api/users/list", {"filters": {}}),
        ("GET", "/api/users/{c}", None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_was_recorded_about_traces_threads_and_users_is_answered_with_and_without_the_slash(
    call: Caller, places: dict[str, str], method: str, path: str, body: Any
) -> None:
    for slash in ("", "/"):
        reply = call(method, filled(path, places) + slash, json=None if body is None else filled(body, places))
        assert reply.status_code == 200, reply.text
        assert isinstance(reply.json(), dict)


@pytest.mark.parametrize("path", ["/api/openai/v1/traces/ingest", "/api/v1/traces/ingest"])
def test_a_span_that_cannot_be_kept_takes_no_other_with_it(call: Caller, path: str) -> None:
    trace_id = f"trace_{secrets.token_hex(16)}"
    if "openai" in path:
        spans: list[dict[str, Any]] = [
            {"object": "trace", "id": trace_id, "workflow_name": "w"},
            {"object": "trace.span", "id": "s", "trace_id": trace_id, "span_data": {"type": "function", "input": "\0"}},
        ]
    else:
        spans = [
            {"trace_unique_id": trace_id, "span_unique_id": "root"},
            {"trace_unique_id": trace_id, "span_unique_id": "s", "input": "\0"},
        ]
    reply = call("POST", path, json={"data": spans})
    assert (reply.status_code, reply.json()["ingested_spans"]) == (200, 1)
    [error] = reply.json()["errors"]
    assert error.startswith("1: ")
    assert "NUL" in error


THREE, ONE, NONE = list(NAMES), ["first"], list[str]()


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        # upstream scripts
        (
            {"filters": {"custom_identifier": {"value": ["first"], "operator": ""}, "connector": "AND"}},
            {"all_envs": "true"},
            ONE,
        ),
        ({"filters": {"metadata.tag": {"value": "{c}"}, "connector": "AND"}, "exporting": False}, {}, THREE),
        # MCP
        (
            {"filters": {}, "exporting": False},
            {"page": "1", "page_size": "20", "sort_by": "-id", "fetch_filters": "false", "include_fields": "id,model"},
            THREE,
        ),
        # respan-api 0.1.0
        (
            {"filters": {}, "operator": "AND"},
            {"is_test": "false", "environment": "prod", "fetch_filters": "true"},
            THREE,
        ),
        ({"filters": {"environment": "prod"}}, {"start_time": "2020-01-01 00:00:00"}, THREE),
        ({}, {"start_time": "2020-01-01 00:00:00", "end_time": "2100-01-01 00:00:00"}, THREE),
        ({}, {"start_time": "2020-01-01T00:00:00", "end_time": "2100-01-01T00:00:00.000Z"}, THREE),
        ({}, {"start_time": "2020-01-01", "end_time": "2020-01-02"}, NONE),
        ({"filters": {"timestamp": {"gte": "2020-01-01 00:00:00", "lte": "2100-01-01 00:00:00"}}}, {}, THREE),
        ({"filters": {"prompt_tokens": {"gte": 10, "lt": 20}}}, {}, ONE),
        ({"filters": {"metadata__rank": {"operator": "lte", "value": [1]}}}, {}, ONE),
        ({"filters": {"metadata.rank": 1}}, {}, ONE),
        ({"filters": {"id": {"operator": "in", "value": ["{log}"]}}}, {}, ONE),
        ({"filters": {"unique_id": {"operator": "", "value": ["{log}"]}}}, {}, ONE),
        ({"filters": {"trace_unique_id": {"operator": "IN", "value": ["{trace}"]}}}, {}, ONE),
        ({"filters": {"input": {"operator": "icontains", "value": ["2+2"]}}}, {}, THREE),
        ({"filters": {"model": {"operator": "startswith", "value": ["gpt-4o"]}, "status_code": 200}}, {}, THREE),
        ({"filters": {"model": {"operator": "not", "value": ["gpt-4o-mini"]}}}, {}, NONE),
        ({"filters": {"error_message": {"operator": "empty", "value": [""]}}}, {}, THREE),
        ({"filters": {"metadata": {"operator_function": "mapContainsKey", "operator_args": ["rank"]}}}, {}, THREE),
        ({}, {"model": "gpt-4o-mini", "status": "success", "log_type": "chat"}, THREE),
        ({}, {"metadata.rank": "1"}, ONE),
        ({}, {"custom_identifier[value]": "first", "custom_identifier[operator]": ""}, ONE),
        (None, {"page": "9"}, NONE),
    ],
    ids=lambda value: json.dumps(value)[:70],
)
def test_logs_are_found_by_every_recorded_form_of_filters(
    call: Caller, places: dict[str, str], body: Any, query: dict[str, str], expected: list[str]
) -> None:
    for path in ("/api/request-logs/list/", "/request-logs/list"):
        asked = {"sort_by": "prompt_tokens", **query, "customer_identifier": places["c"]}
        reply = call("POST", path, json=filled(body, places), params=asked)
        assert reply.status_code == 200, reply.text
        found = [log["custom_identifier"] for log in reply.json()["results"]]
        assert (found[::-1] if query.get("sort_by") == "-id" else found) == expected
        assert reply.json()["count"] == reply.json()["total_count"] >= len(found)


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        ({"filters": {}}, {"page": "1", "page_size": "20", "sort_by": "-timestamp"}, set(NAMES)),
        ({}, {"start_time": "2020-01-01 00:00:00", "end_time": "2100-01-01 00:00:00"}, set(NAMES)),
        ({}, {"start_time": "2020-01-01 00:00:00", "end_time": "2020-01-02 00:00:00"}, set()),
        ({"filters": {"trace_unique_id": {"operator": "", "value": ["{trace}"]}}}, {"environment": "prod"}, {"first"}),
        ({"filters": {"total_tokens": {"operator": "lte", "value": [10]}}, "operator": "AND"}, {}, {"first"}),
    ],
    ids=lambda value: json.dumps(value)[:70] if not isinstance(value, set) else str(sorted(value)),
)
def test_traces_are_found_by_every_recorded_form_of_filters(
    call: Caller, places: dict[str, str], body: Any, query: dict[str, str], expected: set[str]
) -> None:
    asked = {**query, "customer_identifier": places["c"]}
    reply = call("POST", "/api/traces/list", json=filled(body, places), params=asked)
    assert reply.status_code == 200, reply.text
    assert {trace["name"] for trace in reply.json()["results"]} == expected


@pytest.mark.parametrize(
    ("body", "path"),
    [
        # seed page
        ({"timestamp": "2026-01-01T00:00:00Z", "start_time": "2025-12-31T23:59:59.5Z"}, "/api/request-logs/"),
        ({"timestamp": "2026-01-01 00:00:00", "start_time": "2025-12-31 23:59:59.5"}, "/api/request-logs/create/"),
        ({"timestamp": "2026-01-01T01:00:00+01:00", "generation_time": 0.5}, "/request-logs/create"),
    ],
    ids=str,
)
def test_times_with_a_space_or_a_zone_are_the_same_moment(call: Caller, body: dict[str, Any], path: str) -> None:
    made = call("POST", path, json={**LOG, **body})
    assert made.status_code == 201, made.text
    assert (made.json()["message"], made.json()["id"]) == ("log successful", made.json()["unique_id"])
    log = call("GET", f"/request-logs/{made.json()['unique_id']}").json()
    assert (log["timestamp"], log["latency"]) == ("2026-01-01T00:00:00Z", 0.5)
    assert log["start_time"] == "2025-12-31T23:59:59.500000Z"


def test_a_log_can_be_logged_and_made_a_dataset_of_at_once(call: Caller) -> None:
    """The demo account's scripts do this, and read the dataset's rows in the next request."""
    made = [call("POST", "/api/request-logs/create/", json=LOG).json()["unique_id"] for _ in range(2)]
    body = {
        "name": "from logs",
        "type": "sampling",
        "sampling": 100,
        "start_time": "2020-01-01 00:00:00",
        "end_time": "2100-01-01 00:00:00",
        "initial_log_filters": {"id": {"value": made, "operator": "in"}},
    }
    dataset = call("POST", "/api/datasets", json=body)
    assert dataset.status_code == 201, dataset.text
    rows = call("GET", f"/api/datasets/{dataset.json()['id']}/logs/list").json()
    assert rows["count"] == 2
    assert {row["output"]["content"] if isinstance(row["output"], dict) else "" for row in rows["results"]} == {"4"}


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "text/plain", None])
def test_a_json_body_is_read_whatever_the_content_type_says(call: Caller, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    assert call("POST", "/api/request-logs/", data=json.dumps(LOG).encode(), headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/request-logs/"),
        ("POST", "/request-logs/create"),
        ("POST", "/api/v2/traces"),
        ("POST", "/v1/traces"),
        ("POST", "/api/v1/traces/ingest"),
        ("GET", "/request-logs/list"),
        ("GET", "/api/traces/list/"),
        ("POST", "/api/log_threads/"),
        ("GET", "/api/users/list/"),
    ],
)
@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic dGVzdDp0ZXN0"])
def test_without_a_good_key_nothing_is_recorded_or_read(call: Caller, method: str, path: str, header: str) -> None:
    reply = call(method, path, key=header, json=LOG)
    assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert reply.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/api/request-logs/{UNKNOWN}/"),
        ("GET", f"/request-logs/{UNKNOWN}"),
        ("PATCH", f"/api/request-logs/{UNKNOWN}"),
        ("DELETE", f"/api/request-logs/{UNKNOWN}/"),
        ("GET", f"/api/traces/{UNKNOWN}/"),
        ("GET", "/api/users/nobody/"),
        # Only what exporters add to a base URL is served at the root.
        ("GET", "/traces/list/"),
    ],
)
def test_what_is_not_there_is_answered_404_in_json(call: Caller, method: str, path: str) -> None:
    reply = call(method, path, json={"note": "x"})
    assert reply.status_code == 404
    assert "detail" in reply.json()
