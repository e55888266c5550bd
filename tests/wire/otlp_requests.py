"""OTLP requests for tests: the same spans in protobuf and in JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from assay.wire import otlp, otlp_spans

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"
PARENT_ID = "00f067aa0ba902b7"
START = 1_795_433_215_210_211_278
END = 1_795_433_216_460_211_278


def json_value(value: Any) -> dict[str, Any]:
    """Return an AnyValue of OTLP/JSON, as the OpenTelemetry SDKs write it."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": json_pairs(value)}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {"arrayValue": {"values": [json_value(item) for item in value]}}
    return {"stringValue": value}


def json_pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": json_value(value)} for key, value in attributes.items()]


def json_span(attributes: Mapping[str, Any] = {}, /, **changes: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE_ID,
        "spanId": SPAN_ID,
        "parentSpanId": PARENT_ID,
        "name": "step",
        "kind": 1,
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(END),
        "attributes": json_pairs(attributes),
        "status": {},
        **changes,
    }


def json_event(name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "timeUnixNano": str(END), "attributes": json_pairs(attributes)}


def json_request(
    spans: Sequence[Any], resource: Mapping[str, Any] = {}, scope: Mapping[str, Any] = {}
) -> dict[str, Any]:
    scope_spans = {"scope": dict(scope), "spans": list(spans)}
    return {"resourceSpans": [{"resource": {"attributes": json_pairs(resource)}, "scopeSpans": [scope_spans]}]}


def body_of(attributes: Mapping[str, Any] = {}, /, **changes: Any) -> dict[str, Any]:
    """Return the log body of one span with these attributes, sent as JSON."""
    decoded = otlp.decode_json(json_request([json_span(attributes, **changes)]))
    assert decoded.rejected == []
    return otlp_spans.log_body(decoded.spans[0])


def as_protobuf(request: Mapping[str, Any]) -> bytes:
    """Return a request of OTLP/JSON, as its official libraries would have sent it in protobuf."""
    message = ExportTraceServiceRequest()
    for resource_spans in request["resourceSpans"]:
        to_resource = message.resource_spans.add()
        _fill(to_resource.resource.attributes, resource_spans["resource"]["attributes"])
        for scope_spans in resource_spans["scopeSpans"]:
            to_scope = to_resource.scope_spans.add()
            scope = scope_spans.get("scope", {})
            to_scope.scope.name, to_scope.scope.version = scope.get("name", ""), scope.get("version", "")
            for span in scope_spans["spans"]:
                _fill_span(to_scope.spans.add(), span)
    return bytes(message.SerializeToString())


def _fill_span(message: Any, span: Mapping[str, Any]) -> None:
    message.trace_id, message.span_id = bytes.fromhex(span["traceId"]), bytes.fromhex(span["spanId"])
    message.parent_span_id = bytes.fromhex(span.get("parentSpanId", ""))
    message.name = span["name"]
    kind, status = span.get("kind", 0), span.get("status", {})
    message.kind = kind if isinstance(kind, int) else message.SpanKind.Value(kind)
    message.start_time_unix_nano, message.end_time_unix_nano = (
        int(span["startTimeUnixNano"]),
        int(span["endTimeUnixNano"]),
    )
    message.status.code, message.status.message = status.get("code", 0), status.get("message", "")
    _fill(message.attributes, span.get("attributes", []))
    for event in span.get("events", []):
        to_event = message.events.add()
        to_event.name, to_event.time_unix_nano = event["name"], int(event["timeUnixNano"])
        _fill(to_event.attributes, event["attributes"])
    for link in span.get("links", []):
        to_link = message.links.add()
        to_link.trace_id, to_link.span_id = bytes.fromhex(link["traceId"]), bytes.fromhex(link["spanId"])
        _fill(to_link.attributes, link.get("attributes", []))


def _fill(pairs: Any, values: Sequence[Mapping[str, Any]]) -> None:
    for pair in values:
        to_pair = pairs.add()
        to_pair.key = pair["key"]
        to_pair.value.CopyFrom(any_value(pair["value"]))


def any_value(value: Mapping[str, Any]) -> AnyValue:
    message = AnyValue()
    for kind, item in value.items():
        if kind == "arrayValue":
            message.array_value.SetInParent()
            message.array_value.values.extend([any_value(inner) for inner in item.get("values", [])])
        elif kind == "kvlistValue":
            message.kvlist_value.SetInParent()
            _fill(message.kvlist_value.values, item.get("values", []))
        elif kind == "bytesValue":
            message.bytes_value = base64.b64decode(item)
        elif kind == "intValue":
            message.int_value = int(item)
        elif kind == "doubleValue":
            message.double_value = item
        elif kind == "boolValue":
            message.bool_value = item
        else:
            message.string_value = item
    return message
