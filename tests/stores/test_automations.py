"""Conditions, automations and their places in the intake, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from assay.filters.condition_policy import read_policy
from assay.filters.expression import EVERYTHING, Expression
from assay.model.automation import Automation, AutomationDecision, AutomationEvent, LogCondition
from assay.model.errors import Conflict, NotFound
from assay.model.ids import new_uuid
from assay.model.page import PageRequest
from assay.model.score import Score, ScoreValues
from assay.ports.automations import Progress, Stretch
from assay.ports.store import Store, Stores
from tests.conformance.builders import T0
from tests.conformance.log_builders import fresh_stores, log_draft, new_organization, record

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
FIRST = PageRequest(1, 100)
SLOW = {"rules": [{"field": "latency", "operator": "greater_than", "value": 2}], "connector": "AND"}


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for one test."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def condition(slug: str, policy: dict[str, Any] | None = None) -> LogCondition:
    return LogCondition(new_uuid(), slug, f"The {slug}", "single_log", "", policy or {"rules": []}, T0, T0)


async def automate(store: Store, slug: str, *, policy: dict[str, Any] | None = None, **changes: Any) -> Automation:
    """Store a condition and an enabled automation with it, both with this slug."""
    made = condition(slug, policy)
    await store.automations.put_condition(made)
    automation = Automation(
        new_uuid(), store.organization_id, store.environment, slug, f"The {slug}", "online_eval", made, ("e1",), 1.0,
        True, T0, T0,
    )  # fmt: skip
    automation = replace(automation, **changes)
    await store.automations.put_automation(automation)
    return automation


async def stretches(stores: Stores, automation: Automation, expression: Expression = EVERYTHING) -> Sequence[Stretch]:
    return await stores.online.find_stretches(automation, expression, 10_000, 10_000)


def score(automation: Automation, log_id: str, number: float = 1.0, evaluator_id: str = "e1") -> Score:
    return Score(
        id=new_uuid(),
        log_id=log_id,
        dataset_id=None,
        evaluator_id=evaluator_id,
        evaluator_slug=f"slug of {evaluator_id}",
        evaluator_name="E",
        evaluator_type="code",
        score_value_type="numerical",
        status="scored",
        values=ScoreValues(number),
        is_passed=True,
        created_at=T0,
        environment=automation.environment,
        automation_id=automation.id,
    )


def event(automation: Automation, decision: AutomationDecision, log_id: str = "x") -> AutomationEvent:
    return AutomationEvent(automation.id, log_id, decision, f"why {log_id}", T0)


def test_a_condition_is_read_back_as_it_was_stored_by_id_and_by_slug(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        made = condition("slow", SLOW)
        await store.automations.put_condition(made)
        assert await store.automations.get_condition(made.id) == made
        assert await store.automations.get_condition("slow") == made
        changed = replace(made, name="Other", description="words", updated_at=T0 + timedelta(days=1))
        await store.automations.put_condition(changed)
        assert (await store.automations.list_conditions("", "", FIRST)).items == [changed]

    asyncio.run(work())


def test_a_slug_is_taken_within_an_organisation_and_free_in_another(stores: Stores) -> None:
    async def work() -> None:
        one, other = (await new_organization(stores))["prod"], (await new_organization(stores))["prod"]
        await automate(one, "taken")
        with pytest.raises(Conflict, match="condition_slug: 'taken' is taken"):
            await one.automations.put_condition(condition("taken"))
        free = await automate(one, "free")
        with pytest.raises(Conflict, match="automation_slug: 'taken' is taken"):
            await one.automations.put_automation(replace(free, automation_slug="taken"))
        await automate(other, "taken")

    asyncio.run(work())


def test_a_list_is_searched_in_names_and_slugs_and_paged_newest_first(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        for number in range(5):
            made = replace(condition(f"slug{number}"), created_at=T0 + timedelta(seconds=number), name=f"Name {number}")
            await store.automations.put_condition(made)
        slugs = [found.condition_slug for found in (await store.automations.list_conditions("", "", FIRST)).items]
        assert slugs == ["slug4", "slug3", "slug2", "slug1", "slug0"]
        second = await store.automations.list_conditions("", "single_log", PageRequest(2, 2))
        assert ([found.condition_slug for found in second.items], second.total_count) == (["slug2", "slug1"], 5)
        for search in ("NAME 3", "lug3"):
            found = await store.automations.list_conditions(search, "", FIRST)
            assert [one.condition_slug for one in found.items] == ["slug3"]
        assert (await store.automations.list_conditions("", "aggregation", FIRST)).total_count == 0
        await automate(store, "rule")
        assert (await store.automations.list_automations("RUL", FIRST)).total_count == 1
        assert (await store.automations.list_automations("%", FIRST)).total_count == 0

    asyncio.run(work())


def test_a_condition_in_use_is_not_deleted_and_says_who_uses_it(stores: Stores) -> None:
    async def work() -> None:
        within = await new_organization(stores)
        automation = await automate(within["test"], "used")
        with pytest.raises(Conflict, match=r"used by used \(test\)"):
            await within["prod"].automations.delete_condition("used")
        await within["test"].automations.delete_automation("used")
        await within["prod"].automations.delete_condition("used")
        with pytest.raises(NotFound):
            await within["prod"].automations.get_condition(automation.condition.id)

    asyncio.run(work())


def test_nobody_finds_what_belongs_to_another_organisation_or_environment(stores: Stores) -> None:
    async def work() -> None:
        within, other = await new_organization(stores), (await new_organization(stores))["prod"]
        automation = await automate(within["prod"], "mine")
        for reference in (automation.id, "mine"):
            for store in (within["test"], other):
                with pytest.raises(NotFound):
                    await store.automations.get_automation(reference)
                with pytest.raises(NotFound):
                    await store.automations.delete_automation(reference)
        with pytest.raises(NotFound):
            await other.automations.get_condition("mine")
        with pytest.raises(NotFound):
            await other.automations.put_automation(
                replace(automation, id=new_uuid(), organization_id=other.organization_id)
            )
        assert await within["prod"].automations.get_automation("mine") == automation

    asyncio.run(work())


def test_an_automation_sees_the_logs_of_its_place_recorded_since_it_was_enabled(stores: Stores) -> None:
    async def work() -> None:
        within, other = await new_organization(stores), (await new_organization(stores))["prod"]
        store = within["prod"]
        await record(store, [log_draft("before")])
        automation = await automate(store, "rule", is_enabled=False)
        await record(store, [log_draft("disabled")])
        assert (await stores.online.list_waiting("w", T0)).enabled_count == 0
        enabled = replace(automation, is_enabled=True)
        await store.automations.put_automation(enabled)
        assert (await stores.online.list_waiting("w", T0)).automations == []
        for elsewhere in (within["test"], other):
            await record(elsewhere, [log_draft("elsewhere")])
        new = await record(store, [log_draft("new"), log_draft("new")])
        waiting = await stores.online.list_waiting("w", T0)
        assert (waiting.enabled_count, list(waiting.automations)) == (1, [enabled])
        found = await stretches(stores, enabled)
        assert [one.evaluator_id for one in found] == ["", "e1"]
        assert [[log_id for _, log_id in one.matched] for one in found] == [new, new]

    asyncio.run(work())


def test_what_meets_a_condition_and_what_does_not_make_up_a_stretch(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule", policy=SLOW)
        expression = read_policy(SLOW).expression
        drafts = [log_draft(number, latency=number / 2) for number in range(9)] + [log_draft("no latency")]
        ids = await record(store, drafts)
        counted, judged = await stretches(stores, automation, expression)
        assert [log_id for _, log_id in judged.matched] == ids[5:9]
        unmatched = await stores.online.find_unmatched(counted, expression, 2)
        # The newest, and a log without a latency is none above two seconds.
        assert (unmatched.count, [log.id for log in unmatched.newest]) == (6, [ids[4], ids[9]])
        # A stretch ends where its share is full, and the next begins there.
        _, short = await stores.online.find_stretches(automation, expression, 10_000, 2)
        assert [log_id for _, log_id in short.matched] == ids[5:7]
        assert await stores.online.note_progress([Progress(short, short.upto)], T0)
        _, rest = await stretches(stores, automation, expression)
        assert ([log_id for _, log_id in rest.matched], rest.after) == (ids[7:9], short.upto)
        assert [
            one.evaluator_id for one in await stores.online.find_stretches(automation, expression, 9, 9, ["e1"])
        ] == [""]

    asyncio.run(work())


def test_a_gap_of_deleted_logs_is_one_step(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule")
        ids = await record(store, [log_draft(number) for number in range(50)])
        for log_id in ids[:45]:
            await store.request_logs.delete(log_id)
        (_, judged) = await stores.online.find_stretches(automation, EVERYTHING, 3, 10)
        assert [log_id for _, log_id in judged.matched] == ids[45:48]

    asyncio.run(work())


def test_scores_events_counts_and_the_place_are_stored_together_and_once(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule")
        (log_id,) = await record(store, [log_draft("a")])
        _, judged = await stretches(stores, automation)
        made = Progress(
            judged, judged.upto, {"evaluated": 1}, [event(automation, "evaluated", log_id)], [score(automation, log_id)]
        )
        assert await stores.online.note_progress([made], T0) is True
        # Who comes second finds the place moved, and leaves no trace.
        late = replace(made, scores=[score(automation, log_id, 2.0)])
        assert await stores.online.note_progress([late], T0) is False
        assert (await store.automations.count_decisions(automation.id))["evaluated"] == 1
        assert (await store.automations.list_events(automation.id, None, FIRST)).total_count == 1
        assert await stores.online.list_scored(automation, "e1", [log_id, "other"]) == {log_id}
        scores = (await store.scores.list_for_request_logs([log_id]))[log_id]
        assert [(one.values.primary, one.automation_id) for one in scores] == [(1.0, automation.id)]

    asyncio.run(work())


def test_a_score_that_stands_stays_and_one_of_a_deleted_log_is_not_stored(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        one, two = await automate(store, "one"), await automate(store, "two")
        kept, gone = await record(store, [log_draft("a"), log_draft("b")])
        found = [(await stretches(stores, automation))[1] for automation in (one, two)]
        await store.request_logs.delete(gone)
        for number, stretch in enumerate(found):
            scores = [score(stretch.automation, log_id, float(number)) for log_id in (kept, gone)]
            assert await stores.online.note_progress([Progress(stretch, stretch.upto, scores=scores)], T0)
        listed = await store.scores.list_for_request_logs([kept, gone])
        assert {log_id: [one.values.primary for one in scores] for log_id, scores in listed.items() if scores} == {
            kept: [0.0]
        }

    asyncio.run(work())


def test_a_new_evaluator_starts_now_and_the_others_go_on(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule")
        (first,) = await record(store, [log_draft("a")])
        automation = replace(automation, evaluator_ids=("e1", "e2"))
        await store.automations.put_automation(automation)
        (second,) = await record(store, [log_draft("b")])
        found = {one.evaluator_id: [log_id for _, log_id in one.matched] for one in await stretches(stores, automation)}
        assert found == {"": [first, second], "e1": [first, second], "e2": [second]}
        await store.automations.put_automation(replace(automation, evaluator_ids=("e2",)))
        assert {one.evaluator_id for one in await stretches(stores, automation)} == {"", "e2"}

    asyncio.run(work())


def test_the_newest_events_are_kept_and_what_never_fires_does_not_push_out_what_did(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule")
        await record(store, [log_draft("a")])
        (counted, _) = await stretches(stores, automation)
        events = [event(automation, "evaluated")] + [event(automation, "not_matched", str(n)) for n in range(450)]
        counts: dict[AutomationDecision, int] = {"evaluated": 1, "not_matched": 450}
        assert await stores.online.note_progress([Progress(counted, counted.upto, counts, events)], T0)
        listed = await store.automations.list_events(automation.id, "not_matched", FIRST)
        assert (listed.total_count, listed.items[0].log_id, listed.items[99].log_id) == (200, "449", "350")
        assert (await store.automations.list_events(automation.id, "evaluated", FIRST)).total_count == 1
        assert (await store.automations.list_events(automation.id, None, FIRST)).total_count == 201
        assert (await store.automations.count_decisions(automation.id))["not_matched"] == 450

    asyncio.run(work())


def test_a_disabled_or_deleted_automation_is_not_to_go_on(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule")
        ids = await record(store, [log_draft(number) for number in range(3)])
        _, judged = await stretches(stores, automation)
        await store.automations.put_automation(replace(automation, is_enabled=False))
        made = Progress(judged, judged.matched[0][0], scores=[score(automation, ids[0])])
        assert await stores.online.note_progress([made], T0) is False
        # What was judged is paid for and kept.
        assert await stores.online.list_scored(automation, "e1", ids) == {ids[0]}
        await store.automations.put_automation(automation)
        assert await stretches(stores, automation) == []
        await store.automations.delete_automation(automation.id)
        again = Progress(replace(judged, after=judged.upto), judged.upto + 1, scores=[score(automation, ids[1])])
        assert await stores.online.note_progress([again], T0) is False
        assert await stores.online.list_scored(automation, "e1", ids) == {ids[0]}

    asyncio.run(work())


@pytest.mark.postgres
def test_one_process_at_a_time_works_on_an_automation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def work(stores: Stores) -> None:
        store = (await new_organization(stores))["prod"]
        automation = await automate(store, "rule")
        await record(store, [log_draft("a")])
        both = await asyncio.gather(*(stores.online.list_waiting(worker, T0) for worker in ("w1", "w2")))
        assert sorted(len(waiting.automations) for waiting in both) == [0, 1]
        holder, other = ("w1", "w2") if both[0].automations else ("w2", "w1")
        for seconds in (10, 20, 40):
            at = T0 + timedelta(seconds=seconds)
            assert (await stores.online.list_waiting(holder, at)).automations == [automation]
            assert (await stores.online.list_waiting(other, at)).automations == []
        # The holder is gone; half a minute after its last word the other takes over.
        at = T0 + timedelta(seconds=71)
        assert (await stores.online.list_waiting(other, at)).automations == [automation]
        assert (await stores.online.list_waiting(holder, at)).automations == []

    with fresh_stores("postgresql", tmp_path_factory.mktemp("stores"), request) as stores:
        asyncio.run(work(stores))


def test_logs_are_read_within_a_number_of_bytes_but_one_at_least(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        ids = await record(store, [log_draft("x" * 1_000_000), log_draft("y" * 600_000), log_draft("z")])
        sequences = [log.sequence for log in await store.request_logs.find_many(ids)]
        for most, count in ((1, 1), (1_500_000, 1), (1_700_000, 3)):
            logs = await stores.online.read_logs(sequences, most)
            assert [log.id for log in logs] == ids[:count]

    asyncio.run(work())
