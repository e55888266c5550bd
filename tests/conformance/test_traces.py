"""Traces are what their spans come to, in whatever order, split and number these came in, went, or came again."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Not, Operator, Or
from assay.filters.log_query import LogQuery
from assay.filters.match import matches
from assay.model.access import Environment
from assay.model.errors import NotFound
from assay.model.page import PageRequest, Sort
from assay.model.request_log import MODEL_CALL_TYPES, RequestLog, RequestLogDraft
from assay.model.trace import Trace, TracesSummary
from assay.ports.store import Store, Stores
from tests.conformance.builders import ALL, at
from tests.conformance.conftest import KINDS, Run
from tests.conformance.log_builders import BOTH, found_ids, fresh_stores, log_draft, new_organization, record

NEWEST = Sort("end_time", descending=True)
_TYPES = (*sorted(MODEL_CALL_TYPES)[:3], "workflow", "task", "agent", "tool")


def _span(draw: random.Random, trace: str, number: int) -> RequestLogDraft:
    start = draw.randrange(8)
    return log_draft(
        {"span": number},
        draw.choice(({"k": number}, "text", None)),
        identity=draw.getrandbits(128).to_bytes(16, "big"),
        metadata=draw.choice((None, {"plan": draw.choice(("gold", "free", 5))})),
        trace_unique_id=trace,
        span_unique_id=f"{trace}/{number}",
        span_parent_id=draw.choice((None, "0", "missing")),
        start_time=at(start),
        timestamp=at(start + draw.choice((0, 1, 2.5, 0.000001))),
        log_type=draw.choice(_TYPES),
        status=draw.choice(("success", "success", "error", "")),
        model=draw.choice((None, None, "gpt-4o", "o1")),
        span_name=draw.choice((None, "a", "b", "ü")),
        span_workflow_name=draw.choice((None, "flow")),
        customer_identifier=draw.choice((None, "c1", "c2")),
        thread_identifier=draw.choice((None, "th")),
        session_identifier=draw.choice((None, "se")),
        prompt_tokens=draw.choice((None, 0, 3, 2**53)),
        completion_tokens=draw.choice((None, 1, 2)),
        total_request_tokens=draw.choice((None, 4, 5)),
        # Sums of these are exact in whatever order they are made.
        cost=draw.choice((None, 0.0, 0.25, 1.5)),
    )


@dataclass
class Reference:
    """The spans of one organisation as they are now, and what their traces come to."""

    within: Mapping[Environment, Store]
    spans: dict[str, tuple[Environment, RequestLog]] = field(default_factory=dict)

    async def record(self, environment: Environment, drafts: Sequence[RequestLogDraft]) -> None:
        """Record drafts in one append; those that were recorded before change nothing."""
        store = self.within[environment].request_logs
        for recorded in await store.append(drafts):
            if not recorded.is_duplicate:
                self.spans[recorded.id] = (environment, await store.get(recorded.id))

    def traces(self) -> list[Trace]:
        """Return all traces, those that began to come in first before others."""
        grouped: dict[tuple[Environment, str], list[RequestLog]] = {}
        for environment, log in sorted(self.spans.values(), key=lambda pair: pair[1].sequence):
            if log.attributes.trace_unique_id is not None:
                grouped.setdefault((environment, log.attributes.trace_unique_id), []).append(log)
        return [_summed_up(environment, name, spans) for (environment, name), spans in grouped.items()]

    def meant(self, query: LogQuery) -> list[Trace]:
        """Return the traces that a query of the store of `prod` means."""
        return [
            trace
            for trace in self.traces()
            if trace.environment in (query.environments or ("prod",))
            and (query.start is None or trace.end_time >= query.start)
            and (query.end is None or trace.end_time < query.end)
            and matches(query.expression, _row(trace))
        ]


def _summed_up(environment: Environment, name: str, spans: Sequence[RequestLog]) -> Trace:
    attributes = [span.attributes for span in spans]
    by_start = sorted(spans, key=lambda span: (span.attributes.start_time, span.sequence))
    root = min(by_start, key=lambda span: span.span.span_parent_id is not None)
    if root.attributes.model is None:
        models = [span.attributes.model for span in by_start if span.attributes.model is not None]
        root = replace(root, attributes=replace(root.attributes, model=models[0] if models else None))
    return Trace(
        trace_unique_id=name,
        environment=environment,
        start_time=min(one.start_time for one in attributes),
        end_time=max(one.timestamp for one in attributes),
        span_count=len(spans),
        llm_call_count=sum(one.log_type in MODEL_CALL_TYPES for one in attributes),
        error_count=sum(one.status != "success" for one in attributes),
        prompt_tokens=sum(one.prompt_tokens or 0 for one in attributes),
        completion_tokens=sum(one.completion_tokens or 0 for one in attributes),
        total_tokens=sum(one.total_request_tokens or 0 for one in attributes),
        cost=sum(one.cost or 0.0 for one in attributes),
        root=root,
    )


def _row(trace: Trace) -> dict[str, Any]:
    """Return a trace as filters read it: by the canonical names of its fields."""
    assert trace.root is not None
    assert trace.root.content is not None
    root, content = trace.root.attributes, trace.root.content
    payloads = {
        name: None if text is None else json.loads(text)
        for name, text in (("metadata", content.metadata), ("input", content.input), ("output", content.output))
    }
    return {
        "trace_unique_id": trace.trace_unique_id,
        "environment": trace.environment,
        "start_time": trace.start_time,
        "end_time": trace.end_time,
        "duration": trace.duration_seconds,
        "span_count": trace.span_count,
        "llm_call_count": trace.llm_call_count,
        "error_count": trace.error_count,
        "total_cost": trace.cost,
        "total_tokens": trace.total_tokens,
        "total_prompt_tokens": trace.prompt_tokens,
        "total_completion_tokens": trace.completion_tokens,
        "name": root.span_name,
        "workflow_name": root.span_workflow_name,
        "model": root.model,
        "status": "error" if trace.error_count else "success",
        "customer_identifier": root.customer_identifier,
        "session_identifier": root.session_identifier,
        "thread_identifier": root.thread_identifier,
        "trace_group_identifier": None,
        **payloads,
    }


# Spans come and go ----------------------------------------------------------------------------------------------------


def _appends(draw: random.Random, drafts: Sequence[RequestLogDraft]) -> Iterator[list[RequestLogDraft]]:
    """Yield drafts in a random order, split at random, some of them twice."""
    drafts = [*drafts, *draw.sample(drafts, len(drafts) // 4)]
    draw.shuffle(drafts)
    while drafts:
        size = draw.choice((1, 2, 5, len(drafts)))
        yield drafts[:size]
        drafts = drafts[size:]


async def _check(reference: Reference) -> None:
    query = LogQuery(environments=BOTH)
    traces, has_more = await reference.within["prod"].traces.page(query, Sort("trace_unique_id"), ALL)
    expected = sorted(reference.traces(), key=lambda trace: (trace.trace_unique_id, trace.environment))
    assert sorted(traces, key=lambda trace: (trace.trace_unique_id, trace.environment)) == expected
    assert not has_more


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_a_trace_is_the_sum_of_its_spans_however_they_come_and_go(stores: Stores, run: Run[Any], seed: int) -> None:
    async def work() -> None:
        draw = random.Random(seed)
        reference = Reference(await new_organization(stores))
        drafts = [_span(draw, draw.choice("abc"), number) for number in range(draw.randrange(1, 25))]
        for part in _appends(draw, drafts):
            await reference.record(draw.choice(BOTH) if seed % 2 else "prod", part)
        await _check(reference)
        for log_id in draw.sample(list(reference.spans), len(reference.spans) * 2 // 3):
            environment, _ = reference.spans.pop(log_id)
            await reference.within[environment].request_logs.delete(log_id)
        await _check(reference)
        for part in _appends(draw, drafts):
            await reference.record("prod", part)
        await _check(reference)
        for log_id, (environment, _) in reference.spans.items():
            await reference.within[environment].request_logs.delete(log_id)
        reference.spans.clear()
        await _check(reference)

    run(work())


def test_spans_that_come_and_go_at_once_leave_a_right_trace(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        draw = random.Random(9)
        reference = Reference({"prod": store})
        drafts = [_span(draw, "t", number) for number in range(60)]
        await reference.record("prod", drafts[:30])
        doomed = list(reference.spans)[::2]
        await asyncio.gather(
            *(store.request_logs.delete(log_id) for log_id in doomed),
            *(reference.record("prod", [draft]) for draft in drafts[20:]),
        )
        there = await store.request_logs.find_many(await found_ids(store))
        # What came again just after its delete was recorded again.
        assert reference.spans.keys() - set(doomed) <= {log.id for log in there} <= reference.spans.keys()
        reference.spans = {log.id: ("prod", log) for log in there}
        await _check(reference)

    run(work())
    assert run(stores.verify()) == []


def test_the_root_is_the_earliest_span_without_a_parent_as_soon_as_it_comes(store: Store, run: Run[Any]) -> None:
    async def root() -> Any:
        found = (await store.traces.get("t", LogQuery())).root
        assert found is not None
        assert found.content is not None
        return found.content.input

    async def work() -> None:
        await record(store, [log_draft("child", trace_unique_id="t", span_parent_id="r", start_time=at(2))])
        assert await root() == b'"child"'
        await record(store, [log_draft("earlier", trace_unique_id="t", span_parent_id="r", start_time=at(1))])
        assert await root() == b'"earlier"'
        await record(store, [log_draft("late root", trace_unique_id="t", start_time=at(9))])
        assert await root() == b'"late root"'
        (last,) = await record(store, [log_draft("root", trace_unique_id="t", start_time=at(8))])
        await record(store, [log_draft("second", trace_unique_id="t", start_time=at(8))])
        assert await root() == b'"root"'
        await store.request_logs.delete(last)
        assert await root() == b'"second"'

    run(work())


# Reading --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=KINDS)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run: Run[Any]
) -> Iterator[Reference]:
    """Forty traces of up to six spans in both environments of each kind of store, and somebody else's."""

    async def fill(stores: Stores, seed: int) -> Reference:
        draw = random.Random(seed)
        reference = Reference(await new_organization(stores))
        for environment in BOTH:
            drafts = [_span(draw, f"t{number % 40}", number) for number in range(100)]
            for part in _appends(draw, drafts):
                await reference.record(environment, part)
        return reference

    with fresh_stores(request.param, tmp_path_factory.mktemp("traces"), request) as stores:
        found = run(fill(stores, 5))
        run(fill(stores, 6))
        yield found


