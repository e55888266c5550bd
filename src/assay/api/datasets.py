"""Routes of datasets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import current_filters, filters_of, page_of, sort_of, url_of, within_window
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.api.sampling import trial_out
from assay.filters.fields import DATASET_FIELDS
from assay.model.dataset import Dataset
from assay.model.errors import Invalid
from assay.model.ids import new_uuid
from assay.model.job import Job
from assay.model.page import Sort
from assay.ports.engine import Engine
from assay.services import datasets as services
from assay.services import log_imports
from assay.wire.datasets import (
    DatasetCreate,
    DatasetOut,
    DatasetReplace,
    DatasetUpdate,
    Summary,
    dataset_out,
    read_copy,
    read_create,
    read_replace,
    read_update,
)
from assay.wire.import_jobs import SamplingPreview
from assay.wire.pages import FilterBody, PageOut, envelope
from assay.wire.times import read_time

router = APIRouter(prefix="/api/datasets", tags=["datasets"], route_class=JsonRoute)

_NEWEST_FIRST = Sort("created_at", descending=True)


_CREATED: dict[int | str, dict[str, Any]] = {
    **WRITE_ERRORS,
    200: {"model": SamplingPreview, "description": "With `dry_run`: what would be taken."},
}


@router.post("/", status_code=201, response_model=DatasetOut, responses=_CREATED)
@router.post("/create/", status_code=201, response_model=DatasetOut, responses=WRITE_ERRORS, include_in_schema=False)
async def create_dataset(body: DatasetCreate, caller: Writer, request: Request) -> Response:
    """Create a dataset: empty, filled from request logs, or as a copy of another dataset.

    With `dry_run` nothing is created: the answer says how many logs match and would be taken, and shows three of them.
    """
    store, at, engine = caller.store, datetime.now(UTC), request.app.state.engine
    if body.source_dataset_id is not None:
        return _created(*await _copy(body, body.source_dataset_id, caller, engine, at))
    new = read_create(body, new_uuid(), caller.who.environment)
    if new.recipe is None:
        return answer(dataset_out(await services.create_empty(store, caller.who, new, at)), 201)
    if body.dry_run:
        return answer(trial_out(await log_imports.try_recipe(store, new.recipe), new.recipe))
    return _created(*await log_imports.create_from_logs(store, engine, caller.who, new, new.recipe, at))


def _created(dataset: Dataset, job: Job) -> Response:
    # While it is `initializing`, the job says how far it is.
    return answer({**dataset_out(dataset), "job_id": job.id}, 201)


async def _copy(
    body: DatasetCreate, source_id: str, caller: Caller, engine: Engine, at: datetime
) -> tuple[Dataset, Job]:
    if body.dry_run:
        raise Invalid.field("dry_run", "A copy takes every row of its source: there is nothing to try.")
    source = await caller.store.datasets.get(source_id)
    reference = None if body.source_version is None else str(body.source_version)
    version = await services.find_version_number(caller.store, source_id, reference)
    new = read_copy(body, new_uuid(), source)
    number = source.version if version is None else version
    return await log_imports.copy_dataset(caller.store, engine, caller.who, new, source, number, at)


async def _list(request: Request, body: FilterBody | None, caller: Reader) -> Response:
    page = page_of(request, body)
    sort = sort_of(request, DATASET_FIELDS, _NEWEST_FIRST)
    found = await caller.store.datasets.list(_filters(request, body), sort, page)
    items = [dataset_out(dataset) for dataset in found.items]
    return answer(
        envelope(items, found.total_count, page, url_of(request), current_filters(request, body, DATASET_FIELDS))
    )


def _filters(request: Request, body: FilterBody | None) -> Any:
    # The oldest SDK asks for a span of creation in words of its own.
    query = request.query_params
    after, before = (read_time(query.get(name), name) for name in ("created_after", "created_before"))
    return within_window(filters_of(request, body, DATASET_FIELDS), after, before, DATASET_FIELDS)


@router.get("/", response_model=PageOut[DatasetOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[DatasetOut], responses=READ_ERRORS)
async def list_datasets(request: Request, caller: Reader) -> Response:
    """List datasets, newest first. Any field in the URL filters: `?name=nightly`."""
    return await _list(request, None, caller)


@router.post("/list/", response_model=PageOut[DatasetOut], responses=READ_ERRORS)
async def list_datasets_filtered(request: Request, caller: Reader, body: FilterBody | None = None) -> Response:
    """List the datasets that match the filters of the body."""
    return await _list(request, body, caller)


@router.get("/summary/", response_model=Summary, responses=READ_ERRORS)
async def summarize_datasets(request: Request, caller: Reader) -> Response:
    """Count datasets."""
    return answer({"total_count": await caller.store.datasets.count(_filters(request, None))})


@router.post("/summary/", response_model=Summary, responses=READ_ERRORS)
async def summarize_datasets_filtered(request: Request, caller: Reader, body: FilterBody | None = None) -> Response:
    """Count the datasets that match the filters of the body."""
    return answer({"total_count": await caller.store.datasets.count(_filters(request, body))})


@router.get("/{dataset_id}/", response_model=DatasetOut, responses=READ_ERRORS)
async def get_dataset(dataset_id: str, caller: Reader) -> Response:
    """Read one dataset."""
    return answer(dataset_out(await caller.store.datasets.get(dataset_id)))


@router.patch("/{dataset_id}/", response_model=DatasetOut, responses=WRITE_ERRORS)
async def update_dataset(dataset_id: str, body: DatasetUpdate, caller: Writer) -> Response:
    """Change the name, description, star or tags of a dataset."""
    changes, at = read_update(body), datetime.now(UTC)
    return answer(dataset_out(await caller.store.datasets.update(dataset_id, changes, caller.who.key_prefix, at)))


@router.put("/{dataset_id}/", response_model=DatasetOut, responses=WRITE_ERRORS)
async def replace_dataset(dataset_id: str, body: DatasetReplace, caller: Writer) -> Response:
    """Replace what describes a dataset; its rows stay."""
    changes, at = read_replace(body), datetime.now(UTC)
    return answer(dataset_out(await caller.store.datasets.update(dataset_id, changes, caller.who.key_prefix, at)))


@router.delete("/{dataset_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_dataset(dataset_id: str, caller: Writer) -> Response:
    """Delete a dataset with its rows, reports and scores."""
    await caller.store.datasets.delete(dataset_id, datetime.now(UTC))
    return Response(status_code=204)


@router.get("/{dataset_id}/presence/", responses=READ_ERRORS, include_in_schema=False)
async def get_presence(dataset_id: str, caller: Reader) -> Response:
    """Say who edits which row: nobody, since this server has no live editors."""
    await caller.store.datasets.get(dataset_id)
    return answer({"presence": {}})
