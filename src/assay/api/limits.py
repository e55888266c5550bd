"""How large a body may be, and how many bytes of bodies may be in memory at once."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.model.errors import TooLarge, Unavailable

MEBIBYTE = 1024 * 1024
# A log or row may have 20 MB; a little more for the JSON around it.
ONE_ROW = 21 * MEBIBYTE
MANY_ROWS = 100 * MEBIBYTE
_MOST_IN_FLIGHT = 256 * MEBIBYTE
_BUSY = "The server is reading as many bytes as it can hold: send this again in a moment."


class Budget:
    """Counts the bytes of bodies that are being read and decoded, from any thread."""

    def __init__(self, most_bytes: int = _MOST_IN_FLIGHT) -> None:
        self._most = most_bytes
        self._used = 0
        self._lock = threading.Lock()

    def check(self, size: int) -> None:
        """Raise Unavailable when a body of this many bytes would find no room now."""
        # A single body always finds room in an empty house.
        if self._used and self._used + size > self._most:
            raise Unavailable(_BUSY)

    def take(self, size: int) -> None:
        """Charge bytes that have come in; raises Unavailable when they are too many."""
        with self._lock:
            if self._used + size > self._most:
                raise Unavailable(_BUSY)
            self._used += size

    def give(self, size: int) -> None:
        """Take back a charge."""
        with self._lock:
            self._used -= size


IN_FLIGHT = Budget()
"""The budget of this process."""


class Charge:
    """What one request holds of the budget, and the limit of its own; `give_back` must be called at its end."""

    __slots__ = ("_budget", "_held", "_most", "_size")

    def __init__(self, most_bytes: int, budget: Budget = IN_FLIGHT) -> None:
        self._budget = budget
        self._most = most_bytes
        self._held = 0
        self._size = 0

    def announce(self, size: int) -> None:
        """Check the size that a sender states, before anything is read; raises TooLarge, Unavailable."""
        if size > self._most:
            raise _too_large(self._most)
        self._budget.check(size)

    def take(self, size: int) -> None:
        """Charge bytes of the body itself; raises TooLarge, Unavailable."""
        self._size += size
        if self._size > self._most:
            raise _too_large(self._most)
        self.take_beside(size)

    def take_beside(self, size: int) -> None:
        """Charge bytes that are not the body itself, as its compressed form; raises Unavailable."""
        self._budget.take(size)
        self._held += size

    def give_back(self) -> None:
        """Return everything that is held."""
        self._budget.give(self._held)
        self._held = 0


class Turns:
    """Lets bodies be decoded at once only as long as they are small together, first come first served.

    Decoded JSON can take 25 times the memory of its text, which the budget does not know of.
    """

    def __init__(self, most_bytes: int = ONE_ROW) -> None:
        self._most = most_bytes
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        """Wait for the turn of a body of this many bytes, and hold it."""
        # The largest bodies have the house to themselves.
        share = min(size, self._most)
        if self._waiting or self._used + share > self._most:
            await self._wait(share)
        else:
            self._used += share
        try:
            yield
        finally:
            self._used -= share
            self._admit()

    async def _wait(self, share: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((share, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._used -= share
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting:
            share, turn = self._waiting[0]
            if not turn.cancelled():
                if self._used + share > self._most:
                    return
                self._used += share
                turn.set_result(None)
            self._waiting.popleft()


DECODING = Turns()
"""The turns of this process."""


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"The body is too large: at most {most_bytes // MEBIBYTE} MB are taken here.")
