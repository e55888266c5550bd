"""Traces, threads and users on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from assay.model.access import Identity
from assay.model.request_log import RequestLog
from assay.model.score import Score
from assay.model.trace import Customer, Thread, Trace, TracesSummary
from assay.wire import codec
from assay.wire.scores import scores_by_evaluator

# Deeper trees could be neither written nor read: what lies below hangs on the last span above.
DEEPEST_SPAN = 100
_NO_SCORES: Mapping[str, Sequence[Score]] = {}


class TraceOut(BaseModel):
    """A trace: the sums of its spans, and what its root says of it."""

    model_config = ConfigDict(extra="allow")

    id: str
    trace_unique_id: str
    root_span_unique_id: str | None
    environment: str
    start_time: datetime
    end_time: datetime
    duration: float
    span_count: int
    llm_call_count: int
    error_count: int
    total_cost: float
    total_prompt_tokens: int
    total_completion_tokens: int
    total_tokens: int
    name: str | None
    input: str | None
    output: str | None
    metadata: dict[str, Any]
    model: str | None


class TraceDetail(TraceOut):
    """A trace with its spans, each with its `children`; not complete when there are more spans than are shown."""

    span_tree: list[dict[str, Any]]
    span_tree_is_complete: bool


class TracesSummaryOut(BaseModel):
    """Sums and means over traces; times in seconds, cost in US dollars, `error_rate` from 0 to 1."""

    total_count: int
    total_cost: float
    total_prompt_tokens: int
    total_completion_tokens: int
    total_tokens: int
    total_duration: float
    total_span_count: int
    total_llm_call_count: int
    total_error_count: int
    average_cost: float
    average_prompt_tokens: float
    average_completion_tokens: float
    average_tokens: float
    average_duration: float
    average_span_count: float
    average_llm_call_count: float
    error_rate: float


class TracesDeleted(BaseModel):
    """How many traces were deleted."""

    model_config = ConfigDict(extra="allow")

    deleted_count: int
    success_count: int
    error_count: int
    errors: list[Any]
    message: str


class TraceGone(BaseModel):
    """A trace is not there any more, whether or not it was."""

    success: str
    message: str


class ThreadOut(BaseModel):
    """A conversation."""

    model_config = ConfigDict(extra="allow")

    thread_identifier: str
    environment: str
    log_count: int


class UserOut(BaseModel):
    """One of the client's own users, known by the logs that name them."""

    model_config = ConfigDict(extra="allow")

    id: str
    customer_identifier: str
    environment: str
    name: str | None
    email: str | None
    first_seen: datetime
    last_active_timeframe: datetime
    active_days: int
    number_of_requests: int
    total_tokens: int
    total_cost: float
    average_latency: float | None
    average_ttft: float | None


def payload_text(payload: bytes | None) -> str | None:
    """Return a payload as traces show it: a string as it is, any other value as JSON text."""
    if payload is None:
        return None
    return str(msgspec.json.decode(payload)) if payload.startswith(b'"') else payload.decode()


def _metadata(log: RequestLog | None) -> Any:
    return {} if log is None or log.metadata is None else codec.raw(log.metadata)


def trace_out(trace: Trace, who: Identity) -> dict[str, Any]:
    """Return a trace as lists show it (contract 9.2)."""
    root = trace.root
    attributes, span = (root.attributes, root.span) if root is not None else (None, None)
    content = root.content if root is not None else None

    def of(source: object, name: str) -> Any:
        return getattr(source, name, None)

    return {
        "id": trace.trace_unique_id,
        "trace_unique_id": trace.trace_unique_id,
        "root_span_unique_id": of(span, "span_unique_id") or of(root, "id"),
        "unique_organization_id": who.organization_unique_id,
        "organization_id": who.organization_unique_id,
        "organization_name": None,
        "organization_key_id": of(span, "organization_key_id"),
        "environment": trace.environment,
        "start_time": trace.start_time,
        "end_time": trace.end_time,
        "timestamp": trace.end_time,
        "duration": trace.duration_seconds,
        "span_count": trace.span_count,
        "llm_call_count": trace.llm_call_count,
        "error_count": trace.error_count,
        "status": "error" if trace.error_count else "success",
        "total_cost": trace.cost,
        "total_prompt_tokens": trace.prompt_tokens,
        "total_completion_tokens": trace.completion_tokens,
        "total_tokens": trace.total_tokens,
        "name": of(attributes, "span_name") or of(attributes, "span_workflow_name"),
        "workflow_name": of(attributes, "span_workflow_name"),
        "model": of(attributes, "model"),
        "input": payload_text(of(content, "input")),
        "output": payload_text(of(content, "output")),
        "metadata": _metadata(root),
        "customer_identifier": of(attributes, "customer_identifier"),
        "session_identifier": of(attributes, "session_identifier"),
        "thread_identifier": of(attributes, "thread_identifier"),
        "trace_group_identifier": of(span, "trace_group_identifier"),
        "storage_object_key": None,
    }


