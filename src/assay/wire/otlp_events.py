"""Events of a span: messages in the older GenAI conventions, exceptions, and whatever else is to be remembered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from assay.wire import otlp_conventions as conventions
from assay.wire import otlp_messages as messages
from assay.wire.otlp_attributes import INPUT, OUTPUT, SpanReading
from assay.wire.otlp_span import OtlpEvent, OtlpSpan

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEPTION_EVENT = "exception"
_CONTENT = "gen_ai.event.content"


def read_events(span: OtlpSpan, reading: SpanReading) -> dict[str, Any]:
    """Return what events say that attributes of the span could say as well, to be read like these.

    Messages are offered as input and output. Of the pieces of a stream only the time until the first is kept: there is
    an event for each token. Events of no known meaning go to the metadata as `otel.events`.
    """
    said: dict[str, Any] = {}
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    streamed: list[OtlpEvent] = []
    for event in span.events:
        role = conventions.MESSAGE_EVENTS.get(event.name)
        if role is not None:
            inputs.append(_message(event.attributes, role))
        elif event.name == conventions.CHOICE_EVENT:
            outputs.append(_choice(event.attributes))
        elif event.name in conventions.CHUNK_EVENTS and not event.attributes:
            streamed.append(event)
        elif not (_is_attributes(event) and _are_new(event, span, said)):
            kept.append(_kept(event))
    if inputs:
        reading.offer(INPUT, "events", inputs)
    if outputs:
        reading.offer(OUTPUT, "events", outputs)
    if streamed and "time_to_first_token" not in reading.fields:
        first = min(streamed, key=lambda event: event.time_unix_nano)
        if first.time_unix_nano >= span.start_time_unix_nano > 0:
            seconds = (first.time_unix_nano - span.start_time_unix_nano) / 1e9
            reading.say("time_to_first_token", 0, first.name, seconds)
    if kept:
        said["otel.events"] = kept
    return said


def _is_attributes(event: OtlpEvent) -> bool:
    """Tell whether an event only carries what might as well be attributes of the span."""
    return event.name in (_EXCEPTION_EVENT, conventions.DETAILS_EVENT, *conventions.CONTENT_EVENTS)


def _are_new(event: OtlpEvent, span: OtlpSpan, said: dict[str, Any]) -> bool:
    """Take over the attributes of an event, unless one of them has been said differently already."""
    for key, value in event.attributes.items():
        if span.attributes.get(key, value) != value or said.get(key, value) != value:
            return False
    said.update((key, value) for key, value in event.attributes.items() if key not in span.attributes)
    return True


def _kept(event: OtlpEvent) -> dict[str, Any]:
    moment = _EPOCH + timedelta(microseconds=event.time_unix_nano // 1000)
    return {
        "name": event.name,
        "time": moment.isoformat().replace("+00:00", "Z"),
        "attributes": event.attributes,
    }


def _fields(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a message: attributes of its event, or JSON in one of them."""
    fields = dict(attributes)
    content = messages.from_json(fields.get(_CONTENT))
    if isinstance(content, dict):
        del fields[_CONTENT]
        fields.update(content)
    if "tool_calls" in fields:
        fields["tool_calls"] = messages.from_json(fields["tool_calls"])
    return fields


def _message(attributes: dict[str, Any], role: str) -> dict[str, Any]:
    fields = _fields(attributes)
    content = fields.pop("content" if "content" in fields else _CONTENT, None)
    message = {"role": fields.pop("role", role), "content": content}
    if role == "tool" and "id" in fields:
        message["tool_call_id"] = fields.pop("id")
    return {**message, **fields}


def _choice(attributes: dict[str, Any]) -> dict[str, Any]:
    fields = _fields(attributes)
    said = messages.from_json(fields.pop("message", None), containers_only=True)
    inner = dict(said) if isinstance(said, dict) else {} if said is None else {"content": said}
    message = {"role": "assistant", "content": None, **fields, **inner}
    if isinstance(message.get("tool_calls"), str):
        message["tool_calls"] = messages.from_json(message["tool_calls"])
    return message
