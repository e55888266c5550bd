"""The stop of a run: whoever waits for a turn, or backs off, is told at once; whoever is in a call ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Stopped(Exception):
    """The run was stopped before this began."""


class Stop:
    """Set once, for good."""

    def __init__(self) -> None:
        self.is_set = False
        self._waits: set[asyncio.Timeout] = set()

    def set(self) -> None:
        """Let every wait end with Stopped; once it is set, this does nothing."""
        if self.is_set:
            # A wait that is ending already cannot be told again: `reschedule` would raise.
            return
        self.is_set = True
        now = asyncio.get_running_loop().time()
        for wait in self._waits:
            wait.reschedule(now)

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait inside for as long as the run goes on; raises Stopped as soon as it does not."""
        if self.is_set:
            raise Stopped
        try:
            async with asyncio.timeout(None) as wait:
                self._waits.add(wait)
                try:
                    yield
                finally:
                    self._waits.discard(wait)
        except TimeoutError:
            raise Stopped from None
