"""What is done behind request logs while the server runs: the text index, retention, compression."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from assay.model.errors import Unavailable
from assay.ports.log_retention import LogUpkeep

logger = logging.getLogger(__name__)

# A search looks by itself at what is not indexed yet, so the index need not be quick, only never far behind.
_INDEX_EVERY_SECONDS = 0.25
_INDEXED_AT_ONCE = 500
_DELETE_EVERY_SECONDS = 60.0
_DELETED_AT_ONCE = 2_000
_TRAIN_EVERY_SECONDS = 5.0
# After a full disk or a database that is away: retention is what makes space again.
_TRIED_AGAIN_AFTER_SECONDS = 5.0
# Between two steps, so that requests come first.
_BREATH_SECONDS = 0.02


class LogKeeper:
    """Three loops that do a little, often."""

    def __init__(self, upkeep: LogUpkeep) -> None:
        self._upkeep = upkeep
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin."""
        steps = (
            ("text index", _INDEX_EVERY_SECONDS, lambda: self._upkeep.index_text(_INDEXED_AT_ONCE)),
            ("retention", _DELETE_EVERY_SECONDS, self._delete_expired),
            ("compression", _TRAIN_EVERY_SECONDS, self._upkeep.train_compression),
        )
        self._tasks = [asyncio.create_task(_repeat(*step), name=step[0]) for step in steps]

    async def stop(self) -> None:
        """End, between two steps."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _delete_expired(self) -> bool:
        return await self._upkeep.delete_expired(datetime.now(UTC), _DELETED_AT_ONCE)


async def _repeat(name: str, every_seconds: float, step: Callable[[], Awaitable[bool]]) -> None:
    while True:
        is_more, pause_seconds = False, every_seconds
        try:
            is_more = await step()
        except Unavailable as error:
            pause_seconds = min(every_seconds, _TRIED_AGAIN_AFTER_SECONDS)
            logger.warning("%s waits: %s", name, error.message)
        except Exception:
            # An outermost loop of the engine: a defect in one round must not end it for good.
            logger.exception("%s failed and will try again", name)
        await asyncio.sleep(_BREATH_SECONDS if is_more else pause_seconds)
