"""One OTLP span into the body of a request log (contract 8.2), by the tables of the conventions.

Every attribute ends somewhere: in a field, in the messages, or in `metadata` under its own name. Where two say the same
field, the better source has it and the other goes to the metadata, unless it says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from assay.wire import otlp_conventions as conventions
from assay.wire.lifting import WRONG
from assay.wire.otlp_attributes import SpanReading, collect
from assay.wire.otlp_events import read_events
from assay.wire.otlp_payloads import set_payloads
from assay.wire.otlp_span import STATUS_ERROR, STATUS_OK, OtlpScope, OtlpSpan
from assay.wire.request_log_fields import BODY, LOG_TYPES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KIND_NAMES = {2: "server", 3: "client", 4: "producer", 5: "consumer"}
_USAGE_FIELDS = (
    *("prompt_tokens", "completion_tokens", "total_request_tokens", "reasoning_tokens"),
    *("prompt_cache_hit_tokens", "prompt_cache_creation_tokens"),
)


def log_body(span: OtlpSpan) -> dict[str, Any]:
    """Return a span as the body of a request log (contract 8.2), ready for `read_request_log`.

    Times are aware datetimes, `latency` is in seconds. `log_method` is there when the client says one. A field is only
    there with a value that is right for it.
    """
    reading = SpanReading()
    collect(reading, span.attributes)
    if span.events:
        collect(reading, read_events(span, reading))
    body: dict[str, Any] = {
        "trace_unique_id": span.trace_id,
        "span_unique_id": span.span_id,
        "span_name": span.name,
    }
    if span.parent_span_id is not None:
        body["span_parent_id"] = span.parent_span_id
    _set_times(body, span)
    is_model_call = set_payloads(body, reading)
    if reading.objects:
        _read_objects(reading)
    _set_log_type(body, reading, is_root=span.parent_span_id is None, is_model_call=is_model_call)
    _set_status(body, reading, span)
    conversation = reading.value_of("thread_identifier")
    if "session_identifier" not in reading.fields and "gen_ai.conversation.id" in span.attributes and conversation:
        body["session_identifier"] = conversation
    finish_reason = reading.fields.pop("finish_reason", None)
    if finish_reason is not None and reading.metadata.setdefault("finish_reason", finish_reason[2]) != finish_reason[2]:
        reading.others[finish_reason[1]] = finish_reason[2]
    for field, (_, _, value) in reading.fields.items():
        body[field] = value
    body.update(reading.structures)
    if reading.properties:
        body["properties"] = reading.properties
    if span.links:
        body["span_links"] = [link._asdict() for link in span.links]
    body["metadata"] = _metadata(reading, span, body["span_name"])
    return body


def _set_times(body: dict[str, Any], span: OtlpSpan) -> None:
    start, end = span.start_time_unix_nano or span.end_time_unix_nano, span.end_time_unix_nano
    if not start:
        return
    end = max(start, end)
    body["start_time"] = _EPOCH + timedelta(microseconds=start // 1000)
    body["timestamp"] = _EPOCH + timedelta(microseconds=end // 1000)
    body["latency"] = (end - start) / 1e9


def _read_objects(reading: SpanReading) -> None:
    """Read the attributes that are JSON objects of fields; what they say beyond those stays metadata."""
    for key, value in reading.objects.items():
        names = conventions.OBJECTS[key]
        left = {}
        for name, item in value.items():
            field = names.get(name)
            if field is None or BODY[field][2](item) in (None, WRONG) or not _agrees(reading, field, item):
                left[name] = item
            elif field not in reading.structures:
                reading.say(field, 0, key, item)
        if left or not value:
            reading.others[key] = left


def _agrees(reading: SpanReading, field: str, value: Any) -> bool:
    said = reading.structures[field] if field in reading.structures else reading.value_of(field)
    return said is None or bool(said == value)


def _set_log_type(body: dict[str, Any], reading: SpanReading, *, is_root: bool, is_model_call: bool) -> None:
    kinds = reading.kinds
    log_type = _named_log_type(kinds)
    is_wrapper = False
    for name, meanings in conventions.LOG_TYPES.items() if kinds else ():
        said = kinds.get(name)
        meaning = meanings.get(said.lower()) if isinstance(said, str) else None
        if meaning == conventions.CHAIN:
            is_wrapper = is_wrapper or name == "ai.operationId"
            meaning = "workflow" if is_root else "task"
        log_type = log_type or meaning
    if log_type is None:
        has_call = is_model_call or "model" in reading.fields or "prompt_tokens" in reading.fields
        is_task = not is_root or kinds.get("traceloop.span.kind") == "task"
        log_type = "chat" if has_call else "task" if is_task else "workflow"
    body["log_type"] = log_type
    for name, said in kinds.items():
        if said != log_type:
            reading.others[name] = said
    if is_wrapper:
        # The Vercel AI SDK says the tokens of its model calls again on the span around them.
        for field in _USAGE_FIELDS:
            tokens = reading.fields.pop(field, None)
            if tokens is not None:
                reading.others[tokens[1]] = tokens[2]


def _named_log_type(kinds: Mapping[str, Any]) -> str | None:
    for name in conventions.NAMED_LOG_TYPES:
        said = kinds.get(name)
        if isinstance(said, str) and said.lower() in LOG_TYPES:
            return said.lower()
    return None


def _set_status(body: dict[str, Any], reading: SpanReading, span: OtlpSpan) -> None:
    """Set the status; what the attributes say of errors stays metadata where the span does not say that it failed."""
    level = reading.named.pop("langfuse.observation.level", None)
    if level is not None:
        reading.others["langfuse.observation.level"] = level
    if span.status_code != STATUS_ERROR and level != "ERROR":
        for field in ("error_code", "error_message"):
            said = reading.fields.pop(field, None)
            if said is not None:
                reading.others[said[1]] = said[2]
        if span.status_code == STATUS_OK and "status_code" not in reading.fields:
            body["status"] = "success"
        if span.status_message:
            reading.others["otel.status.message"] = span.status_message
        return
    body["status"] = "error"
    if span.status_message:
        reading.say("error_message", -1, "otel.status.message", span.status_message)


def _metadata(reading: SpanReading, span: OtlpSpan, span_name: str) -> dict[str, Any]:
    """Return the client's own metadata with everything that has no better place, under names that are free."""
    metadata = reading.metadata
    for found in (reading.others, reading.named):
        if metadata:
            for name, value in found.items():
                _add(metadata, name, value)
        else:
            metadata.update(found)
    rest = {}
    for name, value in span.resource.items():
        if name in conventions.PLAIN_RESOURCE:
            _add(metadata, name, value)
        else:
            rest[name] = value
    if rest:
        _add(metadata, "resource", rest)
    _add_scope(metadata, span.scope)
    if span.name != span_name:
        _add(metadata, "otel.span.name", span.name)
    if span.kind in _KIND_NAMES:
        _add(metadata, "otel.span.kind", _KIND_NAMES[span.kind])
    if span.trace_state:
        _add(metadata, "otel.trace_state", span.trace_state)
    return metadata


def _add_scope(metadata: dict[str, Any], scope: OtlpScope) -> None:
    if scope.name:
        _add(metadata, "otel.scope.name", scope.name)
    if scope.version:
        _add(metadata, "otel.scope.version", scope.version)
    if scope.attributes:
        _add(metadata, "otel.scope.attributes", scope.attributes)


def _add(metadata: dict[str, Any], name: str, value: Any) -> None:
    """Add a value under its name, or under the next free one: what the client itself put there stays."""
    while metadata.setdefault(name, value) != value:
        name += "_"
