"""What a server says about itself: its release, its database, what is in it, how it runs code."""

from __future__ import annotations

import asyncio
import platform
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version

from assay.evaluators.sandbox import why_not_isolated
from assay.filters.log_query import LogQuery
from assay.model.access import ENVIRONMENTS, Identity
from assay.model.errors import Unavailable
from assay.model.request_log import Count
from assay.model.server import DatabaseFacts, Holdings, ServerFacts
from assay.ports.store import Store, Stores

_COUNTED_WITHIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class About:
    """The answer; `data_directory` is None for who may not administer, `not_isolated_reason` where code is confined."""

    version: str
    python_version: str
    engine: str
    database: DatabaseFacts
    data_directory: str | None
    holdings: Holdings
    request_logs: Count
    is_code_isolated: bool
    is_code_run: bool
    not_isolated_reason: str | None
    is_worker_alive: bool
    database_problem: str | None
    started_at: datetime
    uptime_seconds: float


async def describe(
    stores: Stores, store: Store, who: Identity, facts: ServerFacts, at: datetime, *, is_worker_alive: bool
) -> About:
    """Look at a server as an organisation sees it; request logs are counted for a fifth of a second at most."""
    holdings, logs, database, reason, problem = await asyncio.gather(
        store.datasets.count_holdings(),
        store.request_logs.count(LogQuery(environments=ENVIRONMENTS), within_seconds=_COUNTED_WITHIN_SECONDS),
        stores.describe(),
        asyncio.to_thread(_why_not_isolated),
        _problem(stores),
    )
    return About(
        version=version("assay"),
        python_version=platform.python_version(),
        engine=facts.engine,
        database=database,
        data_directory=facts.data_directory if who.may("admin") else None,
        holdings=holdings,
        request_logs=logs,
        is_code_isolated=reason is None,
        is_code_run=reason is None or facts.is_code_unsafe,
        not_isolated_reason=reason,
        is_worker_alive=is_worker_alive,
        database_problem=problem,
        started_at=facts.started_at,
        uptime_seconds=max(0.0, (at - facts.started_at).total_seconds()),
    )


@lru_cache(maxsize=1)
def _why_not_isolated() -> str | None:
    # What a kernel can do does not change while it runs.
    return why_not_isolated()


async def _problem(stores: Stores) -> str | None:
    try:
        await stores.check()
    except Unavailable as error:
        return error.message
    return None
