"""What bodies ask for when they take request logs into datasets, and the recipe that says the same again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.filters.search import TextSearch
from assay.model.errors import Invalid
from assay.model.job import LOG_IMPORT, Job
from assay.model.sampling import Sampling
from assay.wire import codec
from assay.wire.datasets import DatasetCreate, read_create
from assay.wire.import_jobs import ImportOrder, order_text, read_order
from assay.wire.log_imports import LogImport, LogRecipe, LogSelection, read_import, read_selection, seed_of

DAY = {"start_time": "2026-03-01T00:00:00Z", "end_time": "2026-03-02 00:00:00"}
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


def recipe(granularity: Any = "logs", **body: Any) -> LogRecipe:
    return read_selection(LogSelection.model_validate({**DAY, **body}), granularity, 7, "test")


def refusal(body: dict[str, Any], granularity: Any = "logs") -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        read_selection(LogSelection.model_validate(body), granularity, 7, "test")
    return refused.value.fields


def test_a_window_holds_the_log_at_its_very_end() -> None:
    query = recipe().query
    assert query.start == START
    assert query.end == END + timedelta(microseconds=1)
    assert query.environments == ("test",)


def test_the_end_of_time_is_an_end() -> None:
    assert recipe(end_time="9999-12-31T23:59:59.999999Z").query.end is None


@pytest.mark.parametrize(
    ("value", "percent", "count"),
    [(1, 1.0, None), (100, 100.0, None), (1.0, 1.0, None), (12.5, 12.5, None), (0.07, 7.0, None), (0.005, 0.5, None),
     (0.3, 30.0, None), (0.29, 29.0, None), (1e-7, 1e-5, None), (101, None, 101), (1000, None, 1000),
     ("50", 50.0, None), (None, 100.0, None)],
)  # fmt: skip
def test_sampling_is_a_percentage_a_fraction_or_a_count(value: Any, percent: float | None, count: int | None) -> None:
    sampling = recipe(sampling=value).sampling
    assert (sampling.percent, sampling.count) == (percent, count)


@pytest.mark.parametrize("value", [0, -1, -0.5, "half", True, [], {}, 100.5, "nan", 1e400])
def test_a_sampling_that_is_none_of_these_is_refused_and_says_what_would_be_right(value: Any) -> None:
    (message,) = refusal({**DAY, "sampling": value})["sampling"]
    assert "percentage from 1 to 100" in message
    assert ("is_empty" in message) is (value == 0 and value is not False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sampling_percentage": 101}, "sampling_percentage"),
        ({"sampling_percentage": 0}, "sampling_percentage"),
        ({"sampling_count": 0}, "sampling_count"),
        ({"sampling_count": 1.5}, "sampling_count"),
        ({"sampling": 5, "sampling_count": 5}, "sampling_count"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**53}, "seed"),
        ({"sampling_method": "stratified"}, "stratify_by"),
        ({"sampling_method": "newest", "stratify_by": "model"}, "stratify_by"),
        ({"stratify_by": "plan"}, "stratify_by"),
        ({"stratify_by": "input"}, "stratify_by"),
        ({"stratify_by": "timestamp"}, "stratify_by"),
        ({"stratify_allocation": "equal"}, "stratify_allocation"),
        ({"deduplicate": 0}, "deduplicate"),
        ({"deduplicate": 1.1}, "deduplicate"),
        ({"deduplicate": "much"}, "deduplicate"),
        ({"initial_log_filters": {"cost": {"operator": "nonsense", "value": 1}}}, "initial_log_filters.cost"),
        ({"filters": {"cost": {"operator": "nonsense", "value": 1}}}, "filters.cost"),
        ({"filters": 5}, "filters"),
        ({"end_time": "2026-02-01"}, "end_time"),
        ({"start_time": "yesterday"}, "start_time"),
    ],
    ids=str,
)
def test_what_contradicts_itself_is_refused_by_name(body: dict[str, Any], field: str) -> None:
    assert set(refusal({**DAY, **body})) == {field}


def test_missing_times_are_both_named_unless_ids_are_picked() -> None:
    assert set(refusal({})) == {"start_time", "end_time"}
    assert set(refusal({"start_time": "2026-01-01"})) == {"end_time"}
    assert set(refusal({"filters": {"model": "gpt-4o"}})) == {"start_time", "end_time"}
    assert set(refusal({"filters": {"id": "a", "model": "b"}, "operator": "OR"})) == {"start_time", "end_time"}
    assert set(refusal({"filters": {"id": {"operator": "not", "value": ["a"]}}})) == {"start_time", "end_time"}
    picks: list[Any] = [
        {"id": "a"}, {"unique_id": {"operator": "in", "value": ["a", "b"]}}, {"id": {"value": "a"}, "model": "b"},
        [{"field": "id", "operator": "", "value": ["a"]}],
    ]  # fmt: skip
    for filters in picks:
        found = read_selection(LogSelection(filters=filters), "logs", 7, "prod")
        assert (found.query.start, found.query.end) == (None, None)
        assert read_selection(LogSelection(initial_log_filters=filters), "traces", 7, "prod").query.start is None


def test_a_search_is_text_and_terms_and_not_for_traces() -> None:
    query = recipe(search='"gift card" model:gpt-4o', filters={"status": "success"}).query
    assert query.search == TextSearch((), (("gift", "card"),))
    assert recipe(filters={"status": "success", "model": "gpt-4o"}).query.expression == query.expression
    assert set(refusal({**DAY, "search": "refund"}, "traces")) == {"search"}


BODIES: list[dict[str, Any]] = [
    {},
    {"sampling": 0.07, "seed": 3},
    {"sampling": 250, "sampling_method": "newest", "deduplicate": True},
    {"sampling_percentage": 0.5, "stratify_by": "metadata.plan", "stratify_allocation": "equal", "deduplicate": 0.75},
    {"sampling_count": 9, "sampling_method": "failures_first", "environments": ["prod", "test"], "search": 'a "b c"'},
    {"filters": [{"field": "cost", "operator": "gt", "value": 1}], "operator": "OR"},
    {"initial_log_filters": {"id": {"operator": "in", "value": ["a"]}}, "start_time": None, "end_time": None},
    {"end_time": "2026-03-02T00:00:00.123456+01:00", "stratify_by": "model"},
]


@pytest.mark.parametrize("body", BODIES, ids=str)
@pytest.mark.parametrize("granularity", ["logs", "traces"])
def test_the_fields_of_a_recipe_ask_for_the_same_again(body: dict[str, Any], granularity: Any) -> None:
    body = body if granularity == "logs" else {key: value for key, value in body.items() if key != "search"}
    first = recipe(granularity, **body)
    sent = codec.decode(codec.encode(first.written))
    # Another key, another dataset: what the recipe says holds.
    again = read_selection(LogSelection.model_validate(sent), granularity, 8, "prod")
    assert (again.query, again.sampling, again.granularity) == (first.query, first.sampling, granularity)
    assert codec.encode(again.written) == codec.encode(first.written)
    job = Job("j", 1, LOG_IMPORT, "running", "d", START, START, recipe=order_text(ImportOrder("me", first)))
    order = read_order(job)
    assert order.author == "me"
    assert order.recipe is not None
    assert (order.recipe.query, order.recipe.sampling) == (first.query, first.sampling)


def test_the_recipe_keeps_filters_as_they_were_sent() -> None:
    sent = {"cost": {"gte": 1}, "metadata__plan": "pro"}
    assert recipe(filters=sent).written["initial_log_filters"] == sent


@given(st.floats(1e-6, 1, exclude_min=True, exclude_max=True))
def test_every_fraction_survives_the_way_through_a_recipe(fraction: float) -> None:
    first = recipe(sampling=fraction)
    again = recipe(**{key: value for key, value in first.written.items() if key not in DAY and key != "granularity"})
    assert again.sampling == first.sampling


def test_a_copy_is_an_order_too() -> None:
    order = ImportOrder("me", None, "source", 3)
    assert read_order(Job("j", 1, LOG_IMPORT, "running", "d", START, START, recipe=order_text(order))) == order


def test_the_seed_comes_from_the_dataset_unless_it_is_named() -> None:
    assert recipe().sampling == Sampling(percent=100.0, seed=7)
    assert recipe(seed=0).sampling.seed == 0
    assert seed_of("a") != seed_of("b")
    assert 0 <= seed_of("a") < 2**32


def test_an_addition_has_the_granularity_of_its_dataset() -> None:
    body = LogImport.model_validate({**DAY, "granularity": "traces"})
    assert read_import(body, "traces", 7, "prod").granularity == "traces"
    with pytest.raises(Invalid) as refused:
        read_import(body, "logs", 7, "prod")
    assert set(refused.value.fields) == {"granularity"}


def test_ids_are_picked_whatever_else_the_body_says() -> None:
    picked = read_import(LogImport(log_ids=["a", "b"]), "logs", 7, "prod")
    named = LogSelection(filters={"id": {"operator": "in", "value": ["a", "b"]}})
    assert picked.query == read_selection(named, "logs", 7, "prod").query
    for wrong in ([], ["a"] * 10_001):
        with pytest.raises(Invalid) as refused:
            read_import(LogImport(log_ids=wrong), "logs", 7, "prod")
        assert set(refused.value.fields) == {"log_ids"}


def test_only_a_body_that_selects_nothing_may_start_empty() -> None:
    def made(**body: Any) -> LogRecipe | None:
        return read_create(DatasetCreate.model_validate({"name": "a", **body}), "id", "prod").recipe

    assert made(is_empty=True, start_time="nonsense") is None
    assert made(type="llm", initial_log_filters={}, sampling=None) is None
    assert made(type="llm", **DAY) is not None
    with pytest.raises(Invalid):
        made(type="llm", filters={"model": "a"})
    with pytest.raises(Invalid) as threads:
        made(is_empty=True, granularity="threads")
    assert set(threads.value.fields) == {"granularity"}
