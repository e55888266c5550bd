"""Traces are the sums of their spans, however spans come and go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from assay.filters.expression import Condition, Field, Operator
from assay.filters.log_query import LogQuery
from assay.model.errors import NotFound
from assay.model.page import PageRequest, Sort
from assay.model.request_log import MODEL_CALL_TYPES, RequestLog
from assay.model.trace import Trace
from assay.ports.store import Store, Stores
from assay.stores.sql.database import Connection
from assay.stores.sql.sqlite import DIALECT
from assay.stores.sql.tables import trace as trace_table
from assay.stores.sql.traces import matching_traces, trace_source
from tests.conformance.builders import ALL, T0
from tests.conformance.log_builders import BOTH, fresh_stores, log_draft, new_organization, record

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
NEWEST = Sort("end_time", descending=True)
EVERY = LogQuery()


@pytest.fixture(scope="module", params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for this module alone."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


@pytest.fixture
def store(stores: Stores) -> Store:
    """The store of a new organisation."""
    return asyncio.run(new_organization(stores))["prod"]


def random_span(draw: random.Random, trace: str) -> Any:
    """Make a span of a trace, perhaps its root, at one of a few times."""
    start = T0 + timedelta(seconds=draw.randrange(5))
    return log_draft(
        draw.randrange(100),
        trace_unique_id=trace,
        span_parent_id=draw.choice((None, "p", "q")),
        start_time=start,
        timestamp=start + timedelta(seconds=draw.randrange(4)),
        log_type=draw.choice(("chat", "workflow", "tool", "embedding")),
        status=draw.choice(("success", "success", "error")),
        prompt_tokens=draw.choice((None, 3, 10**12)),
        completion_tokens=draw.choice((None, 5)),
        total_request_tokens=draw.choice((None, 8)),
        cost=draw.choice((None, 0.25, 1.5)),
        model=draw.choice((None, "a", "b")),
        span_name=draw.choice((None, "answer", "retrieve")),
        customer_identifier=draw.choice((None, "c1", "c2")),
        metadata={"plan": draw.choice(("free", "pro"))},
    )


def summed(spans: Sequence[RequestLog]) -> Mapping[str, Any]:
    """Return what the spans of one trace come to: the reference."""
    attributes = [span.attributes for span in spans]
    root = min(
        spans, key=lambda span: (span.span.span_parent_id is not None, span.attributes.start_time, span.sequence)
    )
    in_time = sorted(spans, key=lambda span: (span.attributes.start_time, span.sequence))
    models = [root.attributes.model, *(span.attributes.model for span in in_time)]
    return {
        "start_time": min(one.start_time for one in attributes),
        "end_time": max(one.timestamp for one in attributes),
        "span_count": len(spans),
        "llm_call_count": sum(one.log_type in MODEL_CALL_TYPES for one in attributes),
        "error_count": sum(one.status != "success" for one in attributes),
        "prompt_tokens": sum(one.prompt_tokens or 0 for one in attributes),
        "completion_tokens": sum(one.completion_tokens or 0 for one in attributes),
        "total_tokens": sum(one.total_request_tokens or 0 for one in attributes),
        "cost": sum(one.cost or 0.0 for one in attributes),
        "root": root.id,
        "model": next((model for model in models if model is not None), None),
    }


def shown(trace: Trace) -> Mapping[str, Any]:
    """Return the same of a trace that a store gave."""
    names = ("start_time", "end_time", "span_count", "llm_call_count", "error_count", "prompt_tokens")
    values = {name: getattr(trace, name) for name in (*names, "completion_tokens", "total_tokens", "cost")}
    assert trace.root is not None
    return {**values, "root": trace.root.id, "model": trace.root.attributes.model}


async def all_traces(store: Store, query: LogQuery = EVERY, sort: Sort = NEWEST) -> Sequence[Trace]:
    """Return every trace that a query means."""
    traces, has_more = await store.traces.page(query, sort, ALL)
    assert not has_more
    return traces


async def reference(store: Store) -> Mapping[str, Mapping[str, Any]]:
    """Sum the spans that there are, by trace."""
    logs, _ = await store.request_logs.page(EVERY, Sort("id"), ALL)
    spans: dict[str, list[RequestLog]] = {}
    for log in logs:
        if log.attributes.trace_unique_id is not None:
            spans.setdefault(log.attributes.trace_unique_id, []).append(log)
    return {trace: summed(logs) for trace, logs in spans.items()}


@pytest.mark.parametrize("seed", range(4))
def test_traces_are_the_sums_of_the_spans_that_are_there(store: Store, seed: int) -> None:
    draw = random.Random(seed)

    async def work() -> None:
        ids: list[str] = []
        for _ in range(12):
            drafts = [random_span(draw, f"t{draw.randrange(6)}") for _ in range(draw.randrange(1, 12))]
            ids += await record(store, [*drafts, log_draft("of no trace")])
            for log_id in draw.sample(ids, min(len(ids), draw.randrange(6))):
                ids.remove(log_id)
                await store.request_logs.delete(log_id)
            found = {trace.trace_unique_id: shown(trace) for trace in await all_traces(store)}
            assert found == await reference(store)

    asyncio.run(work())


def test_spans_that_come_and_go_at_once_are_all_counted(store: Store) -> None:
    draw = random.Random(1)

    async def work() -> None:
        ids = await record(store, [random_span(draw, f"t{number % 3}") for number in range(60)])
        batches = [[random_span(draw, f"t{draw.randrange(3)}") for _ in range(5)] for _ in range(30)]
        await asyncio.gather(
            *(record(store, batch) for batch in batches), *(store.request_logs.delete(log_id) for log_id in ids)
        )
        found = {trace.trace_unique_id: shown(trace) for trace in await all_traces(store)}
        assert found == await reference(store)
        assert sum(trace["span_count"] for trace in found.values()) == 150

    asyncio.run(work())


CONDITIONS = {
    "span_count": (Operator.GT, 3),
    "total_cost": (Operator.LTE, 2.0),
    "total_prompt_tokens": (Operator.GTE, 10**12),
    "duration": (Operator.GTE, 5.0),
    "model": (Operator.EQUAL, "a"),
    "status": (Operator.EQUAL, "error"),
    "name": (Operator.EQUAL, "answer"),
    "customer_identifier": (Operator.EQUAL, "c1"),
    "metadata.plan": (Operator.EQUAL, "pro"),
    "trace_unique_id": (Operator.STARTSWITH, "t1"),
    "environment": (Operator.EQUAL, "prod"),
    "input": (Operator.CONTAINS, "1"),
}


def value_of(trace: Trace, name: str) -> Any:
    """Return the field of a trace that filters and sorting mean."""
    root = trace.root
    assert root is not None
    assert root.content is not None
    return {
        "total_cost": trace.cost,
        "total_prompt_tokens": trace.prompt_tokens,
        "duration": trace.duration_seconds,
        "model": root.attributes.model,
        "status": "error" if trace.error_count else "success",
        "name": root.attributes.span_name,
        "customer_identifier": root.attributes.customer_identifier,
        "metadata.plan": "pro" if root.metadata is not None and b"pro" in root.metadata else "free",
        "input": (root.content.input or b"").decode(),
    }.get(name, getattr(trace, name, None))


COMPARED = {
    Operator.GT: lambda found, value: found > value,
    Operator.GTE: lambda found, value: found >= value,
    Operator.LTE: lambda found, value: found <= value,
    Operator.EQUAL: lambda found, value: found == value,
    Operator.STARTSWITH: lambda found, value: found.startswith(value),
    Operator.CONTAINS: lambda found, value: False,  # a number has no text
}


@pytest.fixture(scope="module")
def full(stores: Stores) -> Store:
    """A store with many traces."""
    draw = random.Random(5)

    async def work() -> Store:
        store = (await new_organization(stores))["prod"]
        await record(store, [random_span(draw, f"t{draw.randrange(40)}") for _ in range(160)])
        return store

    return asyncio.run(work())


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_filter_chooses_traces_by_their_sums_and_their_root(full: Store, name: str) -> None:
    operator, value = CONDITIONS[name]
    root, *path = name.split(".")
    query = LogQuery(Condition(Field(root, tuple(path)), operator, (value,)))

    async def work() -> None:
        every = await all_traces(full)
        expected = [one for one in every if COMPARED[operator](value_of(one, name), value)]
        assert name == "input" or expected
        assert await all_traces(full, query) == expected
        assert (await full.traces.count(query)).number == len(expected)
        assert await full.traces.list_ids(query, 1000) == [one.trace_unique_id for one in expected]
        summary = await full.traces.summarize(query)
        assert summary.total_span_count == sum(one.span_count for one in expected)
        assert summary.total_prompt_tokens == sum(one.prompt_tokens for one in expected)
        assert summary.total_duration == pytest.approx(sum(one.duration_seconds for one in expected))
        assert summary.traces_with_errors == sum(one.error_count > 0 for one in expected)

    asyncio.run(work())


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", ["end_time", "duration", "total_cost", "model", "customer_identifier", "span_count"])
def test_traces_are_sorted_with_missing_values_last(full: Store, field: str, descending: bool) -> None:
    async def work() -> Sequence[Trace]:
        pages = [
            await full.traces.page(EVERY, Sort(field, descending), PageRequest(number, 15)) for number in (1, 2, 3)
        ]
        assert [has_more for _, has_more in pages] == [True, True, False]
        return [trace for page, _ in pages for trace in page]

    traces = asyncio.run(work())
    assert len({trace.trace_unique_id for trace in traces}) == len(asyncio.run(all_traces(full)))
    values = [value_of(trace, field) for trace in traces]
    present = [value for value in values if value is not None]
    assert values == sorted(present, reverse=descending) + [None] * (len(values) - len(present))


def test_a_window_is_over_the_end_of_a_trace(store: Store) -> None:
    async def work() -> None:
        times = [T0 + timedelta(seconds=number) for number in range(3)]
        await record(store, [log_draft(1, trace_unique_id=f"t{at.second}", timestamp=at) for at in times])
        await record(store, [log_draft(1, trace_unique_id="t0", timestamp=times[1])])
        inside = LogQuery(start=times[1], end=times[2])
        assert {trace.trace_unique_id for trace in await all_traces(store, inside)} == {"t0", f"t{times[1].second}"}
        with pytest.raises(NotFound):
            await store.traces.get(f"t{times[2].second}", inside)
        assert (await store.traces.get("t0", inside)).span_count == 2

    asyncio.run(work())


def test_the_same_trace_id_in_two_environments_is_two_traces(stores: Stores) -> None:
    async def work() -> None:
        within = await new_organization(stores)
        for environment, count in (("prod", 2), ("test", 3)):
            await record(within[environment], [log_draft(1, trace_unique_id="same")] * count)
        store = within["prod"]
        both = await all_traces(store, LogQuery(environments=BOTH))
        assert {trace.environment: trace.span_count for trace in both} == {"prod": 2, "test": 3}
        assert len(await store.traces.spans(both[0], 10)) == both[0].span_count
        assert await store.traces.delete("same", LogQuery(environments=("test",))) == 3
        assert [trace.environment for trace in await all_traces(store, LogQuery(environments=BOTH))] == ["prod"]

    asyncio.run(work())


def test_spans_come_by_start_time_and_no_more_than_asked(store: Store) -> None:
    async def work() -> None:
        for second in (3, 1, 2):
            at = T0 + timedelta(seconds=second)
            await record(store, [log_draft(second, trace_unique_id="t", start_time=at, timestamp=at)])
        trace = await store.traces.get("t", EVERY)
        spans = await store.traces.spans(trace, 2)
        assert [span.content.input for span in spans if span.content] == [b"1", b"2"]

    asyncio.run(work())


def test_deleting_a_trace_takes_the_spans_of_the_window_and_counts_them(store: Store) -> None:
    async def work() -> None:
        late = T0 + timedelta(hours=1)
        await record(store, [log_draft(1, trace_unique_id="t") for _ in range(450)])
        await record(store, [log_draft(2, trace_unique_id="t", timestamp=late, start_time=late), log_draft(3)])
        assert await store.traces.delete("t", LogQuery(end=late)) == 450
        left = await store.traces.get("t", EVERY)
        assert (left.span_count, left.start_time) == (1, late)
        assert await store.traces.delete("t", EVERY) == 1
        assert await store.traces.delete("t", EVERY) == 0
        assert await all_traces(store) == []
        assert (await store.request_logs.count(EVERY)).number == 1

    asyncio.run(work())


def test_another_organisation_sees_nothing(stores: Stores, full: Store) -> None:
    async def work() -> None:
        other = (await new_organization(stores))["prod"]
        some = (await all_traces(full))[0]
        assert await all_traces(other, LogQuery(environments=BOTH)) == []
        assert await other.traces.spans(some, 10) == []
        assert await other.traces.delete(some.trace_unique_id, EVERY) == 0
        with pytest.raises(NotFound):
            await other.traces.get(some.trace_unique_id, EVERY)

    asyncio.run(work())


def test_the_newest_traces_are_read_in_the_order_of_an_index(stores: Stores) -> None:
    database = stores.log_upkeep.database  # type: ignore[attr-defined]
    if database.dialect_name != "sqlite":
        pytest.skip("SQLite's planner has no statistics")
    wanted = (
        trace_table.select()
        .with_only_columns(trace_table.c.root_sequence)
        .select_from(trace_source)
        .where(matching_traces(1, "prod", LogQuery(start=T0), "sqlite"))
        .order_by(trace_table.c.end_time.desc(), trace_table.c.sequence.desc())
        .compile(dialect=DIALECT)
    )

    def plan(connection: Connection) -> list[Any]:
        return [row[3] for row in connection.rows(f"EXPLAIN QUERY PLAN {wanted}", wanted.params)]

    assert asyncio.run(database.read(plan)) == ["SEARCH trace USING INDEX trace_time (scope=? AND end_time>?)"]
