"""The client `keywordsai` 1.0.4 from PyPI, unmodified: it asks at the root, without /api and final slashes."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
import requests
from keywordsai.datasets.api import DatasetAPI
from keywordsai.evaluators.api import EvaluatorAPI
from keywordsai.types.dataset_types import EvalReport

from tests.server import Server

WINDOW = {"start_time": "2026-01-01 00:00:00", "end_time": "2026-01-02 00:00:00"}

JUDGE: dict[str, Any] = {
    "name": "a judge",
    "type": "llm",
    "score_value_type": "numerical",
    "score_config": {"min_score": 0, "max_score": 10},
    "passing_conditions": {"primary_score": {"operator": "gte", "value": 5}},
    "llm_config": {"model": "scripted", "evaluator_definition": "Rate {{output}} as an answer to {{input}}."},
}
CODE: dict[str, Any] = {
    "name": "a counter",
    "type": "code",
    "score_value_type": "numerical",
    "code_config": {"eval_code_snippet": "def main(eval_inputs):\n    return float(len(eval_inputs['output']))\n"},
}


# The client strips a final /api, so both bases lead to the root.
@pytest.fixture(params=["", "/api", "/api/"])
def datasets(server: Server, request: pytest.FixtureRequest) -> DatasetAPI:
    return DatasetAPI(api_key=server.api_key, base_url=server.url + request.param)


@pytest.fixture
def client(server: Server) -> DatasetAPI:
    return DatasetAPI(api_key=server.api_key, base_url=f"{server.url}/api")


@pytest.fixture
def evaluators(server: Server) -> EvaluatorAPI:
    return EvaluatorAPI(api_key=server.api_key, base_url=f"{server.url}/api")


def make_evaluator(server: Server, body: dict[str, Any]) -> str:
    answer = requests.post(f"{server.url}/api/evaluators/", json=body, headers=server.headers, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["slug"])


@pytest.fixture
def judge_and_code(server: Server) -> list[str]:
    """The slugs of a judge and a code evaluator, which this client can find and run but not make."""
    return [make_evaluator(server, JUDGE), make_evaluator(server, CODE)]


@pytest.fixture
def deletes_can_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mend httpx under the client: it passes a `json` to `AsyncClient.delete`, which has never taken one."""

    async def delete(self: httpx.AsyncClient, url: str, **options: Any) -> httpx.Response:
        return await self.request("DELETE", url, **options)

    monkeypatch.setattr(httpx.AsyncClient, "delete", delete)


def finished(client: DatasetAPI, dataset_id: str, report_id: str) -> EvalReport:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        report = client.get_evaluation_report(dataset_id, report_id)
        if report.status not in ("pending", "running"):
            return report
        time.sleep(0.05)
    raise AssertionError("the report did not finish")


def test_a_dataset_of_type_llm_without_a_window_starts_empty(datasets: DatasetAPI) -> None:
    made = datasets.create({"name": "from the old client", "description": "by hand"})
    assert (made.name, made.description, made.type) == ("from the old client", "by hand", "llm")
    assert (made.status, made.log_count) == ("ready", 0)
    assert datasets.get(made.id) == made
    assert made.id in [one.id for one in datasets.list(page=1, page_size=100).results]


def test_a_dataset_is_sampled_from_the_logs_of_a_window(client: DatasetAPI) -> None:
    made = client.create({"name": "sampled", "type": "sampling", **WINDOW})
    assert (made.status, made.log_count, made.type) == ("ready", 0, "sampling")


def test_a_sampling_without_a_window_names_the_missing_times(client: DatasetAPI) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        client.create({"name": "sampled", "type": "sampling"})
    assert refused.value.response.status_code == 400
    assert set(refused.value.response.json()) == {"start_time", "end_time"}


def test_list_filters_by_type_status_name_and_creation(client: DatasetAPI) -> None:
    made = client.create({"name": "to be found"})
    before, after = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
    assert client.list(name="to be found", type="llm", status="ready", created_after=before).results == [made]
    assert client.list(name="to be found", created_before=after).results == [made]
    for miss in ({"type": "sampling"}, {"status": "failed"}, {"created_before": before}, {"created_after": after}):
        found = client.list(name="to be found", **miss)
        assert (found.count, found.results) == (0, []), miss


def test_a_page_past_the_end_is_empty(client: DatasetAPI) -> None:
    client.create({"name": "one of some"})
    assert client.list(page=1_000, page_size=10).results == []


