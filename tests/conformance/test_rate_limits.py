"""Rate limits that processes share: no minute has more than the limit, whoever asks; the same in every store."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from assay.engine.rate_limit import Rate
from assay.ports.store import Stores
from tests.conformance.conftest import Run

# So slow that what passes while the test runs is nothing beside it.
RATE = Rate(120)
INTERVAL, TOLERANCE = 600.0, 600.0 * (RATE.burst - 1)


def test_a_burst_leaves_at_once_and_the_rest_one_after_another(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        name = f"{uuid4()}:requests"
        waits = [await stores.rate_limits.reserve(name, INTERVAL, TOLERANCE, 1) for _ in range(RATE.burst + 3)]
        assert waits[: RATE.burst] == [0.0] * RATE.burst
        assert [round(wait / INTERVAL) for wait in waits[RATE.burst :]] == [1, 2, 3]

    run(work())


def test_those_who_ask_at_once_all_get_turns_of_their_own(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        name = f"{uuid4()}:requests"
        waits = await asyncio.gather(*(stores.rate_limits.reserve(name, INTERVAL, 0.0, 1) for _ in range(20)))
        assert sorted(round(wait / INTERVAL) for wait in waits) == list(range(20))

    run(work())


def test_many_units_take_the_time_of_many(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        name = f"{uuid4()}:tokens"
        assert await stores.rate_limits.reserve(name, INTERVAL, 0.0, 50) == 0.0
        assert await stores.rate_limits.reserve(name, INTERVAL, 0.0, 1) == pytest.approx(50 * INTERVAL, rel=0.01)

    run(work())


def test_limits_of_other_names_do_not_know_each_other(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        first, second = f"{uuid4()}:requests", f"{uuid4()}:requests"
        for name in (first, second):
            assert await stores.rate_limits.reserve(name, INTERVAL, 0.0, 1) == 0.0

    run(work())


def test_what_was_not_used_is_not_saved_up(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        name = f"{uuid4()}:requests"
        assert await stores.rate_limits.reserve(name, 1e-6, 0.0, 1) == 0.0
        await asyncio.sleep(0.01)
        assert await stores.rate_limits.reserve(name, INTERVAL, 0.0, 1) == 0.0
        assert await stores.rate_limits.reserve(name, INTERVAL, 0.0, 1) == pytest.approx(INTERVAL, rel=0.01)

    run(work())
