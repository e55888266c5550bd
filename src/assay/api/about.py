"""The route by which a server tells about itself."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from assay.api.auth import Reader
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.model.server import ServerFacts
from assay.ports.engine import Engine
from assay.ports.store import Stores
from assay.services.about import describe
from assay.wire.about import AboutOut, exactly

router = APIRouter(prefix="/api/about", tags=["health"], route_class=JsonRoute)


@router.get("/", response_model=AboutOut, responses=READ_ERRORS)
async def get_about(request: Request, caller: Reader) -> Response:
    """Say which release this is, on which database, how much is in it, and whether code is confined."""
    stores: Stores = request.app.state.stores
    engine: Engine = request.app.state.engine
    facts: ServerFacts = request.app.state.facts
    found = await describe(
        stores, caller.store, caller.who, facts, datetime.now(UTC), is_worker_alive=engine.is_alive()
    )
    return answer(
        {
            "version": found.version,
            "python_version": found.python_version,
            "engine": found.engine,
            "database": {"kind": found.database.kind, "size_bytes": found.database.size_bytes},
            "data_directory": found.data_directory,
            "counts": {
                "datasets": exactly(found.holdings.datasets),
                "dataset_logs": exactly(found.holdings.dataset_logs),
                "eval_reports": exactly(found.holdings.eval_reports),
                "request_logs": {"count": found.request_logs.number, "is_exact": found.request_logs.is_exact},
            },
            "code_evaluators": {
                "is_enabled": found.is_code_run,
                "is_sandboxed": found.is_code_isolated,
                "reason": found.not_isolated_reason,
            },
            "health": {
                "database": found.database_problem or "ok",
                "worker": "ok" if found.is_worker_alive else "stopped",
            },
            "started_at": found.started_at,
            "uptime_seconds": found.uptime_seconds,
        }
    )
