"""Random queries over random logs: every way to read or count them agrees with the reference, indexed or not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assay.filters.expression import EVERYTHING, Condition, Field, Operator, walk
from assay.filters.log_query import LogQuery
from assay.filters.search import TextSearch
from assay.model.errors import Invalid, NotFound
from assay.model.page import PageRequest, Sort
from assay.ports.log_samples import SampleOrder
from assay.ports.store import Stores
from tests.conformance.conftest import KINDS, Run
from tests.conformance.log_builders import (
    BOTH,
    BY_ID,
    SORTED_BY,
    Filled,
    fill,
    found_ids,
    fresh_stores,
    log_draft,
    new_organization,
    pages,
    queries,
    random_logs,
    record,
    searches,
    sorts,
    where,
)
from tests.filters.generation import KEYS, STRINGS, TIMES

SAMPLES = random_logs(seed=17, count=240)
# How much of the logs the text index holds while they are searched.
_INDEXED = {"not indexed": 0, "half indexed": 120, "indexed": 240}


@pytest.fixture(scope="module", params=KINDS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run: Run[Any]) -> Iterator[Filled]:
    """SAMPLES in stores of each kind, beside the logs of somebody else; nothing in the text index yet."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("queries"), request) as stores:
        found = run(fill(stores, SAMPLES))
        run(fill(stores, random_logs(seed=23, count=30)))
        yield found


@pytest.fixture(scope="module", params=KINDS)
def indexing_stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind whose text index follows the wishes of `indexed`."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("searches"), request) as stores:
        yield stores


@pytest.fixture(scope="module", params=list(_INDEXED))
def indexed(indexing_stores: Stores, request: pytest.FixtureRequest, run: Run[Any]) -> Filled:
    """The same logs with the first of them in the text index, and all that came before."""
    while run(indexing_stores.log_upkeep.index_text(10_000)):
        pass
    filled = run(fill(indexing_stores, SAMPLES))
    run(indexing_stores.log_upkeep.index_text(_INDEXED[request.param]))
    return filled


def _is_refused(filled: Filled, query: LogQuery) -> bool:
    """PostgreSQL cannot be asked every regular expression."""
    nodes = walk(query.expression)
    has_pattern = any(isinstance(node, Condition) and node.operator is Operator.REGEX for node in nodes)
    return has_pattern and "Postgresql" in repr(filled.store.request_logs)


@settings(max_examples=60)
@given(query=queries(), sort=sorts, page=pages)
def test_a_page_shows_the_logs_that_match_in_order(
    filled: Filled, run: Run[Any], query: LogQuery, sort: Sort, page: PageRequest
) -> None:
    async def work() -> None:
        places = filled.matching(query)
        expected = filled.in_order(places, sort)
        try:
            logs, has_more = await filled.store.request_logs.page(query, sort, page)
        except Invalid:
            assert _is_refused(filled, query)
            return
        assert [log.id for log in logs] == expected[page.offset : page.offset + page.size]
        assert has_more == (len(expected) > page.offset + page.size)
        previews, _ = await filled.store.request_logs.page(query, sort, page, previews_only=True)
        assert [log.id for log in previews] == [log.id for log in logs]

    run(work())


@settings(max_examples=40)
@given(query=queries(with_search=False), sort=sorts, size=st.sampled_from((7, 30, 100)))
def test_pages_and_cursors_joined_are_the_whole_list(
    filled: Filled, run: Run[Any], query: LogQuery, sort: Sort, size: int
) -> None:
    async def work() -> None:
        logs, expected = filled.store.request_logs, filled.in_order(filled.matching(query), sort)
        paged: list[str] = []
        try:
            for number in range(1, 100):
                part, has_more = await logs.page(query, sort, PageRequest(number, size), previews_only=True)
                paged += [log.id for log in part]
                if not has_more:
                    break
        except Invalid:
            assert _is_refused(filled, query)
            return
        assert paged == expected
        assert await _followed(filled, query, sort, size) == expected

    run(work())


async def _followed(filled: Filled, query: LogQuery, sort: Sort, size: int) -> list[str]:
    """Return the ids on all pages, each found by the cursor of the one before."""
    ids: list[str] = []
    cursor = None
    for _ in range(300):
        part, cursor = await filled.store.request_logs.page_after(query, sort, cursor, size, previews_only=True)
        ids += [log.id for log in part]
        if cursor is None:
            return ids
        assert len(part) == size
    raise AssertionError("the cursors never end")


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", SORTED_BY)
def test_cursors_go_through_all_logs_under_every_sort(
    filled: Filled, run: Run[Any], name: str, descending: bool
) -> None:
    sort, query = Sort(name, descending), LogQuery(environments=BOTH)
    expected = filled.in_order(range(len(SAMPLES)), sort)
    for size in (11, 240, 1_000):
        assert run(_followed(filled, query, sort, size)) == expected


