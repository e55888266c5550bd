"""OTLP requests become plain spans in either encoding, and what is wrong with one costs no other."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from assay.model.errors import Invalid
from assay.wire import otlp, otlp_spans
from tests.wire.otlp_requests import (
    END,
    PARENT_ID,
    SPAN_ID,
    START,
    TRACE_ID,
    as_protobuf,
    json_event,
    json_request,
    json_span,
)

CAPTURES = sorted((Path(__file__).parent / "captures").glob("*.json"))


def decoded(span: Any) -> otlp.DecodedSpans:
    return otlp.decode_json(json_request([span]))


def only(span: Any) -> otlp.OtlpSpan:
    found = decoded(span)
    assert found.rejected == []
    return found.spans[0]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_exporters_sent_is_the_same_in_both_encodings(path: Path) -> None:
    request = json.loads(path.read_text())
    from_json, from_protobuf = otlp.decode_json(request), otlp.decode_protobuf(as_protobuf(request))
    assert from_json.spans
    assert from_json.spans == from_protobuf.spans
    assert from_json.rejected == from_protobuf.rejected == []


def test_a_span_with_everything_is_the_same_in_both_encodings() -> None:
    attributes = {
        "text": "grüße",
        "empty": "",
        "yes": True,
        "no": False,
        "zero": 0,
        "smallest": -(2**63),
        "largest": 2**63 - 1,
        "pi": 3.14,
        "whole": 2.0,
        "bytes": b"\x00\xff",
        "list": ["a", 1, [True]],
        "object": {"a": {"b": None}},
        "nothing": None,
    }
    span = json_span(
        attributes,
        kind=3,
        status={"code": 2, "message": "boom"},
        events=[json_event("exception", {"exception.type": "ValueError"})],
        links=[{"traceId": TRACE_ID, "spanId": SPAN_ID, "attributes": []}],
    )
    request = json_request([span], {"service.name": "shop"}, {"name": "tracer", "version": "1"})
    (one,) = otlp.decode_json(request).spans
    assert otlp.decode_protobuf(as_protobuf(request)).spans == [one]
    assert one.attributes == {**attributes, "bytes": "AP8="}
    assert (one.trace_id, one.span_id, one.parent_span_id) == (TRACE_ID, SPAN_ID, PARENT_ID)
    assert (one.start_time_unix_nano, one.end_time_unix_nano, one.kind) == (START, END, 3)
    assert (one.status_code, one.status_message) == (2, "boom")
    assert (one.resource, one.scope.name, one.scope.version) == ({"service.name": "shop"}, "tracer", "1")


def test_senders_that_write_json_their_own_way_are_understood() -> None:
    odd = {
        "resource_spans": [
            {
                "scope_spans": [
                    {
                        "spans": [
                            {
                                "trace_id": "CvdlGRbNQ92ESOshHIAxnA==",
                                "span_id": "t61rcWkgMzE=",
                                "parent_span_id": PARENT_ID.upper(),
                                "name": "step",
                                "kind": "SPAN_KIND_CLIENT",
                                "start_time_unix_nano": START,
                                "end_time_unix_nano": END,
                                "status": {"code": "STATUS_CODE_ERROR"},
                                "attributes": [
                                    {"key": "a", "value": {"int_value": 5}},
                                    {"key": "b", "value": {"string_value": "x", "unknown": 1}},
                                    {"key": "c", "value": {"array_value": {"values": [{"int_value": "7"}]}}},
                                ],
                                "unknownField": {"any": "thing"},
                            }
                        ]
                    }
                ]
            }
        ]
    }
    (span,) = otlp.decode_json(odd).spans
    assert (span.trace_id, span.span_id, span.parent_span_id) == (TRACE_ID, SPAN_ID, PARENT_ID)
    assert (span.kind, span.status_code, span.start_time_unix_nano) == (3, 2, START)
    assert span.attributes == {"a": 5, "b": "x", "c": [7]}


@pytest.mark.parametrize("parent", [None, "", "0000000000000000"])
def test_a_span_without_a_parent_is_a_root(parent: str | None) -> None:
    assert only(json_span(parentSpanId=parent)).parent_span_id is None


def test_an_empty_request_has_no_spans() -> None:
    assert otlp.decode_json({}).spans == otlp.decode_json({"resourceSpans": []}).spans == []
    assert otlp.decode_protobuf(b"").spans == []


WRONG_SPANS = {
    "no object": ("span", "spans[1]: an object is required"),
    "no trace id": (json_span(traceId=""), "spans[1].traceId: an id of 16 bytes is required"),
    "trace id of zeros": (json_span(traceId="0" * 32), "spans[1].traceId: an id of zeros"),
    "short span id": (json_span(spanId="b7ad"), "spans[1].spanId: 16 hexadecimal digits are required, not 'b7ad'"),
    "span id with spaces": (json_span(spanId="b7ad6b71692033 1"), "spans[1].spanId: 16 hexadecimal"),
    "numeric id": (json_span(spanId=5), "spans[1].spanId: 16 hexadecimal"),
    "wrong parent": (json_span(parentSpanId="xyz"), "spans[1].parentSpanId: 16 hexadecimal"),
    "text as time": (json_span(startTimeUnixNano="now"), "spans[1].startTimeUnixNano: nanoseconds"),
    "beyond the year 9999": (json_span(endTimeUnixNano=str(253402300800 * 10**9)), "spans[1].endTimeUnixNano"),
    "time of 5000 digits": (json_span(endTimeUnixNano="9" * 5000), "spans[1].endTimeUnixNano"),
    "negative time": (json_span(endTimeUnixNano=-1), "spans[1].endTimeUnixNano"),
    "attributes as object": (json_span(attributes={"a": 1}), "spans[1].attributes: an array of keys"),
    "attribute without key": (json_span(attributes=[{"value": {}}]), "spans[1].attributes[0]: an object with a key"),
    "bare value": (json_span(attributes=[{"key": "a", "value": 1}]), "spans[1].attributes[0].value: an object such"),
    "text as integer": (
        json_span(attributes=[{"key": "a", "value": {"intValue": "x"}}]),
        "spans[1].attributes[0].value.intValue: an integer",
    ),
    "integer of 65 bits": (
        json_span(attributes=[{"key": "a", "value": {"intValue": str(2**63)}}]),
        "spans[1].attributes[0].value.intValue: an integer",
    ),
    "event of no object": (json_span(events=[1]), "spans[1].events[0]: an object"),
    "wrong status": (json_span(status={"code": "BAD"}), "spans[1].status.code: a number or one of"),
    "name of no text": (json_span(name=[1]), "spans[1].name: a string is required, not [1]"),
}


@pytest.mark.parametrize(("span", "reason"), WRONG_SPANS.values(), ids=WRONG_SPANS)
def test_a_wrong_span_is_named_and_its_neighbours_are_taken(span: Any, reason: str) -> None:
    found = otlp.decode_json(json_request([json_span(name="first"), span, json_span(name="last")]))
    assert [one.name for one in found.spans] == ["first", "last"]
    (rejected,) = found.rejected
    assert rejected.startswith(f"resourceSpans[0].scopeSpans[0].{reason}")
    assert found.error_message == rejected[:300]


def test_ids_of_zeros_and_of_a_wrong_size_are_rejected_in_protobuf_too() -> None:
    request = ExportTraceServiceRequest()
    request.ParseFromString(as_protobuf(json_request([json_span(name="good")])))
    spans = request.resource_spans[0].scope_spans[0].spans
    for trace_id, span_id in ((bytes(16), b"12345678"), (b"short", b"12345678"), (b"1" * 16, b"")):
        wrong = spans.add()
        wrong.trace_id, wrong.span_id = trace_id, span_id
    found = otlp.decode_protobuf(request.SerializeToString())
    assert [one.name for one in found.spans] == ["good"]
    assert [reason.partition(": ")[0].rpartition(".")[2] for reason in found.rejected] == [
        "traceId",
        "traceId",
        "spanId",
    ]
    assert "spans[3].spanId: an id of 8 bytes is required, not of 0" in found.error_message


def test_only_the_first_reasons_are_told() -> None:
    found = otlp.decode_json(json_request([json_span(spanId="x")] * 1000))
    assert len(found.rejected) == 1000
    assert found.error_message.endswith("; and 995 more")
    assert len(found.error_message) < 2000


WRONG_REQUESTS = {
    "list": ([], "body"),
    "text": ("x", "body"),
    "no array": ({"resourceSpans": {}}, "resourceSpans"),
    "no object": ({"resourceSpans": [{}, 5]}, "resourceSpans[1]"),
    "no array below": ({"resourceSpans": [{"scopeSpans": "x"}]}, "resourceSpans[0].scopeSpans"),
    "no object below": ({"resourceSpans": [{"scopeSpans": [{}, None]}]}, "resourceSpans[0].scopeSpans[1]"),
    "no spans": ({"resourceSpans": [{"scopeSpans": [{"spans": 1}]}]}, "resourceSpans[0].scopeSpans[0].spans"),
    "wrong resource": ({"resourceSpans": [{"resource": 1}]}, "resource"),
    "wrong resource attributes": (
        {"resourceSpans": [{"resource": {"attributes": [1]}}]},
        "resourceSpans[0].resource.attributes[0]",
    ),
    "wrong scope": (
        {"resourceSpans": [{"scopeSpans": [{"scope": {"name": 1}}]}]},
        "resourceSpans[0].scopeSpans[0].scope.name",
    ),
}


@pytest.mark.parametrize(("request_body", "field"), WRONG_REQUESTS.values(), ids=WRONG_REQUESTS)
def test_a_request_of_another_shape_is_refused_by_the_path_of_what_is_wrong(request_body: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        otlp.decode_json(request_body)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("data", [b"\xff" * 50, b'{"resourceSpans": []}', b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05a"])
def test_bytes_that_are_no_protobuf_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="not an ExportTraceServiceRequest in protobuf"):
        otlp.decode_protobuf(data)


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = otlp.decode_protobuf(data)
    except Invalid:
        return
    for span in found.spans:
        otlp_spans.log_body(span)


@given(st.integers(0, 2**32), st.integers(0, 255))
@settings(max_examples=300)
def test_a_flipped_byte_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(as_protobuf(json.loads(CAPTURES[1].read_text())))
    data[place % len(data)] = value
    try:
        found = otlp.decode_protobuf(bytes(data))
    except Invalid:
        return
    for span in found.spans:
        msgspec.json.encode(otlp_spans.log_body(span))


def test_what_no_store_can_keep_is_replaced() -> None:
    span = json_span({"a\0b": "x\0y", "list": ["\0"]}, name="n\0", status={"message": "m\0"})
    request = json_request([span], {"service.name": "s\0"}, {"name": "t\0"})
    for found in (otlp.decode_json(request), otlp.decode_protobuf(as_protobuf(request))):
        (one,) = found.spans
        assert one.attributes == {"a\ufffdb": "x\ufffdy", "list": ["\ufffd"]}
        assert (one.name, one.status_message) == ("n\ufffd", "m\ufffd")
        assert (one.resource["service.name"], one.scope.name) == ("s\ufffd", "t\ufffd")
    assert only(json_span({"a": "x\ud800y"})).attributes == {"a": "x\ufffdy"}


def test_numbers_that_json_has_not_are_kept_by_name() -> None:
    span = json_span({"a": math.nan, "b": math.inf, "c": [-math.inf]})
    request = json_request([span])
    expected = {"a": "NaN", "b": "Infinity", "c": ["-Infinity"]}
    assert otlp.decode_json(request).spans[0].attributes == expected
    assert otlp.decode_protobuf(as_protobuf(request)).spans[0].attributes == expected
    named = [{"key": "a", "value": {"doubleValue": "Infinity"}}, {"key": "b", "value": {"doubleValue": 2}}]
    assert only(json_span(attributes=named)).attributes == {"a": "Infinity", "b": 2.0}


def nested_value(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"stringValue": "deep"}
    for _ in range(depth):
        value = {"arrayValue": {"values": [value]}}
    return value


def test_values_nested_too_deeply_cost_only_their_span() -> None:
    good = json_span(attributes=[{"key": "a", "value": nested_value(20)}])
    bad = json_span(attributes=[{"key": "a", "value": nested_value(5000)}])
    found = otlp.decode_json(json_request([good, bad]))
    assert len(found.spans) == 1
    assert "nested deeper than 100 levels" in found.rejected[0]


def delimited(tag: bytes, content: bytes) -> bytes:
    """Write one field of protobuf that has a length."""
    length, encoded = len(content), b""
    while length > 0x7F:
        encoded += bytes([length & 0x7F | 0x80])
        length >>= 7
    return tag + encoded + bytes([length]) + content


def test_protobuf_nested_too_deeply_is_refused() -> None:
    # From the inside out: an AnyValue, 5,000 times in an ArrayValue in an AnyValue, then the way up to the request.
    message = delimited(b"\x0a", b"deep")
    for tag in (*(b"\x0a", b"\x2a") * 5000, b"\x12", b"\x4a", b"\x12", b"\x12", b"\x0a"):
        message = delimited(tag, message)
    with pytest.raises(Invalid):
        otlp.decode_protobuf(message)


def test_a_value_of_twenty_megabytes_comes_through() -> None:
    text = "x" * (20 * 1024 * 1024)
    (span,) = otlp.decode_protobuf(as_protobuf(json_request([json_span({"gen_ai.prompt.0.content": text})]))).spans
    assert otlp_spans.log_body(span)["input"][0]["content"] == text


def test_the_reply_in_json_is_the_one_of_the_contract() -> None:
    assert json.loads(otlp.reply("json", 0, "")) == {"partialSuccess": {"rejectedSpans": 0, "errorMessage": ""}}
    assert json.loads(otlp.reply("json", 2, "why")) == {"partialSuccess": {"rejectedSpans": 2, "errorMessage": "why"}}


def test_the_reply_in_protobuf_is_empty_unless_spans_were_rejected() -> None:
    assert otlp.reply("protobuf", 0, "") == b""
    response = ExportTraceServiceResponse()
    response.ParseFromString(otlp.reply("protobuf", 2, "why"))
    assert (response.partial_success.rejected_spans, response.partial_success.error_message) == (2, "why")


@pytest.mark.parametrize(("message", "code"), [("no", 3), ("ü" * 200, 14), ("", 300)])
def test_an_error_in_protobuf_is_a_status(message: str, code: int) -> None:
    # google.rpc.Status has its code and message where KeyValueList and others have none: read by hand.
    data = otlp.error_reply(message, code)
    fields: dict[int, Any] = {}
    place = 0

    def varint() -> int:
        nonlocal place
        number = shift = 0
        while True:
            byte = data[place]
            place += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while place < len(data):
        tag = varint()
        if tag & 7 == 0:
            fields[tag >> 3] = varint()
        else:
            length = varint()
            fields[tag >> 3] = data[place : place + length].decode()
            place += length
    assert fields == {1: code, 2: message}
