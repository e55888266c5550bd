"""Random filters over random rows: pages, counts, sums and deletes agree with the filter's reference meaning."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.filters.expression import EVERYTHING, Condition, Expression, Operator, walk
from assay.filters.match import matches
from assay.model.dataset import DatasetLogDraft
from assay.model.errors import Invalid
from assay.model.log import LogAttributes, LogContent
from assay.model.page import PageRequest, Sort
from assay.ports.store import Store, Stores
from tests.conformance.builders import ROW_ORDER, T0, at, change, evaluator, logs_of, new_dataset, new_report, result
from tests.conformance.conftest import Run
from tests.filters.generation import EVALUATORS, expressions, random_rows

ROWS = random_rows(seed=11, count=120)
_PAYLOADS = ("input", "output", "expected_output", "metadata")
_SORTED_BY = ("model", "prompt_tokens", "cost", "timestamp", "source_log_id", "id")


def _draft(row: dict[str, Any]) -> DatasetLogDraft:
    row["timestamp"] = row["timestamp"] or T0
    content = {name: msgspec.json.encode(row[name]) for name in _PAYLOADS if row.get(name, ...) is not ...}
    if row.get("metadata") is None:
        del content["metadata"]
    attributes = LogAttributes(
        row["timestamp"], T0, model=row["model"], prompt_tokens=row["prompt_tokens"], cost=row["cost"]
    )
    return DatasetLogDraft(LogContent(**content), attributes, row["source_log_id"])


@dataclass(frozen=True, slots=True)
class Filled:
    """A dataset of ROWS with their scores in one store."""

    store: Store
    dataset: str
    ids: list[str]


async def fill(stores: Stores) -> Filled:
    """Store ROWS and their scores in a new organisation."""
    organization = await stores.access.create_organization(str(uuid4()), "an organisation", T0)
    store = stores.within(organization.id, "prod")
    dataset = await new_dataset(store)
    ids, _ = await store.dataset_logs.append(dataset, [_draft(row) for row in ROWS], change())
    judges = [evaluator(store, slug, id_=id_) for id_, slug in EVALUATORS]
    report = await new_report(store, dataset, judges)
    ordinals = {pair: place for place, pair in enumerate(EVALUATORS)}
    logs = await logs_of(store, dataset)
    await stores.runs.record(
        report.id,
        [
            result(log, ordinals[pair], value)
            for log, row in zip(logs, ROWS, strict=True)
            for pair, value in row["scores"].items()
        ],
        at(1),
    )
    return Filled(store, dataset, list(ids))


@pytest.fixture(scope="module")
def filled(stores: Stores, run: Run[Any]) -> Filled:
    """ROWS in a store of each kind."""
    return run(fill(stores))


def matching(expression: Expression) -> list[int]:
    """Return the places of the rows that match."""
    keyed = [{**row, "scores": {key: value for pair, value in row["scores"].items() for key in pair}} for row in ROWS]
    return [place for place, row in enumerate(keyed) if matches(expression, row)]


def is_answerable(expression: Expression) -> bool:
    """Dataset rows have no field `starred`."""
    return not any(isinstance(node, Condition) and node.field.name == "starred" for node in walk(expression))


def _only_a_pattern_is_refused(store_kind: str, expression: Expression) -> bool:
    has_pattern = any(isinstance(node, Condition) and node.operator is Operator.REGEX for node in walk(expression))
    return "Postgresql" in store_kind and has_pattern


def _in_order(places: list[int], sort: Sort) -> list[int]:
    if sort.field == "id":
        return sorted(places, reverse=sort.descending)

    def key(place: int) -> Any:
        value = ROWS[place][sort.field]
        return value.encode() if isinstance(value, str) else value

    there = [place for place in places if ROWS[place][sort.field] is not None]
    missing = [place for place in places if ROWS[place][sort.field] is None]
    ordered = sorted(there, key=lambda place: (key(place), place), reverse=sort.descending)
    return ordered + sorted(missing, reverse=sort.descending)


@settings(max_examples=150)
@given(
    expression=expressions().filter(is_answerable),
    sort=st.builds(Sort, st.sampled_from(_SORTED_BY), st.booleans()),
    page=st.builds(PageRequest, st.integers(1, 3), st.sampled_from((1, 7, 200))),
)
def test_pages_counts_and_sums_are_those_of_the_rows_that_match(
    filled: Filled, run: Run[Any], expression: Expression, sort: Sort, page: PageRequest
) -> None:
    places = matching(expression)

    async def work() -> None:
        logs = filled.store.dataset_logs
        try:
            found = await logs.page(filled.dataset, None, expression, sort, page)
        except Invalid:
            assert _only_a_pattern_is_refused(repr(logs), expression)
            return
        shown = _in_order(places, sort)[page.offset : page.offset + page.size]
        assert [log.id for log in found.items] == [filled.ids[place] for place in shown]
        assert found.total_count == len(places)
        summary = await logs.summarize(filled.dataset, None, expression)
        assert summary.number_of_requests == len(places)
        assert summary.total_prompt_tokens == sum(ROWS[place]["prompt_tokens"] or 0 for place in places)
        assert summary.total_cost == pytest.approx(sum(ROWS[place]["cost"] or 0.0 for place in places))
        walked = [log.id async for batch in logs.iterate(filled.dataset, None, expression, 50) for log in batch]
        assert walked == [filled.ids[place] for place in places]

    run(work())


@settings(max_examples=40)
@given(expression=expressions().filter(is_answerable))
def test_a_delete_takes_exactly_the_rows_that_match(filled: Filled, run: Run[Any], expression: Expression) -> None:
    places = matching(expression)

    async def work() -> None:
        store, dataset = filled.store, filled.dataset
        before = (await store.datasets.get(dataset)).version
        try:
            count = await store.dataset_logs.remove_matching(dataset, expression, change("delete by filter", before))
        except Invalid:
            assert _only_a_pattern_is_refused(repr(store.dataset_logs), expression)
            return
        assert count == len(places)
        left = [log.id for log in await logs_of(store, dataset)]
        assert left == [id_ for place, id_ in enumerate(filled.ids) if place not in set(places)]
        if places:
            await store.dataset_versions.restore(dataset, before, change("restore", before))
            assert [log.id for log in await logs_of(store, dataset)] == filled.ids

    run(work())


@pytest.mark.postgres
def test_both_stores_keep_the_rows_in_the_same_order_under_every_sort(
    sqlite_stores: Stores, postgresql_stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        both = [await fill(sqlite_stores), await fill(postgresql_stores)]
        names = [name for name in LogAttributes.__dataclass_fields__]
        for sort in [ROW_ORDER, *(Sort(name, down) for name in (*names, "created_at") for down in (False, True))]:
            orders = [
                [one.ids.index(log.id) for log in await logs_of(one.store, one.dataset, None, EVERYTHING, sort)]
                for one in both
            ]
            assert orders[0] == orders[1], sort

    run(work())


def test_the_rows_hold_what_they_were_given(filled: Filled, run: Run[Any]) -> None:
    logs = run(logs_of(filled.store, filled.dataset))
    for log, row in zip(logs, ROWS, strict=True):
        for name in _PAYLOADS:
            text = getattr(log.content, name)
            assert (None if text is None else json.loads(text)) == row.get(name)
