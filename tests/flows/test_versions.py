"""Versions: every change makes one, each can be read as it was, compared, named and restored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.client import Api


@pytest.fixture
def history(any_api: Api) -> tuple[str, list[str]]:
    """A dataset with five versions, and the ids of its first three rows: added, edited, one removed, one added."""
    dataset = any_api.dataset("history", [{"input": name} for name in "abc"])
    ids = [row["id"] for row in any_api.rows(dataset)]
    path = f"/api/datasets/{dataset}/logs"
    any_api.ok("GET", f"/api/datasets/{dataset}/versions/1/")
    any_api.ok("PATCH", f"{path}/{ids[0]}/", {"input": "A", "metadata": {"edited": True}})
    any_api.ok("GET", f"/api/datasets/{dataset}/versions/2/")
    any_api.ok("DELETE", f"{path}/{ids[1]}/", status=204)
    any_api.ok("GET", f"/api/datasets/{dataset}/versions/3/")
    any_api.ok("POST", f"{path}/", {"input": "d"}, status=201)
    any_api.ok("GET", f"/api/datasets/{dataset}/versions/4/")
    any_api.ok("DELETE", f"{path}/delete/", {"is_deleting_all_logs": True})
    return dataset, ids


def test_every_change_is_a_version_with_its_counts(any_api: Api, history: tuple[str, list[str]]) -> None:
    listed = any_api.ok("GET", f"/api/datasets/{history[0]}/versions/")
    shown = [
        tuple(version[f"{name}"] for name in ("number", "log_count", "added_count", "removed_count", "changed_count"))
        for version in listed["results"]
    ]
    assert shown == [(5, 0, 0, 3, 0), (4, 3, 1, 0, 0), (3, 2, 0, 1, 0), (2, 3, 0, 0, 1), (1, 3, 3, 0, 0)]
    assert any_api.ok("GET", f"/api/datasets/{history[0]}/")["version"] == 5


def test_rows_are_read_as_of_any_version(any_api: Api, history: tuple[str, list[str]]) -> None:
    dataset, ids = history
    as_of = {str(number): text for number, text in enumerate(("", "abc", "Abc", "Ac", "Acd", ""))}
    for version, inputs in {**as_of, "latest": "", "": ""}.items():
        rows = any_api.rows(dataset, f"version={version}")
        assert "".join(row["input"] for row in rows) == inputs
        summary = any_api.ok("GET", f"/api/datasets/{dataset}/logs/summary/?version={version}")
        assert summary["number_of_requests"] == len(inputs)
        exported = any_api("GET", f"/api/datasets/{dataset}/logs/export/?version={version}")
        assert len(exported.text.splitlines()) == len(inputs)
    row = f"/api/datasets/{dataset}/logs/{ids[0]}/"
    assert [any_api.ok("GET", f"{row}?version={version}")["input"] for version in (1, 2, 4)] == ["a", "A", "A"]
    any_api.ok("GET", f"{row}?version=0", status=404)
    any_api.ok("GET", f"/api/datasets/{dataset}/logs/{ids[1]}/?version=3", status=404)
    assert (
        "Version '6' not found"
        in any_api.ok("GET", f"/api/datasets/{dataset}/logs/list/?version=6", status=404)["detail"]
    )


def test_a_difference_lists_what_was_added_removed_and_changed(any_api: Api, history: tuple[str, list[str]]) -> None:
    dataset, ids = history

    def difference(query: str) -> tuple[list[tuple[str, str, Any, Any]], tuple[int, int, int]]:
        found = any_api.ok("GET", f"/api/datasets/{dataset}/versions/diff/?{query}")
        assert found["count"] == len(found["results"])
        items = []
        for item in found["results"]:
            before, after = (side and side["input"] for side in (item["before"], item["after"]))
            items.append((item["id"], item["kind"], before, after))
            assert (item["fields"] != []) == (item["kind"] == "changed")
        return sorted(items, key=lambda item: item[1]), tuple(
            found[f"{name}_count"] for name in ("added", "removed", "changed")
        )  # type: ignore[return-value]

    items, counts = difference("from=1&to=4")
    assert counts == (1, 1, 1)
    assert items[1:] == [(ids[0], "changed", "a", "A"), (ids[1], "removed", "b", None)]
    assert items[0][1:] == ("added", None, "d")
    assert difference("from=0&to=1")[1] == (3, 0, 0)
    assert difference("from=4")[1] == (0, 3, 0)
    assert difference("from=4&to=1")[1] == (1, 1, 1)
    assert difference("from=2&to=2") == ([], (0, 0, 0))
    assert difference("from=latest")[1] == (0, 0, 0)
    changed = any_api.ok("GET", f"/api/datasets/{dataset}/versions/diff/?from=1&to=2")["results"][0]
    assert sorted(changed["fields"]) == ["input", "metadata"]
    assert changed["after"]["metadata"] == {"edited": True}


def test_a_tag_names_one_version_at_a_time(any_api: Api, history: tuple[str, list[str]]) -> None:
    path = f"/api/datasets/{history[0]}/versions"
    assert any_api.ok("PATCH", f"{path}/1/", {"tag": "golden-1.0_a"})["tag"] == "golden-1.0_a"
    assert any_api.ok("GET", f"{path}/golden-1.0_a/")["number"] == 1
    assert [row["input"] for row in any_api.rows(history[0], "version=golden-1.0_a")] == ["a", "b", "c"]
    assert any_api.ok("GET", f"{path}/diff/?from=golden-1.0_a&to=2")["changed_count"] == 1
    assert "golden-1.0_a" in str(any_api.refused("PATCH", f"{path}/2/", {"tag": "golden-1.0_a"}, status=409))
    tagged = [version["number"] for version in any_api.ok("GET", f"{path}/")["results"] if version["tag"]]
    assert tagged == [1]
    assert any_api.ok("PATCH", f"{path}/golden-1.0_a/", {"tag": None})["tag"] is None
    any_api.ok("GET", f"{path}/golden-1.0_a/", status=404)


def test_restoring_makes_a_new_version_of_the_same_content(any_api: Api, history: tuple[str, list[str]]) -> None:
    dataset = history[0]
    path = f"/api/datasets/{dataset}/versions"
    hashes = {number: any_api.ok("GET", f"{path}/{number}/")["content_hash"] for number in range(1, 6)}
    assert len(set(hashes.values())) == 5
    restored = any_api.ok("POST", f"{path}/1/restore/", status=201)
    assert (restored["number"], restored["log_count"]) == (6, 3)
    assert [row["input"] for row in any_api.rows(dataset)] == ["a", "b", "c"]
    assert any_api.ok("GET", f"{path}/6/")["content_hash"] == hashes[1]
    assert any_api.ok("GET", f"{path}/diff/?from=1&to=6")["count"] == 0
    assert [row["id"] for row in any_api.rows(dataset)] == history[1]
    emptied = any_api.ok("POST", f"{path}/0/restore/", status=201)
    assert (emptied["number"], emptied["log_count"], any_api.rows(dataset)) == (7, 0, [])
    assert any_api.ok("GET", f"{path}/7/")["content_hash"] == hashes[5]


def test_equal_content_has_an_equal_hash_however_it_was_written(any_api: Api) -> None:
    rows = [{"input": {"b": 1.0, "a": [1e2, "é"]}, "metadata": {"x": 1, "y": 2}}, {"input": "second"}]
    one = any_api.dataset("hash one", rows)
    two = any_api.dataset("hash two")
    spelled = b'{"metadata": {"y":2,"x":1.0}, "input" : {"a":[100,"\\u00e9"],"b":1}}'
    any_api.ok("POST", f"/api/datasets/{two}/logs/", data=spelled, status=201)
    any_api.ok("POST", f"/api/datasets/{two}/logs/", {"input": "second"}, status=201)
    three = any_api.dataset("hash three", rows[::-1])

    def content_hash(dataset: str) -> str:
        newest = any_api.ok("GET", f"/api/datasets/{dataset}/")["version"]
        return str(any_api.ok("GET", f"/api/datasets/{dataset}/versions/{newest}/")["content_hash"])

    assert content_hash(one) == content_hash(two)
    assert content_hash(one) != content_hash(three)
    assert len(content_hash(one)) == 64