_LITERALS: dict[str, tuple[Any, ...]] = {
    "trace_unique_id": ("t1", "t2", "t", ""),
    "environment": ("prod", "test"),
    "name": ("a", "ü", ""),
    "workflow_name": ("flow",),
    "model": ("gpt-4o", "o1", "gpt"),
    "status": ("success", "error"),
    "customer_identifier": ("c1", "c"),
    "thread_identifier": ("th",),
    "session_identifier": ("se",),
    "trace_group_identifier": ("none",),
    "span_count": (1, 2, 2.5, 5),
    "llm_call_count": (0, 1, 2),
    "error_count": (0, 1),
    "total_cost": (0, 0.25, 1.5, 2),
    "total_tokens": (0, 4, 9.5),
    "total_prompt_tokens": (0, 3, 2**53),
    "total_completion_tokens": (1, 2),
    "duration": (0, 0.000001, 1, 2.5, 6),
    "start_time": tuple(at(second) for second in (0, 1, 4)),
    "end_time": tuple(at(second) for second in (2, 5, 7.5)),
    "metadata.plan": ("gold", 5, "5"),
    "input.span": (1, 17, 50),
    "output.k": (3, 40),
}
_EVERY = (Operator.EQUAL, Operator.NOT)
_PRESENT = (Operator.ISNULL, Operator.EMPTY, Operator.NOT_EMPTY)
_ORDERED = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
_TEXTUAL = (Operator.CONTAINS, Operator.STARTSWITH, Operator.IEXACT, Operator.NOT_ENDSWITH)


