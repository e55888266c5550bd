"""Reports as people ask for them: what is pinned, wished, filtered, explained, forgotten and deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from assay.model.dataset import DatasetLog
from assay.model.errors import Conflict, NotFound
from assay.model.eval_report import EvalReport, RunSettings
from assay.model.evaluator import Choice, Evaluator
from assay.model.ids import new_uuid
from assay.model.page import PageRequest
from assay.model.score import CellDetail, Score, ScoreValues
from assay.ports.eval_reports import RowsAsked
from assay.ports.store import Store, Stores
from tests.conformance.builders import (
    ALL,
    T0,
    at,
    change,
    draft,
    drafts,
    evaluator,
    logs_of,
    new_dataset,
    new_report,
    result,
)
from tests.conformance.conftest import Run

TRIALS = RunSettings(trials=3)
TOPICS = ["a", "b", "a", None, "b", "a"]


async def begin(store: Store, evaluators: list[Evaluator], **fields: Any) -> tuple[str, EvalReport, list[DatasetLog]]:
    """Make a dataset with a row for each of TOPICS and a report over it."""
    dataset = await new_dataset(store)
    rows = [draft(n, metadata={} if topic is None else {"topic": topic}) for n, topic in enumerate(TOPICS)]
    await store.dataset_logs.append(dataset, rows, change())
    report = await new_report(store, dataset, evaluators, 10, **fields)
    return dataset, report, await logs_of(store, dataset)


def human(store: Store) -> Evaluator:
    return evaluator(store, "people", "boolean", type="human")


async def tasks_of(store: Store, dataset: str, status: Any = None) -> list[str]:
    page = await store.annotations.list(status, dataset, None, ALL)
    return [task.log_id for task in page.items]


def test_a_report_may_name_the_version_that_it_is_over(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, _, _ = await begin(store, [evaluator(store, "judge")])
        await store.dataset_logs.append(dataset, drafts(10, 11), change("import", 20))
        older = await new_report(store, dataset, [evaluator(store, "judge")], 30, dataset_version=1)
        newest = await new_report(store, dataset, [evaluator(store, "judge")], 30)
        assert [(report.dataset_version, report.log_count) for report in (older, newest)] == [(1, 6), (2, 8)]
        with pytest.raises(NotFound, match="Version '3' not found"):
            await new_report(store, dataset, [evaluator(store, "judge")], 30, dataset_version=3)

    run(work())


def test_what_a_run_was_asked_for_is_read_back(store: Store, run: Run[Any]) -> None:
    settings = RunSettings(5, 1.25, 8, True, "metadata.topic", "llm", 42)

    async def work() -> None:
        dataset, report, _ = await begin(store, [evaluator(store, "judge")], settings=settings)
        assert (await store.eval_reports.get(dataset, report.id)).settings == settings
        assert report.cell_count == 30

    run(work())


def test_people_are_asked_about_every_row_of_the_version_once(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, [evaluator(store, "judge"), human(store)], settings=TRIALS)
        await store.dataset_logs.append(dataset, drafts(10), change("import", 20))
        assert await tasks_of(store, dataset, "pending") == [log.id for log in logs]
        assert (report.cell_count, report.awaited_count) == (24, 6)
        assert [task.method for task in report.tasks] == ["builtin", "human"]

    run(work())


@pytest.mark.parametrize("rest", ["paused", "waiting_for_annotations"])
def test_a_report_that_rests_is_cancelled_at_once(store: Store, stores: Stores, run: Run[Any], rest: Any) -> None:
    async def work() -> None:
        dataset, report, _ = await begin(store, [human(store)])
        await stores.runs.start(report.id, at(11))
        await stores.runs.settle(report.id, rest, {}, at(12))
        ended = await store.eval_reports.wish(dataset, report.id, "cancel", at(13))
        assert (ended.status, ended.cancel_reason, ended.completed_at) == ("cancelled", "request", at(13))
        assert (await store.datasets.get(dataset)).running_status == "cancelled"
        assert await tasks_of(store, dataset) == []
        reopened = await store.eval_reports.reopen_failed(dataset, report.id, at(14))
        assert (reopened.status, reopened.cancel_reason, reopened.is_cancel_requested) == ("pending", None, False)
        assert len(await tasks_of(store, dataset, "pending")) == 6

    run(work())


def test_a_pause_is_a_wish_until_the_report_rests_and_a_resume_sets_it_going(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset, report, _ = await begin(store, [evaluator(store, "judge")])
        await stores.runs.start(report.id, at(11))
        wished = await store.eval_reports.wish(dataset, report.id, "pause", at(12))
        assert (wished.status, wished.is_pause_requested) == ("running", True)
        withdrawn = await store.eval_reports.wish(dataset, report.id, "resume", at(13))
        assert (withdrawn.status, withdrawn.is_pause_requested) == ("running", False)
        await stores.runs.settle(report.id, "paused", {}, at(14))
        assert report.id not in await stores.runs.list_unfinished()
        resumed = await store.eval_reports.wish(dataset, report.id, "resume", at(15))
        assert (resumed.status, resumed.is_pause_requested) == ("pending", False)
        assert report.id in await stores.runs.list_unfinished()

    run(work())


def test_no_wish_changes_a_finished_report(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, [evaluator(store, "judge")])
        await stores.runs.record(report.id, [result(log, 0, 1.0) for log in logs], at(20))
        ended = await stores.runs.settle(report.id, "completed", {}, at(30))
        for wish in ("cancel", "pause", "resume"):
            assert await store.eval_reports.wish(dataset, report.id, wish, at(40)) == ended  # type: ignore[arg-type]

    run(work())


def test_opening_again_forgets_how_failed_cells_came_about_and_what_they_cost(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    detail = CellDetail(messages=({"role": "user", "content": "é" * 500},), reply="yes", model="m")

    async def work() -> None:
        dataset, report, logs = await begin(store, [evaluator(store, "judge")])
        cells = [
            result(logs[0], 0, 1.0, cost_usd=0.5, input_tokens=10, output_tokens=1, detail=detail),
            result(logs[1], 0, None, "failed", cost_usd=0.25, input_tokens=20, output_tokens=2, detail=detail),
            result(logs[2], 0, None, "failed", cost_usd=None),
        ]
        await stores.runs.record(report.id, cells, at(20))
        (task,) = (await store.eval_reports.get(dataset, report.id)).tasks
        assert (task.cost_usd, task.unknown_cost_count, task.input_tokens, task.output_tokens) == (0.75, 1, 30, 3)
        await stores.runs.settle(report.id, "cancelled", {}, at(30), cancel_reason="budget")
        assert await store.eval_reports.details(dataset, report.id, logs[1].id) == {(0, 0): detail}
        await store.eval_reports.reopen_failed(dataset, report.id, at(40))
        (task,) = (await store.eval_reports.get(dataset, report.id)).tasks
        assert (task.cost_usd, task.unknown_cost_count, task.input_tokens, task.output_tokens) == (0.5, 0, 10, 1)
        assert await store.eval_reports.details(dataset, report.id, logs[0].id) == {(0, 0): detail}
        assert await store.eval_reports.details(dataset, report.id, logs[1].id) == {}

    run(work())


def test_a_report_is_deleted_with_its_cells_and_the_scores_stay(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, [evaluator(store, "judge"), human(store)])
        await stores.runs.start(report.id, at(11))
        with pytest.raises(Conflict, match="running"):
            await store.eval_reports.delete(dataset, report.id)
        cells = [result(log, 0, 1.0, detail=CellDetail(reply="x")) for log in logs]
        await stores.runs.record(report.id, cells, at(20))
        await stores.runs.settle(report.id, "cancelled", {}, at(30))
        await store.eval_reports.delete(dataset, report.id)
        with pytest.raises(NotFound):
            await store.eval_reports.get(dataset, report.id)
        assert await tasks_of(store, dataset) == []
        (score,) = (await store.scores.list_for_logs(dataset, [logs[0].id]))[logs[0].id]
        assert (score.values.numerical_value, score.eval_report_id) == (1.0, None)

    run(work())


def test_a_report_is_found_without_its_dataset_but_not_by_another_organisation(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset, report, _ = await begin(store, [evaluator(store, "judge")])
        assert await store.eval_reports.find(report.id) == report
        other = await stores.access.create_organization(str(uuid4()), "another", T0)
        with pytest.raises(NotFound):
            await stores.within(other.id, "prod").eval_reports.find(report.id)
        await store.datasets.delete(dataset, at(20))
        for asked in (store.eval_reports.find(report.id), stores.runs.start(report.id, at(30))):
            with pytest.raises(NotFound):
                await asked

    run(work())


def test_what_moves_is_unfinished_or_changed_lately(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, old, logs = await begin(store, [evaluator(store, "judge")])
        await stores.runs.record(old.id, [result(log, 0, 1.0) for log in logs], at(20))
        await stores.runs.settle(old.id, "completed", {}, at(100))
        paused = await new_report(store, dataset, [evaluator(store, "judge")], 30)
        await stores.runs.settle(paused.id, "paused", {}, at(40))
        pending = await new_report(store, dataset, [evaluator(store, "judge")], 60)

        async def moving(since: float, most: int = 10) -> list[str]:
            return [report.id for report in await store.eval_reports.list_moving(at(since), most)]

        assert await moving(100) == [old.id, pending.id, paused.id]
        assert await moving(101) == [pending.id, paused.id]
        assert await moving(0, 1) == [old.id]
        await store.datasets.delete(dataset, at(200))
        assert await moving(0) == []

    run(work())


@pytest.mark.parametrize("is_finished", [False, True])
def test_rows_are_filtered_by_their_cells_over_trials_and_by_their_metadata(
    store: Store, stores: Stores, run: Run[Any], is_finished: bool
) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, [evaluator(store, "judge"), evaluator(store, "critic")],
                                            settings=TRIALS)  # fmt: skip
        values = [(0.0, 0.0, 0.0), (0.0, 0.5, 1.0), (1.0, 1.0, None), (0.25, 0.25, 0.25), (1.0, 1.0, 1.0)]
        cells = [
            result(log, 0, value, "failed" if value is None else "scored", trial=trial, is_passed=value == 1.0)
            for log, trials in zip(logs, values, strict=False)
            for trial, value in enumerate(trials)
        ]
        cells += [result(logs[5], 1, 7.0)]
        await stores.runs.record(report.id, cells, at(20))
        if is_finished:
            await stores.runs.settle(report.id, "cancelled", {}, at(30))
        place = {log.id: index for index, log in enumerate(logs)}

        async def listed(**asked: Any) -> list[int]:
            page = await store.eval_reports.page_rows(dataset, report.id, RowsAsked(**asked), ALL)
            assert page.total_count == len(page.items)
            return [place[row.log_id] for row in page.items]

        assert await listed(ordinal=0, order="ascending") == [0, 3, 1, 2, 4, 5]
        assert await listed(ordinal=0, order="descending") == [2, 4, 1, 3, 0, 5]
        assert await listed(ordinal=0, status="failed") == [2]
        assert await listed(ordinal=1, status="scored") == await listed(minimum=2.0) == [5]
        assert await listed(status="scored") == [0, 1, 2, 3, 4, 5]
        assert await listed(ordinal=0, is_passed=True) == [1, 2, 4]
        assert await listed(ordinal=0, minimum=0.25, maximum=0.5) == [1, 3]
        # Without an evaluator each cell speaks for itself.
        assert await listed(minimum=0.25, maximum=0.5) == [1, 3]
        assert await listed(minimum=0.5, maximum=0.5) == [1]
        assert await listed(label=("metadata.topic", "a")) == await listed(label=("topic", "a")) == [0, 2, 5]
        assert await listed(label=("metadata.topic", None)) == [3]
        assert await listed(label=("metadata.topic", "a"), ordinal=0, order="descending") == [2, 0, 5]
        assert await listed(label=("metadata.topic", "b"), ordinal=0, is_passed=True, order="ascending") == [1, 4]
        assert await listed(log_id=logs[4].id) == [4]
        assert await listed(log_id="none") == []
        asked = RowsAsked(ordinal=0, order="descending")
        page = await store.eval_reports.page_rows(dataset, report.id, asked, PageRequest(2, 2))
        assert ([place[row.log_id] for row in page.items], page.total_count) == ([1, 3], 6)
        outcomes = page.items[0].outcomes["judge"]
        assert [outcome.values.numerical_value for outcome in outcomes] == [0.0, 0.5, 1.0]
        await store.eval_reports.reopen_failed(dataset, report.id, at(40))
        assert await listed(ordinal=0, status="failed") == []

    run(work())


def test_the_labels_of_a_version_are_texts_by_row(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, [evaluator(store, "judge")])
        await store.dataset_logs.revise(
            dataset, logs[0].id, lambda _: draft(0, metadata={"topic": "z"}), change("update", 20)
        )
        expected = {log.id: topic for log, topic in zip(logs, TOPICS, strict=True)}
        assert await store.eval_reports.labels(dataset, report.id, "metadata.topic") == expected

    run(work())


def test_choices_with_numbers_are_numbers_in_the_columns_of_cells(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        choices = (Choice("good", 5), Choice("bad", 1), Choice("odd", "none"))
        judged = evaluator(store, "judge", "multi_select", categorical_choices=choices)
        dataset, report, logs = await begin(store, [judged])
        said: list[list[str]] = [["good"], ["good", "bad"], ["odd"], ["good", "odd"], []]
        cells = [result(log, 0, names) for log, names in zip(logs, said, strict=False)]
        await stores.runs.record(report.id, cells, at(20))
        found = await store.eval_reports.cells(dataset, report.id, 0)
        assert list(found.value) == [5.0, 3.0, None, None, None]
        assert [list(names or ()) for names in found.categories] == said

    run(work())


def test_people_speak_through_their_own_scores_and_through_corrections(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        judged = evaluator(store, "judge")
        dataset, report, logs = await begin(store, [judged])
        await stores.runs.record(report.id, [result(log, 0, 1.0) for log in logs], at(20))
        assert await store.eval_reports.human_values(dataset, report.id, 0) == {}
        (machine,) = (await store.scores.list_for_logs(dataset, [logs[0].id]))[logs[0].id]
        corrected = ScoreValues(numerical_value=0.25)
        await store.scores.correct(machine.id, corrected, None, "ada", at(30))
        given = Score(
            id=new_uuid(),
            log_id=logs[1].id,
            dataset_id=dataset,
            evaluator_id=judged.id,
            evaluator_slug="judge",
            evaluator_name="Judge",
            evaluator_type="llm",
            score_value_type="numerical",
            status="scored",
            values=ScoreValues(numerical_value=0.5),
            is_passed=None,
            created_at=at(30),
            environment="prod",
            scorer="ada",
        )
        await store.scores.record(given, "refuse")
        other = replace(given, id=new_uuid(), scorer="bob", values=ScoreValues(numerical_value=0.75))
        await store.scores.record(other, "refuse")
        found = await store.eval_reports.human_values(dataset, report.id, 0)
        assert {log: [value.numerical_value for value in values] for log, values in found.items()} == {
            logs[0].id: [0.25], logs[1].id: [0.5, 0.75],
        }  # fmt: skip

    run(work())
