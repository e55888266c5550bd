"""Rate limits: how many requests and tokens a minute may leave, without a window in which there were more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

_MINUTE_SECONDS = 60.0
# Requests leave evenly and arrive unevenly: a hundredth less keeps the provider's own count below its limit.
_MARGIN = 1.01

# Takes the time between two units, how far a burst may run ahead, and the units wanted, all in seconds but the last;
# returns how long to wait before they may leave.
Reserve = Callable[[float, float, int], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit of `per_minute` units in any minute.

    The generic cell rate algorithm (ITU-T I.371): a burst of a sixtieth, and the rest evenly, so that burst and flow
    together never pass the limit.
    """

    per_minute: int

    @property
    def burst(self) -> int:
        """How many units may leave at once."""
        return max(1, self.per_minute // 60)

    @property
    def interval_seconds(self) -> float:
        """The time between two units of the even flow."""
        return _MARGIN * _MINUTE_SECONDS / max(self.per_minute - self.burst, 1)

    @property
    def tolerance_seconds(self) -> float:
        """How far ahead of the even flow a burst may run."""
        return (self.burst - 1) * self.interval_seconds


class LocalReservations:
    """The reservations of one process: where the even flow has got to.

    It begins without a burst: what a process that died sent in the minute before, nobody knows.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: float | None = None

    async def reserve(self, interval_seconds: float, tolerance_seconds: float, units: int) -> float:
        """Take `units` and return how many seconds to wait before they may leave."""
        now = self._clock()
        if self._free_at is None:
            self._free_at = now + tolerance_seconds
        wait = max(0.0, self._free_at - tolerance_seconds - now)
        self._free_at = max(self._free_at, now) + units * interval_seconds
        return wait


class RateLimit:
    """Lets callers through at a rate; each waits for its own turn."""

    def __init__(self, rate: Rate, reserve: Reserve) -> None:
        self._rate = rate
        self._reserve = reserve

    async def enter(self, units: int = 1) -> None:
        """Wait until `units` may leave; more than the limit of a minute count as that."""
        units = min(max(units, 1), self._rate.per_minute)
        wait = await self._reserve(self._rate.interval_seconds, self._rate.tolerance_seconds, units)
        if wait > 0:
            await asyncio.sleep(wait)
