"""Routes of threads: conversations, which are the logs that share a thread identifier."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader
from assay.api.lists import page_of, url_of
from assay.api.request_logs import WHICH_LOGS, asked_of, query_schema
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.wire.log_analytics import LogFilterBody
from assay.wire.pages import PageOut, envelope
from assay.wire.traces import ThreadOut, thread_out

router = APIRouter(prefix="/api/log_threads", tags=["threads"], route_class=JsonRoute)

_LIST = query_schema(**WHICH_LOGS, page="From 1.", page_size="Default 100, at most 1000.")


async def _list(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked, page = asked_of(request, body, has_default_window=False), page_of(request, body)
    found = await caller.store.log_analytics.list_threads(asked.query, page)
    items = [thread_out(thread) for thread in found.items]
    return answer(
        envelope(items, found.total_count, page, url_of(request), asked.current_filters, {"filters_data": {}})
    )


@router.get("/", response_model=PageOut[ThreadOut], responses=READ_ERRORS, openapi_extra=_LIST)
@router.get("/list/", response_model=PageOut[ThreadOut], responses=READ_ERRORS, include_in_schema=False)
async def list_threads(request: Request, caller: Reader) -> Response:
    """List conversations, the one with the newest log first."""
    return await _list(request, None, caller)


@router.post("/", response_model=PageOut[ThreadOut], responses=READ_ERRORS, openapi_extra=_LIST)
@router.post("/list/", response_model=PageOut[ThreadOut], responses=READ_ERRORS, include_in_schema=False)
async def list_threads_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """List the conversations of the logs that match the filters of the body."""
    return await _list(request, body, caller)
