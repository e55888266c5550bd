"""Routes of jobs: long imports and how far they are."""

from __future__ import annotations

from fastapi import APIRouter, Response

from assay.api.auth import Reader
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.wire.keys import JobOut, job_out

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=JsonRoute)


@router.get("/{job_id}/", response_model=JobOut, responses=READ_ERRORS)
async def get_job(job_id: str, caller: Reader) -> Response:
    """Read a job."""
    return answer(job_out(await caller.store.jobs.get(job_id)))
