"""The client `respan-api` 0.1.47 from PyPI, unmodified: generated from the vendor's own description of the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respan
from respan import RespanClient
from respan.core.api_error import ApiError
from respan.datasets.client import DatasetsClient
from respan.evaluators.client import EvaluatorsClient

from tests.server import Server

UNKNOWN = "00000000-0000-0000-0000-000000000000"
NOW = datetime.now(UTC)


@pytest.fixture
def datasets(client: RespanClient) -> DatasetsClient:
    return client.datasets


@pytest.fixture
def evaluators(client: RespanClient) -> EvaluatorsClient:
    return client.evaluators


@pytest.fixture
def evaluator_id(evaluators: EvaluatorsClient) -> str:
    return evaluators.retrieve_evaluator("char_count_eval").id


def row_ids(datasets: DatasetsClient, dataset_id: str) -> list[str]:
    return [row.unique_id for row in datasets.list_dataset_logs(dataset_id).results]


def test_a_dataset_lives_from_create_to_delete(datasets: DatasetsClient) -> None:
    made = datasets.create_dataset(
        name="generated client",
        description="empty",
        is_empty=True,
        sampling=100,
        initial_log_filters={"status_code": {"operator": "eq", "value": 200}},
    )
    assert (made.status, made.type, made.granularity) == ("ready", "sampling", "logs")
    read = datasets.retrieve_dataset(made.id)
    assert (read.name, read.log_count) == ("generated client", 0)
    assert read.initial_log_filters.status_code.value == 200
    changed = datasets.update_dataset(made.id, name="renamed", starred=True, tags=["nightly"])
    assert (changed.name, changed.description) == ("renamed", "empty")
    assert datasets.delete_dataset(made.id) is None
    with pytest.raises(ApiError) as missing:
        datasets.retrieve_dataset(made.id)
    assert missing.value.status_code == 404


def test_datasets_are_listed_by_filter_and_page_until_one_is_empty(datasets: DatasetsClient) -> None:
    made = [datasets.create_dataset(name="paged", is_empty=True).id for _ in range(3)]

    def walk() -> Iterator[str]:
        number = 1
        while True:
            page = datasets.list_datasets(
                page=number, page_size=2, sort_by="created_at", filters={"name": {"operator": "", "value": ["paged"]}}
            )
            assert page.count == page.total_count == 3
            if not page.results:
                return
            yield from (one.id for one in page.results)
            number += 1

    assert list(walk()) == made


def test_datasets_are_made_from_a_window_and_from_another_dataset(datasets: DatasetsClient, dataset_id: str) -> None:
    sampled = datasets.create_dataset(name="sampled", start_time=NOW - timedelta(days=1), end_time=NOW, sampling=50)
    assert (sampled.name, sampled.status) == ("sampled", "ready")
    copy = datasets.create_dataset(source_dataset_id=dataset_id)
    assert (copy.name, copy.status, copy.log_count) == ("three rows (copy)", "ready", 3)
    reply = datasets.import_dataset_logs(dataset_id, start_time=NOW - timedelta(days=1), end_time=NOW)
    assert reply.message == "Logs are being imported to dataset in the background"


def test_a_row_lives_from_create_to_delete(datasets: DatasetsClient, dataset_id: str) -> None:
    made = datasets.create_dataset_log(
        dataset_id,
        input=[{"role": "user", "content": "Hello?"}],
        output={"role": "assistant", "content": "Hello."},
        expected_output="Hello.",
        metadata={"model": "gpt-4o", "topic": "greeting"},
        metrics={"prompt_tokens": 3, "completion_tokens": 2, "cost": 0.01, "latency": 0.5},
    )
    row = datasets.retrieve_dataset_log(dataset_id, made.unique_id)
    assert row.input == row.messages == [{"role": "user", "content": "Hello?"}]
    assert (row.prompt, row.completion, row.expected_output) == ("Hello?", "Hello.", "Hello.")
    assert (row.model, row.total_request_tokens, row.cost, row.latency) == ("gpt-4o", 5, 0.01, 0.5)
    changed = datasets.update_dataset_log(dataset_id, made.unique_id, output="Hi.", metadata={"reviewed": True})
    assert changed.output == "Hi."
    assert changed.metadata == {"model": "gpt-4o", "topic": "greeting", "reviewed": True}
    replaced = datasets.replace_dataset_log(dataset_id, made.unique_id, prompt="again", completion="done")
    assert (replaced.input, replaced.output, replaced.expected_output, replaced.metadata) == ("again", "done", None, {})
    assert datasets.delete_dataset_log(dataset_id, made.unique_id) is None
    with pytest.raises(respan.NotFoundError):
        datasets.retrieve_dataset_log(dataset_id, made.unique_id)


def test_rows_are_listed_by_filter_in_an_order_with_their_scores(
    datasets: DatasetsClient, dataset_id: str, evaluator_id: str
) -> None:
    datasets.run_eval_on_dataset(dataset_id, evaluator_ids=[evaluator_id])
    deadline = time.monotonic() + 30
    while datasets.list_dataset_eval_runs(dataset_id).results[0].status != "completed":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page = datasets.list_dataset_logs(
        dataset_id,
        page=1,
        page_size=10,
        sort_by="-id",
        include_fields="scores",
        filters={"metadata__rank": {"operator": "gte", "value": [2]}},
    )
    assert page.count == 2
    assert [row.custom_identifier for row in page.results] == ["third", "second"]
    assert [row.scores[evaluator_id]["score_value"] for row in page.results] == [3, 2]
    assert datasets.list_dataset_logs(dataset_id, page=99).results == []


def test_asking_for_an_export_in_a_list_answers_rows_and_says_where_the_file_is(
    datasets: DatasetsClient, dataset_id: str
) -> None:
    page = datasets.list_dataset_logs(dataset_id, is_exporting=True, export_format=".jsonl", name="all")
    assert len(page.results) == 3
    assert f"/api/datasets/{dataset_id}/logs/export/?format=jsonl" in page.message


def test_a_bulk_is_kept_in_part_and_refused_when_nothing_is_good(datasets: DatasetsClient, dataset_id: str) -> None:
    result = datasets.bulk_create_dataset_logs(dataset_id, logs=[{"input": 1}, {"output": "no input"}])
    assert (result.success_count, result.error_count) == (1, 1)
    assert [error.index for error in result.errors] == [1]
    with pytest.raises(respan.BadRequestError) as refused:
        datasets.bulk_create_dataset_logs(dataset_id, logs=[{"output": "no input"}])
    assert "input" in refused.value.body["detail"]
    assert len(row_ids(datasets, dataset_id)) == 4


def test_rows_are_removed_by_filter_or_all_and_never_by_accident(datasets: DatasetsClient, dataset_id: str) -> None:
    with pytest.raises(respan.BadRequestError):
        datasets.remove_dataset_logs(dataset_id)
    with pytest.raises(respan.BadRequestError):
        datasets.remove_dataset_logs(dataset_id, filters={})
    assert len(row_ids(datasets, dataset_id)) == 3
    reply = datasets.remove_dataset_logs(dataset_id, filters={"metadata__rank": {"operator": "lt", "value": [2]}})
    assert reply.message
    assert len(row_ids(datasets, dataset_id)) == 2
    datasets.remove_dataset_logs(dataset_id, is_deleting_all_logs=True)
    assert row_ids(datasets, dataset_id) == []


def test_a_summary_counts_the_rows_that_match(datasets: DatasetsClient, dataset_id: str) -> None:
    datasets.create_dataset_log(dataset_id, input="x", metrics={"cost": 0.25, "latency": 2.0, "total_tokens": 7})
    whole = datasets.summarize_dataset_logs_filtered(dataset_id)
    assert (whole.number_of_requests, whole.total_cost, whole.total_tokens) == (4, 0.25, 7)
    part = datasets.summarize_dataset_logs_filtered(
        dataset_id, filters={"cost": {"operator": "isnull", "value": [True]}}
    )
    assert (part.number_of_requests, part.total_cost) == (3, 0)


def test_an_eval_run_answers_with_its_tasks(datasets: DatasetsClient, dataset_id: str, evaluator_id: str) -> None:
    reply = datasets.run_eval_on_dataset(
        dataset_id, evaluator_ids=[evaluator_id, "json_valid"], generation_method="auto"
    )
    assert [task.evaluator_slug for task in reply.created_tasks] == ["char_count_eval", "json_valid"]
    assert reply.errors == {}
    assert all(task.dataset_id == dataset_id and task.task_id for task in reply.created_tasks)
    with pytest.raises(respan.BadRequestError) as refused:
        datasets.run_eval_on_dataset(dataset_id, evaluator_ids=["no_such_evaluator"])
    assert "no_such_evaluator" in str(refused.value.body)
    runs = datasets.list_dataset_eval_runs(dataset_id, page=1, page_size=5)
    assert runs.count == 1
    assert datasets.list_dataset_eval_runs(dataset_id, page=2, page_size=5).results == []


def test_evaluators_are_listed_counted_read_and_tried(evaluators: EvaluatorsClient, evaluator_id: str) -> None:
    count = evaluators.get_filtered_evaluators_summary().total_count
    seen: list[str] = []
    number = 1
    while page := evaluators.list_evaluators(page=number, page_size=5).results:
        seen += [one.evaluator_slug for one in page]
        number += 1
    assert len(seen) == len(set(seen)) == count
    named = evaluators.list_evaluators(filters={"evaluator_slug": {"operator": "", "value": ["char_count_eval"]}})
    assert [one.id for one in named.results] == [evaluator_id]
    assert (
        evaluators.get_filtered_evaluators_summary(filters={"type": {"operator": "", "value": ["nobody"]}}).total_count
        == 0
    )
    assert evaluators.retrieve_evaluator(evaluator_id).evaluator_slug == "char_count_eval"
    tried = evaluators.run_evaluator(evaluator_id, inputs={"input": "a", "output": "four"}, generation_method="auto")
    assert (tried.numerical_value, tried.evaluator_id, tried.evaluator.evaluator_slug) == (
        4,
        evaluator_id,
        "char_count_eval",
    )


def test_the_error_classes_are_those_of_the_status(server: Server, client: RespanClient, dataset_id: str) -> None:
    with httpx.Client() as http:
        stranger = RespanClient(base_url=server.url, authorization="Bearer wrong", httpx_client=http)
        with pytest.raises(respan.UnauthorizedError):
            stranger.datasets.list_datasets()
        with pytest.raises(respan.UnauthorizedError):
            stranger.evaluators.list_evaluators()
        with pytest.raises(respan.UnauthorizedError):
            stranger.datasets.create_dataset_log(dataset_id, input="x")
    with pytest.raises(respan.NotFoundError):
        client.datasets.create_dataset_log(UNKNOWN, input="x")
    with pytest.raises(respan.NotFoundError):
        client.datasets.bulk_create_dataset_logs(UNKNOWN, logs=[{"input": "x"}])
    with pytest.raises(respan.NotFoundError):
        client.evaluators.retrieve_evaluator("no_such_evaluator")
    with pytest.raises(respan.BadRequestError) as nameless:
        client.datasets.create_dataset(is_empty=True)
    assert nameless.value.body == {"name": ["This field is required."]}