def _condition(draw: random.Random) -> Condition:
    name = draw.choice(tuple(_LITERALS))
    root, *path = name.split(".")
    literals = _LITERALS[name]
    texts = _TEXTUAL if isinstance(literals[0], str) else ()
    operator = draw.choice((*_EVERY, *_EVERY, *_ORDERED, *_PRESENT, *texts))
    values: tuple[Any, ...] = (draw.choice(literals),)
    if operator in _PRESENT:
        values = (draw.random() < 0.5,) if operator is Operator.ISNULL else ()
    elif operator in _EVERY:
        values = tuple(draw.sample(literals, draw.randrange(1, len(literals) + 1)))
    return Condition(Field(root, tuple(path)), operator, values)


def _expression(draw: random.Random, depth: int = 0) -> Expression:
    if depth == 2 or draw.random() < 0.5:
        return _condition(draw)
    if draw.random() < 0.3:
        return Not(_expression(draw, depth + 1))
    children = tuple(_expression(draw, depth + 1) for _ in range(draw.choice((1, 2, 3))))
    return draw.choice((And, Or))(children)


_moments = st.none() | st.sampled_from((at(0), at(3), at(5), at(5.000001), at(8)))
_queries: st.SearchStrategy[LogQuery] = st.builds(
    LogQuery,
    st.just(EVERYTHING) | st.integers(0, 2**32).map(lambda seed: _expression(random.Random(seed))),
    _moments,
    _moments,
    st.sampled_from(((), ("test",), BOTH)),
)
_SORTED_BY = [name for name in _LITERALS if "." not in name]


