"""Every documented path answers at both mounts, with and without the final slash, and never by a redirect."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.client import Api

ROW = {"input": "a"}
ALL = {"is_deleting_all_logs": True}
RUN = {"evaluator_slugs": ["char_count_eval"]}
# Method, path below the mount, body, status.
DOCUMENTED: list[tuple[str, str, Any, int]] = [
    ("POST", "datasets", {"name": "a", "is_empty": True}, 201),
    ("POST", "datasets/create", {"name": "a", "is_empty": True}, 201),
    ("GET", "datasets", None, 200),
    ("GET", "datasets/list", None, 200),
    ("POST", "datasets/list", {}, 200),
    ("GET", "datasets/summary", None, 200),
    ("POST", "datasets/summary", {}, 200),
    ("GET", "datasets/{dataset}", None, 200),
    ("PATCH", "datasets/{dataset}", {"description": "b"}, 200),
    ("PUT", "datasets/{dataset}", {"name": "c"}, 200),
    ("GET", "datasets/{dataset}/presence", None, 200),
    ("POST", "datasets/{dataset}/logs", ROW, 201),
    ("POST", "datasets/{dataset}/logs/bulk", {"logs": [ROW]}, 201),
    ("GET", "datasets/{dataset}/logs", None, 200),
    ("GET", "datasets/{dataset}/logs/list", None, 200),
    ("POST", "datasets/{dataset}/logs/list", {}, 200),
    ("GET", "datasets/{dataset}/logs/summary", None, 200),
    ("POST", "datasets/{dataset}/logs/summary", {}, 200),
    ("GET", "datasets/{dataset}/logs/export", None, 200),
    ("POST", "datasets/{dataset}/logs/export", {}, 200),
    ("POST", "datasets/{dataset}/logs/import-file?format=json", [ROW], 201),
    ("GET", "datasets/{dataset}/logs/{log}", None, 200),
    ("PATCH", "datasets/{dataset}/logs/{log}", {"output": "b"}, 200),
    ("PUT", "datasets/{dataset}/logs/{log}", ROW, 200),
    ("GET", "datasets/{dataset}/logs/{log}/status", None, 200),
    ("GET", "datasets/{dataset}/versions", None, 200),
    ("GET", "datasets/{dataset}/versions/list", None, 200),
    ("POST", "datasets/{dataset}/versions/list", {}, 200),
    ("GET", "datasets/{dataset}/versions/diff?from=0", None, 200),
    ("GET", "datasets/{dataset}/versions/1", None, 200),
    ("PATCH", "datasets/{dataset}/versions/1", {"tag": "first"}, 200),
    ("POST", "datasets/{dataset}/versions/1/restore", None, 201),
    ("POST", "datasets/{dataset}/eval-reports/create", RUN, 200),
    ("GET", "datasets/{dataset}/eval-reports/create", None, 200),
    ("GET", "datasets/{dataset}/eval-reports", None, 200),
    ("GET", "datasets/{dataset}/eval-reports/list", None, 200),
    ("POST", "datasets/{dataset}/eval-reports/list", {}, 200),
    ("GET", "datasets/{dataset}/eval-reports/{report}", None, 200),
    ("GET", "datasets/{dataset}/eval-reports/{report}/rows", None, 200),
    ("GET", "datasets/{dataset}/eval-reports/{report}/manifest", None, 200),
    ("POST", "datasets/{dataset}/eval-reports/{report}/retry-failed", None, 200),
    ("POST", "datasets/{dataset}/eval-reports/{report}/cancel", None, 200),
    ("GET", "evaluators", None, 200),
    ("GET", "evaluators/list", None, 200),
    ("POST", "evaluators/list", {}, 200),
    ("GET", "evaluators/summary", None, 200),
    ("POST", "evaluators/summary", {}, 200),
    ("GET", "evaluators/char_count_eval", None, 200),
    ("POST", "evaluators/char_count_eval/run", {"inputs": {"output": "a"}}, 200),
    ("DELETE", "datasets/{dataset}/logs/delete", ALL, 200),
    ("DELETE", "datasets/{dataset}/logs/import", ALL, 200),
]


@pytest.fixture(scope="module")
def ids(api: Api) -> dict[str, str]:
    dataset = api.dataset("paths", [ROW])
    report = api.run_report(dataset, ["char_count_eval"])
    return {"dataset": dataset, "report": report["id"]}


@pytest.mark.parametrize(("method", "path", "body", "status"), DOCUMENTED, ids=lambda part: str(part)[:50])
def test_a_documented_path_answers_in_all_its_spellings(
    api: Api, ids: dict[str, str], method: str, path: str, body: Any, status: int
) -> None:
    # A later test of this table takes the rows away.
    log = api.log(ids["dataset"], ROW)["id"] if "{log}" in path else ""
    path, _, query = path.format(**ids, log=log).partition("?")
    for mount in ("/api/", "/"):
        for slash in ("", "/"):
            answer = api(method, f"{mount}{path}{slash}" + (f"?{query}" if query else ""), json=body)
            assert answer.status_code == status, answer.text
            if path.endswith(("retry-failed", "cancel")):
                api.finished_report(ids["dataset"], ids["report"])


@pytest.mark.parametrize("mount", ["/api", ""])
@pytest.mark.parametrize("slash", ["", "/"])
def test_things_are_deleted_at_every_spelling_of_their_path(api: Api, mount: str, slash: str) -> None:
    dataset = api.dataset("deleted")
    log = api.log(dataset, ROW)["id"]
    assert api("DELETE", f"{mount}/datasets/{dataset}/logs/{log}{slash}").status_code == 204
    answer = api("DELETE", f"{mount}/datasets/{dataset}{slash}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api("DELETE", f"{mount}/datasets/{dataset}{slash}").status_code == 404


def test_the_oldest_paths_answer_too(api: Api, ids: dict[str, str]) -> None:
    for slash in ("", "/"):
        for method in ("GET", "POST"):
            found = api.ok(method, f"/evaluations/eval-sets/list{slash}?page_size=1000")["results"]
            assert ids["dataset"] in [dataset["id"] for dataset in found]
        # There this path adds request logs; it must not be taken for a new row.
        said = api.refused("POST", f"/evaluations/datasets/{ids['dataset']}/logs{slash}", {"filters": {}})
        assert set(said) == {"start_time", "end_time"}
        assert api.ok("GET", f"/evaluations/evaluators{slash}")["count"] > 0


@pytest.mark.parametrize("path", ["logs/import", "logs/create", "logs/bulk"])
@pytest.mark.parametrize(
    "body",
    [
        {"start_time": "2026-01-01 00:00:00", "end_time": "2026-01-02 00:00:00", "filters": {}},
        {"start_time": None, "end_time": None, "filters": {"id": {"operator": "in", "value": ["a"]}}},
        {"log_ids": ["a"]},
        {"start_time": "2026-01-01", "end_time": "2026-01-02", "sampling_percentage": 50},
    ],
    ids=str,
)
def test_an_import_that_finds_no_log_adds_nothing_and_says_so(
    api: Api, ids: dict[str, str], path: str, body: Any
) -> None:
    before = api.ok("GET", f"/api/datasets/{ids['dataset']}/")
    said = api.ok("POST", f"/api/datasets/{ids['dataset']}/{path}", body)
    assert said["message"] in (
        "Logs are being added to dataset in the background",
        "Logs are being imported to dataset in the background",
    )
    assert (said["count"], said["dataset_version"]) == (0, before["version"])
    after = api.ok("GET", f"/api/datasets/{ids['dataset']}/")
    assert (after["log_count"], after["status"]) == (before["log_count"], "ready")


@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/nothing", "/api", "/", "/nothing//", "/apidatasets", "/api/api/datasets"]
)
def test_an_unknown_path_is_404_in_json(api: Api, path: str) -> None:
    assert api.ok("GET", path, status=404) == {"detail": "Not found."}


def test_a_method_that_a_path_does_not_have_is_405_in_json(api: Api, ids: dict[str, str]) -> None:
    for method, path in (("DELETE", "/api/datasets/"), ("PUT", "/api/evaluators/a/run/"), ("PATCH", "/api/datasets")):
        answer = api(method, path)
        assert (answer.status_code, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
        assert answer.headers["allow"]