def span_out(log: RequestLog, who: Identity, scores: Sequence[Score] = ()) -> dict[str, Any]:
    """Return a span as trees show it, without children."""
    attributes, span, content = log.attributes, log.span, log.content
    return {
        "id": log.id,
        "unique_id": log.id,
        "span_unique_id": span.span_unique_id or log.id,
        "span_parent_id": span.span_parent_id,
        "trace_unique_id": attributes.trace_unique_id,
        "span_name": attributes.span_name,
        "span_workflow_name": attributes.span_workflow_name,
        "log_type": attributes.log_type,
        "timestamp": attributes.timestamp,
        "start_time": attributes.start_time,
        "end_time": attributes.timestamp,
        "latency": attributes.latency,
        "time_to_first_token": attributes.time_to_first_token,
        "input": payload_text(content.input if content is not None else None),
        "output": payload_text(content.output if content is not None else None),
        "model": attributes.model,
        "prompt_tokens": attributes.prompt_tokens,
        "completion_tokens": attributes.completion_tokens,
        "total_request_tokens": attributes.total_request_tokens,
        "cost": attributes.cost,
        "status": attributes.status,
        "status_code": attributes.status_code,
        "error_message": attributes.error_message,
        "metadata": _metadata(log),
        "customer_identifier": attributes.customer_identifier,
        "thread_identifier": attributes.thread_identifier,
        "session_identifier": attributes.session_identifier,
        "organization_key_id": span.organization_key_id,
        "organization_id": who.organization_unique_id,
        "environment": attributes.environment,
        "span_links": None,
        "storage_object_key": None,
        "scores": scores_by_evaluator(scores),
    }


def span_tree(
    spans: Sequence[RequestLog], who: Identity, scores: Mapping[str, Sequence[Score]] = _NO_SCORES
) -> list[dict[str, Any]]:
    """Return spans with their scores as trees, each span exactly once and siblings in the order given.

    Roots are spans without a parent, with one that is not among them, and the first span of every circle. What lies
    deeper than DEEPEST_SPAN levels hangs on its ancestor there.
    """
    nodes = [{**span_out(span, who, scores.get(span.id, ())), "children": []} for span in spans]
    by_id: dict[str, int] = {}
    for place, node in enumerate(nodes):
        by_id.setdefault(node["span_unique_id"], place)
    parents = [by_id.get(node["span_parent_id"]) for node in nodes]
    children: dict[int, list[int]] = {}
    for place, parent in enumerate(parents):
        if parent is not None and parent != place:
            children.setdefault(parent, []).append(place)
    roots = [place for place, parent in enumerate(parents) if parent is None or parent == place]
    placed = [False] * len(nodes)
    trees: list[int] = []
    # Whatever is left after the roots goes round in a circle: its first span begins it.
    for root in (*roots, *range(len(nodes))):
        if not placed[root]:
            trees.append(root)
            _hang(root, nodes, children, placed)
    return [nodes[place] for place in sorted(trees)]


def _hang(
    root: int, nodes: Sequence[dict[str, Any]], children: Mapping[int, Iterable[int]], placed: list[bool]
) -> None:
    placed[root] = True
    # Each with the level it stands on, and what those below it hang on.
    pending = [(root, 1, root)]
    while pending:
        place, level, holder = pending.pop()
        for child in children.get(place, ()):
            if not placed[child]:
                placed[child] = True
                nodes[holder]["children"].append(nodes[child])
                is_deepest = level + 1 >= DEEPEST_SPAN
                pending.append((child, level if is_deepest else level + 1, holder if is_deepest else child))


def traces_summary_out(summary: TracesSummary) -> dict[str, Any]:
    """Return sums and means over traces (contract 9.2)."""
    share = 1.0 / summary.total_count if summary.total_count else 0.0
    return {
        "total_count": summary.total_count,
        "total_cost": summary.total_cost,
        "total_prompt_tokens": summary.total_prompt_tokens,
        "total_completion_tokens": summary.total_completion_tokens,
        "total_tokens": summary.total_tokens,
        "total_duration": summary.total_duration,
        "total_span_count": summary.total_span_count,
        "total_llm_call_count": summary.total_llm_call_count,
        "total_error_count": summary.total_error_count,
        "average_cost": summary.total_cost * share,
        "average_prompt_tokens": summary.total_prompt_tokens * share,
        "average_completion_tokens": summary.total_completion_tokens * share,
        "average_tokens": summary.total_tokens * share,
        "average_duration": summary.total_duration * share,
        "average_span_count": summary.total_span_count * share,
        "average_llm_call_count": summary.total_llm_call_count * share,
        "error_rate": summary.traces_with_errors * share,
    }


def thread_out(thread: Thread) -> dict[str, Any]:
    """Return a conversation (contract 9.5) with the times, cost and tokens of its logs."""
    return {
        "thread_identifier": thread.thread_identifier,
        "environment": thread.environment,
        "log_count": thread.log_count,
        "first_at": thread.first_at,
        "last_at": thread.last_at,
        "total_cost": thread.total_cost,
        "total_tokens": thread.total_tokens,
    }


def user_out(customer: Customer, who: Identity) -> dict[str, Any]:
    """Return a user as lists show them (contract 15), with the names of any year."""
    return {
        "id": f"{customer.customer_identifier}-{customer.environment}-{who.organization_unique_id}",
        "customer_identifier": customer.customer_identifier,
        "unique_organization_id": who.organization_unique_id,
        "organization_name": None,
        "environment": customer.environment,
        "name": customer.name,
        "email": customer.email,
        "first_seen": customer.first_seen,
        "last_active_timeframe": customer.last_seen,
        "last_active": customer.last_seen,
        "created_at": customer.first_seen,
        "updated_at": customer.last_seen,
        "active_days": customer.active_days,
        "number_of_requests": customer.number_of_requests,
        "total_requests": customer.number_of_requests,
        "total_tokens": customer.total_tokens,
        "tokens": customer.total_tokens,
        "total_cost": customer.total_cost,
        "cost": customer.total_cost,
        "average_latency": customer.average_latency,
        "average_ttft": customer.average_ttft,
    }
