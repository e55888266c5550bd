"""Routes of the demo: load it into this server, for keys with the scope admin, and say what there is of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from assay.api.auth import Admin, Reader
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.services import demo as services
from assay.wire.demo import DemoOut
from assay.wire.keys import JobOut, job_out

router = APIRouter(prefix="/api/demo", tags=["demo"], route_class=JsonRoute)


@router.get("/", response_model=DemoOut, responses=READ_ERRORS)
async def get_demo(caller: Reader) -> Response:
    """Say whether the demo is here, and how far it is when it is being loaded."""
    state = await services.look(caller.store, datetime.now(UTC))
    dataset, job = state.dataset, state.job
    return answer(
        {
            "is_loaded": dataset is not None and job is None,
            "dataset_id": None if dataset is None else dataset.id,
            "job": None if job is None else job_out(job),
        }
    )


@router.post("/", status_code=202, response_model=JobOut, responses=WRITE_ERRORS)
async def load_demo(request: Request, caller: Admin) -> Response:
    """Record 4,020 logs, sample a dataset of 400 rows from them and run three evaluators over it, in the background.

    The answer is the job; its `outcome` names `dataset_id` and `report_id`. No model is asked. 409 when it is here.
    """
    job = await services.begin(caller.store, caller.who, datetime.now(UTC))
    task = asyncio.create_task(
        services.load(caller.store, request.app.state.engine, caller.who, job), name=f"demo {job.id}"
    )
    # The loop itself keeps only a weak reference.
    request.app.state.background_tasks.add(task)
    task.add_done_callback(request.app.state.background_tasks.discard)
    return answer(job_out(job), 202)
