"""Many logs at once on the wire: the envelopes they come in, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.request_log import Recorded, RequestLogDraft
from assay.wire.json_items import MadeOneByOne, read_members, readable
from assay.wire.problems import REQUIRED

MOST_BULK_LOGS = 500
MOST_BATCH_LOGS = 5_000
_MOST_TRACE_IDS = 1_000
_MOST_ERRORS = 1_000


class LogsIn(BaseModel):
    """Logs to record, each as for one."""

    model_config = ConfigDict(extra="allow")

    logs: list[dict[str, Any]]


class SpansIn(BaseModel):
    """Spans to record, each a log with `trace_unique_id` and `span_unique_id`; the bare list is taken as well."""

    model_config = ConfigDict(extra="allow")

    data: list[dict[str, Any]]


class LogRefused(BaseModel):
    """Why one of many logs was refused; `index` is its place from 0."""

    index: int
    error: str


class LogsRecorded(BaseModel):
    """What became of many logs; `ids` are those of the logs taken, in their order, `duplicate_count` how many of them
    had been there before.
    """

    success_count: int
    error_count: int
    errors: list[LogRefused]
    ids: list[str]
    duplicate_count: int
    message: str


class SpansIngested(BaseModel):
    """What became of spans; `trace_ids` names up to 1,000 of the traces, `errors` says `index: reason`."""

    message: str
    status: str = Field(description='Always "ok".')
    success: bool
    ingested_count: int
    ingested_spans: int
    duplicate_count: int
    created_traces: int
    trace_ids: list[str]
    errors: list[str]


class PartialSuccess(BaseModel):
    """How many spans were left out, and why the first of them."""

    rejectedSpans: int
    errorMessage: str


class SpansExported(BaseModel):
    """An ExportTraceServiceResponse of OTLP."""

    partialSuccess: PartialSuccess


class Envelope(Exception):
    """The body has not the form in which many logs come; `errors` maps what is wrong to its messages."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("Validation error")
        self.errors = errors


def read_logs(body: bytes, most: int) -> Sequence[Any]:
    """Read `{"logs": [...]}`, its logs decoded one by one.

    Raises MalformedJson, Envelope for another form, and Invalid for no logs or more than `most`.
    """
    envelope = read_members(body)
    if not isinstance(envelope, Mapping):
        got = "list" if isinstance(envelope, Sequence) else "something else"
        raise Envelope({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {got}."]})
    if "logs" not in envelope:
        raise Envelope({"logs": [REQUIRED]})
    logs = _as_list(envelope["logs"])
    if logs is None:
        raise Envelope({"logs": [f"Expected a list of logs, but got {type(envelope['logs']).__name__}."]})
    if not 1 <= len(logs) <= most:
        raise Invalid.field("logs", f"Send 1 to {most} logs at once, not {len(logs)}.")
    return logs


def read_spans(body: bytes) -> Sequence[Any]:
    """Read a list of spans, or `{"data": [...]}`, decoded one by one; raises MalformedJson, Invalid."""
    envelope = read_members(body)
    if envelope is None:
        raise Invalid("Send a list of spans, or an object that holds them under the key data.")
    if not isinstance(envelope, Mapping):
        return envelope
    if "data" not in envelope:
        raise Invalid.field("data", REQUIRED)
    spans = _as_list(envelope["data"])
    if spans is None:
        raise Invalid.field("data", f"Expected a list of spans, but got {type(envelope['data']).__name__}.")
    return spans


def with_trace_times(spans: Sequence[Any]) -> Sequence[Any]:
    """Give roots that say no time the first start and the last end of the spans of their trace that came with them.

    The exporter of respan for the OpenAI Agents SDK sends a trace ahead of its spans, without times. When it came is
    not when it ended.
    """
    times: dict[str, tuple[str, str]] = {}
    has_untimed_root = False
    for span in readable(spans):
        trace_id, start, end = _trace_times(span)
        if isinstance(trace_id, str) and isinstance(start, str) and isinstance(end, str):
            first, last = times.get(trace_id, (start, end))
            times[trace_id] = (min(first, start), max(last, end))
        has_untimed_root = has_untimed_root or _is_untimed_root(span)
    if not (has_untimed_root and times):
        return spans
    return MadeOneByOne(spans, lambda span: _timed(span, times))


def _trace_times(span: Any) -> tuple[Any, Any, Any]:
    if not isinstance(span, dict):
        return None, None, None
    return span.get("trace_unique_id"), span.get("start_time"), span.get("timestamp")


def _is_untimed_root(span: Any) -> bool:
    trace_id, start, end = _trace_times(span)
    return trace_id is not None and not start and not end and not span.get("span_parent_id")


def _timed(span: Any, times: Mapping[str, tuple[str, str]]) -> Any:
    if not _is_untimed_root(span) or not isinstance(span["trace_unique_id"], str):
        return span
    start, end = times.get(span["trace_unique_id"], (None, None))
    return {**span, "start_time": start, "timestamp": end}


def _as_list(value: Any) -> Sequence[Any] | None:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else None


def logs_recorded(recorded: Sequence[Recorded], refusals: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """Return the answer to many logs (contract 8.4)."""
    return {
        "success_count": len(recorded),
        "error_count": len(refusals),
        "errors": [{"index": place, "error": message} for place, message in refusals],
        "ids": [log.id for log in recorded],
        "duplicate_count": sum(log.is_duplicate for log in recorded),
        "message": "log successful",
    }


def spans_ingested(
    recorded: Sequence[Recorded], drafts: Sequence[RequestLogDraft], refusals: Sequence[tuple[int, str]]
) -> dict[str, Any]:
    """Return the answer to spans: all that the documentation of any year promises (contract 9.3)."""
    traces = dict.fromkeys(draft.attributes.trace_unique_id for draft in drafts)
    new = {
        draft.attributes.trace_unique_id for draft, log in zip(drafts, recorded, strict=True) if not log.is_duplicate
    }
    return {
        "message": f"{len(recorded)} spans ingested.",
        "status": "ok",
        "success": True,
        "ingested_count": len(recorded),
        "ingested_spans": len(recorded),
        "duplicate_count": sum(log.is_duplicate for log in recorded),
        "created_traces": len(new - {None}),
        "trace_ids": [trace for trace in traces if trace is not None][:_MOST_TRACE_IDS],
        "errors": [f"{place}: {message}" for place, message in refusals[:_MOST_ERRORS]],
    }
