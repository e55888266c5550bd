"""Routes of what is computed over request logs: sums, groups, counts, histograms, facets, paths."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader
from assay.api.lists import LogsAsked, flag_of, number_of, page_of, sort_text, url_of, words_of
from assay.api.request_logs import COUNTED_WITHIN_SECONDS, WHICH_LOGS, asked_of, query_schema
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.filters.expression import Field
from assay.filters.fields import REQUEST_LOG_FIELDS
from assay.model.errors import Invalid
from assay.model.page import PageRequest, Sort
from assay.ports.log_analytics import DateUnit
from assay.wire.log_analytics import (
    CountOut,
    FacetOut,
    HistogramOut,
    LogFilterBody,
    LogGroupOut,
    PathsOut,
    RequestLogsSummaryOut,
    facet_out,
    group_out,
    histogram_out,
    histogram_width,
    path_out,
    request_logs_summary_out,
)
from assay.wire.pages import PageOut, envelope

router = APIRouter(prefix="/api/request-logs", tags=["request logs"], route_class=JsonRoute)

_MOST_GROUPED_BY = 5
_MOST_BUCKETS = 1_000
_MOST_FACETS = 20
_MOST_VALUES = 200
_MOST_SAMPLED = 10_000
_DATE_UNITS: dict[str, DateUnit] = {"date": "day", "hour": "hour", "day": "day", "week": "week", "month": "month"}
_GROUP_NAMES = {"trace": "trace_unique_id", "thread": "thread_identifier"}
_GROUP_SORTS = ("number_of_requests", "total_cost", "total_tokens", "error_count", "average_latency")
_SORT_NAMES = {"span_count": "number_of_requests", "cost": "total_cost", "date_group": "date"}
_DEFAULT_FACETS = ("model", "status", "log_type", "customer_identifier", "environment")

_WHICH = query_schema(**WHICH_LOGS)
_GROUPS = query_schema(
    **WHICH_LOGS,
    group_by="Comma list of text fields, `trace`, `thread`, and one of hour, day, week, month; default `model`.",
    sort_by=f"{', '.join(_GROUP_SORTS)}, `date_group` or a field grouped by; default `-number_of_requests`.",
    percentiles="`true`: add percentiles of latency.",
    page="From 1.",
    page_size="Default 100, at most 1000.",
)
_HISTOGRAM = query_schema(**WHICH_LOGS, buckets="About how many intervals; default 60.")
_FACETS = query_schema(
    **WHICH_LOGS, fields=f"Comma list; default {','.join(_DEFAULT_FACETS)}.", limit="Values a field; default 20."
)
_PATHS = query_schema(
    **WHICH_LOGS, sampled=f"How many of the newest logs to look at; default 1000, at most {_MOST_SAMPLED}."
)


async def _summary(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=True)
    summary = await caller.store.log_analytics.summarize(asked.query)
    return answer({**request_logs_summary_out(summary), **_echo(asked)})


def _echo(asked: LogsAsked) -> dict[str, Any]:
    return {"current_filters": asked.current_filters, "default_window": asked.is_default_window}


@router.get("/summary/", response_model=RequestLogsSummaryOut, responses=READ_ERRORS, openapi_extra=_WHICH)
async def summarize_request_logs(request: Request, caller: Reader) -> Response:
    """Sum up tokens, cost and latency of logs: those of the last hour, unless a time is given."""
    return await _summary(request, None, caller)


@router.post("/summary/", response_model=RequestLogsSummaryOut, responses=READ_ERRORS, openapi_extra=_WHICH)
async def summarize_request_logs_filtered(
    request: Request, caller: Reader, body: LogFilterBody | None = None
) -> Response:
    """Sum up tokens, cost and latency of the logs that match the filters of the body."""
    return await _summary(request, body, caller)


def _grouped_by(request: Request) -> tuple[list[str], DateUnit | None]:
    fields: list[str] = []
    units: list[DateUnit] = []
    for word in words_of(request, "group_by") or ["model"]:
        if word in _DATE_UNITS:
            units.append(_DATE_UNITS[word])
            continue
        field = REQUEST_LOG_FIELDS.resolve(_GROUP_NAMES.get(word, word))
        if field is None or field.path or REQUEST_LOG_FIELDS.spec_of(field).kind != "text" or field.name == "id":
            known = "a text field such as model, customer_identifier or log_type, or hour, day, week, month"
            raise Invalid.field("group_by", f"Cannot group by '{word[:60]}': use {known}.")
        fields.append(field.name)
    if len(units) > 1 or len(fields) > _MOST_GROUPED_BY:
        raise Invalid.field("group_by", f"Group by at most {_MOST_GROUPED_BY} fields and one unit of time.")
    return list(dict.fromkeys(fields)), units[0] if units else None


def _group_sort(written: str | None, fields: list[str], unit: DateUnit | None) -> Sort:
    if not written or not written.strip():
        return Sort("number_of_requests" if unit is None else "date", descending=True)
    name = written.strip().removeprefix("-")
    name = _SORT_NAMES.get(name, _GROUP_NAMES.get(name, name))
    allowed = (*_GROUP_SORTS, *fields, *(("date",) if unit is not None else ()))
    if name not in allowed:
        raise Invalid.field("sort_by", f"Cannot sort by '{written[:60]}'. Allowed: {', '.join(allowed)}.")
    return Sort(name, written.strip().startswith("-"))


async def _groups(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=True)
    fields, unit = _grouped_by(request)
    sort, page = _group_sort(sort_text(request, body), fields, unit), page_of(request, body)
    has_percentiles = bool(flag_of(request, "percentiles"))
    found = await caller.store.log_analytics.group(
        asked.query, fields, unit, sort, page, has_percentiles=has_percentiles
    )
    items = [group_out(group, has_percentiles=has_percentiles) for group in found.items]
    more = {"default_window": asked.is_default_window}
    return answer(envelope(items, found.total_count, page, url_of(request), asked.current_filters, more))


@router.get("/groups/", response_model=PageOut[LogGroupOut], responses=READ_ERRORS, openapi_extra=_GROUPS)
async def group_request_logs(request: Request, caller: Reader) -> Response:
    """Sum up logs by what they share: those of the last hour, unless a time is given."""
    return await _groups(request, None, caller)


@router.post("/groups/", response_model=PageOut[LogGroupOut], responses=READ_ERRORS, openapi_extra=_GROUPS)
async def group_request_logs_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """Sum up the logs that match the filters of the body by what they share."""
    return await _groups(request, body, caller)


async def _count(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=False)
    count = await caller.store.request_logs.count(asked.query, within_seconds=COUNTED_WITHIN_SECONDS)
    return answer({"count": count.number, "is_exact": count.is_exact})


@router.get("/count/", response_model=CountOut, responses=READ_ERRORS, openapi_extra=_WHICH)
async def count_request_logs(request: Request, caller: Reader) -> Response:
    """Count logs of any time, or as many as can be counted in a quarter of a second."""
    return await _count(request, None, caller)


@router.post("/count/", response_model=CountOut, responses=READ_ERRORS, openapi_extra=_WHICH)
async def count_request_logs_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """Count the logs that match the filters of the body, or as many as a quarter of a second allows."""
    return await _count(request, body, caller)


async def _histogram(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    wanted = number_of(request, "buckets", default=60, most=_MOST_BUCKETS)
    asked = asked_of(request, body, has_default_window=False)
    span = await _span(asked, caller)
    if span is None:
        return answer({"buckets": [], "width_seconds": 1})
    width = histogram_width(*span, wanted)
    found = await caller.store.log_analytics.histogram(asked.query, width)
    return answer(histogram_out(found, *span, width))


async def _span(asked: LogsAsked, caller: Caller) -> tuple[datetime, datetime] | None:
    """Return the first and last moment of a window.

    It begins at the oldest log that matches if it names no start, and ends now if it names no end, or at the newest
    log if it names neither.
    """
    query = asked.query
    start = query.start or await _edge(asked, caller, newest=False)
    if query.end is not None:
        end: datetime | None = query.end - timedelta(microseconds=1)
    else:
        end = datetime.now(UTC) if query.start is not None else await _edge(asked, caller, newest=True)
    return None if start is None or end is None or end < start else (start, end)


async def _edge(asked: LogsAsked, caller: Caller, *, newest: bool) -> datetime | None:
    order = Sort("timestamp", descending=newest)
    logs, _ = await caller.store.request_logs.page(asked.query, order, PageRequest(1, 1), previews_only=True)
    return logs[0].attributes.timestamp if logs else None


@router.get("/histogram/", response_model=HistogramOut, responses=READ_ERRORS, openapi_extra=_HISTOGRAM)
async def show_histogram(request: Request, caller: Reader) -> Response:
    """Count logs over time, failed ones among them; without a window from the oldest log to the newest."""
    return await _histogram(request, None, caller)


@router.post("/histogram/", response_model=HistogramOut, responses=READ_ERRORS, openapi_extra=_HISTOGRAM)
async def show_histogram_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """Count the logs that match the filters of the body over time."""
    return await _histogram(request, body, caller)


def _facet_field(word: str) -> Field:
    field = REQUEST_LOG_FIELDS.resolve(word)
    kind = None if field is None else REQUEST_LOG_FIELDS.spec_of(field).kind
    is_metadata = field is not None and field.name == "metadata" and bool(field.path)
    if field is None or not (is_metadata or kind in ("text", "number", "boolean")):
        hint = f"metadata.{word[:60]}" if field is None else "a column or a metadata key"
        raise Invalid.field("fields", f"'{word[:60]}' has no facet: use {hint}.")
    return field


async def _facets(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=False)
    words = words_of(request, "fields") or list(_DEFAULT_FACETS)
    if len(words) > _MOST_FACETS:
        raise Invalid.field("fields", f"Ask for at most {_MOST_FACETS} fields at once, not {len(words)}.")
    most = number_of(request, "limit", default=20, most=_MOST_VALUES)
    fields = {word: _facet_field(word) for word in words}
    facet = caller.store.log_analytics.facet
    found = await asyncio.gather(*(facet(asked.query, str(field), most) for field in fields.values()))
    return answer({word: facet_out(values) for word, values in zip(fields, found, strict=True)})


@router.get("/facets/", response_model=dict[str, FacetOut], responses=READ_ERRORS, openapi_extra=_FACETS)
async def show_facets(request: Request, caller: Reader) -> Response:
    """Say which values are commonest in some fields of the logs, of any time."""
    return await _facets(request, None, caller)


@router.post("/facets/", response_model=dict[str, FacetOut], responses=READ_ERRORS, openapi_extra=_FACETS)
async def show_facets_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """Say which values are commonest in some fields of the logs that match the filters of the body."""
    return await _facets(request, body, caller)


async def _paths(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=False)
    sampled = number_of(request, "sampled", default=1_000, most=_MOST_SAMPLED)
    paths = await caller.store.log_analytics.list_paths(asked.query, sampled)
    there = await caller.store.request_logs.count(asked.query, within_seconds=COUNTED_WITHIN_SECONDS)
    number = min(sampled, there.number) if there.is_exact else sampled
    return answer({"paths": [path_out(path) for path in paths], "sampled": number})


@router.get("/schema/paths/", response_model=PathsOut, responses=READ_ERRORS, openapi_extra=_PATHS)
async def list_paths(request: Request, caller: Reader) -> Response:
    """Say which paths occur in metadata, input and output of the newest logs."""
    return await _paths(request, None, caller)


@router.post("/schema/paths/", response_model=PathsOut, responses=READ_ERRORS, openapi_extra=_PATHS)
async def list_paths_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """Say which paths occur in metadata, input and output of the newest logs that match the filters of the body."""
    return await _paths(request, body, caller)
