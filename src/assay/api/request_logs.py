"""Routes that read, annotate and delete request logs; what is computed over them is in `log_analytics`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import LogsAsked, flag_of, logs_asked, page_of, sort_of, text_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer, body_schema
from assay.filters.fields import REQUEST_LOG_FIELDS
from assay.model.errors import Invalid
from assay.model.page import Sort
from assay.model.request_log import Count, RequestLog
from assay.services import request_logs as services
from assay.wire.cursors import read_cursor, write_cursor
from assay.wire.log_analytics import LogFilterBody, filters_data
from assay.wire.pages import PageOut, envelope
from assay.wire.request_logs import (
    BatchUpdate,
    BatchUpdated,
    HeldBy,
    RequestLogOut,
    RequestLogPreview,
    RequestLogUpdate,
    detail,
    held_by_out,
    list_item,
    preview_item,
)

router = APIRouter(prefix="/api/request-logs", tags=["request logs"], route_class=JsonRoute)

# Of the 250 ms that a count may take, some go to everything around it.
COUNTED_WITHIN_SECONDS = 0.2
_NEWEST_FIRST = Sort("id", descending=True)
_WITH_CHOICES = ("model", "status", "log_type", "environment")
_MOST_CHOICES = 100


def query_schema(**described: str) -> dict[str, Any]:
    """Document parameters of the URL that are read from the request itself."""
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
            for name, text in described.items()
        ]
    }


WHICH_LOGS = {
    "start_time": "Keep logs whose timestamp is not before this.",
    "end_time": "Keep logs whose timestamp is before this.",
    "environment": "prod or test; default that of the key.",
    "search": 'Text in input or output, and terms: `"refund policy" model:gpt-4o`.',
}
_LIST = query_schema(
    **WHICH_LOGS,
    page="From 1.",
    page_size="Default 100, at most 1000.",
    sort_by="A field, `-` before it for descending; default `-id`, newest first.",
    fields="`preview`: the beginnings of input and output instead of all of them.",
    count="`false`: do not count; `count` is then how many are known of.",
    cursor="Instead of pages: empty to begin, then `next_cursor`.",
    fetch_filters="`true`: say what can be filtered by.",
)


def asked_of(request: Request, body: LogFilterBody | None, *, has_default_window: bool) -> LogsAsked:
    """Return which request logs a request asks for."""
    return logs_asked(request, body, REQUEST_LOG_FIELDS, has_default_window=has_default_window)


async def _list(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=True)
    sort = sort_of(request, REQUEST_LOG_FIELDS, _NEWEST_FIRST, body)
    page = page_of(request, body)
    more: dict[str, Any] = {"default_window": asked.is_default_window}
    if flag_of(request, "fetch_filters"):
        more["filters_data"] = await _filters_data(asked, caller)
    cursor = text_of(request, body, "cursor")
    if cursor is not None:
        return await _list_after(request, asked, sort, cursor, page.size, more, caller)
    previews_only, is_counted = is_preview(request), flag_of(request, "count") is not False
    logs, has_more = await caller.store.request_logs.page(asked.query, sort, page, previews_only=previews_only)
    known = page.offset + len(logs) + has_more if logs else 0
    is_all = not has_more and (bool(logs) or page.number == 1)
    count = Count(known, is_all) if is_all or not is_counted else await _count(asked, caller, known)
    items = await _items(logs, caller, previews_only=previews_only)
    more["count_is_exact"] = count.is_exact
    return answer(
        envelope(items, count.number, page, url_of(request), asked.current_filters, more, is_last=not has_more)
    )


async def _items(logs: Sequence[RequestLog], caller: Caller, *, previews_only: bool) -> list[dict[str, Any]]:
    scores = await caller.store.scores.list_for_request_logs([log.id for log in logs])
    if previews_only:
        return [preview_item(log, scores.get(log.id, ())) for log in logs]
    return [list_item(log, caller.who, scores.get(log.id, ())) for log in logs]


async def _detail(log: RequestLog, caller: Caller) -> Response:
    scores = await caller.store.scores.list_for_request_logs([log.id])
    return answer(detail(log, caller.who, scores.get(log.id, ())))


async def _count(asked: LogsAsked, caller: Caller, known: int) -> Count:
    count = await caller.store.request_logs.count(asked.query, within_seconds=COUNTED_WITHIN_SECONDS)
    # A log may have come in between the page and the count.
    return Count(max(count.number, known), count.is_exact)


async def _list_after(
    request: Request,
    asked: LogsAsked,
    sort: Sort,
    cursor: str,
    size: int,
    more: dict[str, Any],
    caller: Caller,
) -> Response:
    previews_only = is_preview(request)
    logs, following = await caller.store.request_logs.page_after(
        asked.query, sort, read_cursor(cursor, sort, REQUEST_LOG_FIELDS), size, previews_only=previews_only
    )
    known = len(logs) + (following is not None)
    return answer(
        {
            "count": known,
            "total_count": known,
            "count_is_exact": False,
            "next": None,
            "previous": None,
            "next_cursor": None if following is None else write_cursor(following, sort),
            "results": await _items(logs, caller, previews_only=previews_only),
            "current_filters": asked.current_filters,
            **more,
        }
    )


def is_preview(request: Request) -> bool:
    """Tell whether a request asks for previews instead of payloads; raises Invalid for another choice."""
    fields = request.query_params.get("fields", "").strip()
    if fields not in ("", "preview"):
        raise Invalid.field("fields", f"'{fields[:60]}' is no choice of fields: use preview, or leave it out.")
    return fields == "preview"


async def _filters_data(asked: LogsAsked, caller: Caller) -> dict[str, Any]:
    facet = caller.store.log_analytics.facet
    choices = {name: await facet(asked.query, name, _MOST_CHOICES) for name in _WITH_CHOICES}
    return filters_data(REQUEST_LOG_FIELDS, choices)


@router.get(
    "/", response_model=PageOut[RequestLogOut | RequestLogPreview], responses=READ_ERRORS, include_in_schema=False
)
@router.get(
    "/list/", response_model=PageOut[RequestLogOut | RequestLogPreview], responses=READ_ERRORS, openapi_extra=_LIST
)
async def list_request_logs(request: Request, caller: Reader) -> Response:
    """List logs, newest first: those of the last hour, unless start_time or end_time says otherwise.

    Any field in the URL filters: `?model=gpt-4o`, `?topic=refund` (metadata).
    """
    return await _list(request, None, caller)


@router.post(
    "/list/", response_model=PageOut[RequestLogOut | RequestLogPreview], responses=READ_ERRORS, openapi_extra=_LIST
)
async def list_request_logs_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """List the logs that match the filters of the body."""
    return await _list(request, body, caller)


@router.patch(
    "/batch-update/",
    response_model=BatchUpdated,
    responses=WRITE_ERRORS,
    openapi_extra=body_schema(BatchUpdate),
)
async def update_request_logs(caller: Writer, request: Request) -> Response:
    """Annotate many logs; those that are not there are listed in `errors`."""
    updated, missing = await services.update_many(caller.store, await request.json())
    errors = [{"index": refusal.place, "error": refusal.message} for refusal in missing]
    return answer({"message": "Logs updated successfully", "updated_count": updated, "errors": errors})


@router.get("/{unique_id}/", response_model=RequestLogOut, responses=READ_ERRORS)
async def get_request_log(unique_id: str, caller: Reader) -> Response:
    """Read one log with its scores."""
    return await _detail(await caller.store.request_logs.get(unique_id), caller)


@router.get("/{unique_id}/datasets/", response_model=HeldBy, responses=READ_ERRORS)
async def list_datasets_of_log(unique_id: str, caller: Reader) -> Response:
    """Say which datasets have a copy of a log among their present rows; of a trace's row the log is its root."""
    await caller.store.request_logs.get(unique_id)
    found = await caller.store.dataset_log_analytics.find_holding(unique_id)
    return answer(held_by_out(found))


@router.patch(
    "/{unique_id}/", response_model=RequestLogOut, responses=WRITE_ERRORS, openapi_extra=body_schema(RequestLogUpdate)
)
async def update_request_log(unique_id: str, caller: Writer, request: Request) -> Response:
    """Annotate a log: `metadata` is merged, and a null value there removes its key. What was recorded stays."""
    return await _detail(await services.update(caller.store, unique_id, await request.json()), caller)


@router.delete("/{unique_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_request_log(unique_id: str, caller: Writer) -> Response:
    """Delete a log; what was copied into datasets stays."""
    await services.delete(caller.store, unique_id)
    return Response(status_code=204)
