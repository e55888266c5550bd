"""What was computed once is answered at once, and never when the logs that it is of have changed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import pytest
from sqlalchemy import true

from assay.filters.log_query import LogQuery
from assay.filters.search import TextSearch
from assay.model.errors import Unavailable
from assay.model.page import Page, PageRequest, Sort
from assay.model.request_log import RequestLogChanges
from assay.ports.log_analytics import LogAnalytics
from assay.ports.store import Store, Stores
from assay.stores.sql import log_memory
from assay.stores.sql.database import Connection
from assay.stores.sql.log_analytics import SqlLogAnalytics
from assay.stores.sql.log_memory import ResultMemory
from tests.conformance.builders import ALL, T0
from tests.conformance.log_builders import BOTH, fresh_stores, log_draft, new_organization, record, where

EVERY = LogQuery()
GPT = where("model", "gpt")

QUESTIONS: dict[str, Callable[[LogAnalytics, LogQuery], Awaitable[Any]]] = {
    "summary": lambda analytics, query: analytics.summarize(query),
    "groups": lambda analytics, query: analytics.group(query, ["status"], "hour", Sort("date"), ALL),
    "groups of customers": lambda analytics, query: analytics.group(
        query, ["customer_identifier"], None, Sort("total_cost"), ALL
    ),
    "histogram": lambda analytics, query: analytics.histogram(query, timedelta(hours=1)),
    "facet": lambda analytics, query: analytics.facet(query, "status", 10),
    "threads": lambda analytics, query: analytics.list_threads(query, ALL),
    "customers": lambda analytics, query: analytics.list_customers(query, Sort("first_seen"), ALL),
}


@pytest.fixture(scope="module")
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """SQLite stores, for this module alone."""
    with fresh_stores("sqlite", tmp_path_factory.mktemp("stores"), request) as opened:
        yield opened


def database_of(stores: Stores) -> Any:
    """Return the database of request logs."""
    return stores.log_upkeep.database  # type: ignore[attr-defined]


def gpt_log(**attributes: Any) -> Any:
    """Return a log with everything that a question asks about."""
    return log_draft("a b", model="gpt", customer_identifier="c", thread_identifier="t", **attributes)


def change_behind(stores: Stores) -> None:
    """Change every log so that each question has another answer, and tell nobody."""
    raw = apsw.Connection(str(database_of(stores).path))
    raw.execute(
        "UPDATE request_log SET status = 'odd', customer_identifier = 'odd', thread_identifier = 'odd', cost = 99"
    )
    raw.close()


async def count(store: Store, query: LogQuery = EVERY) -> int:
    """Return how many logs the summary is of."""
    return (await store.log_analytics.summarize(query)).totals.number_of_requests


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_question_is_not_computed_again(stores: Stores, question: str) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        await record(store, [gpt_log()])
        before = await QUESTIONS[question](store.log_analytics, GPT)
        change_behind(stores)
        assert await QUESTIONS[question](store.log_analytics, GPT) is before
        fresh = SqlLogAnalytics(database_of(stores), ResultMemory(database_of(stores)), store.organization_id, "prod")
        assert await QUESTIONS[question](fresh, GPT) != before, "the change is none to this question"

    asyncio.run(work())


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_new_log_that_matches_is_in_the_answer(stores: Stores, question: str) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        await record(store, [gpt_log()])
        before = await QUESTIONS[question](store.log_analytics, GPT)
        await record(store, [gpt_log()])
        assert await QUESTIONS[question](store.log_analytics, GPT) != before

    asyncio.run(work())


def test_logs_that_do_not_match_leave_an_answer_as_it_is(stores: Stores) -> None:
    async def work() -> None:
        within = await new_organization(stores)
        query = LogQuery(GPT.expression, start=T0, end=T0 + timedelta(hours=1))
        await record(within["prod"], [gpt_log()])
        before = await within["prod"].log_analytics.summarize(query)
        for others in range(3):
            await record(within["prod"], [log_draft(others, model="other"), gpt_log(timestamp=T0 + timedelta(hours=1))])
            await record(within["test"], [gpt_log()])
            assert await within["prod"].log_analytics.summarize(query) is before

    asyncio.run(work())


def test_after_very_many_other_logs_an_answer_is_computed_anew(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_memory, "_MOST_LOOKED_AT", 5)

    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        await record(store, [gpt_log()])
        before = await store.log_analytics.summarize(GPT)
        for size, is_remembered in ((5, True), (5, True), (6, False)):
            await record(store, [log_draft(1, model="other") for _ in range(size)])
            after = await store.log_analytics.summarize(GPT)
            assert after == before
            assert (after is before) == is_remembered

    asyncio.run(work())


async def _delete(stores: Stores, store: Store, log_id: str) -> None:
    await store.request_logs.delete(log_id)


async def _annotate(stores: Stores, store: Store, log_id: str) -> None:
    await store.request_logs.update(log_id, RequestLogChanges(metadata=b'{"kept":null}'))


async def _delete_trace(stores: Stores, store: Store, log_id: str) -> None:
    assert await store.traces.delete("trace", EVERY) == 1


async def _expire(stores: Stores, store: Store, log_id: str) -> None:
    await store.retention.set({"prod": 1})
    assert not await stores.log_upkeep.delete_expired(datetime.now(UTC) + timedelta(days=2), 100)
    await store.retention.set({"prod": None})


@pytest.mark.parametrize("change", [_delete, _annotate, _delete_trace, _expire])
def test_an_answer_is_forgotten_when_a_log_is_deleted_or_changed(
    stores: Stores, change: Callable[[Stores, Store, str], Awaitable[None]]
) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        query = where("metadata.kept", True)
        (log_id,) = await record(store, [log_draft(1, metadata={"kept": True}, trace_unique_id="trace")])
        assert await count(store, query) == 1
        await change(stores, store, log_id)
        assert await count(store, query) == 0

    asyncio.run(work())


def test_a_change_counts_though_whoever_asked_for_it_has_gone(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        (log_id,) = await record(store, [gpt_log()])
        assert await count(store, GPT) == 1
        deletion = asyncio.create_task(store.request_logs.delete(log_id))
        await asyncio.sleep(0)
        deletion.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deletion
        # What is written next is written after it.
        await record(store, [log_draft(1, model="other")])
        assert await count(store, GPT) == 0

    asyncio.run(work())


def test_a_search_finds_what_was_recorded_since(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        query = LogQuery(search=TextSearch(("apple",)))
        await record(store, [log_draft("an apple"), log_draft("a pear")])
        assert await count(store, query) == 1
        await record(store, [log_draft("another apple")])
        assert await count(store, query) == 2
        before = await store.log_analytics.summarize(query)
        await stores.log_upkeep.index_text(100)
        assert await store.log_analytics.summarize(query) is before

    asyncio.run(work())


def test_questions_that_look_alike_have_their_own_answers(stores: Stores) -> None:
    async def work() -> None:
        first, second = await new_organization(stores), await new_organization(stores)
        plans = [1, True, True, "1", "1", "1", "1"]
        await record(first["prod"], [log_draft(1, metadata={"plan": plan}, model=str(plan)) for plan in plans])
        await record(first["test"], [gpt_log()])
        for _ in range(2):
            assert await count(first["prod"]) == 7
            assert await count(first["prod"], where("metadata.plan", True)) == 2
            assert await count(first["prod"], where("metadata.plan", 1)) != 2
            assert await count(first["prod"], LogQuery(environments=BOTH)) == 8
            assert await count(first["test"]) == 1
            assert await count(second["prod"]) == 0
            analytics = first["prod"].log_analytics
            pages = [await analytics.group(EVERY, ["model"], None, Sort("model"), PageRequest(n, 1)) for n in (1, 2)]
            assert [page.items[0].keys["model"] for page in pages] == ["1", "True"]
            assert (await analytics.facet(EVERY, "model", 1)).values == [("1", 5)]
            assert len((await analytics.facet(EVERY, "model", 2)).values) == 2

    asyncio.run(work())


def test_through_a_random_history_every_answer_is_what_is_there(stores: Stores) -> None:
    draw = random.Random(5)

    async def work() -> None:
        within = await new_organization(stores)
        store = within["prod"]
        queries = [
            EVERY,
            GPT,
            where("is_pinned", True),
            LogQuery(environments=BOTH),
            LogQuery(search=TextSearch(("b",))),
        ]
        ids: list[str] = []
        for _ in range(80):
            action = draw.choice(("record", "record", "elsewhere", "delete", "pin", "nothing"))
            if action in ("record", "elsewhere"):
                drafts = [draw.choice((gpt_log(), log_draft("a"), log_draft("b", cost=0.5))) for _ in range(2)]
                recorded = await record(within["prod" if action == "record" else "test"], drafts)
                ids += recorded if action == "record" else []
            elif action == "delete" and ids:
                await store.request_logs.delete(ids.pop(draw.randrange(len(ids))))
            elif action == "pin" and ids:
                await store.request_logs.update(draw.choice(ids), RequestLogChanges(is_pinned=draw.random() < 0.7))
            database = database_of(stores)
            fresh = SqlLogAnalytics(database, ResultMemory(database), store.organization_id, "prod")
            for query in draw.sample(queries, 3):
                ask = draw.choice(list(QUESTIONS.values()))
                assert await ask(store.log_analytics, query) == await ask(fresh, query)

    asyncio.run(work())


# The memory by itself -------------------------------------------------------------------------------------------------


class Question:
    """A computation that counts how often it is done, and waits when it is told to."""

    def __init__(self, memory: ResultMemory) -> None:
        self.memory = memory
        self.computed = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.size = 1
        self.error: Exception | None = None

    async def compute(self) -> Page[int]:
        """Return how often this was done."""
        self.computed += 1
        number = self.computed
        self.begun.set()
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return Page([number] * self.size, number)

    async def ask(self, key: object = "key") -> int:
        """Ask and return which computation answered."""
        return (await self.memory.remembered(key, true(), self.compute)).total_count


def _nothing(_: Connection) -> None:
    return None


def test_those_who_ask_at_the_same_time_share_one_computation(stores: Stores) -> None:
    async def work() -> None:
        question = Question(ResultMemory(database_of(stores)))
        assert await asyncio.gather(*(question.ask() for _ in range(20))) == [1] * 20
        assert await question.ask() == 1

    asyncio.run(work())


def test_who_asks_after_a_log_was_recorded_does_not_share_a_computation_begun_before(stores: Stores) -> None:
    async def work() -> None:
        store = (await new_organization(stores))["prod"]
        question = Question(ResultMemory(database_of(stores)))
        question.may_end.clear()
        early = asyncio.create_task(question.ask())
        await question.begun.wait()
        await record(store, [gpt_log()])
        late = [asyncio.create_task(question.ask()) for _ in range(5)]
        await asyncio.sleep(0)
        question.may_end.set()
        assert await early == 1
        assert await asyncio.gather(*late) == [2] * 5
        assert await question.ask() == 2

    asyncio.run(work())


def test_what_changes_during_a_computation_is_not_taken_as_seen(stores: Stores) -> None:
    async def work() -> None:
        memory = ResultMemory(database_of(stores))
        question = Question(memory)
        question.may_end.clear()
        early = asyncio.create_task(question.ask())
        await question.begun.wait()
        await memory.changing(database_of(stores).write(_nothing))
        question.may_end.set()
        assert (await early, await question.ask(), await question.ask()) == (1, 2, 2)

    asyncio.run(work())


def test_a_failed_change_forgets_too(stores: Stores) -> None:
    async def fail() -> None:
        raise Unavailable("The disk is full.")

    async def work() -> None:
        question = Question(ResultMemory(database_of(stores)))
        assert await question.ask() == 1
        with pytest.raises(Unavailable):
            await question.memory.changing(fail())
        assert await question.ask() == 2

    asyncio.run(work())


def test_a_failure_is_not_remembered(stores: Stores) -> None:
    async def work() -> None:
        question = Question(ResultMemory(database_of(stores)))
        question.error = Unavailable("not now")
        for _ in range(2):
            answers = await asyncio.gather(question.ask(), question.ask(), return_exceptions=True)
            assert list(answers) == [question.error] * 2
        question.error = None
        assert await question.ask() == 3

    asyncio.run(work())


def test_who_gives_up_takes_the_answer_from_nobody(stores: Stores) -> None:
    async def work() -> None:
        question = Question(ResultMemory(database_of(stores)))
        question.may_end.clear()
        first, second = asyncio.create_task(question.ask()), asyncio.create_task(question.ask())
        await question.begun.wait()
        first.cancel()
        question.may_end.set()
        assert await second == 1
        assert first.cancelled()

    asyncio.run(work())


def test_the_answer_that_was_asked_for_longest_ago_makes_room(stores: Stores) -> None:
    async def work() -> None:
        question = Question(ResultMemory(database_of(stores)))
        for key in range(64):
            await question.ask(key)
        assert await question.ask(0) == 1
        assert await question.ask("one more") == 65
        assert await question.ask(0) == 1
        assert await question.ask(1) == 66

    asyncio.run(work())


def test_a_very_large_answer_is_not_kept(stores: Stores) -> None:
    async def work() -> None:
        question = Question(ResultMemory(database_of(stores)))
        question.size = 10_001
        assert (await question.ask(), await question.ask()) == (1, 2)
        question.size = 10_000
        assert (await question.ask(), await question.ask()) == (3, 3)

    asyncio.run(work())


@pytest.mark.postgres
def test_on_postgresql_where_others_write_too_nothing_is_remembered(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    async def work(stores: Stores) -> None:
        question = Question(ResultMemory(database_of(stores)))
        assert (await question.ask(), await question.ask()) == (1, 2)

    with fresh_stores("postgresql", tmp_path_factory.mktemp("stores"), request) as stores:
        asyncio.run(work(stores))
