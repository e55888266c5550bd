"""Scores over HTTP: give, read, correct, list and delete them, and answer reports that wait for people."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import pytest

from tests.flows.client import Api

# What every generated client may read of a score.
FIELDS = (
    *("id", "created_at", "type", "environment", "numerical_value", "string_value", "boolean_value"),
    *("categorical_value", "json_value", "is_passed", "cost", "evaluator_id", "evaluator_slug", "evaluator_name"),
    *("scorer", "log_id", "prompt_id", "prompt_version_number", "dataset_id", "automation_id", "status"),
    *("error_message", "explanation"),
)


@pytest.fixture
def slug() -> str:
    """A slug that nothing else has."""
    return f"quality_{secrets.token_hex(4)}"


def new_log(api: Api, **fields: Any) -> str:
    return str(api.ok("POST", "/api/request-logs/", {"input": "a", "output": "b", **fields}, status=201)["unique_id"])


def new_evaluator(api: Api, slug: str, **fields: Any) -> dict[str, Any]:
    body = {"name": slug.title(), "evaluator_slug": slug, "type": "human", "score_value_type": "numerical", **fields}
    made: dict[str, Any] = api.ok("POST", "/api/evaluators/", body, status=201)
    return made


def test_a_score_on_a_log_is_answered_in_the_union_of_the_documented_fields(any_api: Api, slug: str) -> None:
    log = new_log(any_api)
    sent = {
        "evaluator_slug": slug,
        "numerical_value": 4.5,
        "string_value": "fine",
        "boolean_value": True,
        "categorical_value": ["a", "b"],
        "json_value": {"a": 1},
        "explanation": "because",
        "scorer": "ann",
        "prompt_id": "p",
        "prompt_version_number": 2,
        "timestamp": "2026-01-31 12:00:00",
    }
    made = any_api.ok("POST", f"/api/logs/{log}/scores", sent, status=201)
    assert made.keys() >= set(FIELDS)
    assert {name: made[name] for name in sent if name not in ("json_value", "timestamp")} == {
        name: value for name, value in sent.items() if name not in ("json_value", "timestamp")
    }
    assert (made["json_value"], made["evaluator_id"], made["type"], made["log_id"]) == ('{"a":1}', None, "llm", log)
    assert (made["dataset_id"], made["environment"], made["is_passed"]) == (None, "prod", False)
    assert datetime.fromisoformat(made["created_at"]) == datetime.fromisoformat("2026-01-31T12:00:00Z")
    for path in (f"/api/scores/{made['id']}/", f"/api/logs/{log}/scores/{made['id']}"):
        read = any_api.ok("GET", path)
        assert {name: read[name] for name in made} == made
    assert any_api.ok("GET", f"/api/logs/{log}/scores/")["results"] == [made]


def test_a_single_score_shows_what_was_scored_while_the_log_is_there(any_api: Api, slug: str) -> None:
    log = new_log(any_api, metadata={"plan": "pro"})
    score = any_api.ok("POST", f"/api/logs/{log}/scores/", {"evaluator_slug": slug, "numerical_value": 1}, status=201)
    shown = any_api.ok("GET", f"/api/scores/{score['id']}/")["inputs"]
    assert (shown["input"], shown["output"], shown["metadata"]) == ("a", "b", {"plan": "pro"})
    elsewhere = {"log_id": f"elsewhere-{slug}", "evaluator_slug": slug, "numerical_value": 1}
    score = any_api.ok("POST", "/api/scores/", elsewhere, status=201)
    assert any_api.ok("GET", f"/api/scores/{score['id']}/")["inputs"] is None


def test_a_second_score_is_refused_on_the_log_and_replaces_on_the_general_route(any_api: Api, slug: str) -> None:
    log = new_log(any_api)
    body = {"evaluator_slug": slug, "numerical_value": 1}
    first = any_api.ok("POST", f"/api/logs/{log}/scores/", body, status=201)
    refused = any_api.refused("POST", f"/api/logs/{log}/scores/", body, status=409)
    assert refused == {"error": "A score already exists for this evaluator in this log."}
    any_api.ok("POST", f"/api/logs/{log}/scores/", {**body, "scorer": "ann"}, status=201)
    again = {"evaluator_slug": slug, "numerical_score": 0.5, "reasoning": "less", "log_id": log}
    replaced = any_api.ok("POST", "/api/scores", again, status=200)
    assert (replaced["id"], replaced["numerical_value"], replaced["explanation"]) == (first["id"], 0.5, "less")
    assert (replaced["scorer"], replaced["is_corrected"], replaced["is_machine"]) == (None, False, False)
    assert any_api.ok("GET", f"/api/logs/{log}/scores/")["count"] == 2
    elsewhere = {**body, "log_id": f"elsewhere {slug}"}
    assert any_api.ok("POST", "/api/scores/", elsewhere, status=201)["log_id"] == f"elsewhere {slug}"
    # Without a log nothing is the same.
    alone = [any_api.ok("POST", "/api/scores/", body, status=201) for _ in range(2)]
    assert alone[0]["id"] != alone[1]["id"]
    assert [one["log_id"] for one in alone] == [None, None]


def test_what_cannot_be_scored_is_refused_by_name(any_api: Api, slug: str) -> None:
    log = new_log(any_api)
    path = f"/api/logs/{log}/scores/"
    nobody = {"error": "Either evaluator_id or evaluator_slug must be provided"}
    for route in (path, "/api/scores/"):
        assert any_api.refused("POST", route, {"numerical_value": 1}) == nobody
        for wrong, field in (
            ({"numerical_value": "5"}, "numerical_value"),
            ({"boolean_value": 1}, "boolean_value"),
            ({"categorical_value": [1]}, "categorical_value"),
            ({"string_value": 1}, "string_value"),
            ({"json_value": "{"}, "json_value"),
            ({"numerical_value": 1, "timestamp": "soon"}, "timestamp"),
            ({"numerical_value": 1, "scorer": "x" * 201}, "scorer"),
            ({"numerical_value": 1, "dataset_id": "none"}, "dataset_id"),
        ):
            refused = any_api.refused("POST", route, {"evaluator_slug": slug, **wrong})
            assert list(refused) == [field]
        assert "numerical_value" in any_api.refused("POST", route, {"evaluator_slug": slug})["detail"]
        assert any_api.refused("POST", route, [1])["non_field_errors"]
        unknown = any_api.refused("POST", route, {"evaluator_id": "none", "numerical_value": 1}, status=404)
        assert unknown == {"detail": "Evaluator not found"}
    body = {"evaluator_slug": slug, "numerical_value": 1}
    for method in ("GET", "POST"):
        missing = any_api.ok(method, "/api/logs/nothing/scores/", body if method == "POST" else None, status=404)
        assert missing == {"detail": "Log not found"}
    assert any_api.ok("GET", path)["count"] == 0


def test_whether_a_score_passes_is_what_its_evaluator_says(any_api: Api, slug: str) -> None:
    limit = {"passing_conditions": {"primary_score": {"operator": "gte", "value": 3}}}
    evaluator = new_evaluator(any_api, slug, score_config={"min_score": 0, "max_score": 5}, **limit)
    polite = new_evaluator(any_api, f"{slug}_polite", score_value_type="boolean")
    log = new_log(any_api)
    path = f"/api/logs/{log}/scores/"
    made = any_api.ok("POST", path, {"evaluator_id": evaluator["id"], "numerical_value": 3}, status=201)
    assert (made["is_passed"], made["evaluator_slug"], made["type"]) == (True, slug, "human")
    assert any_api.ok("PATCH", f"{path}{made['id']}/", {"numerical_value": 2.5})["is_passed"] is False
    true = any_api.ok("POST", path, {"evaluator_slug": polite["evaluator_slug"], "boolean_value": True}, status=201)
    assert (true["is_passed"], true["evaluator_id"]) == (True, polite["id"])
    # Stored as it was sent, and nothing to pass with.
    wrong = any_api.ok("POST", path, {"evaluator_id": slug, "string_value": "5", "scorer": "b"}, status=201)
    assert (wrong["string_value"], wrong["is_passed"]) == ("5", False)


def test_scores_are_changed_replaced_and_deleted_on_both_paths(any_api: Api, slug: str) -> None:
    log, other = new_log(any_api), new_log(any_api)
    for base in ("/api/scores/", f"/api/logs/{log}/scores/"):
        body = {"evaluator_slug": slug, "numerical_value": 1, "string_value": "a", "explanation": "x", "log_id": log}
        made = any_api.ok("POST", "/api/scores/", body, status=201)
        path = f"{base}{made['id']}/"
        patched = any_api.ok("PATCH", path, {"numerical_value": 2, "evaluator_slug": "ignored"})
        assert (patched["numerical_value"], patched["string_value"], patched["explanation"]) == (2, "a", "x")
        assert (patched["evaluator_slug"], patched["is_corrected"], patched["original"]) == (slug, False, None)
        assert any_api.ok("PATCH", path, {"string_value": None})["string_value"] is None
        any_api.refused("PATCH", path, {"numerical_value": None})
        replaced = any_api.ok("PUT", path, {"boolean_value": False})
        values = ("numerical_value", "string_value", "boolean_value", "explanation")
        assert [replaced[name] for name in values] == [None, None, False, None]
        any_api.refused("PUT", path, {}, status=400)
        any_api.refused("GET", f"/api/logs/{other}/scores/{made['id']}/", status=404)
        any_api.refused("DELETE", f"/api/logs/{other}/scores/{made['id']}/", status=404)
        assert any_api("DELETE", path, json={}).status_code == 204
        for method in ("GET", "DELETE"):
            any_api.refused(method, path, status=404)
        any_api.refused("PATCH", path, {"numerical_value": 1}, status=404)


def test_a_correction_of_a_machines_score_keeps_what_it_said(any_api: Api) -> None:
    dataset = any_api.dataset("corrected", [{"input": 1, "output": "four"}])
    any_api.run_report(dataset, ["char_count_eval"])
    (row,) = any_api.rows(dataset)
    ((evaluator_id, entry),) = row["scores"].items()
    assert (entry["evaluator_id"], entry["is_machine"], entry["score_value"]) == (evaluator_id, True, 4)
    corrected = any_api.ok("PATCH", f"/api/scores/{entry['id']}/", {"numerical_value": 5, "explanation": "recounted"})
    assert (corrected["is_corrected"], corrected["numerical_value"], corrected["original"]["score_value"]) == (
        True,
        5,
        4,
    )
    assert corrected["dataset_id"] == dataset
    report = any_api.run_report(dataset, ["char_count_eval"])
    assert any_api.rows(dataset)[0]["scores"][evaluator_id]["score_value"] == 5
    rows = any_api.ok("GET", f"/api/datasets/{dataset}/eval-reports/{report['id']}/rows/")["results"]
    assert rows[0]["scores"]["char_count_eval"]["score"] == 4
    beside = {"evaluator_id": evaluator_id, "numerical_value": 6, "scorer": "ann", "log_id": row["id"]}
    assert any_api.ok("POST", "/api/scores/", beside, status=201)["dataset_id"] == dataset
    (listed,) = any_api.rows(dataset)
    assert listed["scores"][evaluator_id]["score_value"] == 5
    assert [one["scorer"] for one in listed["scores"][evaluator_id]["human_scores"]] == ["ann"]
    assert (listed["annotation_status"], listed["annotation_completed_by"]["first_name"]) == ("completed", "ann")
    detail = any_api.ok("GET", f"/api/datasets/{dataset}/logs/{row['id']}/")
    assert [(one["scorer"], one["numerical_value"]) for one in detail["scores"]] == [(None, 5), ("ann", 6)]


def test_request_logs_show_their_scores_wherever_they_are_shown(any_api: Api, slug: str) -> None:
    trace = secrets.token_hex(16)
    log, bare = (new_log(any_api, trace_unique_id=trace, custom_identifier=slug) for _ in range(2))
    for scorer, value in (("ann", 2), (None, 1)):
        body = {"evaluator_slug": slug, "numerical_value": value, "scorer": scorer}
        any_api.ok("POST", f"/api/logs/{log}/scores/", body, status=201)
    shown = {item["id"]: item["scores"] for item in
             any_api.ok("GET", f"/api/request-logs/list/?custom_identifier={slug}")["results"]}  # fmt: skip
    assert shown.keys() == {log, bare}
    assert shown[bare] == {}
    entry = shown[log][slug]
    assert (entry["evaluator_name"], entry["evaluator_slug"], entry["score_value"]) == (slug, slug, 2)
    assert [(one["scorer"], one["score_value"]) for one in entry["human_scores"]] == [("ann", 2), (None, 1)]
    assert any_api.ok("GET", f"/api/request-logs/{log}/")["scores"] == shown[log]
    assert any_api.ok("PATCH", f"/api/request-logs/{log}/", {"note": "x"})["scores"] == shown[log]
    for query in ("fields=preview", "cursor=", "cursor=&fields=preview"):
        items = any_api.ok("GET", f"/api/request-logs/list/?custom_identifier={slug}&{query}")["results"]
        assert {item["id"]: item["scores"] for item in items} == shown
    spans = any_api.ok("GET", f"/api/traces/{trace}/")["span_tree"]
    assert {span["id"]: span["scores"] for span in spans} == shown
    found = any_api.ok("GET", f"/api/request-logs/list/?scores__{slug}=1&custom_identifier={slug}")["results"]
    assert [item["id"] for item in found] == [log]
    high = {"filters": {f"scores.{slug}": {"operator": "gt", "value": 2}, "custom_identifier": slug}}
    assert any_api.ok("POST", "/api/request-logs/list/", high)["count"] == 0
    # What was summed up before is not remembered when a score comes.
    scored = {"filters": {f"scores.{slug}": {"operator": "isnull", "value": False}}}
    assert any_api.ok("POST", "/api/request-logs/summary/", scored)["number_of_requests"] == 1
    any_api.ok("POST", f"/api/logs/{bare}/scores/", {"evaluator_slug": slug, "numerical_value": 0}, status=201)
    assert any_api.ok("POST", "/api/request-logs/summary/", scored)["number_of_requests"] == 2
    any_api.ok("DELETE", f"/api/request-logs/{log}/", status=204)
    assert any_api.ok("GET", f"/api/scores/?evaluator_slug={slug}")["count"] == 1


def test_the_list_of_scores_is_filtered_sorted_and_paged(any_api: Api, slug: str) -> None:
    dataset = any_api.dataset("listed", [{"input": 1}])
    row = any_api.rows(dataset)[0]["id"]
    for number, log in enumerate((new_log(any_api), row, "elsewhere")):
        body = {"evaluator_slug": slug, "log_id": log, "numerical_value": number,
                "timestamp": f"2026-02-0{number + 1}T00:00:00Z"}  # fmt: skip
        any_api.ok("POST", "/api/scores/", body, status=201)

    def numbers(query: str, filters: Any = None) -> list[float]:
        path = f"/api/scores/list?evaluator_slug={slug}&{query}"
        page = any_api.ok("POST", path, {"filters": filters}) if filters else any_api.ok("GET", path)
        assert page["count"] >= len(page["results"])
        return [one["numerical_value"] for one in page["results"]]

    assert numbers("") == [2, 1, 0]
    assert numbers("sort_by=created_at") == [0, 1, 2]
    assert numbers("sort_by=-numerical_value&page_size=2&page=2") == [0]
    assert numbers("created_at__gte=2026-02-02T00:00:00Z") == [2, 1]
    assert numbers("numerical_value__lt=1") == [0]
    assert numbers("start_time=2026-02-02&end_time=2026-02-03") == [1]
    assert numbers(f"dataset_id={dataset}") == [1]
    assert numbers("", {"log_id": "elsewhere"}) == [2]
    assert numbers("", {"dataset_id": {"operator": "isnull", "value": True}, "numerical_value": {"gt": 0}}) == [2]
    assert numbers("environment=test") == []
    first = any_api.ok("GET", f"/api/scores/?evaluator_slug={slug}&page_size=2")
    assert (first["count"], first["count_is_exact"], first["previous"]) == (3, True, None)
    rest = any_api.ok("GET", first["next"].removeprefix(any_api.url))
    assert (len(rest["results"]), rest["next"]) == (1, None)
    assert "filters" in any_api.refused("POST", "/api/scores/list/", {"filters": {"nothing": 1}})


def test_scores_are_split_by_the_environment_of_the_key(any_api: Api, slug: str) -> None:
    test = Api(any_api.url, any_api.new_key(["write"], "test"))
    for api in (any_api, test):
        api.ok("POST", "/api/scores/", {"evaluator_slug": slug, "boolean_value": True}, status=201)
    for api, environment in ((any_api, "prod"), (test, "test")):
        (found,) = api.ok("GET", f"/api/scores/?evaluator_slug={slug}")["results"]
        assert (found["environment"], found["is_passed"]) == (environment, True)
    assert any_api.ok("GET", f"/api/scores/?evaluator_slug={slug}&all_envs=true")["count"] == 2
    both = {"filters": {"environment": {"operator": "in", "value": ["prod", "test"]}, "evaluator_slug": slug}}
    assert test.ok("POST", "/api/scores/list/", both)["count"] == 2
    reader = Api(any_api.url, any_api.new_key(["read"]))
    reader.refused("POST", "/api/scores/", {"evaluator_slug": slug, "boolean_value": True}, status=403)


def test_a_report_with_a_human_evaluator_is_complete_when_people_have_answered(any_api: Api, slug: str) -> None:
    evaluator = new_evaluator(any_api, slug)
    dataset = any_api.dataset("annotated", [{"input": 1, "output": "a"}, {"input": 2, "output": "b"}])
    run = {"evaluator_ids": [evaluator["id"]]}
    report = any_api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create", run)
    path = f"/api/annotation-tasks/?status=pending&dataset_id={dataset}"
    tasks = any_api.ok("GET", path)
    assert (tasks["count"], {task["evaluator_slug"] for task in tasks["results"]}) == (2, {slug})
    for number, task in enumerate(tasks["results"]):
        row = any_api.ok("GET", task["url"].removeprefix(any_api.url))
        status = f"/api/datasets/{dataset}/logs/{row['id']}/status"
        assert any_api.ok("GET", status)["status"] == "pending"
        verdict = {"evaluator_id": task["evaluator_id"], "numerical_value": number, "scorer": "ann@example.com"}
        any_api.ok("POST", task["scores_url"].removeprefix(any_api.url), verdict, status=201)
        done = any_api.ok("GET", status)
        assert (done["status"], done["completed_by"]["first_name"]) == ("completed", "ann@example.com")
    finished = any_api.finished_report(dataset, report["id"])
    assert finished["status"] == "completed"
    assert [task["score"] for task in finished["created_tasks"]] == [0.5]
    assert any_api.ok("GET", path)["count"] == 0
    completed = any_api.ok("GET", f"/api/annotation-tasks/?evaluator_id={slug}")["results"]
    assert {task["completed_by"] for task in completed} == {"ann@example.com"}
    any_api.refused("GET", "/api/annotation-tasks/?status=lost")


def test_the_status_of_a_row_is_set_by_word(any_api: Api) -> None:
    dataset = any_api.dataset("marked", [{"input": 1}])
    row = any_api.rows(dataset)[0]["id"]
    path = f"/api/datasets/{dataset}/logs/{row}/status/"
    answered = any_api.ok("POST", path, {"status": "completed"})
    assert (answered["status"], answered["completed_by"]) == ("completed", None)
    assert any_api.rows(dataset, "annotation_status=completed")[0]["id"] == row
    assert any_api.ok("POST", path, {"status": "pending"})["status"] == "pending"
    any_api.refused("POST", path, {"status": "lost"})
    any_api.refused("POST", f"/api/datasets/{dataset}/logs/nothing/status/", {"status": "pending"}, status=404)
