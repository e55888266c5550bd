"""`respan-api` 0.1.47 from PyPI, unmodified: evaluators made, versioned, tried and run by the generated client."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest
import respan
from respan import RespanClient
from respan.core.api_error import ApiError
from respan.datasets.client import DatasetsClient
from respan.evaluators.client import EvaluatorsClient

SCALE = {"min_score": 0, "max_score": 10}
PASSES = {"primary_score": {"operator": "gte", "value": 5}}
JUDGE = {
    "model": "scripted",
    "evaluator_definition": "Rate {{output}} as an answer to {{input}}.",
    "scoring_rubric": "0 bad, 10 good",
    "temperature": 0.1,
    "max_tokens": 200,
}
SNIPPET = "def main(eval_inputs):\n    return float(len(str(eval_inputs['output'])))\n"


@pytest.fixture
def evaluators(client: RespanClient) -> EvaluatorsClient:
    return client.evaluators


@pytest.fixture
def datasets(client: RespanClient) -> DatasetsClient:
    return client.datasets


@pytest.fixture
def name() -> str:
    return f"quality_{secrets.token_hex(4)}"


def judge(evaluators: EvaluatorsClient, name: str, **changes: Any) -> respan.evaluators.CreateEvaluatorResponse:
    said = {"score_value_type": "numerical", "score_config": SCALE, "passing_conditions": PASSES, "llm_config": JUDGE}
    return evaluators.create_evaluator(name=name, evaluator_slug=name, type="llm", **{**said, **changes})


def test_a_judge_comes_back_as_it_was_made(evaluators: EvaluatorsClient, name: str) -> None:
    made = judge(evaluators, name, description="How good", starred=True)
    assert (made.name, made.evaluator_slug, made.type, made.score_value_type) == (name, name, "llm", "numerical")
    assert (made.description, made.starred, made.version, made.is_read_only) == ("How good", True, 0, False)
    assert made.score_config is not None
    assert (made.score_config.min_score, made.score_config.max_score) == (0, 10)
    assert made.llm_config is not None
    assert {key: getattr(made.llm_config, key) for key in JUDGE} == JUDGE
    assert made.passing_conditions == PASSES
    read = evaluators.retrieve_evaluator(made.id)
    assert (read.id, read.llm_config.evaluator_definition) == (made.id, JUDGE["evaluator_definition"])  # type: ignore[union-attr]
    assert evaluators.retrieve_evaluator(name).id == made.id


@pytest.mark.parametrize(
    ("said", "type_", "value_type"),
    [
        ({"type": "human", "score_value_type": "text"}, "human", "text"),
        ({"type": "human", "score_value_type": "percentage", "score_config": {"min_score": 0, "max_score": 1}},
         "human", "percentage"),
        ({"type": "llm", "score_value_type": "single_select", "llm_config": JUDGE,
          "score_config": {"choices": [{"name": "good", "value": 1}, {"name": "bad", "value": 0}]}},
         "llm", "single_select"),
        ({"type": "llm", "score_value_type": "categorical", "llm_config": JUDGE,
          "categorical_choices": [{"name": "good", "value": True}, {"name": "bad", "value": "no"}]},
         "llm", "categorical"),
        ({"type": "code", "score_value_type": "boolean", "code_config": {"eval_code_snippet": SNIPPET}},
         "code", "boolean"),
        ({"eval_class": "keywordsai_custom_llm",
          "configurations": {"evaluator_definition": "{{output}}", "llm_engine": "scripted", "scoring_rubric": "0-1",
                             "min_score": 0, "max_score": 1}},
         "llm", "numerical"),
    ],
    ids=lambda part: str(part)[:40],
)  # fmt: skip
def test_every_kind_of_evaluator_can_be_made_and_read(
    evaluators: EvaluatorsClient, name: str, said: dict[str, Any], type_: str, value_type: str
) -> None:
    made = evaluators.create_evaluator(name=name, **said)
    read = evaluators.retrieve_evaluator(made.id)
    assert (made.type, made.score_value_type) == (read.type, read.score_value_type) == (type_, value_type)
    listed = evaluators.list_evaluators(filters={"id": {"operator": "", "value": [made.id]}}).results
    assert [(one.id, one.version_count) for one in listed] == [(made.id, 1)]


def test_update_keeps_and_replace_forgets_what_they_do_not_name(evaluators: EvaluatorsClient, name: str) -> None:
    made = judge(evaluators, name, description="stays")
    changed = evaluators.update_evaluator(made.id, name="renamed", llm_config={**JUDGE, "temperature": 0.5})  # type: ignore[arg-type]
    assert (changed.name, changed.description, changed.passing_conditions) == ("renamed", "stays", PASSES)
    assert changed.llm_config is not None
    assert changed.llm_config.temperature == 0.5
    replaced = evaluators.replace_evaluator(
        made.id,
        name="replaced",
        type="code",
        score_value_type="numerical",
        code_config={"eval_code_snippet": SNIPPET},  # type: ignore[arg-type]
    )
    assert (replaced.id, replaced.name, replaced.type, replaced.llm_config) == (made.id, "replaced", "code", None)
    assert (replaced.description, replaced.passing_conditions) == ("", None)
    assert replaced.code_config is not None
    assert replaced.code_config.eval_code_snippet == SNIPPET
    with pytest.raises(respan.BadRequestError) as refused:
        evaluators.update_evaluator(made.id, score_value_type="liking")
    assert list(refused.value.body) == ["score_value_type"]


def test_a_deleted_evaluator_is_gone_and_a_built_in_stays(evaluators: EvaluatorsClient, name: str) -> None:
    made = judge(evaluators, name)
    assert evaluators.delete_evaluator(made.id) is None
    with pytest.raises(respan.NotFoundError):
        evaluators.retrieve_evaluator(made.id)
    with pytest.raises(ApiError) as refused:
        evaluators.delete_evaluator("char_count_eval")
    assert refused.value.status_code == 403
    assert evaluators.retrieve_evaluator("char_count_eval").evaluator_slug == "char_count_eval"


def test_versions_are_committed_listed_read_and_only_the_draft_changes(evaluators: EvaluatorsClient, name: str) -> None:
    made = judge(evaluators, name)
    draft = evaluators.create_evaluator_version(made.id, version_description="as it began")
    assert (draft.id, draft.version, draft.is_read_only) == (made.id, 1, False)
    sharper = {**JUDGE, "evaluator_definition": "Rate {{output}} strictly."}
    draft = evaluators.create_evaluator_version(made.id, llm_config=sharper)  # type: ignore[arg-type]
    assert (draft.version, draft.passing_conditions) == (2, PASSES)
    listed = evaluators.list_evaluator_versions(made.id, page=1, page_size=10)
    assert [(one.version, one.is_read_only) for one in listed.results] == [(2, False), (1, True), (0, True)]
    assert [one.version_description for one in listed.results] == ["", "", "as it began"]
    assert (listed.count, len({one.version_id for one in listed.results})) == (3, 3)
    assert evaluators.list_evaluator_versions(made.id, page=9).results == []
    prompts = [evaluators.retrieve_evaluator_version(made.id, number).llm_config for number in (0, 1)]
    assert [prompt.evaluator_definition for prompt in prompts if prompt] == [
        JUDGE["evaluator_definition"],
        sharper["evaluator_definition"],
    ]
    with pytest.raises(respan.NotFoundError):
        evaluators.retrieve_evaluator_version(made.id, 99)
    with pytest.raises(ApiError) as fixed:
        evaluators.update_evaluator_version(made.id, 1, name="other")
    assert fixed.value.status_code == 403
    changed = evaluators.update_evaluator_version(made.id, 2, description="a draft")
    assert (changed.version, changed.description) == (2, "a draft")
    replaced = evaluators.replace_evaluator_version(
        made.id,
        2,
        name=name,
        type="code",
        score_value_type="numerical",
        code_config={"eval_code_snippet": SNIPPET},  # type: ignore[arg-type]
    )
    assert (replaced.version, replaced.type, replaced.description) == (2, "code", "")
    assert evaluators.retrieve_evaluator_version(made.id, 1).type == "llm"


def test_a_judge_and_code_are_tried_on_inputs_in_any_version(evaluators: EvaluatorsClient, name: str) -> None:
    made = judge(evaluators, name)
    tried = evaluators.run_evaluator(made.id, inputs={"input": "2 + 2?", "output": "4"}, generation_method="auto")  # type: ignore[arg-type]
    assert (tried.status, tried.type, tried.evaluator_id, tried.evaluator_slug) == ("scored", "llm", made.id, name)
    assert tried.numerical_value is not None
    assert 0 <= tried.numerical_value <= 10
    assert tried.is_passed is (tried.numerical_value >= 5)
    assert (tried.error_message, tried.cost) == (None, 0)
    assert tried.inputs is not None
    assert (tried.inputs.input, tried.inputs.output) == ("2 + 2?", "4")
    assert tried.evaluator is not None
    assert tried.evaluator.id == made.id
    evaluators.create_evaluator_version(made.id)
    evaluators.replace_evaluator(
        made.id,
        name=name,
        type="code",
        score_value_type="numerical",
        code_config={"eval_code_snippet": SNIPPET},  # type: ignore[arg-type]
    )
    counted = evaluators.run_evaluator(made.id, inputs={"output": "four"})  # type: ignore[arg-type]
    assert (counted.status, counted.type, counted.numerical_value) == ("scored", "code", 4)
    first = evaluators.run_evaluator(f"{made.id}:0", inputs={"input": "2 + 2?", "output": "4"})  # type: ignore[arg-type]
    assert (first.type, first.numerical_value) == ("llm", tried.numerical_value)


def test_a_judgement_that_fails_is_said_and_is_no_score(evaluators: EvaluatorsClient, name: str) -> None:
    made = judge(evaluators, name, llm_config={**JUDGE, "model": "scripted/nonsense@1"})
    tried = evaluators.run_evaluator(made.id, inputs={"input": "2 + 2?", "output": "4"})  # type: ignore[arg-type]
    assert (tried.status, tried.numerical_value, tried.is_passed) == ("failed", None, False)
    assert tried.error_message
    with pytest.raises(ApiError) as refused:
        evaluators.run_evaluator(made.id, inputs={})  # type: ignore[arg-type]
    assert (refused.value.status_code, list(refused.value.body)) == (422, ["inputs"])


def test_a_judge_and_code_evaluate_a_dataset(
    evaluators: EvaluatorsClient, datasets: DatasetsClient, dataset_id: str, name: str
) -> None:
    asked = judge(evaluators, name)
    counting = evaluators.create_evaluator(
        name=f"{name}_length",
        evaluator_slug=f"{name}_length",
        type="code",
        score_value_type="numerical",
        code_config={"eval_code_snippet": SNIPPET},  # type: ignore[arg-type]
    )
    started = datasets.run_eval_on_dataset(dataset_id, evaluator_ids=[asked.id, counting.id, "no_such_evaluator"])
    slugs = [asked.evaluator_slug, counting.evaluator_slug]
    assert [task.evaluator_slug for task in started.created_tasks] == slugs
    assert list(started.errors or {}) == ["no_such_evaluator"]
    # A score of one evaluator is a task's; that of several is nobody's.
    datasets.run_eval_on_dataset(dataset_id, evaluator_ids=[counting.id])
    deadline = time.monotonic() + 30
    while True:
        runs = datasets.list_dataset_eval_runs(dataset_id, page=1, page_size=10)
        if {run.status for run in runs.results} == {"completed"}:
            break
        assert time.monotonic() < deadline, runs
        time.sleep(0.05)
    assert runs.count == 2
    assert [(run.evaluator_slug, run.score) for run in runs.results] == [(f"{name}_length", 2.0), (None, None)]
    assert (runs.results[0].evaluated_logs_count, runs.results[0].dataset_id) == (3, dataset_id)
    rows = datasets.list_dataset_logs(dataset_id, include_fields="scores").results
    for row in rows:
        judged, counted = row.scores[asked.id], row.scores[counting.id]
        assert counted["numerical_value"] == len(row.output)
        assert 0 <= judged["numerical_value"] <= 10
        assert judged["is_passed"] is (judged["numerical_value"] >= 5)
        detail = datasets.retrieve_dataset_log(dataset_id, row.unique_id)
        assert {score["evaluator_slug"] for score in detail.scores} == set(slugs)
