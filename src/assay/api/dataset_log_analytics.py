"""Routes of what is computed over dataset rows: counts, facets, observed paths."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from assay.api.auth import Caller, Reader
from assay.api.lists import ROW_RESERVED, number_of, rows_asked, words_of
from assay.api.request_logs import COUNTED_WITHIN_SECONDS, query_schema
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.filters.expression import Field
from assay.filters.fields import DATASET_LOG_FIELDS
from assay.model.errors import Invalid
from assay.services.datasets import find_version_number
from assay.wire.log_analytics import CountOut, FacetOut, PathsOut, facet_out, path_out
from assay.wire.pages import SearchBody

router = APIRouter(prefix="/api/datasets/{dataset_id}", tags=["dataset logs"], route_class=JsonRoute)

_MOST_FACETS = 20
_MOST_VALUES = 200
_MOST_SAMPLED = 2_000
_DEFAULT_FACETS = ("model", "status", "log_type", "annotation_status")
_SEARCH = {"search": 'Text in input or output, and terms: `"gift card" model:gpt-4o`.'}
_COUNT = query_schema(**_SEARCH)
_FACETS = query_schema(
    **_SEARCH,
    fields=f"Comma list of columns and JSON paths; default {','.join(_DEFAULT_FACETS)}.",
    limit="Values a field; default 20.",
)
_PATHS = query_schema(
    **_SEARCH, sampled=f"How many rows to look at, the first that match; default 200, at most {_MOST_SAMPLED}."
)
_VERSION = Query(description="Read as of this version: its number or tag.")


async def _count(
    dataset_id: str, request: Request, body: SearchBody | None, caller: Caller, version: str | None
) -> Response:
    expression = rows_asked(request, body, reserved=ROW_RESERVED)
    number = await find_version_number(caller.store, dataset_id, version)
    count = await caller.store.dataset_log_analytics.count(
        dataset_id, number, expression, within_seconds=COUNTED_WITHIN_SECONDS
    )
    return answer({"count": count.number, "is_exact": count.is_exact})


@router.get("/logs/count/", response_model=CountOut, responses=READ_ERRORS, openapi_extra=_COUNT)
async def count_logs(
    dataset_id: str, request: Request, caller: Reader, version: Annotated[str | None, _VERSION] = None
) -> Response:
    """Count rows, or as many as can be counted in a quarter of a second."""
    return await _count(dataset_id, request, None, caller, version)


@router.post("/logs/count/", response_model=CountOut, responses=READ_ERRORS, openapi_extra=_COUNT)
async def count_logs_filtered(
    dataset_id: str,
    request: Request,
    caller: Reader,
    body: SearchBody | None = None,
    version: Annotated[str | None, _VERSION] = None,
) -> Response:
    """Count the rows that match the filters of the body, or as many as a quarter of a second allows."""
    return await _count(dataset_id, request, body, caller, version)


def _facet_field(word: str) -> Field:
    field = DATASET_LOG_FIELDS.resolve(word)
    kind = None if field is None else DATASET_LOG_FIELDS.spec_of(field).kind
    is_path = field is not None and kind == "json" and bool(field.path)
    if field is None or not (is_path or kind in ("text", "number")):
        hint = f"metadata.{word[:60]}" if field is None else "a column or a path such as metadata.plan"
        raise Invalid.field("fields", f"'{word[:60]}' has no facet: use {hint}.")
    return field


async def _facets(
    dataset_id: str, request: Request, body: SearchBody | None, caller: Caller, version: str | None
) -> Response:
    expression = rows_asked(request, body, reserved=ROW_RESERVED)
    words = words_of(request, "fields") or list(_DEFAULT_FACETS)
    if len(words) > _MOST_FACETS:
        raise Invalid.field("fields", f"Ask for at most {_MOST_FACETS} fields at once, not {len(words)}.")
    most = number_of(request, "limit", default=20, most=_MOST_VALUES)
    fields = [str(_facet_field(word)) for word in words]
    number = await find_version_number(caller.store, dataset_id, version)
    facet = caller.store.dataset_log_analytics.facet
    found = await asyncio.gather(*(facet(dataset_id, number, expression, field, most) for field in fields))
    return answer({word: facet_out(values) for word, values in zip(words, found, strict=True)})


@router.get("/logs/facets/", response_model=dict[str, FacetOut], responses=READ_ERRORS, openapi_extra=_FACETS)
async def show_facets(
    dataset_id: str, request: Request, caller: Reader, version: Annotated[str | None, _VERSION] = None
) -> Response:
    """Say which values are commonest in some fields of the rows."""
    return await _facets(dataset_id, request, None, caller, version)


@router.post("/logs/facets/", response_model=dict[str, FacetOut], responses=READ_ERRORS, openapi_extra=_FACETS)
async def show_facets_filtered(
    dataset_id: str,
    request: Request,
    caller: Reader,
    body: SearchBody | None = None,
    version: Annotated[str | None, _VERSION] = None,
) -> Response:
    """Say which values are commonest in some fields of the rows that match the filters of the body."""
    return await _facets(dataset_id, request, body, caller, version)


@router.get("/schema/paths/", response_model=PathsOut, responses=READ_ERRORS, openapi_extra=_PATHS)
async def list_paths(
    dataset_id: str, request: Request, caller: Reader, version: Annotated[str | None, _VERSION] = None
) -> Response:
    """Say which JSON paths occur in the payloads of the rows, with the types seen there."""
    expression = rows_asked(request, None, reserved=ROW_RESERVED)
    sampled = number_of(request, "sampled", default=200, most=_MOST_SAMPLED)
    number = await find_version_number(caller.store, dataset_id, version)
    analytics = caller.store.dataset_log_analytics
    paths, there = await asyncio.gather(
        analytics.list_paths(dataset_id, number, expression, sampled),
        analytics.count(dataset_id, number, expression, within_seconds=COUNTED_WITHIN_SECONDS),
    )
    looked_at = min(sampled, there.number) if there.is_exact else sampled
    return answer({"paths": [path_out(path) for path in paths], "sampled": looked_at})
