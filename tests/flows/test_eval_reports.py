"""Eval reports and evaluators: start, follow, read, stop, repeat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.flows.client import Api

ROWS = [
    {"input": 1, "output": "four", "expected_output": "four"},
    {"input": 2, "output": "seven77", "expected_output": "other"},
    {"input": 3, "output": "", "expected_output": "x"},
    {"input": 4, "output": "no expectation"},
]


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("evaluated", ROWS)


@pytest.fixture(scope="module")
def report(any_api: Api, dataset: str) -> dict[str, Any]:
    return any_api.run_report(dataset, ["char_count_eval", "exact_match"])


def check_shape(report: dict[str, Any]) -> None:
    """Check the union of what every client's parser asks of a report."""
    for name in ("id", "dataset_id", "status", "created_at", "updated_at"):
        assert isinstance(report[name], str)
    for name in ("created_at", "updated_at"):
        assert datetime.fromisoformat(report[name]).tzinfo is not None
    assert report["status"] in ("pending", "running", "completed", "failed", "cancelled")
    assert isinstance(report["results"], dict)
    assert isinstance(report["errors"], dict)
    assert (report["experiment_updated"], report["experiment_evaluator_ids"]) == (False, [])
    assert [task["evaluator_slug"] for task in report["created_tasks"]] == report["evaluator_slugs"]
    task_keys = {"task_id", "name", "dataset_id", "evaluator_slug", "status", "started_at", "completed_at",
                 "error_message", "evaluated_logs_count", "score"}  # fmt: skip
    for task in report["created_tasks"]:
        assert task.keys() >= task_keys
    if len(report["created_tasks"]) == 1:
        assert report.keys() >= task_keys


def test_a_report_has_the_union_of_the_documented_shapes_everywhere(any_api: Api, dataset: str) -> None:
    base = f"/api/datasets/{dataset}/eval-reports"
    for slugs in (["char_count_eval"], ["char_count_eval", "word_count"]):
        started = any_api.ok("POST", f"{base}/create", {"evaluator_slugs": slugs, "experiment_id": None})
        check_shape(started)
        assert started["evaluator_slugs"] == slugs
        finished = any_api.finished_report(dataset, started["id"])
        check_shape(finished)
        for path in ("list/", "create", ""):
            listed = {item["id"]: item for item in any_api.ok("GET", f"{base}/{path}")["results"]}
            check_shape(listed[started["id"]])
            assert listed[started["id"]]["results"] == finished["results"]


def test_a_report_is_read_by_its_own_id_and_by_that_of_each_task(
    any_api: Api, dataset: str, report: dict[str, Any]
) -> None:
    for task in report["created_tasks"]:
        found = any_api.ok("GET", f"/datasets/{dataset}/eval-reports/{task['task_id']}")
        assert found["id"] == report["id"]
    other = any_api.dataset("not evaluated")
    any_api.ok("GET", f"/api/datasets/{other}/eval-reports/{report['id']}/", status=404)


def test_a_report_counts_what_was_scored_skipped_and_failed(report: dict[str, Any]) -> None:
    assert report["status"] == "completed"
    assert report["progress"] == {"finished_count": 8, "cell_count": 8, "percent": 100}
    counts, matches = report["evaluators"]
    assert (counts["scored_count"], counts["skipped_count"], counts["failed_count"], counts["score"]) == (4, 0, 0, 6.25)
    assert (matches["scored_count"], matches["skipped_count"], matches["failed_count"]) == (3, 1, 0)
    assert matches["score"] == pytest.approx(1 / 3)
    result = report["results"]["exact_match"]
    assert (result["true_count"], result["false_count"], result["evaluated_logs_count"]) == (1, 2, 3)
    assert [task["evaluated_logs_count"] for task in report["created_tasks"]] == [4, 3]


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"evaluator_slugs": ["char_count_eval"]}, []),
        ({"evaluator_ids": ["char_count_eval"]}, []),
        ({"evaluator_ids": ["{id}"]}, []),
        ({"evaluator_slugs": ["{id}"]}, []),
        ({"evaluator_slugs": ["{id}", "char_count_eval"], "evaluator_ids": ["{id}"]}, []),
        ({"evaluator_slugs": ["char_count_eval", "char_count_eval"]}, []),
        ({"evaluator_slugs": ["char_count_eval", "no-such"], "evaluator_ids": ["nor-this"]}, ["no-such", "nor-this"]),
        ({"evaluator_slugs": ["char_count_eval"], "name": "mine", "generation_method": "auto", "extra": [1]}, []),
    ],
    ids=str,
)
def test_evaluators_are_named_by_slug_or_id_once_each(
    any_api: Api, dataset: str, given: dict[str, Any], errors: list[str]
) -> None:
    evaluator = any_api.ok("GET", "/api/evaluators/char_count_eval/")["id"]
    body = {key: [part.format(id=evaluator) if isinstance(part, str) else part for part in value]
            if isinstance(value, list) else value for key, value in given.items()}  # fmt: skip
    started = any_api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create", body)
    assert started["evaluator_slugs"] == ["char_count_eval"]
    assert started["evaluator_ids"] == [evaluator]
    assert sorted(started["errors"]) == sorted(errors)
    assert any_api.finished_report(dataset, started["id"])["status"] == "completed"


