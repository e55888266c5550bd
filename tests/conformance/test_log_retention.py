"""Logs are forgotten after their time with all that belongs to them, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assay.filters.log_query import LogQuery
from assay.filters.search import TextSearch
from assay.model.errors import NotFound
from assay.model.request_log import RequestLogChanges
from assay.ports.store import Store, Stores
from tests.conformance.builders import change, draft, inputs_of, new_dataset
from tests.conformance.conftest import KINDS, Run
from tests.conformance.log_builders import BOTH, found_ids, fresh_stores, log_draft, new_organization, record

SEARCH = LogQuery(search=TextSearch(("needle",)), environments=BOTH)
EVERYTHING = LogQuery(environments=BOTH)


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores of each kind."""
    with fresh_stores(request.param, tmp_path, request) as opened:
        yield opened


async def forget(stores: Stores, now: datetime, most_logs: int = 10_000) -> int:
    """Delete what has expired; return in how many steps."""
    steps = 1
    while await stores.log_upkeep.delete_expired(now, most_logs):
        steps += 1
        assert steps < 100, "the work never ends"
    return steps


async def moment_after(store: Store, log_id: str, days: int) -> datetime:
    """Return the moment at which exactly what was recorded before this log is too old."""
    return (await store.request_logs.get(log_id)).created_at + timedelta(days=days)


async def index(stores: Stores) -> None:
    """Put everything into the text index."""
    while await stores.log_upkeep.index_text(10_000):
        pass


