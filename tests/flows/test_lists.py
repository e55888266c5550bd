"""Pages, order and filters of lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.client import Api

PAGE_KEYS = {"count", "next", "previous", "results", "total_count", "current_filters"}


@pytest.fixture(scope="module")
def seven(api: Api) -> str:
    """A dataset of seven rows, whose inputs are 0 to 6."""
    return api.dataset("seven", [{"input": number, "latency": 10 - number} for number in range(7)])


@pytest.mark.parametrize(
    "path",
    ["datasets/list", "evaluators/list", "datasets/{}/logs/list", "datasets/{}/versions/list",
     "datasets/{}/eval-reports/list", "keys"],
)  # fmt: skip
def test_every_list_has_the_one_envelope(api: Api, seven: str, path: str) -> None:
    page = api.ok("GET", f"/api/{path.format(seven)}/?page_size=1")
    assert set(page) >= PAGE_KEYS
    assert page["count"] == page["total_count"] >= len(page["results"])
    if path != "keys":
        assert {**api.ok("POST", f"/api/{path.format(seven)}/?page_size=1", {}), "next": None} == {**page, "next": None}


@pytest.mark.parametrize("path", ["datasets", "evaluators", "datasets/{}/logs"])
def test_every_summary_answers_get_and_post_alike(api: Api, seven: str, path: str) -> None:
    path = f"/api/{path.format(seven)}/summary/"
    assert api.ok("GET", path) == api.ok("POST", path, {}) == api.ok("POST", path, {"filters": {}})


def test_pages_follow_each_other_to_the_end(api: Api, seven: str) -> None:
    url, seen, counts = f"/api/datasets/{seven}/logs/list/?page_size=3&note=", [], []
    while url:
        page = api.ok("GET", url)
        seen += [row["input"] for row in page["results"]]
        counts.append((page["count"], len(page["results"])))
        assert page["next"] is None or page["next"].startswith(f"{api.url}/api/")
        assert page["next"] is None or "page_size=3" in page["next"]
        url = (page["next"] or "").removeprefix(api.url)
    assert seen == list(range(7))
    assert counts == [(7, 3), (7, 3), (7, 1)]


def test_next_and_previous_keep_the_filters_and_the_path_as_it_was_written(api: Api, seven: str) -> None:
    page = api.ok(
        "GET", f"/datasets/{seven}/logs?page=2&page_size=2&sort_by=-id&input[operator]=not&input[value]=a%20b"
    )
    for name, number in (("next", 3), ("previous", 1)):
        assert page[name].startswith(f"{api.url}/datasets/{seven}/logs?")
        assert f"page={number}&page_size=2" in page[name]
        assert "sort_by=-id" in page[name]
        followed = api.ok("GET", page[name].removeprefix(api.url))
        assert followed["count"] == page["count"] == 7


def test_next_and_previous_lead_through_a_proxy(api: Api, seven: str) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "assay.example.com, inner:8000"}
    page = api.ok("GET", f"/api/datasets/{seven}/logs/list/?page=2&page_size=2", headers=headers)
    for link in (page["next"], page["previous"]):
        assert link.startswith(f"https://assay.example.com/api/datasets/{seven}/logs/list/?page=")


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-Host": ""}, {"X-Forwarded-Proto": "javascript"}, {"X-Forwarded-Proto": ""}]
)
def test_forwarded_headers_that_say_nothing_are_passed_over(api: Api, seven: str, headers: dict[str, str]) -> None:
    page = api.ok("GET", f"/api/datasets/{seven}/logs/list/?page_size=2", headers=headers)
    assert page["next"].startswith(f"{api.url}/api/datasets/{seven}/logs/list/?page=2")


def test_a_page_past_the_end_is_empty_with_the_true_count(api: Api, seven: str) -> None:
    page = api.ok("GET", f"/api/datasets/{seven}/logs/list/?page=99")
    assert (page["results"], page["count"], page["next"]) == ([], 7, None)


@pytest.mark.parametrize(
    ("size", "length"), [("3", 3), ("0", 7), ("-3", 7), ("many", 7), ("", 7), ("99999999", 7), ("1", 1)]
)
def test_a_page_size_is_clamped_and_never_an_error(api: Api, seven: str, size: str, length: int) -> None:
    assert len(api.ok("GET", f"/api/datasets/{seven}/logs/list/?page_size={size}")["results"]) == length
    assert len(api.ok("POST", f"/api/datasets/{seven}/logs/list/", {"page_size": size})["results"]) == length


def test_the_url_wins_over_the_body_about_the_page(api: Api, seven: str) -> None:
    path = f"/api/datasets/{seven}/logs/list/"
    assert [row["input"] for row in api.ok("POST", path, {"page": 2, "page_size": 2})["results"]] == [2, 3]
    both = api.ok("POST", f"{path}?page=3&page_size=1", {"page": 2, "page_size": 2})
    assert [row["input"] for row in both["results"]] == [2]


def test_a_list_of_rows_carries_the_five_keys_of_its_oldest_form(api: Api, seven: str) -> None:
    page = api.ok("POST", f"/api/datasets/{seven}/logs/list/", {"page": 2, "page_size": 3})
    expected = {"filter_options": {}, "total": 7, "page": 2, "page_size": 3, "total_pages": 3}
    assert {key: page[key] for key in expected} == expected


def test_evaluators_come_twenty_at_a_time_and_other_things_a_hundred(api: Api) -> None:
    dataset = api.dataset("page sizes", [{"input": number} for number in range(120)])
    assert len(api.ok("GET", f"/api/datasets/{dataset}/logs/list/")["results"]) == 100
    evaluators = api.ok("GET", "/api/evaluators/")
    assert len(evaluators["results"]) == min(20, evaluators["count"])


def test_rows_are_sorted_by_any_field_both_ways(api: Api, seven: str) -> None:
    path = f"/api/datasets/{seven}/logs/list/"

    def order(query: str) -> list[int]:
        return [row["input"] for row in api.ok("GET", f"{path}?{query}")["results"]]

    assert order("sort_by=latency") == [6, 5, 4, 3, 2, 1, 0]
    assert order("sort_by=-latency") == order("order_by=-latency") == [0, 1, 2, 3, 4, 5, 6]
    assert order("sort_by=-latency&order_by=latency") == [0, 1, 2, 3, 4, 5, 6]
    assert order("sort_by=unique_id") == order("") == [0, 1, 2, 3, 4, 5, 6]
    assert order("sort_by=-id") == [6, 5, 4, 3, 2, 1, 0]
    # A tie is broken the same way on every page.
    assert [order(f"sort_by=status&page_size=1&page={page}") for page in range(1, 8)] == [[n] for n in range(7)]


def test_datasets_are_listed_newest_first_and_filtered_by_every_documented_query(api: Api) -> None:
    first, second = api.dataset("list order one"), api.dataset("list order two")

    def listed(query: str) -> list[str]:
        found = api.ok("GET", f"/datasets/list?page_size=1000&{query}")["results"]
        return [dataset["id"] for dataset in found if dataset["id"] in (first, second)]

    assert listed("") == [second, first]
    assert listed("sort_by=name") == [first, second]
    assert listed("name=list+order+one") == [first]
    assert listed("created_after=2020-01-01T00:00:00Z") == [second, first]
    assert listed("created_after=2090-01-01T00:00:00Z") == []
    assert listed("created_before=2020-01-01+00:00:00") == []
    assert listed("status=ready&type=sampling") == [second, first]
    # Clients of other services send parameters that mean nothing here.
    assert listed("utm_source=mail&retrieval_mode=async&fetch_filters=true&all_envs=true") == [second, first]


ROWS = [
    {"input": "a", "model": "gpt-4o", "cost": 0.1, "metadata": {"topic": "refund", "user": {"plan": "pro"}, "n": 5}},
    {"input": "b", "model": "gpt-4o-mini", "cost": 0.2, "metadata": {"topic": "refund", "user": {"plan": "free"}}},
    {"input": "c", "model": "claude", "cost": 0.3, "metadata": {"topic": "Sales", "flag": True, "a.b": "dotted"}},
    {"input": "d", "cost": 0, "metadata": {"topic": None, "custom_identifier": "row-d"}, "output": "a\nb"},
]
FILTERS: list[tuple[Any, str]] = [
    (None, "abcd"),
    ({}, "abcd"),
    ([], "abcd"),
    ({"model": "gpt-4o"}, "a"),
    ({"model": {"value": "gpt-4o"}}, "a"),
    ({"model": {"operator": "", "value": ["gpt-4o"]}}, "a"),
    ({"model": {"operator": "", "value": "gpt-4o"}}, "a"),
    *[
        ({"model": {"operator": word, "value": "gpt-4o"}}, "a")
        for word in ("=", "==", "eq", "equals", "EQ", "in", "IN")
    ],
    ({"model": {"operator": "in", "value": ["gpt-4o", "claude"]}}, "ac"),
    ({"model": ["gpt-4o", "claude"]}, "ac"),
    *[({"model": {"operator": word, "value": ["gpt-4o"]}}, "bcd") for word in ("not", "not_in", "!=", "NOT IN")],
    ({"model": {"operator": "contains", "value": "gpt"}}, "ab"),
    ({"model": {"operator": "icontains", "value": ["GPT"]}}, "ab"),
    ({"model": {"operator": "ilike", "value": "GPT"}}, "ab"),
    ({"model": {"operator": "iexact", "value": "CLAUDE"}}, "c"),
    ({"model": {"operator": "startsWith", "value": "gpt-4o"}}, "ab"),
    ({"model": {"operator": "endswith", "value": "mini"}}, "b"),
    ({"model": {"operator": "regex", "value": "^gpt-4o$"}}, "a"),
    ({"model": {"operator": "isnull", "value": [True]}}, "d"),
    ({"model": {"operator": "isnull", "value": False}}, "abc"),
    ({"model": {"operator": "empty", "value": [""]}}, "d"),
    *[({"model": {"operator": word, "value": [""]}}, "abc") for word in ("notEmpty", "not_empty")],
    ({"model": {"operator": "not_contains", "value": "mini"}}, "ac"),
    ({"cost": {"gte": 0.2}}, "bc"),
    ({"cost": {"gte": "0.1", "lt": 0.3}}, "ab"),
    ({"cost": [{"operator": "gte", "value": [0.1]}, {"operator": "lt", "value": [0.3]}]}, "ab"),
    ({"cost": {"operator": "less_than_or_equal", "value": 0.1}}, "ad"),
    ({"metadata.topic": "refund"}, "ab"),
    ({"metadata__topic": "refund"}, "ab"),
    ({"topic": "refund"}, "ab"),
    ({"metadata.topic": {"operator": "not", "value": ["refund"]}}, "c"),
    ({"metadata.topic": {"operator": "isnull", "value": [True]}}, "d"),
    ({"metadata.user.plan": "pro"}, "a"),
    ({"metadata.a.b": "dotted"}, "c"),
    ({"metadata.n": {"gt": 4}}, "a"),
    ({"metadata.n": "5"}, "a"),
    ({"metadata.flag": True}, "c"),
    ({"metadata.flag": "true"}, "c"),
    ({"metadata.custom_identifier": "row-d"}, "d"),
    ({"custom_identifier": "row-d"}, "d"),
    ({"input": {"operator": "contains", "value": "b"}}, "b"),
    ({"output": {"operator": "contains", "value": "a\nb"}}, "d"),
    ({"metadata": {"operator_function": "mapContainsKey", "operator_args": ["flag"]}}, "c"),
    ({"metadata.topic": "refund", "model": "gpt-4o"}, "a"),
    ({"model": "gpt-4o", "topic": {"operator": "", "value": ["Sales"], "connector": "OR"}}, "ac"),
    ({"either": {"connector": "OR", "filter_params": {"model": "claude", "custom_identifier": "row-d"}}}, "cd"),
    ([{"field": "model", "operator": "=", "value": "claude"}], "c"),
    ([{"field": "cost", "operator": ">", "value": 0.1}, {"field": "model", "operator": "!=", "value": "claude"}], "b"),
    ({"model": "nothing of the kind"}, ""),
]


@pytest.fixture(scope="module")
def filtered(any_api: Api) -> str:
    return any_api.dataset("filtered", ROWS)


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=str)
def test_every_spelling_of_a_filter_finds_its_rows(any_api: Api, filtered: str, filters: Any, expected: str) -> None:
    path = f"/api/datasets/{filtered}/logs/list/"
    page = any_api.ok("POST", path, {"filters": filters})
    assert "".join(row["input"] for row in page["results"]) == expected
    # What the list echoes is a filter of the same meaning, in object form.
    for condition in page["current_filters"].values():
        assert set(condition) >= {"operator", "value"}
    again = any_api.ok("POST", path, {"filters": page["current_filters"]})
    assert "".join(row["input"] for row in again["results"]) == expected
    summary = any_api.ok("POST", f"/api/datasets/{filtered}/logs/summary/", {"filters": filters})
    assert summary["number_of_requests"] == len(expected)
    exported = any_api("POST", f"/api/datasets/{filtered}/logs/export/", json={"filters": filters})
    assert len(exported.text.splitlines()) == len(expected)


QUICK = [
    ("model=gpt-4o", "a"),
    ("model=gpt-4o&model=claude", "ac"),
    ("model[value]=gpt-4o", "a"),
    ("model[value]=gpt-4o&model[operator]=not", "bcd"),
    ("topic=refund", "ab"),
    ("metadata.topic=refund", "ab"),
    ("metadata__topic=refund", "ab"),
    ("topic=refund&model=gpt-4o", "a"),
    ("model=gpt-4o&topic[value]=Sales&topic[connector]=OR", "ac"),
    ("cost=0.2", "b"),
    ("model=", "abcd"),
    ("n=5", "a"),
]


@pytest.mark.parametrize(("query", "expected"), QUICK)
def test_a_filter_in_the_url_finds_its_rows(any_api: Api, filtered: str, query: str, expected: str) -> None:
    assert "".join(row["input"] for row in any_api.rows(filtered, query)) == expected
    summary = any_api.ok("GET", f"/api/datasets/{filtered}/logs/summary/?{query}")
    assert summary["number_of_requests"] == len(expected)


def test_a_filter_in_the_url_replaces_that_of_the_body_for_its_field(any_api: Api, filtered: str) -> None:
    assert any_api.inputs(filtered, {"model": "gpt-4o"}, "model=claude") == ["c"]
    assert any_api.inputs(filtered, {"topic": "refund"}, "model=gpt-4o") == ["a"]


def test_the_fields_of_a_body_are_joined_by_its_operator(any_api: Api, filtered: str) -> None:
    filters = {"model": "claude", "custom_identifier": "row-d"}
    assert any_api.inputs(filtered, filters) == []
    assert any_api.inputs(filtered, filters, operator="AND") == []
    assert any_api.inputs(filtered, filters, operator="OR") == ["c", "d"]


def test_a_window_of_time_starts_inclusive_and_ends_exclusive(any_api: Api) -> None:
    days = [f"2026-03-0{day}T00:00:00Z" for day in (1, 2, 3)]
    dataset = any_api.dataset("window", [{"input": day, "timestamp": day} for day in days])
    assert any_api.inputs(dataset, start_time=days[1]) == days[1:]
    assert any_api.inputs(dataset, end_time=days[1]) == days[:1]
    assert any_api.inputs(dataset, None, f"start_time={days[0]}&end_time={days[2]}") == days[:2]
    assert any_api.inputs(dataset, start_time="2026-03-02 00:00:00", end_time="2026-03-02T00:00:00.000001+00:00") == [
        days[1]
    ]
    assert any_api.inputs(dataset, {"timestamp": {"gte": "2026-03-02"}}) == days[1:]


def test_rows_are_found_by_their_ids(any_api: Api, filtered: str) -> None:
    ids = [row["id"] for row in any_api.rows(filtered)]
    assert any_api.inputs(filtered, {"id": {"operator": "in", "value": ids[1:3]}}) == ["b", "c"]
    assert any_api.inputs(filtered, {"unique_id": ids[0]}) == ["a"]
    assert any_api.inputs(filtered, {"id": {"operator": "not", "value": ids[1:]}}) == ["a"]
