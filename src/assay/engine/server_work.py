"""What every server does itself, whichever engine runs its reports: trials of evaluators, and log imports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from assay.engine.evaluations import Workshop
from assay.engine.inline_imports import InlineImports
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, Method
from assay.model.ids import new_uuid
from assay.model.job import Job
from assay.model.score import CellDetail, Outcome
from assay.ports.store import Stores
from assay.providers.prices import load_list_prices
from assay.statistics.summary import load_arithmetic

# After the first requests, which a start is usually followed by.
_WARM_UP_AFTER_SECONDS = 1.5
# How many calls of one trial of an evaluator are in flight at once.
_CALLS_OF_A_TRIAL = 16


class ServerWork:
    """Work on the server's own event loop: somebody waits for it, or it is the server's to take up again."""

    def __init__(self, stores: Stores, workshop: Workshop) -> None:
        self._stores = stores
        self._workshop = workshop
        self._imports = InlineImports(stores)
        self._is_running = False
        self._warm_up: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to work."""
        self._is_running = True
        self._imports.start()
        await self._workshop.start()
        self._warm_up = asyncio.create_task(load_what_runs_need(_WARM_UP_AFTER_SECONDS), name="warm-up")

    async def evaluate(
        self, organization_id: int, version: EvaluatorVersion, method: Method, inputs: Sequence[EvaluatorInputs]
    ) -> Sequence[tuple[Outcome, CellDetail | None]]:
        """Judge some inputs now, within the limits of their provider; nothing is stored. Raises Invalid."""
        ready = await self._workshop.ready(organization_id, version, method, run=new_uuid(), most=_CALLS_OF_A_TRIAL)
        return await ready.judge(inputs)

    async def import_logs(self, job: Job) -> None:
        """Work on a stored job of the kind "log import", from its beginning, unless it is being worked on."""
        self._imports.submit(job)

    def is_alive(self) -> bool:
        """Tell whether submitted work is taken."""
        return self._is_running

    async def stop(self) -> None:
        """Stop imports between two batches, and let go of models and sandbox."""
        self._is_running = False
        if self._warm_up is not None:
            self._warm_up.cancel()
        await self._imports.stop()
        await self._workshop.close()


async def load_what_runs_need(after_seconds: float = 0.0) -> None:
    """Import what the first report should not have to wait a second for."""
    await asyncio.sleep(after_seconds)
    await asyncio.to_thread(load_arithmetic)
    await asyncio.to_thread(load_list_prices)
