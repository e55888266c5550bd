"""Housekeeping in the background: space of deleted datasets, imports whose process died, when keys were used."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from assay.model.errors import Unavailable
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

    def __init__(self, stores: Stores, silent_import: timedelta) -> None:
        """`silent_import`: how long an import may give no sign of life before it counts as abandoned at the start."""
        self._stores = stores
        self._silent_import = silent_import
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Clean up the imports of a process that died, and begin the loop."""
        await self.discard_abandoned_imports(datetime.now(UTC) - self._silent_import)
        self._task = asyncio.create_task(self._loop(), name="maintenance")

    async def stop(self) -> None:
        """End the loop."""
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
                await self.discard_abandoned_imports(datetime.now(UTC) - SILENT_IMPORT)
            except Unavailable as error:
                logger.warning("maintenance waits: %s", error.message)
            except Exception:
                # An outermost loop of the engine: a defect in one round must not end housekeeping for good.
                logger.exception("maintenance failed and will try again")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def discard_abandoned_imports(self, silent_since: datetime) -> None:
        """Throw away the unpublished rows of imports that nobody continues, and mark them failed."""
        for job in await self._stores.abandoned_jobs.list_abandoned(silent_since):
            store = self._stores.within(job.organization_id, "prod")
            await store.dataset_logs.discard_staged(job.id)
            message = "The server stopped during the import; nothing was added. Send the file again."
            await store.jobs.finish(job.id, "failed", message, datetime.now(UTC))
