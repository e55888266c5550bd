"""Whether a request may be sent again, and after how long: pure decisions, no clock and no socket."""

from __future__ import annotations

import random

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
RETRIED_STATUSES = frozenset({429, 503})
LONGEST_WAIT_SECONDS = 30.0


def is_repeatable(method: str, is_read: bool) -> bool:
    """Tell whether sending the request twice does no more than sending it once; `is_read` marks a POST that filters."""
    return is_read or method in IDEMPOTENT_METHODS


def wait_seconds(attempt: int, asked_seconds: float | None) -> float:
    """Return the pause before the next attempt in seconds.

    `attempt` counts from 0. What the server asked for wins; otherwise 0.2 s doubling, with jitter of up to a quarter so
    that many clients do not come back at once. Never longer than 30 s.
    """
    if asked_seconds is not None:
        return min(asked_seconds, LONGEST_WAIT_SECONDS)
    backoff = 0.2 * float(2**attempt)
    return min(backoff * (1.0 + random.random() / 4.0), LONGEST_WAIT_SECONDS)  # noqa: S311 jitter, not a secret


class PollingIntervals:
    """An endless iterator of growing pauses in seconds."""

    def __init__(self, first: float = 0.1, factor: float = 1.5, longest: float = 5.0) -> None:
        self._next = first
        self._factor = factor
        self._longest = longest

    def __iter__(self) -> PollingIntervals:
        return self

    def __next__(self) -> float:
        pause, self._next = self._next, min(self._next * self._factor, self._longest)
        return pause
