"""Finding, counting, summing up, annotating and deleting request logs over HTTP. On both databases."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.flows.client import Api, create_organization, quoted
from tests.server import Server

OLD = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
WINDOW = "start_time=2026-03-02T00:00:00Z&end_time=2026-03-03T00:00:00Z"
LIST = "/api/request-logs/list/"


def log(n: int, **more: Any) -> dict[str, Any]:
    return {
        "input": f"question {n} about a refund" if n % 2 else [{"role": "user", "content": f"question {n}"}],
        "output": f"answer {n}",
        "model": ("gpt-4o", "claude-3-haiku")[n % 2],
        "customer_identifier": f"c{n % 3}",
        "thread_identifier": f"th{n % 4}",
        "latency": n / 10,
        "cost": n / 100,
        "prompt_tokens": n,
        "completion_tokens": 1,
        "status": "error" if n % 5 == 0 else "success",
        "timestamp": (OLD + timedelta(minutes=n)).isoformat(),
        "metadata": {"n": n, "plan": ("free", "pro")[n % 2]},
        **more,
    }


@pytest.fixture(scope="module")
def logs(any_server: Server) -> Iterator[Api]:
    """A client of an organisation of its own with twenty old logs, a minute apart, and one of now."""
    client = Api(any_server.url, create_organization("request logs", any_server.data, any_server.environment))
    client.ok("POST", "/api/request-logs/bulk/", {"logs": [log(n) for n in range(20)]}, status=201)
    client.ok("POST", "/api/request-logs/", {"input": "now", "output": "now", "model": "new"}, status=201)
    yield client
    client.close()


def numbers(listed: dict[str, Any]) -> list[int]:
    return [item["metadata"].get("n") for item in listed["results"]]


def test_a_list_is_of_the_last_hour_and_says_so(logs: Api) -> None:
    for listed in (logs.ok("GET", LIST), logs.ok("POST", LIST, {"filters": {}}), logs.ok("GET", "/request-logs")):
        assert [item["model"] for item in listed["results"]] == ["new"]
        assert listed["default_window"] is True
        assert listed["count"] == listed["total_count"] == 1
        assert listed["current_filters"]["timestamp"]["operator"] == "gte"
        (since,) = listed["current_filters"]["timestamp"]["value"]
        assert since.endswith("Z")
        assert datetime.fromisoformat(since) < datetime.now(UTC) - timedelta(minutes=59)


def test_a_window_in_the_url_or_the_body_takes_its_place(logs: Api) -> None:
    listed = logs.ok("GET", f"{LIST}?{WINDOW}")
    assert (listed["count"], listed["default_window"]) == (20, False)
    assert listed["current_filters"] == {}
    assert logs.ok("POST", LIST, {"start_time": "2026-03-02 10:15:00"})["count"] == 6
    # The start belongs to a window, the end does not.
    within = "start_time=2026-03-02T10:03:00Z&end_time=2026-03-02T10:05:00Z"
    assert numbers(logs.ok("GET", f"{LIST}?{within}")) == [4, 3]
    by_filter = {"filters": {"timestamp": {"operator": "lt", "value": ["2026-03-02T10:01:00Z"]}}}
    assert numbers(logs.ok("POST", LIST, by_filter)) == [0]


def test_pages_follow_each_other_to_the_end(logs: Api) -> None:
    path, seen = f"{LIST}?{WINDOW}&page_size=6", []
    while path:
        listed = logs.ok("GET", path)
        seen += numbers(listed)
        assert listed["count"] == 20
        path = (listed["next"] or "").removeprefix(logs.url)
    assert seen == list(range(19, -1, -1))
    beyond = logs.ok("GET", f"{LIST}?{WINDOW}&page_size=6&page=9")
    assert (beyond["results"], beyond["count"], beyond["next"]) == ([], 20, None)


@pytest.mark.parametrize("sort", ["-id", "id", "cost", "-latency", "-all_tokens", "model", "-customer_identifier"])
def test_cursors_go_through_the_same_logs_as_pages(logs: Api, sort: str) -> None:
    in_pages = numbers(logs.ok("GET", f"{LIST}?{WINDOW}&sort_by={sort}"))
    cursor: str | None = ""
    seen: list[int] = []
    while cursor is not None:
        listed = logs.ok("GET", f"{LIST}?{WINDOW}&sort_by={sort}&page_size=7&cursor={cursor}")
        assert (listed["next"], listed["previous"]) == (None, None)
        seen += numbers(listed)
        cursor = listed["next_cursor"]
    assert seen == in_pages
    assert sorted(seen) == list(range(20))


def test_a_cursor_of_another_order_is_refused(logs: Api) -> None:
    cursor = logs.ok("GET", f"{LIST}?{WINDOW}&page_size=3&cursor=start")["next_cursor"]
    assert list(logs.refused("GET", f"{LIST}?{WINDOW}&sort_by=cost&cursor={cursor}")) == ["cursor"]
    for broken in ("x", "!!", cursor[:-4], "A" * 9_000):
        assert list(logs.refused("GET", f"{LIST}?{WINDOW}&cursor={broken}")) == ["cursor"]


@pytest.mark.parametrize("value", ['"text"', "1.5", "null", "9223372036854775807", "-1"])
@pytest.mark.parametrize("sort", ["-id", "cost", "model", "stream", "timestamp"])
def test_a_forged_cursor_breaks_nothing(logs: Api, sort: str, value: str) -> None:
    forged = base64.urlsafe_b64encode(f'["{sort}",{value},1]'.encode()).decode().rstrip("=")
    answer = logs("GET", f"{LIST}?{WINDOW}&sort_by={sort}&cursor={forged}")
    assert answer.status_code in (200, 400), answer.text


def test_without_a_count_a_page_says_how_many_are_known_of(logs: Api) -> None:
    first = logs.ok("GET", f"{LIST}?{WINDOW}&page_size=6&count=false")
    assert (first["count"], first["count_is_exact"], first["next"] is not None) == (7, False, True)
    last = logs.ok("GET", f"{LIST}?{WINDOW}&page_size=6&count=false&page=4")
    assert (last["count"], last["count_is_exact"], last["next"]) == (20, True, None)


def test_previews_leave_the_payloads_out(logs: Api) -> None:
    item = logs.ok("GET", f"{LIST}?{WINDOW}&fields=preview&page_size=1")["results"][0]
    assert item["input_preview"] == "question 19 about a refund"
    assert "input" not in item
    assert list(logs.refused("GET", f"{LIST}?fields=all")) == ["fields"]


FILTERED: list[tuple[Any, str, list[int]]] = [
    ({"model": "gpt-4o", "cost": {"operator": "gte", "value": [0.16]}}, "", [18, 16]),
    ({"metadata.plan": "pro"}, "cost[value]=0.03", [3]),
    ({"cost": [{"operator": "gte", "value": [0.02]}, {"operator": "lt", "value": [0.04]}]}, "", [3, 2]),
    ({"n": 7}, "", [7]),
    ({}, "n=7", [7]),
    ({}, "model=gpt-4o&plan=free&customer_identifier=c0", [18, 12, 6, 0]),
    ({}, urlencode({"search": '"about a refund" 17'}), [17]),
    ({}, urlencode({"search": "refund model:gpt-4o"}), []),
    ({"input": {"operator": "contains", "value": "question 13"}}, "", [13]),
]


@pytest.mark.parametrize(("filters", "query", "expected"), FILTERED)
def test_filters_of_url_body_and_search_must_all_hold(logs: Api, filters: Any, query: str, expected: list[int]) -> None:
    assert numbers(logs.ok("POST", f"{LIST}?{WINDOW}&{query}", {"filters": filters})) == expected
    assert logs.ok("POST", f"/api/request-logs/count/?{query}", {"filters": filters})["count"] == len(expected)


def test_a_search_may_stand_in_the_body(logs: Api) -> None:
    assert logs.ok("POST", "/api/request-logs/count/", {"search": '"question 13"'}) == {"count": 1, "is_exact": True}


def test_filters_may_be_joined_with_or(logs: Api) -> None:
    body = {"filters": {"n": 3, "cost": 0.05}, "operator": "OR"}
    assert numbers(logs.ok("POST", f"{LIST}?{WINDOW}", body)) == [5, 3]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{LIST}?sort_by=nothing", "sort_by"),
        (f"{LIST}?start_time=yesterday", "start_time"),
        (f"{LIST}?environment=staging", "environment"),
        (f"{LIST}?is_test=perhaps", "is_test"),
        (f"{LIST}?count=perhaps", "count"),
        ("/api/request-logs/groups/?group_by=latency", "group_by"),
        ("/api/request-logs/groups/?group_by=day,week", "group_by"),
        ("/api/request-logs/groups/?sort_by=colour", "sort_by"),
        ("/api/request-logs/histogram/?buckets=0", "buckets"),
        ("/api/request-logs/facets/?fields=plan", "fields"),
        ("/api/request-logs/facets/?fields=input", "fields"),
        ("/api/request-logs/schema/paths/?sampled=x", "sampled"),
        (f"{LIST}?search={'w' * 3000}", "search"),
    ],
)
def test_what_cannot_be_asked_is_named(logs: Api, path: str, field: str) -> None:
    assert list(logs.refused("GET", path)) == [field]


def test_a_page_that_is_none_is_refused(logs: Api) -> None:
    assert logs.refused("GET", f"{LIST}?page=0") == {"detail": "Invalid page."}


def test_what_can_be_filtered_by_is_told_on_request(logs: Api) -> None:
    told = logs.ok("GET", f"{LIST}?{WINDOW}&fetch_filters=true")["filters_data"]
    assert sorted(told["model"]["value_choices"]) == ["claude-3-haiku", "gpt-4o"]
    assert told["latency"]["value_field_type"] == "number"
    assert {"name": "gte", "value": "gte"} in told["latency"]["operator_choices"]


def test_logs_of_the_other_environment_are_seen_only_when_asked_for(any_server: Server, logs: Api) -> None:
    test = Api(any_server.url, logs.new_key(["write"], "test"))
    made = test.ok("POST", "/api/request-logs/", {"input": "in test", "model": "test-only"}, status=201)
    for query, expected in (
        ("", []),
        ("environment=prod", []),
        ("environment=test", ["test-only"]),
        ("is_test=true", ["test-only"]),
        ("is_test=false&all_envs=true", []),
        ("all_envs=true", ["test-only"]),
    ):
        listed = logs.ok("GET", f"{LIST}?model=test-only&{query}")
        assert [item["model"] for item in listed["results"]] == expected, query
    assert logs.ok("POST", LIST, {"filters": {"environment": "test"}})["count"] == 1
    test.ok("DELETE", f"/api/request-logs/{made['id']}/", status=204)
    test.close()


def test_sums_and_percentiles(logs: Api) -> None:
    summary = logs.ok("GET", f"/api/request-logs/summary/?{WINDOW}")
    assert (summary["number_of_requests"], summary["total_prompt_tokens"], summary["error_count"]) == (20, 190, 4)
    assert summary["total_cost"] == pytest.approx(1.9)
    assert summary["avg_latency"] == pytest.approx(0.95)
    assert 0.8 <= summary["latency_p50"] <= 1.1
    assert summary["latency_p99"] >= 1.8
    assert summary["scores"] == {}
    assert logs.ok("POST", "/api/request-logs/summary/", {})["number_of_requests"] == 1


def test_groups(logs: Api) -> None:
    rows = logs.ok("GET", f"/api/request-logs/groups/?{WINDOW}&percentiles=true")["results"]
    assert sorted((row["model"], row["number_of_requests"]) for row in rows) == [("claude-3-haiku", 10), ("gpt-4o", 10)]
    assert all(row["latency_p95"] > row["latency_p50"] for row in rows)
    page = logs.ok(
        "POST", f"/api/request-logs/groups/?group_by=thread,model&sort_by=-total_cost&{WINDOW}&page_size=2", {}
    )
    assert (page["count"], len(page["results"])) == (4, 2)
    best = page["results"][0]
    assert (best["thread_identifier"], best["model"]) == ("th3", "claude-3-haiku")
    assert best["average_cost"] == pytest.approx(best["total_cost"] / best["number_of_requests"])
    assert best["error_percentage"] == pytest.approx(100 * best["error_count"] / best["number_of_requests"])
    (day,) = logs.ok("GET", f"/api/request-logs/groups/?group_by=date&{WINDOW}")["results"]
    assert datetime.fromisoformat(day["date_group"]) == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_histogram_covers_its_window_without_gaps(logs: Api) -> None:
    path = "/api/request-logs/histogram/?start_time=2026-03-02T10:00:00Z&end_time=2026-03-02T10:30:00Z&buckets=30"
    shown = logs.ok("GET", path)
    assert (shown["width_seconds"], len(shown["buckets"])) == (60, 30)
    assert [bucket["count"] for bucket in shown["buckets"]] == [1] * 20 + [0] * 10
    assert sum(bucket["error_count"] for bucket in shown["buckets"]) == 4
    assert all(one["end"] == other["start"] for one, other in zip(shown["buckets"], shown["buckets"][1:], strict=False))


def test_a_histogram_without_a_window_goes_from_the_first_log_to_the_last(logs: Api) -> None:
    shown = logs.ok("POST", "/api/request-logs/histogram/?buckets=10", {"filters": {"model": "gpt-4o"}})
    assert len(shown["buckets"]) <= 10
    assert sum(bucket["count"] for bucket in shown["buckets"]) == 10
    assert logs.ok("GET", "/api/request-logs/histogram/?model=nothing")["buckets"] == []
    every = logs.ok("GET", "/api/request-logs/histogram/?buckets=5")["buckets"]
    assert len(every) <= 5
    assert sum(bucket["count"] for bucket in every) == 21


def test_facets_count_the_commonest_values(logs: Api) -> None:
    facets = logs.ok("GET", f"/api/request-logs/facets/?fields=model,metadata.plan,status&{WINDOW}")
    assert sorted((entry["value"], entry["count"]) for entry in facets["metadata.plan"]["values"]) == [
        ("free", 10),
        ("pro", 10),
    ]
    assert facets["status"]["values"][0] == {"value": "success", "count": 16}
    assert facets["model"]["is_exact"] is True
    defaults = logs.ok("POST", "/api/request-logs/facets/?limit=1", {"filters": {"n": 3}})
    assert {name: facet["values"] for name, facet in defaults.items()}["customer_identifier"] == [
        {"value": "c0", "count": 1}
    ]


def test_the_paths_of_payloads_are_told(logs: Api) -> None:
    told = logs.ok("GET", f"/api/request-logs/schema/paths/?{WINDOW}")
    paths = {path["path"]: path for path in told["paths"]}
    assert paths["metadata.plan"]["count"] == told["sampled"] == 20
    assert "string" in paths["metadata.plan"]["types"]


def test_one_log_is_annotated_and_what_was_recorded_stays(logs: Api) -> None:
    made = logs.ok("POST", "/api/request-logs/", {"input": 1, "metadata": {"keep": 1, "drop": 2}}, status=201)
    path = f"/api/request-logs/{made['id']}/"
    changed = logs.ok("PATCH", path, {"metadata": {"drop": None, "new": 3}, "note": "good", "positive_feedback": True})
    assert changed["metadata"] == {"keep": 1, "new": 3}
    assert (changed["note"], changed["positive_feedback"]) == ("good", True)
    assert logs.refused("PATCH", path, {"cost": 1}) == {
        "error": "Cannot update immutable field",
        "detail": "The field 'cost' cannot be modified",
    }
    batch = {"logs": [{"unique_id": made["id"], "note": "better"}, {"unique_id": "gone", "note": "x"}]}
    said = logs.ok("PATCH", "/api/request-logs/batch-update/", batch)
    assert (said["message"], said["updated_count"]) == ("Logs updated successfully", 1)
    assert [error["index"] for error in said["errors"]] == [1]
    assert logs.ok("GET", path)["note"] == "better"
    logs.ok("DELETE", path, status=204)
    for method in ("GET", "DELETE"):
        assert logs.refused(method, path, status=404) == {"detail": "Log not found"}


def test_logs_of_others_are_not_there(logs: Api, any_api: Api) -> None:
    mine = logs.ok("GET", f"{LIST}?{WINDOW}&page_size=1")["results"][0]["id"]
    for method, body in (("GET", None), ("PATCH", {"note": "x"}), ("DELETE", None)):
        assert any_api.refused(method, f"/api/request-logs/{mine}/", body, status=404) == {"detail": "Log not found"}
    assert any_api.ok("GET", f"/api/request-logs/count/?id={mine}")["count"] == 0


def test_threads_are_the_logs_of_a_conversation(logs: Api) -> None:
    for path in ("/api/log_threads/", "/api/threads", "/api/log_threads"):
        page = logs.ok("POST", path, {"filters": {"thread_identifier": {"operator": "in", "value": ["th1", "th2"]}}})
        assert [(row["thread_identifier"], row["log_count"]) for row in page["results"]] == [("th2", 5), ("th1", 5)]
    assert logs.ok("GET", "/api/threads/?page_size=1")["count"] == 4


def test_users_are_those_whom_logs_name(logs: Api) -> None:
    page = logs.ok("GET", "/api/users/list/?sort_by=-number_of_requests&page_size=2")
    assert (page["count"], len(page["results"])) == (3, 2)
    user = logs.ok("GET", "/api/users/c1/")
    assert (user["customer_identifier"], user["number_of_requests"], user["total_requests"]) == ("c1", 7, 7)
    assert datetime.fromisoformat(user["first_seen"]) == OLD + timedelta(minutes=1)
    assert logs.refused("GET", f"/api/users/{quoted('nobody/else')}/", status=404)
    assert list(logs.refused("GET", "/api/users/list/?sort_by=shoe_size")) == ["sort_by"]


def test_retention_is_set_for_the_environments_named(any_server: Server, logs: Api) -> None:
    assert logs.ok("GET", "/api/retention/") == {"prod": None, "test": None}
    assert logs.ok("PUT", "/api/retention", {"test": 30}) == {"prod": None, "test": 30}
    assert logs.ok("PUT", "/api/retention/", {"prod": 36_500}) == {"prod": 36_500, "test": 30}
    assert logs.ok("PUT", "/api/retention/", {"prod": None, "test": None}) == {"prod": None, "test": None}
    for wrong in ({"prod": 0}, {"prod": 36_501}, {"prod": "30"}, {"prod": True}, {"prod": 1.5}):
        assert list(logs.refused("PUT", "/api/retention/", wrong)) == ["prod"]
    assert list(logs.refused("PUT", "/api/retention/", {"staging": 1})) == ["staging"]
    writer = Api(any_server.url, logs.new_key(["write"]))
    writer.refused("GET", "/api/retention/", status=403)
    writer.close()


def test_models_and_their_prices_are_open_to_all(any_server: Server) -> None:
    anybody = Api(any_server.url, None)
    models = anybody.ok("GET", "/api/models/public")["models"]
    anybody.close()
    assert any(model["model_name"] == "gpt-4o" and model["input_cost"] > 0 for model in models)


def test_a_log_that_was_only_just_acknowledged_is_found_by_its_words(logs: Api) -> None:
    word = "w" + os.urandom(6).hex()
    for n in range(5):
        logs.ok("POST", "/api/request-logs/", {"input": f"about {word} {n}"}, status=201)
        assert logs.ok("GET", f"/api/request-logs/count/?search={word}")["count"] == n + 1
    for item in logs.ok("GET", f"{LIST}?search={word}")["results"]:
        logs.ok("DELETE", f"/api/request-logs/{item['id']}/", status=204)
