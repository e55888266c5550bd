"""OTLP/HTTP as exporters speak it: protobuf and JSON, compressed, partly or wholly refused. On both databases."""

from __future__ import annotations

import gzip
import os
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.flows.client import Api

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
PATHS = ["/api/v2/traces", "/api/v2/traces/", "/api/v1/traces", "/api/v1/traces/", "/v1/traces", "/v2/traces"]
# The codes of google.rpc.Code.
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAUTHENTICATED = 3, 8, 16


@pytest.fixture
def trace_id() -> str:
    return os.urandom(16).hex()


def span(trace_id: str, span_id: str, parent: str | None = None, **attributes: Any) -> dict[str, Any]:
    return {
        "traceId": trace_id,
        "spanId": span_id,
        **({"parentSpanId": parent} if parent else {}),
        "name": f"span {span_id[:2]}",
        "startTimeUnixNano": "1790000000000000000",
        "endTimeUnixNano": "1790000001500000000",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def request(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def in_protobuf(body: dict[str, Any]) -> bytes:
    message = ParseDict(body, ExportTraceServiceRequest())
    # The JSON mapping of protobuf takes ids for base64, OTLP means hex.
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            for one, written in zip(scope.spans, body["resourceSpans"][0]["scopeSpans"][0]["spans"], strict=True):
                one.trace_id = bytes.fromhex(written["traceId"])
                one.span_id = bytes.fromhex(written["spanId"])
                one.parent_span_id = bytes.fromhex(written.get("parentSpanId", ""))
    return bytes(message.SerializeToString())


def status_of(body: bytes) -> tuple[int, str]:
    """Read a google.rpc.Status whose code and message are short."""
    assert body[0] == 0x08
    assert body[2] == 0x12
    start = 4 if body[3] < 0x80 else 5
    return body[1], body[start:].decode()


@pytest.mark.parametrize("path", PATHS)
def test_protobuf_is_answered_in_protobuf(any_api: Api, path: str, trace_id: str) -> None:
    answer = any_api("POST", path, data=in_protobuf(request(span(trace_id, "a" * 16))), headers=PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")
    assert any_api.ok("GET", f"/api/traces/{trace_id}/")["duration"] == 1.5


@pytest.mark.parametrize("path", PATHS)
def test_json_is_answered_in_json(any_api: Api, path: str, trace_id: str) -> None:
    said = any_api.ok("POST", path, request(span(trace_id, "a" * 16)))
    assert said == {"partialSuccess": {"rejectedSpans": 0, "errorMessage": ""}}
    assert any_api.ok("GET", f"/api/traces/{trace_id}/")["span_count"] == 1


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_a_content_type_that_lies_does_no_harm(any_api: Api, encoding: str, trace_id: str) -> None:
    body = request(span(trace_id, "a" * 16))
    if encoding == "json":
        answer = any_api("POST", "/api/v2/traces", json=body, headers=PROTOBUF)
    else:
        answer = any_api("POST", "/api/v2/traces", data=in_protobuf(body), headers=JSON)
    assert (answer.status_code, encoding in answer.headers["content-type"]) == (200, True)
    assert any_api.ok("GET", f"/api/traces/{trace_id}/")["span_count"] == 1


def test_children_may_come_before_their_root_in_requests_of_their_own(any_api: Api, trace_id: str) -> None:
    for one in (span(trace_id, "b" * 16, "a" * 16), span(trace_id, "c" * 16, "b" * 16), span(trace_id, "a" * 16)):
        body = gzip.compress(in_protobuf(request(one)))
        assert any_api("POST", "/v1/traces", data=body, headers={**PROTOBUF, "Content-Encoding": "gzip"}).ok
    (root,) = any_api.ok("GET", f"/api/traces/{trace_id}/")["span_tree"]
    assert root["span_unique_id"] == "a" * 16
    assert root["children"][0]["children"][0]["span_unique_id"] == "c" * 16


def test_a_retried_request_records_nothing_twice(any_api: Api, trace_id: str) -> None:
    body = request(span(trace_id, "a" * 16), span(trace_id, "b" * 16, "a" * 16))
    for _ in range(2):
        any_api.ok("POST", "/api/v2/traces", body)
    assert any_api.ok("GET", f"/api/traces/{trace_id}/")["span_count"] == 2


def test_spans_that_cannot_be_read_are_counted_and_explained(any_api: Api, trace_id: str) -> None:
    bad = {**span(trace_id, "b" * 16), "spanId": "zz"}
    too_long = span(trace_id, "c" * 16, **{"respan.threads.thread_identifier": "t" * 600})
    said = any_api.ok("POST", "/api/v2/traces", request(bad, span(trace_id, "a" * 16), too_long))["partialSuccess"]
    assert said["rejectedSpans"] in (1, 2)
    assert "spanId" in said["errorMessage"]
    assert any_api.ok("GET", f"/api/traces/{trace_id}/")["span_count"] == 3 - said["rejectedSpans"]


def test_large_requests_are_read_as_well(any_api: Api, trace_id: str) -> None:
    spans = [span(trace_id, f"{n:016x}", note="x" * 500) for n in range(1, 1_001)]
    any_api.ok("POST", "/api/v2/traces", request(*spans[:500]))
    assert any_api("POST", "/api/v2/traces", data=in_protobuf(request(*spans[500:])), headers=PROTOBUF).ok
    assert any_api.ok("GET", f"/api/traces/{trace_id}/")["span_count"] == 1_000


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"resourceSpans": 5}', b"text", b'{"resourceSpans": [{"a": 1, "a": 2}]}']
)
def test_json_that_cannot_be_read_is_refused_in_json(any_api: Api, body: bytes) -> None:
    said = any_api.refused("POST", "/api/v2/traces", data=body, headers=JSON)
    assert said["code"] == INVALID_ARGUMENT
    assert said["message"] == said["detail"] != ""


@pytest.mark.parametrize("body", [b"\x0agarbage", b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f"])
def test_protobuf_that_cannot_be_read_is_refused_in_protobuf(any_api: Api, body: bytes) -> None:
    answer = any_api("POST", "/api/v2/traces", data=body, headers=PROTOBUF)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/x-protobuf")
    code, message = status_of(answer.content)
    assert code == INVALID_ARGUMENT
    assert "ExportTraceServiceRequest" in message


def test_errors_before_the_body_speak_the_sender_s_language(any_api: Api) -> None:
    stranger = Api(any_api.url, "nobody")
    answer = stranger("POST", "/api/v2/traces", data=b"", headers=PROTOBUF)
    assert (answer.status_code, status_of(answer.content)[0]) == (401, UNAUTHENTICATED)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert stranger.refused("POST", "/api/v2/traces", {}, status=401)["code"] == UNAUTHENTICATED
    stranger.close()
    bomb = gzip.compress(b" " * (101 * 1024 * 1024))
    answer = any_api("POST", "/api/v2/traces", data=bomb, headers={**PROTOBUF, "Content-Encoding": "gzip"})
    assert (answer.status_code, status_of(answer.content)[0]) == (413, RESOURCE_EXHAUSTED)


def test_a_request_without_spans_is_fine(any_api: Api) -> None:
    assert any_api("POST", "/api/v2/traces", data=b"", headers=PROTOBUF).status_code == 200
    assert any_api.ok("POST", "/api/v2/traces", {"resourceSpans": []})