def test_update_changes_only_what_it_sets(client: DatasetAPI) -> None:
    made = client.create({"name": "before", "description": "stays"})
    changed = client.update(made.id, {"name": "after"})
    assert (changed.id, changed.name, changed.description) == (made.id, "after", "stays")


def test_an_unknown_dataset_is_an_http_error_404(client: DatasetAPI) -> None:
    with pytest.raises(httpx.HTTPStatusError) as missing:
        client.get("00000000-0000-0000-0000-000000000000")
    assert missing.value.response.status_code == 404


def test_a_wrong_key_is_an_http_error_401(server: Server) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        DatasetAPI(api_key="wrong", base_url=server.url).list()
    assert refused.value.response.status_code == 401
    assert "detail" in refused.value.response.json()


@pytest.mark.usefixtures("deletes_can_be_sent")
def test_delete_deletes_although_the_client_cannot_read_the_empty_answer(client: DatasetAPI) -> None:
    made = client.create({"name": "short-lived"})
    with pytest.raises(json.JSONDecodeError):
        client.delete(made.id)
    with pytest.raises(httpx.HTTPStatusError) as missing:
        client.get(made.id)
    assert missing.value.response.status_code == 404


def test_logs_are_added_by_a_window_and_filters(client: DatasetAPI, dataset_id: str) -> None:
    reply = client.add_logs_to_dataset(dataset_id, {**WINDOW, "filters": {"status": {"operator": "", "value": ["a"]}}})
    assert reply["message"] == "Logs are being added to dataset in the background"
    assert client.list_dataset_logs(dataset_id)["count"] == 3 + reply["count"]


@pytest.mark.usefixtures("deletes_can_be_sent")
def test_remove_logs_takes_those_that_match_within_the_window(client: DatasetAPI, dataset_id: str) -> None:
    first = {"metadata.custom_identifier": {"operator": "equals", "value": "first"}}
    assert client.remove_logs_from_dataset(dataset_id, {**WINDOW, "filters": first})["deleted_count"] == 0
    now = {"start_time": "2020-01-01 00:00:00", "end_time": "2100-01-01 00:00:00"}
    reply = client.remove_logs_from_dataset(dataset_id, {**now, "filters": first})
    assert reply["deleted_count"] == 1
    assert reply["message"]
    left = [row["custom_identifier"] for row in client.list_dataset_logs(dataset_id)["results"]]
    assert left == ["second", "third"]


@pytest.mark.usefixtures("deletes_can_be_sent")
def test_remove_logs_without_a_condition_is_refused(client: DatasetAPI, dataset_id: str) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        client.remove_logs_from_dataset(dataset_id, {**WINDOW, "filters": {}})
    assert refused.value.response.status_code == 400
    assert client.list_dataset_logs(dataset_id)["count"] == 3


def test_rows_are_listed_page_by_page_until_one_is_empty(client: DatasetAPI, dataset_id: str) -> None:
    pages = [client.list_dataset_logs(dataset_id, page=number, page_size=2) for number in (1, 2, 3)]
    assert [len(page["results"]) for page in pages] == [2, 1, 0]
    assert {page["count"] for page in pages} == {3}
    assert pages[0]["next"] is not None
    assert pages[1]["next"] is None


def test_an_evaluation_runs_and_its_report_is_read(datasets: DatasetAPI, dataset_id: str) -> None:
    started = datasets.run_dataset_evaluation(dataset_id, ["char_count_eval", "json_valid"], name="both")
    assert started["evaluator_slugs"] == ["char_count_eval", "json_valid"]
    report = finished(datasets, dataset_id, started["id"])
    assert (report.status, report.dataset_id) == ("completed", dataset_id)
    assert report.results["char_count_eval"]["avg_score"] == 2.0
    listed = datasets.list_evaluation_reports(dataset_id, page=1, page_size=10, status="completed")
    assert [one.id for one in listed.results] == [report.id]
    assert datasets.list_evaluation_reports(dataset_id, status="failed").count == 0


def test_evaluators_are_listed_and_read(evaluators: EvaluatorAPI) -> None:
    page = evaluators.list(page=1, page_size=5, category="llm")
    assert len(page.results) == 5
    assert page.count > 5
    slugs = {one.slug for number in (1, 2, 3) for one in evaluators.list(page=number, page_size=100).results}
    assert "char_count_eval" in slugs
    one = page.results[0]
    assert evaluators.get(one.id) == evaluators.get(one.slug) == one


