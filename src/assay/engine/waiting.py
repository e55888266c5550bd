"""Waiting for a store that is away, or full: a run goes on when it is back, and nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from assay.model.errors import Unavailable

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_PAUSE_SECONDS = 0.5


async def until_available(
    ask: Callable[[], Awaitable[Result]], what: str, is_leaving: Callable[[], bool] = lambda: False
) -> Result:
    """Ask until the store answers and return the answer; raises Unavailable once `is_leaving` says so.

    `what` names for the log what waits.
    """
    is_told = False
    while True:
        try:
            return await ask()
        except Unavailable as error:
            if is_leaving():
                raise
            if not is_told:
                logger.warning("%s waits: %s", what, error.message)
                is_told = True
        await asyncio.sleep(_PAUSE_SECONDS)
