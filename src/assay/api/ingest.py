"""Routes that record logs: one, many, and the spans of JSON exporters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from assay.api.direct import Arrival, DirectRoute, Door, Reply, Work
from assay.api.limits import DECODING, MANY_ROWS, ONE_ROW
from assay.api.routes import WRITE_ERRORS, body_schema
from assay.model.errors import Invalid
from assay.services import request_logs as services
from assay.wire import openai_traces
from assay.wire.codec import decode, encode
from assay.wire.ingest import (
    MOST_BATCH_LOGS,
    MOST_BULK_LOGS,
    Envelope,
    LogsIn,
    LogsRecorded,
    SpansIn,
    SpansIngested,
    logs_recorded,
    read_logs,
    read_spans,
    spans_ingested,
    with_trace_times,
)
from assay.wire.json_items import MadeOneByOne, readable
from assay.wire.problems import Problem
from assay.wire.request_logs import RequestLogCreate, RequestLogCreated, created_out

_LONGEST_IDEMPOTENCY_KEY = 255
# Milliseconds of reading would hold up every other request.
_READ_INLINE_BYTES = 64 * 1024
Made = TypeVar("Made")


async def read_off_the_loop(read: Callable[..., Made], body: bytes, *arguments: Any) -> Made:
    """Return `read(body, *arguments)`, in a thread when the body is large."""
    if len(body) > _READ_INLINE_BYTES:
        return await asyncio.to_thread(read, body, *arguments)
    return read(body, *arguments)


async def create_log(arrival: Arrival) -> Reply:
    """Record one log. With an Idempotency-Key header a retry is answered with the log that is there already."""
    text = await arrival.body()
    caller = arrival.caller
    recorded, draft = await services.record(
        caller.store,
        caller.who,
        partial(decode, text),
        datetime.now(UTC),
        log_method="api",
        idempotency_key=_idempotency_key(arrival.headers),
        turn=DECODING.of(len(text)) if len(text) > _READ_INLINE_BYTES else None,
    )
    return Reply(201, encode(created_out(recorded, draft, caller.who)))


def _idempotency_key(headers: dict[bytes, bytes]) -> str | None:
    written = headers.get(b"idempotency-key")
    if written is None:
        return None
    key = written.decode("utf-8", "replace").strip()
    if not (0 < len(key) <= _LONGEST_IDEMPOTENCY_KEY and key.isprintable()) or "\ufffd" in key:
        message = f"The header Idempotency-Key takes 1 to {_LONGEST_IDEMPOTENCY_KEY} visible characters."
        raise Invalid.field("Idempotency-Key", message)
    return key


def _recording(most: int) -> Work:
    async def create_logs(arrival: Arrival) -> Reply:
        try:
            result = await _record_many(arrival, partial(read_logs, most=most), "batch", is_span=False)
        except Envelope as error:
            return Reply(422, encode({"detail": "Validation error", "errors": error.errors}))
        answered = logs_recorded(result.recorded, [(refusal.place, refusal.message) for refusal in result.refusals])
        if result.recorded:
            return Reply(201, encode(answered))
        place, message = result.refusals[0].place, result.refusals[0].message
        detail = f"No log could be recorded. Log {place}: {message}"
        return Reply(400, encode({"detail": detail, "errors": answered["errors"]}))

    create_logs.__doc__ = f"""Record 1 to {most} logs.

    Logs that cannot be read are listed in `errors`; if none can, the answer is 400. A span that came before, by its
    ids of trace and span, is not recorded again.
    """
    return create_logs


async def _record_many(
    arrival: Arrival, read: Callable[[bytes], Sequence[Any]], log_method: str, *, is_span: bool
) -> services.RecordedMany:
    text = await arrival.body()
    async with AsyncExitStack() as turn:
        await turn.enter_async_context(DECODING.of(len(text)))
        bodies = await read_off_the_loop(read, text)
        caller, at = arrival.caller, datetime.now(UTC)
        return await services.record_many(
            caller.store,
            caller.who,
            bodies,
            at,
            log_method=log_method,
            idempotency_key=_idempotency_key(arrival.headers),
            is_span=is_span,
            turn=turn,
        )


async def ingest_spans(arrival: Arrival) -> Reply:
    """Record spans, each a log with ids of trace and span. The children of a span may come before it."""
    return await _ingest(arrival, _read_timed)


def _read_timed(body: bytes) -> Sequence[Any]:
    return with_trace_times(read_spans(body))


async def ingest_openai_traces(arrival: Arrival) -> Reply:
    """Record traces and spans as the OpenAI Agents SDK exports them."""
    return await _ingest(arrival, _read_openai)


def _read_openai(body: bytes) -> Sequence[Any]:
    items = read_spans(body)
    times = openai_traces.times_of(readable(items))
    return MadeOneByOne(items, lambda item: openai_traces.log_body(item, times))


async def _ingest(arrival: Arrival, read: Callable[[bytes], Sequence[Any]]) -> Reply:
    result = await _record_many(arrival, read, "tracing_integration", is_span=True)
    refusals = [(refusal.place, refusal.message) for refusal in result.refusals]
    if refusals and not result.recorded:
        detail = f"No span could be recorded. Span {refusals[0][0]}: {refusals[0][1]}"
        return Reply(400, encode({"detail": detail, "errors": [f"{place}: {text}" for place, text in refusals]}))
    return Reply(200, encode(spans_ingested(result.recorded, result.drafts, refusals)))


_ENVELOPE_ERRORS: dict[int | str, dict[str, Any]] = {
    **WRITE_ERRORS,
    422: {"model": Problem, "description": "The body holds no list of logs."},
}


def make_routes(door: Door) -> list[DirectRoute]:
    """Return the routes of this file, of which the older spellings are not shown."""
    bulk, batch = _recording(MOST_BULK_LOGS), _recording(MOST_BATCH_LOGS)
    one, many, spans = (
        {"status_code": 201, "response_model": RequestLogCreated, "openapi_extra": body_schema(RequestLogCreate)},
        {"status_code": 201, "response_model": LogsRecorded, "openapi_extra": body_schema(LogsIn)},
        {"response_model": SpansIngested, "openapi_extra": body_schema(SpansIn)},
    )
    table: tuple[tuple[str, Work, int, dict[str, Any], bool], ...] = (
        ("/api/request-logs/", create_log, ONE_ROW, one, True),
        ("/api/request-logs/create/", create_log, ONE_ROW, one, False),
        ("/api/request-logs/bulk/", bulk, MANY_ROWS, many, True),
        ("/api/request-logs/batch/create/", batch, MANY_ROWS, many, True),
        ("/api/traces/ingest/", ingest_spans, MANY_ROWS, spans, True),
        ("/api/v1/traces/ingest/", ingest_spans, MANY_ROWS, spans, False),
        ("/api/integrations/v1/traces/ingest/", ingest_spans, MANY_ROWS, spans, False),
        ("/api/openai/v1/traces/ingest/", ingest_openai_traces, MANY_ROWS, spans, True),
    )
    return [
        DirectRoute(
            path,
            work,
            door.handler(work, most_bytes),
            tags=["traces" if "traces" in path else "request logs"],
            responses=_ENVELOPE_ERRORS if work in (bulk, batch) else WRITE_ERRORS,
            include_in_schema=is_shown,
            **described,
        )
        for path, work, most_bytes, described, is_shown in table
    ]
