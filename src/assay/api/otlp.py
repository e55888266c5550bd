"""Routes of OTLP/HTTP (opentelemetry.io/docs/specs/otlp): spans as protobuf or JSON, answered in the same encoding."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from fastapi import Response

from assay.api.direct import Arrival, DirectRoute, Door, Reply
from assay.api.ingest import read_off_the_loop
from assay.api.limits import DECODING, MANY_ROWS
from assay.api.routes import WRITE_ERRORS, answer
from assay.services import request_logs as services
from assay.wire import otlp
from assay.wire.codec import decode
from assay.wire.ingest import SpansExported
from assay.wire.json_items import MadeOneByOne
from assay.wire.otlp_spans import log_body

_JSON, _PROTOBUF = b"application/json", b"application/x-protobuf"
_PATHS = ("/api/v2/traces/", "/api/v1/traces/")
# Numbers of google.rpc.Code by status.
_RPC_CODES = {400: 3, 401: 16, 403: 7, 408: 4, 413: 8, 415: 3, 500: 13, 503: 14, 507: 8}
_RPC_UNKNOWN = 2
_SPACE = b" \t\r\n"
# The first byte of every export request that holds anything: field 1, with a length.
_FIRST_FIELD = b"\n"


async def export_spans(arrival: Arrival) -> Reply:
    """Record the spans of an OpenTelemetry exporter. Spans that cannot be read are counted in `partialSuccess`."""
    body = await arrival.body()
    encoding = _encoding(arrival.headers, body)
    caller, at = arrival.caller, datetime.now(UTC)
    async with AsyncExitStack() as turn:
        await turn.enter_async_context(DECODING.of(len(body)))
        decoded = await read_off_the_loop(_decode_json if encoding == "json" else otlp.decode_protobuf, body)
        names = [(span.span_id, span.trace_id) for span in decoded.spans]
        # What was decoded is not kept while the logs wait to be written.
        turn.callback(decoded.spans.clear)
        bodies: Sequence[Any] = MadeOneByOne(decoded.spans, log_body)
        result = await services.record_many(
            caller.store, caller.who, bodies, at, log_method="otlp", is_span=True, turn=turn
        )
    for refusal in result.refusals:
        span_id, trace_id = names[refusal.place]
        decoded.rejected.append(f"span {span_id} of trace {trace_id}: {refusal.message}")
    reply = otlp.reply(encoding, len(decoded.rejected), decoded.error_message)
    return Reply(200, reply, _JSON if encoding == "json" else _PROTOBUF)


def _decode_json(body: bytes) -> otlp.DecodedSpans:
    return otlp.decode_json(decode(body))


def _encoding(headers: dict[bytes, bytes], body: bytes) -> otlp.Encoding:
    """Tell how a body is encoded: as its content type says, unless its first byte cannot be that."""
    if b"json" in headers.get(b"content-type", b""):
        is_json = body.lstrip(_SPACE)[:1] == b"{" or not body.startswith(_FIRST_FIELD)
    else:
        is_json = body[:1] == b"{"
    return "json" if is_json else "protobuf"


def _rephrased(refusal: Response, headers: dict[bytes, bytes]) -> Response:
    """Put an error into a google.rpc.Status, in protobuf for senders of protobuf; JSON says `detail` as well."""
    body = decode(bytes(refusal.body))
    message = body.get("detail") or "; ".join(f"{name}: {' '.join(texts)}" for name, texts in body.items())
    status = refusal.status_code
    code = _RPC_CODES.get(status, _RPC_UNKNOWN)
    if b"json" in headers.get(b"content-type", b""):
        rephrased = answer({"code": code, "message": message, "detail": message}, status)
    else:
        rephrased = Response(otlp.error_reply(message, code), status, media_type=_PROTOBUF.decode())
    for name in ("retry-after", "www-authenticate", "accept-encoding"):
        if name in refusal.headers:
            rephrased.headers[name] = refusal.headers[name]
    return rephrased


_DESCRIBED = {
    "requestBody": {
        "required": True,
        "description": "An ExportTraceServiceRequest, compressed with gzip, deflate or zstd if you like.",
        "content": {
            "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": {"type": "object", "properties": {"resourceSpans": {"type": "array", "items": {}}}}
            },
        },
    }
}


def make_routes(door: Door) -> list[DirectRoute]:
    """Return the routes of this file; version 1 and 2 of the path are the same."""
    return [
        DirectRoute(
            path,
            export_spans,
            door.handler(export_spans, MANY_ROWS, _rephrased),
            tags=["traces"],
            response_model=SpansExported,
            responses=WRITE_ERRORS,
            openapi_extra=_DESCRIBED,
            include_in_schema=path == _PATHS[0],
        )
        for path in _PATHS
    ]
