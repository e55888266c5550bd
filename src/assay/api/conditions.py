"""Routes of conditions, which say of which logs automations take a share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Reader, Writer
from assay.api.lists import page_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.model.errors import Invalid
from assay.services import automations as services
from assay.wire.automations import (
    CONDITION_TYPES,
    ConditionCreate,
    ConditionOut,
    ConditionUpdate,
    condition_out,
)
from assay.wire.pages import PageOut, envelope
from assay.wire.problems import Problem

router = APIRouter(prefix="/api/conditions", tags=["online evaluation"], route_class=JsonRoute)

DEFAULT_PAGE_SIZE = 20
_ERRORS: dict[int | str, dict[str, Any]] = {
    **WRITE_ERRORS,
    422: {"model": Problem, "description": "A kind of condition that there is not."},
}


def asked(request: Request, name: str) -> str:
    """Return a text of the URL, empty where there is none; raises Invalid for one that no database takes."""
    text = request.query_params.get(name, "").strip()
    if "\0" in text:
        raise Invalid.field(name, "Text must not contain the NUL character (U+0000).")
    return text


@router.post("/", status_code=201, response_model=ConditionOut, responses=_ERRORS)
async def create_condition(body: ConditionCreate, caller: Writer) -> Response:
    """Make a condition: rules that a single log meets all of, or any of."""
    condition = await services.create_condition(caller.store, body, datetime.now(UTC))
    return answer(condition_out(condition, caller.who), 201)


@router.get("/list/", response_model=PageOut[ConditionOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/", response_model=PageOut[ConditionOut], responses=READ_ERRORS)
async def list_conditions(request: Request, caller: Reader) -> Response:
    """List conditions, newest first; `?search=` looks into names and slugs, `?condition_type=` keeps one type."""
    page = page_of(request, None, default_size=DEFAULT_PAGE_SIZE)
    search, condition_type = asked(request, "search"), asked(request, "condition_type")
    found = await caller.store.automations.list_conditions(search, condition_type, page)
    items = [condition_out(condition, caller.who) for condition in found.items]
    echoed = {"search": search or None, "condition_type": condition_type or None}
    choices = {"filters_data": {"condition_type": list(CONDITION_TYPES)}}
    return answer(envelope(items, found.total_count, page, url_of(request), echoed, choices))


@router.get("/{reference}/", response_model=ConditionOut, responses=READ_ERRORS)
async def get_condition(reference: str, caller: Reader) -> Response:
    """Read a condition by its id or slug."""
    return answer(condition_out(await caller.store.automations.get_condition(reference), caller.who))


@router.put("/{reference}/", response_model=ConditionOut, responses=_ERRORS, include_in_schema=False)
@router.patch("/{reference}/", response_model=ConditionOut, responses=_ERRORS)
async def update_condition(reference: str, body: ConditionUpdate, caller: Writer) -> Response:
    """Change a condition; what automations decided so far stays."""
    condition = await services.update_condition(caller.store, reference, body, datetime.now(UTC))
    return answer(condition_out(condition, caller.who))


@router.delete("/{reference}/", status_code=204, response_class=Response, responses=WRITE_ERRORS)
async def delete_condition(reference: str, caller: Writer) -> Response:
    """Delete a condition that no automation uses."""
    await caller.store.automations.delete_condition(reference)
    return Response(status_code=204)
