"""Request shapes recorded from clients that are not run here: upstream scripts, a Postman collection, TypeScript, MCP.

Each is one plain request that must be answered at once, without a redirect, wherever it is mounted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import requests

from tests.server import Server

UNKNOWN = "00000000-0000-0000-0000-000000000000"
EMPTY_DATASET = {"name": "made by shape", "is_empty": True}
DAY = {"start_time": "2026-01-01 00:00:00", "end_time": "2026-01-02 00:00:00"}
EVERY_MOUNT = [f"{root}{{path}}{slash}" for root, slash in product(("", "/api"), ("", "/"))]


@dataclass
class Caller:
    """Sends one request to the server with a key, never following a redirect."""

    server: Server
    session: requests.Session

    def __call__(self, method: str, path: str, *, key: str | None = None, **options: Any) -> requests.Response:
        headers = self.server.headers if key is None else ({"Authorization": key} if key else {})
        headers = {**headers, **options.pop("headers", {})}
        return self.session.request(
            method, self.server.url + path, headers=headers, allow_redirects=False, timeout=30, **options
        )


@pytest.fixture
def call(server: Server) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(server, session)


@pytest.fixture
def places(call: Caller, dataset_id: str) -> dict[str, str]:
    """What the paths of the tables stand for."""
    rows = call("GET", f"/api/datasets/{dataset_id}/logs/list/").json()["results"]
    evaluator = call("GET", "/api/evaluators/char_count_eval/").json()
    report = call("POST", f"/api/datasets/{dataset_id}/eval-reports/create", json={"evaluator_slugs": ["json_valid"]})
    return {"d": dataset_id, "row": rows[0]["id"], "e": evaluator["id"], "report": report.json()["id"]}


# Sent by the K104 and TypeScript SDKs at the root, by everything else below /api; with and without the final slash.
ON_EVERY_MOUNT: list[tuple[str, str, Any, int]] = [
    ("POST", "/datasets", EMPTY_DATASET, 201),
    ("POST", "/datasets/create", EMPTY_DATASET, 201),
    ("GET", "/datasets", None, 200),
    ("GET", "/datasets/list", None, 200),
    ("POST", "/datasets/list", {}, 200),
    ("GET", "/datasets/summary", None, 200),
    ("POST", "/datasets/summary", {"filters": {}}, 200),
    ("GET", "/datasets/{d}", None, 200),
    ("PATCH", "/datasets/{d}", {"name": "renamed"}, 200),
    ("PUT", "/datasets/{d}", {"name": "replaced"}, 200),
    ("DELETE", "/datasets/{d}", None, 204),
    ("GET", "/datasets/{d}/presence", None, 200),
    ("GET", "/datasets/{d}/logs", None, 200),
    ("POST", "/datasets/{d}/logs", {"input": "in", "output": "out"}, 201),
    ("GET", "/datasets/{d}/logs/list", None, 200),
    ("POST", "/datasets/{d}/logs/list", {}, 200),
    ("GET", "/datasets/{d}/logs/summary", None, 200),
    ("POST", "/datasets/{d}/logs/summary", {}, 200),
    ("POST", "/datasets/{d}/logs/bulk", {"logs": [{"input": "in"}]}, 201),
    ("DELETE", "/datasets/{d}/logs/delete", {"is_deleting_all_logs": True}, 200),
    ("DELETE", "/datasets/{d}/logs/import", {"is_deleting_all_logs": True}, 200),
    ("GET", "/datasets/{d}/logs/{row}", None, 200),
    ("PATCH", "/datasets/{d}/logs/{row}", {"input": "changed"}, 200),
    ("PUT", "/datasets/{d}/logs/{row}", {"messages": [{"role": "user", "content": "?"}], "model": "gpt-4o"}, 200),
    ("DELETE", "/datasets/{d}/logs/{row}", None, 204),
    ("GET", "/datasets/{d}/logs/{row}/status", None, 200),
    ("POST", "/datasets/{d}/logs/{row}/status", {"status": "completed"}, 200),
    ("POST", "/datasets/{d}/eval-reports/create", {"evaluator_slugs": ["char_count_eval"]}, 200),
    ("POST", "/datasets/{d}/eval-reports/create", {"evaluator_ids": ["{e}"], "generation_method": "auto"}, 200),
    ("GET", "/datasets/{d}/eval-reports/create", None, 200),
    ("GET", "/datasets/{d}/eval-reports/list", None, 200),
    ("POST", "/datasets/{d}/eval-reports/list", {}, 200),
    ("GET", "/datasets/{d}/eval-reports/{report}", None, 200),
    ("GET", "/evaluators", None, 200),
    ("GET", "/evaluators/list", None, 200),
    ("POST", "/evaluators/list", {}, 200),
    ("GET", "/evaluators/summary", None, 200),
    ("GET", "/evaluators/{e}", None, 200),
    ("GET", "/evaluators/char_count_eval", None, 200),
    ("POST", "/evaluators/{e}/run", {"inputs": {"input": "in", "output": "out"}}, 200),
    ("POST", "/evaluators/{e}/run", {"llm_input": "in", "llm_output": "out"}, 200),
]


def filled(value: Any, places: dict[str, str]) -> Any:
    text = json.dumps(value)
    for name, stands_for in places.items():
        text = text.replace(f"{{{name}}}", stands_for)
    return json.loads(text)


@pytest.mark.parametrize(("method", "path", "body", "status"), ON_EVERY_MOUNT, ids=lambda value: str(value)[:60])
def test_every_mount_and_slash_means_the_same(
    call: Caller, places: dict[str, str], method: str, path: str, body: Any, status: int
) -> None:
    is_gone = False
    for mount in EVERY_MOUNT:
        address = mount.format(path=filled(path, places))
        # Postman sends bodies on GET and DELETE too.
        reply = call(method, address, json=filled({} if body is None else body, places))
        assert reply.status_code == (404 if is_gone else status), (address, reply.text)
        assert (reply.content == b"") is (reply.status_code == 204), address
        is_gone = reply.status_code == 204 or is_gone


# The oldest names of the same things, which never had another mount.
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/evaluations/eval-sets/list/", None, 200),
        ("POST", "/evaluations/eval-sets/list/", {"filters": {}}, 200),
        ("GET", "/evaluations/datasets/{d}/logs/list/", None, 200),
        ("GET", "/evaluations/evaluators/", None, 200),
        ("GET", "/evaluations/evaluators/{e}/", None, 200),
        ("POST", "/evaluations/datasets/{d}/logs/", {"start_time": "2026-01-01 00:00:00", "filters": {}}, 400),
        ("POST", "/evaluations/datasets/{d}/logs/", {**DAY, "filters": {}}, 200),
        ("POST", "/api/datasets/{d}/logs/create", {"filters": {"id": {"operator": "in", "value": ["a"]}}}, 200),
        ("POST", "/api/datasets/{d}/logs/import/", {**DAY, "filters": {}, "sampling_percentage": 10}, 200),
        ("POST", "/api/datasets/{d}/logs/import/", {"start_time": "2026-01-01T00:00:00Z"}, 400),
        ("POST", "/api/datasets/{d}/logs/bulk/", {"log_ids": ["a"]}, 200),
        ("POST", "/api/datasets/{d}/logs/bulk/", {"start_time": "2026-01-01T00:00:00Z", "filters": {}}, 400),
        ("POST", "/api/datasets", {"name": "sampled", "type": "sampling", **DAY, "sampling": 30}, 201),
    ],
)
def test_legacy_paths_and_imports_are_known_and_missing_times_named(
    call: Caller, places: dict[str, str], method: str, path: str, body: Any, status: int
) -> None:
    reply = call(method, filled(path, places), json=body)
    assert reply.status_code == status, reply.text
    if status == 400:
        assert set(reply.json()) == {"end_time"}
    else:
        assert reply.json()


THREE, ONE, NONE = ["first", "second", "third"], ["first"], list[str]()


@pytest.mark.parametrize(
    ("body", "query", "expected"),
    [
        ({"filters": {"metadata.custom_identifier": "first"}}, {}, ONE),
        ({"filters": {"metadata__custom_identifier": {"operator": "", "value": ["first"]}}}, {}, ONE),
        ({"filters": {"custom_identifier": {"operator": "in", "value": ["first"]}, "connector": "AND"}}, {}, ONE),
        ({"filters": {"custom_identifier": {"value": "first"}}, "exporting": False}, {"all_envs": "true"}, ONE),
        ({"filters": {"custom_identifier": {"operator": "equals", "value": "first"}}, "operator": "AND"}, {}, ONE),
        ({"filters": [{"field": "metadata.rank", "operator": "<=", "value": [1]}]}, {}, ONE),
        ({"filters": {"metadata.rank": {"gte": 1, "lt": 2}}}, {}, ONE),
        (
            {"filters": {"metadata.rank": [{"operator": "gte", "value": [1]}, {"operator": "lt", "value": [2]}]}},
            {},
            ONE,
        ),
        ({"filters": {"any": {"connector": "OR", "filter_params": {"custom_identifier": "first"}}}}, {}, ONE),
        (
            {"filters": {"custom_identifier": {"value": ["first"]}, "input": {"value": "one", "connector": "OR"}}},
            {},
            ONE,
        ),
        ({"filters": {"metadata": {"operator_function": "mapContainsKey", "operator_args": ["rank"]}}}, {}, THREE),
        ({"filters": {"created_at": {"gte": "2020-01-01 00:00:00"}}, "page": 1, "page_size": 50}, {}, THREE),
        ({"filters": {"status_code": {"operator": "eq", "value": 200}}}, {"fetch_filters": "false"}, THREE),
        ({"filters": {"status": {"operator": "notEmpty", "value": [""]}}}, {"sort_by": "id"}, THREE),
        ({}, {"order_by": "unique_id", "include_fields": "scores,metadata"}, THREE),
        ({}, {"start_time": "2020-01-01 00:00:00", "end_time": "2100-01-01T00:00:00Z"}, THREE),
        ({}, {"end_time": "2020-01-01"}, NONE),
        ({}, {"custom_identifier": "first"}, ONE),
        ({}, {"metadata.custom_identifier": "first", "environment": "prod", "is_test": "false"}, ONE),
        ({}, {"custom_identifier[value]": "first", "custom_identifier[operator]": ""}, ONE),
        (None, {"page": "1", "page_size": "1000"}, THREE),
        (None, {"page": "7"}, NONE),
        ({"page": 7}, {}, NONE),
    ],
    ids=lambda value: json.dumps(value)[:70],
)
def test_rows_are_found_by_every_recorded_form_of_filters(
    call: Caller, dataset_id: str, body: Any, query: dict[str, str], expected: list[str]
) -> None:
    reply = call("POST", f"/api/datasets/{dataset_id}/logs/list/", json=body, params=query)
    assert reply.status_code == 200, reply.text
    assert [row["custom_identifier"] for row in reply.json()["results"]] == expected


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"type": "llm"}, True),
        ({"type": "sampling"}, False),
        ({"status": "ready", "running_status": "pending"}, True),
        ({"type[value]": "sampling", "type[operator]": "not"}, True),
        # A client's own parameters, and filters of other lists, do no harm.
        ({"category": "llm", "limit": "10", "search_type": "x"}, True),
    ],
)
def test_datasets_are_found_by_filters_in_the_query(call: Caller, query: dict[str, str], is_found: bool) -> None:
    made = call("POST", "/datasets/create", json={"name": "typed", "type": "llm"}).json()["id"]
    for path in ("/datasets/list", "/api/datasets/list/", "/api/datasets/"):
        ids = [one["id"] for one in call("GET", path, params={**query, "page_size": "1000"}).json()["results"]]
        assert (made in ids) is is_found


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ({"search": "character"}, {"char_count_eval"}),
        ({"slug": "char_count_eval"}, {"char_count_eval"}),
        ({"evaluator_slug": "char_count_eval", "type": "code"}, {"char_count_eval"}),
        ({"evaluator_slug": "char_count_eval", "type": "llm"}, set()),
    ],
)
def test_evaluators_are_found_by_filters_in_the_query(call: Caller, query: dict[str, str], slugs: set[str]) -> None:
    for path in ("/evaluators/", "/api/evaluators/list/"):
        assert {one["slug"] for one in call("GET", path, params=query).json()["results"]} == slugs


LATER = ["second", "third"]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"filters": {"metadata.custom_identifier": "first"}}, LATER),
        ({"filters": {"metadata.custom_identifier": {"value": ["first"], "operator": ""}, "connector": "AND"}}, LATER),
        ({"filters": {"id": {"operator": "in", "value": ["{row}"]}}}, LATER),
        ({"filters": {"status_code": {"operator": "eq", "value": 200}}, "is_deleting_all_logs": False}, []),
        ({"filters": {"metadata.rank": {"gt": 1}}, "start_time": "2020-01-01 00:00:00", "end_time": "2100-01-01"}, ONE),
        ({"filters": {"metadata.rank": {"gt": 1}}, "end_time": "2020-01-01"}, THREE),
        ({"is_deleting_all_logs": True}, []),
        ({"delete_all": True}, []),
        ({"is_deleting_all_logs": True, "filters": {}}, []),
    ],
    ids=lambda value: json.dumps(value)[:70],
)
def test_rows_are_deleted_by_a_body_on_delete(call: Caller, places: dict[str, str], body: Any, left: list[str]) -> None:
    reply = call("DELETE", f"/api/datasets/{places['d']}/logs/delete/", json=filled(body, places))
    assert reply.status_code == 200, reply.text
    assert reply.json()["message"]
    assert reply.json()["deleted_count"] == 3 - len(left)
    rows = call("GET", f"/api/datasets/{places['d']}/logs/list/").json()["results"]
    assert [row["custom_identifier"] for row in rows] == left


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"filters": {}},
        {"filters": None, "is_deleting_all_logs": False},
        {"filters": {"no_such_field": "x"}},
        {"filters": {"metadata.rank": {"operator": "no_such_operator", "value": [1]}}},
        {"filters": {"metadata.rank": {"operator": "gt"}}},
        {"filters": {"group": {"connector": "AND", "filter_params": {}}}},
        {"filters": "metadata.rank"},
    ],
    ids=json.dumps,
)
def test_a_delete_that_does_not_say_exactly_what_is_refused(call: Caller, dataset_id: str, body: Any) -> None:
    reply = call("DELETE", f"/api/datasets/{dataset_id}/logs/delete/", json=body)
    assert reply.status_code == 400, reply.text
    assert "filters" in reply.json()
    assert call("GET", f"/api/datasets/{dataset_id}/logs/list/").json()["count"] == 3


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", None]
)
def test_a_json_body_is_read_whatever_the_content_type_says(call: Caller, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    assert call("POST", "/api/datasets/", data=json.dumps(EMPTY_DATASET).encode(), headers=headers).status_code == 201


@pytest.mark.parametrize(
    "scheme", ["Bearer {key}", "bearer {key}", "Api-Key {key}", "api-key {key}", "Bearer   {key} "]
)
def test_both_forms_of_the_authorization_header_let_in(call: Caller, server: Server, scheme: str) -> None:
    for path in ("/api/datasets/list/", "/datasets/list", "/evaluators/"):
        assert call("GET", path, key=scheme.format(key=server.api_key).strip()).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Api-Key wrong", "Basic dGVzdDp0ZXN0", "Bearer"])
def test_without_a_good_key_every_mount_answers_401_in_json(call: Caller, header: str) -> None:
    for method, path in (("GET", "/api/datasets/list/"), ("POST", "/datasets/create"), ("GET", "/evaluators/")):
        reply = call(method, path, key=header)
        assert (reply.status_code, list(reply.json())) == (401, ["detail"])
        assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_a_window_of_an_empty_dataset_is_not_looked_at(call: Caller) -> None:
    body = {**EMPTY_DATASET, "start_time": "now", "end_time": "2020-01-01", "sampling": 50, "initial_log_filters": {}}
    made = call("POST", "/api/datasets", json=body)
    assert (made.status_code, made.json()["log_count"]) == (201, 0)


@pytest.mark.parametrize("joined", ["//api/datasets/", "/api//datasets/", "/api//datasets/list", "//datasets/list"])
def test_a_base_url_with_a_final_slash_does_no_harm(call: Caller, joined: str) -> None:
    assert call("GET", joined).json()["results"] is not None


def test_a_key_without_its_scheme_is_told_what_is_missing(call: Caller, server: Server) -> None:
    reply = call("GET", "/api/datasets/", key=server.api_key)
    assert reply.status_code == 401
    assert "Authorization: Bearer <key>" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"name": ', {"detail"}),
        (b"[]", {"non_field_errors"}),
        (b'"text"', {"non_field_errors"}),
        (b"", {"detail"}),
        (b'{"is_empty": true}', {"name"}),
        (b'{"name": "", "is_empty": true}', {"name"}),
        (b'{"name": "x"}', {"start_time", "end_time"}),
    ],
)
def test_what_cannot_be_created_is_answered_400_by_field(call: Caller, body: bytes, problem: set[str]) -> None:
    reply = call("POST", "/api/datasets/", data=body, headers={"Content-Type": "application/json"})
    assert (reply.status_code, set(reply.json())) == (400, problem)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/datasets/{unknown}/"),
        ("PATCH", "/datasets/{unknown}"),
        ("DELETE", "/api/datasets/{unknown}/"),
        ("POST", "/api/datasets/{unknown}/logs/"),
        ("GET", "/datasets/{unknown}/logs"),
        ("POST", "/api/datasets/{unknown}/logs/list/"),
        ("GET", "/api/datasets/{d}/logs/{unknown}/"),
        ("GET", "/datasets/{d}/eval-reports/{unknown}"),
        ("GET", "/api/evaluators/{unknown}/"),
        ("GET", "/api/no-such-thing/"),
    ],
)
def test_what_is_not_there_is_answered_404_in_json(call: Caller, dataset_id: str, method: str, path: str) -> None:
    reply = call(method, path.format(unknown=UNKNOWN, d=dataset_id), json={"input": "x"})
    assert (reply.status_code, list(reply.json())) == (404, ["detail"])


def test_an_answer_without_content_has_no_byte_for_fetch_to_parse(call: Caller, places: dict[str, str]) -> None:
    for path in (f"/api/datasets/{places['d']}/logs/{places['row']}/", f"/datasets/{places['d']}"):
        reply = call("DELETE", path)
        assert (reply.status_code, reply.content) == (204, b"")
        assert "content-type" not in reply.headers
        assert reply.headers.get("content-length", "0") == "0"
        assert "transfer-encoding" not in reply.headers


def test_next_and_previous_lead_back_through_the_mount_that_was_asked(call: Caller, dataset_id: str) -> None:
    for path in (f"/datasets/{dataset_id}/logs", f"/api/datasets/{dataset_id}/logs/list/"):
        seen, url = [], f"{path}?page_size=1&sort_by=-id"
        while url:
            page = call("GET", url).json()
            seen += [row["custom_identifier"] for row in page["results"]]
            assert page["next"] is None or page["next"].startswith(f"{call.server.url}{path}?sort_by=-id&")
            url = (page["next"] or "").removeprefix(call.server.url)
        assert seen == ["third", "second", "first"]


def test_next_names_the_host_that_a_proxy_was_asked_for(call: Caller) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evals.example"}
    page = call("GET", "/evaluators/?page_size=1", headers=headers).json()
    assert page["next"] == "https://evals.example/evaluators/?page=2&page_size=1"


def test_a_list_carries_the_keys_of_every_generation(call: Caller, dataset_id: str) -> None:
    page = call(
        "POST", f"/api/datasets/{dataset_id}/logs/list/", json={"filters": {"custom_identifier": "first"}}
    ).json()
    assert page["count"] == page["total_count"] == page["total"] == 1
    assert page["current_filters"] == {"custom_identifier": {"operator": "", "value": ["first"]}}
    assert {"next", "previous", "results", "page", "page_size", "total_pages", "filter_options"} <= page.keys()


def test_a_row_that_was_just_written_is_read_by_the_next_request(call: Caller, dataset_id: str) -> None:
    made = call("POST", f"/api/datasets/{dataset_id}/logs/", json={"input": "new", "output": None}).json()
    assert made["unique_id"] == made["log_data"]["unique_id"]
    assert made["message"]
    assert call("GET", f"/datasets/{dataset_id}/logs/{made['unique_id']}").json()["input"] == "new"
    assert call("GET", f"/datasets/{dataset_id}").json()["log_count"] == 4


def test_an_eval_report_has_the_fields_of_every_generation(call: Caller, dataset_id: str) -> None:
    path = f"/api/datasets/{dataset_id}/eval-reports"
    report = call("POST", f"{path}/create", json={"evaluator_slugs": ["char_count_eval"]}).json()
    listed = call("GET", f"{path}/list/").json()["results"]
    for shown in (report, *listed, call("GET", f"{path}/{report['id']}").json()):
        assert shown["status"] in ("pending", "running", "completed")
        assert shown["evaluator_slugs"] == ["char_count_eval"]
        assert {"id", "dataset_id", "created_at", "updated_at", "results", "created_tasks", "errors"} <= shown.keys()
        assert {"task_id", "name", "evaluator_slug", "evaluated_logs_count", "score"} <= shown.keys()
    assert call("GET", f"{path}/{report['task_id']}").json()["id"] == report["id"]
