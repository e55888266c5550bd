"""No minute has more requests than its limit, whatever the callers do, and the limit is used."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engine.rate_limit import LocalReservations, Rate


def departures(rate: Rate, arrivals: list[float]) -> list[float]:
    """Return when requests leave that come at these times, by a clock that the test turns."""
    now = 0.0

    async def scenario() -> list[float]:
        nonlocal now
        reservations = LocalReservations(lambda: now)
        left = []
        for arrival in arrivals:
            now = arrival
            wait = await reservations.reserve(rate.interval_seconds, rate.tolerance_seconds, 1)
            left.append(arrival + wait)
        return left

    return asyncio.run(scenario())


def busiest_minute(times: list[float]) -> int:
    ordered = sorted(times)
    busiest = start = 0
    for end, time in enumerate(ordered):
        while ordered[start] <= time - 60:
            start += 1
        busiest = max(busiest, end - start + 1)
    return busiest


@settings(max_examples=60, deadline=None)
@given(
    per_minute=st.integers(1, 3_000),
    gaps=st.lists(st.floats(0, 20) | st.just(0.0), min_size=1, max_size=400),
)
def test_no_minute_has_more_requests_than_the_limit(per_minute: int, gaps: list[float]) -> None:
    arrivals, now = [], 0.0
    for gap in gaps:
        now += gap
        arrivals.append(now)
    left = departures(Rate(per_minute), arrivals)
    assert busiest_minute(left) <= per_minute
    assert all(leave >= arrival for leave, arrival in zip(left, arrivals, strict=True))


@pytest.mark.parametrize("per_minute", [60, 600, 6_000])
def test_a_rush_uses_nearly_all_of_the_limit(per_minute: int) -> None:
    left = departures(Rate(per_minute), [0.0] * (per_minute * 3))
    assert busiest_minute(left) >= 0.95 * per_minute


def test_a_first_request_never_waits() -> None:
    assert departures(Rate(1), [5.0]) == [5.0]
