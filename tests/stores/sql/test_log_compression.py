"""Dictionaries are learnt when there is enough to learn from, kept only where they pay, and never lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from assay.assembly import open_stores
from assay.filters.log_query import LogQuery
from assay.model.request_log import RequestLogDraft
from assay.ports.store import Store, Stores
from assay.settings import Settings
from assay.stores.sql.database import Database
from tests.conformance.builders import T0
from tests.conformance.log_builders import log_draft, record

CODECS = "SELECT codec, count(*), sum(length(data)) FROM request_log_body GROUP BY codec ORDER BY codec"


def conversations(count: int, seed: int = 1) -> list[RequestLogDraft]:
    """Return logs that say much the same."""
    draw = random.Random(seed)
    return [
        log_draft(
            [
                {"role": "system", "content": "You are the assistant of a shop. Answer politely and in one sentence."},
                {"role": "user", "content": f"Where is order {draw.randrange(10**6)} of shop {draw.randrange(999)}?"},
            ],
            {"choices": [{"message": {"role": "assistant", "content": f"It arrives on day {draw.randrange(365)}."}}]},
        )
        for _ in range(count)
    ]


def noise(count: int) -> list[RequestLogDraft]:
    """Return logs that have nothing in common."""
    draw = random.Random(2)
    return [log_draft(f"{draw.getrandbits(16_000):x}") for _ in range(count)]


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for a test."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def open_here(tmp_path: Path) -> Iterator[Callable[[], Stores]]:
    """Open the stores of this test, again and again; each closes those before."""
    opened: list[Stores] = []

    def reopen() -> Stores:
        for stores in opened:
            stores.close()
        opened[:] = [open_stores(Settings(tmp_path))]
        return opened[0]

    yield reopen
    for stores in opened:
        stores.close()


async def new_store(stores: Stores) -> Store:
    organization = await stores.access.create_organization(str(uuid4()), "an organisation", T0)
    return stores.within(organization.id, "prod")


async def codecs(stores: Stores) -> dict[int, tuple[int, int]]:
    """Return how many bodies there are of each codec, and their bytes."""
    logs: Database = stores._logs  # type: ignore[attr-defined]
    rows = await logs.read(lambda connection: connection.rows(CODECS))
    return {row[0]: (row[1], row[2]) for row in rows}


def test_nothing_is_learnt_from_few_logs(open_here: Callable[[], Stores], loop: asyncio.Runner) -> None:
    async def work() -> None:
        stores = open_here()
        store = await new_store(stores)
        assert not await stores.log_upkeep.train_compression()
        await record(store, conversations(1_999))
        assert not await stores.log_upkeep.train_compression()
        # One more is enough.
        await record(store, conversations(1))
        assert await stores.log_upkeep.train_compression()
        assert not await stores.log_upkeep.train_compression()

    loop.run(work())


def test_new_bodies_are_smaller_with_a_dictionary_and_all_stay_readable(
    open_here: Callable[[], Stores], loop: asyncio.Runner
) -> None:
    drafts = conversations(2_000)

    async def content_of(store: Store, ids: list[str]) -> list[Any]:
        return [log.content for log in await store.request_logs.find_many(ids)]

    async def work() -> None:
        stores = open_here()
        store = await new_store(stores)
        before = await record(store, drafts)
        plain = (await codecs(stores))[1]
        assert await stores.log_upkeep.train_compression()
        after = await record(store, drafts)
        # The number of the dictionary is the codec.
        number = max(await codecs(stores))
        learnt = (await codecs(stores))[number]
        assert number > 1
        assert learnt[0] == plain[0] == 2_000
        assert learnt[1] < plain[1] * 0.7
        expected = [draft.content for draft in drafts]
        assert await content_of(store, before) == await content_of(store, after) == expected
        for _ in range(2):
            stores = open_here()
            store = stores.within(store.organization_id, "prod")
            assert await content_of(store, [*before, *after]) == [*expected, *expected]
            # A server that starts again goes on with the dictionary it has.
            assert not await stores.log_upkeep.train_compression()
            await record(store, drafts[:10])
        assert (await codecs(stores))[number][0] == 2_020
        assert (await store.request_logs.count(LogQuery())).number == 4_020
        assert await stores.verify() == []

    loop.run(work())


def test_a_dictionary_that_does_not_pay_is_not_kept(open_here: Callable[[], Stores], loop: asyncio.Runner) -> None:
    async def work() -> None:
        stores = open_here()
        store = await new_store(stores)
        await record(store, noise(2_000))
        assert not await stores.log_upkeep.train_compression()
        (log_id,) = await record(store, noise(1))
        assert (await store.request_logs.get(log_id)).content == noise(1)[0].content
        assert set(await codecs(stores)) <= {0, 1}

    loop.run(work())


def test_logs_recorded_while_a_dictionary_is_learnt_are_all_readable(
    open_here: Callable[[], Stores], loop: asyncio.Runner
) -> None:
    async def work() -> None:
        stores = open_here()
        store = await new_store(stores)
        await record(store, conversations(2_000))
        drafts = conversations(400, seed=7)
        calls: list[Awaitable[list[str]]] = [record(store, [draft]) for draft in drafts]
        trained, *recorded = await asyncio.gather(stores.log_upkeep.train_compression(), *calls)
        assert trained
        logs = await store.request_logs.find_many([ids[0] for ids in recorded])
        assert [log.content for log in logs] == [draft.content for draft in drafts]

    loop.run(work())