def _in_order(traces: Sequence[Trace], sort: Sort) -> list[Any]:
    """Return the values that a list shows in the column it is sorted by: ties may come in any stable order."""
    values = [_row(trace)[sort.field] for trace in traces]
    there = [value.encode() if isinstance(value, str) else value for value in values if value is not None]
    return [*sorted(there, reverse=sort.descending), *[None] * (len(values) - len(there))]


@settings(max_examples=40)
@given(
    query=_queries,
    sort=st.builds(Sort, st.sampled_from(_SORTED_BY), st.booleans()),
    size=st.sampled_from((1, 7, 100)),
)
def test_pages_counts_sums_and_ids_are_those_of_the_traces_that_match(
    filled: Reference, run: Run[Any], query: LogQuery, sort: Sort, size: int
) -> None:
    async def work() -> None:
        store, expected = filled.within["prod"].traces, filled.meant(query)
        shown: list[Trace] = []
        for number in range(1, 100):
            traces, has_more = await store.page(query, sort, PageRequest(number, size))
            assert len(traces) == size or not has_more
            shown += traces
            if not has_more:
                break
        # Everything once, each as it should be, in the order of the sort.
        assert sorted(shown, key=_key) == sorted(expected, key=_key)
        values = [_row(trace)[sort.field] for trace in shown]
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        assert encoded == _in_order(expected, sort)
        assert (await store.count(query)).number == len(expected)
        in_time = await store.count(query, within_seconds=10)
        assert (in_time.number, in_time.is_exact) == (len(expected), True)
        assert await store.summarize(query) == _summary(expected)
        assert sorted(await store.list_ids(query, 1_000)) == sorted({trace.trace_unique_id for trace in expected})
        assert len(await store.list_ids(query, 2)) <= 2
        assert await filled.within["prod"].log_samples.count("traces", query) == len(expected)
        roots = await filled.within["prod"].log_samples.choose("traces", query, "failures_first", 3, 0, 1_000)
        by_root = {trace.root.sequence: trace for trace in expected if trace.root is not None}
        assert sorted(roots) == sorted(by_root)
        failed = [by_root[sequence].error_count > 0 for sequence in roots]
        assert failed == sorted(failed, reverse=True)

    run(work())


def _key(trace: Trace) -> tuple[str, str]:
    return trace.trace_unique_id, trace.environment


