"""What every kind of log has in common: its content, and the attributes lifted from it for filtering."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogContent:
    """The payloads of a log as compact JSON text (UTF-8); None means absent, b"null" means a JSON null.

    `metadata` and `metrics` are JSON objects when present. Nothing here is parsed on the way from the socket to the
    store and back.
    """

    input: bytes | None = None
    output: bytes | None = None
    expected_output: bytes | None = None
    metadata: bytes | None = None
    metrics: bytes | None = None


@dataclass(frozen=True, slots=True)
class LogAttributes:
    """The recognised keys of a log, lifted from its body, metadata and metrics into columns.

    Times are aware UTC; `latency`, `time_to_first_token` are seconds, `cost` US dollars (the contract's names).
    """

    timestamp: datetime
    start_time: datetime
    environment: str = "prod"
    model: str | None = None
    log_type: str = "workflow"
    status: str = "success"
    status_code: int = 200
    error_code: str | None = None
    error_message: str | None = None
    custom_identifier: str | None = None
    customer_identifier: str | None = None
    session_identifier: str | None = None
    thread_identifier: str | None = None
    trace_unique_id: str | None = None
    prompt_id: str | None = None
    prompt_name: str | None = None
    span_name: str | None = None
    span_workflow_name: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_request_tokens: int | None = None
    cost: float | None = None
    latency: float | None = None
    time_to_first_token: float | None = None
    tokens_per_second: float | None = None


ATTRIBUTE_NAMES: tuple[str, ...] = tuple(field.name for field in fields(LogAttributes))
CONTENT_NAMES: tuple[str, ...] = tuple(field.name for field in fields(LogContent))
