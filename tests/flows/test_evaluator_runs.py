"""Trying evaluators: on inputs, on stored logs, and on a sample of a dataset beside the version before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.client import Api
from tests.flows.test_evaluators import EVALUATORS, judge, made, path_of

ROWS = [
    {"input": f"question {place}", "output": "a" * place, "metadata": {"place": place}, "metrics": {"cost": place}}
    for place in range(40)
]


@pytest.fixture(scope="module")
def dataset(any_api: Api) -> str:
    return any_api.dataset("tried on", ROWS)


def run(api: Api, evaluator: dict[str, Any], **body: Any) -> dict[str, Any]:
    result: dict[str, Any] = api.ok("POST", path_of(evaluator, "run/"), body)
    return result


def test_a_judge_answers_in_the_union_of_the_documented_forms(any_api: Api) -> None:
    created = judge(any_api)
    inputs = {"input": "in", "output": "out", "metadata": {"a": 1}}
    result = run(any_api, created, inputs=inputs)
    assert isinstance(result["score"], bool)
    assert result["boolean_value"] == result["score"] == result["is_passed"]
    assert (result["score_type"], result["evaluator_id"]) == ("boolean", created["id"])
    assert (result["evaluator_slug"], result["evaluator_name"]) == (created["slug"], created["name"])
    assert result["evaluation_result"].keys() == {"reasoning", "score", "passed"}
    assert result["inputs"] == {**inputs, "expected_output": None, "metrics": {}}
    assert (result["status"], result["type"], result["cost"]) == ("scored", "llm", 0.0)
    assert result["detail"]["model"]
    assert "out" in result["detail"]["messages"][-1]["content"]
    assert str(result["score"]).lower() in result["detail"]["reply"]
    assert result["evaluator"] == any_api.ok("GET", path_of(created))
    assert run(any_api, created, inputs=inputs)["score"] == result["score"]


def test_the_older_forms_of_inputs_mean_the_same(any_api: Api) -> None:
    created = made(any_api, eval_class="exact_match")
    for body in (
        {"inputs": {"output": "a", "expected_output": "a"}},
        {"inputs": {"llm_output": "a", "ideal_output": "a"}},
        {"inputs": {"llm_output": "a", "ground_truth": "a"}},
        {"llm_input": "q", "llm_output": "a", "extra_params": {"ideal_output": "a"}},
        {"llm_input": "q", "llm_output": "a", "ideal_output": "a", "evaluation_id": "x", "evaluator_id": "y"},
    ):
        assert run(any_api, created, **body)["score"] is True
    echoed = run(any_api, created, inputs={"output": "a", "retrieved_contexts": ["c"], "metadata": {"m": 1}})["inputs"]
    assert echoed["metadata"] == {"retrieved_contexts": ["c"], "m": 1}


def test_a_person_is_not_asked_by_a_run(any_api: Api) -> None:
    created = made(any_api, type="human", score_config={"choices": [{"name": "a", "value": 1}]})
    result = run(any_api, created, inputs={"output": "a"})
    assert result["evaluation_result"].keys() == {"selected_choices", "choice_values", "note"}
    assert (result["score"], result["is_passed"], result["status"]) == (None, False, "skipped")


def test_a_run_says_which_input_is_missing(any_api: Api) -> None:
    created = judge(any_api, custom_required_fields=["input", "metadata.topic", "context"])
    required = ["This field is required."]
    for inputs, missing in (
        ({"output": "a"}, {"input": required, "metadata.topic": required, "context": required}),
        ({"input": "a", "metadata": {"topic": "t"}, "context": None}, {"context": required}),
    ):
        refused = any_api.refused("POST", path_of(created, "run/"), {"inputs": inputs}, status=422)
        assert refused == {"inputs": missing}
    run(any_api, created, inputs={"input": "a", "output": "b", "context": "c", "metadata": {"topic": "t"}})
    path = f"{EVALUATORS}char_count_eval/run/"
    assert any_api.refused("POST", path, {"inputs": {}}, status=422) == {"inputs": {"input": required}}
    message = "Invalid input format: 'inputs' field is required"
    assert any_api.refused("POST", path, {}) == {"detail": message}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": []}, "inputs"),
        ({"inputs": "a"}, "inputs"),
        ({"inputs": {"output": 1, "metadata": []}}, "inputs.metadata"),
        ({"inputs": {"output": 1, "metrics": "a"}}, "inputs.metrics"),
        ({"inputs": {"output": 1}, "generation_method": "magic"}, "generation_method"),
        ({"inputs": {"output": 1}, "generation_method": "llm"}, "generation_method"),
        ({"inputs": {"output": 1}, "generation_method": "code"}, "generation_method"),
        ({"log_ids": []}, "log_ids"),
        ({"log_ids": "a"}, "log_ids"),
        ({"log_ids": [""]}, "log_ids"),
        ({"log_ids": [str(place) for place in range(51)]}, "log_ids"),
        ({"log_ids": ["a"], "dataset_id": 5}, "dataset_id"),
    ],
    ids=str,
)
def test_a_wrong_run_is_refused_under_the_name_of_its_field(any_api: Api, body: Any, field: str) -> None:
    assert list(any_api.refused("POST", f"{EVALUATORS}char_count_eval/run/", body)) == [field]


def test_an_evaluator_without_anything_to_run_says_what_it_lacks(any_api: Api) -> None:
    for body in ({"type": "llm"}, {"type": "code", "eval_class": "ragas_faithfulness"}):
        refused = any_api.refused("POST", path_of(made(any_api, **body), "run/"), {"inputs": {"output": "a"}})
        assert "nothing to run" in refused["llm_config"][0]


def test_a_model_that_nobody_serves_is_a_failed_execution(any_api: Api) -> None:
    # A provider that lists no models, which other tests may have left, serves any.
    for provider in any_api.ok("GET", "/api/providers/?page_size=1000")["results"]:
        if not provider["is_from_environment"]:
            any_api.ok("DELETE", f"/api/providers/{provider['id']}/", status=204)
    created = judge(any_api, llm_config={"model": "nobody/has-this", "evaluator_definition": "d"})
    refused = any_api.refused("POST", path_of(created, "run/"), {"inputs": {"output": "a"}}, status=500)
    assert refused["error_code"] == "EVALUATION_EXECUTION_ERROR"
    assert refused["detail"].startswith("Evaluation failed: ")
    assert "nobody/has-this" in refused["detail"]
    assert "retry_after" not in refused


def test_a_provider_that_refuses_for_good_is_a_failed_execution(any_api: Api) -> None:
    created = judge(any_api, llm_config={"model": "scripted/fail=401@1", "evaluator_definition": "d"})
    refused = any_api.refused("POST", path_of(created, "run/"), {"inputs": {"output": "a"}}, status=500)
    assert refused["error_code"] == "EVALUATION_EXECUTION_ERROR"
    assert "401" in refused["detail"]


def test_nonsense_of_a_model_is_the_failed_answer_of_the_judge(any_api: Api) -> None:
    created = judge(any_api, llm_config={"model": "scripted/nonsense@1", "evaluator_definition": "d"})
    result = run(any_api, created, inputs={"output": "a"})
    assert (result["status"], result["score"], result["is_passed"]) == ("failed", None, False)
    assert result["error_message"]
    assert "Not a verdict" in result["detail"]["reply"]


def test_stored_rows_are_judged_by_their_ids(any_api: Api, dataset: str) -> None:
    rows = any_api.rows(dataset)[:3]
    counter = any_api.ok("GET", f"{EVALUATORS}char_count_eval/")
    ids = [row["id"] for row in rows]
    result = run(any_api, counter, log_ids=[ids[2], ids[1], ids[2]], dataset_id=dataset)
    assert [one["log_id"] for one in result["results"]] == [ids[2], ids[1]]
    assert [one["score"] for one in result["results"]] == [2, 1]
    assert (result["score"], result["dataset_id"], result["inputs"]["metrics"]["cost"]) == (2, dataset, 2)
    alone = run(any_api, counter, log_ids=[ids[1]], dataset_id=dataset)
    assert "results" not in alone
    refused = any_api.refused(
        "POST", path_of(counter, "run/"), {"log_ids": [ids[0], "no-such"], "dataset_id": dataset}, status=404
    )
    assert "no-such" in refused["detail"]
    any_api.refused("POST", path_of(counter, "run/"), {"log_ids": ids, "dataset_id": "no-such"}, status=404)


def test_recorded_logs_are_judged_by_their_ids(any_api: Api) -> None:
    body = {"model": "gpt-4o", "input": "q", "output": "four"}
    log_id = any_api.ok("POST", "/api/request-logs/create", body, status=201)["unique_id"]
    counter = any_api.ok("GET", f"{EVALUATORS}char_count_eval/")
    assert run(any_api, counter, log_ids=[log_id])["score"] == 4
    any_api.refused("POST", path_of(counter, "run/"), {"log_ids": ["no-such"]}, status=404)


def bench(api: Api, evaluator: dict[str, Any], dataset_id: str, **body: Any) -> dict[str, Any]:
    result: dict[str, Any] = api.ok("POST", path_of(evaluator, "bench/"), {"dataset_id": dataset_id, **body})
    return result


def test_a_bench_takes_the_same_rows_for_the_same_seed(any_api: Api, dataset: str) -> None:
    counter = any_api.ok("GET", f"{EVALUATORS}char_count_eval/")
    first = bench(any_api, counter, dataset, sample_size=10, seed=7)
    assert (first["sample_size"], first["row_count"], first["dataset_version"]) == (10, 40, 1)
    again = bench(any_api, counter, dataset, sample_size=10, seed=7)
    assert [row["log_id"] for row in again["rows"]] == [row["log_id"] for row in first["rows"]]
    other = bench(any_api, counter, dataset, sample_size=10, seed=8)
    assert {row["log_id"] for row in other["rows"]} != {row["log_id"] for row in first["rows"]}
    for row in first["rows"]:
        assert row["score"] == len(row["inputs"]["output"]) == row["inputs"]["metadata"]["place"]
        assert (row["status"], row["cost_usd"], row["before"], row["delta"]) == ("scored", 0.0, None, None)
    assert first["summary"]["mean"] == pytest.approx(sum(row["score"] for row in first["rows"]) / 10)
    assert first["comparison"] is None
    everything = bench(any_api, counter, dataset, sample_size=200)
    assert [row["score"] for row in everything["rows"]] == list(range(40))
    assert len(bench(any_api, counter, dataset)["rows"]) == 20


def test_a_bench_runs_a_draft_that_is_not_saved_beside_the_version_under_it(any_api: Api, dataset: str) -> None:
    created = made(any_api, eval_class="regex", configurations={"pattern": "^a{0,9}$"})
    before = any_api.ok("GET", path_of(created))
    draft = {"configurations": {"pattern": "^a{0,19}$"}}
    result = bench(any_api, created, dataset, sample_size=40, draft=draft)
    assert (result["is_draft"], result["comparison"]["version"]) == (True, 0)
    scores = [(row["score"], row["before"]["score"], row["delta"], row["is_changed"]) for row in result["rows"]]
    assert scores == [(place < 20, place < 10, float(10 <= place < 20), 10 <= place < 20) for place in range(40)]
    comparison = result["comparison"]
    assert (comparison["paired_count"], comparison["changed_count"]) == (40, 10)
    assert comparison["mean_difference"] == pytest.approx(0.25)
    interval = comparison["interval"]
    assert 0 < interval["lower"] < 0.25 < interval["upper"]
    assert any_api.ok("GET", path_of(created)) == before
    refused = any_api.refused(
        "POST", path_of(created, "bench/"), {"dataset_id": dataset, "draft": {"configurations": {"pattern": "("}}}
    )
    assert list(refused) == ["configurations"]


def test_without_a_draft_a_bench_compares_with_the_last_committed_version(any_api: Api, dataset: str) -> None:
    created = made(any_api, eval_class="regex", configurations={"pattern": "^a{0,9}$"})
    any_api.ok("POST", path_of(created, "versions/"), {}, status=201)
    any_api.ok("PATCH", path_of(created), {"configurations": {"pattern": "^$"}})
    result = bench(any_api, created, dataset, sample_size=40)
    assert (result["version"], result["comparison"]["version"], result["comparison"]["is_read_only"]) == (1, 0, True)
    assert (result["summary"]["passed_count"], result["comparison"]["summary"]["passed_count"]) == (1, 10)
    assert result["comparison"]["mean_difference"] == pytest.approx(-9 / 40)
    assert bench(any_api, created, dataset, compare=False)["comparison"] is None


def test_a_bench_of_a_judge_shows_prompt_reply_and_cost(any_api: Api, dataset: str) -> None:
    created = judge(any_api)
    draft = {"llm_config": {"model": "scripted/seed=2", "evaluator_definition": "Is {{output}} long?"}}
    result = bench(any_api, created, dataset, sample_size=8, draft=draft)
    for row in result["rows"]:
        assert "long?" in row["detail"]["messages"][-1]["content"]
        assert row["detail"]["reply"]
        assert isinstance(row["before"]["score"], bool)
        assert row["latency_seconds"] >= 0
    assert result["summary"]["cost_usd"] == result["summary"]["cost_usd_per_row"] == 0.0
    assert result["summary"]["unknown_cost_count"] == 0


def test_a_version_that_cannot_be_run_is_left_out_of_the_comparison_with_a_word(any_api: Api, dataset: str) -> None:
    created = made(any_api, type="llm")
    draft = {"eval_class": "output_word_count", "type": "code"}
    result = bench(any_api, created, dataset, sample_size=2, draft=draft)
    assert result["comparison"] is None
    assert "Version 0 was not compared" in result["warnings"][0]


def test_large_rows_are_shown_by_their_beginning(any_api: Api) -> None:
    large = any_api.dataset("large", [{"input": {"text": "x" * 100_000}, "output": "y" * 100_000}])
    counter = any_api.ok("GET", f"{EVALUATORS}char_count_eval/")
    (row,) = bench(any_api, counter, large)["rows"]
    assert row["score"] == 100_000
    assert all(1_900 < len(row["inputs"][name]) <= 2_000 for name in ("input", "output"))
    empty = any_api.dataset("empty")
    assert bench(any_api, counter, empty)["rows"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"dataset_id": None}, 400),
        ({"dataset_id": "no-such"}, 404),
        ({"sample_size": 0}, 400),
        ({"sample_size": 201}, 400),
        ({"sample_size": "many"}, 400),
        ({"seed": 2**63}, 400),
        ({"seed": 1.5}, 400),
        ({"version": 99}, 404),
        ({"version": "no-such-tag"}, 404),
        ({"version": []}, 400),
        ({"draft": []}, 400),
        ({"draft": {"name": ""}}, 400),
        ({"draft": {"type": "human", "eval_class": ""}}, 400),
        ({"draft": {"score_value_type": "categorical", "categorical_choices": []}}, 422),
        ({"generation_method": "llm"}, 400),
        ({"compare": "maybe"}, 400),
    ],
    ids=str,
)
def test_a_wrong_bench_is_refused(any_api: Api, dataset: str, body: Any, status: int) -> None:
    body = {"dataset_id": dataset, **body} if body else {}
    assert any_api.refused("POST", f"{EVALUATORS}regex/bench/", body, status=status)


def test_code_of_a_person_is_run_by_either_entry_point(any_api: Api, dataset: str) -> None:
    present = "def main(eval_inputs):\n    print('seen')\n    return len(eval_inputs['output'])\n"
    older = "def evaluate(llm_input, llm_output, **kwargs):\n    return len(llm_output)\n"
    for body in (
        {"code_config": {"eval_code_snippet": present}},
        {"type": "code", "configurations": {"eval_code_snippet": older}},
    ):
        result = run(any_api, made(any_api, **body), inputs={"input": "q", "output": "four"})
        assert (result["score"], result["status"]) == (4, "scored"), result
        assert result["evaluation_result"].keys() == {"result", "details", "passed"}
    wrong = made(any_api, code_config={"eval_code_snippet": "def main(eval_inputs):\n    return 1 / 0\n"})
    result = run(any_api, wrong, inputs={"output": "a"})
    assert (result["status"], result["score"]) == ("failed", None)
    assert "line 2" in result["error_message"]


def test_a_provider_that_is_away_for_now_says_when_to_come_again(api: Api) -> None:
    created = judge(api, llm_config={"model": "scripted/fail=503@1", "evaluator_definition": "d"})
    answer = api("POST", path_of(created, "run/"), json={"inputs": {"output": "a"}})
    assert answer.status_code == 500
    said = answer.json()
    assert (said["error_code"], said["retry_after"]) == ("EVALUATION_EXECUTION_ERROR", 30)
    assert answer.headers["Retry-After"] == "30"
