"""Routes of users: the clients' own customers, known by the logs that name them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader
from assay.api.lists import environments_of, page_of, sort_text, url_of
from assay.api.request_logs import WHICH_LOGS, asked_of, query_schema
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.filters.expression import Condition, Field, Operator
from assay.filters.log_query import LogQuery
from assay.model.errors import Invalid, NotFound
from assay.model.page import PageRequest, Sort
from assay.wire.log_analytics import LogFilterBody
from assay.wire.pages import PageOut, envelope
from assay.wire.traces import UserOut, user_out

router = APIRouter(prefix="/api/users", tags=["users"], route_class=JsonRoute)

_PAGE_SIZE = 50
_NEWEST_FIRST = Sort("first_seen", descending=True)
_SORTS = (
    *("first_seen", "last_seen", "number_of_requests", "total_cost", "total_tokens", "active_days"),
    "customer_identifier",
)
_SORT_NAMES = {
    **{"last_active_timeframe": "last_seen", "last_active": "last_seen", "total_requests": "number_of_requests"},
    **{"cost": "total_cost", "tokens": "total_tokens", "id": "customer_identifier"},
}
_LIST = query_schema(
    **WHICH_LOGS,
    page="From 1.",
    page_size="Default 50, at most 1000.",
    sort_by=f"{', '.join(_SORTS)}, `-` before it for descending; default `-first_seen`.",
)


def _sort(request: Request, body: LogFilterBody | None) -> Sort:
    written = (sort_text(request, body) or "").strip()
    if not written:
        return _NEWEST_FIRST
    name = _SORT_NAMES.get(written.removeprefix("-"), written.removeprefix("-"))
    if name not in _SORTS:
        raise Invalid.field("sort_by", f"Cannot sort by '{written[:60]}'. Allowed: {', '.join(_SORTS)}.")
    return Sort(name, written.startswith("-"))


async def _list(request: Request, body: LogFilterBody | None, caller: Caller) -> Response:
    asked = asked_of(request, body, has_default_window=False)
    sort, page = _sort(request, body), page_of(request, body, default_size=_PAGE_SIZE)
    found = await caller.store.log_analytics.list_customers(asked.query, sort, page)
    items = [user_out(customer, caller.who) for customer in found.items]
    return answer(envelope(items, found.total_count, page, url_of(request), asked.current_filters))


@router.get("/", response_model=PageOut[UserOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[UserOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_users(request: Request, caller: Reader) -> Response:
    """List users, the one who was seen first most recently at the top; filters choose the logs that are summed up."""
    return await _list(request, None, caller)


@router.post("/list/", response_model=PageOut[UserOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_users_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """List the users of the logs that match the filters of the body."""
    return await _list(request, body, caller)


@router.get("/{customer_identifier}/", response_model=UserOut, responses=READ_ERRORS)
async def get_user(customer_identifier: str, request: Request, caller: Reader) -> Response:
    """Read one user."""
    condition = Condition(Field("customer_identifier"), Operator.EQUAL, (customer_identifier,))
    query = LogQuery(condition, environments=environments_of(request))
    found = await caller.store.log_analytics.list_customers(query, _NEWEST_FIRST, PageRequest(1, 1))
    if not found.items:
        raise NotFound
    return answer(user_out(found.items[0], caller.who))
