"""Routes of traces."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import LogsAsked, environments_of, flag_of, logs_asked, page_of, sort_of, url_of
from assay.api.request_logs import COUNTED_WITHIN_SECONDS, WHICH_LOGS, query_schema
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.filters.expression import EVERYTHING
from assay.filters.fields import TRACE_FIELDS
from assay.filters.log_query import LogQuery
from assay.filters.parse import Unknown
from assay.model.errors import Invalid, NotFound
from assay.model.page import Sort
from assay.model.request_log import Count
from assay.wire.log_analytics import LogFilterBody, filters_data
from assay.wire.pages import FilterBody, PageOut, envelope
from assay.wire.times import read_time
from assay.wire.traces import (
    TraceDetail,
    TraceGone,
    TraceOut,
    TracesDeleted,
    TracesSummaryOut,
    span_tree,
    trace_out,
    traces_summary_out,
)

router = APIRouter(prefix="/api/traces", tags=["traces"], route_class=JsonRoute)

_NEWEST_FIRST = Sort("end_time", descending=True)
_PAGE_SIZE = 50
_MOST_SPANS = 10_000
_MOST_DELETED = 1_000
_WINDOW = {name: text.replace("logs whose timestamp", "traces whose end") for name, text in WHICH_LOGS.items()}
del _WINDOW["search"]
_WHICH = query_schema(**_WINDOW)
_LIST = query_schema(
    **_WINDOW,
    page="From 1.",
    page_size="Default 50, at most 1000.",
    sort_by="A field, `-` before it for descending; default `-timestamp`, the end of the trace.",
)


def _asked(
    request: Request, body: FilterBody | None, *, has_default_window: bool, unknown: Unknown = "metadata"
) -> LogsAsked:
    asked = logs_asked(request, body, TRACE_FIELDS, has_default_window=has_default_window, unknown=unknown)
    if asked.query.search is not None:
        raise Invalid.field("search", "Traces are not searched by text: search /api/request-logs/ for their spans.")
    return asked


async def _list(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = _asked(request, body, has_default_window=True)
    sort = sort_of(request, TRACE_FIELDS, _NEWEST_FIRST, body)
    page, is_counted = page_of(request, body, default_size=_PAGE_SIZE), flag_of(request, "count") is not False
    traces, has_more = await caller.store.traces.page(asked.query, sort, page)
    known = page.offset + len(traces) + has_more if traces else 0
    is_all = not has_more and (bool(traces) or page.number == 1)
    count = Count(known, is_all)
    if is_counted and not is_all:
        count = await caller.store.traces.count(asked.query, within_seconds=COUNTED_WITHIN_SECONDS)
    more: dict[str, Any] = {"default_window": asked.is_default_window, "count_is_exact": count.is_exact}
    if flag_of(request, "fetch_filters"):
        more["filters_data"] = filters_data(TRACE_FIELDS, {})
    items = [trace_out(trace, caller.who) for trace in traces]
    number = max(count.number, known)
    return answer(envelope(items, number, page, url_of(request), asked.current_filters, more, is_last=not has_more))


@router.get("/", response_model=PageOut[TraceOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[TraceOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_traces(request: Request, caller: Reader) -> Response:
    """List traces, the one that ended last first: those of the last hour, unless a time is given."""
    return await _list(request, None, caller)


@router.post("/list/", response_model=PageOut[TraceOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_traces_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """List the traces that match the filters of the body."""
    return await _list(request, body, caller)


async def _summary(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = _asked(request, body, has_default_window=True)
    summary = traces_summary_out(await caller.store.traces.summarize(asked.query))
    return answer({**summary, "current_filters": asked.current_filters, "default_window": asked.is_default_window})


@router.get("/summary/", response_model=TracesSummaryOut, responses=READ_ERRORS, openapi_extra=_WHICH)
async def summarize_traces(request: Request, caller: Reader) -> Response:
    """Sum up traces: those of the last hour, unless a time is given."""
    return await _summary(request, None, caller)


@router.post("/summary/", response_model=TracesSummaryOut, responses=READ_ERRORS, openapi_extra=_WHICH)
async def summarize_traces_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """Sum up the traces that match the filters of the body."""
    return await _summary(request, body, caller)


@router.post("/bulk-delete/", response_model=TracesDeleted, responses=WRITE_ERRORS, openapi_extra=_WHICH)
@router.post("/bulk/", response_model=TracesDeleted, responses=WRITE_ERRORS, include_in_schema=False)
async def delete_traces(request: Request, caller: Writer, body: FilterBody | None = None) -> Response:
    """Delete up to 1,000 traces with all their spans; more than that are refused and stay."""
    asked = _asked(request, body, has_default_window=False, unknown="error")
    if asked.query.expression == EVERYTHING:
        raise Invalid.field("filters", 'Say which traces to delete, such as {"trace_unique_id": ["..."]}.')
    ids = await caller.store.traces.list_ids(asked.query, _MOST_DELETED + 1)
    if len(ids) > _MOST_DELETED:
        matched = (await caller.store.traces.count(asked.query)).number
        message = f"{matched:,} traces match: at most {_MOST_DELETED:,} are deleted at once."
        return answer({"error": message, "detail": message, "matched_count": matched}, 400)
    deleted = 0
    for trace_id in ids:
        # The whole trace, not just its spans inside the window that its end lies in.
        deleted += bool(await caller.store.traces.delete(trace_id, _everywhere(asked)))
    return answer(
        {
            "deleted_count": deleted,
            "success_count": deleted,
            "error_count": 0,
            "errors": [],
            "message": f"Successfully deleted {deleted} traces",
        }
    )


def _everywhere(asked: LogsAsked) -> LogQuery:
    return LogQuery(environments=asked.query.environments)


@router.get("/{trace_unique_id}/", response_model=TraceDetail, responses=READ_ERRORS, openapi_extra=_WHICH)
async def get_trace(trace_unique_id: str, request: Request, caller: Reader) -> Response:
    """Read one trace with its spans and their scores as a tree, up to 10,000 of them, or 128 MB."""
    query = _unfiltered(request)
    try:
        trace = await caller.store.traces.get(trace_unique_id, query)
    except NotFound:
        return answer({"error": "Trace not found", "detail": "Trace not found"}, 404)
    spans = await caller.store.traces.spans(trace, _MOST_SPANS)
    scores = await caller.store.scores.list_for_request_logs([span.id for span in spans])
    tree = {"span_tree": span_tree(spans, caller.who, scores), "span_tree_is_complete": len(spans) >= trace.span_count}
    return answer({**trace_out(trace, caller.who), **tree})


@router.delete("/{trace_unique_id}/", response_model=TraceGone, responses=READ_ERRORS, openapi_extra=_WHICH)
async def delete_trace(trace_unique_id: str, request: Request, caller: Writer) -> Response:
    """Delete the spans of a trace, those inside a window where one is given; also fine if there are none."""
    await caller.store.traces.delete(trace_unique_id, _unfiltered(request))
    message = f"Successfully deleted trace {trace_unique_id}"
    return answer({"success": message, "message": message})


def _unfiltered(request: Request) -> LogQuery:
    """Return the window and environments that a request names; filters have no place where a trace is named."""
    query = request.query_params
    start, end = (read_time(query.get(name), name) for name in ("start_time", "end_time"))
    return LogQuery(start=start, end=end, environments=environments_of(request))
