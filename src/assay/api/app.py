"""The ASGI application: routes, errors, documentation, and what runs beside them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from assay.api import (
    about,
    automations,
    conditions,
    dataset_files,
    dataset_log_analytics,
    dataset_logs,
    dataset_versions,
    datasets,
    demo,
    documentation,
    eval_reports,
    evaluator_runs,
    evaluator_versions,
    evaluators,
    events,
    health,
    ingest,
    jobs,
    keys,
    log_analytics,
    models,
    otlp,
    providers,
    report_analysis,
    reports,
    request_logs,
    retention,
    saved_views,
    scores,
    threads,
    traces,
    users,
)
from assay.api import (
    annotations as annotation_tasks,
)
from assay.api.auth import Authenticator
from assay.api.browser_answers import BrowserAnswers
from assay.api.direct import Direct, Door
from assay.api.errors import add_error_handlers
from assay.api.paths import OnePath
from assay.api.request_log import RequestLog
from assay.model.errors import Unavailable
from assay.model.provider import Provider
from assay.model.server import ServerFacts
from assay.ports.engine import Engine
from assay.ports.housekeeping import Housekeeping
from assay.ports.store import Stores
from assay.providers.vault import Vault
from assay.services.sessions import Sessions
from assay.wire.sessions import session_cookie

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
    "scores",
    "online evaluation",
    "providers",
    "saved views",
    "keys",
    "retention",
    "models",
    "jobs",
    "demo",
    "events",
    "health",
)

_ROOMS = (
    *(dataset_files, dataset_log_analytics, dataset_logs, eval_reports, datasets, dataset_versions),
    *(log_analytics, request_logs, traces),
    *(threads, users, evaluators, evaluator_versions, evaluator_runs, providers, jobs, keys, retention, models, health),
    *(conditions, automations, events, report_analysis, reports, saved_views, scores, annotation_tasks, demo, about),
)


def make_app(
    stores: Stores,
    engine: Engine,
    housekeeping: Housekeeping,
    vault: Vault,
    environment: Sequence[Provider],
    sessions: Sessions,
    facts: ServerFacts,
    pages: Sequence[BaseRoute] = (),
) -> Application:
    """Return the application over opened stores; its lifespan starts and stops the engine and closes the stores.

    `vault` seals the keys of providers; `environment` are the providers that serve every organisation; `sessions` are
    those of browsers; `facts` say how the server was started; `pages` are routes beside those of the API.
    """
    authenticator = Authenticator(stores, sessions)
    background: set[asyncio.Task[None]] = set()

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
        for task in background:
            task.cancel()
        if background:
            await asyncio.wait(background)
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
    app.state.vault = vault
    app.state.environment_providers = environment
    app.state.facts = facts
    app.state.background_tasks = background
    add_error_handlers(app)
    # The first route that fits is taken: fixed names before `{log_id}`, and what is asked most before the rest.
    # Taken over one by one: an included router would be searched as a whole for every request.
    door = Door(authenticator, stores)
    direct = [*ingest.make_routes(door), *otlp.make_routes(door)]
    app.router.routes += direct
    app.router.routes += dataset_files.export_router.routes
    for room in _ROOMS:
        app.router.routes += room.router.routes
    app.router.routes += pages
    documentation.add_documentation(app)
    return RequestLog(BrowserAnswers(OnePath(Direct(app, direct)), session_cookie(sessions.name)))


async def _store_key_uses(authenticator: Authenticator) -> None:
    while True:
        await asyncio.sleep(_KEY_USES_EVERY_SECONDS)
        with suppress(Unavailable):
            await authenticator.store_uses()
