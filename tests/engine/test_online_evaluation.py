"""Online evaluation at work: real stores on both databases, built-in evaluators, a provider that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from scipy import stats

from assay.engine import online_judging
from assay.engine.online_evaluation import OnlineEvaluation, sampling_share
from assay.evaluators.registry import builtin_evaluators
from assay.evaluators.run import prepare
from assay.model.automation import Automation, AutomationDecision, LogCondition
from assay.model.errors import Invalid, Unavailable
from assay.model.evaluator import EvaluatorInputs, EvaluatorVersion, Method
from assay.model.ids import new_uuid
from assay.model.page import PageRequest
from assay.model.score import CellDetail, Outcome
from assay.ports.store import Store, Stores
from assay.services import access
from tests.conformance.builders import T0
from tests.conformance.log_builders import fresh_stores, log_draft, record
from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
EVERY_EVENT = PageRequest(1, 10_000)
_LONGEST_WAIT_SECONDS = 30.0
# The class of the evaluator whose slug is word_count.
WORDS = "output_word_count"


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores of each kind, for one test."""
    with fresh_stores(request.param, tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


class Judges:
    """An engine that runs built-in evaluators at once; what stands in `troubles` for an evaluator happens first."""

    def __init__(self) -> None:
        self.troubles: dict[str, Callable[[], Any]] = {}
        self.judged: list[tuple[str, Any]] = []
        self.held: dict[object, int] = {}
        self.most_held = 0

    async def evaluate(
        self, organization_id: int, version: EvaluatorVersion, method: Method, inputs: Sequence[EvaluatorInputs]
    ) -> Sequence[tuple[Outcome, CellDetail | None]]:
        """Judge some inputs."""
        call = object()
        self.held[call] = sum(len(str(one.input)) for one in inputs)
        self.most_held = max(self.most_held, sum(self.held.values()))
        try:
            if version.eval_class in self.troubles:
                answer = self.troubles[version.eval_class]()
                if asyncio.iscoroutine(answer):
                    await answer
            self.judged += [(version.eval_class, one.input) for one in inputs]
            evaluate = prepare(version)
            return [(evaluate(one), None) for one in inputs]
        finally:
            del self.held[call]


def raiser(error: Exception, times: int) -> Callable[[], None]:
    """Return a trouble: an error, so many times."""
    left = [times]

    def trouble() -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return trouble


@dataclass
class House:
    """An organisation's stores, and the automations in it."""

    stores: Stores
    organization_id: int

    @property
    def store(self) -> Store:
        return self.stores.within(self.organization_id, "prod")

    async def automate(
        self, *slugs: str, rate: float = 1.0, rules: list[dict[str, Any]] | None = None, store: Store | None = None
    ) -> Automation:
        """Store an enabled automation with these built-in evaluators."""
        store = store or self.store
        found = await store.evaluators.find_many(slugs or ["char_count_eval"])
        id_ = new_uuid()
        policy = {"rules": rules or [], "connector": "AND"}
        condition = LogCondition(new_uuid(), f"c-{id_}", "c", "single_log", "", policy, T0, T0)
        await store.automations.put_condition(condition)
        automation = Automation(
            id_, store.organization_id, store.environment, f"a-{id_}", "a", "online_eval", condition,
            tuple(evaluator.id for evaluator in found.values()), rate, True, T0, T0,
        )  # fmt: skip
        await store.automations.put_automation(automation)
        return automation

    async def until_decided(
        self, automation: Automation, store: Store | None = None, **counts: int
    ) -> list[tuple[str, str]]:
        """Wait until an automation has decided so often, and return its reasons by log, oldest first."""
        store = store or self.store
        wanted: dict[AutomationDecision, int] = {
            decision: counts.get(decision, 0) for decision in ("evaluated", "failed", "not_matched", "not_sampled")
        }
        deadline = asyncio.get_running_loop().time() + _LONGEST_WAIT_SECONDS
        found: Any = None
        while asyncio.get_running_loop().time() < deadline:
            found = await store.automations.count_decisions(automation.id)
            if found == wanted:
                events = await store.automations.list_events(automation.id, None, EVERY_EVENT)
                return [(event.log_id, event.reason) for event in reversed(events.items)]
            await asyncio.sleep(0.02)
        raise AssertionError(f"{found} and not {wanted}")

    async def scores(self, log_ids: Sequence[str]) -> list[tuple[str, str, Any]]:
        """Return the scores of logs: log, evaluator, value."""
        found = await self.store.scores.list_for_request_logs(log_ids)
        return [
            (log_id, score.evaluator_slug, score.values.primary)
            for log_id in log_ids
            for score in found.get(log_id, ())
        ]


async def new_house(stores: Stores) -> House:
    organization, _ = await access.create_organization(stores, "a house", datetime.now(UTC))
    return House(stores, organization.id)


@asynccontextmanager
async def working(stores: Stores, judges: Judges) -> AsyncIterator[None]:
    evaluation = OnlineEvaluation(stores, judges)  # type: ignore[arg-type]
    await evaluation.start()
    try:
        yield
    finally:
        await evaluation.stop()


def test_new_logs_that_meet_the_condition_are_scored_and_the_others_say_why_not(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        rules = [
            {"field": "latency", "operator": "greater_than", "value": 2},
            {"field": "metadata.plan", "operator": "in", "value": ["pro", "team"]},
        ]
        automation = await house.automate("char_count_eval", "word_count", rules=rules)
        async with working(stores, Judges()):
            fits, fast, free = await record(
                house.store,
                [
                    log_draft("in", "two words", latency=3.5, metadata={"plan": "pro"}),
                    log_draft("in", "out", latency=0.4, metadata={"plan": "pro"}),
                    log_draft("in", "out", metadata={"plan": "free"}),
                ],
            )
            reasons = await house.until_decided(automation, evaluated=2, not_matched=2)
        assert await house.scores([fits, fast, free]) == [(fits, "char_count_eval", 9.0), (fits, "word_count", 2.0)]
        assert dict(reasons)[fast] == "latency is 0.4 (wanted: greater than 2)"
        assert dict(reasons)[free] == (
            'latency is not set (wanted: greater than 2); metadata.plan is "free" (wanted: in ["pro","team"])'
        )
        judged = sorted(reason for log_id, reason in reasons if log_id == fits)
        assert judged == ["char_count_eval: 9.0", "word_count: 2.0"]

    asyncio.run(work())


def test_the_same_logs_are_sampled_again_and_again(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        automation = await house.automate(rate=0.3)
        async with working(stores, Judges()):
            ids = await record(house.store, [log_draft(number, "out") for number in range(400)])
            sampled = [log_id for log_id in ids if sampling_share(log_id, automation.id) < 0.3]
            await house.until_decided(automation, evaluated=len(sampled), not_sampled=400 - len(sampled))
        assert [log_id for log_id, *_ in await house.scores(ids)] == sampled
        left_out = await house.store.automations.list_events(automation.id, "not_sampled", EVERY_EVENT)
        assert {event.reason.rpartition(", ")[2] for event in left_out.items} == {"the sampling rate 0.3."}

    asyncio.run(work())


def test_the_sampler_is_uniform_and_automations_sample_independently() -> None:
    bins, logs = 50, 50_000
    ids = [f"{number:032x}" for number in range(logs)]
    for automation_id in ("019f0000-0000-7000-8000-000000000001", "019f0000-0000-7000-8000-000000000002"):
        counts = [0] * bins
        for log_id in ids:
            counts[int(sampling_share(log_id, automation_id) * bins)] += 1
        # Fixed ids: the same numbers in every run.
        assert stats.chisquare(counts).pvalue > 0.01
    table = [[0] * 10 for _ in range(10)]
    for log_id in ids:
        table[int(sampling_share(log_id, "one") * 10)][int(sampling_share(log_id, "two") * 10)] += 1
    assert stats.chi2_contingency(table).pvalue > 0.01


def test_nothing_at_all_and_everything_are_exact() -> None:
    places = [sampling_share(f"{number:032x}", "an automation") for number in range(10_000)]
    assert 0.0 <= min(places) < max(places) < 1.0


def test_a_provider_that_is_away_holds_up_nobody_and_each_log_is_scored_once_in_the_end(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        judges = Judges()
        judges.troubles[WORDS] = raiser(Unavailable("The provider is away."), 1)
        automation = await house.automate("char_count_eval", "word_count")
        other = await house.automate("word_count")
        async with working(stores, judges):
            ids = await record(house.store, [log_draft(number, "two words") for number in range(10)])
            await house.until_decided(automation, evaluated=20)
            await house.until_decided(other, evaluated=10)
        scores = await house.scores(ids)
        assert len(scores) == 20
        assert {(slug, value) for _, slug, value in scores} == {("char_count_eval", 9.0), ("word_count", 2.0)}

    asyncio.run(work())


def test_an_evaluator_that_hangs_holds_up_no_other_of_the_same_automation(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        judges = Judges()
        judges.troubles[WORDS] = lambda: asyncio.Event().wait()
        automation = await house.automate("char_count_eval", "word_count")
        async with working(stores, judges):
            for round_number in range(3):
                await record(house.store, [log_draft(round_number, "out") for _ in range(5)])
                await house.until_decided(automation, evaluated=5 * (round_number + 1))

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Invalid("No provider serves this model."), "word_count: No provider serves this model."),
        (ZeroDivisionError("oh"), "word_count: it broke off; the server's log says why."),
    ],
)
def test_an_evaluator_that_cannot_run_says_why_and_later_logs_are_judged(
    stores: Stores, error: Exception, reason: str
) -> None:
    async def work() -> None:
        house = await new_house(stores)
        judges = Judges()
        judges.troubles[WORDS] = raiser(error, 1)
        automation = await house.automate("word_count")
        async with working(stores, judges):
            (first,) = await record(house.store, [log_draft("a", "out")])
            reasons = await house.until_decided(automation, failed=1)
            assert reasons == [(first, reason)]
            (second,) = await record(house.store, [log_draft("b", "out")])
            await house.until_decided(automation, failed=1, evaluated=1)
        # A failure to judge is no score.
        assert await house.scores([first, second]) == [(second, "word_count", 1.0)]

    asyncio.run(work())


def test_an_evaluator_that_was_deleted_fails_by_name(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        automation = replace(await house.automate("word_count"), evaluator_ids=("gone",))
        await house.store.automations.put_automation(automation)
        async with working(stores, Judges()):
            (log_id,) = await record(house.store, [log_draft("a", "out")])
            assert await house.until_decided(automation, failed=1) == [(log_id, "gone: the evaluator was deleted.")]

    asyncio.run(work())


def test_a_verdict_that_failed_is_stored_as_such(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        automation = await house.automate("json_schema")
        async with working(stores, Judges()):
            (log_id,) = await record(house.store, [log_draft("a", "out")])
            deadline = asyncio.get_running_loop().time() + _LONGEST_WAIT_SECONDS
            while not (found := (await house.store.scores.list_for_request_logs([log_id])).get(log_id)):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.02)
        (score,) = found
        counts = await house.store.automations.count_decisions(automation.id)
        assert (score.status == "failed") == (counts["failed"] == 1)
        assert score.values.primary is None

    asyncio.run(work())


def test_two_automations_with_one_evaluator_give_one_score(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        judges = Judges()
        first = await house.automate("word_count")
        async with working(stores, judges):
            (log_id,) = await record(house.store, [log_draft("a", "out")])
            await house.until_decided(first, evaluated=1)
        second = await house.automate("word_count")
        (later,) = await record(house.store, [log_draft("b", "out")])
        async with working(stores, judges):
            await house.until_decided(first, evaluated=2)
            await house.until_decided(second, evaluated=1)
        assert [log for log, *_ in await house.scores([log_id, later])] == [log_id, later]

    asyncio.run(work())


def test_a_disabled_automation_does_nothing_and_begins_with_new_logs_when_enabled(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        judges = Judges()
        witness = await house.automate("char_count_eval")
        automation = await house.automate("word_count")
        await house.store.automations.put_automation(replace(automation, is_enabled=False))
        async with working(stores, judges):
            (missed,) = await record(house.store, [log_draft("missed", "out")])
            await house.until_decided(witness, evaluated=1)
            await house.until_decided(automation)
            await house.store.automations.put_automation(automation)
            (seen,) = await record(house.store, [log_draft("seen", "out")])
            await house.until_decided(automation, evaluated=1)
        assert [one for one in judges.judged if one[0] == WORDS] == [(WORDS, "seen")]
        assert ("word_count" in {slug for _, slug, _ in await house.scores([missed])}) is False
        assert "word_count" in {slug for _, slug, _ in await house.scores([seen])}

    asyncio.run(work())


def test_neither_organisations_nor_environments_judge_each_others_logs(stores: Stores) -> None:
    async def work() -> None:
        one, two = await new_house(stores), await new_house(stores)
        test = stores.within(one.organization_id, "test")
        judges = Judges()
        automations = [await one.automate(), await one.automate(store=test), await two.automate()]
        async with working(stores, judges):
            places = (one.store, test, two.store)
            for number, place in enumerate(places):
                await record(place, [log_draft(f"of {number}", "out") for _ in range(number + 1)])
            for number, (place, automation) in enumerate(zip(places, automations, strict=True)):
                reasons = await one.until_decided(automation, store=place, evaluated=number + 1)
                assert len(reasons) == number + 1
        assert len(judges.judged) == 6

    asyncio.run(work())


def test_what_was_being_judged_at_the_end_is_judged_after_the_next_start_and_scored_once(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        automation = await house.automate("word_count", "char_count_eval")
        stuck = Judges()
        stuck.troubles[WORDS] = lambda: asyncio.Event().wait()
        async with working(stores, stuck):
            ids = await record(house.store, [log_draft(number, "out") for number in range(30)])
            await house.until_decided(automation, evaluated=30)
        async with working(stores, judges := Judges()):
            await house.until_decided(automation, evaluated=60)
        assert len(await house.scores(ids)) == 60
        assert {eval_class for eval_class, _ in judges.judged} == {WORDS}

    asyncio.run(work())


@pytest.mark.postgres
def test_two_servers_on_one_database_judge_each_log_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def work(stores: Stores) -> None:
        house = await new_house(stores)
        automations = [await house.automate("word_count"), await house.automate("char_count_eval")]
        one, two = Judges(), Judges()
        async with working(stores, one), working(stores, two):
            ids: list[str] = []
            for _ in range(20):
                ids += await record(house.store, [log_draft(number, "out") for number in range(20)])
                await asyncio.sleep(0.01)
            for automation in automations:
                await house.until_decided(automation, evaluated=400)
        assert len(await house.scores(ids)) == 800
        assert len(one.judged) + len(two.judged) == 800

    with fresh_stores("postgresql", tmp_path_factory.mktemp("stores"), request) as stores:
        asyncio.run(work(stores))


def test_large_logs_are_in_memory_a_few_at_a_time(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online_judging, "_READ_TOGETHER_BYTES", 250_000)
    monkeypatch.setattr(online_judging, "_HELD_BYTES", 500_000)
    slugs = ("word_count", "char_count_eval", "json_valid", "exact_match", "contains")

    async def work() -> None:
        house = await new_house(stores)
        judges = Judges()
        for eval_class in builtin_evaluators():
            judges.troubles[eval_class] = lambda: asyncio.sleep(0.005)
        automation = await house.automate(*slugs)
        async with working(stores, judges):
            drafts = [log_draft("x" * 100_000, "out") for _ in range(8)] + [log_draft("y" * 700_000, "out")]
            await record(house.store, drafts)
            deadline = asyncio.get_running_loop().time() + _LONGEST_WAIT_SECONDS
            while sum((await house.store.automations.count_decisions(automation.id)).values()) < len(slugs) * 9:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.02)
        # The one that is larger than all the room has it to itself.
        assert 700_000 <= judges.most_held < 710_000

    asyncio.run(work())


def test_it_ends_when_it_is_told_to_whatever_is_being_judged(stores: Stores) -> None:
    async def work() -> None:
        house = await new_house(stores)
        automation = await house.automate("word_count", "char_count_eval", "json_valid")
        for round_number in range(15):
            begun = asyncio.Event()
            judges = Judges()

            async def hang(begun: asyncio.Event = begun) -> None:
                begun.set()
                await asyncio.Event().wait()

            for eval_class in builtin_evaluators():
                judges.troubles[eval_class] = hang
            await record(house.store, [log_draft(round_number, "out")])
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS), working(stores, judges):
                await begun.wait()
                # Long enough for the loop to be waiting for somebody to wake it.
                await asyncio.sleep(0.05)
        assert sum((await house.store.automations.count_decisions(automation.id)).values()) == 0

    asyncio.run(work())
