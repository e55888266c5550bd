"""How processes that ask the same provider keep one rate limit together."""

from __future__ import annotations

from typing import Protocol


class RateLimitStore(Protocol):
    """Where the even flow behind each limit has got to, by the database's clock."""

    async def reserve(self, name: str, interval_seconds: float, tolerance_seconds: float, units: int) -> float:
        """Take `units` of the limit of this name and return how many seconds to wait before they may leave.

        `interval_seconds` lies between two units; a burst may run `tolerance_seconds` ahead. Raises Unavailable.
        """
        ...