def test_an_empty_dataset_has_a_complete_report_of_nothing(any_api: Api) -> None:
    dataset = any_api.dataset("empty")
    report = any_api.run_report(dataset, ["char_count_eval", "exact_match"])
    check_shape(report)
    assert (report["status"], report["log_count"], report["progress"]["percent"]) == ("completed", 0, 100)
    assert [task["score"] for task in report["created_tasks"]] == [None, None]
    assert any_api.ok("GET", f"/api/datasets/{dataset}/eval-reports/{report['id']}/rows/")["results"] == []


def test_a_report_keeps_to_the_version_it_was_started_on(any_api: Api) -> None:
    dataset = any_api.dataset("pinned", [{"input": 1, "output": "four"}])
    report = any_api.run_report(dataset, ["char_count_eval"])
    any_api.ok("DELETE", f"/api/datasets/{dataset}/logs/delete/", {"is_deleting_all_logs": True})
    any_api.log(dataset, {"input": 2, "output": "a longer output"})
    path = f"/api/datasets/{dataset}/eval-reports/{report['id']}"
    assert any_api.ok("GET", f"{path}/")["dataset_version"] == 1
    assert any_api.ok("GET", f"{path}/rows/")["results"][0]["scores"]["char_count_eval"]["score"] == 4
    manifest = any_api.ok("GET", f"{path}/manifest/")
    assert (manifest["dataset_id"], manifest["dataset_version"], manifest["trials"]) == (dataset, 1, 1)
    assert manifest["assay_version"]
    version = any_api.ok("GET", f"/api/datasets/{dataset}/versions/1/")
    assert manifest["dataset_content_hash"] == version["content_hash"]
    assert [pinned["evaluator_slug"] for pinned in manifest["evaluators"]] == ["char_count_eval"]


def test_scores_stand_in_the_summary_of_the_rows(any_api: Api, dataset: str, report: dict[str, Any]) -> None:
    summary = any_api.ok("GET", f"/api/datasets/{dataset}/logs/summary/")
    by_slug = {entry["evaluator_slug"]: entry for entry in summary["scores"].values()}
    assert by_slug["char_count_eval"]["avg_score"] == 6.25
    assert (by_slug["exact_match"]["true_count"], by_slug["exact_match"]["false_count"]) == (1, 2)
    for evaluator, entry in summary["scores"].items():
        assert entry["evaluator_id"] == evaluator
    first = any_api.ok("POST", f"/api/datasets/{dataset}/logs/summary/", {"filters": {"output": "four"}})
    assert {entry["evaluator_slug"]: entry["avg_score"] for entry in first["scores"].values()}["char_count_eval"] == 4


def test_rows_are_filtered_by_their_scores(any_api: Api, dataset: str, report: dict[str, Any]) -> None:
    evaluator = any_api.ok("GET", "/api/evaluators/char_count_eval/")["id"]
    for name in ("scores.char_count_eval", f"scores__{evaluator}", f"scores.{evaluator}"):
        assert any_api.inputs(dataset, {name: {"operator": "gte", "value": 5}}) == [2, 4]
        assert any_api.inputs(dataset, {name: 4}) == [1]
    assert any_api.inputs(dataset, {"scores.exact_match": True}) == [1]
    assert any_api.inputs(dataset, {"scores.exact_match": {"operator": "isnull", "value": [True]}}) == [4]
    assert any_api.inputs(dataset, None, "scores.exact_match=true") == [1]


