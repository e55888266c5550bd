"""Housekeeping in the background: space of deleted datasets, imports whose process died, online evaluation."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from assay.engine.log_keeper import LogKeeper
from assay.engine.online_evaluation import OnlineEvaluation
from assay.model.errors import Unavailable
from assay.model.job import DEMO, LOG_IMPORT
from assay.ports.engine import Engine
from assay.ports.store import Stores

logger = logging.getLogger(__name__)

_PURGED_AT_ONCE = 500
_PAUSE_SECONDS = 5.0
# Between two slices, so that the writes of requests come first.
_BREATH_SECONDS = 0.01
# An import gives a sign of life with each batch of rows; a slow upload may take its time between two.
SILENT_IMPORT = timedelta(minutes=10)


class Maintenance:
    """A loop that does a little, often, so that nobody ever waits for it."""

    def __init__(self, stores: Stores, engine: Engine, silent_import: timedelta) -> None:
        """`silent_import`: how long an import may give no sign of life before it counts as abandoned at the start."""
        self._stores = stores
        self._engine = engine
        self._silent_import = silent_import
        self._log_keeper = LogKeeper(stores.log_upkeep)
        self._online = OnlineEvaluation(stores, engine)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up or clean up the imports of a process that died, and begin the loop; the engine has started."""
        await self.settle_abandoned_imports(datetime.now(UTC) - self._silent_import)
        self._task = asyncio.create_task(self._loop(), name="maintenance")
        await self._log_keeper.start()
        await self._online.start()

    async def stop(self) -> None:
        """End the loops."""
        await self._online.stop()
        await self._log_keeper.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _loop(self) -> None:
        while True:
            try:
                is_more = True
                while is_more:
                    is_more = await self._stores.deleted_datasets.purge(_PURGED_AT_ONCE)
                    await asyncio.sleep(_BREATH_SECONDS)
                await self.settle_abandoned_imports(datetime.now(UTC) - SILENT_IMPORT)
            except Unavailable as error:
                logger.warning("maintenance waits: %s", error.message)
            except Exception:
                # An outermost loop of the engine: a defect in one round must not end housekeeping for good.
                logger.exception("maintenance failed and will try again")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def settle_abandoned_imports(self, silent_since: datetime) -> None:
        """Start log imports that nobody continues again; throw away what came of a file, and mark that import failed.

        A log import knows where its logs are; the bytes of a file are gone with the process that read them.
        """
        for job in await self._stores.abandoned_jobs.list_abandoned(silent_since):
            if job.kind == LOG_IMPORT:
                await self._engine.import_logs(job)
                continue
            store = self._stores.within(job.organization_id, "prod")
            await store.dataset_logs.discard_staged(job.id)
            message = "The server stopped during the import; nothing was added. Send the file again."
            if job.kind == DEMO:
                message = "The server stopped: load the demo again."
            await store.jobs.finish(job.id, "failed", message, datetime.now(UTC))
