"""What a report says beside its means: slices, agreement with people, power, and the report as a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.flows.client import Api, quoted
from tests.flows.test_eval_reports_runs import judge, path_of, run

TOPICS = ("short", "long", "middle")
ROWS = [
    {
        "input": f"=cmd|{n}",
        "output": "x" * (n % 3 * 10 + n % 5 + 1),
        "expected_output": "x" if n % 3 == 0 else "y",
        "metadata": {"topic": ("short", "middle", "long")[n % 3], "customer": f"c{n // 4}"},
    }
    for n in range(60)
]


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("analysed", ROWS)


@pytest.fixture(scope="module")
def report(any_api: Api, dataset: str) -> dict[str, Any]:
    evaluators = ["char_count_eval", "exact_match"]
    return run(any_api, dataset, evaluators, name="analysed, surely", cluster_by="customer")


def give(api: Api, log_id: str, evaluator: dict[str, Any], **values: Any) -> None:
    api.ok("POST", "/api/scores/", {"log_id": log_id, "evaluator_id": evaluator["id"], **values}, status=201)


def test_each_slice_is_compared_with_all_others(any_api: Api, report: dict[str, Any]) -> None:
    found = any_api.ok("GET", path_of(report, "slices/?by=metadata.topic&evaluator_slug=char_count_eval"))
    assert (found["by"], found["row_count"], found["scored_row_count"]) == ("metadata.topic", 60, 60)
    assert found["pass_rate"] is None
    slices = {one["label"]: one for one in found["mean"]["slices"]}
    assert set(slices) == set(TOPICS)
    assert slices["short"]["n"] == 20
    assert slices["short"]["estimate"] == pytest.approx(3.0)
    assert slices["short"]["rest"] == pytest.approx(18.0)
    assert slices["short"]["adjusted_p_value"] < 0.001
    assert "Benjamini and Hochberg" in found["mean"]["method"]
    matches = any_api.ok("GET", path_of(report, "slices/?by=topic&evaluator_slug=exact_match"))
    assert matches["mean"] is None
    assert {one["label"]: one["estimate"] for one in matches["pass_rate"]["slices"]}["long"] == 0
    assert "Fisher" in matches["pass_rate"]["method"]


def test_power_says_what_another_run_could_show(any_api: Api, report: dict[str, Any]) -> None:
    path = path_of(report, "power/?evaluator_slug=char_count_eval")
    found = any_api.ok("GET", f"{path}&effect=1")["mean"]
    here = found["minimum_detectable_effect"]
    assert (here["rows"], found["rows"]) == (60, 60)
    assert found["rows_needed"]["paired"] > 60
    assert found["rows_needed"]["method"]
    more = any_api.ok("GET", f"{path}&rows=6000")["mean"]["minimum_detectable_effect"]
    assert more["paired"] < here["paired"]
    assert any_api.ok("GET", path)["mean"]["rows_needed"] is None
    assert any_api.ok("GET", path)["cluster_by"] == "metadata.customer"
    rate = any_api.ok("GET", path_of(report, "power/?evaluator_slug=exact_match&effect=0.1"))["pass_rate"]
    assert 0 < rate["rate"] < 1
    assert rate["rows_needed"]["paired"] > 60
    impossible = any_api.ok("GET", path_of(report, "power/?evaluator_slug=exact_match&effect=0.99"))["pass_rate"]
    assert impossible["rows_needed"]["reason"]


def test_power_says_whether_more_rows_or_more_trials_would_help(any_api: Api, dataset: str) -> None:
    made = judge(any_api)
    trials = run(any_api, dataset, [made["slug"]], trials=2)
    found = any_api.ok("GET", path_of(trials, "power/"))
    assert found["mean"]["trials"]["advice"] in ("more rows", "more trials")
    assert found["mean"]["trials"]["trials"] == 2
    assert found["pass_rate"]["rows"] == 60


def test_a_judge_is_compared_with_people_until_it_judges_in_another_way(any_api: Api) -> None:
    dataset = any_api.dataset("judged twice", ROWS)
    made = judge(any_api, score_config={"min_score": 1, "max_score": 5})
    report = run(any_api, dataset, [made["slug"]])
    nothing = any_api.ok("GET", path_of(report, "agreement/"))
    assert (nothing["labelled_row_count"], nothing["is_stale"]) == (0, False)
    assert nothing["corrected_mean"]["mean"] is None
    rows = any_api.ok("GET", path_of(report, "rows/?page_size=1000"))["results"]
    for place, row in enumerate(rows[:20]):
        score = row["scores"][made["slug"]]["score"]
        give(any_api, row["log_id"], made, numerical_value=min(5, max(1, round(score) + place % 2)))
    found = any_api.ok("GET", path_of(report, "agreement/"))
    assert (found["labelled_row_count"], found["row_count"], found["numbers"]["n"]) == (20, 60, 20)
    assert -1 <= found["numbers"]["bias"]["value"] < 0
    assert found["numbers"]["alpha"]["value"] is not None
    assert found["pass"]["accuracy"]["total"] == 20
    assert sum(map(sum, found["pass"]["confusion_matrix"]["human_by_judge"])) == 20
    corrected = found["corrected_mean"]
    assert (corrected["n_labelled"], corrected["n_unlabelled"]) == (20, 40)
    assert corrected["mean"] > corrected["judge_mean"]
    assert corrected["method"]
    any_api.ok("PATCH", f"/api/evaluators/{made['id']}/", {"name": "renamed"})
    assert any_api.ok("GET", path_of(report, "agreement/"))["is_stale"] is False
    prompt = {"llm_config": {"model": "scripted", "evaluator_definition": "Rate {{output}} in another way."}}
    any_api.ok("PATCH", f"/api/evaluators/{made['id']}/", prompt)
    stale = any_api.ok("GET", path_of(report, "agreement/"))
    assert stale["is_stale"] is True
    assert stale["stale_reason"]


def test_booleans_are_compared_as_labels(any_api: Api, dataset: str) -> None:
    matches = any_api.ok("GET", "/api/evaluators/exact_match/")
    report = run(any_api, dataset, ["exact_match"])
    rows = any_api.ok("GET", path_of(report, "rows/?page_size=1000"))["results"]
    for row in rows[:30]:
        give(any_api, row["log_id"], matches, boolean_value=row["scores"]["exact_match"]["score"])
    found = any_api.ok("GET", path_of(report, "agreement/"))
    assert (found["labels"]["n"], found["labels"]["accuracy"]["rate"], found["labels"]["kappa"]["value"]) == (30, 1, 1)
    assert found["numbers"] is None
    assert found["pass"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("slices/?evaluator_slug=exact_match", "by"),
        ("slices/?by=metadata.topic", "evaluator_slug"),
        ("slices/?by=metadata.&evaluator_slug=exact_match", "by"),
        ("slices/?by=topic&evaluator_slug=none", "evaluator_slug"),
        ("power/?evaluator_slug=exact_match&effect=0", "effect"),
        ("power/?evaluator_slug=exact_match&effect=inf", "effect"),
        ("power/?evaluator_slug=exact_match&rows=1", "rows"),
        ("power/", "evaluator_slug"),
        ("agreement/", "evaluator_slug"),
    ],
)
def test_what_cannot_be_analysed_is_refused_by_name(
    any_api: Api, report: dict[str, Any], query: str, field: str
) -> None:
    assert list(any_api.refused("GET", path_of(report, query))) == [field]


def test_a_report_without_cells_can_be_analysed(any_api: Api) -> None:
    dataset = any_api.dataset("nothing to analyse")
    empty = run(any_api, dataset, ["char_count_eval"])
    assert any_api.ok("GET", path_of(empty, "slices/?by=topic"))["mean"] is None
    assert any_api.ok("GET", path_of(empty, "power/?effect=1"))["mean"] is None
    assert any_api.ok("GET", path_of(empty, "agreement/"))["labelled_row_count"] == 0
    assert any_api("GET", path_of(empty, "export/?format=jsonl")).content == b""


def test_a_report_is_downloaded_as_csv_that_no_spreadsheet_runs(any_api: Api, report: dict[str, Any]) -> None:
    answer = any_api("GET", path_of(report, "export/?format=csv"))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert 'filename="analysed--surely.csv"' in answer.headers["Content-Disposition"]
    header, *lines = csv.reader(io.StringIO(answer.text))
    assert header[:5] == ["log_id", "input", "output", "expected_output", "metadata"]
    assert {"char_count_eval.score", "char_count_eval.latency_seconds", "exact_match.is_passed"} < set(header)
    assert len(lines) == 60
    first = dict(zip(header, lines[0], strict=True))
    assert first["input"] == "'=cmd|0"
    assert (first["output"], first["char_count_eval.score"], first["exact_match.is_passed"]) == ("x", "1.0", "true")
    assert json.loads(first["metadata"]) == ROWS[0]["metadata"]


def test_a_report_is_downloaded_as_json_lines_with_previews_or_in_full(any_api: Api) -> None:
    dataset = any_api.dataset("long rows", [{"input": {"text": "y" * 3000}, "output": "-z" * 1000}])
    report = run(any_api, dataset, ["char_count_eval"], trials=2)
    (short,) = any_api("GET", path_of(report, "export/")).text.splitlines()
    (full,) = any_api("GET", path_of(report, "export/?format=jsonl&content=full")).text.splitlines()
    assert len(json.loads(short)["log"]["output"]) == 500
    assert json.loads(full)["log"]["input"] == {"text": "y" * 3000}
    assert [trial["score"] for trial in json.loads(full)["scores"]["char_count_eval"]["trials"]] == [2000, 2000]
    table = any_api("GET", path_of(report, "export/?format=csv&content=full")).text
    (row,) = csv.DictReader(io.StringIO(table))
    assert row["output"] == "'" + "-z" * 1000
    assert (row["char_count_eval.1.score"], row["char_count_eval.2.score"]) == ("2000.0", "2000.0")
    for query in ("format=xml", "content=some"):
        any_api.refused("GET", path_of(report, f"export/?{query}"))


def test_metadata_paths_reach_into_objects_and_odd_keys(any_api: Api) -> None:
    rows = [{"input": n, "output": "x", "metadata": {"a": {"b c": n % 2}}} for n in range(12)]
    report = run(any_api, any_api.dataset("odd keys", rows), ["char_count_eval"])
    found = any_api.ok("GET", path_of(report, f"slices/?by={quoted('metadata.a.b c')}"))
    assert sorted(one["label"] for one in found["mean"]["slices"]) == ["0", "1"]