def _summary(traces: Sequence[Trace]) -> TracesSummary:
    return TracesSummary(
        total_count=len(traces),
        total_cost=sum(trace.cost for trace in traces),
        total_prompt_tokens=sum(trace.prompt_tokens for trace in traces),
        total_completion_tokens=sum(trace.completion_tokens for trace in traces),
        total_tokens=sum(trace.total_tokens for trace in traces),
        total_duration=sum((trace.end_time - trace.start_time for trace in traces), timedelta()).total_seconds(),
        total_span_count=sum(trace.span_count for trace in traces),
        total_llm_call_count=sum(trace.llm_call_count for trace in traces),
        total_error_count=sum(trace.error_count for trace in traces),
        traces_with_errors=sum(trace.error_count > 0 for trace in traces),
    )


def test_the_newest_traces_come_first_and_ties_never_change(filled: Reference, run: Run[Any]) -> None:
    store = filled.within["prod"].traces
    first, _ = run(store.page(LogQuery(environments=BOTH), NEWEST, ALL))
    again, _ = run(store.page(LogQuery(environments=BOTH), Sort("end_time"), ALL))
    assert [_key(trace) for trace in again] == [_key(trace) for trace in reversed(first)]
    ids = run(store.list_ids(LogQuery(), 5))
    assert len(ids) == 5
    newest, _ = run(store.page(LogQuery(), NEWEST, PageRequest(1, 5)))
    assert list(ids) == [trace.trace_unique_id for trace in newest]


def test_a_trace_is_read_with_its_spans_by_start_time(filled: Reference, run: Run[Any]) -> None:
    async def work() -> None:
        store = filled.within["prod"].traces
        for trace in filled.traces():
            query = LogQuery(environments=(trace.environment,))
            assert await store.get(trace.trace_unique_id, query) == trace
            spans = await store.spans(trace, 1_000)
            expected = sorted(
                (
                    log
                    for environment, log in filled.spans.values()
                    if (log.attributes.trace_unique_id, environment) == _key(trace)
                ),
                key=lambda log: (log.attributes.start_time, log.sequence),
            )
            assert list(spans) == expected
            assert list(await store.spans(trace, 2)) == expected[:2]
            with pytest.raises(NotFound):
                await store.get(trace.trace_unique_id, replace(query, end=trace.end_time))
            with pytest.raises(NotFound):
                await store.get(trace.trace_unique_id + "x", query)

    run(work())


# Deleting -------------------------------------------------------------------------------------------------------------


def test_a_delete_takes_the_spans_of_its_environments_and_window_only(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        reference = Reference(await new_organization(stores))
        draw = random.Random(2)
        for environment in BOTH:
            # More than one transaction takes at a time.
            await reference.record(environment, [_span(draw, "t", number) for number in range(450)])
        await reference.record("prod", [_span(draw, "other", number) for number in range(5)])
        traces = reference.within["prod"].traces

        async def delete(query: LogQuery, environments: Sequence[Environment]) -> None:
            gone = [
                log_id
                for log_id, (environment, log) in reference.spans.items()
                if environment in environments
                and log.attributes.trace_unique_id == "t"
                and (query.start is None or log.attributes.timestamp >= query.start)
                and (query.end is None or log.attributes.timestamp < query.end)
            ]
            assert gone
            assert await traces.delete("t", query) == len(gone)
            for log_id in gone:
                del reference.spans[log_id]
            await _check(reference)

        await delete(LogQuery(start=at(6), end=at(7)), ["prod"])
        await delete(LogQuery(end=at(2), environments=BOTH), BOTH)
        await delete(LogQuery(), ["prod"])
        with pytest.raises(NotFound):
            await traces.get("t", LogQuery())
        assert await traces.delete("t", LogQuery()) == 0
        await delete(LogQuery(environments=("test",)), ["test"])
        assert sorted(await found_ids(reference.within["prod"], LogQuery(environments=BOTH))) == sorted(reference.spans)

    run(work())
    assert run(stores.verify()) == []


def test_logs_without_a_trace_make_none(store: Store, run: Run[Any]) -> None:
    run(record(store, [log_draft("alone"), log_draft("too")]))
    assert run(store.traces.page(LogQuery(), NEWEST, ALL)) == ([], False)
    assert run(store.traces.summarize(LogQuery())) == _summary([])
