"""Rows of a dataset: adding, reading, changing, removing; the same in every store."""

from __future__ import annotations

from typing import Any

import pytest

from assay.filters.expression import EVERYTHING, Condition, Field, Operator
from assay.model.dataset import DatasetLogDraft, LogsSummary
from assay.model.errors import NotFound
from assay.model.log import LogAttributes, LogContent
from assay.model.page import PageRequest, Sort
from assay.ports.store import Store
from tests.conformance.builders import (
    ROW_ORDER,
    T0,
    at,
    change,
    draft,
    drafts,
    input_of,
    inputs_of,
    logs_of,
    new_dataset,
)
from tests.conformance.conftest import Run

MODEL_IS_A = Condition(Field("model"), Operator.EQUAL, ("a",))

EVERY_ATTRIBUTE = LogAttributes(
    timestamp=at(-3.000001),
    start_time=at(-4),
    environment="test",
    model="gpt-4o",
    log_type="chat",
    status="error",
    status_code=500,
    error_code="timeout",
    error_message="too slow",
    custom_identifier="custom",
    customer_identifier="customer",
    session_identifier="session",
    thread_identifier="thread",
    trace_unique_id="trace",
    prompt_id="prompt",
    prompt_name="prompt name",
    span_name="span",
    span_workflow_name="workflow",
    prompt_tokens=2**53 + 1,
    completion_tokens=0,
    total_request_tokens=7,
    cost=0.1,
    latency=1e-300,
    time_to_first_token=0.30000000000000004,
    tokens_per_second=1e22,
)


def test_a_row_comes_back_as_it_was_given(store: Store, run: Run[Any]) -> None:
    content = LogContent(
        input=b'{"z":1,"a":[1.0,-0.0,12345678901234567890123],"\xc3\xa9":"\xf0\x9f\x98\x80"}',
        output=b"null",
        expected_output=b'""',
        metadata=b'{"z":{"b":1,"a":2},"a":1.50}',
        metrics=b"{}",
    )

    async def work() -> None:
        dataset = await new_dataset(store)
        (log_id,), version = await store.dataset_logs.append(
            dataset, [DatasetLogDraft(content, EVERY_ATTRIBUTE, "source")], change(seconds=5)
        )
        log = await store.dataset_logs.get(dataset, log_id)
        assert (log.id, log.dataset_id, log.content, log.attributes) == (log_id, dataset, content, EVERY_ATTRIBUTE)
        assert (log.source_log_id, log.annotation_status, log.removed_in) == ("source", "pending", None)
        assert (log.created_at, log.updated_at, log.added_in) == (at(5), at(5), version.number)
        assert await logs_of(store, dataset) == [log]

    run(work())


