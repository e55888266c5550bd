"""Logs are forgotten after their time and nothing of them is left; counting keeps within its time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from assay.filters.log_query import LogQuery
from assay.filters.search import TextSearch
from assay.model.page import Sort
from assay.model.request_log import RequestLogChanges
from assay.ports.store import Stores
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.log_count import count_lines
from assay.stores.sql.log_query_sql import without_search
from assay.stores.sql.log_upkeep import _expired, _last_before
from assay.stores.sql.tables import request_log
from tests.conformance.builders import ALL
from tests.conformance.log_builders import found_ids, fresh_stores, log_draft, new_organization, record, where

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
EVERY = LogQuery()


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for one test."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def database_of(stores: Stores) -> Database:
    """Return the database behind stores."""
    return stores.log_upkeep.database  # type: ignore[attr-defined, no-any-return]


def count_of(stores: Stores, table: str) -> int:
    """Return how many rows a table has."""
    read = database_of(stores).read(lambda connection: connection.rows(f"SELECT count(*) FROM {table}"))
    return int(asyncio.run(read)[0][0])


def test_logs_older_than_they_are_kept_go_with_all_that_belongs_to_them(stores: Stores) -> None:
    async def work() -> None:
        within = await new_organization(stores)
        store = within["prod"]
        await record(store, [log_draft("word", trace_unique_id=f"t{number % 7}") for number in range(450)])
        (young,) = await record(store, [log_draft("word", trace_unique_id="t0")])
        await record(within["test"], [log_draft("word")])
        await stores.log_upkeep.index_text(400)
        await store.retention.set({"prod": 7})
        now = (await store.request_logs.get(young)).created_at + timedelta(days=7)
        assert not await stores.log_upkeep.delete_expired(now, 10_000)
        assert await found_ids(store) == [young]
        assert await found_ids(store, LogQuery(search=TextSearch(("word",)))) == [young]
        traces, _ = await store.traces.page(EVERY, Sort("end_time"), ALL)
        assert [(trace.trace_unique_id, trace.span_count) for trace in traces] == [("t0", 1)]
        assert len(await found_ids(within["test"])) == 1
        assert await stores.log_upkeep.delete_expired(now + timedelta(seconds=1), 10_000) is False
        assert await found_ids(store) == []

    asyncio.run(work())
    assert (count_of(stores, "request_log"), count_of(stores, "request_log_body"), count_of(stores, "trace")) == (
        1,
        1,
        0,
    )
    assert count_of(stores, "request_log_text") == 0


def test_what_is_too_much_for_one_turn_is_left_for_the_next(stores: Stores) -> None:
    async def work() -> list[tuple[bool, int]]:
        store = (await new_organization(stores))["prod"]
        ids = await record(store, [log_draft(number) for number in range(500)])
        await store.retention.set({"prod": 1})
        now = (await store.request_logs.get(ids[-1])).created_at + timedelta(days=2)
        turns = []
        for _ in range(3):
            is_more = await stores.log_upkeep.delete_expired(now, 210)
            turns.append((is_more, len(await found_ids(store))))
        return turns

    assert asyncio.run(work()) == [(True, 290), (True, 80), (False, 0)]


def test_a_pinned_log_is_kept(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        pinned, _ = await record(store, [log_draft(1), log_draft(2)])
        log = await store.request_logs.update(pinned, RequestLogChanges(is_pinned=True))
        await store.retention.set({"prod": 1})
        assert not await stores.log_upkeep.delete_expired(log.created_at + timedelta(days=2), 100)
        assert await found_ids(store) == [pinned]

    asyncio.run(work())


def test_nothing_is_deleted_where_no_days_are_set(stores: Stores) -> None:
    async def work() -> None:
        within = await new_organization(stores)
        other = (await new_organization(stores))["prod"]
        (log_id,) = await record(within["prod"], [log_draft(1)])
        assert await within["prod"].retention.get() == {"prod": None, "test": None}
        await within["prod"].retention.set({"prod": 3, "test": 5})
        await within["test"].retention.set({"prod": None})
        await other.retention.set({"prod": 1})
        assert await within["prod"].retention.get() == {"prod": None, "test": 5}
        created_at = (await within["prod"].request_logs.get(log_id)).created_at
        assert not await stores.log_upkeep.delete_expired(created_at + timedelta(days=4000), 100)
        assert await found_ids(within["prod"]) == [log_id]

    asyncio.run(work())


def test_the_last_log_before_a_moment_is_found_whatever_is_missing(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        ids = [(await record(store, [log_draft(number)]))[0] for number in range(12)]
        for place in (0, 3, 4, 5, 11):
            await store.request_logs.delete(ids[place])
        logs = await store.request_logs.find_many(ids)
        for number, log in enumerate(logs):
            cutoff = int(log.created_at.timestamp() * 1_000_000)
            last = await database_of(stores).read(lambda connection, cutoff=cutoff: _last_before(connection, cutoff))
            assert [one.id for one in logs if one.sequence <= last] == [one.id for one in logs[:number]]

    asyncio.run(work())


def test_expired_logs_are_found_without_a_walk_over_the_logs_of_others(stores: Stores) -> None:
    if database_of(stores).dialect_name != "sqlite":
        pytest.skip("PostgreSQL's planner has statistics")

    def plans(connection: Connection) -> list[str]:
        seen: list[str] = []

        class Watched:
            dialect_name = "sqlite"

            def rows(self, statement: str, parameters: Any = None) -> Any:
                seen.extend(row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {statement}", parameters))
                return connection.rows(statement, parameters)

        _expired(Watched(), scope=2, cutoff=1, most=10)  # type: ignore[arg-type]
        return seen

    async def work() -> list[str]:
        await record((await new_organization(stores))["prod"], [log_draft(1)])
        return await database_of(stores).read(plans)

    steps = asyncio.run(work())
    assert steps[-1] == "SEARCH request_log USING INDEX request_log_time (scope=?)", steps
    assert all(step.startswith(("SEARCH request_log", "SEARCH")) for step in steps), steps


def test_a_count_without_time_is_a_lower_bound_and_says_so(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        for _ in range(4):
            await record(store, [log_draft("x" * 200, metadata={"plan": "pro"}) for _ in range(5_000)])
        query = where("metadata.plan", "pro", operator="icontains")
        condition = without_search(store.organization_id, "prod", query, database_of(stores).dialect_name)
        bound = await count_lines(database_of(stores), request_log, condition, 0.004)
        assert not bound.is_exact
        assert bound.number < 20_000
        # The connection is as it was.
        for _ in range(8):
            assert (await count_lines(database_of(stores), request_log, condition)).number == 20_000
        patient = await count_lines(database_of(stores), request_log, condition, 30.0)
        assert (patient.number, patient.is_exact) == (20_000, True)

    asyncio.run(work())
