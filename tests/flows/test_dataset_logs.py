"""Rows: the unified log format in, every documented shape out; edits, bulks and deletes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.client import Api

CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def dataset(api: Api) -> str:
    return api.dataset("logs")


def test_a_created_row_is_answered_in_the_union_of_the_documented_forms(api: Api, dataset: str) -> None:
    body = {
        "input": {"question": "6 × 7"},
        "output": {"answer": 42},
        "metadata": {"model": "gpt-4o", "log_type": "chat", "session_id": "s", "custom_identifier": "c"},
        "metrics": {"prompt_tokens": 3, "completion_tokens": 4, "cost": 0.5, "latency": 1.25},
    }
    made = api.ok("POST", f"/api/datasets/{dataset}/logs/", body, status=201)
    assert made["message"]
    assert len(made["unique_id"]) == 32
    int(made["unique_id"], 16)
    data = made["log_data"]
    assert json.loads(data["input"]) == body["input"]
    assert data["output"] == body["output"]
    assert (data["unique_id"], data["dataset_id"], data["status"]) == (made["unique_id"], dataset, "success")
    lifted = {name: data[name] for name in ("model", "log_type", "session_id", "custom_identifier", "cost", "latency")}
    assert lifted == {"model": "gpt-4o", "log_type": "chat", "session_id": "s", "custom_identifier": "c", "cost": 0.5,
                      "latency": 1.25}  # fmt: skip
    assert (data["prompt_tokens"], data["completion_tokens"]) == (3, 4)


def test_recognised_keys_are_lifted_and_stay_where_they_were(api: Api, dataset: str) -> None:
    metadata = {
        "model": "m",
        "log_type": "tool",
        "custom_identifier": "c",
        "session_id": "s",
        "trace_id": "t",
        "own": 1,
    }
    metrics = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 30, "cost": 0.1, "latency": 2, "ttft": 0.3}
    row = api.log(dataset, {"input": 1, "metadata": metadata, "metrics": metrics})
    assert (row["metadata"], row["metrics"]) == (metadata, metrics)
    assert (row["model"], row["log_type"], row["custom_identifier"]) == ("m", "tool", "c")
    assert (row["session_identifier"], row["trace_unique_id"]) == ("s", "t")
    assert (row["prompt_tokens"], row["completion_tokens"], row["total_request_tokens"]) == (1, 2, 30)
    assert (row["cost"], row["latency"], row["time_to_first_token"]) == (0.1, 2, 0.3)


def test_the_top_of_the_body_wins_over_metrics_and_metadata(api: Api, dataset: str) -> None:
    body = {"input": 1, "model": "top", "cost": 1, "metrics": {"cost": 2, "latency": 2}, "metadata": {"model": "bag"}}
    body["metadata"] |= {"cost": 3, "latency": 3, "prompt_tokens": 3}
    row = api.log(dataset, body)
    assert (row["model"], row["cost"], row["latency"], row["prompt_tokens"]) == ("top", 1, 2, 3)
    assert row["metadata"]["model"] == "bag"


def test_what_a_body_leaves_out_has_its_default(api: Api, dataset: str) -> None:
    row = api.log(dataset, {"input": "a"})
    assert (row["output"], row["expected_output"], row["metadata"], row["metrics"]) == (None, None, {}, {})
    assert (row["log_type"], row["status"], row["status_code"]) == ("workflow", "success", 200)
    assert (row["environment"], row["annotation_status"]) == ("prod", "pending")
    assert row["start_time"] == row["timestamp"] <= row["created_at"]
    assert api.log(dataset, {"input": CHAT})["log_type"] == "chat"
    summed = api.log(dataset, {"input": 1, "prompt_tokens": 2, "completion_tokens": 3})
    assert summed["total_request_tokens"] == 5


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, 10**30, 0.1, "", "text", "💥\u0000"[:1], [], {}, [None], {"a": {"b": [1, {"c": None}]}}, CHAT,
     {"": 1, " ": 2, "ü": 3, "a.b": 4}, "line\nbreak\ttab \\ \" /", "\u2028\u2029\u200d\ufeff"],
    ids=repr,
)  # fmt: skip
def test_any_json_is_kept_as_it_was_sent(api: Api, dataset: str, value: Any) -> None:
    row = api.log(dataset, {"input": value, "output": value, "expected_output": value, "metadata": {"v": value}})
    assert [row[name] for name in ("input", "output", "expected_output")] == [value] * 3
    assert row["metadata"] == {"v": value}
    assert [type(row[name]) for name in ("input", "output")] == [type(value)] * 2


def test_the_plain_text_of_payloads_stands_beside_them(api: Api, dataset: str) -> None:
    row = api.log(dataset, {"input": CHAT, "output": {"role": "assistant", "content": "Hi!"}})
    assert (row["prompt"], row["completion"], row["messages"]) == ("Hello", "Hi!", CHAT)
    row = api.log(dataset, {"input": "text", "output": {"a": 1}})
    assert (row["prompt"], json.loads(row["completion"]), row["messages"]) == ("text", {"a": 1}, [])


def test_older_names_of_payloads_and_an_expectation_inside_the_input_are_understood(api: Api, dataset: str) -> None:
    row = api.log(dataset, {"prompt_messages": CHAT, "completion_message": {"role": "assistant", "content": "Hi"}})
    assert (row["input"], row["completion"]) == (CHAT, "Hi")
    row = api.log(dataset, {"input": {"q": 1, "expected_output": 2}})
    assert (row["input"], row["expected_output"]) == ({"q": 1}, 2)


def test_an_id_of_the_client_is_ignored(api: Api, dataset: str) -> None:
    assert api.log(dataset, {"input": 1, "unique_id": "mine", "id": "mine", "dataset_id": "x"})["unique_id"] != "mine"


def test_scores_are_an_object_in_lists_and_an_array_by_themselves(api: Api) -> None:
    dataset = api.dataset("scored", [{"input": 1, "output": "four"}])
    row = api.rows(dataset)[0]
    assert row["scores"] == {}
    assert api.ok("GET", f"/api/datasets/{dataset}/logs/{row['id']}/")["scores"] == []
    evaluator = api.ok("GET", "/api/evaluators/char_count_eval/")["id"]
    api.run_report(dataset, ["char_count_eval"])
    listed = api.rows(dataset)[0]["scores"]
    assert listed[evaluator]["numerical_value"] == listed[evaluator]["score_value"] == 4
    assert listed[evaluator]["evaluator_slug"] == "char_count_eval"
    alone = api.ok("GET", f"/api/datasets/{dataset}/logs/{row['id']}/")["scores"]
    assert [(score["evaluator_id"], score["numerical_value"]) for score in alone] == [(evaluator, 4)]


def test_patch_merges_metadata_one_level_deep_and_null_removes_a_key(api: Api, dataset: str) -> None:
    row = api.log(dataset, {"input": 1, "output": 2, "metadata": {"a": {"x": 1}, "b": 2, "c": 3}, "cost": 4})
    path = f"/api/datasets/{dataset}/logs/{row['id']}/"
    changed = api.ok("PATCH", path, {"metadata": {"a": {"y": 1}, "b": None, "d": 5}})
    assert changed["metadata"] == {"a": {"y": 1}, "c": 3, "d": 5}
    assert (changed["input"], changed["output"], changed["cost"]) == (1, 2, 4)
    assert changed["updated_at"] > row["updated_at"]
    kept = ("id", "created_at", "timestamp", "environment")
    assert [changed[name] for name in kept] == [row[name] for name in kept]
    assert api.ok("PATCH", path, {"output": None, "unique_id": "x", "created_at": "x"})["output"] is None
    assert api.ok("PATCH", path, {"expected_output": {"deep": [1]}, "model": "m"})["expected_output"] == {"deep": [1]}
    assert api.ok("GET", path)["model"] == "m"


def test_put_clears_what_it_does_not_name(api: Api) -> None:
    dataset = api.dataset("put", [])
    row = api.log(
        dataset, {"input": 1, "output": 2, "expected_output": 3, "metadata": {"a": 1}, "model": "m", "cost": 1}
    )
    api.run_report(dataset, ["char_count_eval"])
    path = f"/api/datasets/{dataset}/logs/{row['id']}/"
    replaced = api.ok("PUT", path, {"input": "new"})
    cleared = ("output", "expected_output", "model", "cost")
    assert [replaced[name] for name in cleared] == [None] * 4
    assert (replaced["input"], replaced["metadata"], replaced["metrics"]) == ("new", {}, {})
    kept = ("id", "created_at", "timestamp", "environment")
    assert [replaced[name] for name in kept] == [row[name] for name in kept]
    assert len(replaced["scores"]) == 1


def test_a_bulk_takes_1_to_500_rows_in_order(api: Api) -> None:
    dataset = api.dataset("bulk")
    path = f"/api/datasets/{dataset}/logs/bulk/"
    made = api.ok("POST", path, {"logs": [{"input": number} for number in range(500)]}, status=201)
    assert (made["success_count"], made["error_count"], made["total_errors"], made["errors"]) == (500, 0, 0, [])
    assert [row["input"] for row in api.rows(dataset)] == list(range(500))
    assert [row["id"] for row in api.rows(dataset)] == made["unique_ids"]
    assert api.ok("POST", path, {"logs": [{"input": "one"}]}, status=201)["success_count"] == 1
    for wrong in ([], [{"input": 1}] * 501):
        assert "1 to 500" in api.refused("POST", path, {"logs": wrong})["logs"][0]
    assert api.ok("GET", f"/api/datasets/{dataset}/")["log_count"] == 501


def test_the_bad_rows_of_a_bulk_are_listed_and_the_good_ones_added(api: Api) -> None:
    dataset = api.dataset("partly")
    logs: list[Any] = [
        {"input": "a"},
        {"output": "no input"},
        "text",
        {"input": "b", "cost": "x"},
        {"input": "c"},
        None,
    ]
    made = api.ok("POST", f"/api/datasets/{dataset}/logs/bulk/", {"logs": logs}, status=201)
    assert (made["success_count"], made["error_count"]) == (2, 4)
    assert [error["index"] for error in made["errors"]] == [1, 2, 3, 5]
    assert "input" in made["errors"][0]["error"]
    assert "cost" in made["errors"][2]["error"]
    assert [row["input"] for row in api.rows(dataset)] == ["a", "c"]


def test_a_bulk_of_bad_rows_only_is_400_and_adds_nothing(api: Api) -> None:
    dataset = api.dataset("all bad")
    said = api.refused("POST", f"/api/datasets/{dataset}/logs/bulk/", {"logs": [{}, {"output": 1}]})
    assert "Row 0" in said["detail"]
    assert [error["index"] for error in said["errors"]] == [0, 1]
    assert api.ok("GET", f"/api/datasets/{dataset}/")["version"] == 0


@pytest.fixture
def five(api: Api) -> str:
    """A dataset of five rows, a to e, of which b and d are in a group."""
    rows: list[dict[str, Any]] = [
        {"input": name, "timestamp": f"2026-03-0{day}T00:00:00Z", "cost": day} for day, name in enumerate("abcde", 1)
    ]
    for place in (1, 3):
        rows[place]["metadata"] = {"custom_identifier": "dataset-tutorial-log"}
    return api.dataset("five", rows)


def remaining(api: Api, dataset: str) -> str:
    rows = "".join(row["input"] for row in api.rows(dataset))
    assert api.ok("GET", f"/api/datasets/{dataset}/")["log_count"] == len(rows)
    return rows


@pytest.mark.parametrize(
    "path", ["/api/datasets/{}/logs/delete/", "/datasets/{}/logs/delete", "/api/datasets/{}/logs/import/"]
)
@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"filters": {"metadata.custom_identifier": "dataset-tutorial-log"}}, "ace"),
        ({"filters": {"metadata__custom_identifier": {"operator": "", "value": ["dataset-tutorial-log"]}}}, "ace"),
        ({"filters": {"cost": {"operator": "gte", "value": 3}}}, "ab"),
        ({"filters": {"cost": {"gt": 1, "lt": 4}}, "is_deleting_all_logs": False}, "ade"),
        ({"filters": {"input": "a", "cost": 5}, "operator": "OR"}, "bcd"),
        (
            {"filters": {"cost": {"gte": 1}}, "start_time": "2026-03-02T00:00:00Z", "end_time": "2026-03-04 00:00:00"},
            "ade",
        ),
        ({"filters": {"cost": 99}}, "abcde"),
        ({"is_deleting_all_logs": True}, ""),
        ({"delete_all": True}, ""),
    ],
    ids=str,
)
def test_a_delete_takes_exactly_the_rows_it_names(api: Api, five: str, path: str, body: Any, left: str) -> None:
    done = api.ok("DELETE", path.format(five), body)
    assert done["deleted_count"] == 5 - len(left)
    assert done["message"]
    assert remaining(api, five) == left


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "filters"),
        ({}, "filters"),
        ({"filters": {}}, "filters"),
        ({"filters": []}, "filters"),
        ({"filters": None}, "filters"),
        ({"is_deleting_all_logs": False}, "filters"),
        ({"is_deleting_all_logs": False, "delete_all": False, "filters": {}}, "filters"),
        ({"is_deleting_all_logs": "perhaps"}, "is_deleting_all_logs"),
        ({"start_time": "2026-01-01", "end_time": "2027-01-01"}, "filters"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"filters": {"custom_identifer": "typo"}}, "filters"),
        ({"filters": {"input": "a", "colour": {"operator": "not", "value": ["red"]}}}, "filters"),
        ({"filters": {"b": {"connector": "OR", "filter_params": {"colour": "red", "input": "a"}}}}, "filters"),
        ({"filters": [{"field": "colour", "operator": "=", "value": 1}]}, "filters"),
        ({"filters": {"cost": {"operator": "approximately", "value": 1}}}, "filters"),
        ({"filters": {"cost": {"gte": 1}}, "start_time": "then"}, "start_time"),
    ],
    ids=str,
)
def test_a_delete_that_does_not_say_clearly_what_is_refused_and_takes_nothing(
    api: Api, five: str, body: Any, field: str
) -> None:
    assert field in api.refused("DELETE", f"/api/datasets/{five}/logs/delete/", body)
    assert remaining(api, five) == "abcde"


def test_an_unknown_field_of_a_delete_is_named_with_what_was_meant(api: Api, five: str) -> None:
    said = api.refused("DELETE", f"/api/datasets/{five}/logs/delete/", {"filters": {"custom_identifer": "typo"}})
    assert "custom_identifier" in said["filters"]["custom_identifer"][0]


def test_one_row_is_deleted_once(api: Api, five: str) -> None:
    row = api.rows(five)[2]["id"]
    answer = api("DELETE", f"/api/datasets/{five}/logs/{row}/")
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        api.ok(method, f"/api/datasets/{five}/logs/{row}/", status=404)
    api.refused("PATCH", f"/api/datasets/{five}/logs/{row}/", {"input": 1}, status=404)
    assert remaining(api, five) == "abde"


def test_a_row_is_not_reached_through_another_dataset(api: Api, five: str) -> None:
    row = api.rows(five)[0]["id"]
    other = api.dataset("other", [{"input": 1}])
    for method, body in (("GET", None), ("PATCH", {"input": 2}), ("PUT", {"input": 2}), ("DELETE", None)):
        api.ok(method, f"/api/datasets/{other}/logs/{row}/", body, status=404)
    assert remaining(api, five) == "abcde"


def test_a_summary_adds_up_the_rows(api: Api, five: str) -> None:
    summary = api.ok("GET", f"/api/datasets/{five}/logs/summary/")
    assert (summary["number_of_requests"], summary["total_cost"], summary["scores"]) == (5, 15, {})
    empty = api.ok("GET", f"/api/datasets/{api.dataset('empty')}/logs/summary/")
    assert all(value in (0, {}) for value in empty.values())