def test_the_rows_of_a_report_come_in_order_and_worst_or_best_first(
    any_api: Api, dataset: str, report: dict[str, Any]
) -> None:
    path = f"/api/datasets/{dataset}/eval-reports/{report['id']}/rows/"
    ids = {row["id"]: row["input"] for row in any_api.rows(dataset)}

    def order(query: str) -> list[int]:
        return [ids[row["log_id"]] for row in any_api.ok("GET", f"{path}?{query}")["results"]]

    assert order("") == [1, 2, 3, 4]
    assert order("page=2&page_size=3") == [4]
    assert order("status=skipped") == [4]
    assert order("status=skipped&evaluator_slug=char_count_eval") == []
    matches = order("sort=best&evaluator_slug=exact_match")
    assert matches[0] == 1
    assert order("sort=worst&evaluator_slug=exact_match&status=scored")[-1] == 1
    both = order("sort=worst&evaluator_slug=char_count_eval"), order("sort=best&evaluator_slug=char_count_eval")
    assert sorted(both[0]) == sorted(both[1]) == [1, 2, 3, 4]
    assert both[0] != both[1]
    assert "evaluator_slug" in any_api.refused("GET", f"{path}?sort=worst")
    assert "evaluator_slug" in any_api.refused("GET", f"{path}?evaluator_slug=word_count")
    assert "status" in any_api.refused("GET", f"{path}?status=odd")
    assert "sort" in any_api.refused("GET", f"{path}?sort=odd")


def test_reports_are_listed_newest_first_and_filtered(any_api: Api) -> None:
    dataset = any_api.dataset("several reports", [{"input": 1, "output": "a"}])
    ids = [any_api.run_report(dataset, ["char_count_eval"])["id"] for _ in range(3)]
    path = f"/api/datasets/{dataset}/eval-reports/list/"

    def listed(filters: Any = None, query: str = "") -> list[str]:
        return [report["id"] for report in any_api.ok("POST", f"{path}?{query}", {"filters": filters})["results"]]

    assert listed() == ids[::-1]
    assert listed(query="sort_by=created_at") == ids
    assert listed({"id": {"operator": "in", "value": ids[:2]}}) == ids[1::-1]
    assert listed({"status": "completed"}) == ids[::-1]
    assert listed({"status": "failed"}) == []
    assert listed(query="status=failed") == []
    assert listed(query="page_size=1&page=2") == [ids[1]]


def test_a_finished_report_is_not_cancelled_and_has_nothing_to_retry(any_api: Api) -> None:
    dataset = any_api.dataset("finished", [{"input": 1, "output": "a"}])
    path = f"/api/datasets/{dataset}/eval-reports/{any_api.run_report(dataset, ['char_count_eval'])['id']}"
    assert any_api.ok("POST", f"{path}/cancel/")["status"] == "completed"
    check_shape(any_api.ok("POST", f"{path}/retry-failed/"))
    assert any_api.finished_report(dataset, path.rpartition("/")[2])["status"] == "completed"


def test_a_cancelled_report_keeps_what_was_scored_and_can_be_finished_later(api: Api) -> None:
    dataset = api.dataset("cancelled")
    rows = b"".join(
        b'{"input": %d, "output": "four", "expected_output": "four"}\n' % number for number in range(10_000)
    )
    api.ok("POST", f"/api/datasets/{dataset}/logs/import-file/?format=jsonl", status=201, data=rows)
    slugs = ["char_count_eval", "levenshtein", "rouge_l", "bleu"]
    path = f"/api/datasets/{dataset}/eval-reports"
    started = api.ok("POST", f"{path}/create", {"evaluator_slugs": slugs})
    assert api.refused("POST", f"{path}/{started['id']}/retry-failed/", status=409)["detail"]
    assert api.ok("POST", f"{path}/{started['id']}/cancel/")["is_cancel_requested"]
    cancelled = api.finished_report(dataset, started["id"])
    check_shape(cancelled)
    assert cancelled["status"] == "cancelled"
    assert cancelled["progress"]["finished_count"] < 40_000
    api.ok("POST", f"{path}/{started['id']}/retry-failed/")
    finished = api.finished_report(dataset, started["id"])
    assert (finished["status"], finished["progress"]["finished_count"]) == ("completed", 40_000)
    assert finished["evaluators"][0]["score"] == 4
    api.ok("DELETE", f"/api/datasets/{dataset}/", status=204)


