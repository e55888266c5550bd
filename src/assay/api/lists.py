"""What every list has in common: page, order and filters, from the URL and the body."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request

from assay.filters.canonical import canonical_form
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Operator, walk
from assay.filters.fields import DATASET_LOG_FIELDS, FieldSet
from assay.filters.literals import as_boolean
from assay.filters.log_query import LogQuery
from assay.filters.parse import Unknown, parse_quick_filters, parse_request_filters, parse_sort
from assay.filters.search_conditions import search_conditions
from assay.filters.search_query import parse_search
from assay.model.access import ENVIRONMENTS, Environment
from assay.model.errors import Invalid
from assay.model.page import PageRequest, Sort
from assay.wire.pages import FilterBody, SearchBody, read_page
from assay.wire.times import read_time

# Names in a URL that are not filters.
RESERVED = frozenset(
    (
        "page", "page_size", "sort_by", "order_by", "start_time", "end_time", "environment", "is_test", "all_envs",
        "fetch_filters", "include_fields", "retrieval_mode", "version", "search", "format", "is_exporting",
        "export_format", "export", "detail", "exporting",
    )
)  # fmt: skip
# More of them where logs, traces, threads and users are read.
LOG_RESERVED = RESERVED | frozenset(
    ("fields", "count", "cursor", "group_by", "percentiles", "buckets", "limit", "sampled")
)
# And where dataset rows are.
ROW_RESERVED = RESERVED | frozenset(("fields", "count", "limit", "sampled"))
_DEFAULT_WINDOW = timedelta(hours=1)


def page_of(request: Request, body: FilterBody | None, *, default_size: int = 100, most: int = 1000) -> PageRequest:
    """Return the page that a request asks for; the URL wins over the body."""
    query = request.query_params
    number = query.get("page", body.page if body is not None else None)
    size = query.get("page_size", body.page_size if body is not None else None)
    return read_page(number, size, default_size=default_size, most=most)


def sort_of(request: Request, fields: FieldSet, default: Sort, body: SearchBody | None = None) -> Sort:
    """Return the order that a request asks for; `sort_by` wins over the older `order_by`, the URL over the body."""
    return parse_sort(sort_text(request, body), fields, default)


def sort_text(request: Request, body: SearchBody | None) -> str | None:
    """Return the order as the client wrote it."""
    query = request.query_params
    return query.get("sort_by") or query.get("order_by") or text_of(request, body, "sort_by")


def filters_of(
    request: Request,
    body: FilterBody | None,
    fields: FieldSet,
    *,
    unknown: Unknown = "metadata",
    reserved: frozenset[str] = RESERVED,
) -> Expression:
    """Return the conditions of a request: URL filters, the body's filters, and the time window where there is one."""
    expression = parse_request_filters(
        body.filters if body is not None else None,
        request.query_params.multi_items(),
        fields,
        reserved,
        unknown=unknown,
        operator=body.operator if body is not None else None,
    )
    query = request.query_params
    start = read_time(query.get("start_time", body.start_time if body is not None else None), "start_time")
    end = read_time(query.get("end_time", body.end_time if body is not None else None), "end_time")
    return within_window(expression, start, end, fields)


def rows_asked(
    request: Request, body: FilterBody | None, *, reserved: frozenset[str] = RESERVED, unknown: Unknown = "metadata"
) -> Expression:
    """Return which dataset rows a request asks for: its filters, its window of time and its text search."""
    expression = filters_of(request, body, DATASET_LOG_FIELDS, unknown=unknown, reserved=reserved)
    return narrowed(expression, text_of(request, body, "search"))


def narrowed(expression: Expression, search: str | None) -> Expression:
    """Narrow an expression over dataset rows by the text of a search box; raises Invalid."""
    words, terms = parse_search(search, DATASET_LOG_FIELDS)
    return joined(joined(expression, terms), search_conditions(words))


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


@dataclass(frozen=True, slots=True)
class LogsAsked:
    """Which logs a request asks for, as a query and as lists echo it; `is_default_window` when it named no time."""

    query: LogQuery
    current_filters: dict[str, Any]
    is_default_window: bool


