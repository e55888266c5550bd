"""What every list has in common: page, order and filters, from the URL and the body."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import Request

from assay.filters.canonical import canonical_form
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Operator
from assay.filters.fields import FieldSet
from assay.filters.parse import Unknown, parse_quick_filters, parse_request_filters, parse_sort
from assay.model.page import PageRequest, Sort
from assay.wire.pages import FilterBody, read_page
from assay.wire.times import read_time

# Names in a URL that are not filters.
RESERVED = frozenset(
    (
        "page", "page_size", "sort_by", "order_by", "start_time", "end_time", "environment", "is_test", "all_envs",
        "fetch_filters", "include_fields", "retrieval_mode", "version", "search", "format", "is_exporting",
        "export_format", "export", "detail", "exporting",
    )
)  # fmt: skip


def page_of(request: Request, body: FilterBody | None, *, default_size: int = 100, most: int = 1000) -> PageRequest:
    """Return the page that a request asks for; the URL wins over the body."""
    query = request.query_params
    number = query.get("page", body.page if body is not None else None)
    size = query.get("page_size", body.page_size if body is not None else None)
    return read_page(number, size, default_size=default_size, most=most)


def sort_of(request: Request, fields: FieldSet, default: Sort) -> Sort:
    """Return the order that a request asks for; `sort_by` wins over the older `order_by`."""
    return parse_sort(request.query_params.get("sort_by") or request.query_params.get("order_by"), fields, default)


def filters_of(
    request: Request, body: FilterBody | None, fields: FieldSet, *, unknown: Unknown = "metadata"
) -> Expression:
    """Return the conditions of a request: URL filters, the body's filters, and the time window where there is one."""
    expression = parse_request_filters(
        body.filters if body is not None else None,
        request.query_params.multi_items(),
        fields,
        RESERVED,
        unknown=unknown,
        operator=body.operator if body is not None else None,
    )
    query = request.query_params
    start = read_time(query.get("start_time", body.start_time if body is not None else None), "start_time")
    end = read_time(query.get("end_time", body.end_time if body is not None else None), "end_time")
    return within_window(expression, start, end, fields)


def within_window(expression: Expression, start: datetime | None, end: datetime | None, fields: FieldSet) -> Expression:
    """Narrow an expression to a window of time: start inclusive, end exclusive."""
    field = fields.resolve("timestamp") or Field("created_at")
    bounds = []
    if start is not None:
        bounds.append(Condition(field, Operator.GTE, (start,)))
    if end is not None:
        bounds.append(Condition(field, Operator.LT, (end,)))
    if not bounds:
        return expression
    return And((*(() if expression == EVERYTHING else (expression,)), *bounds))


def current_filters(request: Request, body: FilterBody | None, fields: FieldSet) -> dict[str, Any]:
    """Return the filters of a request in object form, as lists echo them."""
    written = canonical_form(body.filters) if body is not None else {}
    return {**written, **parse_quick_filters(request.query_params.multi_items(), fields, RESERVED)}


def url_of(request: Request) -> str:
    """Return the URL of a request as the client wrote it, behind a proxy too."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    if scheme not in ("http", "https"):
        scheme = request.url.scheme
    host = (headers.get("x-forwarded-host") or headers.get("host") or "").split(",")[0].strip() or request.url.netloc
    path = request.scope.get("written_path", request.url.path)
    query = request.url.query
    return f"{scheme}://{host}{path}" + (f"?{query}" if query else "")
