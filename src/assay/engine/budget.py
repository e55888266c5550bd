"""The budget of a run: no call starts that could carry its cost over the limit, as far as the calls before tell."""

from __future__ import annotations

import asyncio

# Before the first costs are known only so many calls are risked.
_PILOT_CALLS = 8


class Budget:
    """Lets model calls start while there is money left for them and for those in flight."""

    def __init__(self, limit_usd: float | None, spent_usd: float) -> None:
        self._limit = limit_usd
        self._spent = spent_usd
        self._in_flight = 0
        self._paid = 0
        self._paid_cost = 0.0
        self._unknown = 0
        self._changed = asyncio.Condition()
        self.is_exhausted = False

    async def enter(self) -> bool:
        """Wait until a call may start; False when there is no money left for it."""
        if self._limit is None:
            return True
        async with self._changed:
            while not self.is_exhausted:
                if self._may_start(self._limit):
                    self._in_flight += 1
                    return True
                if not self._in_flight:
                    self.is_exhausted = True
                    self._changed.notify_all()
                    break
                await self._changed.wait()
        return False

    async def leave(self, cost_usd: float | None) -> None:
        """Note what a call that `enter` let start has cost; unknown costs are guessed as the mean of the others."""
        if self._limit is None:
            return
        async with self._changed:
            self._in_flight -= 1
            if cost_usd is None:
                self._unknown += 1
            elif cost_usd:
                # A failure costs nothing and says nothing about what others will cost.
                self._paid += 1
                self._paid_cost += cost_usd
            self._spent += self._expected if cost_usd is None else cost_usd
            self._changed.notify_all()

    @property
    def _expected(self) -> float:
        return self._paid_cost / self._paid if self._paid else 0.0

    @property
    def is_blind(self) -> bool:
        """Tell whether calls were answered and none of them told its cost, so that no limit can be kept."""
        return self._limit is not None and not self._paid and self._unknown >= _PILOT_CALLS

    def _may_start(self, limit: float) -> bool:
        if self.is_blind:
            return False
        if not self._paid:
            return self._in_flight + self._unknown < _PILOT_CALLS and self._spent < limit
        return self._spent + (self._in_flight + 1) * self._expected <= limit
