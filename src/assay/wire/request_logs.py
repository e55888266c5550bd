"""Request logs on the wire: every documented shape they are answered in, and the documentation of their bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from assay.model.access import Identity
from assay.model.dataset import HoldingDataset
from assay.model.log import LogAttributes
from assay.model.request_log import MODEL_CALL_TYPES, Recorded, RequestLog, RequestLogDraft
from assay.model.score import Score
from assay.wire import codec
from assay.wire.messages import as_json_text, completion_message, completion_messages, prompt_messages
from assay.wire.request_log_fields import LOG_TYPES
from assay.wire.scores import scores_by_evaluator


class RequestLogCreate(BaseModel):
    """A call of a model or a step of a program. Every field may be left out but one of those that say what happened.

    Beside these: parameters of the call, `usage`, `customer_params`, trace and prompt fields; `respan_params` and
    `keywordsai_params` hold the same fields under the top level.
    """

    model_config = ConfigDict(extra="allow")

    input: Any = Field(default=None, description="Any JSON: what went in. `messages` and `prompt_messages` mean this.")
    output: Any = Field(default=None, description="Any JSON: what came out. `completion_message` means this.")
    expected_output: Any = Field(default=None, description="What should have come out; `ideal_output` means this.")
    model: str | None = None
    log_type: str | None = Field(default=None, description='"chat" when left out.')
    status: str | None = None
    status_code: int | None = None
    error_message: str | None = None
    metadata: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = Field(default=None, description="US dollars; from the tokens when left out.")
    latency: float | None = Field(default=None, description="Seconds.")
    time_to_first_token: float | None = Field(default=None, description="Seconds.")
    timestamp: datetime | None = Field(default=None, description="When it ended.")
    start_time: datetime | None = None
    customer_identifier: str | int | None = None
    thread_identifier: str | int | None = None
    session_identifier: str | int | None = None
    custom_identifier: str | int | None = None
    trace_unique_id: str | None = None
    span_unique_id: str | None = None
    span_parent_id: str | None = None
    span_name: str | None = None


class RequestLogCreated(BaseModel):
    """The answer to a log that was recorded; `cost` is 0 where it is not known."""

    model_config = ConfigDict(extra="allow")

    message: str
    id: str
    unique_id: str
    organization_id: str
    environment: str
    timestamp: datetime
    status: str
    cost: float
    is_cost_known: bool
    is_duplicate: bool


class RequestLogOut(BaseModel):
    """A request log; `input` and `output` are JSON-encoded text."""

    model_config = ConfigDict(extra="allow")

    id: str
    unique_id: str
    timestamp: datetime
    start_time: datetime
    log_type: str
    model: str | None
    status: str
    status_code: int
    input: str | None
    output: str | None
    metadata: dict[str, Any]
    cost: float
    is_cost_known: bool
    scores: dict[str, Any]


class RequestLogPreview(BaseModel):
    """A request log without its payloads; `cost` is null where it is not known."""

    model_config = ConfigDict(extra="allow")

    id: str
    unique_id: str
    timestamp: datetime
    log_type: str
    status: str
    input_preview: str
    output_preview: str
    cost: float | None
    scores: dict[str, Any]


class RequestLogUpdate(BaseModel):
    """What an update sets: `metadata` is merged, a null value removes its key, an empty text clears a field."""

    model_config = ConfigDict(extra="allow")

    metadata: dict[str, Any] | None = None
    custom_identifier: str | int | None = None
    note: str | None = None
    positive_feedback: bool | None = None
    blurred: bool | None = None
    is_pinned: bool | None = None


class RequestLogUpdateItem(RequestLogUpdate):
    """What an update of many sets in one log."""

    unique_id: str


class BatchUpdate(BaseModel):
    """Updates of 1 to 1,000 logs."""

    logs: list[RequestLogUpdateItem]


class UpdateError(BaseModel):
    """Why one log was not updated."""

    index: int
    error: str


class BatchUpdated(BaseModel):
    """What became of updates."""

    message: str
    updated_count: int
    errors: list[UpdateError]


def created_out(recorded: Recorded, draft: RequestLogDraft, who: Identity) -> dict[str, Any]:
    """Return the answer to a log that was recorded (contract 8.3)."""
    attributes, span = draft.attributes, draft.span
    return {
        "message": "log successful",
        "id": recorded.id,
        "unique_id": recorded.id,
        "is_duplicate": recorded.is_duplicate,
        "organization_id": who.organization_unique_id,
        "environment": attributes.environment,
        "customer_identifier": attributes.customer_identifier,
        "trace_unique_id": attributes.trace_unique_id,
        "status": attributes.status,
        "timestamp": attributes.timestamp,
        "latency": attributes.latency,
        "time_to_first_token": attributes.time_to_first_token,
        "prompt_cache_creation_tokens": span.prompt_cache_creation_tokens,
        "prompt_cache_hit_tokens": span.prompt_cache_hit_tokens,
        **_cost(attributes),
    }


def _cost(attributes: LogAttributes) -> dict[str, Any]:
    # The contract has no word for an unknown cost.
    return {"cost": attributes.cost or 0.0, "is_cost_known": attributes.cost is not None}


_COMMON_ATTRIBUTES = (
    *("timestamp", "start_time", "environment", "model", "status", "status_code", "error_code", "error_message"),
    *("custom_identifier", "customer_identifier", "session_identifier", "thread_identifier", "trace_unique_id"),
    *("prompt_id", "prompt_name", "span_name", "span_workflow_name", "prompt_tokens", "completion_tokens"),
    *("total_request_tokens", "latency", "time_to_first_token", "tokens_per_second"),
)
_COMMON_SPAN = (
    *("span_unique_id", "span_parent_id", "group_identifier", "trace_group_identifier", "evaluation_identifier"),
    *("customer_email", "customer_name", "provider_id", "deployment_name", "log_method", "organization_key_id"),
    *("prompt_version_number", "prompt_cache_hit_tokens", "prompt_cache_creation_tokens", "reasoning_tokens"),
    *("stream", "cache_hit", "has_tool_calls", "positive_feedback", "note", "blurred", "is_pinned"),
)
_PREVIEW_ATTRIBUTES = (
    *("timestamp", "start_time", "environment", "model", "log_type", "status", "status_code", "error_message"),
    *("prompt_tokens", "completion_tokens", "total_request_tokens", "cost", "latency", "time_to_first_token"),
    *("custom_identifier", "customer_identifier", "session_identifier", "thread_identifier", "trace_unique_id"),
    *("span_name", "span_workflow_name"),
)
_PREVIEW_SPAN = ("span_unique_id", "span_parent_id", "stream", "has_tool_calls", "positive_feedback", "is_pinned")
_decode_details = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class HoldingOut(BaseModel):
    """A dataset that has a copy of a log, and the row that is it."""

    dataset_id: str
    name: str
    log_id: str


class HeldBy(BaseModel):
    """The datasets that have a copy of a log, the newest first."""

    count: int
    results: list[HoldingOut]


def held_by_out(found: Sequence[HoldingDataset]) -> dict[str, Any]:
    """Return which datasets have a copy of a log."""
    results = [{"dataset_id": one.dataset_id, "name": one.name, "log_id": one.log_id} for one in found]
    return {"count": len(results), "results": results}


def preview_item(log: RequestLog, scores: Sequence[Score] = ()) -> dict[str, Any]:
    """Return a log as a row of a table: no payloads but their previews, and null for an unknown cost."""
    item: dict[str, Any] = {"id": log.id, "unique_id": log.id}
    for name in _PREVIEW_ATTRIBUTES:
        item[name] = getattr(log.attributes, name)
    for name in _PREVIEW_SPAN:
        item[name] = getattr(log.span, name)
    item["input_preview"] = log.input_preview
    item["output_preview"] = log.output_preview
    item["metadata"] = codec.raw(log.metadata) or {}
    item["scores"] = scores_by_evaluator(scores)
    return item


def list_item(log: RequestLog, who: Identity, scores: Sequence[Score] = ()) -> dict[str, Any]:
    """Return a log as an item of the contract's list (8.5); needs its content."""
    details = {} if log.details is None else _decode_details(log.details)
    return {**_shape(log, who, details, _LISTED_DETAILS), "scores": scores_by_evaluator(scores)}


