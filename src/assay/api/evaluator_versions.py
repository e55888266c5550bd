"""Routes of the versions of an evaluator."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.evaluators import DEFINE_ERRORS
from assay.api.lists import page_of, url_of
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.model.errors import NotFound
from assay.model.evaluator import Evaluator, EvaluatorVersion
from assay.services import evaluators as services
from assay.wire.evaluator_bodies import EvaluatorReplace, EvaluatorUpdate, VersionCreate, read_changes
from assay.wire.evaluators import EvaluatorOut, version_out
from assay.wire.pages import FilterBody, PageOut, envelope

router = APIRouter(prefix="/api/evaluators/{evaluator_id}/versions", tags=["evaluators"], route_class=JsonRoute)

_LARGEST_PAGE_SIZE = 100
_LONGEST_NUMBER = 9
_LONGEST_DESCRIPTION = 2_000


async def _list(evaluator_id: str, request: Request, body: FilterBody | None, caller: Caller) -> Response:
    page = page_of(request, body, most=_LARGEST_PAGE_SIZE)
    evaluator = await caller.store.evaluators.get(evaluator_id)
    found = await caller.store.evaluators.list_versions(evaluator.id, page)
    items = [version_out(evaluator, version) for version in found.items]
    return answer(envelope(items, found.total_count, page, url_of(request)))


@router.get("/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS)
@router.get("/list/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS, include_in_schema=False)
async def list_evaluator_versions(evaluator_id: str, request: Request, caller: Reader) -> Response:
    """List the versions of an evaluator, newest first; version 0 is the first draft."""
    return await _list(evaluator_id, request, None, caller)


@router.post("/list/", response_model=PageOut[EvaluatorOut], responses=READ_ERRORS, include_in_schema=False)
async def list_evaluator_versions_posted(
    evaluator_id: str, request: Request, caller: Reader, body: FilterBody | None = None
) -> Response:
    """List the versions of an evaluator, newest first."""
    return await _list(evaluator_id, request, body, caller)


@router.post("/", status_code=201, response_model=EvaluatorOut, responses=DEFINE_ERRORS)
async def commit_evaluator(evaluator_id: str, caller: Writer, body: VersionCreate | None = None) -> Response:
    """Freeze the draft, after the changes of the body, and answer with the next draft."""
    body = body or VersionCreate()
    description = (body.version_description or "")[:_LONGEST_DESCRIPTION]
    evaluator, version = await services.commit(
        caller.store, caller.who, evaluator_id, read_changes(body), description, datetime.now(UTC)
    )
    return answer(version_out(evaluator, version), 201)


@router.get("/{version}/", response_model=EvaluatorOut, responses=READ_ERRORS)
async def get_evaluator_version(evaluator_id: str, version: str, caller: Reader) -> Response:
    """Read one version of an evaluator."""
    return answer(version_out(*await _find(evaluator_id, version, caller)))


@router.patch("/{version}/", response_model=EvaluatorOut, responses=DEFINE_ERRORS)
async def update_evaluator_version(evaluator_id: str, version: str, body: EvaluatorUpdate, caller: Writer) -> Response:
    """Change a version that is not read-only: the draft."""
    return await _change(evaluator_id, version, body, caller, is_merge=True)


@router.put("/{version}/", response_model=EvaluatorOut, responses=DEFINE_ERRORS)
async def replace_evaluator_version(
    evaluator_id: str, version: str, body: EvaluatorReplace, caller: Writer
) -> Response:
    """Replace a version that is not read-only: the draft."""
    return await _change(evaluator_id, version, body, caller, is_merge=False)


async def _change(evaluator_id: str, number: str, body: EvaluatorUpdate, caller: Caller, *, is_merge: bool) -> Response:
    evaluator, version = await _find(evaluator_id, number, caller)
    changes, at = read_changes(body), datetime.now(UTC)
    reference = f"{evaluator.id}:{version.number}"
    changed = await services.update(caller.store, caller.who, reference, changes, at, is_merge=is_merge)
    return answer(version_out(changed, changed.current))


async def _find(evaluator_id: str, number: str, caller: Caller) -> tuple[Evaluator, EvaluatorVersion]:
    evaluator = await caller.store.evaluators.get(evaluator_id)
    if not (number.isascii() and number.isdigit()) or len(number) > _LONGEST_NUMBER:
        raise NotFound(f"Version '{number[:60]}' not found")
    return evaluator, await caller.store.evaluators.get_version(evaluator.id, int(number))
