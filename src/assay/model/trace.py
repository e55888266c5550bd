"""Traces, threads and customers: not stored by anybody, but request logs that share an id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assay.model.access import Environment
from assay.model.request_log import RequestLog


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of one trace, summed up; `cost` is in US dollars.

    `root` is the earliest span without a parent, or the earliest of all while that has not come in; None only where
    it was deleted in this very moment.
    """

    trace_unique_id: str
    environment: Environment
    start_time: datetime
    end_time: datetime
    span_count: int
    llm_call_count: int
    error_count: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: float
    root: RequestLog | None

    @property
    def duration_seconds(self) -> float:
        """From the start of the first span to the end of the last."""
        return (self.end_time - self.start_time).total_seconds()


@dataclass(frozen=True, slots=True)
class TracesSummary:
    """Sums over traces; times in seconds, cost in US dollars."""

    total_count: int
    total_cost: float
    total_prompt_tokens: int
    total_completion_tokens: int
    total_tokens: int
    total_duration: float
    total_span_count: int
    total_llm_call_count: int
    total_error_count: int
    traces_with_errors: int


@dataclass(frozen=True, slots=True)
class Thread:
    """The logs of one conversation."""

    thread_identifier: str
    environment: Environment
    log_count: int
    first_at: datetime
    last_at: datetime
    total_cost: float
    total_tokens: int


@dataclass(frozen=True, slots=True)
class Customer:
    """The logs of one of the client's own users; times in seconds, cost in US dollars."""

    customer_identifier: str
    environment: Environment
    name: str | None
    email: str | None
    first_seen: datetime
    last_seen: datetime
    active_days: int
    number_of_requests: int
    total_tokens: int
    total_cost: float
    average_latency: float | None
    average_ttft: float | None
