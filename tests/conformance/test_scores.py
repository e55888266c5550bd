"""Scores on rows, on request logs and on logs known elsewhere: one list, one verdict an evaluator and scorer."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Not, Operator, Or
from assay.filters.log_query import LogQuery
from assay.filters.match import matches
from assay.model.errors import Conflict, NotFound
from assay.model.eval_report import EvalReport, EvalTask, RunSettings
from assay.model.evaluator import Evaluator
from assay.model.ids import new_uuid
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count
from assay.model.score import Score, ScoreValues
from assay.ports.store import Store, Stores
from tests.conformance.builders import ALL, T0, at, change, draft, drafts, evaluator, logs_of, new_dataset, result
from tests.conformance.conftest import Run
from tests.conformance.log_builders import BOTH, log_draft, new_organization, record

NEWEST = Sort("created_at", descending=True)
FORTY_TWO = ScoreValues(numerical_value=42.0)


def score(log_id: str, slug: str = "tone", value: ScoreValues = FORTY_TWO, **fields: Any) -> Score:
    """Return what somebody says of a log, by an evaluator that is registered unless `evaluator_id` is None."""
    named = {
        "dataset_id": None,
        "evaluator_id": f"id of {slug}",
        "evaluator_name": slug.title(),
        "evaluator_type": "llm",
        "score_value_type": "numerical",
        "status": "scored",
        "is_passed": None,
        "created_at": T0,
        "environment": "prod",
        "scorer": "api",
        **fields,
    }
    return Score(id=new_uuid(), log_id=log_id, evaluator_slug=slug, values=value, **named)


async def give(store: Store, spoken: Score) -> Score:
    """Store a score, in the place of one that stands there."""
    return (await store.scores.record(spoken, "replace")).score


async def listed(store: Store, expression: Expression = EVERYTHING, sort: Sort = NEWEST) -> list[Score]:
    """Return all scores that match."""
    return list((await store.scores.list(expression, sort, ALL)).items)


def test_a_score_comes_back_as_it_was_given_on_a_row_on_a_log_and_on_a_log_known_elsewhere(
    store: Store, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        (row,), _ = await store.dataset_logs.append(dataset, drafts(1), change())
        (log,) = await record(store, [log_draft(1)])
        values = ScoreValues(0.1, False, "ünïcode 😀", ("b", "a", ""), '{"z": 1.10}')
        full = {
            "is_passed": False,
            "explanation": "because",
            "scorer": "ann@example.com",
            "prompt_id": "p",
            "prompt_version_number": 3,
            "automation_id": "auto",
            "cost_usd": None,
            "evaluator_id": None,
        }
        for log_id, owner in ((row, dataset), (log, None), ("known elsewhere", None), ("", None)):
            spoken = score(log_id, value=values, dataset_id=owner, **full)
            recorded = await store.scores.record(spoken, "refuse")
            assert (recorded.score, recorded.is_new, recorded.settled_report_ids) == (spoken, True, ())
            assert await store.scores.get(spoken.id) == spoken
        assert [await store.scores.find_log(id_) for id_ in (row, log, "known elsewhere")] == [dataset, "", None]
        assert len(await listed(store)) == 4

    run(work())


def test_a_score_is_for_its_own_organisation_only(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        mine, other = (await new_organization(stores))["prod"], (await new_organization(stores))["prod"]
        dataset = await new_dataset(mine)
        (row,), _ = await mine.dataset_logs.append(dataset, drafts(1), change())
        (log,) = await record(mine, [log_draft(1)])
        spoken = [await give(mine, score(row, dataset_id=dataset)), await give(mine, score(log))]
        assert await other.scores.find_log(row) is None
        assert await other.scores.find_log(log) is None
        assert await listed(other) == []
        assert await other.scores.list_for_request_logs([log]) == {}
        for one in spoken:
            for attempt in (
                other.scores.get(one.id),
                other.scores.correct(one.id, FORTY_TWO, None, "them", at(1)),
                other.scores.delete(one.id, at(1)),
            ):
                with pytest.raises(NotFound):
                    await attempt
        with pytest.raises(NotFound):
            await other.scores.record(score(row, dataset_id=dataset), "replace")
        assert sorted(one.id for one in await listed(mine)) == sorted(one.id for one in spoken)

    run(work())


@pytest.mark.parametrize("is_row", [True, False])
def test_each_scorer_has_one_score_an_evaluator_and_log(store: Store, run: Run[Any], is_row: bool) -> None:
    async def work() -> None:
        owner = await new_dataset(store) if is_row else None
        log_id = "known elsewhere"
        if owner is not None:
            (log_id,), _ = await store.dataset_logs.append(owner, drafts(1), change())
        first = await give(store, score(log_id, dataset_id=owner))
        with pytest.raises(Conflict, match="A score already exists for this evaluator in this log"):
            await store.scores.record(score(log_id, dataset_id=owner), "refuse")
        beside = [
            await give(store, score(log_id, dataset_id=owner, scorer="")),
            await give(store, score(log_id, dataset_id=owner, scorer="ann")),
            await give(store, score(log_id, "other", dataset_id=owner)),
            # A slug that nobody registered is not the evaluator with that slug.
            await give(store, score(log_id, dataset_id=owner, evaluator_id=None)),
            await give(store, score("another log")),
        ]
        new = score(log_id, value=ScoreValues(boolean_value=True), dataset_id=owner, created_at=at(9), explanation="x")
        recorded = await store.scores.record(new, "replace")
        assert not recorded.is_new
        assert recorded.score == replace(new, id=first.id, created_at=T0, updated_at=at(9))
        assert sorted(one.id for one in await listed(store)) == sorted(one.id for one in (first, *beside))

    run(work())


def test_of_many_who_give_the_same_score_at_once_one_is_the_first(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        tries = [store.scores.record(score("log", created_at=at(n)), "refuse") for n in range(12)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 11
        tries = [store.scores.record(score("log", scorer="b", created_at=at(n)), "replace") for n in range(12)]
        assert sum(recorded.is_new for recorded in await asyncio.gather(*tries)) == 1
        assert len(await listed(store)) == 2

    run(work())


# Corrections ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_row", [True, False])
def test_a_machines_score_keeps_what_it_said_before_its_first_correction(
    store: Store, run: Run[Any], is_row: bool
) -> None:
    async def work() -> None:
        owner = await new_dataset(store) if is_row else None
        log_id = "known elsewhere"
        if owner is not None:
            (log_id,), _ = await store.dataset_logs.append(owner, drafts(1), change())
        failed = score(
            log_id, value=ScoreValues(), dataset_id=owner, scorer="", status="failed", error_message="timeout"
        )
        said = replace(failed, id=new_uuid(), evaluator_id="other", status="scored", values=FORTY_TWO, explanation="so")
        for spoken in (failed, said):
            await give(store, spoken)
            values, later = ScoreValues(numerical_value=1.0), ScoreValues(string_value="no")
            once = await store.scores.correct(spoken.id, values, True, "key", at(5))
            assert (once.values, once.is_passed, once.original) == (values, True, spoken.values)
            assert (once.corrected_by, once.updated_at, once.explanation) == ("key", at(5), spoken.explanation)
            assert (once.status, once.error_message, once.scorer) == ("scored", None, "")
            twice = await store.scores.correct(spoken.id, later, None, "other", at(6), "for a reason")
            assert (twice.values, twice.original, twice.corrected_by) == (later, spoken.values, "other")
            assert twice.explanation == "for a reason"
            assert (await store.scores.correct(spoken.id, later, None, "x", at(7), "")).explanation is None
            assert await store.scores.get(spoken.id) == replace(
                twice, corrected_by="x", updated_at=at(7), explanation=None
            )

    run(work())


def test_what_a_person_says_anew_is_no_correction(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        spoken = await give(store, score("log"))
        changed = await store.scores.correct(spoken.id, ScoreValues(boolean_value=True), None, "key", at(5))
        assert changed == replace(spoken, values=ScoreValues(boolean_value=True), updated_at=at(5))

    run(work())


def test_a_run_does_not_overwrite_what_a_person_corrected(stores: Stores, store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, judge = await new_dataset(store), evaluator(store, "judge")
        (row,), _ = await store.dataset_logs.append(dataset, drafts(1), change())
        (log,) = await logs_of(store, dataset)
        report = await new_report(store, dataset, judge)
        await stores.runs.record(report.id, [result(log, 0, 0.5)], at(1))
        (spoken,) = (await store.scores.list_for_logs(dataset, [row]))[row]
        corrected = await store.scores.correct(spoken.id, ScoreValues(numerical_value=1.0), True, "key", at(2))
        again = await new_report(store, dataset, judge)
        await stores.runs.record(again.id, [result(log, 0, 0.25)], at(3))
        assert (await store.scores.list_for_logs(dataset, [row]))[row] == [corrected]

    run(work())


# The list -------------------------------------------------------------------------------------------------------------

_SLUGS, _SCORERS, _LOGS = ("a", "B", "é"), ("", "api", "ann"), ("x", "y", "z")
_NUMBERS = (None, 0.0, 1.0, -2.5, 0.1)
_TEXTS = (None, "", "a", "ab", "B")


async def _many(store: Store, seed: int) -> list[dict[str, Any]]:
    """Give random scores of every kind; return them as `matches` takes them."""
    draw = random.Random(seed)
    dataset = await new_dataset(store)
    rows, _ = await store.dataset_logs.append(dataset, drafts(*range(6)), change())
    shown = []
    for slug in _SLUGS:
        for scorer in _SCORERS:
            for log_id in (*rows, *_LOGS):
                if draw.random() < 0.3:
                    continue
                value = ScoreValues(draw.choice(_NUMBERS), draw.choice((None, True, False)), draw.choice(_TEXTS))
                spoken = score(
                    log_id,
                    slug,
                    value,
                    dataset_id=dataset if log_id in rows else None,
                    evaluator_id=draw.choice((None, slug)),
                    scorer=scorer,
                    created_at=at(draw.randrange(4)),
                    environment=draw.choice(BOTH),
                    is_passed=draw.choice((None, True, False)),
                    status=draw.choice(("scored", "failed")),
                    automation_id=draw.choice((None, "auto")),
                )
                stored = await store.scores.record(spoken, "refuse")
                shown.append(_as_row(stored.score))
    return shown


def _as_row(one: Score) -> dict[str, Any]:
    fields = ("id", "created_at", "updated_at", "log_id", "dataset_id", "evaluator_id", "evaluator_slug", "status")
    more = ("score_value_type", "environment", "automation_id", "evaluator_name")
    return {
        **{name: getattr(one, name) for name in (*fields, *more)},
        "numerical_value": one.values.numerical_value,
        "boolean_value": one.values.boolean_value,
        "string_value": one.values.string_value,
        "type": one.evaluator_type,
        "is_passed": bool(one.is_passed),
        "scorer": one.scorer or None,
    }


_CONDITIONS = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(("evaluator_slug", "evaluator_id", "scorer", "log_id", "string_value", "dataset_id")).map(
            Field
        ),
        st.sampled_from((Operator.EQUAL, Operator.NOT, Operator.LT, Operator.GTE, Operator.CONTAINS)),
        st.sampled_from((*_SLUGS, *_SCORERS, *_LOGS, "nothing")).map(lambda value: (value,)),
    ),
    st.builds(
        Condition,
        st.sampled_from(("numerical_value",)).map(Field),
        st.sampled_from((Operator.EQUAL, Operator.NOT, Operator.LT, Operator.GTE)),
        st.sampled_from(_NUMBERS[1:]).map(lambda value: (value,)),
    ),
    st.builds(
        Condition,
        st.sampled_from(("created_at",)).map(Field),
        st.sampled_from((Operator.EQUAL, Operator.LT, Operator.GTE)),
        st.integers(0, 3).map(lambda seconds: (at(seconds),)),
    ),
    st.builds(
        Condition,
        st.sampled_from(("is_passed", "boolean_value")).map(Field),
        st.sampled_from((Operator.EQUAL, Operator.NOT)),
        st.booleans().map(lambda value: (value,)),
    ),
    st.builds(
        Condition,
        st.sampled_from(("dataset_id", "scorer", "evaluator_id", "automation_id", "numerical_value")).map(Field),
        st.just(Operator.ISNULL),
        st.booleans().map(lambda value: (value,)),
    ),
)
_EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    _CONDITIONS,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=4,
)
_SORTED_BY = (
    *("created_at", "id", "log_id", "evaluator_slug", "evaluator_id", "scorer", "dataset_id", "numerical_value"),
    *("is_passed", "string_value", "boolean_value", "environment", "status", "type", "automation_id", "updated_at"),
)


@pytest.fixture(scope="module")
def filled(stores: Stores, run: Run[Any]) -> tuple[Store, list[dict[str, Any]]]:
    """Random scores in a store of each kind, beside those of somebody else."""

    async def work() -> tuple[Store, list[dict[str, Any]]]:
        mine, other = (await new_organization(stores))["prod"], (await new_organization(stores))["prod"]
        await _many(other, 2)
        return mine, await _many(mine, 1)

    return run(work())


def _in_order(rows: list[dict[str, Any]], sort: Sort) -> list[str]:
    def key(row: dict[str, Any]) -> Any:
        value = row[sort.field]
        return (value.encode() if isinstance(value, str) else value, row["id"])

    there = [row for row in rows if row[sort.field] is not None]
    missing = [row for row in rows if row[sort.field] is None]
    ordered = sorted(there, key=key, reverse=sort.descending)
    return [row["id"] for row in ordered + sorted(missing, key=lambda row: row["id"], reverse=sort.descending)]


@settings(max_examples=150)
@given(
    expression=st.just(EVERYTHING) | _EXPRESSIONS,
    sort=st.builds(Sort, st.sampled_from(_SORTED_BY), st.booleans()),
    page=st.builds(PageRequest, st.integers(1, 3), st.sampled_from((1, 7, 200))),
)
def test_the_list_of_all_scores_is_that_of_those_that_match_in_order(
    filled: tuple[Store, list[dict[str, Any]]], run: Run[Any], expression: Expression, sort: Sort, page: PageRequest
) -> None:
    store, rows = filled
    expected = _in_order([row for row in rows if matches(expression, row)], sort)
    found = run(store.scores.list(expression, sort, page))
    assert [one.id for one in found.items] == expected[page.offset : page.offset + page.size]
    assert found.count == Count(len(expected))
    assert found.has_more == (len(expected) > page.offset + page.size)


def test_scores_of_a_deleted_dataset_are_out_of_reach_at_once(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        (row,), _ = await store.dataset_logs.append(dataset, drafts(1), change())
        spoken, beside = await give(store, score(row, dataset_id=dataset)), await give(store, score("log"))
        await store.datasets.delete(dataset, at(1))
        assert await listed(store) == [beside]
        assert await store.scores.find_log(row) is None
        for attempt in (
            store.scores.get(spoken.id),
            store.scores.correct(spoken.id, FORTY_TWO, None, "key", at(2)),
            store.scores.delete(spoken.id, at(2)),
        ):
            with pytest.raises(NotFound):
                await attempt

    run(work())


def test_people_count_in_the_sums_of_a_dataset_only_where_no_machine_has_spoken(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows, _ = await store.dataset_logs.append(dataset, drafts(1, 2), change())

        def number(row: str, value: float, scorer: str) -> Score:
            return score(row, value=ScoreValues(numerical_value=value), dataset_id=dataset, scorer=scorer)

        for spoken in (number(rows[0], 4.0, ""), number(rows[0], 100.0, "ann"), number(rows[1], 2.0, "ann")):
            await give(store, spoken)
        await give(
            store,
            replace(
                score(rows[0], "polite", ScoreValues(boolean_value=True), dataset_id=dataset, evaluator_id=None),
                score_value_type="boolean",
            ),
        )
        sums = {one.evaluator_slug: one for one in await store.scores.aggregate(dataset, None, EVERYTHING)}
        assert sums["tone"].avg_score == 3.0
        assert (sums["polite"].evaluator_id, sums["polite"].true_count) == ("polite", 1)

    run(work())


# With their logs ------------------------------------------------------------------------------------------------------


def test_the_scores_of_a_page_of_logs_come_with_the_machines_first(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        first, second, bare = await record(store, [log_draft(n) for n in range(3)])
        for spoken in (
            score(first, scorer="zoe", created_at=at(1)),
            score(first, scorer="ann", created_at=at(2)),
            score(first, scorer="", created_at=at(3)),
            score(first, "other"),
            score(second),
        ):
            await give(store, spoken)
        found = await store.scores.list_for_request_logs([first, second, bare, "nothing"])
        assert {id_: [(one.evaluator_slug, one.scorer) for one in scores] for id_, scores in found.items()} == {
            first: [("other", "api"), ("tone", ""), ("tone", "zoe"), ("tone", "ann")],
            second: [("tone", "api")],
        }

    run(work())


def test_scores_go_with_the_logs_that_are_deleted_and_with_no_others(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        both, other = await new_organization(stores), (await new_organization(stores))["prod"]
        store = both["prod"]
        single, *traced, expired, kept = await record(
            store, [log_draft(n, trace_unique_id="t" if n in (1, 2) else None) for n in range(5)]
        )
        for log_id in (single, *traced, expired, kept, "known elsewhere"):
            await give(store, score(log_id))
            await give(store, score(log_id, scorer="ann"))
        # Elsewhere the same id may mean another log.
        for log_id in (single, *traced):
            await give(other, score(log_id))
        await store.request_logs.delete(single)
        assert await store.traces.delete("t", LogQuery(environments=BOTH)) == 2
        left = sorted([expired, kept, "known elsewhere"] * 2)
        assert sorted(one.log_id for one in await listed(store)) == left
        assert len(await listed(other)) == 3

    run(work())


def test_scores_go_with_the_logs_that_are_forgotten(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        (old,) = await record(store, [log_draft(1)])
        await give(store, score(old))
        elsewhere = await give(store, score("known elsewhere"))
        await store.retention.set({"prod": 1})
        moment = (await store.request_logs.get(old)).created_at + timedelta(days=2)
        while await stores.log_upkeep.delete_expired(moment, 10_000):
            pass
        await store.retention.set({"prod": None})
        assert await listed(store) == [elsewhere]

    run(work())


def test_logs_are_found_by_what_any_scorer_says(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        first, second, _ = await record(store, [log_draft(n) for n in range(3)])
        for log_id, value, scorer in ((first, 1.0, ""), (first, 5.0, "ann"), (second, 2.0, "ann")):
            await give(store, score(log_id, value=ScoreValues(numerical_value=value), scorer=scorer))

        async def found(operator: Operator, value: float) -> list[str]:
            condition = Condition(Field("scores", ("tone",)), operator, (value,))
            logs, _ = await store.request_logs.page(LogQuery(condition), Sort("id"), ALL)
            return [log.id for log in logs]

        assert await found(Operator.EQUAL, 1) == [first]
        assert await found(Operator.GT, 4) == [first]
        assert await found(Operator.LTE, 2) == [first, second]
        assert await found(Operator.NOT, 5) == [second]

    run(work())


# Reports that wait for people -----------------------------------------------------------------------------------------


async def new_report(store: Store, dataset: str, *judges: Evaluator) -> EvalReport:
    """Store a pending report; an evaluator whose slug begins with `person` is answered by people."""
    tasks = tuple(
        EvalTask(
            new_uuid(),
            ordinal,
            judge.id,
            judge.slug,
            judge.current,
            "human" if judge.slug.startswith("person") else "builtin",
        )
        for ordinal, judge in enumerate(judges)
    )
    return await store.eval_reports.create(
        EvalReport(
            id=new_uuid(),
            organization_id=store.organization_id,
            environment=store.environment,
            dataset_id=dataset,
            dataset_version=0,
            name="a report",
            status="pending",
            log_count=0,
            tasks=tasks,
            created_at=T0,
            updated_at=T0,
            created_by="someone",
            settings=RunSettings(trials=2),
        )
    )


def by(judge: Evaluator, log_id: str, dataset: str, value: float = 1.0, **fields: Any) -> Score:
    """Return what somebody says of a row by an evaluator."""
    return replace(
        score(log_id, judge.slug, ScoreValues(numerical_value=value), dataset_id=dataset, **fields),
        evaluator_id=judge.id,
    )


async def _numbers(store: Store, dataset: str, report: EvalReport, ordinal: int = 0) -> list[float | None]:
    cells = await store.eval_reports.cells(dataset, report.id, ordinal)
    return list(cells.value)


async def _waiting(store: Store, dataset: str) -> list[str]:
    return [task.log_id for task in (await store.annotations.list("pending", dataset, None, ALL)).items]


def test_a_persons_score_answers_the_reports_that_want_one(stores: Stores, store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, person, other = await new_dataset(store), evaluator(store, "person"), evaluator(store, "person two")
        rows, _ = await store.dataset_logs.append(dataset, drafts(1, 2), change())
        first, second = await new_report(store, dataset, person, other), await new_report(store, dataset, person)
        assert await _waiting(store, dataset) == [*rows, *rows, *rows]
        # Machines, and people on other logs, answer nothing.
        for spoken in (by(person, rows[0], dataset, scorer=""), replace(by(person, "x", dataset), dataset_id=None)):
            assert (await store.scores.record(spoken, "replace")).settled_report_ids == ()
        assert len(await _waiting(store, dataset)) == 6
        said = by(person, rows[0], dataset, 0.25, is_passed=True, explanation="why", created_at=at(5))
        assert (await store.scores.record(said, "refuse")).settled_report_ids == ()
        assert await _waiting(store, dataset) == [rows[1], *rows, rows[1]]
        recorded = await store.scores.record(by(person, rows[1], dataset, 0.75, scorer="ann"), "replace")
        assert recorded.settled_report_ids == (second.id,)
        for report in (first, second):
            assert await _numbers(store, dataset, report) == [0.25, 0.75]
            (task, *_) = (await store.eval_reports.get(dataset, report.id)).tasks
            assert (task.scored_count, task.passed_count, task.mean) == (2, 1, 0.5)
        done = (await store.annotations.list("completed", dataset, person.id, ALL)).items
        assert [(task.log_id, task.completed_by, task.eval_report_id) for task in done] == [
            (rows[0], "api", first.id), (rows[1], "ann", first.id), (rows[0], "api", second.id),
            (rows[1], "ann", second.id),
        ]  # fmt: skip
        assert done[0].completed_at == at(5)
        settled = [(await store.scores.record(by(other, row, dataset), "replace")).settled_report_ids for row in rows]
        assert settled == [(), (first.id,)]
        assert [log.annotation_status for log in await logs_of(store, dataset)] == ["completed", "completed"]
        assert await stores.verify() == []

    run(work())


def test_of_the_last_answers_given_at_once_one_settles_the_report(stores: Stores, store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows, _ = await store.dataset_logs.append(dataset, drafts(*range(6)), change())
        judges = [evaluator(store, "person"), evaluator(store, "person two")]
        report = await new_report(store, dataset, *judges)
        spoken = [by(judge, row, dataset) for judge in judges for row in rows]
        recorded = await asyncio.gather(*(store.scores.record(one, "replace") for one in spoken))
        settled = [one.settled_report_ids for one in recorded if one.settled_report_ids]
        assert settled[:1] == [(report.id,)]
        assert (await store.eval_reports.get(dataset, report.id)).finished_count == 12
        assert await stores.verify() == []

    run(work())


def test_a_changed_answer_changes_an_unfinished_report_and_leaves_a_finished_one(
    stores: Stores, store: Store, run: Run[Any]
) -> None:
    async def work() -> None:
        dataset, person = await new_dataset(store), evaluator(store, "person")
        (row, _), _ = await store.dataset_logs.append(dataset, drafts(1, 2), change())
        finished, open_one = await new_report(store, dataset, person), await new_report(store, dataset, person)
        spoken = (await store.scores.record(by(person, row, dataset, 0.25), "replace")).score
        # The first to answer has answered.
        await give(store, by(person, row, dataset, 9.0, scorer="ann"))
        await stores.runs.settle(finished.id, "failed", {}, at(2), error_message="for a test")
        await store.scores.correct(spoken.id, ScoreValues(numerical_value=0.5), True, "key", at(3))
        assert await _numbers(store, dataset, finished) == [0.25]
        assert await _numbers(store, dataset, open_one) == [0.5]
        assert (await store.eval_reports.get(dataset, open_one.id)).tasks[0].mean == 0.5
        await give(store, by(person, row, dataset, 0.75))
        assert await _numbers(store, dataset, open_one) == [0.75]
        assert await stores.verify() == []

    run(work())


def test_an_answer_that_is_taken_back_is_wanted_again(stores: Stores, store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, person = await new_dataset(store), evaluator(store, "person")
        rows, _ = await store.dataset_logs.append(dataset, drafts(1, 2), change())
        report = await new_report(store, dataset, person)
        spoken = [(await store.scores.record(by(person, row, dataset), "replace")).score for row in rows]
        await store.scores.delete(spoken[0].id, at(5))
        with pytest.raises(NotFound):
            await store.scores.delete(spoken[0].id, at(5))
        assert await _waiting(store, dataset) == [rows[0]]
        assert (await store.eval_reports.get(dataset, report.id)).finished_count == 1
        assert [log.annotation_status for log in await logs_of(store, dataset)] == ["pending", "completed"]
        recorded = await store.scores.record(by(person, rows[0], dataset, 3.0), "refuse")
        assert recorded.settled_report_ids == (report.id,)
        assert await _numbers(store, dataset, report) == [3.0, 1.0]
        assert await stores.verify() == []

    run(work())


def test_what_is_wanted_of_people_is_found_by_status_dataset_and_evaluator(
    stores: Stores, store: Store, run: Run[Any]
) -> None:
    async def work() -> None:
        datasets = [await new_dataset(store), await new_dataset(store)]
        person = evaluator(store, "person")
        for dataset in datasets:
            await store.dataset_logs.append(dataset, [draft(n) for n in range(3)], change())
            await new_report(store, dataset, person)
        annotations = store.annotations
        assert (await annotations.list(None, None, None, PageRequest(1, 4))).total_count == 6
        pages = [(await annotations.list(None, None, None, PageRequest(n, 4))).items for n in (1, 2, 3)]
        assert [len(page) for page in pages] == [4, 2, 0]
        assert (await annotations.list("completed", None, None, ALL)).total_count == 0
        assert (await annotations.list("pending", datasets[1], person.id, ALL)).total_count == 3
        assert (await annotations.list("pending", None, person.slug, ALL)).total_count == 6
        assert (await annotations.list("pending", None, "nobody", ALL)).total_count == 0
        other = (await new_organization(stores))["prod"]
        assert (await other.annotations.list(None, None, None, ALL)).total_count == 0
        await store.datasets.delete(datasets[0], at(1))
        assert (await annotations.list(None, None, None, ALL)).total_count == 3

    run(work())


def test_a_row_is_marked_as_done_by_word(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        (row, _), _ = await store.dataset_logs.append(dataset, drafts(1, 2), change())
        await store.annotations.mark(dataset, row, "completed")
        assert [log.annotation_status for log in await logs_of(store, dataset)] == ["completed", "pending"]
        with pytest.raises(NotFound):
            await store.annotations.mark(dataset, "nothing", "completed")

    run(work())
