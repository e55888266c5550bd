"""Routes of the reports of all datasets: one list, and the last scores of each dataset."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from assay.api.auth import Caller, Reader
from assay.api.lists import (
    RESERVED,
    current_filters,
    filters_of,
    joined,
    number_of,
    page_of,
    sort_of,
    text_of,
    url_of,
    words_of,
)
from assay.api.request_logs import query_schema
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.filters.expression import EVERYTHING, Condition, Expression, Field, Operator, Or
from assay.filters.fields import EVAL_REPORTS_FIELDS
from assay.model.errors import Invalid
from assay.model.page import Sort
from assay.wire.eval_reports import EvalReportOut, report_out
from assay.wire.pages import PageOut, SearchBody, envelope
from assay.wire.report_summary import ReportLineOut, TrendsOut, line_out, trends_out

router = APIRouter(prefix="/api/eval-reports", tags=["eval reports"], route_class=JsonRoute)

_NEWEST_FIRST = Sort("created_at", descending=True)
_RESERVED = RESERVED | {"evaluator_slug"}
_MOST_DATASETS = 200
_MOST_LAST = 50
_LIST = query_schema(
    search="Part of the name of the report or of its dataset.",
    evaluator_slug="Keep the reports that ran this evaluator.",
    page="From 1.",
    page_size="Default 100, at most 1000.",
    sort_by="A field, `-` before it for descending; default `-created_at`.",
)


def _named(search: str | None) -> Expression:
    text = (search or "").strip()
    if not text:
        return EVERYTHING
    if "\0" in text:
        raise Invalid.field("search", "Text must not contain the NUL character (U+0000).")
    return Or(tuple(Condition(Field(name), Operator.ICONTAINS, (text,)) for name in ("name", "dataset_name")))


async def _list(request: Request, body: SearchBody | None, caller: Caller) -> Response:
    page = page_of(request, body)
    expression = filters_of(request, body, EVAL_REPORTS_FIELDS, unknown="error", reserved=_RESERVED)
    expression = joined(expression, _named(text_of(request, body, "search")))
    sort = sort_of(request, EVAL_REPORTS_FIELDS, _NEWEST_FIRST, body)
    slug = request.query_params.get("evaluator_slug") or None
    if slug is not None and "\0" in slug:
        raise Invalid.field("evaluator_slug", "Text must not contain the NUL character (U+0000).")
    found = await caller.store.eval_reports.list_everywhere(expression, slug, sort, page)
    echoed = current_filters(request, body, EVAL_REPORTS_FIELDS, reserved=_RESERVED)
    items = [line_out(line) for line in found.items]
    return answer(envelope(items, found.total_count, page, url_of(request), echoed))


@router.get("/list/", response_model=PageOut[ReportLineOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_reports(request: Request, caller: Reader) -> Response:
    """List the reports of all datasets, newest first. Any field in the URL filters: `?status=failed`."""
    return await _list(request, None, caller)


@router.post("/list/", response_model=PageOut[ReportLineOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_reports_filtered(request: Request, caller: Reader, body: SearchBody | None = None) -> Response:
    """List the reports of all datasets that match the filters of the body."""
    return await _list(request, body, caller)


@router.get("/trends/", response_model=TrendsOut, responses=READ_ERRORS)
async def show_trends(
    request: Request,
    caller: Reader,
    dataset_ids: Annotated[str | None, Query(description=f"Comma list, at most {_MOST_DATASETS}.")] = None,
    last: Annotated[int | None, Query(description="How many reports of each; default 8.")] = None,
) -> Response:
    """Show the main figures of the last completed reports of some datasets, the oldest first; unknown ids have none."""
    ids = words_of(request, "dataset_ids")
    if not 1 <= len(ids) <= _MOST_DATASETS:
        raise Invalid.field("dataset_ids", f"Name 1 to {_MOST_DATASETS} datasets, not {len(ids)}.")
    if any("\0" in one for one in ids):
        raise Invalid.field("dataset_ids", "Text must not contain the NUL character (U+0000).")
    most = number_of(request, "last", default=8, most=_MOST_LAST)
    return answer(trends_out(await caller.store.eval_reports.list_latest(ids, most)))


@router.get("/{report_id}/", response_model=EvalReportOut, responses=READ_ERRORS)
async def get_report(report_id: str, caller: Reader) -> Response:
    """Read a report whatever its dataset, which `dataset_id` and `dataset_name` name."""
    report = await caller.store.eval_reports.find(report_id)
    dataset = await caller.store.datasets.get(report.dataset_id)
    return answer({**report_out(report), "dataset_name": dataset.name})
