"""Routes of evaluators."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader
from assay.api.lists import current_filters, filters_of, page_of, sort_of, url_of
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.evaluators.run import prepare
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Operator, Or
from assay.filters.fields import EVALUATOR_FIELDS
from assay.model.errors import Invalid
from assay.model.ids import new_uuid
from assay.model.page import Sort
from assay.wire.datasets import Summary
from assay.wire.evaluators import EvaluatorOut, EvaluatorResult, RunEvaluator, evaluator_out, read_inputs, result_out
from assay.wire.pages import FilterBody, PageOut, envelope

router = APIRouter(prefix="/api/evaluators", tags=["evaluators"], route_class=JsonRoute)

_DEFAULT_PAGE_SIZE = 20
_BY_NAME = Sort("name")


def _filters(request: Request, body: FilterBody | None) -> Expression:
    expression = filters_of(request, body, EVALUATOR_FIELDS)
    search = request.query_params.get("search", "").strip()
    if not search:
        return expression
    if "\0" in search:
        raise Invalid.field("search", "Text must not contain the NUL character (U+0000).")
    named = Or(tuple(Condition(Field(name), Operator.ICONTAINS, (search,)) for name in ("name", "evaluator_slug")))
    return named if expression == EVERYTHING else And((expression, named))


async def _list(request: Request, body: FilterBody | None, caller: Caller) -> Response:
    page = page_of(request, body, default_size=_DEFAULT_PAGE_SIZE)
    sort = sort_of(request, EVALUATOR_FIELDS, _BY_NAME)
    found = await caller.store.evaluators.list(_filters(request, body), sort, page)
    query = request.query_params
    named: dict[str, Any] = {
        name: query.get(name) for name in ("type", "score_value_type", "search", "starred", "tags")
    }
    items = [evaluator_out(evaluator) for evaluator in found.items]
    echoed = {**named, **current_filters(request, body, EVALUATOR_FIELDS)}
    return answer(envelope(items, found.total_count, page, url_of(request), echoed))


@router.get("/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS)
async def list_evaluators(request: Request, caller: Reader) -> Response:
    """List evaluators by name; `?search=` looks into names and slugs."""
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


@router.get("/{evaluator_id}/", response_model=EvaluatorOut, responses=READ_ERRORS)
async def get_evaluator(evaluator_id: str, caller: Reader) -> Response:
    """Read an evaluator by its id or slug."""
    return answer(evaluator_out(await caller.store.evaluators.get(evaluator_id)))


@router.post("/{evaluator_id}/run/", response_model=EvaluatorResult, responses=READ_ERRORS)
async def run_evaluator(evaluator_id: str, body: RunEvaluator, caller: Reader) -> Response:
    """Try an evaluator on inputs; nothing is stored."""
    evaluator = await caller.store.evaluators.get(evaluator_id)
    inputs = read_inputs(body)
    outcome = await asyncio.to_thread(prepare(evaluator.current), inputs)
    result = result_out(
        evaluator,
        inputs,
        outcome,
        result_id=new_uuid(),
        at=datetime.now(UTC),
        environment=caller.who.environment,
    )
    return answer(result)
