"""The distributed engine as a server sees it: reports are handed to workers through a queue in PostgreSQL."""

from __future__ import annotations

import logging

from assay.engine.evaluations import Workshop
from assay.engine.job_queue import JobQueue
from assay.engine.server_work import ServerWork
from assay.model.errors import Unavailable
from assay.ports.store import Stores

logger = logging.getLogger(__name__)


class DistributedEngine(ServerWork):
    """Hands reports on; they go on when this server is gone."""

    def __init__(self, stores: Stores, workshop: Workshop, queue: JobQueue) -> None:
        super().__init__(stores, workshop)
        self._queue = queue

    async def start(self) -> None:
        """Hand on every report that is not finished; raises Unavailable when there is no database to reach."""
        await self._queue.open()
        await super().start()
        for report_id in await self._stores.runs.list_unfinished():
            await self.submit(report_id)

    async def submit(self, report_id: str) -> None:
        """Let a worker decide what is to be done about a stored report."""
        if not self._is_running:
            return
        try:
            await self._queue.plan(report_id)
        except Unavailable as error:
            # The report is stored: the next sweep of a worker finds it.
            logger.warning("eval report %s is handed on later: %s", report_id, error.message)

    async def stop(self) -> None:
        """End what this server does itself."""
        await super().stop()
        await self._queue.close()