def detail(log: RequestLog, who: Identity, scores: Sequence[Score] = ()) -> dict[str, Any]:
    """Return one log by itself with everything that was recorded of it (contract 8.5); needs its content."""
    details = {} if log.details is None else _decode_details(log.details)
    item = {**details, **_shape(log, who, details, _SHOWN_DETAILS), "scores": scores_by_evaluator(scores)}
    item["completion_messages"] = _messages_in(details, "completion_messages") or completion_messages(
        _output_of(log), item["completion_message"]
    )
    item["expected_output"] = codec.raw(log.content.expected_output) if log.content is not None else None
    item["deployment_id"] = None
    item["period_start"] = item["period_end"] = None
    item["limit_info"] = None
    item["storage_object_key"] = None
    item["variables"] = details.get("variables") or {}
    return item


_LISTED_DETAILS = ("tools", "tool_calls", "tool_choice")
_SHOWN_DETAILS = (
    *_LISTED_DETAILS,
    *("full_request", "full_response", "properties", "temperature", "top_p", "max_tokens", "response_format"),
)


def _shape(
    log: RequestLog, who: Identity, details: Mapping[str, msgspec.Raw], shown: tuple[str, ...]
) -> dict[str, Any]:
    attributes, span = log.attributes, log.span
    payload_in, payload_out = None if log.content is None else log.content.input, _output_of(log)
    is_model_call = attributes.log_type in MODEL_CALL_TYPES
    message = _message_in(details) or completion_message(payload_out, is_model_call=is_model_call)
    item: dict[str, Any] = {"id": log.id, "unique_id": log.id}
    for name in _COMMON_ATTRIBUTES:
        item[name] = getattr(attributes, name)
    for name in _COMMON_SPAN:
        item[name] = getattr(span, name)
    for name in shown:
        item[name] = details.get(name)
    if "response_format" in item and not _is_object(item["response_format"]):
        item["response_format"] = None
    if "error_message" in details:
        # The column holds only the beginning of a very long one.
        item["error_message"] = details["error_message"]
    item |= _cost(attributes)
    item |= {
        # Older clients refuse a whole page for one type of log that they do not know.
        "log_type": attributes.log_type if attributes.log_type in LOG_TYPES else "custom",
        "input": as_json_text(payload_in),
        "output": as_json_text(payload_out),
        "prompt_messages": _messages_in(details, "prompt_messages")
        or _messages_in(details, "messages")
        or prompt_messages(payload_in, is_model_call=is_model_call),
        "completion_message": message,
        "metadata": codec.raw(log.metadata) or {},
        "warnings": as_json_text(bytes(details["warnings"])) if "warnings" in details else None,
        "failed": attributes.status == "failed",
        "created_at": log.created_at,
        "organization": who.organization_id,
        "organization_id": who.organization_unique_id,
        "unique_organization_id": who.organization_unique_id,
        "organization_key__name": None,
        "organization_key_name": None,
        "user": None,
        "is_example": False,
        "foundation_model": attributes.model,
        "routing_time": None,
        "used_custom_credential": False,
    }
    return item


def _output_of(log: RequestLog) -> bytes | None:
    return None if log.content is None else log.content.output


def _is_object(value: Any) -> bool:
    return isinstance(value, msgspec.Raw) and bytes(value).startswith(b"{")


def _messages_in(details: Mapping[str, msgspec.Raw], name: str) -> Any:
    return prompt_messages(bytes(details[name]), is_model_call=False) if name in details else None


def _message_in(details: Mapping[str, msgspec.Raw]) -> Any:
    said = details.get("completion_message")
    return None if said is None else completion_message(bytes(said), is_model_call=False)
