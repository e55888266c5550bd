"""Routes of annotation tasks: what waits for people."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from assay.api.auth import Reader
from assay.api.lists import page_of, url_of
from assay.api.request_logs import query_schema
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.wire.annotations import AnnotationTaskOut, task_out
from assay.wire.pages import PageOut, envelope

router = APIRouter(prefix="/api/annotation-tasks", tags=["scores"], route_class=JsonRoute)

_PAGE = query_schema(page="From 1.", page_size="Default 100, at most 1000.")


@router.get("/", response_model=PageOut[AnnotationTaskOut], responses=READ_ERRORS, openapi_extra=_PAGE)
async def list_annotation_tasks(
    request: Request,
    caller: Reader,
    status: Annotated[Literal["pending", "completed"] | None, Query(description="Default: both.")] = None,
    dataset_id: Annotated[str | None, Query(description="Of one dataset.")] = None,
    evaluator_id: Annotated[str | None, Query(description="Of one evaluator, by id or slug.")] = None,
) -> Response:
    """List what eval reports want of people, the oldest first, each with a link to its row.

    A score by the same evaluator on the row answers it.
    """
    page = page_of(request, None)
    found = await caller.store.annotations.list(status, dataset_id, evaluator_id, page)
    url = url_of(request)
    origin = url.partition("/api/")[0]
    echoed = {"status": status, "dataset_id": dataset_id, "evaluator_id": evaluator_id}
    items = [task_out(task, origin) for task in found.items]
    return answer(envelope(items, found.total_count, page, url, echoed))
