"""Request logs: recorded LLM calls and steps of a program, immutable but for a few notes on them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from assay.model.log import LogAttributes, LogContent

# What counts as a call of a model among the log types of the contract (8.2).
MODEL_CALL_TYPES = frozenset(
    ("chat", "completion", "response", "embedding", "transcription", "speech", "generation", "text", "reranker")
)


@dataclass(frozen=True, slots=True)
class SpanAttributes:
    """What a request log has in columns beyond the attributes that every kind of log shares.

    `log_method` says how the log came in (`api`, `batch`, `otlp`, `python_tracing`, …); `organization_key_id` is the
    prefix of the key that recorded it.
    """

    span_unique_id: str | None = None
    span_parent_id: str | None = None
    group_identifier: str | None = None
    trace_group_identifier: str | None = None
    evaluation_identifier: str | None = None
    customer_email: str | None = None
    customer_name: str | None = None
    provider_id: str | None = None
    deployment_name: str | None = None
    log_method: str | None = None
    organization_key_id: str | None = None
    prompt_version_number: int | None = None
    prompt_cache_hit_tokens: int | None = None
    prompt_cache_creation_tokens: int | None = None
    reasoning_tokens: int | None = None
    stream: bool = False
    cache_hit: bool = False
    has_tool_calls: bool = False
    positive_feedback: bool | None = None
    note: str | None = None
    blurred: bool = False
    is_pinned: bool = False


SPAN_ATTRIBUTE_NAMES: tuple[str, ...] = tuple(field.name for field in fields(SpanAttributes))


@dataclass(frozen=True, slots=True)
class RequestLogDraft:
    """A log on its way in.

    `identity` is what makes a retry recognisable: 16 bytes made from an idempotency key or from trace and span id; None
    for a log that is always new. `details` is a JSON object with everything recognised that has neither a column nor a
    payload of its own (tools, parameters, the full request and response, …); None when there is nothing.
    """

    attributes: LogAttributes
    content: LogContent
    span: SpanAttributes = SpanAttributes()
    details: bytes | None = None
    input_preview: str = ""
    output_preview: str = ""
    identity: bytes | None = None


@dataclass(frozen=True, slots=True)
class RequestLog:
    """A recorded log. `sequence` rises in the order of recording; `created_at` is when it was recorded.

    `content` and `details` are None where only previews were asked for.
    """

    id: str
    sequence: int
    created_at: datetime
    attributes: LogAttributes
    span: SpanAttributes
    input_preview: str
    output_preview: str
    metadata: bytes | None
    content: LogContent | None = None
    details: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a draft: its id, and whether a log with its identity was there before."""

    id: str
    is_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class RequestLogChanges:
    """What an update sets; None leaves a field as it is.

    `metadata` is merged one level deep, a null value removes its key; a `note` or `custom_identifier` of "" is cleared.
    """

    metadata: bytes | None = None
    note: str | None = None
    positive_feedback: bool | None = None
    custom_identifier: str | None = None
    blurred: bool | None = None
    is_pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many match: exactly, or at least this many where counting on would have taken too long."""

    number: int
    is_exact: bool = True