def test_a_judge_and_code_are_found_by_the_client(evaluators: EvaluatorAPI, judge_and_code: list[str]) -> None:
    for slug, body in zip(judge_and_code, (JUDGE, CODE), strict=True):
        one = evaluators.get(slug)
        assert (one.slug, one.name) == (slug, body["name"])
        listed = evaluators.list(page_size=100, name=body["name"], type=body["type"])
        assert one in listed.results
        assert one not in evaluators.list(page_size=100, type="human").results
    with pytest.raises(httpx.HTTPStatusError) as missing:
        evaluators.get("no_such_evaluator")
    assert missing.value.response.status_code == 404


def test_what_the_client_does_not_do_with_evaluators_it_refuses_itself(evaluators: EvaluatorAPI) -> None:
    for refused in (
        lambda: evaluators.create({}),
        lambda: evaluators.update("char_count_eval", {}),
        lambda: evaluators.delete("char_count_eval"),
        lambda: asyncio.run(evaluators.acreate({})),
        lambda: asyncio.run(evaluators.aupdate("char_count_eval", {})),
        lambda: asyncio.run(evaluators.adelete("char_count_eval")),
    ):
        with pytest.raises(NotImplementedError):
            refused()


def test_a_judge_and_code_evaluate_a_dataset(client: DatasetAPI, dataset_id: str, judge_and_code: list[str]) -> None:
    judge, code = judge_and_code
    started = client.run_dataset_evaluation(dataset_id, judge_and_code, name="judged")
    assert started["evaluator_slugs"] == judge_and_code
    report = finished(client, dataset_id, started["id"])
    assert (report.status, report.evaluator_slugs) == ("completed", judge_and_code)
    assert report.results[code]["avg_score"] == 2.0
    assert 0 <= report.results[judge]["avg_score"] <= 10
    assert [report.results[slug]["evaluated_logs_count"] for slug in judge_and_code] == [3, 3]
    again = finished(client, dataset_id, client.run_dataset_evaluation(dataset_id, [judge])["id"])
    assert again.results[judge]["avg_score"] == report.results[judge]["avg_score"]
    listed = client.list_evaluation_reports(dataset_id, page=1, page_size=1)
    assert (listed.count, [one.id for one in listed.results]) == (2, [again.id])
    rows = client.list_dataset_logs(dataset_id)["results"]
    assert {score["evaluator_slug"] for row in rows for score in row["scores"].values()} == set(judge_and_code)


def test_a_judge_that_fails_makes_a_report_without_scores(server: Server, client: DatasetAPI, dataset_id: str) -> None:
    config = {**JUDGE["llm_config"], "model": "scripted/nonsense@1"}
    slug = make_evaluator(server, {**JUDGE, "llm_config": config})
    report = finished(client, dataset_id, client.run_dataset_evaluation(dataset_id, [slug])["id"])
    result = report.results[slug]
    assert (result["avg_score"], result["evaluated_logs_count"], result["failed_count"]) == (None, 0, 3)


@pytest.mark.usefixtures("deletes_can_be_sent")
def test_the_asynchronous_methods_do_the_same(
    client: DatasetAPI, evaluators: EvaluatorAPI, dataset_id: str, judge_and_code: list[str]
) -> None:
    async def session() -> None:
        made = await client.acreate({"name": "asynchronous"})
        assert (await client.aupdate(made.id, {"description": "changed"})).description == "changed"
        assert (await client.aget(made.id)).description == "changed"
        assert [one.id for one in (await client.alist(name="asynchronous")).results] == [made.id]
        assert (await client.alist_dataset_logs(dataset_id, page_size=1))["count"] == 3
        started = await client.arun_dataset_evaluation(dataset_id, ["char_count_eval"])
        assert (await client.aget_evaluation_report(dataset_id, started["id"])).id == started["id"]
        assert (await client.alist_evaluation_reports(dataset_id)).count == 1
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            await client.aadd_logs_to_dataset(dataset_id, {"filters": {}})
        by_rank = {"filters": {"metadata__rank": {"operator": "gte", "value": [2]}}}
        assert (await client.aremove_logs_from_dataset(dataset_id, by_rank))["deleted_count"] == 2
        with pytest.raises(json.JSONDecodeError):
            await client.adelete(made.id)
        assert (await client.alist(name="asynchronous")).count == 0
        [judge, _] = judge_and_code
        judged = await client.arun_dataset_evaluation(dataset_id, [judge])
        assert (await client.aget_evaluation_report(dataset_id, judged["id"])).evaluator_slugs == [judge]
        assert judge in [one.slug for one in (await evaluators.alist(name=JUDGE["name"], page_size=100)).results]
        assert (await evaluators.aget("char_count_eval")).slug == "char_count_eval"
        assert (await evaluators.alist(page_size=3)).results[0].name

    asyncio.run(session())
