"""What is computed over request logs is what a plain walk over the matching logs computes."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from assay.filters.log_query import LogQuery
from assay.model.errors import Invalid
from assay.model.log_analytics import JsonPath, RequestLogsSummary
from assay.model.page import PageRequest, Sort
from assay.ports.log_analytics import DateUnit
from assay.ports.store import Stores
from assay.stores.sql import log_scan
from tests.conformance.builders import ALL, T0
from tests.conformance.log_builders import (
    BOTH,
    Filled,
    fill,
    fresh_stores,
    log_draft,
    new_organization,
    queries,
    random_logs,
    record,
    where,
)

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
EVERY = LogQuery()
# Each property is tried four times: with both databases, as a whole and in slices.
FEWER = settings(max_examples=settings().max_examples * 2 // 5)
Row = Mapping[str, Any]
Result = TypeVar("Result")


@pytest.fixture(scope="module", params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for this module alone."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


@pytest.fixture(scope="module", params=["whole", "in slices"])
def filled(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Filled]:
    """Random logs, read as a whole or in slices."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "in slices":
            patch.setattr(log_scan, "_SLICE", 13)
            patch.setattr(log_scan, "_is_wide", lambda *_: True)
        yield asyncio.run(fill(stores, random_logs(11, 200)))


def rows_of(filled: Filled, query: LogQuery) -> list[Row]:
    """Return the rows that a query means, by the reference."""
    return [filled.samples[place].row for place in filled.matching(query)]


def answer(work: Coroutine[Any, Any, Result]) -> Result:
    """Return what a question is answered with; one that PostgreSQL cannot be asked is no example."""
    try:
        return asyncio.run(work)
    except Invalid as error:
        if "PostgreSQL cannot search" not in str(error.fields):
            raise
        reject()


def mean(values: Sequence[float | None]) -> float:
    """Return the mean of those that there are, 0 for none."""
    present = [value for value in values if value is not None]
    return math.fsum(present) / len(present) if present else 0.0


def percentiles(rows: Sequence[Row]) -> dict[str, float]:
    """Return the nearest-rank percentiles of latency, to a millisecond."""
    latencies = [min(max(row["latency"], -1e12), 1e12) for row in rows if row["latency"] is not None]
    ordered = sorted(math.floor(latency * 1000 + 0.5) for latency in latencies)
    if not ordered:
        return {}
    return {f"p{part}": ordered[max(1, math.ceil(part * len(ordered) / 100)) - 1] / 1000 for part in (50, 90, 95, 99)}


def assert_sums(found: RequestLogsSummary, rows: Sequence[Row], *, has_percentiles: bool = True) -> None:
    """Compare a summary with the reference."""
    totals = found.totals
    assert totals.number_of_requests == len(rows)
    assert found.error_count == sum(row["status"] != "success" for row in rows)
    for name, total in (
        ("prompt_tokens", totals.total_prompt_tokens),
        ("completion_tokens", totals.total_completion_tokens),
        ("total_request_tokens", totals.total_tokens),
    ):
        assert total == sum(row[name] or 0 for row in rows)
    assert totals.total_cost == pytest.approx(math.fsum(row["cost"] or 0.0 for row in rows), rel=1e-9, abs=1e-9)
    for name, value in (
        ("latency", totals.avg_latency),
        ("tokens_per_second", totals.avg_tps),
        ("time_to_first_token", totals.avg_ttft),
    ):
        assert value == pytest.approx(mean([row[name] for row in rows]), rel=1e-9, abs=1e-9)
    assert found.latency_percentiles == (percentiles(rows) if has_percentiles else {})


@FEWER
@given(query=queries())
def test_a_summary_is_of_the_logs_that_match(filled: Filled, query: LogQuery) -> None:
    assert_sums(answer(filled.store.log_analytics.summarize(query)), rows_of(filled, query))


def month_of(moment: datetime) -> datetime:
    """Return the start of a month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def week_of(moment: datetime) -> datetime:
    """Return the Monday of a week."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


STARTS: Mapping[DateUnit, Callable[[datetime], datetime]] = {
    "hour": lambda moment: moment.replace(minute=0, second=0, microsecond=0),
    "day": lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0),
    "week": week_of,
    "month": month_of,
}


