"""Routes of retention: how many days request logs are kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from assay.api.auth import Admin
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer, body_schema
from assay.model.access import ENVIRONMENTS, Environment
from assay.model.errors import Invalid

router = APIRouter(prefix="/api/retention", tags=["retention"], route_class=JsonRoute)

_MOST_DAYS = 36_500


class Retention(BaseModel):
    """Days that request logs are kept after they were recorded, by environment; null keeps them for ever."""

    prod: int | None = Field(default=None, ge=1, le=_MOST_DAYS)
    test: int | None = Field(default=None, ge=1, le=_MOST_DAYS)


def _read(body: Any) -> dict[Environment, int | None]:
    if not isinstance(body, dict):
        raise Invalid.field("non_field_errors", f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    problems = {name: [f"Unknown environment: use {' or '.join(ENVIRONMENTS)}."] for name in body.keys() - ENVIRONMENTS}
    days: dict[Environment, int | None] = {}
    for name in ENVIRONMENTS:
        value = body.get(name)
        is_days = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_DAYS
        if name in body and not (is_days or value is None):
            problems[name] = [f"A whole number of days from 1 to {_MOST_DAYS:,} is required, or null for no end."]
        elif name in body:
            days[name] = value
    if problems:
        raise Invalid(fields=problems)
    return days


@router.get("/", response_model=Retention, responses=READ_ERRORS)
async def get_retention(caller: Admin) -> Response:
    """Say how many days request logs are kept."""
    return answer(dict(await caller.store.retention.get()))


@router.put("/", response_model=Retention, responses=WRITE_ERRORS, openapi_extra=body_schema(Retention))
async def set_retention(caller: Admin, request: Request) -> Response:
    """Set how many days request logs are kept, for the environments named. Dataset rows are copies and stay."""
    await caller.store.retention.set(_read(await request.json()))
    return answer(dict(await caller.store.retention.get()))
