"""Routes that say whether the server lives and can work; no key is needed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from assay.api.routes import answer
from assay.model.errors import Unavailable
from assay.ports.engine import Engine
from assay.ports.store import Stores

router = APIRouter(tags=["health"])


@router.get("/health")
async def get_health() -> Response:
    """Say that the process answers."""
    return answer({"status": "ok"})


@router.get("/ready", responses={503: {"description": "Something that requests need is away."}})
async def get_readiness(request: Request) -> Response:
    """Say whether the database answers with this release's schema and the worker runs."""
    stores: Stores = request.app.state.stores
    engine: Engine = request.app.state.engine
    checks = {"database": "ok", "worker": "ok" if engine.is_alive() else "stopped"}
    try:
        await stores.check()
    except Unavailable as error:
        checks["database"] = error.message
    is_ready = all(state == "ok" for state in checks.values())
    return answer({"status": "ok" if is_ready else "unavailable", **checks}, 200 if is_ready else 503)