def test_days_are_set_for_each_environment_and_kept_for_ever_by_default(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        both, other = await new_organization(stores), await new_organization(stores)
        assert await both["prod"].retention.get() == {"prod": None, "test": None}
        await both["prod"].retention.set({"prod": 30})
        await both["test"].retention.set({"test": 7})
        assert await both["test"].retention.get() == {"prod": 30, "test": 7}
        await both["prod"].retention.set({"prod": 90, "test": None})
        assert await both["prod"].retention.get() == {"prod": 90, "test": None}
        assert await other["prod"].retention.get() == {"prod": None, "test": None}

    run(work())


@pytest.mark.parametrize("is_indexed", [False, True])
def test_old_logs_go_and_young_pinned_and_other_ones_stay(stores: Stores, run: Run[Any], is_indexed: bool) -> None:
    async def work() -> None:
        both, other = await new_organization(stores), await new_organization(stores)
        prod, test = both["prod"], both["test"]
        # The time of a log is what it says; how long it is kept counts from when it was recorded.
        future = datetime.now(UTC) + timedelta(days=9_999)
        old = await record(
            prod, [log_draft("needle old", trace_unique_id="t", cost=1.0, timestamp=future) for _ in range(5)]
        )
        (pinned,) = await record(prod, [log_draft("needle pinned", is_pinned=True, trace_unique_id="t", cost=0.5)])
        unpinned, late_pin = await record(prod, [log_draft("needle", is_pinned=True), log_draft("needle")])
        await prod.request_logs.update(unpinned, RequestLogChanges(is_pinned=False))
        await prod.request_logs.update(late_pin, RequestLogChanges(is_pinned=True))
        elsewhere = await record(test, [log_draft("needle elsewhere", trace_unique_id="t")])
        strangers = await record(other["prod"], [log_draft("needle of strangers", trace_unique_id="t")])
        young = await record(prod, [log_draft("needle young", trace_unique_id="t", cost=2.0) for _ in range(3)])
        await prod.retention.set({"prod": 30})
        if is_indexed:
            await index(stores)
        dataset = await new_dataset(prod)
        await prod.dataset_logs.append(dataset, [draft("a copy", source_log_id=old[0])], change())

        await forget(stores, await moment_after(prod, old[0], 30))
        assert set(await found_ids(prod)) == {*old, pinned, unpinned, late_pin, *young}
        await forget(stores, await moment_after(prod, young[0], 30))

        kept = {pinned, late_pin, *elsewhere, *young}
        assert set(await found_ids(prod, EVERYTHING)) == kept
        assert set(await found_ids(prod, SEARCH)) == kept
        assert await found_ids(other["prod"]) == strangers
        for log_id in (old[0], unpinned):
            with pytest.raises(NotFound):
                await prod.request_logs.get(log_id)
        trace = await prod.traces.get("t", LogQuery())
        assert (trace.span_count, trace.cost) == (4, 6.5)
        assert trace.root is not None
        assert trace.root.id == pinned
        assert (await test.traces.get("t", LogQuery(environments=("test",)))).span_count == 1
        # Rows of datasets are copies.
        assert await inputs_of(prod, dataset) == ["a copy"]
        assert await stores.verify() == []
        await index(stores)
        assert set(await found_ids(prod, SEARCH)) == kept
        assert await stores.verify() == []

    run(work())


def test_a_trace_goes_with_its_last_span(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        prod = (await new_organization(stores))["prod"]
        (first,) = await record(prod, [log_draft("needle", trace_unique_id="t")])
        (last,) = await record(prod, [log_draft("last")])
        await prod.retention.set({"prod": 1})
        await forget(stores, await moment_after(prod, last, 1))
        assert (await prod.traces.count(LogQuery())).number == 0
        assert await found_ids(prod, SEARCH) == []
        await forget(stores, await moment_after(prod, last, 2))
        assert await found_ids(prod) == []
        assert await stores.verify() == []
        # What is forgotten may come again.
        again = await record(prod, [log_draft("needle", trace_unique_id="t")])
        assert await found_ids(prod, SEARCH) == again != [first]
        assert await stores.verify() == []

    run(work())


def test_work_is_done_in_steps_that_say_whether_more_is_left(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        both = await new_organization(stores)
        # More in each environment than one transaction takes.
        for store in both.values():
            await record(store, [log_draft(n, trace_unique_id=f"t{n % 7}") for n in range(450)])
        # What is pinned is not in the way, not even when it is more than a step takes.
        pinned = await record(both["prod"], [log_draft("pinned", is_pinned=True) for _ in range(300)])
        (young,) = await record(both["prod"], [log_draft("young")])
        await both["prod"].retention.set({"prod": 3, "test": 3})
        now = await moment_after(both["prod"], young, 3)
        assert await stores.log_upkeep.delete_expired(now, 250)
        assert (await both["prod"].request_logs.count(EVERYTHING)).number == 1_201 - 250
        assert await stores.verify() == []
        assert await forget(stores, now, 250) <= 4
        assert sorted(await found_ids(both["prod"], EVERYTHING)) == sorted([*pinned, young])
        assert not await stores.log_upkeep.delete_expired(now, 250)
        assert await stores.verify() == []

    run(work())


def test_nothing_is_lost_while_others_record_and_index(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        prod = (await new_organization(stores))["prod"]
        old = await record(prod, [log_draft("needle old", trace_unique_id="t") for _ in range(500)])
        (mark,) = await record(prod, [log_draft("needle mark", trace_unique_id="t")])
        await prod.retention.set({"prod": 1})
        now = await moment_after(prod, mark, 1)
        *recorded, _, _, _ = await asyncio.gather(
            *(record(prod, [log_draft(f"needle {n}", trace_unique_id="t")]) for n in range(40)),
            forget(stores, now, 100),
            index(stores),
            index(stores),
        )
        kept = {mark, *(log_id for ids in recorded for log_id in ids)}
        assert set(await found_ids(prod)) == kept
        assert kept.isdisjoint(old)
        assert set(await found_ids(prod, SEARCH)) == kept
        assert (await prod.traces.get("t", LogQuery())).span_count == len(kept)
        await index(stores)
        assert set(await found_ids(prod, SEARCH)) == kept
        assert await stores.verify() == []

    run(work())


def test_logs_are_kept_for_ever_where_no_days_are_set(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        prod = (await new_organization(stores))["prod"]
        ids = await record(prod, [log_draft("needle")])
        far = datetime.now(UTC) + timedelta(days=36_500)
        await forget(stores, far)
        assert await found_ids(prod) == ids
        await prod.retention.set({"prod": 1})
        await prod.retention.set({"prod": None})
        await forget(stores, far)
        assert await found_ids(prod) == ids

    run(work())