def test_a_row_may_hold_nothing_but_a_name_for_nothing(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        empty = DatasetLogDraft(LogContent(), LogAttributes(T0, T0))
        (log_id,), _ = await store.dataset_logs.append(dataset, [empty], change())
        assert (await store.dataset_logs.get(dataset, log_id)).content == LogContent()

    run(work())


def test_rows_stand_in_the_order_in_which_they_were_added_and_so_do_their_ids(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, other = await new_dataset(store), await new_dataset(store)
        ids: list[str] = []
        for first in range(0, 30, 10):
            added, _ = await store.dataset_logs.append(dataset, drafts(*range(first, first + 10)), change())
            ids += added
            await store.dataset_logs.append(other, drafts("elsewhere"), change())
        logs = await logs_of(store, dataset)
        assert [log.id for log in logs] == ids == sorted(ids)
        assert [input_of(log) for log in logs] == list(range(30))
        assert await inputs_of(store, dataset, sort=Sort("id", descending=True)) == list(reversed(range(30)))

    run(work())


def test_pages_follow_each_other_and_count_all_rows(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(*range(7)), change())
        seen = []
        for number in range(1, 5):
            page = await store.dataset_logs.page(dataset, None, EVERYTHING, ROW_ORDER, PageRequest(number, 3))
            assert page.total_count == 7
            seen.append([input_of(log) for log in page.items])
        assert seen == [[0, 1, 2], [3, 4, 5], [6], []]

    run(work())


def test_missing_values_sort_last_either_way_and_ties_keep_row_order(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        costs = [None, 2.0, 1.0, None, 2.0, 0.0]
        rows = [draft(place, cost=cost) for place, cost in enumerate(costs)]
        await store.dataset_logs.append(dataset, rows, change())
        assert await inputs_of(store, dataset, sort=Sort("cost")) == [5, 2, 1, 4, 0, 3]
        assert await inputs_of(store, dataset, sort=Sort("cost", descending=True)) == [4, 1, 2, 5, 3, 0]

    run(work())


def test_texts_sort_by_their_bytes_whatever_the_language_of_the_database(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        models = ["b", "B", "a", "é", "a-b", "ab", "Z", "", "😀", "\uffff", "10", "9"]
        await store.dataset_logs.append(dataset, [draft(model, model=model) for model in models], change())
        in_order = sorted(models, key=str.encode)
        assert await inputs_of(store, dataset, sort=Sort("model")) == in_order
        assert await inputs_of(store, dataset, sort=Sort("model", descending=True)) == in_order[::-1]

    run(work())


def test_the_rows_that_match_are_paged_counted_walked_and_summed_alike(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows = [draft(place, model="a" if place % 3 else "b", cost=float(place)) for place in range(10)]
        await store.dataset_logs.append(dataset, rows, change())
        page = await store.dataset_logs.page(dataset, None, MODEL_IS_A, ROW_ORDER, PageRequest(1, 4))
        assert ([input_of(log) for log in page.items], page.total_count) == ([1, 2, 4, 5], 6)
        walked = [
            [input_of(log) for log in logs] async for logs in store.dataset_logs.iterate(dataset, None, MODEL_IS_A, 4)
        ]
        assert walked == [[1, 2, 4, 5], [7, 8]]
        summary = await store.dataset_logs.summarize(dataset, None, MODEL_IS_A)
        assert (summary.number_of_requests, summary.total_cost) == (6, 27.0)

    run(work())


def test_a_walk_stays_in_the_version_in_which_it_began(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(*range(6)), change())
        seen = []
        async for logs in store.dataset_logs.iterate(dataset, None, EVERYTHING, 2):
            seen += [input_of(log) for log in logs]
            if len(seen) == 2:
                await store.dataset_logs.remove(dataset, ids[5], change("delete", 100))
                await store.dataset_logs.revise(dataset, ids[4], lambda _: draft("new"), change("update", 200))
                await store.dataset_logs.append(dataset, drafts("later"), change("create", 300))
        assert seen == [0, 1, 2, 3, 4, 5]

    run(work())


def test_means_are_over_the_rows_that_have_the_value(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        assert await store.dataset_logs.summarize(dataset, None, EVERYTHING) == LogsSummary()
        with_tokens = {"prompt_tokens": 3, "completion_tokens": 4, "total_request_tokens": 7}
        rows = [
            draft(0, latency=1.0, cost=0.25, **with_tokens),
            draft(1, latency=2.0, time_to_first_token=0.5, tokens_per_second=10.0),
            draft(2),
        ]
        await store.dataset_logs.append(dataset, rows, change())
        assert await store.dataset_logs.summarize(dataset, None, EVERYTHING) == LogsSummary(
            3, 0.25, 7, 3, 4, 1.5, 10, 0.5
        )

    run(work())


def test_sums_of_tokens_stay_exact_however_large(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows = [draft(place, prompt_tokens=2**63 - 1, completion_tokens=2**53) for place in range(3)]
        await store.dataset_logs.append(dataset, [*rows, draft(3, completion_tokens=1)], change())
        summary = await store.dataset_logs.summarize(dataset, None, EVERYTHING)
        assert summary.total_prompt_tokens == 3 * (2**63 - 1)
        assert summary.total_completion_tokens == 3 * 2**53 + 1

    run(work())


def test_a_revised_row_keeps_its_id_place_and_origin(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows = [draft(0), draft(1, source_log_id="source", model="a"), draft(2)]
        ids, before = await store.dataset_logs.append(dataset, rows, change(seconds=1))
        old = await store.dataset_logs.get(dataset, ids[1])
        seen = []

        def edit(present: Any) -> DatasetLogDraft:
            seen.append(present)
            return draft("changed", metadata={"k": "v"}, model="b")

        new = await store.dataset_logs.revise(dataset, ids[1], edit, change("update", 50))
        assert seen == [old]
        assert (new.id, new.position, new.created_at, new.source_log_id) == (old.id, old.position, at(1), "source")
        assert (new.updated_at, new.attributes.model, new.content.metadata) == (at(50), "b", b'{"k":"v"}')
        assert new.sequence != old.sequence
        assert await inputs_of(store, dataset) == [0, "changed", 2]
        assert await inputs_of(store, dataset, before.number) == [0, 1, 2]
        as_of = await store.dataset_logs.get(dataset, ids[1], before.number)
        assert (as_of.sequence, as_of.content, as_of.removed_in) == (old.sequence, old.content, new.added_in)

    run(work())


def test_an_edit_that_fails_leaves_the_row_and_the_versions_as_they_were(store: Store, run: Run[Any]) -> None:
    def refuse(_: Any) -> DatasetLogDraft:
        raise ValueError("no")

    async def work() -> None:
        dataset = await new_dataset(store)
        (log_id,), _ = await store.dataset_logs.append(dataset, drafts(1), change())
        with pytest.raises(ValueError, match="no"):
            await store.dataset_logs.revise(dataset, log_id, refuse, change("update", 100))
        assert (await store.datasets.get(dataset)).version == 1
        assert await inputs_of(store, dataset) == [1]

    run(work())


def test_a_removed_row_is_gone_from_the_present_only(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(0, 1), change())
        await store.dataset_logs.remove(dataset, ids[0], change("delete", 100))
        assert await inputs_of(store, dataset) == [1]
        assert await inputs_of(store, dataset, 1) == [0, 1]
        for attempt in (
            store.dataset_logs.get(dataset, ids[0]),
            store.dataset_logs.remove(dataset, ids[0], change("delete", 200)),
            store.dataset_logs.revise(dataset, ids[0], lambda _: draft(), change("update", 200)),
        ):
            with pytest.raises(NotFound):
                await attempt
        assert (await store.datasets.get(dataset)).version == 2

    run(work())


def test_removing_what_matches_counts_it_and_removing_nothing_makes_no_version(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows = [draft(place, model="a" if place % 2 else "b") for place in range(6)]
        await store.dataset_logs.append(dataset, rows, change())
        assert await store.dataset_logs.remove_matching(dataset, MODEL_IS_A, change("delete by filter", 100)) == 3
        assert await store.dataset_logs.remove_matching(dataset, MODEL_IS_A, change("delete by filter", 200)) == 0
        assert await inputs_of(store, dataset) == [0, 2, 4]
        assert await store.dataset_logs.remove_matching(dataset, EVERYTHING, change("delete all", 300)) == 3
        found = await store.datasets.get(dataset)
        assert (found.log_count, found.version) == (0, 3)
        assert await inputs_of(store, dataset, 2) == [0, 2, 4]

    run(work())


def test_the_rows_of_an_unknown_dataset_are_not_found(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        for attempt in (
            store.dataset_logs.append("none", drafts(1), change()),
            store.dataset_logs.page("none", None, EVERYTHING, ROW_ORDER, PageRequest()),
            store.dataset_logs.get("none", "none"),
            store.dataset_logs.remove_matching("none", EVERYTHING, change()),
            store.dataset_logs.summarize("none", None, EVERYTHING),
            anext(store.dataset_logs.iterate("none", None, EVERYTHING, 10)),
        ):
            with pytest.raises(NotFound):
                await attempt

    run(work())
