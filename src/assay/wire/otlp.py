"""OTLP/HTTP: trace requests in protobuf and in JSON read into plain spans, and the replies to them.

Protocol: https://opentelemetry.io/docs/specs/otlp/ and the messages of opentelemetry-proto. Messages are walked by
hand: `google.protobuf.json_format` takes fifteen times as long.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Literal

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from assay.model.errors import Invalid
from assay.wire import codec
from assay.wire.otlp_json import decode_json
from assay.wire.otlp_span import (
    SPAN_ID_BYTES,
    TRACE_ID_BYTES,
    Attributes,
    DecodedSpans,
    OtlpEvent,
    OtlpLink,
    OtlpScope,
    OtlpSpan,
    Unreadable,
    json_number,
    rejection,
    storable,
    valid_id,
)

__all__ = ["DecodedSpans", "Encoding", "OtlpSpan", "decode_json", "decode_protobuf", "error_reply", "reply"]

Encoding = Literal["json", "protobuf"]


def decode_protobuf(data: bytes) -> DecodedSpans:
    """Read an ExportTraceServiceRequest in protobuf; raises Invalid for bytes that are none."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(data)
    except DecodeError as error:
        raise Invalid(f"The body is not an ExportTraceServiceRequest in protobuf: {error}.") from None
    decoded = DecodedSpans()
    for i, resource_spans in enumerate(request.resource_spans):
        resource = _attributes(resource_spans.resource.attributes)
        for j, scope_spans in enumerate(resource_spans.scope_spans):
            sent = scope_spans.scope
            scope = OtlpScope(storable(sent.name), storable(sent.version), _attributes(sent.attributes))
            for k, span in enumerate(scope_spans.spans):
                try:
                    decoded.spans.append(_span(span, resource, scope))
                except Unreadable as error:
                    decoded.rejected.append(rejection(i, j, k, error))
    return decoded


def _span(span: Any, resource: Attributes, scope: OtlpScope) -> OtlpSpan:
    parent, status = span.parent_span_id, span.status
    return OtlpSpan(
        valid_id(span.trace_id, TRACE_ID_BYTES, "traceId"),
        valid_id(span.span_id, SPAN_ID_BYTES, "spanId"),
        valid_id(parent, SPAN_ID_BYTES, "parentSpanId") if parent and any(parent) else None,
        storable(span.name),
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        status.code,
        storable(status.message),
        storable(span.trace_state),
        _attributes(span.attributes),
        [OtlpEvent(storable(e.name), e.time_unix_nano, _attributes(e.attributes)) for e in span.events],
        [OtlpLink(e.trace_id.hex(), e.span_id.hex(), _attributes(e.attributes)) for e in span.links],
        resource,
        scope,
    )


def _attributes(pairs: Iterable[Any]) -> Attributes:
    attributes = {}
    for pair in pairs:
        key, value = pair.key, pair.value
        # Nearly all are texts: asking for the text at once spares asking for the kind.
        text = value.string_value
        # A text of protobuf is valid UTF-8, so that only NUL can be wrong with it.
        attributes[key if "\0" not in key else storable(key)] = (
            text if text and "\0" not in text else _value(value, value.WhichOneof("value"))
        )
    return attributes


def _value(value: Any, kind: str | None) -> Any:
    """Return an AnyValue as JSON; how deep it can be nested is limited by the parser of protobuf."""
    if kind == "string_value":
        return storable(value.string_value)
    if kind in ("int_value", "bool_value"):
        return getattr(value, kind)
    if kind == "double_value":
        return json_number(value.double_value)
    if kind == "array_value":
        return [_value(item, item.WhichOneof("value")) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return base64.b64encode(value.bytes_value).decode() if kind == "bytes_value" else None


def reply(encoding: Encoding, rejected_count: int, message: str) -> bytes:
    """Return an ExportTraceServiceResponse; in protobuf nothing at all says that every span was taken."""
    if encoding == "json":
        return codec.encode({"partialSuccess": {"rejectedSpans": rejected_count, "errorMessage": message}})
    response = ExportTraceServiceResponse()
    if rejected_count or message:
        response.partial_success.rejected_spans = rejected_count
        response.partial_success.error_message = message
    return bytes(response.SerializeToString())


def error_reply(message: str, code: int) -> bytes:
    """Return a google.rpc.Status in protobuf, as failed requests in protobuf are to be answered.

    `code` is a code of google.rpc.Code: 3 invalid argument, 8 resource exhausted, 14 unavailable, 16 unauthenticated.
    """
    text = message.encode("utf-8", "replace")
    # Field 1 is a varint, field 2 is a string.
    return b"\x08" + _varint(code) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
