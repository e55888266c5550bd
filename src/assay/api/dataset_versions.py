"""Routes of dataset versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from assay.api.auth import Reader, Writer
from assay.api.lists import page_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.model.errors import Invalid
from assay.services import datasets as services
from assay.wire.datasets import DifferenceOut, VersionOut, VersionUpdate, difference_out, read_tag, version_out
from assay.wire.pages import PageOut, envelope

router = APIRouter(prefix="/api/datasets/{dataset_id}/versions", tags=["dataset versions"], route_class=JsonRoute)


@router.get("/", response_model=PageOut[VersionOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[VersionOut], responses=READ_ERRORS)
async def list_versions(dataset_id: str, request: Request, caller: Reader) -> Response:
    """List the versions of a dataset, newest first."""
    page = page_of(request, None)
    found = await caller.store.dataset_versions.list(dataset_id, page)
    items = [version_out(version) for version in found.items]
    return answer(envelope(items, found.total_count, page, url_of(request)))


@router.post("/list/", response_model=PageOut[VersionOut], responses=READ_ERRORS)
async def list_versions_posted(dataset_id: str, request: Request, caller: Reader) -> Response:
    """List the versions of a dataset, newest first."""
    return await list_versions(dataset_id, request, caller)


@router.get("/diff/", response_model=PageOut[DifferenceOut], responses=READ_ERRORS)
async def diff_versions(
    dataset_id: str,
    request: Request,
    caller: Reader,
    before: Annotated[str, Query(alias="from", description="Number or tag of the older version; 0 is empty.")] = "",
    after: Annotated[str, Query(alias="to", description="Number or tag; the newest if it is absent.")] = "",
) -> Response:
    """List how the rows differ between two versions: added, removed, changed (with the changed fields)."""
    if not before:
        raise Invalid.field("from", "This parameter is required: the number or tag of a version.")
    newest = (await caller.store.datasets.get(dataset_id)).version
    old = await services.find_version_number(caller.store, dataset_id, before)
    new = await services.find_version_number(caller.store, dataset_id, after)
    page = page_of(request, None)
    found, (added, removed, changed) = await caller.store.dataset_versions.list_differences(
        dataset_id, newest if old is None else old, newest if new is None else new, page
    )
    items = [difference_out(difference) for difference in found.items]
    counts = {"added_count": added, "removed_count": removed, "changed_count": changed}
    return answer(envelope(items, found.total_count, page, url_of(request), more=counts))


@router.get("/{reference}/", response_model=VersionOut, responses=READ_ERRORS)
async def get_version(dataset_id: str, reference: str, caller: Reader) -> Response:
    """Read a version by number or tag, with the hash of its content."""
    return answer(version_out(await services.get_hashed_version(caller.store, dataset_id, reference)))


@router.patch("/{reference}/", response_model=VersionOut, responses=WRITE_ERRORS)
async def tag_version(dataset_id: str, reference: str, body: VersionUpdate, caller: Writer) -> Response:
    """Name a version, or take its name away with null."""
    tag = read_tag(body.tag)
    number = (await caller.store.dataset_versions.get(dataset_id, reference)).number
    return answer(version_out(await caller.store.dataset_versions.set_tag(dataset_id, number, tag)))


@router.post("/{reference}/restore/", status_code=201, response_model=VersionOut, responses=WRITE_ERRORS)
async def restore_version(dataset_id: str, reference: str, caller: Writer) -> Response:
    """Make a new version that holds exactly the rows of this one."""
    version = await services.restore_version(caller.store, caller.who, dataset_id, reference, datetime.now(UTC))
    return answer(version_out(version), 201)
