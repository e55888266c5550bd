"""Which request each call about evaluation makes, and how its answers read."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from assay.model.errors import Conflict
from assay.sdk import AsyncClient, Client
from assay.sdk.report_types import ReportSnapshot
from tests.sdk.recorder import Answer, Recorder, page

EVALUATOR = {"id": "e", "name": "n", "evaluator_slug": "s"}
REPORT = {"id": "r", "dataset_id": "d", "status": "running", "evaluator_slugs": ["s"]}
PROVIDER = {"id": "p", "name": "house", "kind": "openai"}
SCORE = {"id": "c"}
CONDITION = {"id": "k", "condition_slug": "refunds", "name": "Refunds"}
AUTOMATION = {"id": "a", "automation_slug": "refunds", "name": "Refunds", "condition": CONDITION}
ABOUT = {"report_id": "r", "evaluator_slug": "s"}
OF_REPORT = "/api/datasets/d/eval-reports/r"

CALLS: list[tuple[Callable[[Client], object], Any, str, str, Any]] = [
    (
        lambda c: c.evaluators.create("n", type="llm", llm_config={"model": "scripted"}, tags=["a"]),
        EVALUATOR,
        "POST",
        "/api/evaluators/",
        {"name": "n", "type": "llm", "llm_config": {"model": "scripted"}, "tags": ["a"]},
    ),
    (
        lambda c: c.evaluators.duplicate("s:2", name="copy"),
        EVALUATOR,
        "POST",
        "/api/evaluators/",
        {"source_evaluator_id": "s:2", "name": "copy"},
    ),
    (
        lambda c: c.evaluators.update("s", passing_conditions=None),
        EVALUATOR,
        "PATCH",
        "/api/evaluators/s/",
        {"passing_conditions": None},
    ),
    (
        lambda c: c.evaluators.replace("s", "m", type="human"),
        EVALUATOR,
        "PUT",
        "/api/evaluators/s/",
        {"name": "m", "type": "human"},
    ),
    (lambda c: c.evaluators.delete("s"), None, "DELETE", "/api/evaluators/s/", None),
    (
        lambda c: c.evaluators.run("s", log_ids=["l"], dataset_id="d", generation_method="code"),
        {"score": 1, "results": [{"score": 1}, {"score": None}]},
        "POST",
        "/api/evaluators/s/run/",
        {"log_ids": ["l"], "dataset_id": "d", "generation_method": "code"},
    ),
    (
        lambda c: c.evaluators.bench("s", "d", sample_size=5, seed=7, draft={"name": "m"}, version="gold"),
        {"evaluator_id": "e", "version": 1, "dataset_id": "d", "dataset_version": 2},
        "POST",
        "/api/evaluators/s/bench/",
        {
            "dataset_id": "d",
            "sample_size": 5,
            "seed": 7,
            "compare": True,
            "draft": {"name": "m"},
            "version": "gold",
        },
    ),
    (lambda c: c.evaluators.versions("s"), page([EVALUATOR]), "GET", "/api/evaluators/s/versions/", None),
    (lambda c: c.evaluators.get_version("s", 0), EVALUATOR, "GET", "/api/evaluators/s/versions/0/", None),
    (
        lambda c: c.evaluators.commit("s", "why", description="x"),
        EVALUATOR,
        "POST",
        "/api/evaluators/s/versions/",
        {"version_description": "why", "description": "x"},
    ),
    (
        lambda c: c.eval_reports.create(
            "d",
            ["s"],
            dataset_version="gold",
            generation_method="llm",
            trials=3,
            budget_usd=0.5,
            max_concurrency=8,
            cache=False,
            cluster_by="metadata.topic",
            seed=1,
            name=None,
        ),
        REPORT,
        "POST",
        "/api/datasets/d/eval-reports/create",
        {
            "evaluator_slugs": ["s"],
            "dataset_version": "gold",
            "generation_method": "llm",
            "trials": 3,
            "budget_usd": 0.5,
            "max_concurrency": 8,
            "cache": False,
            "cluster_by": "metadata.topic",
            "seed": 1,
        },
    ),
    (
        lambda c: c.eval_reports.repeat("d", {"format": "x"}, name="again"),
        REPORT,
        "POST",
        "/api/datasets/d/eval-reports/create",
        {"manifest": {"format": "x"}, "name": "again"},
    ),
    (lambda c: c.eval_reports.rerun("d", "r", trials=2), REPORT, "POST", f"{OF_REPORT}/rerun/", {"trials": 2}),
    (lambda c: c.eval_reports.pause("d", "r"), REPORT, "POST", f"{OF_REPORT}/pause/", {}),
    (lambda c: c.eval_reports.resume("d", "r"), REPORT, "POST", f"{OF_REPORT}/resume/", {}),
    (lambda c: c.eval_reports.delete("d", "r"), None, "DELETE", f"{OF_REPORT}/", None),
    (
        lambda c: c.eval_reports.row("d", "r", "l"),
        {"log_id": "l", "log": {"id": "l"}},
        "GET",
        f"{OF_REPORT}/rows/l/",
        None,
    ),
    (
        lambda c: c.eval_reports.slices("d", "r", "metadata.topic"),
        {**ABOUT, "by": "metadata.topic"},
        "GET",
        f"{OF_REPORT}/slices/",
        None,
    ),
    (lambda c: c.eval_reports.agreement("d", "r"), ABOUT, "GET", f"{OF_REPORT}/agreement/", None),
    (lambda c: c.eval_reports.power("d", "r", effect=0.1), ABOUT, "GET", f"{OF_REPORT}/power/", None),
    (lambda c: c.eval_reports.verify("d", "r"), {"is_verified": True}, "GET", f"{OF_REPORT}/verify/", None),
    (
        lambda c: c.eval_reports.verify("d", "r", manifest={"format": "x"}),
        {"is_verified": False},
        "POST",
        f"{OF_REPORT}/verify/",
        {"manifest": {"format": "x"}},
    ),
    (lambda c: c.eval_reports.export("d", "r", io.BytesIO()), b"{}\n", "GET", f"{OF_REPORT}/export/", None),
    (lambda c: c.providers.list(), page([PROVIDER]), "GET", "/api/providers/list/", None),
    (lambda c: c.providers.get("house"), PROVIDER, "GET", "/api/providers/house/", None),
    (
        lambda c: c.providers.create("house", "openai", key="secret", models=["m"]),
        PROVIDER,
        "POST",
        "/api/providers/",
        {"name": "house", "kind": "openai", "key": "secret", "models": ["m"]},
    ),
    (
        lambda c: c.providers.update("house", key=None),
        PROVIDER,
        "PATCH",
        "/api/providers/house/",
        {"key": None},
    ),
    (lambda c: c.providers.delete("house"), None, "DELETE", "/api/providers/house/", None),
    (
        lambda c: c.providers.test("house", model="m"),
        {"is_working": False, "message": "no"},
        "POST",
        "/api/providers/house/test/",
        {"model": "m"},
    ),
    (
        lambda c: c.scores.create("l", evaluator_slug="s", numerical_value=4, scorer="ann"),
        SCORE,
        "POST",
        "/api/scores/",
        {"log_id": "l", "evaluator_slug": "s", "numerical_value": 4, "scorer": "ann"},
    ),
    (
        lambda c: c.scores.create_for_log("l", evaluator_id="e", boolean_value=True),
        SCORE,
        "POST",
        "/api/logs/l/scores/",
        {"evaluator_id": "e", "boolean_value": True},
    ),
    (
        lambda c: c.scores.list({"evaluator_slug": "s"}),
        page([SCORE]),
        "POST",
        "/api/scores/list/",
        {"filters": {"evaluator_slug": "s"}},
    ),
    (lambda c: list(c.scores.iterate()), page([SCORE]), "GET", "/api/scores/list/", None),
    (lambda c: c.scores.list_for_log("l"), page([SCORE]), "GET", "/api/logs/l/scores/", None),
    (lambda c: c.scores.get("c"), SCORE, "GET", "/api/scores/c/", None),
    (
        lambda c: c.scores.update("c", numerical_value=None),
        SCORE,
        "PATCH",
        "/api/scores/c/",
        {"numerical_value": None},
    ),
    (lambda c: c.scores.replace("c", string_value="x"), SCORE, "PUT", "/api/scores/c/", {"string_value": "x"}),
    (lambda c: c.scores.delete("c"), None, "DELETE", "/api/scores/c/", None),
    (lambda c: c.annotation_tasks.list(), page([]), "GET", "/api/annotation-tasks/", None),
    (
        lambda c: c.conditions.create("Refunds", "refunds", {"rules": [], "connector": "AND"}),
        CONDITION,
        "POST",
        "/api/conditions/",
        {
            "name": "Refunds",
            "condition_slug": "refunds",
            "condition_type": "single_log",
            "condition_policy": {"rules": [], "connector": "AND"},
            "description": "",
        },
    ),
    (lambda c: c.conditions.list(), page([CONDITION]), "GET", "/api/conditions/", None),
    (lambda c: c.conditions.get("refunds"), CONDITION, "GET", "/api/conditions/refunds/", None),
    (lambda c: c.conditions.update("k", name="R"), CONDITION, "PATCH", "/api/conditions/k/", {"name": "R"}),
    (lambda c: c.conditions.delete("k"), None, "DELETE", "/api/conditions/k/", None),
    (
        lambda c: c.automations.create("Refunds", "refunds", "k", ["s"], sampling_rate=0.1, is_enabled=True),
        AUTOMATION,
        "POST",
        "/api/automations/",
        {
            "name": "Refunds",
            "automation_slug": "refunds",
            "automation_type": "online_eval",
            "condition": "k",
            "evaluator_ids": ["s"],
            "configuration": {"sampling_rate": 0.1},
            "is_enabled": True,
        },
    ),
    (lambda c: c.automations.list(search="ref"), page([AUTOMATION]), "GET", "/api/automations/", None),
    (lambda c: c.automations.get("a"), AUTOMATION, "GET", "/api/automations/a/", None),
    (
        lambda c: c.automations.update("a", sampling_rate=0.5, is_enabled=False),
        AUTOMATION,
        "PATCH",
        "/api/automations/a/",
        {"configuration": {"sampling_rate": 0.5}, "is_enabled": False},
    ),
    (lambda c: c.automations.delete("a"), None, "DELETE", "/api/automations/a/", None),
    (
        lambda c: c.automations.events("a", decision="failed"),
        page([], decision_counts={"failed": 2}),
        "GET",
        "/api/automations/a/events/",
        None,
    ),
]


@pytest.mark.parametrize(("call", "answer", "method", "path", "body"), CALLS, ids=[f"{c[2]} {c[3]}" for c in CALLS])
def test_a_call_makes_the_request_of_the_contract(
    client: Client,
    recorder: Recorder,
    call: Callable[[Client], object],
    answer: Any,
    method: str,
    path: str,
    body: Any,
) -> None:
    recorder.will_answer(Answer(answer, status=204 if answer is None else 200))
    call(client)
    request = recorder.requests[0]
    assert (request.method, request.path) == (method, path)
    assert (request.json if request.body else None) == body


def test_rows_are_asked_for_by_every_filter(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(page([])))
    client.eval_reports.rows(
        "d", "r", has_logs=True, is_passed=False, min_score=1, max_score=2.5, label="metadata.topic:a", page_size=5
    )
    assert recorder.requests[0].query == {
        "include": "log",
        "is_passed": "false",
        "min_score": "1",
        "max_score": "2.5",
        "label": "metadata.topic:a",
        "page": "1",
        "page_size": "5",
    }


def test_a_second_score_of_one_scorer_on_a_log_is_a_conflict(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer({"error": "A score already exists"}, status=409))
    with pytest.raises(Conflict, match="already exists"):
        client.scores.create_for_log("l", evaluator_slug="s", boolean_value=True)


def test_a_call_that_runs_a_model_is_never_sent_twice(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(Answer(is_cut=True))
    with pytest.raises(Exception, match="broke"):
        client.evaluators.run("s", {"output": "x"})
    assert len(recorder.requests) == 1


def events(*snapshots: dict[str, Any]) -> bytes:
    told = (json.dumps({"reports": [snapshot], "jobs": []}) for snapshot in snapshots)
    return b": begins\n\n" + b"".join(f"event: progress\ndata: {one}\n\n".encode() for one in told)


MOVING = {"id": "r", "dataset_id": "d", "status": "running", "state": "running", "cell_count": 4, "shoe_size": 43}
STREAM = Answer(
    events({**MOVING, "finished_count": 1, "eta_seconds": 3.5}, {**MOVING, "finished_count": 4, "status": "completed"}),
    headers={"content-type": "text/event-stream"},
)


def test_watching_tells_what_the_stream_tells_until_the_end(client: Client, recorder: Recorder) -> None:
    recorder.will_answer(STREAM)
    told = list(client.eval_reports.watch("d", "r"))
    assert [(one.finished_count, one.eta_seconds) for one in told] == [(1, 3.5), (4, None)]
    request = recorder.requests[0]
    assert (request.path, request.query) == ("/api/events/", {"report_id": "r"})
    assert request.headers["accept"] == "text/event-stream"
    assert len(recorder.requests) == 1


def test_watching_works_in_the_event_loop(recorder: Recorder) -> None:
    async def watched() -> list[ReportSnapshot]:
        async with AsyncClient(api_key="abcdefgh.secret", base_url=recorder.url) as client:
            return [one async for one in client.eval_reports.watch("d", "r")]

    recorder.will_answer(STREAM)
    assert [one.finished_count for one in asyncio.run(watched())] == [1, 4]


def test_watching_looks_where_there_is_no_stream(client: Client, recorder: Recorder) -> None:
    report = {**REPORT, "progress": {"finished_count": 4, "cell_count": 4, "percent": 100}, "status": "completed"}
    recorder.will_answer(
        lambda request: Answer({"detail": "Not Found"}, status=404) if "events" in request.path else Answer(report)
    )
    told = list(client.eval_reports.watch("d", "r"))
    assert [(one.status, one.finished_count) for one in told] == [("completed", 4)]


def test_watching_goes_on_where_the_stream_breaks(client: Client, recorder: Recorder) -> None:
    first = Answer(events({**MOVING, "finished_count": 1}), length=10_000)
    recorder.will_answer(first, Answer({**REPORT, "state": "running"}), STREAM)
    told = list(client.eval_reports.watch("d", "r"))
    assert [one.finished_count for one in told] == [1, 0, 1, 4]


@pytest.mark.parametrize("state", ["paused", "waiting_for_annotations"])
def test_waiting_ends_where_only_people_can_move_a_run(client: Client, recorder: Recorder, state: str) -> None:
    recorder.will_answer(Answer({**REPORT, "state": state, "awaited_count": 3}))
    assert client.eval_reports.wait("d", "r").state == state
    assert len(recorder.requests) == 1
