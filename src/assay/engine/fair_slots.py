"""Slots for calls in flight, shared fairly by the runs that want them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairSlots:
    """At most `limit` holders; who holds the fewest is served next, and nobody holds more than they said.

    A run is told by its key. Whoever tries again after a failure goes before those of the same run that never tried.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: Counter[str] = Counter()
        self._most: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._in_use = 0

    @property
    def limit(self) -> int:
        """How many may hold a slot now."""
        return self._limit

    def set_limit(self, limit: int) -> None:
        """Let more or fewer hold a slot; who holds one keeps it."""
        self._limit = max(1, limit)
        self._serve()

    @asynccontextmanager
    async def hold(self, key: str, most: int, *, is_retry: bool = False) -> AsyncIterator[None]:
        """Hold a slot for the run `key`, which holds at most `most` of them."""
        await self._take(key, most, is_retry)
        try:
            yield
        finally:
            self._in_use -= 1
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
            self._serve()

    async def _take(self, key: str, most: int, is_retry: bool) -> None:
        self._most[key] = most
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(key, deque())
        if is_retry:
            queue.appendleft(turn)
        else:
            queue.append(turn)
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # Served and cancelled at the same moment: the slot goes to the next.
                self._in_use -= 1
                self._held[key] -= 1
                self._serve()
            else:
                self._forget(key, turn)
            raise

    def _forget(self, key: str, turn: asyncio.Future[None]) -> None:
        queue = self._waiting.get(key)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._waiting[key]

    def _serve(self) -> None:
        while self._in_use < self._limit:
            wanting = [key for key in self._waiting if self._held[key] < self._most[key]]
            if not wanting:
                return
            key = min(wanting, key=lambda one: self._held[one])
            queue = self._waiting[key]
            turn = queue.popleft()
            if queue:
                # To the end of the order: equals take turns.
                self._waiting[key] = self._waiting.pop(key)
            else:
                del self._waiting[key]
            if turn.done():
                continue
            self._in_use += 1
            self._held[key] += 1
            turn.set_result(None)
