"""Reading a request log: one body of the contract's create fields (8.2), in any of their spellings, into a draft."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from assay.model.errors import Invalid, TooLarge
from assay.model.log import LogAttributes, LogContent
from assay.model.request_log import RequestLogDraft, SpanAttributes
from assay.wire import codec
from assay.wire.lifting import ABSENT, LARGEST_NUMBER, LONGEST_TEXT, encoded, lift, mapping
from assay.wire.messages import calls_tools, input_preview, output_preview
from assay.wire.request_log_fields import (
    BODY,
    CUSTOMER,
    DETAIL_CONTENT,
    METADATA,
    METRICS,
    PROMPT,
    USAGE,
    USAGE_DETAILS,
)
from assay.wire.unified_log import LARGEST_LOG_BYTES

PriceOf = Callable[[str, str | None, int, int, int, int], float | None]
"""Model, provider, prompt tokens with the cached ones, completion tokens, cache hit tokens, cache creation tokens."""

_INPUT_NAMES = ("input", "messages", "prompt_messages", "prompt")
_OUTPUT_NAMES = ("output", "completion_message", "completion_messages", "completion")
_PARAMETER_BAGS = ("respan_params", "keywordsai_params")
_NOTHING = "A log needs an input, an output, messages or a completion, or at least an error_message."


def read_request_log(
    body: Any,
    *,
    environment: str,
    now: datetime,
    price: PriceOf,
    log_method: str = "api",
    organization_key_id: str | None = None,
    idempotency_key: str | None = None,
) -> RequestLogDraft:
    """Read one request log; keys it does not know are passed over, and what is null is absent but for an output.

    `log_method` holds where the body names none; `idempotency_key` makes the identity of a log that is no span. Only
    spans of a trace, and failures that say what went wrong, may come without any content. Raises Invalid that names
    every wrong field, TooLarge beyond LARGEST_LOG_BYTES.
    """
    if not isinstance(body, dict):
        raise Invalid(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    problems: dict[str, list[str]] = {}
    if "respan_params" in body or "keywordsai_params" in body:
        body = _with_parameters(body, problems)
    metadata = mapping(body, "metadata", problems)
    attributes: dict[str, Any] = {}
    span: dict[str, Any] = {}
    details: dict[str, Any] = {}
    control: dict[str, Any] = {}
    bags = (attributes, span, details, control)
    # What comes later wins: the top of the body wins over all its bags.
    lift(metadata, METADATA, bags, None)
    metrics = body.get("metrics")
    if metrics is not None:
        details["metrics"] = mapping(body, "metrics", problems)
        lift(details["metrics"], METRICS, bags, problems, "metrics.")
    usage = body.get("usage")
    if isinstance(usage, dict):
        _lift_usage(usage, bags, problems)
    customer = body.get("customer_params")
    if isinstance(customer, dict):
        lift(customer, CUSTOMER, bags, problems, "customer_params.")
        more = {key: value for key, value in customer.items() if key not in CUSTOMER and value is not None}
        if more:
            details["customer_params"] = more
    prompt = body.get("prompt")
    if isinstance(prompt, dict):
        lift(prompt, PROMPT, bags, problems, "prompt.")
        details["prompt"] = prompt
    lift(body, BODY, bags, problems)

    input_value, output_value = _input(body, details), _output(body, details)
    if input_value is ABSENT and output_value is ABSENT:
        if not ("trace_unique_id" in attributes or "span_unique_id" in span or "error_message" in attributes):
            problems["input"] = [_NOTHING]
    elif control.get("disable_log"):
        input_value = output_value = ABSENT
        details = {name: value for name, value in details.items() if name not in DETAIL_CONTENT | _SPELLINGS}
    if problems:
        raise Invalid(fields=problems)

    _complete_times(attributes, now)
    _complete_status(attributes, control)
    _complete_usage(attributes, span, details, usage, price)
    attributes["log_type"] = attributes["log_type"].lower() if "log_type" in attributes else "chat"
    message = body.get("error_message")
    if message is not None and len(attributes.get("error_message", "")) == LONGEST_TEXT:
        details["error_message"] = message
    content = _content(body, input_value, output_value, metadata, is_kept=not control.get("disable_log"))
    detail_text = codec.encode(details) if details else None
    _check_size(content, detail_text)
    has_tool_calls = bool(details.get("tool_calls")) or (output_value is not ABSENT and calls_tools(output_value))
    return RequestLogDraft(
        LogAttributes(environment=environment, **attributes),
        content,
        SpanAttributes(
            log_method=control.get("log_method", log_method),
            organization_key_id=organization_key_id,
            has_tool_calls=has_tool_calls,
            **span,
        ),
        detail_text,
        input_preview(input_value, content.input),
        output_preview(output_value, content.output),
        _identity(attributes.get("trace_unique_id"), span.get("span_unique_id"), idempotency_key),
    )


def _with_parameters(body: Mapping[str, Any], problems: dict[str, list[str]]) -> dict[str, Any]:
    """Merge the nested namespaces under the top level, metadata key by key."""
    top = {name: value for name, value in body.items() if value is not None and name not in _PARAMETER_BAGS}
    if "output" in body:
        top["output"] = body["output"]
    for bag in _PARAMETER_BAGS:
        below = {name: value for name, value in mapping(body, bag, problems).items() if value is not None}
        both = (below.get("metadata"), top.get("metadata"))
        top = {**below, **top}
        if isinstance(both[0], dict) and isinstance(both[1], dict):
            top["metadata"] = {**both[0], **both[1]}
    return top


def _lift_usage(usage: Mapping[str, Any], bags: Sequence[dict[str, Any]], problems: dict[str, list[str]]) -> None:
    lift(usage, USAGE, bags, problems, "usage.")
    more = {key: value for key, value in usage.items() if key not in USAGE and value is not None}
    if not more:
        return
    for name in ("prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details"):
        if name in more:
            lift(mapping(usage, name, problems), USAGE_DETAILS, bags, problems, f"usage.{name}.")
    # Shown again under the name that it came by.
    bags[2]["usage"] = more


def _input(body: Mapping[str, Any], details: dict[str, Any]) -> Any:
    """Return the input from the first spelling that says one; other spellings that say more go into `details`."""
    chosen = ABSENT
    for name in _INPUT_NAMES:
        value = body.get(name)
        # An object there is a reference to a prompt.
        if value is None or (name == "prompt" and isinstance(value, dict)):
            continue
        if chosen is ABSENT:
            chosen = value
        elif value != chosen:
            details[name] = value
    return chosen


def _output(body: Mapping[str, Any], details: dict[str, Any]) -> Any:
    chosen = ABSENT
    for name in _OUTPUT_NAMES:
        value = body.get(name)
        if value is None:
            continue
        if chosen is ABSENT:
            chosen = value
        elif value != chosen:
            details[name] = value
    return None if chosen is ABSENT and "output" in body else chosen


_SPELLINGS = frozenset((*_INPUT_NAMES, *_OUTPUT_NAMES)) - {"prompt"}


def _complete_times(attributes: dict[str, Any], now: datetime) -> None:
    """Complete end, start and latency from each other; the timestamp is the end."""
    latency, start = attributes.get("latency"), attributes.get("start_time")
    if "timestamp" not in attributes:
        attributes["timestamp"] = now if start is None else _moved(start, latency or 0.0, now)
    timestamp = attributes["timestamp"]
    if start is None:
        attributes["start_time"] = _moved(timestamp, -(latency or 0.0), timestamp)
    elif latency is None:
        attributes["latency"] = max((timestamp - start).total_seconds(), 0.0)


def _moved(moment: datetime, seconds: float, otherwise: datetime) -> datetime:
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return otherwise


def _complete_status(attributes: dict[str, Any], control: Mapping[str, Any]) -> None:
    code, status = attributes.get("status_code"), attributes.get("status")
    if status is None:
        has_failed = (code is not None and code >= 400) or "error_message" in attributes or control.get("error_bit")
        status = "failed" if has_failed else "success"
    else:
        status = status.lower()
        if status == "error":
            status = "failed"
    attributes["status"] = status
    if code is None:
        attributes["status_code"] = 500 if status == "failed" else 200


def _complete_usage(
    attributes: dict[str, Any], span: Mapping[str, Any], details: Mapping[str, Any], usage: Any, price: PriceOf
) -> None:
    """Complete the sum of tokens, their speed and their cost."""
    prompt, completion = attributes.get("prompt_tokens"), attributes.get("completion_tokens")
    if prompt is None and completion is None:
        return
    if "total_request_tokens" not in attributes:
        attributes["total_request_tokens"] = (prompt or 0) + (completion or 0)
    latency = attributes.get("latency")
    if completion is not None and latency and latency > 0 and "tokens_per_second" not in attributes:
        speed = completion / latency
        if speed <= LARGEST_NUMBER:
            attributes["tokens_per_second"] = speed
    if "cost" in attributes:
        return
    cost = _cost(attributes, span, details, usage, price, prompt or 0, completion or 0)
    if cost is not None:
        attributes["cost"] = cost


def _cost(
    attributes: Mapping[str, Any],
    span: Mapping[str, Any],
    details: Mapping[str, Any],
    usage: Any,
    price: PriceOf,
    prompt: int,
    completion: int,
) -> float | None:
    prompt_price, completion_price = details.get("prompt_unit_price"), details.get("completion_unit_price")
    if prompt_price is not None or completion_price is not None:
        return float((prompt_price or 0.0) * prompt + (completion_price or 0.0) * completion) / 1e6
    model = attributes.get("model")
    if model is None:
        return None
    hit, creation = span.get("prompt_cache_hit_tokens", 0), span.get("prompt_cache_creation_tokens", 0)
    # Anthropic counts cached tokens beside the input tokens, everybody else among them.
    if usage and ("cache_read_input_tokens" in usage or "cache_creation_input_tokens" in usage):
        prompt += hit + creation
    return price(model, span.get("provider_id"), prompt, completion, hit, creation)


def _content(
    body: Mapping[str, Any], input_value: Any, output_value: Any, metadata: dict[str, Any], *, is_kept: bool
) -> LogContent:
    expected = body.get("expected_output")
    if expected is None:
        expected = body.get("ideal_output")
    return LogContent(
        input=encoded(input_value),
        output=encoded(output_value),
        expected_output=None if expected is None or not is_kept else codec.encode(expected),
        metadata=codec.encode(metadata) if metadata else None,
    )


def _check_size(content: LogContent, details: bytes | None) -> None:
    parts = (content.input, content.output, content.expected_output, content.metadata, details)
    size = sum([len(part) for part in parts if part])
    if size > LARGEST_LOG_BYTES:
        raise TooLarge(f"The log is {size:,} bytes of JSON; at most {LARGEST_LOG_BYTES:,} are taken.")


def _identity(trace: str | None, span: str | None, key: str | None) -> bytes | None:
    if trace is not None and span is not None:
        name = b"span\0" + trace.encode() + b"\0" + span.encode()
    elif key is not None:
        name = b"key\0" + key.encode()
    else:
        return None
    return hashlib.blake2b(name, digest_size=16).digest()
