"""Whatever a client sends, the answer is a clear 4xx, and nothing is half-written. On both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.flows.client import Api, quoted

MEBIBYTE = 1024 * 1024
DEEP = 10_000
JSON = {"Content-Type": "application/json"}
UNKNOWN_ID = "019f0000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("bad input", [{"input": "kept", "output": "kept", "metadata": {"topic": "kept"}}])


@pytest.fixture
def unchanged(any_api: Api, dataset: str) -> Iterator[None]:
    """Check that what a test sends leaves no trace."""

    def state() -> Any:
        datasets = any_api.ok("GET", "/api/datasets/summary/")["total_count"]
        versions = any_api.ok("GET", f"/api/datasets/{dataset}/versions/")["count"]
        reports = any_api.ok("GET", f"/api/datasets/{dataset}/eval-reports/list/")["count"]
        keys = any_api.ok("GET", "/api/keys/")["count"]
        return datasets, versions, reports, keys, any_api.rows(dataset), any_api.ok("GET", f"/api/datasets/{dataset}/")

    before = state()
    yield
    assert state() == before


def refused(answer: requests.Response, *statuses: int) -> Any:
    """Check that an answer is a refusal in JSON, and return it."""
    assert answer.status_code in (statuses or (400,)), (answer.status_code, answer.text[:1000])
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert isinstance(body, dict)
    assert body
    return body


# Every route that takes a JSON body.
BODIES = {
    "create dataset": ("POST", "/api/datasets/"),
    "list datasets": ("POST", "/api/datasets/list/"),
    "count datasets": ("POST", "/api/datasets/summary/"),
    "update dataset": ("PATCH", "/api/datasets/{dataset}/"),
    "replace dataset": ("PUT", "/api/datasets/{dataset}/"),
    "create log": ("POST", "/api/datasets/{dataset}/logs/"),
    "create logs": ("POST", "/api/datasets/{dataset}/logs/bulk/"),
    "list logs": ("POST", "/api/datasets/{dataset}/logs/list/"),
    "sum up logs": ("POST", "/api/datasets/{dataset}/logs/summary/"),
    "export logs": ("POST", "/api/datasets/{dataset}/logs/export/"),
    "delete logs": ("DELETE", "/api/datasets/{dataset}/logs/delete/"),
    "update log": ("PATCH", "/api/datasets/{dataset}/logs/{log}/"),
    "replace log": ("PUT", "/api/datasets/{dataset}/logs/{log}/"),
    "tag version": ("PATCH", "/api/datasets/{dataset}/versions/1/"),
    "run report": ("POST", "/api/datasets/{dataset}/eval-reports/create"),
    "list reports": ("POST", "/api/datasets/{dataset}/eval-reports/list/"),
    "list evaluators": ("POST", "/api/evaluators/list/"),
    "count evaluators": ("POST", "/api/evaluators/summary/"),
    "create evaluator": ("POST", "/api/evaluators/"),
    "update evaluator": ("PATCH", "/api/evaluators/char_count_eval/"),
    "replace evaluator": ("PUT", "/api/evaluators/char_count_eval/"),
    "run evaluator": ("POST", "/api/evaluators/char_count_eval/run/"),
    "bench evaluator": ("POST", "/api/evaluators/char_count_eval/bench/"),
    "commit evaluator": ("POST", "/api/evaluators/char_count_eval/versions/"),
    "update evaluator version": ("PATCH", "/api/evaluators/char_count_eval/versions/1/"),
    "replace evaluator version": ("PUT", "/api/evaluators/char_count_eval/versions/1/"),
    "create provider": ("POST", "/api/providers/"),
    "update provider": ("PATCH", "/api/providers/scripted/"),
    "test provider": ("POST", "/api/providers/scripted/test/"),
    "create key": ("POST", "/api/keys/"),
}
NO_JSON = {
    "half an object": b'{"name": "a"',
    "two values": b'{"name": "a"} {"name": "b"}',
    "no JSON at all": b"name=a&is_empty=true",
    "a trailing comma": b'{"name": "a",}',
    "single quotes": b"{'name': 'a'}",
    "NaN": b'{"name": "a", "input": NaN, "filters": {"cost": NaN}}',
    "Infinity": b'{"name": "a", "input": -Infinity}',
    "a number beyond a double": b'{"name": "a", "input": 1e400}',
    "an integer of 400 digits": b'{"name": "a", "input": ' + b"9" * 400 + b"}",
    "a key given twice": b'{"name": "a", "input": 1, "input": 2}',
    "a key given twice deep inside": b'{"name": "a", "input": {"a": [{"k": 1, "k": 1}]}}',
    "an escaped NUL": b'{"name": "a\\u0000b", "input": "a\\u0000b"}',
    "a NUL byte": b'{"name": "a\x00b"}',
    "a lone surrogate": b'{"name": "\\ud800", "input": "\\ud800"}',
    "a reversed pair of surrogates": b'{"name": "\\udc00\\ud800"}',
    "bytes that are no UTF-8": b'{"name": "\xff\xfe", "input": "\xff"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "an overlong encoding": b'{"name": "\xc0\xaf"}',
    "arrays nested 10,000 deep": b'{"name": "a", "input": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "objects nested 10,000 deep": b'{"filters": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "nesting that never ends": b'{"logs": ' + b"[" * 200_000,
    "101 levels": b'{"name": "a", "input": ' + b"[" * 101 + b"]" * 101 + b"}",
}


def address(path: str, any_api: Api, dataset: str) -> str:
    return path.format(dataset=dataset, log=any_api.rows(dataset)[0]["id"])


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("route", BODIES)
def test_text_that_is_no_json_worth_keeping_is_refused_on_every_route(any_api: Api, dataset: str, route: str) -> None:
    method, path = BODIES[route]
    path = address(path, any_api, dataset)
    for name, text in NO_JSON.items():
        answer = any_api(method, path, data=text, headers=JSON)
        assert "JSON parse error" in refused(answer)["detail"], (name, answer.text)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("route", BODIES)
def test_a_body_that_is_no_object_is_refused_by_its_kind(any_api: Api, dataset: str, route: str) -> None:
    method, path = BODIES[route]
    path = address(path, any_api, dataset)
    for body in ([], [1], "text", 5, 1.5, True, [{"name": "a"}]):
        said = json.dumps(refused(any_api(method, path, json=body)))
        assert f"Expected a dictionary, but got {type(body).__name__}." in said, body


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("route", BODIES)
def test_a_body_that_neither_is_json_nor_says_so_is_415(any_api: Api, dataset: str, route: str) -> None:
    method, path = BODIES[route]
    path = address(path, any_api, dataset)
    for media_type in ("application/x-www-form-urlencoded", "text/plain", "application/xml", "multipart/form-data"):
        answer = any_api(method, path, data=b"name=a", headers={"Content-Type": media_type})
        assert media_type in refused(answer, 415)["detail"]


def test_json_is_read_whatever_the_content_type_says(any_api: Api) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json", "", "; ;=="):
        answer = any_api("POST", "/api/datasets/list/", data=b'{"filters": {}}', headers={"Content-Type": media_type})
        assert answer.status_code == 200, (media_type, answer.text)


WRONG = [
    ("POST", "/api/datasets/", {}, "name"),
    ("POST", "/api/datasets/", {"is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": None, "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": "", "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": "  \t", "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": 5, "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": ["a"], "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": "x" * 256, "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": "x" * 1_000_000, "is_empty": True}, "name"),
    ("POST", "/api/datasets/", {"name": "a"}, "start_time"),
    ("POST", "/api/datasets/", {"name": "a", "is_empty": "maybe"}, "is_empty"),
    ("POST", "/api/datasets/", {"name": "a", "is_empty": True, "description": {}}, "description"),
    ("POST", "/api/datasets/", {"name": "a", "is_empty": True, "type": "nonsense"}, "type"),
    ("POST", "/api/datasets/", {"name": "a", "is_empty": True, "granularity": "pixels"}, "granularity"),
    ("POST", "/api/datasets/", {"name": "a", "start_time": "yesterday", "end_time": "now"}, "start_time"),
    ("POST", "/api/datasets/", {"name": "a", "start_time": {}, "end_time": []}, "start_time"),
    ("POST", "/api/datasets/", {"name": "a", "start_time": "2026-01-02", "end_time": "2026-01-01"}, "end_time"),
    (
        "POST",
        "/api/datasets/",
        {"name": "a", "start_time": "2026-01-01", "end_time": "2026-01-02", "sampling": "half"},
        "sampling",
    ),
    ("POST", "/api/datasets/", {"name": "a", "is_empty": True, "initial_log_filters": 5}, "initial_log_filters"),
    ("POST", "/api/datasets/", {"name": "a", "is_empty": True, "initial_log_filters": "a"}, "initial_log_filters"),
    ("POST", "/api/datasets/", {"name": "a", "source_dataset_id": 5}, "source_dataset_id"),
    ("POST", "/api/datasets/{dataset}/logs/import/", {}, "start_time"),
    ("POST", "/api/datasets/{dataset}/logs/import/", {"start_time": "2026-01-01", "filters": {}}, "end_time"),
    ("POST", "/api/datasets/{dataset}/logs/import/", {"log_ids": []}, "log_ids"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"log_ids": "a"}, "log_ids"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"sampling_percentage": 5}, "start_time"),
    ("PATCH", "/api/datasets/{dataset}/", {"name": ""}, "name"),
    ("PATCH", "/api/datasets/{dataset}/", {"name": {}}, "name"),
    ("PATCH", "/api/datasets/{dataset}/", {"starred": "perhaps"}, "starred"),
    ("PATCH", "/api/datasets/{dataset}/", {"tags": "a"}, "tags"),
    ("PATCH", "/api/datasets/{dataset}/", {"tags": [{}]}, "tags"),
    ("PUT", "/api/datasets/{dataset}/", {"description": "no name"}, "name"),
    ("POST", "/api/datasets/{dataset}/logs/", {}, "input"),
    ("POST", "/api/datasets/{dataset}/logs/", {"output": 1}, "input"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "metadata": "a"}, "metadata"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "metadata": []}, "metadata"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "metrics": 3}, "metrics"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "model": {}}, "model"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "model": True}, "model"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "cost": "much"}, "cost"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "metrics": {"cost": "much"}}, "metrics.cost"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "latency": []}, "latency"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "prompt_tokens": -1}, "prompt_tokens"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "prompt_tokens": 1.5}, "prompt_tokens"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "completion_tokens": 2**63}, "completion_tokens"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "total_tokens": 1e300}, "total_tokens"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "status_code": "ok"}, "status_code"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "timestamp": "noon"}, "timestamp"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "timestamp": 5}, "timestamp"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "timestamp": "2026-13-01T00:00:00Z"}, "timestamp"),
    ("POST", "/api/datasets/{dataset}/logs/", {"input": 1, "start_time": {}}, "start_time"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {}, "logs"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"logs": {}}, "logs"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"logs": "a"}, "logs"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"logs": []}, "logs"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"logs": [{"input": 1}] * 501}, "logs"),
    ("POST", "/api/datasets/{dataset}/logs/bulk/", {"logs": [1, None, "a", [], {}]}, "detail"),
    ("PATCH", "/api/datasets/{dataset}/logs/{log}/", {"metadata": "a"}, "metadata"),
    ("PATCH", "/api/datasets/{dataset}/logs/{log}/", {"metrics": [1]}, "metrics"),
    ("PATCH", "/api/datasets/{dataset}/logs/{log}/", {"model": []}, "model"),
    ("PUT", "/api/datasets/{dataset}/logs/{log}/", {"input": 1, "metadata": 5}, "metadata"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {}, "tag"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {"tag": "17"}, "tag"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {"tag": ""}, "tag"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {"tag": "a b"}, "tag"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {"tag": "a/b"}, "tag"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {"tag": "x" * 101}, "tag"),
    ("PATCH", "/api/datasets/{dataset}/versions/1/", {"tag": {}}, "tag"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {}, "evaluator_slugs"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": []}, "evaluator_slugs"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": "exact_match"}, "evaluator_slugs"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": [1]}, "evaluator_slugs"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_ids": [""]}, "evaluator_ids"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_ids": {"a": 1}}, "evaluator_ids"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": ["no such one"]}, "evaluator_slugs"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": ["a'b", "%"]}, "evaluator_slugs"),
    ("POST", "/api/datasets/{dataset}/eval-reports/create", {"evaluator_slugs": ["regex"], "name": 5}, "name"),
    ("POST", "/api/evaluators/char_count_eval/run/", {"inputs": []}, "inputs"),
    ("POST", "/api/evaluators/char_count_eval/run/", {"inputs": {"output": 1, "metadata": []}}, "inputs.metadata"),
    ("POST", "/api/keys/", {}, "name"),
    ("POST", "/api/keys/", {"name": ""}, "name"),
    ("POST", "/api/keys/", {"name": "x" * 256}, "name"),
    ("POST", "/api/keys/", {"name": "a", "scopes": []}, "scopes"),
    ("POST", "/api/keys/", {"name": "a", "scopes": "read"}, "scopes"),
    ("POST", "/api/keys/", {"name": "a", "scopes": ["root"]}, "scopes.0"),
    ("POST", "/api/keys/", {"name": "a", "environment": "moon"}, "environment"),
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("method", "path", "body", "field"), WRONG, ids=lambda part: str(part)[:60])
def test_what_is_wrong_is_refused_under_the_name_of_its_field(
    any_api: Api, dataset: str, method: str, path: str, body: Any, field: str
) -> None:
    said = refused(any_api(method, address(path, any_api, dataset), json=body))
    assert field in said or any(name.startswith(f"{field}.") for name in said)


FILTERED = [route for route in BODIES if route.startswith(("list", "count", "sum", "export", "delete"))]
WRONG_FILTERS: dict[str, Any] = {
    "text": "model = a",
    "a number": 5,
    "a list of texts": ["model"],
    "a list without fields": [{"operator": "eq", "value": 1}],
    "an unknown operator": {"name": {"operator": "resembles", "value": "a"}},
    "an operator that is no text": {"name": {"operator": 5, "value": "a"}},
    "an empty condition": {"name": {}},
    "an operator without a value": {"name": {"operator": "contains"}},
    "an unknown key": {"name": {"operator": "eq", "valeu": "a"}},
    "an object for a value": {"name": {"operator": "eq", "value": {"a": 1}}},
    "lists in lists": {"name": {"operator": "in", "value": [["a"]]}},
    "several values for one": {"name": {"operator": "contains", "value": ["a", "b"]}},
    "text for a time": {"created_at": {"operator": "gt", "value": "yesterday"}},
    "a pattern that is none": {"name": {"operator": "regex", "value": "(["}},
    "a pattern that is too long": {"name": {"operator": "regex", "value": "a" * 1001}},
    "a connector that is none": {"name": {"operator": "eq", "value": "a", "connector": "XOR"}},
    "a bundle of nothing": {"b": {"connector": "OR", "filter_params": {}}},
    "too many conditions": {f"name{n}": {"operator": "eq", "value": "a"} for n in range(501)},
    "too many values": {"name": {"operator": "in", "value": ["a"] * 10_001}},
    "bundles nested 30 deep": None,
}
_nested: dict[str, Any] = {"name": "a"}
for _ in range(30):
    _nested = {"b": {"connector": "OR", "filter_params": _nested}}
WRONG_FILTERS["bundles nested 30 deep"] = _nested


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("route", FILTERED)
def test_filters_that_cannot_be_read_are_refused_on_every_route_that_takes_them(
    any_api: Api, dataset: str, route: str
) -> None:
    method, path = BODIES[route]
    for name, filters in WRONG_FILTERS.items():
        answer = any_api(method, path.format(dataset=dataset), json={"filters": filters})
        assert "filters" in refused(answer), (name, answer.text)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("route", FILTERED)
def test_a_connector_between_fields_that_is_neither_and_nor_or_is_refused(
    any_api: Api, dataset: str, route: str
) -> None:
    method, path = BODIES[route]
    body = {"filters": {"name": "a", "id": "b"}, "operator": "NOR"}
    assert "filters" in refused(any_api(method, path.format(dataset=dataset), json=body))


HOSTILE = ["'", '"', "%", "_", "\\", "';DROP TABLE dataset;--", "a/b", "...", "\0", "%00", "\n", "ü💥", "x" * 2000, " "]
BY_ID = [
    ("GET", "/api/datasets/{id}/"),
    ("PATCH", "/api/datasets/{id}/"),
    ("DELETE", "/api/datasets/{id}/"),
    ("GET", "/api/datasets/{id}/logs/list/"),
    ("GET", "/api/datasets/{id}/logs/summary/"),
    ("GET", "/api/datasets/{id}/logs/export/"),
    ("POST", "/api/datasets/{id}/logs/"),
    ("POST", "/api/datasets/{id}/logs/bulk/"),
    ("POST", "/api/datasets/{id}/logs/import-file/?format=jsonl"),
    ("DELETE", "/api/datasets/{id}/logs/delete/"),
    ("GET", "/api/datasets/{id}/versions/"),
    ("GET", "/api/datasets/{id}/versions/diff/?from=0"),
    ("POST", "/api/datasets/{id}/versions/1/restore/"),
    ("GET", "/api/datasets/{id}/eval-reports/list/"),
    ("POST", "/api/datasets/{id}/eval-reports/create/"),
    ("GET", "/api/datasets/{dataset}/logs/{id}/"),
    ("PATCH", "/api/datasets/{dataset}/logs/{id}/"),
    ("PUT", "/api/datasets/{dataset}/logs/{id}/"),
    ("DELETE", "/api/datasets/{dataset}/logs/{id}/"),
    ("GET", "/api/datasets/{dataset}/versions/{id}/"),
    ("PATCH", "/api/datasets/{dataset}/versions/{id}/"),
    ("POST", "/api/datasets/{dataset}/versions/{id}/restore/"),
    ("GET", "/api/datasets/{dataset}/versions/diff/?from={id}"),
    ("GET", "/api/datasets/{dataset}/logs/list/?version={id}"),
    ("GET", "/api/datasets/{dataset}/logs/export/?version={id}"),
    ("GET", "/api/datasets/{dataset}/logs/summary/?version={id}"),
    ("GET", "/api/datasets/{dataset}/eval-reports/{id}/"),
    ("GET", "/api/datasets/{dataset}/eval-reports/{id}/rows/"),
    ("GET", "/api/datasets/{dataset}/eval-reports/{id}/manifest/"),
    ("POST", "/api/datasets/{dataset}/eval-reports/{id}/cancel/"),
    ("POST", "/api/datasets/{dataset}/eval-reports/{id}/retry-failed/"),
    ("GET", "/api/evaluators/{id}/"),
    ("PATCH", "/api/evaluators/{id}/"),
    ("PUT", "/api/evaluators/{id}/"),
    ("DELETE", "/api/evaluators/{id}/"),
    ("POST", "/api/evaluators/{id}/run/"),
    ("POST", "/api/evaluators/{id}/bench/"),
    ("POST", "/api/evaluators/char_count_eval/bench/"),
    ("GET", "/api/evaluators/{id}/versions/"),
    ("POST", "/api/evaluators/{id}/versions/"),
    ("GET", "/api/evaluators/char_count_eval/versions/{id}/"),
    ("PATCH", "/api/evaluators/char_count_eval/versions/{id}/"),
    ("GET", "/api/providers/{id}/"),
    ("PATCH", "/api/providers/{id}/"),
    ("DELETE", "/api/providers/{id}/"),
    ("POST", "/api/providers/{id}/test/"),
    ("DELETE", "/api/keys/{id}/"),
    ("GET", "/api/jobs/{id}/"),
]
# One body that suits every route above.
SUITABLE = {
    "input": 1,
    "tag": "a-tag",
    "logs": [{"input": 1}],
    "is_deleting_all_logs": True,
    "evaluator_slugs": ["char_count_eval"],
    "inputs": {"output": "a"},
    "name": "a name",
    "dataset_id": UNKNOWN_ID,
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("method", "path"), BY_ID, ids=lambda part: part)
def test_an_id_that_names_nothing_is_not_found_whatever_its_characters(
    any_api: Api, dataset: str, method: str, path: str
) -> None:
    for identifier in (UNKNOWN_ID, "00000000000000000000000000000000", "999999999999999999999999", *HOSTILE):
        written = path.format(id=quoted(identifier), dataset=dataset)
        options: dict[str, Any] = {} if method == "GET" else {"json": SUITABLE}
        answer = any_api(method, written, **options)
        # Some of these are the path of another route, or none: then the method may be wrong instead.
        assert "detail" in refused(answer, 404, 405), (identifier, answer.text)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("page", ["0", "-1", "one", "1.5", "1e3", "9" * 30, "99999999999", "\0", "\uff11"])
def test_a_page_that_is_no_positive_number_is_refused(any_api: Api, dataset: str, page: str) -> None:
    for path in ("/api/datasets/list/", f"/api/datasets/{dataset}/logs/list/", "/api/evaluators/", "/api/keys/"):
        assert refused(any_api("GET", path, params={"page": page})) == {"detail": "Invalid page."}
    body: dict[str, Any] = {"page": page}
    if "\0" not in page:
        assert refused(any_api("POST", "/api/datasets/list/", json=body)) == {"detail": "Invalid page."}


@pytest.mark.parametrize("page", [2, 10**6, 2**31])
def test_a_page_past_the_end_is_empty_however_far(any_api: Api, dataset: str, page: int) -> None:
    paths = ("/api/datasets/list/", f"/api/datasets/{dataset}/logs/list/", f"/api/datasets/{dataset}/versions/list/")
    for path in (*paths, "/api/evaluators/list/", "/api/keys/"):
        found = any_api.ok("GET", f"{path}?page={page}&page_size=1000")
        assert found["results"] == []
        assert found["count"] > 0


WRONG_QUERIES = [
    ("/api/datasets/list/", {"sort_by": "nonsense"}, "sort_by"),
    ("/api/datasets/list/", {"sort_by": "tags"}, "sort_by"),
    ("/api/datasets/list/", {"start_time": "noon"}, "start_time"),
    ("/api/datasets/list/", {"created_after": "noon"}, "created_after"),
    ("/api/datasets/list/", {"name[operator]": "resembles", "name[value]": "a"}, "filters"),
    ("/api/datasets/list/", {"name[colour]": "red"}, "filters"),
    ("/api/datasets/list/", {"name": "a\0b"}, "filters"),
    ("/api/datasets/{dataset}/logs/list/", {"sort_by": "metadata.topic"}, "sort_by"),
    ("/api/datasets/{dataset}/logs/list/", {"a\0b": "c"}, "filters"),
    ("/api/datasets/{dataset}/logs/list/", {"topic": "\0"}, "filters"),
    ("/api/datasets/{dataset}/logs/list/", {"cost": "much"}, "filters"),
    ("/api/datasets/{dataset}/logs/list/", {"end_time": "9999-99-99"}, "end_time"),
    ("/api/datasets/{dataset}/logs/export/", {"format": "xlsx"}, "format"),
    ("/api/datasets/{dataset}/versions/diff/", {}, "from"),
    ("/api/evaluators/list/", {"sort_by": "\0"}, "sort_by"),
    ("/api/evaluators/list/", {"search": "a\0b"}, "search"),
]


@pytest.mark.parametrize(("path", "query", "field"), WRONG_QUERIES, ids=str)
def test_a_query_that_cannot_be_read_is_refused_under_its_name(
    any_api: Api, dataset: str, path: str, query: dict[str, str], field: str
) -> None:
    assert field in refused(any_api("GET", path.format(dataset=dataset), params=query))


@pytest.mark.usefixtures("unchanged")
def test_a_row_of_21_megabytes_is_too_large(any_api: Api, dataset: str) -> None:
    row = {"input": "x" * (21 * MEBIBYTE)}
    assert "detail" in refused(any_api("POST", f"/api/datasets/{dataset}/logs/", json=row), 413)
    log = any_api.rows(dataset)[0]["id"]
    assert "detail" in refused(any_api("PATCH", f"/api/datasets/{dataset}/logs/{log}/", json=row), 413)


def test_a_row_of_21_megabytes_in_a_bulk_is_refused_by_itself(any_api: Api) -> None:
    dataset = any_api.dataset("large bulk")
    logs = [{"input": "small"}, {"input": "x" * (21 * MEBIBYTE)}, {"input": "small too"}]
    answer = any_api.ok("POST", f"/api/datasets/{dataset}/logs/bulk/", {"logs": logs}, status=201)
    assert (answer["success_count"], answer["error_count"]) == (2, 1)
    assert answer["errors"][0]["index"] == 1
    assert "20,971,520" in answer["errors"][0]["error"]
    assert any_api.inputs(dataset) == ["small", "small too"]


@pytest.mark.usefixtures("unchanged")
def test_a_bulk_of_nothing_but_too_large_rows_says_so(any_api: Api, dataset: str) -> None:
    logs = [{"input": "x" * (21 * MEBIBYTE)}]
    said = refused(any_api("POST", f"/api/datasets/{dataset}/logs/bulk/", json={"logs": logs}))
    assert "20,971,520" in said["detail"]


@pytest.mark.usefixtures("unchanged")
def test_a_body_that_says_it_is_enormous_is_refused_before_it_is_sent(any_api: Api, dataset: str) -> None:
    for path, stated in ((f"/api/datasets/{dataset}/logs/bulk/", 101), (f"/api/datasets/{dataset}/logs/", 22)):
        request = requests.Request("POST", any_api.url + path, headers=any_api.session.headers, data=b"{")  # type: ignore[arg-type]
        prepared = any_api.session.prepare_request(request)
        prepared.headers["Content-Length"] = str(stated * MEBIBYTE)
        prepared.headers["Connection"] = "close"
        with requests.Session() as session:
            refused(session.send(prepared, timeout=20), 413)


def test_ten_thousand_metadata_keys_are_kept(any_api: Api) -> None:
    dataset = any_api.dataset("many keys")
    metadata = {f"key {number}": number for number in range(10_000)}
    assert any_api.log(dataset, {"input": 1, "metadata": metadata})["metadata"] == metadata
    assert any_api.inputs(dataset, {"metadata.key 9999": 9999}) == [1]


def test_extreme_numbers_in_payloads_are_kept_exactly(any_api: Api) -> None:
    dataset = any_api.dataset("extreme numbers")
    numbers = [1e308, -1e308, 5e-324, 2**64, -(10**300), 1.7976931348623157e308, 2**53 + 1, 1e-7, 12345678901234567890]
    assert any_api.log(dataset, {"input": numbers, "output": 1e308, "expected_output": -1e308})["input"] == numbers
    any_api.log(dataset, {"input": numbers, "output": 10**300, "expected_output": 10**300})
    assert any_api.run_report(dataset, ["numeric_closeness", "json_valid"])["status"] == "completed"


def test_counts_and_costs_that_no_sum_could_hold_are_refused(any_api: Api, dataset: str) -> None:
    path = f"/api/datasets/{dataset}/logs/"
    most = 2**63 - 1024
    for name in ("prompt_tokens", "completion_tokens", "total_request_tokens", "status_code"):
        assert name in refused(any_api("POST", path, json={"input": 1, name: most}))
    for name in ("cost", "latency", "time_to_first_token", "tokens_per_second"):
        for number in (1.7e308, -1.7e308):
            assert name in refused(any_api("POST", path, json={"input": 1, name: number}))
            assert f"metrics.{name}" in refused(any_api("POST", path, json={"input": 1, "metrics": {name: number}}))


def test_the_largest_counts_and_costs_are_summed_up_without_failing(any_api: Api) -> None:
    dataset = any_api.dataset("large numbers")
    metrics = {"cost": 1e15, "latency": 1e15, "prompt_tokens": 10**12, "completion_tokens": 10**12}
    for _ in range(2):
        any_api.log(dataset, {"input": 1, "metrics": metrics})
    summary = any_api.ok("GET", f"/api/datasets/{dataset}/logs/summary/")
    assert (summary["total_prompt_tokens"], summary["total_tokens"], summary["total_cost"]) == (2e12, 4e12, 2e15)
    assert any_api.run_report(dataset, ["cost_threshold", "latency_threshold"])["status"] == "completed"


def test_what_metadata_calls_a_count_is_kept_there_and_not_lifted_when_it_is_none(any_api: Api) -> None:
    dataset = any_api.dataset("metadata counts")
    metadata = {"prompt_tokens": -1, "completion_tokens": 1.5, "cost": 1e308, "status_code": "n/a", "latency": "slow"}
    row = any_api.log(dataset, {"input": 1, "metadata": metadata})
    assert row["metadata"] == metadata
    assert [row[name] for name in ("prompt_tokens", "completion_tokens", "cost", "latency")] == [None] * 4


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z"])
def test_the_first_and_the_last_moments_are_kept(any_api: Api, moment: str) -> None:
    dataset = any_api.dataset("moments")
    assert any_api.log(dataset, {"input": 1, "timestamp": moment})["timestamp"] == moment
    assert any_api.inputs(dataset, {"timestamp": {"gte": moment, "lte": moment}}) == [1]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_a_moment_outside_of_the_calendar_is_refused(any_api: Api, dataset: str, moment: str) -> None:
    body = {"input": 1, "timestamp": moment}
    assert "timestamp" in refused(any_api("POST", f"/api/datasets/{dataset}/logs/", json=body))
    assert "filters" in refused(
        any_api("POST", f"/api/datasets/{dataset}/logs/list/", json={"filters": {"timestamp": moment}})
    )


BAD_FILES = {
    "no JSON": ("jsonl", b"nonsense\n"),
    "nothing": ("jsonl", b""),
    "blank lines": ("jsonl", b"\n \n\r\n"),
    "a byte order mark alone": ("jsonl", b"\xef\xbb\xbf"),
    "binary": ("jsonl", bytes(range(256))),
    "UTF-16": ("jsonl", '{"input": 1}\n'.encode("utf-16")),
    "a deep line": ("jsonl", b'{"input": ' + b"[" * DEEP + b"]" * DEEP + b"}\n"),
    "no array": ("json", b'{"input": 1}'),
    "half an array": ("json", b'[{"input": 1}'),
    "an array of nothing": ("json", b"[]"),
    "a deep array": ("json", b"[" * 100_000),
    "a deep element": ("json", b"[" + b"[" * DEEP + b"]" * DEEP + b"]"),
    "a lone surrogate": ("json", b'[{"input": "\\ud800"}]'),
    "bad UTF-8 in an array": ("json", b'[{"input": "\xff"}]'),
    "an array that ends in the middle of a character": ("json", b'[{"input": "\xc3'),
    "a header alone": ("csv", b"input,output\n"),
    "a column named twice": ("csv", b"input,input\n1,2\n"),
    "a column without a name": ("csv", b"input,\n1,2\n"),
    "bad UTF-8 in a table": ("csv", b"input\n\xff\n"),
    "a NUL in a table": ("csv", b"input\na\x00b\n"),
    "an open quote": ("csv", b'input\n"abc'),
    "rows of another width": ("csv", b"input,output\n1\n1,2,3\n"),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_without_one_good_row_is_refused(any_api: Api, dataset: str, name: str) -> None:
    file_format, text = BAD_FILES[name]
    path = f"/api/datasets/{dataset}/logs/import-file/?format={file_format}"
    assert "detail" in refused(any_api("POST", path, data=text))


BAD_MAPPINGS = [
    "nonsense", "[]", "5", '{"a": 5}', '{"a": "colour"}', '{"a": {}}', "[" * 10_000, '{"a":' * 5_000,
    '{"\\ud800": "colour"}', '{"a": "\\ud800"}', '{"a": "input\\u0000"}', "9" * 5_000, '{"a": NaN}',
]  # fmt: skip


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("mapping", BAD_MAPPINGS, ids=lambda text: text[:20])
def test_a_mapping_that_cannot_be_read_is_refused(any_api: Api, dataset: str, mapping: str) -> None:
    path = f"/api/datasets/{dataset}/logs/import-file/"
    answer = any_api("POST", path, params={"format": "csv", "mapping": mapping}, data=b"a\n1\n")
    assert "mapping" in refused(answer)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ({}, {}, "format"),
        ({"format": "parquet"}, {}, "format"),
        ({}, {"Content-Type": "application/zip"}, "format"),
        ({"format": "csv", "delimiter": ""}, {}, "delimiter"),
        ({"format": "csv", "delimiter": ",,"}, {}, "delimiter"),
        ({"format": "csv", "delimiter": '"'}, {}, "delimiter"),
        ({"format": "csv", "delimiter": "\n"}, {}, "delimiter"),
        ({"format": "csv", "on_error": "panic"}, {}, "on_error"),
        ({"format": "csv"}, {"Content-Type": "multipart/form-data"}, "detail"),
        ({"format": "csv"}, {"Content-Type": "multipart/form-data; boundary=" + "x" * 500}, "detail"),
        ({"format": "csv"}, {"Content-Type": "multipart/form-data; boundary=a"}, "detail"),
    ],
    ids=str,
)
def test_options_of_an_import_that_cannot_be_read_are_refused(
    any_api: Api, dataset: str, query: dict[str, str], headers: dict[str, str], field: str
) -> None:
    path = f"/api/datasets/{dataset}/logs/import-file/"
    assert field in refused(any_api("POST", path, params=query, data=b"input\n1\n", headers=headers))
