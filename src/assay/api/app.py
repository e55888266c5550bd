"""The ASGI application: routes, errors, documentation, and what runs beside them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from assay.api import (
    dataset_files,
    dataset_logs,
    dataset_versions,
    datasets,
    documentation,
    eval_reports,
    evaluators,
    health,
    ingest,
    jobs,
    keys,
    log_analytics,
    models,
    otlp,
    request_logs,
    retention,
    threads,
    traces,
    users,
)
from assay.api.auth import Authenticator
from assay.api.direct import Direct, Door
from assay.api.errors import add_error_handlers
from assay.api.paths import OnePath
from assay.api.request_log import RequestLog
from assay.model.errors import Unavailable
from assay.ports.engine import Engine
from assay.ports.housekeeping import Housekeeping
from assay.ports.store import Stores

Application = ASGIApp

_KEY_USES_EVERY_SECONDS = 30.0
_SHOWN_IN_ORDER = (
    "request logs",
    "traces",
    "threads",
    "users",
    "datasets",
    "dataset logs",
    "dataset versions",
    "eval reports",
    "evaluators",
    "keys",
    "retention",
    "models",
    "jobs",
    "health",
)

_ROOMS = (
    *(dataset_files, dataset_logs, eval_reports, datasets, dataset_versions, log_analytics, request_logs, traces),
    *(threads, users, evaluators, jobs, keys, retention, models, health),
)


def make_app(stores: Stores, engine: Engine, housekeeping: Housekeeping) -> Application:
    """Return the application over opened stores; its lifespan starts and stops the engine and closes the stores."""
    authenticator = Authenticator(stores)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        await housekeeping.start()
        key_uses = asyncio.create_task(_store_key_uses(authenticator))
        # Bodies of bulk requests are thousands of short-lived dicts: let the collector look at them rarely.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        yield
        key_uses.cancel()
        with suppress(Unavailable):
            await authenticator.store_uses()
        await housekeeping.stop()
        await engine.stop()
        stores.close()

    app = FastAPI(
        title="Assay",
        version=version("assay"),
        summary="Datasets, evaluations and experiments for LLM applications.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        openapi_tags=[{"name": name} for name in _SHOWN_IN_ORDER],
        strict_content_type=False,
    )
    app.state.stores = stores
    app.state.engine = engine
    app.state.authenticator = authenticator
    add_error_handlers(app)
    # The first route that fits is taken: fixed names before `{log_id}`, and what is asked most before the rest.
    # Taken over one by one: an included router would be searched as a whole for every request.
    door = Door(authenticator, stores)
    direct = [*ingest.make_routes(door), *otlp.make_routes(door)]
    app.router.routes += direct
    app.router.routes += dataset_files.export_router.routes
    for room in _ROOMS:
        app.router.routes += room.router.routes
    documentation.add_documentation(app)
    return RequestLog(OnePath(Direct(app, direct)))


async def _store_key_uses(authenticator: Authenticator) -> None:
    while True:
        await asyncio.sleep(_KEY_USES_EVERY_SECONDS)
        with suppress(Unavailable):
            await authenticator.store_uses()
