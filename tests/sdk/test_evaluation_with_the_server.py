"""Evaluators, scores, providers, reports and automations through the client, against the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.model.errors import Conflict, Invalid, NotFound
from assay.sdk import Client
from assay.sdk.evaluator_types import Evaluator
from assay.sdk.report_types import EvalReport
from assay.sdk.types import Dataset

CODE = 'def main(eval_inputs):\n    return 1 / len(eval_inputs["output"])\n'
SECRET = "sk-planted-0123456789"


@pytest.fixture(scope="module")
def real(server: Any) -> Iterator[Client]:
    with Client(api_key=server.api_key, base_url=server.url) as client:
        yield client


@pytest.fixture(scope="module")
def judge(real: Client) -> Iterator[Evaluator]:
    made = real.evaluators.create(
        "Client judge",
        type="llm",
        score_value_type="numerical",
        score_config={"min_score": 1, "max_score": 5},
        passing_conditions={"primary_score": {"operator": "gte", "value": 3}},
        llm_config={"model": "scripted", "evaluator_definition": "Is {{output}} polite?"},
    )
    yield made
    real.evaluators.delete(made.id)


@pytest.fixture(scope="module")
def code(real: Client) -> Iterator[Evaluator]:
    made = real.evaluators.create(
        "Client code", type="code", score_value_type="numerical", code_config={"eval_code_snippet": CODE}
    )
    yield made
    real.evaluators.delete(made.id)


@pytest.fixture(scope="module")
def dataset(real: Client) -> Iterator[Dataset]:
    made = real.datasets.create("Evaluated by the client")
    rows = [{"input": n, "output": "x" * n, "metadata": {"topic": "ab"[n % 2]}} for n in range(12)]
    real.dataset_logs.bulk_create(made.id, rows)
    yield made
    real.datasets.delete(made.id)


@pytest.fixture(scope="module")
def report(real: Client, dataset: Dataset, judge: Evaluator, code: Evaluator) -> EvalReport:
    slugs = [judge.evaluator_slug, code.evaluator_slug]
    started = real.eval_reports.create(dataset.id, slugs, name="Two trials", trials=2, cluster_by="metadata.topic")
    return real.eval_reports.wait(dataset.id, started.id, timeout_seconds=60)


def test_an_evaluator_is_changed_committed_copied_and_deleted(real: Client) -> None:
    made = real.evaluators.create("Draft", type="human", score_value_type="boolean")
    try:
        assert (made.version, made.is_read_only) == (0, False)
        assert real.evaluators.update(made.id, description="better").description == "better"
        draft = real.evaluators.commit(made.id, "the first")
        assert (draft.version, draft.is_read_only) == (1, False)
        first = real.evaluators.get_version(made.id, 0)
        assert (first.is_read_only, first.version_description) == (True, "the first")
        assert [one.version for one in real.evaluators.versions(made.id).results] == [1, 0]
        assert real.evaluators.replace(made.id, "Other", type="human").description == ""
        copy = real.evaluators.duplicate(f"{made.id}:0", name="Copy")
        assert (copy.name, copy.description) == ("Copy", "better")
        real.evaluators.delete(copy.id)
    finally:
        real.evaluators.delete(made.id)
    with pytest.raises(NotFound):
        real.evaluators.get(made.id)


def test_a_judgement_carries_its_prompt_reply_and_tokens(real: Client, judge: Evaluator) -> None:
    said = real.evaluators.run(judge.evaluator_slug, {"output": "please"})
    assert (said.status, said.cost) == ("scored", 0.0)
    assert 1 <= said.score <= 5
    assert said.detail is not None
    assert "please" in said.detail.messages[-1]["content"]
    assert said.detail.model == "scripted"
    assert said.input_tokens


def test_a_failed_trial_is_no_score(real: Client, code: Evaluator) -> None:
    said = real.evaluators.run(code.id, {"output": ""})
    assert (said.status, said.score) == ("failed", None)
    assert said.error_message == "line 2: ZeroDivisionError: division by zero"


def test_a_draft_is_benched_beside_the_version_it_is_laid_over(real: Client, code: Evaluator, dataset: Dataset) -> None:
    draft = CODE.replace("1 /", "3 /")
    found = real.evaluators.bench(
        code.id, dataset.id, sample_size=12, draft={"code_config": {"eval_code_snippet": draft}}
    )
    assert (found.is_draft, found.summary.scored_count, found.summary.failed_count) == (True, 11, 1)
    assert all(row.delta == pytest.approx(2 * row.before.score) for row in found.rows if row.delta and row.before)
    assert found.comparison is not None
    assert found.comparison.changed_count == 11
    assert real.evaluators.get(code.id).code_config == {"eval_code_snippet": CODE}


def test_a_report_tells_coverage_failures_costs_and_who_judged(report: EvalReport) -> None:
    judged, coded = report.evaluators
    assert (report.status, report.trials) == ("completed", 2)
    assert (judged.is_scripted, judged.model, judged.method) == (True, "scripted", "llm")
    assert (coded.is_scripted, coded.scored_count, coded.failed_count, coded.cell_count) == (False, 22, 2, 24)
    assert judged.summary is not None
    assert judged.summary.clustered is not None
    assert judged.summary.clustered.clusters == 2
    assert judged.summary.minimum_detectable_effect is not None
    assert judged.summary.latency_seconds is not None
    assert judged.summary.tokens is not None
    assert judged.summary.tokens.input is not None
    assert judged.summary.tokens.input.total == judged.input_tokens > 0
    assert judged.summary.trials is not None
    assert judged.summary.trials.pass_at_k is not None
    assert judged.summary.trials.pass_at_k[-1].k == 2


def test_a_run_is_watched_to_its_end_over_the_stream(real: Client, dataset: Dataset, code: Evaluator) -> None:
    started = real.eval_reports.create(dataset.id, [code.id])
    told = list(real.eval_reports.watch(dataset.id, started.id))
    assert (told[-1].status, told[-1].finished_count, told[-1].failed_count) == ("completed", 12, 1)
    assert {one.evaluator_slug for one in told[-1].evaluators} == {code.evaluator_slug}
    real.eval_reports.delete(dataset.id, started.id)
    with pytest.raises(NotFound):
        list(real.eval_reports.watch(dataset.id, started.id))


def test_rows_are_filtered_and_read_in_full(
    real: Client, dataset: Dataset, report: EvalReport, judge: Evaluator, code: Evaluator
) -> None:
    failed = real.eval_reports.rows(dataset.id, report.id, status="failed", has_logs=True).results
    assert [len(row.scores[code.evaluator_slug].trials) for row in failed] == [2]
    assert failed[0].log is not None
    assert failed[0].log["metadata"] == {"topic": "a"}
    some = real.eval_reports.rows(dataset.id, report.id, label="metadata.topic:b").results
    assert len(some) == 6
    least = real.eval_reports.iterate_rows(
        dataset.id, report.id, evaluator_slug=code.evaluator_slug, min_score=0.5, sort="worst"
    )
    assert [row.scores[code.evaluator_slug].score for row in least] == [0.5, 1.0]
    full = real.eval_reports.row(dataset.id, report.id, failed[0].log_id)
    assert (full.log.id, full.log.input) == (failed[0].log_id, 0)
    detail = full.scores[judge.evaluator_slug].trials[0].detail
    assert detail is not None
    assert detail.reply


def test_a_report_is_sliced_powered_and_held_against_people(
    real: Client, dataset: Dataset, report: EvalReport, judge: Evaluator, code: Evaluator
) -> None:
    slices = real.eval_reports.slices(dataset.id, report.id, "metadata.topic", evaluator_slug=judge.id)
    assert slices.mean is not None
    assert {(one.label, one.n) for one in slices.mean.slices} == {("a", 6), ("b", 6)}
    power = real.eval_reports.power(dataset.id, report.id, effect=0.5, evaluator_slug=code.id)
    assert power.mean is not None
    assert power.mean.rows_needed is not None
    assert (power.mean.rows_needed.paired or 0) > 2
    for row in real.dataset_logs.iterate(dataset.id):
        real.scores.create(
            row.id, evaluator_slug=judge.evaluator_slug, numerical_value=4, scorer="ann", dataset_id=dataset.id
        )
    people = real.eval_reports.agreement(dataset.id, report.id, evaluator_slug=judge.id)
    assert (people.labelled_row_count, people.is_stale) == (12, False)
    assert people.passes is not None
    assert people.passes.accuracy is not None
    assert people.passes.accuracy.total == 12
    assert people.corrected_mean is not None
    assert people.corrected_mean.mean == pytest.approx(4)


def test_a_report_is_exported_verified_and_repeated(
    real: Client, dataset: Dataset, report: EvalReport, tmp_path: Path
) -> None:
    size = real.eval_reports.export(dataset.id, report.id, tmp_path / "rows.jsonl", content="full")
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert (len(lines), size) == (12, (tmp_path / "rows.jsonl").stat().st_size)
    real.eval_reports.export(dataset.id, report.id, tmp_path / "rows.csv", format="csv")
    assert (tmp_path / "rows.csv").read_text().startswith("log_id,")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.jsonl"]
    manifest = dict(real.eval_reports.manifest(dataset.id, report.id))
    assert real.eval_reports.verify(dataset.id, report.id, manifest=manifest).is_verified
    manifest["seed"] = 99
    manifest["settings"] = {**manifest["settings"], "seed": 99}
    assert not real.eval_reports.verify(dataset.id, report.id, manifest=manifest).is_verified
    for started in (
        real.eval_reports.repeat(dataset.id, real.eval_reports.manifest(dataset.id, report.id), name="From a file"),
        real.eval_reports.rerun(dataset.id, report.id, trials=1),
    ):
        done = real.eval_reports.wait(dataset.id, started.id, timeout_seconds=60)
        assert [one.score for one in done.evaluators] == pytest.approx([one.score for one in report.evaluators])


def test_people_are_asked_and_their_scores_complete_the_report(real: Client, dataset: Dataset) -> None:
    asked = real.evaluators.create("Client people", type="human", score_value_type="boolean")
    started = real.eval_reports.create(dataset.id, [asked.id])
    waiting = real.eval_reports.wait(dataset.id, started.id, timeout_seconds=60)
    assert (waiting.state, waiting.awaited_count) == ("waiting_for_annotations", 12)
    tasks = list(real.annotation_tasks.iterate(evaluator=asked.id, status="pending"))
    assert len(tasks) == 12
    for task in tasks:
        given = real.scores.create(
            task.log_id, evaluator_id=asked.id, boolean_value=True, scorer="ann", dataset_id=dataset.id
        )
        assert (given.score_value, given.scorer, given.is_machine) == (True, "ann", False)
    assert list(real.eval_reports.watch(dataset.id, started.id))[-1].status == "completed"
    real.evaluators.delete(asked.id)


def test_a_score_is_given_once_changed_and_deleted(real: Client, dataset: Dataset) -> None:
    log_id = next(iter(real.dataset_logs.iterate(dataset.id))).id
    made = real.scores.create_for_log(log_id, evaluator_slug="client_tone", numerical_value=2, scorer="bob")
    with pytest.raises(Conflict):
        real.scores.create_for_log(log_id, evaluator_slug="client_tone", numerical_value=3, scorer="bob")
    assert real.scores.update(made.id, numerical_value=5, explanation="kinder").explanation == "kinder"
    assert real.scores.get(made.id).score_value == 5
    assert real.scores.replace(made.id, string_value="fine").numerical_value is None
    assert made.id in {one.id for one in real.scores.list_for_log(log_id).results}
    assert [one.id for one in real.scores.list({"evaluator_slug": "client_tone"}).results] == [made.id]
    real.scores.delete(made.id)
    with pytest.raises(NotFound):
        real.scores.get(made.id)


def test_a_provider_is_added_tested_and_removed_and_its_key_is_never_told(real: Client, server: Any) -> None:
    seen: list[bytes] = []
    with Client(api_key=server.api_key, base_url=server.url, on_response=lambda *all: seen.append(all[3])) as client:
        made = client.providers.create(
            "client-house",
            "openai",
            key=SECRET,
            base_url="http://127.0.0.1:9/v1",
            models=["small"],
            prices={"small": {"input_usd": 1, "output_usd": 2}},
            limits={"max_concurrency": 2},
        )
        assert made.has_key
        assert made.prices["small"].output_usd == 2
        assert made.limits is not None
        assert made.limits.max_concurrency == 2
        tried = client.providers.test(made.name)
        assert (tried.is_working, tried.error_kind) == (False, "connection")
        assert not client.providers.update(made.id, key=None).has_key
        assert client.providers.test("scripted").is_working
        assert {"client-house", "scripted"} <= {one.name for one in client.providers.list().results}
        client.providers.delete(made.id)
        with pytest.raises(NotFound):
            client.providers.get(made.id)
    assert not any(SECRET.encode() in body for body in seen)


def test_an_automation_is_made_switched_and_deleted_with_its_condition(real: Client, code: Evaluator) -> None:
    policy = {"rules": [{"field": "cost", "operator": "greater_than", "value": 1}], "connector": "AND"}
    condition = real.conditions.create("Dear", "client-dear", policy)
    assert real.conditions.update(condition.id, description="costly").description == "costly"
    made = real.automations.create("Dear", "client-dear", condition.id, [code.evaluator_slug], sampling_rate=0.25)
    assert (made.is_enabled, made.configuration.sampling_rate) == (False, 0.25)
    assert [one.evaluator_slug for one in made.evaluator_details] == [code.evaluator_slug]
    assert real.automations.update("client-dear", is_enabled=True, sampling_rate=1).is_enabled
    assert made.id in {one.id for one in real.automations.iterate(search="dear")}
    found = real.automations.events(made.id)
    assert (found.results, set(found.decision_counts.values()) <= {0}) == ([], True)
    with pytest.raises(Conflict):
        real.conditions.delete(condition.id)
    real.automations.delete(made.id)
    real.conditions.delete(condition.id)
    assert "client-dear" not in {one.condition_slug for one in real.conditions.iterate()}


def test_a_wrong_definition_is_refused_by_field(real: Client) -> None:
    with pytest.raises(Invalid) as caught:
        real.evaluators.create("Wrong", type="llm", llm_config={"model": 7, "evaluator_definition": "x"})
    assert "llm_config.model" in caught.value.fields
