"""Runs under control: settings, versions, trials, rest and resumption, people, manifests and repetition."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import apsw
import pytest

from assay.stores.sql.backup import DATABASE_FILE
from tests.flows.client import Api
from tests.server import Server

ROWS = [
    {"input": f"question {n}", "output": "x" * n, "metadata": {"topic": "odd" if n % 2 else "even"}}
    for n in range(1, 9)
]


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("run under control", ROWS)


def judge(api: Api, model: str = "scripted", **fields: Any) -> dict[str, Any]:
    body = {
        "name": "a judge",
        "score_value_type": "numerical",
        "score_config": {"min_score": 0, "max_score": 10},
        "passing_conditions": {"primary_score": {"operator": "gte", "value": 5}},
        "llm_config": {"model": model, "evaluator_definition": "Rate {{output}}, please."},
    }
    made: dict[str, Any] = api.ok("POST", "/api/evaluators/", {**body, **fields}, status=201)
    return made


def people(api: Api) -> dict[str, Any]:
    body = {"name": "people", "type": "human", "score_value_type": "boolean"}
    made: dict[str, Any] = api.ok("POST", "/api/evaluators/", body, status=201)
    return made


def start(api: Api, dataset: str, evaluators: list[str], **body: Any) -> dict[str, Any]:
    path = f"/api/datasets/{dataset}/eval-reports/create"
    started: dict[str, Any] = api.ok("POST", path, {"evaluator_slugs": evaluators, **body})
    return started


def run(api: Api, dataset: str, evaluators: list[str], **body: Any) -> dict[str, Any]:
    return api.finished_report(dataset, start(api, dataset, evaluators, **body)["id"])


def path_of(report: dict[str, Any], rest: str = "") -> str:
    return f"/api/datasets/{report['dataset_id']}/eval-reports/{report['id']}/{rest}"


def wait_for(api: Api, report: dict[str, Any], is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = api.ok("GET", path_of(report))
        if is_so(found):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_report_says_what_it_was_asked_for(any_api: Api, dataset: str) -> None:
    asked = {
        "trials": 3, "budget_usd": 2.5, "max_concurrency": 4, "cache": True, "cluster_by": "topic", "seed": 7,
        "generation_method": "auto",
    }  # fmt: skip
    report = run(any_api, dataset, ["char_count_eval"], name="asked for", **asked)
    assert report["settings"] == {**asked, "cluster_by": "metadata.topic"}
    assert (report["name"], report["trials"], report["status"], report["state"]) == (
        "asked for", 3, "completed", "completed",
    )  # fmt: skip
    assert report["progress"]["cell_count"] == 24
    assert (report["evaluators"][0]["method"], report["evaluators"][0]["is_scripted"]) == ("builtin", False)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("trials", [0, 21, 1.5, "many", True]),
        ("budget_usd", [0, -1, "much", True]),
        ("max_concurrency", [0, 257, "all"]),
        ("cache", ["yes", 1]),
        ("cluster_by", [5, "metadata.a..b", "x" * 300]),
        ("seed", [-1, 0.5, 2**40]),
        ("generation_method", ["human", 1]),
        ("dataset_version", [0, 99, "no-such-tag", True, [1]]),
        ("name", [5, "x" * 256]),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(any_api: Api, dataset: str, field: str, wrong: list[Any]) -> None:
    path = f"/api/datasets/{dataset}/eval-reports/"
    before = any_api.ok("GET", path)["count"]
    for value in wrong:
        refused = any_api.refused("POST", f"{path}create", {"evaluator_slugs": ["char_count_eval"], field: value})
        assert list(refused) == [field]
    assert any_api.ok("GET", path)["count"] == before


def test_a_run_may_be_over_an_older_version_named_by_number_or_tag(any_api: Api) -> None:
    dataset = any_api.dataset("versions", ROWS[:2])
    any_api.ok("PATCH", f"/api/datasets/{dataset}/versions/1/", {"tag": "first"})
    any_api.log(dataset, {"input": "new", "output": "y" * 100})
    for reference, rows in ((1, 2), ("1", 2), ("first", 2), ("latest", 3), (None, 3), (2, 3)):
        report = run(any_api, dataset, ["char_count_eval"], dataset_version=reference)
        assert (report["log_count"], report["evaluators"][0]["scored_count"]) == (rows, rows)


def test_a_version_of_an_evaluator_can_be_named_but_not_two_of_one(any_api: Api, dataset: str) -> None:
    made = judge(any_api)
    draft = made["version"]
    any_api.ok("POST", f"/api/evaluators/{made['id']}/versions/", {"version_description": "kept"}, status=201)
    older, newer = f"{made['id']}:{draft}", made["slug"]
    report = run(any_api, dataset, [older])
    assert report["evaluators"][0]["version"] == draft
    both = run(any_api, dataset, [older, newer, made["id"]])
    assert both["evaluator_slugs"] == [made["slug"]]
    started = start(any_api, dataset, [newer, older])
    assert list(started["errors"]) == [older]
    unknown = start(any_api, dataset, ["char_count_eval", f"{made['id']}:99"])
    assert list(unknown["errors"]) == [f"{made['id']}:99"]


def test_an_evaluator_that_lacks_the_method_is_left_out_and_named(any_api: Api, dataset: str) -> None:
    made = judge(any_api)
    started = start(any_api, dataset, [made["slug"], "char_count_eval"], generation_method="llm")
    assert (started["evaluator_slugs"], list(started["errors"])) == ([made["slug"]], ["char_count_eval"])
    path = f"/api/datasets/{dataset}/eval-reports/create"
    body = {"evaluator_slugs": ["char_count_eval"], "generation_method": "code"}
    assert list(any_api.refused("POST", path, body)) == ["generation_method"]


def test_trials_stand_beside_their_mean_and_a_scripted_judge_is_labelled(any_api: Api, dataset: str) -> None:
    made = judge(any_api)
    report = run(any_api, dataset, [made["slug"]], trials=2)
    (part,) = report["evaluators"]
    assert (part["method"], part["model"], part["is_scripted"]) == ("llm", "scripted", True)
    assert (part["scored_count"], part["cell_count"]) == (16, 16)
    assert report["estimate"]["pilot_cells"] >= 1
    assert report["tokens"]["input"] == part["input_tokens"] > 0
    (row, *_) = any_api.ok("GET", path_of(report, "rows/"))["results"]
    score = row["scores"][made["slug"]]
    assert len(score["trials"]) == 2
    assert score["score"] == pytest.approx(sum(trial["score"] for trial in score["trials"]) / 2)
    full = any_api.ok("GET", path_of(report, f"rows/{row['log_id']}/"))
    assert full["log"]["input"] == "question 1"
    for trial in full["scores"][made["slug"]]["trials"]:
        asked = trial["detail"]["messages"][-1]["content"]
        assert "Rate <data-" in asked
        assert asked.endswith("please.")
        assert str(trial["score"])[:3] in trial["detail"]["reply"]
        assert trial["latency_seconds"] >= 0
    any_api.ok("GET", path_of(report, "rows/nothing/"), status=404)


def test_rows_are_found_by_what_was_said_of_them(any_api: Api, dataset: str) -> None:
    report = run(any_api, dataset, ["char_count_eval", "exact_match"])

    def inputs(query: str) -> list[str]:
        page = any_api.ok("GET", path_of(report, f"rows/?include=log&{query}"))
        assert page["count"] == len(page["results"])
        return [row["log"]["input"][-1] for row in page["results"]]

    assert inputs("evaluator_slug=char_count_eval&min_score=3&max_score=5") == ["3", "4", "5"]
    assert inputs("status=skipped") == list("12345678")
    assert inputs("status=skipped&evaluator_slug=char_count_eval") == []
    assert inputs("label=metadata.topic:odd&evaluator_slug=char_count_eval&sort=best") == list("7531")
    assert inputs("label=topic:odd&evaluator_slug=char_count_eval&max_score=3") == ["1", "3"]
    assert inputs("label=metadata.topic:") == []
    for query, field in (
        ("label=topic", "label"), ("is_passed=maybe", "is_passed"), ("min_score=x", "min_score"),
        ("status=pending", "status"), ("include=all", "include"), ("sort=best", "evaluator_slug"),
    ):  # fmt: skip
        assert list(any_api.refused("GET", path_of(report, f"rows/?{query}"))) == [field]
    page = any_api.ok("GET", path_of(report, "rows/?evaluator_slug=char_count_eval&sort=best&page_size=3&page=2"))
    assert [row["scores"]["char_count_eval"]["score"] for row in page["results"]] == [5, 4, 3]
    assert page["count"] == 8


def test_a_run_rests_when_asked_and_goes_on_where_it_was(any_api: Api, dataset: str) -> None:
    made = judge(any_api, "scripted/latency=0.2")
    started = start(any_api, dataset, [made["slug"]], max_concurrency=1)
    assert any_api.ok("POST", path_of(started, "pause/"))["is_pause_requested"] is True
    paused = wait_for(any_api, started, lambda report: report["state"] == "paused")
    assert (paused["status"], paused["completed_at"]) == ("running", None)
    assert any_api.ok("GET", f"/api/datasets/{dataset}/")["running_status"] == "running"
    before = paused["progress"]["finished_count"]
    assert before < 8
    any_api.refused("DELETE", path_of(started), status=409)
    any_api.ok("POST", path_of(started, "resume/"))
    finished = any_api.finished_report(dataset, started["id"])
    assert (finished["state"], finished["progress"]["finished_count"]) == ("completed", 8)
    again = start(any_api, dataset, [made["slug"]], max_concurrency=1)
    any_api.ok("POST", path_of(again, "pause/"))
    wait_for(any_api, again, lambda report: report["state"] == "paused")
    cancelled = any_api.ok("POST", path_of(again, "cancel/"))
    assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", "request")


def test_a_run_waits_for_people_and_ends_when_they_have_answered(any_api: Api) -> None:
    dataset = any_api.dataset("asked of people", ROWS[:2])
    made = people(any_api)
    started = start(any_api, dataset, [made["slug"], "char_count_eval"], trials=2)
    waiting = wait_for(any_api, started, lambda report: report["state"] == "waiting_for_annotations")
    assert (waiting["status"], waiting["awaited_count"]) == ("running", 2)
    assert [part["method"] for part in waiting["evaluators"]] == ["human", "builtin"]
    for row, verdict in zip(any_api.rows(dataset), (True, False), strict=True):
        body = {"log_id": row["id"], "evaluator_id": made["id"], "boolean_value": verdict}
        any_api.ok("POST", "/api/scores/", body, status=201)
    finished = any_api.finished_report(dataset, started["id"])
    assert (finished["state"], finished["awaited_count"], finished["evaluators"][0]["score"]) == ("completed", 0, 0.5)


def test_a_run_is_repeated_exactly_whatever_became_of_what_it_used(any_api: Api) -> None:
    dataset = any_api.dataset("repeated", ROWS)
    made = judge(any_api)
    first = run(any_api, dataset, [made["slug"], "char_count_eval"], name="the first", seed=3)
    manifest = any_api.ok("GET", path_of(first, "manifest/"))
    changed = {"llm_config": {"model": "scripted/seed=9", "evaluator_definition": "Something else: {{input}}"}}
    any_api.ok("PATCH", f"/api/evaluators/{made['id']}/", changed)
    any_api.ok("DELETE", f"/api/evaluators/{made['id']}/", status=204)
    any_api.ok("DELETE", f"/api/datasets/{dataset}/logs/delete/", {"is_deleting_all_logs": True})

    def scores(report: dict[str, Any]) -> list[Any]:
        rows = any_api.ok("GET", path_of(report, "rows/"))["results"]
        return [[score["score"] for score in row["scores"].values()] for row in rows]

    rerun = any_api.ok("POST", path_of(first, "rerun/"), {"max_concurrency": 2})
    rerun = any_api.finished_report(dataset, rerun["id"])
    assert scores(rerun) == scores(first)
    assert (rerun["settings"]["seed"], rerun["settings"]["max_concurrency"], rerun["name"]) == (3, 2, "the first")
    posted = any_api.ok(
        "POST", f"/api/datasets/{dataset}/eval-reports/create", {"manifest": manifest, "trials": 2, "name": "posted"}
    )
    posted = any_api.finished_report(dataset, posted["id"])
    assert scores(posted) == scores(first)
    assert (posted["trials"], posted["name"]) == (2, "posted")
    assert any_api.ok("GET", path_of(posted, "manifest/"))["repeats"] == first["id"]
    assert any_api.ok("POST", path_of(first, "rerun/"))["log_count"] == 8


def test_a_manifest_holds_all_that_a_run_was_made_of_and_no_key(any_api: Api, dataset: str) -> None:
    provider = {"name": "secretive", "kind": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": "sk-very-secret"}
    any_api("POST", "/api/providers/", json=provider)
    made = judge(any_api)
    report = run(any_api, dataset, [made["slug"], "char_count_eval"], seed=5, cluster_by="topic")
    answer = any_api("GET", path_of(report, "manifest/"))
    assert "sk-very-secret" not in answer.text
    assert "sealed" not in answer.text
    manifest = answer.json()
    assert (manifest["dataset_id"], manifest["dataset_version"], manifest["seed"]) == (dataset, 1, 5)
    assert len(manifest["dataset_content_hash"]) == 64
    assert manifest["settings"] == report["settings"]
    assert manifest["models"] == ["scripted"]
    judged = manifest["evaluators"][0]
    assert judged["definition"]["llm_config"] == made["llm_config"]
    assert judged["definition"]["passing_conditions"] == made["passing_conditions"]
    assert (judged["method"], judged["version"], len(judged["definition_hash"])) == ("llm", made["version"], 64)
    assert manifest["definition_hashes"] == [part["definition_hash"] for part in manifest["evaluators"]]


@pytest.mark.parametrize(
    ("damage", "field"),
    [
        (lambda manifest: manifest.update(format="another"), "manifest.format"),
        (lambda manifest: manifest.update(evaluators=[]), "manifest.evaluators"),
        (lambda manifest: manifest.pop("evaluators"), "manifest"),
        (lambda manifest: manifest["settings"].update(trials=99), "manifest.settings.trials"),
        (lambda manifest: manifest.update(dataset_version=99), "manifest.dataset_version"),
        (lambda manifest: manifest.update(dataset_content_hash="0" * 64), "manifest.dataset_content_hash"),
        (lambda manifest: manifest.update(dataset_id="another"), "manifest.dataset_id"),
        (
            lambda manifest: manifest["evaluators"][0]["definition"].update(eval_class="word_count"),
            "manifest.evaluators.0.definition_hash",
        ),
    ],
)
def test_a_manifest_that_was_changed_is_refused(
    any_api: Api, dataset: str, damage: Callable[[Any], Any], field: str
) -> None:
    report = run(any_api, dataset, ["char_count_eval"])
    manifest = copy.deepcopy(any_api.ok("GET", path_of(report, "manifest/")))
    damage(manifest)
    path = f"/api/datasets/{dataset}/eval-reports/create"
    assert list(any_api.refused("POST", path, {"manifest": manifest})) == [field]


def test_a_report_is_verified_against_its_rows_its_definitions_and_a_manifest(any_api: Api, dataset: str) -> None:
    made = judge(any_api)
    report = run(any_api, dataset, [made["slug"], "char_count_eval"])
    verified = any_api.ok("GET", path_of(report, "verify/"))
    assert verified["is_verified"] is True
    assert [check["subject"] for check in verified["checks"]] == [
        "dataset content", f"evaluator {made['slug']}", "evaluator char_count_eval",
    ]  # fmt: skip
    manifest = any_api.ok("GET", path_of(report, "manifest/"))
    assert any_api.ok("POST", path_of(report, "verify/"), {"manifest": manifest})["is_verified"] is True
    other = any_api.ok("GET", path_of(run(any_api, dataset, ["char_count_eval"], trials=2), "manifest/"))
    found = any_api.ok("POST", path_of(report, "verify/"), {"manifest": other})
    assert found["is_verified"] is False
    assert [check["subject"] for check in found["checks"] if not check["is_equal"]] == [
        "manifest: settings", f"manifest: evaluator {made['slug']}",
    ]  # fmt: skip


def test_what_was_changed_behind_the_back_of_the_server_is_told(server: Server, api: Api) -> None:
    dataset = api.dataset("tampered with", ROWS[:3])
    report = run(api, dataset, ["char_count_eval"])
    assert api.ok("GET", path_of(report, "verify/"))["is_verified"] is True
    with apsw.Connection(str(server.data / DATABASE_FILE)) as connection:
        connection.set_busy_timeout(10_000)
        connection.execute(
            "UPDATE eval_task SET evaluator_version = replace(evaluator_version, '\"higher\"', '\"lower\"') WHERE"
            " report_sequence = (SELECT sequence FROM eval_report WHERE id = ?)",
            (report["id"],),
        )
        connection.execute(
            "UPDATE dataset_log SET body_sequence = (SELECT min(body_sequence) FROM dataset_log l WHERE"
            " l.dataset_sequence = dataset_log.dataset_sequence)"
            " WHERE dataset_sequence = (SELECT sequence FROM dataset WHERE id = ?)",
            (dataset,),
        )
    found = api.ok("GET", path_of(report, "verify/"))
    direction_changed = api.ok("GET", "/api/evaluators/char_count_eval/")["direction"] == "higher"
    assert found["is_verified"] is False
    wrong = [check["subject"] for check in found["checks"] if not check["is_equal"]]
    assert wrong == ["dataset content", *(["evaluator char_count_eval"] if direction_changed else [])]
    api.ok("DELETE", f"/api/datasets/{dataset}/", status=204)


def test_a_report_is_deleted_and_the_scores_stay(any_api: Api) -> None:
    dataset = any_api.dataset("deleted report", ROWS[:2])
    report = run(any_api, dataset, ["char_count_eval"])
    any_api.ok("DELETE", path_of(report), status=204)
    any_api.ok("GET", path_of(report), status=404)
    any_api.ok("DELETE", path_of(report), status=404)
    (score,) = any_api.rows(dataset)[0]["scores"].values()
    assert score["numerical_value"] == 1
