"""Eval reports and their cells: pinned, recorded once, counted, ordered, finished, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from assay.filters.expression import EVERYTHING, Condition, Field, Operator
from assay.model.dataset import DatasetLog
from assay.model.errors import NotFound
from assay.model.eval_report import Cell, CellResult, EvalReport
from assay.model.evaluator import PassRule, ScoreRange
from assay.model.page import PageRequest, Sort
from assay.model.score import Outcome, ScoreValues
from assay.ports.eval_reports import RowsAsked
from assay.ports.store import Store, Stores
from tests.conformance.builders import (
    ALL,
    at,
    change,
    draft,
    drafts,
    evaluator,
    input_of,
    logs_of,
    new_dataset,
    new_report,
    result,
)
from tests.conformance.conftest import Run

END = 1 << 62


async def begin(store: Store, stores: Stores, rows: int, *slugs: str) -> tuple[str, EvalReport, list[DatasetLog]]:
    """Make a dataset of `rows` rows and a running report over it; return both with the rows."""
    dataset = await new_dataset(store)
    if rows:
        await store.dataset_logs.append(dataset, drafts(*range(rows)), change())
    report = await new_report(store, dataset, [evaluator(store, slug) for slug in slugs], 10)
    await stores.runs.start(report.id, at(11))
    return dataset, report, await logs_of(store, dataset)


def ordinals_of(cells: Sequence[Cell]) -> list[int]:
    return [cell.ordinal for cell in cells]


def counts_of(report: EvalReport) -> list[tuple[int, int, int]]:
    return [(task.scored_count, task.skipped_count, task.failed_count) for task in report.tasks]


def test_a_report_is_pinned_to_the_newest_version_and_to_its_evaluators(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(0, 1, 2), change())
        rule = PassRule("gte", 0.5)
        judged = evaluator(store, "judge", score_range=ScoreRange(0, 1, "x"), pass_rule=rule, parameters={"k": [1]})
        report = await new_report(store, dataset, [judged], 10)
        assert (report.dataset_version, report.log_count, report.status, report.cell_count) == (1, 3, "pending", 3)
        assert report.tasks[0].version == judged.current
        assert report.manifest == {"definition_hashes": [], "dataset_version": 1}
        assert await store.eval_reports.get(dataset, report.id) == report
        assert await store.eval_reports.get(dataset, report.tasks[0].id) == report
        assert (await store.datasets.get(dataset)).running_status == "pending"
        await store.dataset_logs.append(dataset, drafts(3), change(seconds=1))
        missing = await stores.runs.list_missing(report.id, 0, END)
        assert [(input_of(log), ordinals_of(cells)) for log, cells in missing] == [(0, [0]), (1, [0]), (2, [0])]
        for other_dataset, other_report in ((await new_dataset(store), report.id), (dataset, "none")):
            with pytest.raises(NotFound):
                await store.eval_reports.get(other_dataset, other_report)

    run(work())


def test_the_pinned_version_is_cut_into_ranges_that_hold_every_row_once(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(*range(8)), change())
        await store.dataset_logs.remove(dataset, ids[3], change("delete", 10))
        report = await new_report(store, dataset, [evaluator(store, "judge")], 20)
        for size, expected in ((3, [[0, 1, 2], [4, 5, 6], [7]]), (7, [[0, 1, 2, 4, 5, 6, 7]]), (100, None)):
            chunks = await stores.runs.list_chunks(report.id, size)
            found = [
                [input_of(log) for log, _ in await stores.runs.list_missing(report.id, first, last)]
                for first, last in chunks
            ]
            assert found == (expected or [[0, 1, 2, 4, 5, 6, 7]])

    run(work())


@pytest.mark.parametrize("has_versions", [False, True])
def test_a_report_over_no_rows_has_no_ranges_and_can_be_finished(
    store: Store, stores: Stores, run: Run[Any], has_versions: bool
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        if has_versions:
            await store.dataset_logs.append(dataset, drafts(0), change())
            await store.dataset_logs.remove_matching(dataset, EVERYTHING, change("delete all", 10))
        report = await new_report(store, dataset, [evaluator(store, "judge")], 20)
        assert (report.log_count, report.dataset_version) == (0, 2 if has_versions else 0)
        assert list(await stores.runs.list_chunks(report.id, 500)) == []
        await stores.runs.settle(report.id, "completed", {}, at(30))
        assert (await store.datasets.get(dataset)).running_progress == 100

    run(work())


def test_recording_the_same_cells_again_changes_nothing(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, stores, 3, "judge", "critic")
        ids = [log.id for log in logs]
        first = [result(logs[0], 0, 1.0, is_passed=True), result(logs[1], 0, None, "failed", error_message="no")]
        await stores.runs.record(report.id, first, at(20))
        before = (
            await store.eval_reports.get(dataset, report.id),
            await store.eval_reports.page_rows(dataset, report.id, RowsAsked(), ALL),
            await store.scores.list_for_logs(dataset, ids),
        )
        again = [result(logs[0], 0, 0.25), result(logs[1], 0, 0.75), first[0]]
        for cells in (first, again):
            state = await stores.runs.record(report.id, cells, at(20))
            assert state.finished_count == 2
            assert counts_of(await store.eval_reports.get(dataset, report.id)) == [(1, 0, 1), (0, 0, 0)]
        after = (
            await store.eval_reports.get(dataset, report.id),
            await store.eval_reports.page_rows(dataset, report.id, RowsAsked(), ALL),
            await store.scores.list_for_logs(dataset, ids),
        )
        assert after == before
        await stores.runs.record(report.id, [first[0], result(logs[2], 0, 3.0)], at(30))
        mixed = await store.eval_reports.get(dataset, report.id)
        assert (counts_of(mixed)[0], mixed.tasks[0].mean, mixed.tasks[0].passed_count) == ((2, 0, 1), 2.0, 1)

    run(work())


def test_what_is_missing_shrinks_as_cells_are_recorded(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, stores, 3, "judge", "critic")
        await stores.runs.record(report.id, [result(logs[0], 1, 1.0), result(logs[2], 0, 0.5)], at(20))
        missing = await stores.runs.list_missing(report.id, 0, END)
        assert [(log.id, ordinals_of(cells)) for log, cells in missing] == [
            (logs[0].id, [0]), (logs[1].id, [0, 1]), (logs[2].id, [1]),
        ]  # fmt: skip
        assert missing[0][0].content == logs[0].content
        assert (await store.datasets.get(dataset)).running_progress == 33
        in_range = await stores.runs.list_missing(report.id, logs[1].position, logs[1].position)
        assert [log.id for log, _ in in_range] == [logs[1].id]
        left = [result(log, cell.ordinal, 1.0) for log, cells in missing for cell in cells]
        done = await stores.runs.record(report.id, left, at(30))
        assert done.finished_count == report.cell_count == 6
        assert list(await stores.runs.list_missing(report.id, 0, END)) == []

    run(work())


def test_every_kind_of_outcome_comes_back_as_it_was_recorded(store: Store, stores: Stores, run: Run[Any]) -> None:
    outcomes = [
        Outcome("scored", ScoreValues(numerical_value=0.1 + 0.2), True, "why", attempts=3, cost_usd=0.01),
        Outcome("scored", ScoreValues(boolean_value=False), False, latency_seconds=1.5),
        Outcome("scored", ScoreValues(string_value="é ' \" :x %s")),
        Outcome("scored", ScoreValues(categorical_value=("ü", "b"))),
        Outcome("scored", ScoreValues(categorical_value=())),
        Outcome("scored", ScoreValues(json_value='{"z":1,"a":2}')),
        Outcome("skipped", explanation="does not apply"),
        Outcome("failed", error_kind="timeout", error_message="took too long", attempts=2),
    ]

    async def work() -> None:
        dataset, report, logs = await begin(store, stores, len(outcomes), "judge")
        cells = [CellResult(log.sequence, log.id, 0, outcome) for log, outcome in zip(logs, outcomes, strict=True)]
        await stores.runs.record(report.id, cells, at(20))
        page = await store.eval_reports.page_rows(dataset, report.id, RowsAsked(), ALL)
        assert [row.outcomes for row in page.items] == [{"judge": [outcome]} for outcome in outcomes]
        scores = await store.scores.list_for_logs(dataset, [log.id for log in logs])
        for log, outcome in zip(logs, outcomes, strict=True):
            (score,) = scores[log.id]
            assert (score.status, score.values, score.is_passed) == (outcome.status, outcome.values, outcome.is_passed)
            assert (score.eval_report_id, score.created_at, score.evaluator_slug) == (report.id, at(20), "judge")
        columns = await stores.runs.cells(report.id, 0)
        assert columns == await store.eval_reports.cells(dataset, report.id, 0)
        assert list(columns.status) == ["scored"] * 6 + ["skipped", "failed"]
        assert list(columns.value) == [0.1 + 0.2, 0.0, *[None] * 6]
        assert list(columns.categories) == [None, None, None, ("ü", "b"), (), None, None, None]
        assert list(columns.is_passed) == [True, False, *[None] * 6]
        assert list(columns.cost_usd) == [0.01, *[0.0] * 7]
        assert list(columns.log_id) == [log.id for log in logs]

    run(work())


def test_rows_are_listed_in_row_order_and_by_the_value_of_one_evaluator(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, stores, 6, "judge", "critic")
        numbers = [0.5, None, 0.9, 0.5, True, None]
        cells = [result(log, 1, value) for log, value in zip(logs, numbers, strict=True) if value is not None]
        cells.append(result(logs[1], 1, None, "failed"))
        await stores.runs.record(report.id, [*cells, *(result(log, 0, 9.0) for log in logs)], at(20))
        place = {log.id: index for index, log in enumerate(logs)}

        async def listed(**asked: Any) -> list[int]:
            page = await store.eval_reports.page_rows(dataset, report.id, RowsAsked(**asked), ALL)
            assert page.total_count == len(page.items)
            return [place[row.log_id] for row in page.items]

        assert await listed() == [0, 1, 2, 3, 4, 5]
        assert await listed(ordinal=1, order="ascending") == [0, 3, 2, 4, 1, 5]
        assert await listed(ordinal=1, order="descending") == [4, 2, 0, 3, 1, 5]
        assert await listed(status="failed") == [1]
        assert await listed(status="failed", ordinal=0) == []
        assert await listed(status="scored", ordinal=1, order="descending") == [4, 2, 0, 3]
        page = await store.eval_reports.page_rows(
            dataset, report.id, RowsAsked(ordinal=1, order="ascending"), PageRequest(2, 2)
        )
        assert ([place[row.log_id] for row in page.items], page.total_count) == ([2, 4], 6)

    run(work())


def test_the_rows_of_a_report_are_those_that_it_judged(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, stores, 2, "judge")
        await stores.runs.record(report.id, [result(log, 0, 1.0) for log in logs], at(20))
        await store.dataset_logs.revise(dataset, logs[0].id, lambda _: draft("new"), change("update", 30))
        await store.dataset_logs.remove(dataset, logs[1].id, change("delete", 40))
        page = await store.eval_reports.page_rows(dataset, report.id, RowsAsked(), ALL)
        assert [row.log_sequence for row in page.items] == [log.sequence for log in logs]
        again = await new_report(store, dataset, [evaluator(store, "judge")], 50)
        missing = await stores.runs.list_missing(again.id, 0, END)
        assert [input_of(log) for log, _ in missing] == ["new"]

    run(work())


def test_a_report_is_pending_then_running_then_finished(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(0), change())
        report = await new_report(store, dataset, [evaluator(store, "judge")], 10)
        assert report.id in await stores.runs.list_unfinished()
        started = await stores.runs.start(report.id, at(20))
        assert (started.status, started.started_at) == ("running", at(20))
        assert (await stores.runs.start(report.id, at(30))).started_at == at(20)
        assert report.id in await stores.runs.list_unfinished()
        (log,) = await logs_of(store, dataset)
        await stores.runs.record(report.id, [result(log, 0, 0.5)], at(40))
        ended = await stores.runs.settle(report.id, "completed", {0: {"mean": 0.5}}, at(50))
        assert (ended.status, ended.completed_at, ended.tasks[0].summary) == ("completed", at(50), {"mean": 0.5})
        assert report.id not in await stores.runs.list_unfinished()
        assert (await stores.runs.start(report.id, at(60))).status == "completed"
        found = await store.datasets.get(dataset)
        assert (found.running_status, found.running_progress) == ("completed", 100)
        with pytest.raises(NotFound):
            await stores.runs.start("none", at(0))

    run(work())


def test_a_cancel_is_a_wish_for_what_runs_and_nothing_for_what_ended(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset, report, _ = await begin(store, stores, 1, "judge")
        asked = await store.eval_reports.wish(dataset, report.id, "cancel", at(20))
        assert (asked.status, asked.is_cancel_requested) == ("running", True)
        await stores.runs.settle(report.id, "cancelled", {}, at(30))
        ended = await store.eval_reports.get(dataset, report.id)
        assert await store.eval_reports.wish(dataset, report.id, "cancel", at(40)) == ended

    run(work())


def test_opening_again_forgets_the_failed_cells_only(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, report, logs = await begin(store, stores, 3, "judge")
        cells = [result(logs[0], 0, 1.0), result(logs[1], 0, None, "failed"), result(logs[2], 0, None, "skipped")]
        await stores.runs.record(report.id, cells, at(20))
        await store.eval_reports.wish(dataset, report.id, "cancel", at(25))
        await stores.runs.settle(report.id, "failed", {}, at(30), error_message="it broke")
        opened = await store.eval_reports.reopen_failed(dataset, report.id, at(40))
        assert (opened.status, opened.completed_at, opened.error_message) == ("pending", None, None)
        assert (opened.is_cancel_requested, counts_of(opened)) == (False, [(1, 1, 0)])
        assert opened.id in await stores.runs.list_unfinished()
        missing = await stores.runs.list_missing(report.id, 0, END)
        assert [log.id for log, _ in missing] == [logs[1].id]
        await stores.runs.record(report.id, [result(logs[1], 0, 0.0)], at(50))
        done = await store.eval_reports.get(dataset, report.id)
        assert (counts_of(done), done.tasks[0].mean) == ([(2, 1, 0)], 0.5)
        scores = await store.scores.list_for_logs(dataset, [logs[1].id])
        assert scores[logs[1].id][0].values.numerical_value == 0.0

    run(work())


def test_reports_are_listed_filtered_and_sorted(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, other = await new_dataset(store), await new_dataset(store)
        reports = [await new_report(store, dataset, [], seconds) for seconds in (0, 2, 1)]
        await new_report(store, other, [])
        await stores.runs.settle(reports[1].id, "completed", {}, at(50))
        newest = Sort("created_at", descending=True)
        page = await store.eval_reports.list(dataset, EVERYTHING, newest, PageRequest(1, 2))
        assert ([report.id for report in page.items], page.total_count) == ([reports[1].id, reports[2].id], 3)
        is_pending = Condition(Field("status"), Operator.EQUAL, ("pending",))
        page = await store.eval_reports.list(dataset, is_pending, Sort("created_at"), ALL)
        assert [report.id for report in page.items] == [reports[0].id, reports[2].id]

    run(work())