def logs_asked(
    request: Request,
    body: FilterBody | None,
    fields: FieldSet,
    *,
    has_default_window: bool,
    unknown: Unknown = "metadata",
) -> LogsAsked:
    """Return which logs a request asks for: filters, search, window and environments.

    The window of the contract's lists, the last hour, holds only where a request says nothing about time at all.
    """
    query, written = request.query_params, body.filters if body is not None else None
    expression = parse_request_filters(
        written,
        query.multi_items(),
        fields,
        LOG_RESERVED,
        unknown=unknown,
        operator=body.operator if body is not None else None,
    )
    start = read_time(query.get("start_time", body.start_time if body is not None else None), "start_time")
    end = read_time(query.get("end_time", body.end_time if body is not None else None), "end_time")
    search, terms = parse_search(text_of(request, body, "search"), fields)
    expression = joined(expression, terms)
    echoed = canonical_form(written) if body is not None else {}
    echoed |= parse_quick_filters(query.multi_items(), fields, LOG_RESERVED)
    is_default = has_default_window and start is None and end is None and not _names(expression, _TIMES)
    if is_default:
        start = datetime.now(UTC) - _DEFAULT_WINDOW
        echoed["timestamp"] = {"operator": "gte", "value": [start.isoformat().replace("+00:00", "Z")]}
    return LogsAsked(LogQuery(expression, start, end, environments_of(request, expression), search), echoed, is_default)


_TIMES = frozenset(("timestamp", "start_time", "end_time", "created_at"))


def joined(one: Expression, other: Expression) -> Expression:
    """Return the expression that holds where both do."""
    parts = [part for part in (one, other) if part != EVERYTHING]
    return EVERYTHING if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def _names(expression: Expression, names: frozenset[str]) -> bool:
    return any(isinstance(part, Condition) and part.field.name in names for part in walk(expression))


def environments_of(request: Request, expression: Expression = EVERYTHING) -> tuple[Environment, ...]:
    """Return the environments that a request asks for; none means that of the key."""
    named = request.query_params.get("environment", "").strip().lower()
    if named:
        if named not in ENVIRONMENTS:
            raise Invalid.field("environment", f"'{named[:60]}' is no environment: use prod or test.")
        return ("prod",) if named == "prod" else ("test",)
    is_test = flag_of(request, "is_test")
    if is_test is not None:
        return ("test",) if is_test else ("prod",)
    # A filter on the environment must find what it asks for.
    is_any = flag_of(request, "all_envs") or _names(expression, frozenset(("environment",)))
    return ENVIRONMENTS if is_any else ()


def flag_of(request: Request, name: str) -> bool | None:
    """Return a true or false of the URL, None when it is not given; raises Invalid."""
    text = request.query_params.get(name, "").strip()
    value = as_boolean(text) if text else None
    if text and value is None:
        raise Invalid.field(name, f"'{text[:60]}' is neither true nor false.")
    return value


def number_of(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a whole number from 1 to `most` of the URL; raises Invalid."""
    text = request.query_params.get(name, "").strip()
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= number <= most:
        raise Invalid.field(name, f"'{text[:60]}' is no whole number from 1 to {most}.")
    return number


def words_of(request: Request, name: str) -> list[str]:
    """Return a comma list of the URL, each word once."""
    text = ",".join(request.query_params.getlist(name))
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def text_of(request: Request, body: FilterBody | None, name: str) -> str | None:
    """Return a text of the URL or, where that has none, of the body; raises Invalid."""
    value = request.query_params.get(name, getattr(body, name, None))
    if value is not None and not isinstance(value, str):
        raise Invalid.field(name, "Not a valid string.")
    return value


def current_filters(
    request: Request, body: FilterBody | None, fields: FieldSet, *, reserved: frozenset[str] = RESERVED
) -> dict[str, Any]:
    """Return the filters of a request in object form, as lists echo them."""
    written = canonical_form(body.filters) if body is not None else {}
    return {**written, **parse_quick_filters(request.query_params.multi_items(), fields, reserved)}


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