@FEWER
@given(
    query=queries(),
    fields=st.sampled_from([(), ("model",), ("status", "model"), ("customer_identifier",), ("status_code",)]),
    unit=st.sampled_from([None, "hour", "day", "week", "month"]),
    has_percentiles=st.booleans(),
)
def test_groups_are_of_the_logs_that_match(
    filled: Filled, query: LogQuery, fields: Sequence[str], unit: DateUnit | None, has_percentiles: bool
) -> None:
    if not fields and unit is None:
        return
    expected: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows_of(filled, query):
        date = () if unit is None else (STARTS[unit](row["timestamp"]),)
        expected.setdefault((*(row[name] for name in fields), *date), []).append(row)
    work = filled.store.log_analytics.group(
        query, fields, unit, Sort("number_of_requests", True), ALL, has_percentiles=has_percentiles
    )
    page = answer(work)
    assert page.total_count == len(expected) == len(page.items)
    sizes = [group.summary.totals.number_of_requests for group in page.items]
    assert sizes == sorted(sizes, reverse=True)
    for group in page.items:
        rows = expected[tuple(group.keys.values())]
        assert_sums(group.summary, rows, has_percentiles=has_percentiles)
        assert group.cache_hit_count == sum(row["cache_hit"] for row in rows)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", ["model", "customer_identifier"])