def test_the_dataset_shows_how_its_latest_run_stands(any_api: Api, dataset: str, report: dict[str, Any]) -> None:
    shown = any_api.ok("GET", f"/api/datasets/{dataset}/")
    assert (shown["running_status"], shown["running_progress"]) == ("completed", 100)
    assert shown["running_at"] is not None


def test_evaluators_have_the_shape_that_every_client_parses(any_api: Api) -> None:
    page = any_api.ok("GET", "/api/evaluators/?page_size=1000")
    assert page["count"] == len(page["results"]) > 10
    for evaluator in page["results"]:
        for name in ("id", "name", "slug", "evaluator_slug", "type", "score_value_type", "description"):
            assert isinstance(evaluator[name], str), name
        assert evaluator["slug"] == evaluator["evaluator_slug"]
        for name in ("created_at", "updated_at"):
            assert datetime.fromisoformat(evaluator[name]).tzinfo is not None
        for reference in (evaluator["id"], evaluator["slug"]):
            assert any_api.ok("GET", f"/evaluators/{reference}") == evaluator
    assert [evaluator["name"] for evaluator in page["results"]] == sorted(
        evaluator["name"] for evaluator in page["results"]
    )


def test_evaluators_are_searched_and_filtered(any_api: Api) -> None:
    def slugs(query: str, filters: Any = None) -> set[str]:
        found = any_api.ok("POST", f"/api/evaluators/list/?page_size=1000&{query}", {"filters": filters})
        count = any_api.ok("POST", f"/api/evaluators/summary/?{query}", {"filters": filters})["total_count"]
        assert count == found["count"] == len(found["results"])
        return {evaluator["slug"] for evaluator in found["results"]}

    everything = slugs("")
    assert slugs("search=CHAR") == {"char_count_eval"}
    assert slugs("search=nothing+of+the+kind") == set()
    assert slugs("search=%25") == set()
    assert slugs("search=") == everything
    coded = slugs("type=code")
    assert {"char_count_eval", "exact_match", "json_valid"} <= coded <= everything
    assert not coded & slugs("type=human")
    assert slugs("type=nobody") == set()
    assert slugs("score_value_type=boolean") < everything
    assert slugs("", {"slug": "exact_match"}) == {"exact_match"}
    assert slugs("", {"evaluator_slug": {"operator": "startswith", "value": "json"}}) == {"json_valid", "json_schema"}
    assert slugs("search=json", {"slug": {"operator": "endswith", "value": "valid"}}) == {"json_valid"}


@pytest.mark.parametrize(
    ("body", "score"),
    [
        ({"inputs": {"output": "seven77"}}, 7),
        ({"inputs": {"input": None, "output": "ü💥"}}, 2),
        ({"inputs": {"llm_output": "four"}}, 4),
        ({"llm_input": "x", "llm_output": "four"}, 4),
        ({"inputs": {"output": {"a": 1}}}, 8),
    ],
    ids=str,
)
def test_an_evaluator_is_tried_without_storing_anything(any_api: Api, body: Any, score: float) -> None:
    evaluator = any_api.ok("GET", "/api/evaluators/char_count_eval/")
    for reference in (evaluator["id"], "char_count_eval"):
        result = any_api.ok("POST", f"/api/evaluators/{reference}/run/", body)
        assert (result["score"], result["numerical_value"], result["status"]) == (score, score, "scored")
        assert (result["evaluator_id"], result["evaluator_name"]) == (evaluator["id"], evaluator["name"])
        assert result["score_type"] == "numerical"
        assert isinstance(result["is_passed"], bool)
        assert isinstance(result["evaluation_result"]["passed"], bool)


def test_an_evaluator_says_when_it_does_not_apply(any_api: Api) -> None:
    result = any_api.ok("POST", "/api/evaluators/exact_match/run/", {"inputs": {"output": "a"}})
    assert (result["status"], result["score"]) == ("skipped", None)
    assert result["explanation"]
