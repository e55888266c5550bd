"""Rows as a table reads them: previews, answers without a count, search, counts, facets, paths; deletes and undo."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.client import Api

CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Where is  my\nrefund?"}]
ROWS: list[dict[str, Any]] = [
    {"input": CHAT, "output": {"role": "assistant", "content": "On its way."}, "model": "m-1", "latency": 3},
    {"input": {"question": "A gift card?", "n": 1}, "output": {"label": "gift"}, "model": "m-2", "latency": 1},
    {"input": "x" * 500, "output": None, "expected_output": [1, 2], "model": "m-1", "latency": 2},
    {"input": {"other": True, "list": [1]}, "output": "A Gift-Card, refunded", "metadata": {"plan": "pro", "n": 5}},
    {"input": "退款在哪里", "output": 'He said "refund".', "metadata": {"plan": "pro"}},
    {"input": "nothing", "output": "gift of a card: café Crème", "metadata": {"plan": "free"}},
]


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("rows", ROWS)


def found(api: Api, dataset: str, **body: Any) -> list[int]:
    """Return which of the rows a list of previews shows, counted from 0."""
    ids = [row["id"] for row in api.rows(dataset)]
    path = f"/api/datasets/{dataset}/logs/list/?fields=preview&count=false"
    return [ids.index(row["id"]) for row in api.ok("POST", path, body)["results"]]


def test_a_preview_says_what_a_payload_is_about_and_how_large_it_is(any_api: Api, dataset: str) -> None:
    rows = any_api.ok("GET", f"/api/datasets/{dataset}/logs/list/?fields=preview")["results"]
    assert [row["input_preview"] for row in rows] == [
        "Where is my refund?",
        "A gift card?",
        "x" * 199 + "…",
        '"other":true,"list":[1]',
        "退款在哪里",
        "nothing",
    ]
    assert [row["output_preview"] for row in rows[:4]] == ["On its way.", '"label":"gift"', None, ROWS[3]["output"]]
    assert rows[2]["expected_output_preview"] == "1,2"
    assert (rows[2]["input_bytes"], rows[2]["output_bytes"], rows[2]["expected_output_bytes"]) == (502, 0, 5)
    assert "input" not in rows[0]
    assert (rows[3]["metadata"], rows[3]["scores"]) == ({"plan": "pro", "n": 5}, {})
    refused = any_api.refused("GET", f"/api/datasets/{dataset}/logs/list/?fields=some")
    assert "use preview" in refused["fields"][0]


def test_the_first_lines_of_a_payload_too_large_to_look_into_are_shown(any_api: Api) -> None:
    text = "a long story " * 30_000
    dataset = any_api.dataset("large", [{"input": {"question": text}}])
    row = any_api.ok("GET", f"/api/datasets/{dataset}/logs/list/?fields=preview")["results"][0]
    assert row["input_preview"].startswith('"question":"a long story a long story')
    assert len(row["input_preview"]) == 200
    assert row["input_bytes"] > 300_000


def test_without_a_count_a_page_says_whether_more_follow(any_api: Api, dataset: str) -> None:
    path = f"/api/datasets/{dataset}/logs/list/?count=false&page_size=4"
    first = any_api.ok("GET", path)
    assert (first["count"], first["count_is_exact"], len(first["results"])) == (5, False, 4)
    second = any_api.ok("GET", first["next"].removeprefix(any_api.url))
    assert (second["count"], second["count_is_exact"], second["next"]) == (6, True, None)
    beyond = any_api.ok("GET", f"{path}&page=9")
    assert (beyond["count"], beyond["count_is_exact"], beyond["results"]) == (0, False, [])
    counted = any_api.ok("GET", f"/api/datasets/{dataset}/logs/list/?page_size=4")
    assert (counted["count"], "count_is_exact" in counted) == (6, False)


@pytest.mark.parametrize("sort", ["latency", "-latency", "model", "-created_at", "id", "-id"])
def test_without_a_count_the_order_is_the_same(any_api: Api, dataset: str, sort: str) -> None:
    path = f"/api/datasets/{dataset}/logs/list/?sort_by={sort}&status=success"
    orders = [[row["id"] for row in any_api.ok("GET", path + more)["results"]] for more in ("", "&count=false")]
    assert orders[0] == orders[1]
    assert len(orders[0]) == 6


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("refund", [0, 3, 4]),
        ("REFUND way", [0]),
        ("refund nothing", []),
        ('"gift card"', [1, 3]),
        ("gift-card", [1, 3]),
        ("gift model:m-2", [1]),
        ("refund -model:m-1", [3, 4]),
        ("latency:>1", [0, 2]),
        ("退款", [4]),
        ('"CAFÉ crème"', [5]),
        ("input.n:1", [1]),
        ("100%", []),
        ("_", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_a_search_finds_words_phrases_and_terms(any_api: Api, dataset: str, search: str, expected: list[int]) -> None:
    assert found(any_api, dataset, search=search) == expected
    count = any_api.ok("POST", f"/api/datasets/{dataset}/logs/count/", {"search": search})
    assert count == {"count": len(expected), "is_exact": True}


def test_a_search_and_filters_both_hold(any_api: Api, dataset: str) -> None:
    assert found(any_api, dataset, search="refund", filters={"metadata.plan": "pro"}) == [3, 4]
    assert found(any_api, dataset, filters={"input.question": {"contains": "gift"}}) == [1]


def test_counts_are_of_a_version(any_api: Api) -> None:
    dataset = any_api.dataset("counted", [{"input": 1}, {"input": 2}])
    any_api.ok("DELETE", f"/api/datasets/{dataset}/logs/delete/", {"filters": {"input": 1}})
    path = f"/api/datasets/{dataset}/logs/count/"
    assert any_api.ok("GET", path) == {"count": 1, "is_exact": True}
    assert any_api.ok("GET", f"{path}?version=1")["count"] == 2
    assert any_api.ok("GET", f"{path}?version=1&input=1")["count"] == 1


def test_facets_count_the_values_of_columns_and_paths(any_api: Api, dataset: str) -> None:
    path = f"/api/datasets/{dataset}/logs/facets/"
    facets = any_api.ok("GET", f"{path}?fields=model,metadata.plan,output.label,metadata.n&limit=1")
    assert facets["model"] == {"values": [{"value": "m-1", "count": 2}], "is_exact": True}
    assert facets["metadata.plan"]["values"] == [{"value": "pro", "count": 2}]
    assert facets["output.label"]["values"] == [{"value": "gift", "count": 1}]
    assert facets["metadata.n"]["values"] == [{"value": "5", "count": 1}]
    narrowed = any_api.ok("POST", f"{path}?fields=model", {"search": "gift"})
    assert narrowed["model"]["values"] == [{"value": "m-2", "count": 1}]
    assert set(any_api.ok("GET", path)) == {"model", "status", "log_type", "annotation_status"}


def test_a_facet_of_a_whole_payload_is_refused(any_api: Api, dataset: str) -> None:
    refused = any_api.refused("GET", f"/api/datasets/{dataset}/logs/facets/?fields=output")
    assert refused["fields"] == ["'output' has no facet: use a column or a path such as metadata.plan."]


def test_the_paths_of_payloads_come_with_their_types(any_api: Api, dataset: str) -> None:
    answer = any_api.ok("GET", f"/api/datasets/{dataset}/schema/paths/")
    paths = {path["path"]: (path["types"], path["count"]) for path in answer["paths"]}
    assert answer["sampled"] == 6
    assert paths["input"] == (["array", "object", "string"], 6)
    assert paths["input.question"] == (["string"], 1)
    assert paths["metadata.plan"] == (["string"], 3)
    assert paths["expected_output.0"] == (["number"], 1)
    assert any_api.ok("GET", f"/api/datasets/{dataset}/schema/paths/?sampled=2")["sampled"] == 2


def test_a_delete_by_search_or_ids_can_be_tried_and_undone(any_api: Api) -> None:
    dataset = any_api.dataset("undone", ROWS)
    ids = [row["id"] for row in any_api.rows(dataset)]
    path = f"/api/datasets/{dataset}/logs/delete/"
    tried = any_api.ok("DELETE", path, {"search": "refund", "dry_run": True})
    assert (tried["matched_count"], tried["deleted_count"]) == (3, 0)
    assert len(any_api.rows(dataset)) == 6
    by_search = any_api.ok("DELETE", path, {"search": "refund"})
    # Right after it: each of them can be undone by itself.
    by_ids = any_api.ok("DELETE", path, {"log_ids": [*ids[:2], "unknown"], "filters": {"model": "m-2"}})
    assert (by_search["deleted_count"], by_ids["deleted_count"]) == (3, 1)
    assert [row["id"] for row in any_api.rows(dataset)] == [ids[2], ids[5]]
    versions = f"/api/datasets/{dataset}/versions"
    any_api.ok("POST", f"{versions}/{by_ids['restore_version']}/restore/", status=201)
    assert {row["id"] for row in any_api.rows(dataset)} == {ids[1], ids[2], ids[5]}
    any_api.ok("POST", f"{versions}/{by_search['restore_version']}/restore/", status=201)
    assert {row["id"] for row in any_api.rows(dataset)} == set(ids)


@pytest.mark.parametrize("body", [{}, {"search": " "}, {"log_ids": []}, {"log_ids": [], "filters": {"model": "x"}}])
def test_a_delete_that_does_not_say_which_rows_is_refused(any_api: Api, dataset: str, body: dict[str, Any]) -> None:
    any_api.refused("DELETE", f"/api/datasets/{dataset}/logs/delete/", body)
    assert len(any_api.rows(dataset)) == 6


def test_a_request_log_says_which_datasets_hold_it(any_api: Api) -> None:
    log = any_api.ok("POST", "/api/request-logs/", {"input": "held", "output": "yes"}, status=201)["id"]
    holders = [any_api.dataset(name) for name in ("first", "second", "third")]
    for dataset in holders[:2]:
        any_api.ok("POST", f"/api/datasets/{dataset}/logs/import/", {"log_ids": [log]})
    answer = any_api.ok("GET", f"/api/request-logs/{log}/datasets/")
    assert [(one["dataset_id"], one["name"]) for one in answer["results"]] == [
        (holders[1], "second"),
        (holders[0], "first"),
    ]
    assert answer["results"][1]["log_id"] == any_api.rows(holders[0])[0]["id"]
    any_api.ok("DELETE", f"/api/datasets/{holders[0]}/logs/delete/", {"is_deleting_all_logs": True})
    assert any_api.ok("GET", f"/api/request-logs/{log}/datasets/")["count"] == 1
    any_api.refused("GET", "/api/request-logs/unknown/datasets/", status=404)


def test_a_dry_run_of_an_addition_says_how_many_the_dataset_has_already(any_api: Api) -> None:
    logs = [
        any_api.ok("POST", "/api/request-logs/", {"input": n, "custom_identifier": "known-count"}, status=201)["id"]
        for n in range(3)
    ]
    dataset = any_api.dataset("growing")
    path = f"/api/datasets/{dataset}/logs/import/"
    window = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z"}
    wanted = {**window, "filters": {"custom_identifier": "known-count"}, "dry_run": True}
    before = any_api.ok("POST", path, wanted)
    any_api.ok("POST", path, {"log_ids": logs[:2]})
    after = any_api.ok("POST", path, wanted)
    assert [(one["matched_count"], one["known_count"]) for one in (before, after)] == [(3, 0), (3, 2)]


CSV = b"question,gold,topic\nhi,yo,a\n,x,b\nhow,,c\n"


def test_a_file_can_be_looked_at_before_it_is_imported(any_api: Api) -> None:
    dataset = any_api.dataset("previewed")
    path = f"/api/datasets/{dataset}/logs/import-file/?dry_run=true&format=csv"
    mapped = path + '&mapping={"question": "input", "gold": "expected_output"}'
    seen = any_api.ok("POST", mapped, data=CSV)
    assert seen["columns"] == [
        {"name": "question", "count": 2},
        {"name": "gold", "count": 2},
        {"name": "topic", "count": 3},
    ]
    assert [(row["input"], row["expected_output"], row["metadata"]) for row in seen["rows"]] == [
        ("hi", "yo", {"topic": "a"}),
        ("how", None, {"topic": "c"}),
    ]
    assert (seen["readable_count"], seen["error_count"]) == (2, 1)
    assert seen["errors"] == [{"line": 3, "error": "input: This field is required."}]
    assert any_api.rows(dataset) == []


@pytest.mark.parametrize(
    ("kind", "beginning", "whole"),
    [
        ("jsonl", b'{"input": 1}\n{"input": 2}\n{"inp', 2),
        ("csv", b'input,output\na,b\nc,"d\ne', 1),
        ("json", b'[{"input": 1}, {"input": 2}, {"inp', 2),
    ],
)
def test_the_cut_end_of_a_files_beginning_is_no_error(any_api: Api, kind: str, beginning: bytes, whole: int) -> None:
    dataset = any_api.dataset("cut")
    path = f"/api/datasets/{dataset}/logs/import-file/?dry_run=true&format={kind}"
    seen = any_api.ok("POST", f"{path}&is_beginning=true", data=beginning)
    assert (seen["readable_count"], seen["error_count"]) == (whole, 0)
