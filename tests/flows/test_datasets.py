"""Datasets: create, read, change, delete, in shapes that every client parses."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from tests.flows.client import Api

# What the strictest parser of each client insists on: the type, never null.
NEVER_NULL = {
    "id": str, "name": str, "description": str, "type": str, "status": str, "log_count": int, "log_ids": list,
    "created_at": str, "updated_at": str, "organization": int, "organization_id": int, "initial_log_filters": dict,
    "running_status": str, "running_progress": int, "updated_by": dict, "unique_organization_ids": list,
    "timestamps": list, "completed_annotation_count": int, "starred": bool, "tags": list, "granularity": str,
}  # fmt: skip
EMPTY = {"is_empty": True}


def check_shape(dataset: dict[str, Any]) -> None:
    """Check what clients.md §0.7 asks of every dataset, wherever it is shown."""
    assert {name: type(dataset[name]) for name in NEVER_NULL} == NEVER_NULL
    assert dataset["type"] in ("llm", "sampling")
    assert dataset["status"] in ("initializing", "ready", "running", "completed", "failed", "loading")
    assert dataset["running_status"] in ("pending", "running", "completed", "failed", "cancelled")
    assert set(dataset["updated_by"]) == {"first_name", "last_name", "email"}
    assert str(uuid.UUID(dataset["id"])) == dataset["id"]
    for name in ("created_at", "updated_at"):
        assert dataset[name].endswith("Z")
        assert datetime.fromisoformat(dataset[name]).utcoffset() == timedelta(0)
    assert dataset["running_at"] is None or dataset["running_at"].endswith("Z")
    for condition in dataset["initial_log_filters"].values():
        assert set(condition) >= {"operator", "value"}


def test_a_dataset_has_its_full_shape_wherever_it_is_shown(api: Api) -> None:
    made = api.ok("POST", "/api/datasets/", {"name": "shape", **EMPTY}, status=201)
    path = f"/api/datasets/{made['id']}/"
    shown = [
        made,
        api.ok("GET", path),
        api.ok("PATCH", path, {"description": None, "starred": None, "tags": None}),
        api.ok("PUT", path, {"name": "shape"}),
        *[found for found in api.ok("GET", "/api/datasets/?page_size=1000")["results"] if found["id"] == made["id"]],
    ]
    assert len(shown) == 5
    for dataset in shown:
        check_shape(dataset)
        assert (dataset["name"], dataset["description"], dataset["log_count"]) == ("shape", "", 0)


def test_the_filters_of_a_dataset_are_echoed_in_object_form(api: Api) -> None:
    for written in (
        {"status_code": 200},
        {"model": {"value": "a"}},
        {"cost": {"gte": 1}},
        [{"field": "a", "value": 1}],
    ):
        made = api.ok("POST", "/api/datasets/", {"name": "f", "initial_log_filters": written, **EMPTY}, status=201)
        check_shape(made)
        assert made["initial_log_filters"]


def test_the_oldest_sdk_creates_without_is_empty(api: Api) -> None:
    body = {"name": "sdk", "description": "", "type": "llm", "sampling": None, "initial_log_filters": {}}
    made = api.ok("POST", "/datasets/create", body, status=201)
    check_shape(made)
    assert made["type"] == "llm"


def test_unknown_keys_of_a_body_are_ignored(api: Api) -> None:
    body = {"name": "extra", "is_empty": True, "organization": 99, "id": "mine", "log_count": 7, "whatever": {}}
    made = api.ok("POST", "/api/datasets/", body, status=201)
    assert (made["log_count"], made["id"] == "mine") == (0, False)


def test_names_need_not_be_unique_and_keep_every_character(api: Api) -> None:
    name = 'Zürich 💥 "quoted" <b>bold</b> \\ % _ \' ;--'
    ids = {api.ok("POST", "/api/datasets/", {"name": f" {name} ", **EMPTY}, status=201)["id"] for _ in range(2)}
    assert len(ids) == 2
    assert {api.ok("GET", f"/api/datasets/{each}/")["name"] for each in ids} == {name}
    found = api.ok("POST", "/api/datasets/list/", {"filters": {"name": name}})
    assert {dataset["id"] for dataset in found["results"]} == ids


def test_patch_changes_what_it_names_and_put_clears_the_rest(api: Api) -> None:
    path = f"/api/datasets/{api.dataset('edited')}/"
    changed = api.ok("PATCH", path, {"description": "why", "starred": True, "tags": ["a", 7]})
    assert (changed["name"], changed["description"], changed["starred"]) == ("edited", "why", True)
    assert [(tag["id"], tag["name"]) for tag in changed["tags"]] == [("a", "a"), ("7", "7")]
    assert api.ok("PATCH", path, {})["description"] == "why"
    replaced = api.ok("PUT", path, {"name": "new"})
    assert [replaced[key] for key in ("name", "description", "starred", "tags")] == ["new", "", False, []]
    assert replaced["updated_at"] > replaced["created_at"]


def test_a_deleted_dataset_is_gone_with_everything_below_it(api: Api) -> None:
    dataset = api.dataset("deleted", [{"input": 1}])
    log = api.rows(dataset)[0]["id"]
    report = api.run_report(dataset, ["char_count_eval"])["id"]
    before = api.ok("GET", "/api/datasets/summary/")["total_count"]
    answer = api("DELETE", f"/api/datasets/{dataset}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.ok("GET", "/api/datasets/summary/")["total_count"] == before - 1
    for below in ("", "logs/list/", "logs/summary/", "logs/export/", f"logs/{log}/", "versions/", "versions/1/",
                  "eval-reports/list/", f"eval-reports/{report}/", f"eval-reports/{report}/rows/"):  # fmt: skip
        api.ok("GET", f"/api/datasets/{dataset}/{below}", status=404)
    api.refused("POST", f"/api/datasets/{dataset}/logs/", {"input": 1}, status=404)
    api.refused("DELETE", f"/api/datasets/{dataset}/", status=404)