def test_a_cursor_goes_on_where_it_was_while_logs_come_and_go(filled: Filled, run: Run[Any]) -> None:
    async def work() -> None:
        store = (await new_organization(filled.stores))["prod"]
        ids = await record(store, [log_draft(n, prompt_tokens=n // 2) for n in range(10)])
        sort = Sort("prompt_tokens")
        first, cursor = await store.request_logs.page_after(LogQuery(), sort, None, 4)
        assert [log.id for log in first] == ids[:4]
        await store.request_logs.delete(ids[3])
        await store.request_logs.delete(ids[4])
        (new,) = await record(store, [log_draft("new", prompt_tokens=3)])
        await record(store, [log_draft("before", prompt_tokens=0)])
        rest, cursor = await store.request_logs.page_after(LogQuery(), sort, cursor, 10)
        assert [log.id for log in rest] == [ids[5], ids[6], ids[7], new, ids[8], ids[9]]
        assert cursor is None

    run(work())


@settings(max_examples=50)
@given(query=queries())
def test_counts_are_those_of_the_logs_that_match(filled: Filled, run: Run[Any], query: LogQuery) -> None:
    async def work() -> None:
        store, expected = filled.store, len(filled.matching(query))
        try:
            exact = await store.request_logs.count(query)
        except Invalid:
            assert _is_refused(filled, query)
            return
        assert (exact.number, exact.is_exact) == (expected, True)
        in_time = await store.request_logs.count(query, within_seconds=10)
        assert (in_time.number, in_time.is_exact) == (expected, True)
        assert await store.log_samples.count("logs", query) == expected

    run(work())


def test_a_count_without_time_is_an_honest_lower_bound(filled: Filled, run: Run[Any]) -> None:
    query = LogQuery(environments=BOTH)
    found = run(filled.store.request_logs.count(query, within_seconds=0))
    assert found.number == len(SAMPLES) if found.is_exact else found.number <= len(SAMPLES)


@settings(max_examples=25)
@given(query=queries(), order=st.sampled_from(("random", "newest", "failures_first")), seed=st.integers(0, 2**64))
def test_a_sample_of_everything_is_everything_that_matches(
    filled: Filled, run: Run[Any], query: LogQuery, order: SampleOrder, seed: int
) -> None:
    async def work() -> None:
        samples, expected = filled.store.log_samples, filled.matching(query)
        try:
            chosen = await samples.choose("logs", query, order, seed, 0, 1_000)
        except Invalid:
            assert _is_refused(filled, query)
            return
        assert sorted(log.id for log in await samples.read(chosen)) == sorted(filled.ids[place] for place in expected)

    run(work())


# Search ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(search=searches, page=pages, sort=sorts, query=queries(with_search=False))
def test_a_search_finds_the_same_indexed_or_not(
    indexed: Filled, run: Run[Any], search: TextSearch, page: PageRequest, sort: Sort, query: LogQuery
) -> None:
    async def work() -> None:
        logs = indexed.store.request_logs
        wanted = (LogQuery(environments=BOTH, search=search), LogQuery(query.expression, query.start, search=search))
        for one in wanted:
            places = indexed.matching(one)
            try:
                found, _ = await logs.page(one, sort, page, previews_only=True)
            except Invalid:
                assert _is_refused(indexed, one)
                return
            assert [log.id for log in found] == indexed.in_order(places, sort)[page.offset : page.offset + page.size]
            assert (await logs.count(one)).number == len(places)

    run(work())


def test_searches_of_these_tests_find_something(filled: Filled) -> None:
    for words, phrases in ((("foo",), ()), (("5",), ()), (("é",), ()), ((), (("foo", "bar", "baz"),))):
        assert filled.matching(LogQuery(environments=BOTH, search=TextSearch(words, phrases)))


_TEXTS = {
    "nothing": None,
    "long": "x" * 63 + "yz tail",
    "chinese": "请退款给我 refund please",
    "quotes": 'a "quoted" word* AND OR NOT near(x) col:on',
    "mixed": [{"role": "user", "content": "Where is my ORDER-12?"}, {"role": "assistant", "content": "12 order"}],
    "accents": "Ünïcode ÉTÉ straße",
    "sql": "it's %s :name \\ $1",
}


@pytest.mark.parametrize("is_indexed", [False, True])
@pytest.mark.parametrize(
    ("search", "names"),
    [
        (TextSearch(("x" * 63 + "y",)), ["long"]),
        (TextSearch(("x" * 63,)), []),
        (TextSearch((), (("退", "款"),)), ["chinese"]),
        (TextSearch((), (("款", "退"),)), []),
        (TextSearch(("and", "or", "not")), ["quotes"]),
        (TextSearch(("near",), (("col", "on"),)), ["quotes"]),
        (TextSearch(("order", "12")), ["mixed"]),
        (TextSearch((), (("order", "12"),)), ["mixed"]),
        (TextSearch((), (("12", "order"),)), ["mixed"]),
        (TextSearch((), (("12", "12"),)), []),
        # What a message says about itself is not its text.
        (TextSearch(("user",)), []),
        (TextSearch(("été", "strasse")), []),
        (TextSearch(("été", "straße")), ["accents"]),
        (TextSearch((), (("it", "s", "s", "name"),)), ["sql"]),
        (TextSearch(("refund", "absent")), []),
        (TextSearch(()), list(_TEXTS)),
    ],
)
def test_words_and_phrases_are_found_as_people_mean_them(
    filled: Filled, run: Run[Any], is_indexed: bool, search: TextSearch, names: list[str]
) -> None:
    async def work() -> None:
        store = (await new_organization(filled.stores))["prod"]
        ids = dict(zip(_TEXTS, await record(store, [log_draft(text) for text in _TEXTS.values()]), strict=True))
        if is_indexed:
            while await filled.stores.log_upkeep.index_text(10_000):
                pass
        assert set(await found_ids(store, LogQuery(search=search))) == {ids[name] for name in names}

    run(work())


def test_what_is_recorded_deleted_and_indexed_at_once_is_found_or_gone(filled: Filled, run: Run[Any]) -> None:
    async def work() -> None:
        store = (await new_organization(filled.stores))["prod"]
        query = LogQuery(search=TextSearch(("needle",)))
        ids = await record(store, [log_draft(f"needle {n}") for n in range(30)])
        more, *_ = await asyncio.gather(
            record(store, [log_draft(f"needle again {n}") for n in range(30)]),
            filled.stores.log_upkeep.index_text(10_000),
            *(store.request_logs.delete(log_id) for log_id in ids[::2]),
            filled.stores.log_upkeep.index_text(10_000),
        )
        assert sorted(await found_ids(store, query)) == sorted([*ids[1::2], *more])
        while await filled.stores.log_upkeep.index_text(7):
            pass
        assert sorted(await found_ids(store, query)) == sorted([*ids[1::2], *more])
        assert await filled.stores.verify() == []

    run(work())


# Deleting what matches ------------------------------------------------------------------------------------------------

_FEW = SAMPLES[:40]


@settings(max_examples=12)
@given(query=queries())
def test_deleting_what_a_query_finds_leaves_what_it_does_not_mean(
    filled: Filled, run: Run[Any], query: LogQuery
) -> None:
    async def work() -> None:
        few = await fill(filled.stores, _FEW)
        logs, places = few.store.request_logs, few.matching(query)
        try:
            doomed, _ = await logs.page(query, BY_ID, PageRequest(1, 100), previews_only=True)
        except Invalid:
            assert _is_refused(filled, query)
            return
        for log in doomed:
            await logs.delete(log.id)
        assert (await logs.count(query)).number == 0
        left = [log_id for place, log_id in enumerate(few.ids) if place not in places]
        assert [log.id for log in await logs.find_many(few.ids)] == left
        assert sorted(await found_ids(few.store, LogQuery(environments=BOTH))) == sorted(left)
        for log in doomed[:2]:
            with pytest.raises(NotFound):
                await logs.get(log.id)

    run(work())


# Histograms and facets ------------------------------------------------------------------------------------------------

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@settings(max_examples=25)
@given(
    query=queries(),
    width=st.sampled_from((timedelta(microseconds=1), timedelta(seconds=1), timedelta(hours=1), timedelta(days=7))),
)
def test_a_histogram_counts_the_logs_that_match(
    filled: Filled, run: Run[Any], query: LogQuery, width: timedelta
) -> None:
    rows = [SAMPLES[place].row for place in filled.matching(query)]
    starts = [_EPOCH + (row["timestamp"] - _EPOCH) // width * width for row in rows]
    failed = [start for start, row in zip(starts, rows, strict=True) if row["status"] != "success"]
    try:
        buckets = run(filled.store.log_analytics.histogram(query, width))
    except Invalid:
        assert _is_refused(filled, query)
        return
    expected = [(start, starts.count(start), failed.count(start)) for start in sorted(set(starts))]
    assert [(bucket.start, bucket.count, bucket.error_count) for bucket in buckets] == expected


_FACETS = ("model", "status", "log_type", "customer_identifier", "environment", "note")


@settings(max_examples=25)
@given(query=queries(), name=st.sampled_from(_FACETS), most=st.sampled_from((1, 3, 500)))
def test_a_facet_counts_the_commonest_values(
    filled: Filled, run: Run[Any], query: LogQuery, name: str, most: int
) -> None:
    values = [SAMPLES[place].row[name] for place in filled.matching(query)]
    expected = Counter(value for value in values if value is not None)
    try:
        facet = run(filled.store.log_analytics.facet(query, name, most))
    except Invalid:
        assert _is_refused(filled, query)
        return
    assert (facet.field, facet.is_exact) == (name, True)
    assert [count for _, count in facet.values] == sorted(expected.values(), reverse=True)[:most]
    shown = dict(facet.values)
    assert shown.items() <= expected.items()
    assert len(shown) == len(facet.values)


def test_facets_of_metadata_numbers_and_booleans(filled: Filled, run: Run[Any]) -> None:
    async def work() -> None:
        store = (await new_organization(filled.stores))["prod"]
        plans = ["gold", 5, "gold", 5.0, True, None, ["gold"], {}, "gold", 0.1]
        drafts = [
            log_draft(n, metadata={"plan": plan}, status_code=400 + n % 2, positive_feedback=(True, None)[n % 2])
            for n, plan in enumerate(plans)
        ]
        await record(store, [*drafts, log_draft("none")])
        analytics = store.log_analytics
        assert list((await analytics.facet(LogQuery(), "metadata.plan", 2)).values) == [("gold", 3), ("5", 2)]
        assert dict((await analytics.facet(LogQuery(), "metadata.plan", 9)).values) == {
            "gold": 3, "5": 2, "true": 1, "0.1": 1,
        }  # fmt: skip
        assert dict((await analytics.facet(LogQuery(), "status_code", 9)).values) == {400: 5, 401: 5, 200: 1}
        (positive,) = (await analytics.facet(LogQuery(), "positive_feedback", 9)).values
        assert positive == (True, 5)
        assert positive[0] is True

    run(work())


# Windows and environments ---------------------------------------------------------------------------------------------


def test_a_window_begins_with_its_start_and_ends_before_its_end(filled: Filled, run: Run[Any]) -> None:
    async def work() -> None:
        store = (await new_organization(filled.stores))["test"]
        moment = TIMES[2]
        before, there, after = await record(
            store, [log_draft(step, timestamp=moment + timedelta(microseconds=step)) for step in (-1, 0, 1)]
        )
        assert await found_ids(store, LogQuery(start=moment)) == [there, after]
        assert await found_ids(store, LogQuery(end=moment)) == [before]
        assert await found_ids(store, LogQuery(start=moment, end=moment + timedelta(microseconds=1))) == [there]
        assert await found_ids(store, LogQuery(start=moment, end=moment)) == []

    run(work())


def test_the_environments_of_a_query_win_over_the_one_the_store_stands_in(filled: Filled, run: Run[Any]) -> None:
    async def work() -> None:
        both = await new_organization(filled.stores)
        (prod,), (test,) = [await record(both[name], [log_draft(name)]) for name in BOTH]
        assert await found_ids(both["prod"]) == [prod]
        assert await found_ids(both["prod"], LogQuery(environments=("test",))) == [test]
        assert await found_ids(both["test"], LogQuery(environments=BOTH)) == [prod, test]
        everywhere = LogQuery(Condition(Field("environment"), Operator.EQUAL, ("test",)), environments=BOTH)
        assert await found_ids(both["prod"], everywhere) == [test]

    run(work())


def test_odd_keys_of_metadata_are_ordinary_names(filled: Filled, run: Run[Any]) -> None:
    async def work() -> None:
        store = (await new_organization(filled.stores))["prod"]
        ids = await record(store, [log_draft(n, metadata={key: STRINGS[n]}) for n, key in enumerate(KEYS)])
        for n, key in enumerate(KEYS):
            query = LogQuery(Condition(Field("metadata", (key,)), Operator.EQUAL, (STRINGS[n],)))
            assert await found_ids(store, query) == [ids[n]]

    run(work())


def test_an_unknown_field_is_refused_by_name(filled: Filled, run: Run[Any]) -> None:
    with pytest.raises(Invalid, match="starred"):
        run(filled.store.request_logs.count(where("starred", True)))


def test_the_queries_of_these_tests_find_some_and_leave_some(filled: Filled) -> None:
    """Filters that match nothing would make every test here pass."""
    kinds: Counter[str] = Counter()

    @settings(max_examples=200)
    @given(query=queries(with_search=False))
    def look(query: LogQuery) -> None:
        assume(query.expression != EVERYTHING)
        number = len(filled.matching(query))
        kinds["none" if number == 0 else "all" if number > 230 else "some"] += 1

    look()
    assert kinds["some"] > 40
