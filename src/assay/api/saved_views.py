"""Routes of saved views: named query strings of pages, private or shared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from assay.api.auth import Reader, Writer
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.model.page import PageRequest
from assay.model.saved_view import ViewPage
from assay.services import saved_views as services
from assay.wire.pages import PageOut, envelope
from assay.wire.saved_views import ViewCreate, ViewOut, ViewUpdate, read_subject, view_out

router = APIRouter(prefix="/api/views", tags=["saved views"], route_class=JsonRoute)


@router.get("/", response_model=PageOut[ViewOut], responses=READ_ERRORS)
@router.get("/list/", response_model=PageOut[ViewOut], responses=READ_ERRORS, include_in_schema=False)
async def list_views(
    caller: Reader,
    page: Annotated[ViewPage | None, Query(description="Only views of this page.")] = None,
    subject_id: Annotated[str | None, Query(description="Only views that fit this dataset or report.")] = None,
) -> Response:
    """List the views that the key sees, its own and the shared ones: pinned first, then by name; all on one page."""
    found = await caller.store.saved_views.list(caller.who.key_id, page, read_subject(subject_id))
    items = [view_out(view, caller.who.key_id) for view in found]
    return answer(envelope(items, len(items), PageRequest(1, max(1, len(items))), ""))


@router.post("/", status_code=201, response_model=ViewOut, responses=WRITE_ERRORS)
async def create_view(body: ViewCreate, caller: Writer) -> Response:
    """Save a view."""
    view = await services.create(caller.store, caller.who, body, datetime.now(UTC))
    return answer(view_out(view, caller.who.key_id), 201)


@router.get("/{view_id}/", response_model=ViewOut, responses=READ_ERRORS)
async def get_view(view_id: str, caller: Reader) -> Response:
    """Read a view."""
    return answer(view_out(await caller.store.saved_views.get(caller.who.key_id, view_id), caller.who.key_id))


@router.patch("/{view_id}/", response_model=ViewOut, responses=WRITE_ERRORS)
async def update_view(view_id: str, body: ViewUpdate, caller: Writer) -> Response:
    """Rename, change, share or pin a view: by the key that made it, shared ones by an admin too."""
    view = await services.update(caller.store, caller.who, view_id, body, datetime.now(UTC))
    return answer(view_out(view, caller.who.key_id))


@router.delete("/{view_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_view(view_id: str, caller: Writer) -> Response:
    """Delete a view."""
    await services.delete(caller.store, caller.who, view_id)
    return Response(status_code=204)
