"""The replies that are kept stay bounded, in number and in age, without anybody waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from assay.ports.store import Stores
from assay.stores.sql.database import Database
from assay.stores.sql.judge_cache import KEPT_FOR, SqlJudgeCache
from tests.conformance.builders import T0
from tests.conformance.conftest import KINDS
from tests.conformance.log_builders import fresh_stores


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind in turn, empty."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def cache_of(stores: Stores, organization_id: int = 1, kept_replies: int = 10) -> SqlJudgeCache:
    database: Database = stores.access.database  # type: ignore[attr-defined]
    return SqlJudgeCache(database, organization_id, kept_replies)


async def kept(cache: SqlJudgeCache, count: int) -> list[int]:
    return [number for number in range(count) if await cache.find(number.to_bytes(2, "big")) is not None]


async def fill(cache: SqlJudgeCache, count: int, apart: timedelta) -> None:
    for number in range(count):
        await cache.put(number.to_bytes(2, "big"), b"{}", T0 + number * apart)


def test_beyond_the_bound_the_oldest_replies_are_forgotten(stores: Stores) -> None:
    async def work() -> None:
        await fill(cache_of(stores), 25, timedelta(seconds=1))
        # The look at what is too much comes with the first reply that a process stores, and then now and then.
        await cache_of(stores).put(b"new", b"{}", T0 + timedelta(seconds=99))
        assert await kept(cache_of(stores), 25) == list(range(16, 25))

    asyncio.run(work())


def test_replies_older_than_a_month_are_forgotten(stores: Stores) -> None:
    async def work() -> None:
        await fill(cache_of(stores, kept_replies=1_000), 5, timedelta(days=1))
        now = T0 + KEPT_FOR + timedelta(days=2)
        await cache_of(stores, kept_replies=1_000).put(b"new", b"{}", now)
        assert await kept(cache_of(stores), 5) == [3, 4]

    asyncio.run(work())