@pytest.mark.parametrize("by", ["own", "number_of_requests", "error_count", "total_tokens", "average_latency"])
def test_pages_of_groups_are_in_order_and_missing_values_last(
    filled: Filled, field: str, by: str, descending: bool
) -> None:
    sort = Sort(field if by == "own" else by, descending)

    async def work() -> tuple[list[Any], list[Any]]:
        whole = await filled.store.log_analytics.group(EVERY, [field], None, sort, ALL)
        parts = [
            await filled.store.log_analytics.group(EVERY, [field], None, sort, PageRequest(number, 2))
            for number in range(1, whole.total_count // 2 + 2)
        ]
        assert {part.total_count for part in parts} == {whole.total_count}
        return list(whole.items), [group for part in parts for group in part.items]

    whole, in_parts = asyncio.run(work())
    # Means may differ in the last digit from one reading to the next.
    assert [group.keys for group in whole] == [group.keys for group in in_parts]
    if by == "own":
        values = [group.keys[field] for group in whole]
        present = [value for value in values if value is not None]
        assert values == sorted(present, reverse=descending) + [None] * (len(values) - len(present))


def test_groups_cannot_be_sorted_by_what_they_do_not_have(filled: Filled) -> None:
    for field in ("model", "customer_identifier"):
        with pytest.raises(Invalid):
            asyncio.run(filled.store.log_analytics.group(EVERY, [field], None, Sort("note"), ALL))


@FEWER
@given(query=queries(), width=st.sampled_from([timedelta(microseconds=1), timedelta(seconds=7), timedelta(days=1)]))
def test_a_histogram_counts_the_logs_of_each_interval(filled: Filled, query: LogQuery, width: timedelta) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows = rows_of(filled, query)
    counts = Counter(epoch + (row["timestamp"] - epoch) // width * width for row in rows)
    errors = Counter(epoch + (row["timestamp"] - epoch) // width * width for row in rows if row["status"] != "success")
    buckets = answer(filled.store.log_analytics.histogram(query, width))
    assert [(bucket.start, bucket.count, bucket.error_count) for bucket in buckets] == [
        (start, counts[start], errors[start]) for start in sorted(counts)
    ]


@FEWER
@given(query=queries(), field=st.sampled_from(["model", "status_code", "stream", "environment", "is_root_span"]))
def test_a_facet_counts_values(filled: Filled, query: LogQuery, field: str) -> None:
    counts = Counter(row[field] for row in rows_of(filled, query) if row[field] is not None)
    facet = answer(filled.store.log_analytics.facet(query, field, 3))
    assert list(facet.values) == sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]


def test_a_facet_of_metadata_counts_strings_numbers_and_booleans(stores: Stores) -> None:
    async def work() -> Any:
        store = (await new_organization(stores))["prod"]
        plans: Sequence[Any] = ["pro", "pro", "pro", "free", "free", True, 7, None, ["x"], {"a": 1}]
        await record(store, [log_draft(1, metadata={"plan": plan, "a": {"b": 1}}) for plan in plans])
        await record(store, [log_draft(1)])
        with pytest.raises(Invalid):
            await store.log_analytics.facet(EVERY, "metadata", 5)
        nested = await store.log_analytics.facet(EVERY, "metadata.a.b", 5)
        assert list(nested.values) == [("1", 10)]
        return await store.log_analytics.facet(EVERY, "metadata.plan", 20)

    assert list(asyncio.run(work()).values) == [("pro", 3), ("free", 2), ("7", 1), ("true", 1)]


def test_times_before_1970_are_in_the_interval_that_they_are_in(stores: Stores) -> None:
    moment = datetime(1969, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC)

    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        await record(store, [log_draft(1, timestamp=moment)])
        buckets = await store.log_analytics.histogram(EVERY, timedelta(hours=1))
        assert [bucket.start for bucket in buckets] == [moment.replace(minute=0, second=0, microsecond=0)]
        for unit, start in STARTS.items():
            page = await store.log_analytics.group(EVERY, [], unit, Sort("date"), ALL)
            assert [group.keys["date"] for group in page.items] == [start(moment)]

    asyncio.run(work())


def test_paths_are_those_of_the_newest_logs(stores: Stores) -> None:
    async def work() -> Sequence[JsonPath]:
        store = (await new_organization(stores))["prod"]
        old = log_draft({"old": 1}, timestamp=T0 - timedelta(days=1))
        deep = {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}
        new = [
            log_draft("text", {"choices": [{"text": "x"}, {"other": 1}]}, metadata={"plan": "pro"}),
            log_draft(deep, None, metadata={"plan": 7, "on": True}),
        ]
        await record(store, [old, *new])
        return await store.log_analytics.list_paths(EVERY, 2)

    paths = {path.path: (list(path.types), path.count) for path in asyncio.run(work())}
    assert paths["metadata.plan"] == (["number", "string"], 2)
    assert paths["metadata.on"] == (["boolean"], 1)
    assert paths["output.choices"] == (["array"], 1)
    assert paths["output.choices.0.text"] == (["string"], 1)
    assert paths["input"] == (["object", "string"], 2)
    assert paths["input.a.b.c.d.e.f"] == (["object"], 1)
    assert not {"input.old", "output.choices.1", "output.choices.0.other", "input.a.b.c.d.e.f.g"} & set(paths)


@FEWER
@given(query=queries())
def test_threads_are_the_logs_that_share_an_id(filled: Filled, query: LogQuery) -> None:
    expected: dict[tuple[str, str], list[Row]] = {}
    for row in rows_of(filled, query):
        if row["thread_identifier"] is not None:
            expected.setdefault((row["environment"], row["thread_identifier"]), []).append(row)
    page = answer(filled.store.log_analytics.list_threads(query, ALL))
    assert page.total_count == len(page.items) == len(expected)
    last = [thread.last_at for thread in page.items]
    assert last == sorted(last, reverse=True)
    for thread in page.items:
        rows = expected[thread.environment, thread.thread_identifier]
        assert thread.log_count == len(rows)
        assert thread.first_at == min(row["timestamp"] for row in rows)
        assert thread.last_at == max(row["timestamp"] for row in rows)
        assert thread.total_tokens == sum(row["total_request_tokens"] or 0 for row in rows)


@FEWER
@given(query=queries())
def test_customers_are_the_logs_that_share_an_id(filled: Filled, query: LogQuery) -> None:
    expected: dict[tuple[str, str], list[Row]] = {}
    for row in rows_of(filled, query):
        if row["customer_identifier"] is not None:
            expected.setdefault((row["environment"], row["customer_identifier"]), []).append(row)
    page = answer(filled.store.log_analytics.list_customers(query, Sort("number_of_requests", True), ALL))
    assert page.total_count == len(page.items) == len(expected)
    sizes = [customer.number_of_requests for customer in page.items]
    assert sizes == sorted(sizes, reverse=True)
    for customer in page.items:
        rows = expected[customer.environment, customer.customer_identifier]
        assert customer.number_of_requests == len(rows)
        assert customer.active_days == len({row["timestamp"].date() for row in rows})
        assert customer.first_seen == min(row["timestamp"] for row in rows)
        assert customer.last_seen == max(row["timestamp"] for row in rows)
        assert customer.total_tokens == sum(row["total_request_tokens"] or 0 for row in rows)
        emails = [row["customer_email"] for row in rows if row["customer_email"] is not None]
        assert customer.email == max(emails, default=None)
        has_latency = any(row["latency"] is not None for row in rows)
        assert (customer.average_latency is not None) == has_latency


@pytest.mark.parametrize(
    "field", ["first_seen", "last_seen", "total_cost", "total_tokens", "active_days", "customer_identifier"]
)
def test_customers_are_sorted_and_cut_into_pages(filled: Filled, field: str) -> None:
    async def work() -> tuple[list[Any], list[Any]]:
        analytics = filled.store.log_analytics
        query = LogQuery(environments=BOTH)
        whole = await analytics.list_customers(query, Sort(field, True), ALL)
        numbers = range(1, whole.total_count // 3 + 2)
        parts = [await analytics.list_customers(query, Sort(field, True), PageRequest(n, 3)) for n in numbers]
        beyond = await analytics.list_customers(query, Sort(field, True), PageRequest(99, 50))
        assert (beyond.items, beyond.total_count) == ([], whole.total_count)
        return list(whole.items), [customer for part in parts for customer in part.items]

    whole, in_parts = asyncio.run(work())
    assert [customer.customer_identifier for customer in whole] == [one.customer_identifier for one in in_parts]
    values = [getattr(customer, field) for customer in whole]
    assert values == sorted(values, reverse=True)


def test_customers_cannot_be_sorted_by_what_they_do_not_have(filled: Filled) -> None:
    with pytest.raises(Invalid):
        asyncio.run(filled.store.log_analytics.list_customers(EVERY, Sort("scope"), ALL))


def test_tokens_beyond_64_bits_are_summed_exactly(stores: Stores) -> None:
    async def work() -> int:
        store = (await new_organization(stores))["prod"]
        await record(store, [log_draft(1, prompt_tokens=2**62) for _ in range(5)])
        return (await store.log_analytics.summarize(EVERY)).totals.total_prompt_tokens

    assert asyncio.run(work()) == 5 * 2**62


@pytest.mark.parametrize("rest", [0, 200])
def test_threads_and_customers_are_found_among_few_logs_and_many(stores: Stores, rest: int) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        await record(store, [log_draft(1, customer_identifier="c", thread_identifier="t") for _ in range(30)])
        await record(store, [log_draft(1) for _ in range(rest)])
        threads = await store.log_analytics.list_threads(EVERY, ALL)
        assert [(thread.thread_identifier, thread.log_count) for thread in threads.items] == [("t", 30)]
        customers = await store.log_analytics.list_customers(EVERY, Sort("first_seen"), ALL)
        assert [(one.customer_identifier, one.number_of_requests) for one in customers.items] == [("c", 30)]

    asyncio.run(work())


def test_a_wide_window_is_read_in_slices_and_a_narrow_one_through_its_index(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = stores.log_upkeep.database  # type: ignore[attr-defined]
    if database.dialect_name != "sqlite":
        pytest.skip("PostgreSQL's planner has statistics")
    seen: list[bool] = []
    decide = log_scan._is_wide

    def noted(*arguments: Any) -> bool:
        seen.append(decide(*arguments))
        return seen[-1]

    monkeypatch.setattr(log_scan, "_is_wide", noted)

    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        for number in range(6):
            at = T0 + timedelta(days=number)
            await record(store, [log_draft(1, timestamp=at, customer_identifier=f"c{number}") for _ in range(500)])
        assert (await store.log_analytics.summarize(EVERY)).totals.number_of_requests == 3_000
        assert (await store.log_analytics.summarize(LogQuery(end=T0 + timedelta(1)))).totals.number_of_requests == 500
        one = where("customer_identifier", "c1")
        assert (await store.log_analytics.summarize(one)).totals.number_of_requests == 500

    asyncio.run(work())
    assert seen == [True, False, False]
