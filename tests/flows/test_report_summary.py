"""What heads a report's page, its tabs, other pass lines; reports of all datasets and their trends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.client import Api
from tests.flows.test_eval_reports_runs import judge, path_of, people, run, start, wait_for

FAULTY = "def main(eval_inputs):\n    n = len(eval_inputs['output'])\n    return 1 / (n - 3) if n == 3 else float(n)\n"
ROWS = [{"input": n, "output": "x" * n, "expected_output": "x" if n < 3 else "xxxx"} for n in range(1, 9)]


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("summed up", ROWS)


@pytest.fixture(scope="module")
def code(any_api: Api) -> str:
    body = {
        "name": "faulty length",
        "score_value_type": "numerical",
        "code_config": {"eval_code_snippet": FAULTY},
        "passing_conditions": {"primary_score": {"operator": "gte", "value": 5}},
    }
    return str(any_api.ok("POST", "/api/evaluators/", body, status=201)["slug"])


@pytest.fixture(scope="module")
def report(any_api: Api, dataset: str, code: str) -> dict[str, Any]:
    return run(any_api, dataset, [code, "exact_match"], name="Summed up")


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name.removesuffix("_count"): number for name, number in found["row_counts"].items()}


def shown(api: Api, report: dict[str, Any], query: str) -> list[int]:
    """Return the inputs of the rows of a page."""
    rows = api.ok("GET", path_of(report, f"rows/?include=log&{query}"))["results"]
    return [int(row["log"]["input"]) for row in rows]


def test_a_summary_counts_rows_by_what_became_of_them(any_api: Api, report: dict[str, Any], code: str) -> None:
    found = any_api.ok("GET", path_of(report, "summary/"))
    # Lengths 1, 2 and 4 are below five, 3 breaks; only 1 and 4 are as expected.
    assert counts(found) == {"row": 8, "judged": 8, "pending": 0, "failure": 8, "error": 1, "skipped": 0}
    parts = {part["evaluator_slug"]: part for part in found["evaluators"]}
    assert counts(parts[code])["failure"] == 4
    assert counts(parts["exact_match"])["failure"] == 6
    assert parts[code]["pass_line"] == {"operator": "gte", "threshold": 5.0}
    assert parts["exact_match"]["pass_line"] is None
    stored = {part["evaluator_slug"]: part["summary"] for part in report["evaluators"]}
    assert {slug: part["summary"] for slug, part in parts.items()} == stored
    assert all(part["is_final"] for part in parts.values())


def test_a_summary_says_how_far_the_dataset_has_moved_on(any_api: Api) -> None:
    dataset = any_api.dataset("moving", ROWS)
    report = run(any_api, dataset, ["exact_match"])
    ids = [row["id"] for row in any_api.rows(dataset)]
    any_api.ok("PATCH", f"/api/datasets/{dataset}/logs/{ids[0]}/", {"output": "changed"})
    any_api.ok("DELETE", f"/api/datasets/{dataset}/logs/{ids[1]}/", status=204)
    any_api.log(dataset, {"input": "new"})
    any_api.log(dataset, {"input": "newer"})
    moved = any_api.ok("GET", path_of(report, "summary/"))["dataset"]
    newest = any_api.ok("GET", f"/api/datasets/{dataset}/")["version"]
    assert moved == {
        "version": 1,
        "newest_version": newest,
        "added_count": 2,
        "removed_count": 1,
        "changed_count": 1,
    }


def test_rows_are_shown_by_what_became_of_them(any_api: Api, report: dict[str, Any], code: str) -> None:
    assert shown(any_api, report, "show=failures") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shown(any_api, report, f"show=failures&evaluator_slug={code}") == [1, 2, 3, 4]
    assert shown(any_api, report, "show=errors") == [3]
    assert shown(any_api, report, "show=errors&evaluator_slug=exact_match") == []
    assert shown(any_api, report, "show=pending") == []
    assert shown(any_api, report, "show=all") == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_order_may_be_by_another_evaluator_than_the_filter(any_api: Api, report: dict[str, Any], code: str) -> None:
    worst = f"sort=worst&sort_evaluator_slug={code}"
    assert shown(any_api, report, f"show=failures&{worst}") == [1, 2, 4, 5, 6, 7, 8, 3]
    assert shown(any_api, report, f"show=failures&evaluator_slug=exact_match&{worst}") == [2, 5, 6, 7, 8, 3]
    assert shown(any_api, report, f"sort=best&sort_evaluator_slug={code}&page_size=2") == [8, 7]
    assert shown(any_api, report, f"evaluator_slug={code}&max_score=2&sort=best") == [2, 1]
    any_api.refused("GET", path_of(report, "rows/?sort=worst"))


def test_rows_that_wait_for_people_are_pending(any_api: Api) -> None:
    dataset = any_api.dataset("waiting", ROWS[:3])
    asked = people(any_api)
    report = start(any_api, dataset, [asked["slug"], "char_count_eval"])
    report = wait_for(any_api, report, lambda one: one["state"] == "waiting_for_annotations")
    row = any_api.rows(dataset)[1]["id"]
    verdict = {"evaluator_slug": asked["slug"], "boolean_value": False}
    any_api.ok("POST", f"/api/logs/{row}/scores/", verdict, status=201)
    found = any_api.ok("GET", path_of(report, "summary/"))
    assert counts(found) == {"row": 3, "judged": 1, "pending": 2, "failure": 1, "error": 0, "skipped": 0}
    assert shown(any_api, report, "show=pending") == [1, 3]
    assert shown(any_api, report, "show=pending&evaluator_slug=char_count_eval") == []
    parts = {part["evaluator_slug"]: part for part in found["evaluators"]}
    # What there is so far is summed up before the end.
    assert parts[asked["slug"]]["summary"]["counts"] == {"false": 1, "true": 0}
    assert parts["char_count_eval"]["summary"]["mean"] == 2
    assert not parts["char_count_eval"]["is_final"]


@pytest.mark.parametrize(
    ("bounds", "passed"), [("at_least=5", 4), ("at_least=4.5&at_most=7", 3), ("at_most=2", 2), ("at_least=-9", 7)]
)
def test_another_pass_line_has_its_exact_rate(
    any_api: Api, report: dict[str, Any], code: str, bounds: str, passed: int
) -> None:
    found = any_api.ok("GET", path_of(report, f"pass-rate/?evaluator_slug={code}&{bounds}"))
    assert (found["passed"], found["total"], found["rate"]) == (passed, 7, passed / 7)
    assert found["confidence_interval"]["lower"] < found["rate"] <= found["confidence_interval"]["upper"]


def test_the_rate_at_the_reports_own_line_is_the_reports_own(any_api: Api, dataset: str) -> None:
    for trials in (1, 3):
        report = run(any_api, dataset, [judge(any_api)["slug"]], trials=trials)
        own = report["evaluators"][0]["summary"]["pass_rate"]
        found = any_api.ok("GET", path_of(report, "pass-rate/?at_least=5"))
        assert {name: found[name] for name in ("rate", "passed", "total", "confidence_interval")} == {
            name: own[name] for name in ("rate", "passed", "total", "confidence_interval")
        }


@pytest.mark.parametrize(
    ("query", "field"),
    [("evaluator_slug=exact_match", "at_least"), ("at_least=1", "evaluator_slug"), ("at_least=nan", "at_least")],
)
def test_a_pass_line_must_be_one(any_api: Api, report: dict[str, Any], query: str, field: str) -> None:
    assert field in any_api.refused("GET", path_of(report, f"pass-rate/?{query}"))


def test_texts_have_no_pass_line(any_api: Api, dataset: str) -> None:
    body = {
        "name": "echo",
        "score_value_type": "text",
        "code_config": {"eval_code_snippet": "def main(eval_inputs):\n    return 'said'\n"},
    }
    made = any_api.ok("POST", "/api/evaluators/", body, status=201)
    report = run(any_api, dataset, [made["slug"]])
    assert "no numbers" in str(any_api.refused("GET", path_of(report, "pass-rate/?at_least=1")))


def test_the_reports_of_all_datasets_are_one_list(any_api: Api) -> None:
    names = ("alpha of the list", "beta of the list")
    datasets = [any_api.dataset(name, ROWS[:2]) for name in names]
    reports = [
        run(any_api, datasets[0], ["exact_match"], name="one 100%"),
        run(any_api, datasets[1], ["char_count_eval"], name="two"),
        run(any_api, datasets[0], ["char_count_eval"], name="three"),
    ]
    path = "/api/eval-reports/list/?search=OF THE LIST"
    lines = any_api.ok("GET", path)
    assert [line["name"] for line in lines["results"]] == ["three", "two", "one 100%"]
    assert [line["dataset_name"] for line in lines["results"]] == [names[0], names[1], names[0]]
    assert lines["count"] == 3
    first = lines["results"][0]["evaluators"][0]
    own = reports[2]["evaluators"][0]
    assert (first["score"], first["confidence_interval"]) == (own["score"], own["summary"]["confidence_interval"])

    def listed(query: str, **body: Any) -> list[str]:
        answer = any_api.ok("POST", f"{path}{query}", body) if body else any_api.ok("GET", f"{path}{query}")
        return [line["name"] for line in answer["results"]]

    assert listed("&evaluator_slug=exact_match") == ["one 100%"]
    assert listed("&sort_by=name") == ["one 100%", "three", "two"]
    assert listed("&sort_by=-dataset_name") == ["two", "three", "one 100%"]
    assert listed(f"&dataset_id={datasets[1]}") == ["two"]
    assert listed("&page_size=1&page=2") == ["two"]
    assert listed("", filters={"name": {"contains": "100%"}}) == ["one 100%"]
    assert listed("", filters={"status": "failed"}) == []
    any_api.refused("POST", path, {"filters": {"nmae": "x"}})
    by_id = any_api.ok("GET", f"/api/eval-reports/{reports[1]['id']}/")
    assert (by_id["dataset_name"], by_id["name"]) == (names[1], "two")
    any_api.ok("DELETE", f"/api/datasets/{datasets[0]}/", status=204)
    assert listed("") == ["two"]
    any_api.refused("GET", f"/api/eval-reports/{reports[0]['id']}/", status=404)


def test_trends_are_the_last_completed_reports_the_oldest_first(any_api: Api) -> None:
    busy, idle = any_api.dataset("busy", ROWS[:2]), any_api.dataset("idle")
    names = [run(any_api, busy, ["exact_match"], name=f"run {n}")["name"] for n in range(4)]
    path = f"/api/eval-reports/trends/?dataset_ids={busy},{idle},unknown"
    trends = any_api.ok("GET", path)["results"]
    assert [line["name"] for line in trends[busy]] == names
    assert (trends[idle], trends["unknown"]) == ([], [])
    last = any_api.ok("GET", f"{path}&last=2")["results"][busy]
    assert [line["name"] for line in last] == names[2:]
    assert last[-1]["evaluators"][0]["pass_rate"]["rate"] == 0.5
    assert "dataset_ids" in any_api.refused("GET", "/api/eval-reports/trends/")
