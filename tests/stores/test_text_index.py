"""The text index finds what the reference finds, whatever part of the logs it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import true

from assay.filters.log_query import LogQuery
from assay.filters.search import TextSearch
from assay.ports.store import Stores
from assay.stores.sql import text_index
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.sqlite import DIALECT
from tests.conformance.log_builders import (
    Filled,
    fill,
    found_ids,
    fresh_stores,
    log_draft,
    new_organization,
    random_logs,
    record,
    searches,
)

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(scope="module", params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for this module alone."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def database_of(stores: Stores) -> Database:
    """Return the database behind stores."""
    return stores.log_upkeep.database  # type: ignore[attr-defined, no-any-return]


def indexed(stores: Stores) -> set[int]:
    """Return the sequences that have words in the index."""
    column = "rowid" if database_of(stores).dialect_name == "sqlite" else "sequence"
    statement = f"SELECT {column} FROM request_log_text"
    return {row[0] for row in asyncio.run(database_of(stores).read(lambda connection: connection.rows(statement)))}


async def index_all(stores: Stores) -> None:
    """Put everything into the index."""
    while await stores.log_upkeep.index_text(1000):
        pass


def searching(*words: str, phrases: tuple[tuple[str, ...], ...] = ()) -> LogQuery:
    """Return a query for words and phrases."""
    return LogQuery(search=TextSearch(words, phrases))


@pytest.fixture(scope="module", params=("nothing", "a part", "everything"))
def filled(request: pytest.FixtureRequest, stores: Stores) -> Filled:
    """Random logs of which the index holds nothing, a part or everything."""

    async def work() -> Filled:
        await index_all(stores)
        logs = await fill(stores, random_logs(7, 150))
        if request.param == "a part":
            await stores.log_upkeep.index_text(70)
        elif request.param == "everything":
            await index_all(stores)
        return logs

    return asyncio.run(work())


@given(search=searches)
def test_a_search_finds_what_the_reference_finds(filled: Filled, search: TextSearch) -> None:
    query = LogQuery(search=search)
    expected = {filled.ids[place] for place in filled.matching(query)}
    assert set(asyncio.run(found_ids(filled.store, query))) == expected


@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_phrase_does_not_cross_two_strings(stores: Stores, is_indexed: bool) -> None:
    async def work() -> tuple[list[str], list[str]]:
        store = (await new_organization(stores))["prod"]
        within, across = await record(
            store, [log_draft(["my Refund-policy!", "x"]), log_draft(["my refund", "policy x"])]
        )
        if is_indexed:
            await index_all(stores)
        both = await found_ids(store, searching("refund", "policy"))
        assert set(both) == {within, across}
        return await found_ids(store, searching(phrases=(("refund", "policy"),))), [within]

    found, expected = asyncio.run(work())
    assert found == expected


@pytest.mark.parametrize("is_indexed", [False, True])
def test_words_are_of_input_and_output_only(stores: Stores, is_indexed: bool) -> None:
    async def work() -> list[list[str]]:
        store = (await new_organization(stores))["prod"]
        draft = log_draft("apple", {"role": "cherry", "content": "Banana"}, metadata={"a": "date"}, model="elder")
        await record(store, [draft])
        if is_indexed:
            await index_all(stores)
        return [await found_ids(store, searching(word)) for word in ("apple", "banana", "cherry", "date", "elder")]

    assert [len(ids) for ids in asyncio.run(work())] == [1, 1, 0, 0, 0]


def test_a_log_with_more_words_than_postgresql_indexes_is_found(stores: Stores) -> None:
    words = [f"{number:x}q" for number in range(200_000, 400_000)]

    async def work() -> tuple[list[str], list[list[str]]]:
        store = (await new_organization(stores))["prod"]
        ids = await record(store, [log_draft(" ".join(words)), log_draft("small")])
        await index_all(stores)
        queries = (
            searching(words[7], words[-1]),
            searching(phrases=((words[7], words[8]),)),
            searching(words[7], "absent"),
            searching(phrases=((words[8], words[7]),)),
            searching("small"),
        )
        return ids, [await found_ids(store, query) for query in queries]

    (large, small), found = asyncio.run(work())
    assert found == [[large], [large], [], [], [small]]


def test_a_deleted_log_leaves_the_index(stores: Stores) -> None:
    async def work() -> tuple[int, int]:
        store = (await new_organization(stores))["prod"]
        gone, stays = await record(store, [log_draft("kiwi"), log_draft("kiwi")])
        await index_all(stores)
        sequences = [log.sequence for log in await store.request_logs.find_many([gone, stays])]
        await store.request_logs.delete(gone)
        assert await found_ids(store, searching("kiwi")) == [stays]
        return sequences[0], sequences[1]

    gone, stays = asyncio.run(work())
    assert gone not in indexed(stores)
    assert stays in indexed(stores)


def test_what_is_deleted_while_its_words_are_cut_does_not_come_into_the_index(stores: Stores) -> None:
    async def work() -> tuple[int, int]:
        await index_all(stores)
        store = (await new_organization(stores))["prod"]
        gone, stays = await record(store, [log_draft("plum"), log_draft("plum")])
        sequences = [log.sequence for log in await store.request_logs.find_many([gone, stays])]
        cut = await database_of(stores).read(text_index._Slice(100))
        assert cut is not None
        await store.request_logs.delete(gone)
        await database_of(stores).write(cut.write)
        return sequences[0], sequences[1]

    gone, stays = asyncio.run(work())
    assert gone not in indexed(stores)
    assert stays in indexed(stores)


def test_two_who_index_at_once_put_every_log_in_once(stores: Stores) -> None:
    async def work() -> list[str]:
        store = (await new_organization(stores))["prod"]
        await record(store, [log_draft(f"quince {number}") for number in range(1_500)])
        more = [True, True]
        while any(more):
            more = await asyncio.gather(*(stores.log_upkeep.index_text(300) for _ in range(2)))
        return await found_ids(store, searching("quince"))

    assert len(set(asyncio.run(work()))) == 1_500
    statement = "SELECT count(*), max(watermark) FROM text_index"
    read = database_of(stores).read(
        lambda connection: (
            connection.rows(statement),
            connection.rows("SELECT max(sequence) FROM request_log"),
        )
    )
    (watermark,), (newest,) = asyncio.run(read)
    assert watermark == (1, newest[0])


def test_the_tail_is_read_without_a_walk_over_older_logs(stores: Stores) -> None:
    database = database_of(stores)
    if database.dialect_name != "sqlite":
        pytest.skip("SQLite's planner has no statistics")
    tail = text_index._TailBatch(text_index.request_log.c.scope == 2, TextSearch(("a",)), watermark=10, newest=20)
    text = str(tail._statement.compile(dialect=DIALECT))
    values = tail._statement.compile(dialect=DIALECT).params

    def plan(connection: Connection) -> list[Any]:
        return [row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {text}", values)]

    steps = asyncio.run(database.read(plan))
    assert steps[0].startswith("SEARCH tail USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), steps
    assert not any("SCAN" in step or "request_log_time" in step or "TEMP B-TREE" in step for step in steps), steps


def test_a_search_for_nothing_is_no_condition(stores: Stores) -> None:
    condition = asyncio.run(text_index.search_condition(database_of(stores), true(), TextSearch(())))
    assert condition.compare(true())
