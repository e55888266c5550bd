"""The gate of one provider: who may call it now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from assay.engine.adaptive import AdaptiveLimit
from assay.engine.fair_slots import FairSlots
from assay.engine.rate_limit import LocalReservations, Rate, RateLimit, Reserve
from assay.model.provider import ProviderLimits


class ProviderGate:
    """Concurrency that adapts, requests and tokens a minute, and fairness among runs, for one provider."""

    def __init__(self, limits: ProviderLimits, reservations: Callable[[str], Reserve] | None = None) -> None:
        """`reservations` makes what counts a limit of that name for all processes together; without it, for one."""
        self._adaptive = AdaptiveLimit(limits.max_concurrency)
        self._slots = FairSlots(limits.max_concurrency)

        def limit(name: str, per_minute: int | None) -> RateLimit | None:
            if per_minute is None:
                return None
            reserve = LocalReservations().reserve if reservations is None else reservations(name)
            return RateLimit(Rate(per_minute), reserve)

        self._requests = limit("requests", limits.requests_per_minute)
        self._tokens = limit("tokens", limits.tokens_per_minute)

    @asynccontextmanager
    async def enter(self, run: str, most: int, tokens: int, *, is_retry: bool = False) -> AsyncIterator[None]:
        """Wait for a slot and the rate limits, and hold the slot during the call; `tokens` is what it may take."""
        async with self._slots.hold(run, most, is_retry=is_retry):
            if self._requests is not None:
                await self._requests.enter()
            if self._tokens is not None:
                await self._tokens.enter(tokens)
            yield

    def note(self, *, is_refusal: bool) -> None:
        """Learn from an answer: whether it was a refusal for too many requests."""
        if self._adaptive.note(is_refusal=is_refusal):
            self._slots.set_limit(self._adaptive.value)
