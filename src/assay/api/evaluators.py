"""Routes of evaluators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import (
    RESERVED,
    current_filters,
    flag_of,
    page_of,
    sort_of,
    text_of,
    url_of,
    within_window,
    words_of,
)
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Operator, Or
from assay.filters.fields import EVALUATOR_FIELDS
from assay.filters.parse import parse_request_filters
from assay.model.errors import Invalid
from assay.model.page import Sort
from assay.services import evaluators as services
from assay.wire.datasets import Summary
from assay.wire.evaluator_bodies import MOST_TAGS, EvaluatorCreate, EvaluatorReplace, EvaluatorUpdate, read_changes
from assay.wire.evaluators import EvaluatorCreated, EvaluatorOut, evaluator_out
from assay.wire.log_analytics import filters_data
from assay.wire.pages import FilterBody, PageOut, envelope
from assay.wire.problems import Problem
from assay.wire.times import read_time

router = APIRouter(prefix="/api/evaluators", tags=["evaluators"], route_class=JsonRoute)

_DEFAULT_PAGE_SIZE = 20
# A definition may have a megabyte.
_LARGEST_PAGE_SIZE = 100
_BY_NAME = Sort("name")
_RESERVED = RESERVED | {"tags"}
# What generated documentation shows of the answers to a definition.
DEFINE_ERRORS: dict[int | str, dict[str, Any]] = {
    **WRITE_ERRORS,
    422: {"model": Problem, "description": "A categorical evaluator without choices."},
}


def _filters(request: Request, body: FilterBody | None) -> Expression:
    query = request.query_params
    expression = parse_request_filters(
        body.filters if body is not None else None,
        query.multi_items(),
        EVALUATOR_FIELDS,
        _RESERVED,
        operator=body.operator if body is not None else None,
    )
    times = (query.get(name, getattr(body, name, None)) for name in ("start_time", "end_time"))
    start, end = (read_time(value, name) for value, name in zip(times, ("start_time", "end_time"), strict=True))
    parts = [within_window(expression, start, end, EVALUATOR_FIELDS), _search(request, body), _tagged(request)]
    parts = [part for part in parts if part != EVERYTHING]
    return EVERYTHING if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def _search(request: Request, body: FilterBody | None) -> Expression:
    search = (text_of(request, body, "search") or "").strip()
    if not search:
        return EVERYTHING
    if "\0" in search:
        raise Invalid.field("search", "Text must not contain the NUL character (U+0000).")
    return Or(tuple(Condition(Field(name), Operator.ICONTAINS, (search,)) for name in ("name", "evaluator_slug")))


def _tagged(request: Request) -> Expression:
    """Return the condition that an evaluator has one of the tags of the URL."""
    tags = tuple(words_of(request, "tags"))
    if not tags:
        return EVERYTHING
    if any("\0" in tag for tag in tags):
        raise Invalid.field("tags", "Text must not contain the NUL character (U+0000).")
    return Or(tuple(Condition(Field("tags", (str(place),)), Operator.EQUAL, tags) for place in range(MOST_TAGS)))


async def _list(request: Request, body: FilterBody | None, caller: Caller) -> Response:
    page = page_of(request, body, default_size=_DEFAULT_PAGE_SIZE, most=_LARGEST_PAGE_SIZE)
    sort = sort_of(request, EVALUATOR_FIELDS, _BY_NAME)
    found = await caller.store.evaluators.list(_filters(request, body), sort, page)
    query = request.query_params
    named: dict[str, Any] = {
        name: query.get(name) for name in ("type", "score_value_type", "search", "starred", "tags")
    }
    items = [evaluator_out(evaluator) for evaluator in found.items]
    echoed = {**named, **current_filters(request, body, EVALUATOR_FIELDS)}
    # In a list the tags are asked for as words, not as a filter.
    echoed["tags"] = named["tags"]
    more = {"filters_data": filters_data(EVALUATOR_FIELDS, {})} if flag_of(request, "fetch_filters") else {}
    return answer(envelope(items, found.total_count, page, url_of(request), echoed, more))


@router.get("/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS)
async def list_evaluators(request: Request, caller: Reader) -> Response:
    """List evaluators by name; `?search=` looks into names and slugs, `?tags=a,b` finds those with one of the tags."""
    return await _list(request, None, caller)


@router.post("/list/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS)
async def list_evaluators_filtered(request: Request, caller: Reader, body: FilterBody | None = None) -> Response:
    """List the evaluators that match the filters of the body."""
    return await _list(request, body, caller)


@router.get("/summary/", response_model=Summary, responses=READ_ERRORS)
async def summarize_evaluators(request: Request, caller: Reader) -> Response:
    """Count evaluators."""
    return answer({"total_count": await caller.store.evaluators.count(_filters(request, None))})


@router.post("/summary/", response_model=Summary, responses=READ_ERRORS)
async def summarize_evaluators_filtered(request: Request, caller: Reader, body: FilterBody | None = None) -> Response:
    """Count the evaluators that match the filters of the body."""
    return answer({"total_count": await caller.store.evaluators.count(_filters(request, body))})


@router.post("/", status_code=201, response_model=EvaluatorCreated, responses=DEFINE_ERRORS)
async def create_evaluator(body: EvaluatorCreate, caller: Writer) -> Response:
    """Make an evaluator, or copy one; a slug that is taken gets a suffix, and `warnings` says so."""
    evaluator, warnings = await services.create(
        caller.store, caller.who, read_changes(body), body.source_evaluator_id, datetime.now(UTC)
    )
    return answer({**evaluator_out(evaluator), "warnings": warnings}, 201)


@router.get("/{evaluator_id}/", response_model=EvaluatorOut, responses=READ_ERRORS)
async def get_evaluator(evaluator_id: str, caller: Reader) -> Response:
    """Read an evaluator by its id or slug; `<id>:<n>` shows version n."""
    return answer(evaluator_out(await caller.store.evaluators.get(evaluator_id)))


@router.patch("/{evaluator_id}/", response_model=EvaluatorOut, responses=DEFINE_ERRORS)
async def update_evaluator(evaluator_id: str, body: EvaluatorUpdate, caller: Writer) -> Response:
    """Change the draft of an evaluator: `configurations` are merged, a null in them removes a key."""
    return await change(evaluator_id, body, caller, is_merge=True)


@router.put("/{evaluator_id}/", response_model=EvaluatorOut, responses=DEFINE_ERRORS)
async def replace_evaluator(evaluator_id: str, body: EvaluatorReplace, caller: Writer) -> Response:
    """Replace the draft of an evaluator; slug and tags stay when absent."""
    return await change(evaluator_id, body, caller, is_merge=False)


async def change(reference: str, body: EvaluatorUpdate, caller: Caller, *, is_merge: bool) -> Response:
    """Change the draft that a reference names and answer with the evaluator."""
    changes, at = read_changes(body), datetime.now(UTC)
    changed = await services.update(caller.store, caller.who, reference, changes, at, is_merge=is_merge)
    return answer(evaluator_out(changed))


@router.delete("/{evaluator_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_evaluator(evaluator_id: str, caller: Writer) -> Response:
    """Delete an evaluator with all its versions; its scores and reports stay."""
    await services.delete(caller.store, evaluator_id)
    return Response(status_code=204)
