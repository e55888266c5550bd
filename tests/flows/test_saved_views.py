"""Saved views: a key's own and the shared ones; and what a server says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.client import Api

VIEW = {"name": "Failures", "page": "dataset", "query": "?q=status%3Aerror&sort=-latency"}


@pytest.fixture
def other(any_api: Api) -> Iterator[Api]:
    """A client with another key of the organisation."""
    client = Api(any_api.url, any_api.new_key(["read", "write"]))
    yield client
    client.close()


@pytest.fixture
def view(any_api: Api) -> Iterator[dict[str, Any]]:
    made = any_api.ok("POST", "/api/views/", VIEW, status=201)
    yield made
    any_api("DELETE", f"/api/views/{made['id']}/")


def names(api: Api, query: str = "") -> list[str]:
    return [view["name"] for view in api.ok("GET", f"/api/views/{query}")["results"]]


def test_a_view_comes_back_as_it_was_saved(any_api: Api, view: dict[str, Any]) -> None:
    assert (view["name"], view["page"], view["subject_id"]) == ("Failures", "dataset", None)
    assert view["query"] == "q=status%3Aerror&sort=-latency"
    assert (view["is_shared"], view["is_pinned"], view["is_own"]) == (False, False, True)
    assert any_api.ok("GET", f"/api/views/{view['id']}/") == view
    assert any_api.ok("GET", "/api/views/")["results"] == [view]


def test_a_private_view_is_there_for_its_key_alone(any_api: Api, other: Api, view: dict[str, Any]) -> None:
    path = f"/api/views/{view['id']}/"
    assert names(other) == []
    other.refused("GET", path, status=404)
    other.refused("PATCH", path, {"name": "mine"}, status=404)
    other.refused("DELETE", path, status=404)
    any_api.ok("PATCH", path, {"is_shared": True})
    assert names(other) == ["Failures"]
    assert other.ok("GET", path)["is_own"] is False


def test_a_shared_view_is_changed_by_its_key_or_an_admin(any_api: Api, other: Api) -> None:
    made = other.ok("POST", "/api/views/", {**VIEW, "is_shared": True}, status=201)
    third = Api(any_api.url, any_api.new_key(["read", "write"]))
    path = f"/api/views/{made['id']}/"
    assert made["created_by"] in third.refused("PATCH", path, {"name": "x"}, status=403)["detail"]
    third.refused("DELETE", path, status=403)
    third.close()
    assert any_api.ok("PATCH", path, {"name": "Renamed", "is_pinned": True})["name"] == "Renamed"
    any_api.ok("DELETE", path, status=204)
    other.refused("GET", path, status=404)


def test_views_are_listed_by_page_and_subject_pinned_ones_first(any_api: Api) -> None:
    bodies = (
        {"name": "b", "page": "dataset", "subject_id": "d-1"},
        {"name": "a", "page": "dataset", "subject_id": "d-2"},
        {"name": "c", "page": "dataset", "is_pinned": True},
        {"name": "l", "page": "logs"},
    )
    made = [any_api.ok("POST", "/api/views/", {"query": "", **body}, status=201)["id"] for body in bodies]
    assert names(any_api, "?page=dataset") == ["c", "a", "b"]
    assert names(any_api, "?page=dataset&subject_id=d-1") == ["c", "b"]
    assert names(any_api, "?page=logs") == ["l"]
    for one in made:
        any_api.ok("DELETE", f"/api/views/{one}/", status=204)


def test_two_views_of_a_page_have_two_names(any_api: Api, other: Api, view: dict[str, Any]) -> None:
    refused = any_api.refused("POST", "/api/views/", VIEW, status=409)
    assert "already" in refused["detail"]
    second = any_api.ok("POST", "/api/views/", {**VIEW, "name": "Second"}, status=201)
    any_api.refused("PATCH", f"/api/views/{second['id']}/", {"name": "Failures"}, status=409)
    any_api.ok("PATCH", f"/api/views/{second['id']}/", {"name": "Second", "is_pinned": True})
    any_api.ok("DELETE", f"/api/views/{second['id']}/", status=204)
    # Of another page, of one dataset only, or of another key the name is free.
    for body, api in (({**VIEW, "page": "logs"}, any_api), ({**VIEW, "subject_id": "d"}, any_api), (VIEW, other)):
        made = api.ok("POST", "/api/views/", body, status=201)
        api.ok("DELETE", f"/api/views/{made['id']}/", status=204)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": None}, "name"),
        ({"query": "x" * 4097}, "query"),
        ({"query": "ä" * 2049}, "query"),
        ({"page": "compare"}, "page"),
        ({"subject_id": ""}, "subject_id"),
    ],
)
def test_a_view_that_cannot_be_is_refused_by_the_name_of_its_fault(
    any_api: Api, change: dict[str, Any], field: str
) -> None:
    assert field in any_api.refused("POST", "/api/views/", {**VIEW, **change})


def test_a_key_that_may_only_read_saves_nothing(any_api: Api) -> None:
    reader = Api(any_api.url, any_api.new_key(["read"]))
    reader.refused("POST", "/api/views/", VIEW, status=403)
    assert names(reader) == []
    reader.close()


def test_a_server_says_what_it_is_and_what_it_holds(any_api: Api) -> None:
    before = any_api.ok("GET", "/api/about/")
    dataset = any_api.dataset("about", [{"input": "a", "output": "a", "expected_output": "a"}] * 3)
    any_api.run_report(dataset, ["exact_match"])
    after = any_api.ok("GET", "/api/about/")
    grown = {name: after["counts"][name]["count"] - before["counts"][name]["count"] for name in after["counts"]}
    assert grown == {"datasets": 1, "dataset_logs": 3, "eval_reports": 1, "request_logs": 0}
    assert (after["engine"], after["health"]) == ("inline", {"database": "ok", "worker": "ok"})
    assert after["database"]["kind"] in ("sqlite", "postgresql")
    assert after["database"]["size_bytes"] > 100_000
    assert after["uptime_seconds"] > before["uptime_seconds"] > 0
    assert after["code_evaluators"] == {"is_enabled": True, "is_sandboxed": True, "reason": None}
    assert after["data_directory"]
    reader = Api(any_api.url, any_api.new_key(["read"]))
    assert reader.ok("GET", "/api/about/")["data_directory"] is None
    reader.close()
