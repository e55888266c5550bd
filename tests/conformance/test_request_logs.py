"""Recording, reading, updating and deleting request logs: nothing is changed, lost, doubled or shown to others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assay.assembly import open_stores
from assay.filters.log_query import LogQuery
from assay.filters.search import TextSearch
from assay.model.access import Environment
from assay.model.errors import NotFound, Unavailable
from assay.model.log import LogAttributes, LogContent
from assay.model.request_log import RequestLog, RequestLogChanges, RequestLogDraft, SpanAttributes
from assay.ports.store import Store, Stores
from assay.settings import Settings
from assay.stores.sql import log_intake
from tests.conformance.builders import ALL, T0, at
from tests.conformance.conftest import KINDS, Run
from tests.conformance.log_builders import (
    BOTH,
    BY_ID,
    encoded,
    fill,
    found_ids,
    fresh_settings,
    fresh_stores,
    log_draft,
    new_organization,
    random_logs,
    record,
    where,
)

# Numbers and orders that a database likes to rewrite.
_METADATA = (
    b'{"z":1.10,"a":[1e2,-0.0,12345678901234567890,{"k":"\\u00e9\\/"}],"0":null,"m":{"b":1,"a":2},"\xc3\xa9":""}'
)
FULL = RequestLogDraft(
    LogAttributes(
        timestamp=at(7.000001),
        start_time=at(-3.5),
        model="gpt-4o 😀",
        log_type="chat",
        status="error",
        status_code=429,
        error_code="rate_limit",
        error_message="slow\ndown",
        custom_identifier="custom",
        customer_identifier="customer",
        session_identifier="session",
        thread_identifier="thread",
        trace_unique_id="trace",
        prompt_id="p",
        prompt_name="prompt's name",
        span_name="span",
        span_workflow_name="workflow",
        prompt_tokens=2**53,
        completion_tokens=0,
        total_request_tokens=2**53 + 1,
        cost=0.1 + 0.2,
        latency=1e-9,
        time_to_first_token=0.0,
        tokens_per_second=1e22,
    ),
    LogContent(
        input=b'[{"role":"user","content":"Gr\xc3\xbc\xc3\x9fe, \xe4\xb8\x96\xe7\x95\x8c \\u2028 1.10"}]',
        output=b'{"b":1.50,"a":[]}',
        expected_output=b"null",
        metadata=_METADATA,
    ),
    SpanAttributes(
        span_unique_id="s1",
        span_parent_id="s0",
        group_identifier="g",
        trace_group_identifier="tg",
        evaluation_identifier="e",
        customer_email="a@example.com",
        customer_name="Ö",
        provider_id="openai",
        deployment_name="d",
        log_method="otlp",
        organization_key_id="key",
        prompt_version_number=3,
        prompt_cache_hit_tokens=4,
        prompt_cache_creation_tokens=5,
        reasoning_tokens=6,
        stream=True,
        cache_hit=True,
        has_tool_calls=True,
        positive_feedback=False,
        note="a note",
        blurred=True,
        is_pinned=True,
    ),
    details=b'{"tools":[{"type":"function"}],"temperature":0.70,"full_request":{"z":1,"a":2}}',
    input_preview="Grüße",
    output_preview="…",
)
EMPTY = RequestLogDraft(LogAttributes(T0, T0), LogContent())
NULLS = RequestLogDraft(LogAttributes(T0, T0), LogContent(b"null", b"null", b"null", b"{}"))
LARGE = RequestLogDraft(
    LogAttributes(T0, T0),
    LogContent(encoded("x😀" * 200_000), encoded(list(range(150_000)))),
    input_preview="x" * 2_000,
)
KINDS_OF_LOGS = (FULL, EMPTY, NULLS, LARGE)


def assert_same(log: RequestLog, draft: RequestLogDraft, environment: Environment = "prod") -> None:
    """The log holds all of the draft, byte for byte."""
    assert log.attributes == replace(draft.attributes, environment=environment)
    assert log.span == draft.span
    assert log.content == draft.content
    assert log.details == draft.details
    assert log.metadata == draft.content.metadata
    assert (log.input_preview, log.output_preview) == (draft.input_preview, draft.output_preview)


@pytest.fixture
def organization(stores: Stores, run: Run[Any]) -> dict[Environment, Store]:
    """Both environments of a new organisation."""
    return run(new_organization(stores))


@pytest.fixture(params=KINDS)
def lonely(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """An empty place for stores of each kind."""
    with fresh_settings(request.param, tmp_path, request) as settings:
        yield settings


# What was recorded ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", BOTH)
def test_a_log_comes_back_byte_for_byte_however_it_is_read(
    organization: dict[Environment, Store], environment: Environment, run: Run[Any]
) -> None:
    async def work() -> None:
        logs = organization[environment].request_logs
        recorded = await logs.append(KINDS_OF_LOGS)
        ids = [one.id for one in recorded]
        assert not any(one.is_duplicate for one in recorded)
        by_id = [await logs.get(log_id) for log_id in ids]
        page, _ = await logs.page(LogQuery(), BY_ID, ALL)
        after, _ = await logs.page_after(LogQuery(), BY_ID, None, 10)
        found = {log.id: log for log in page}
        sampled = await organization[environment].log_samples.read([log.sequence for log in by_id])
        assert list(page) == list(after)
        assert list(await logs.find_many(ids)) == by_id == [found[log_id] for log_id in ids] == list(sampled)
        for log, draft in zip(by_id, KINDS_OF_LOGS, strict=True):
            assert_same(log, draft, environment)

    run(work())


def test_random_logs_come_back_as_they_were(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        filled = await fill(stores, random_logs(seed=3, count=150))
        logs = await filled.store.request_logs.find_many(filled.ids)
        for log, sample in zip(logs, filled.samples, strict=True):
            draft = sample.draft
            empty = draft.details == b"{}"
            assert_same(log, replace(draft, details=None) if empty else draft, sample.environment)

    run(work())


def test_logs_survive_a_dictionary_and_a_restart(lonely: Settings, run: Run[Any]) -> None:
    drafts = [
        log_draft(
            [{"role": "system", "content": "You are the assistant of a shop."}, {"role": "user", "content": str(n)}],
            {"choices": [{"message": {"role": "assistant", "content": f"The answer is {n * 7919}."}}]},
            metadata={"plan": "gold", "n": n},
        )
        for n in range(2_000)
    ]

    async def recorded(stores: Stores, store: Store) -> list[str]:
        ids = await record(store, drafts)
        # PostgreSQL compresses by itself.
        assert await stores.log_upkeep.train_compression() is (lonely.database_url is None)
        return [*ids[:300], *await record(store, [*drafts[:300], *KINDS_OF_LOGS])]

    async def check(store: Store, ids: list[str]) -> None:
        logs = await store.request_logs.find_many(ids)
        for log, draft in zip(logs, [*drafts[:300], *drafts[:300], *KINDS_OF_LOGS], strict=True):
            assert_same(log, draft)
        # Filters look into bodies of every kind.
        assert (await store.request_logs.count(where("input.1.content", "299"))).number == 2

    stores = open_stores(lonely)
    try:
        store = run(new_organization(stores))["prod"]
        ids = run(recorded(stores, store))
        run(check(store, ids))
    finally:
        stores.close()
    again = open_stores(lonely)
    try:
        run(check(again.within(store.organization_id, "prod"), ids))
        assert run(again.verify()) == []
    finally:
        again.close()


def test_previews_come_without_content(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        (log_id,) = await record(store, [FULL])
        whole = await store.request_logs.get(log_id)
        page, _ = await store.request_logs.page(LogQuery(), BY_ID, ALL, previews_only=True)
        after, _ = await store.request_logs.page_after(LogQuery(), BY_ID, None, 5, previews_only=True)
        for log in (page[0], after[0]):
            assert log == replace(whole, content=None, details=None, metadata=log.metadata)
            assert log.metadata is not None
            assert json.loads(log.metadata) == json.loads(_METADATA)

    run(work())


def test_later_logs_have_higher_sequences_and_never_an_earlier_time(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        ids = [log_id for turn in range(5) for log_id in await record(store, [log_draft(turn), log_draft(turn)])]
        logs = await store.request_logs.find_many(ids)
        assert [log.sequence for log in logs] == sorted({log.sequence for log in logs})
        assert [log.created_at for log in logs] == sorted(log.created_at for log in logs)

    run(work())


def test_find_many_answers_in_the_order_asked_and_leaves_out_what_is_gone(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        first, second, third = await record(store, [log_draft(n) for n in range(3)])
        await store.request_logs.delete(second)
        logs = await store.request_logs.find_many([third, "unknown", second, first, third])
        assert [log.id for log in logs] == [third, first]
        assert list(await store.request_logs.find_many([])) == []
        assert list(await store.request_logs.append([])) == []

    run(work())


# Identity -------------------------------------------------------------------------------------------------------------


def test_a_draft_without_identity_is_always_a_new_log(store: Store, run: Run[Any]) -> None:
    ids = run(record(store, [log_draft("same")] * 3))
    assert len(set(ids)) == 3
    assert sorted(run(found_ids(store))) == sorted(ids)


def test_an_identity_is_recorded_once_in_one_append_and_in_two(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        one, two = log_draft(1, identity=b"1" * 16), log_draft(2, identity=b"2" * 16)
        first = await store.request_logs.append([one, two, one])
        assert [recorded.is_duplicate for recorded in first] == [False, False, True]
        assert first[0].id == first[2].id != first[1].id
        # What comes again does not replace what is there.
        again = await store.request_logs.append([log_draft(3), log_draft("other", identity=b"1" * 16)])
        assert [recorded.is_duplicate for recorded in again] == [False, True]
        assert again[1].id == first[0].id
        assert (await store.request_logs.get(first[0].id)).content == one.content
        assert (await store.request_logs.count(LogQuery())).number == 3

    run(work())


def test_a_deleted_log_can_be_recorded_again(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        draft = log_draft(1, identity=b"d" * 16)
        (log_id,) = await record(store, [draft])
        await store.request_logs.delete(log_id)
        (again,) = await store.request_logs.append([draft])
        assert not again.is_duplicate
        assert_same(await store.request_logs.get(again.id), draft)

    run(work())


@pytest.fixture
def doors(stores: Stores, store: Store, request: pytest.FixtureRequest) -> Iterator[list[Store]]:
    """The ways to one organisation that there may be at once: on PostgreSQL, two servers."""
    if "postgresql" not in request.node.callspec.params.values():
        yield [store]
        return
    url = request.getfixturevalue("postgresql_url").replace("/postgres?", "/conformance?")
    second = open_stores(Settings(Path(), database_url=url))
    yield [store, second.within(store.organization_id, "prod")]
    second.close()


def test_fifty_senders_of_one_log_record_it_once(doors: list[Store], run: Run[Any]) -> None:
    async def work() -> None:
        draft = log_draft("same", identity=b"f" * 16)
        answers = await asyncio.gather(
            *(doors[n % len(doors)].request_logs.append([log_draft(n), draft]) for n in range(50))
        )
        assert len({answer[1].id for answer in answers}) == 1
        assert [answer[1].is_duplicate for answer in answers].count(False) == 1
        assert len({answer[0].id for answer in answers}) == 50
        ids = await found_ids(doors[0])
        assert sorted(ids) == sorted({recorded.id for answer in answers for recorded in answer})

    run(work())


def test_what_concurrent_senders_record_is_all_there_with_its_own_content(doors: list[Store], run: Run[Any]) -> None:
    async def send(number: int) -> dict[str, int]:
        # Some are made ready where they are, some on another thread.
        drafts = [log_draft([number, part]) for part in range(1 + number % 12)]
        ids = await record(doors[number % len(doors)], drafts)
        return dict(zip(ids, range(len(ids)), strict=True))

    async def work() -> None:
        answers = await asyncio.gather(*(send(number) for number in range(50)))
        for number, parts in enumerate(answers):
            logs = await doors[-1].request_logs.find_many(list(parts))
            assert [json.loads(log.content.input or b"") for log in logs if log.content] == [
                [number, part] for part in parts.values()
            ]
        assert (await doors[0].request_logs.count(LogQuery())).number == sum(1 + n % 12 for n in range(50))

    run(work())


# Isolation ------------------------------------------------------------------------------------------------------------


def test_nobody_else_sees_counts_changes_samples_or_finds_a_log(
    stores: Stores, organization: dict[Environment, Store], run: Run[Any]
) -> None:
    async def work() -> None:
        mine = organization["prod"]
        draft = log_draft("secret word", trace_unique_id="t", metadata={"plan": "gold"}, is_pinned=True)
        (log_id,) = await record(mine, [draft])
        sequence = (await mine.request_logs.get(log_id)).sequence
        others = await new_organization(stores)
        everything = LogQuery(environments=BOTH)
        for query in (everything, LogQuery(), where("id", log_id), LogQuery(search=TextSearch(("secret",)))):
            for other in (*others.values(), *([organization["test"]] if not query.environments else [])):
                assert await found_ids(other, query) == []
                assert await other.request_logs.page_after(query, BY_ID, None, 5) == ([], None)
                assert (await other.request_logs.count(query)).number == 0
                assert (await other.request_logs.count(query, within_seconds=1)).number == 0
                assert await other.log_samples.count("logs", query) == 0
                assert await other.log_samples.count("traces", LogQuery(environments=query.environments)) == 0
                assert await other.log_samples.choose("logs", query, "random", 1, 0, 10) == []
                assert await other.log_samples.strata("logs", query, "metadata.plan") == {}
                window = LogQuery(environments=query.environments)
                assert (await other.traces.count(window)).number == 0
                assert await other.traces.list_ids(window, 10) == []
                assert await other.traces.delete("t", window) == 0
        for other in others.values():
            assert list(await other.request_logs.find_many([log_id])) == []
            for refused in (
                other.request_logs.get(log_id),
                other.request_logs.update(log_id, RequestLogChanges(note="mine")),
                other.request_logs.delete(log_id),
                other.traces.get("t", everything),
            ):
                with pytest.raises(NotFound):
                    await refused
            assert list(await other.log_samples.read([sequence])) == []
        # An id is enough inside the organisation, whatever the environment.
        assert (await organization["test"].request_logs.get(log_id)).attributes.environment == "prod"
        assert_same(await mine.request_logs.get(log_id), draft)

    run(work())


def test_the_same_identity_elsewhere_is_another_log(stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        first, second = await new_organization(stores), await new_organization(stores)
        places = [*first.values(), *second.values()]
        draft = log_draft("same", identity=b"i" * 16)
        recorded = [(await place.request_logs.append([draft]))[0] for place in places]
        assert not any(one.is_duplicate for one in recorded)
        assert len({one.id for one in recorded}) == 4
        for place, one in zip(places, recorded, strict=True):
            assert await found_ids(place) == [one.id]

    run(work())


def test_what_is_not_there_is_not_found(store: Store, run: Run[Any]) -> None:
    for wanted in ("", "unknown", "0" * 32, "'; --"):
        for call in (
            store.request_logs.get(wanted),
            store.request_logs.update(wanted, RequestLogChanges(note="n")),
            store.request_logs.delete(wanted),
        ):
            with pytest.raises(NotFound):
                run(call)


# Updates and deletes --------------------------------------------------------------------------------------------------


def test_an_update_sets_what_it_names_and_nothing_else(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        (log_id,) = await record(store, [FULL])
        before = await store.request_logs.get(log_id)
        assert await store.request_logs.update(log_id, RequestLogChanges()) == before
        changes = RequestLogChanges(note="new", positive_feedback=True, custom_identifier="c", blurred=False)
        after = await store.request_logs.update(log_id, changes)
        assert after == await store.request_logs.get(log_id)
        assert after == replace(
            before,
            attributes=replace(before.attributes, custom_identifier="c"),
            span=replace(before.span, note="new", positive_feedback=True, blurred=False),
        )
        cleared = await store.request_logs.update(log_id, RequestLogChanges(note="", custom_identifier=""))
        assert (cleared.span.note, cleared.attributes.custom_identifier) == (None, None)
        assert await found_ids(store, where("is_pinned", True)) == [log_id]
        await store.request_logs.update(log_id, RequestLogChanges(is_pinned=False))
        assert await found_ids(store, where("is_pinned", True)) == []

    run(work())


def test_metadata_is_merged_one_level_deep_and_keeps_its_other_keys_as_they_were(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        (log_id,) = await record(store, [FULL])
        changes = RequestLogChanges(metadata=b'{"m":{"c":1.0},"0":null,"new":"\xc3\xa9"}')
        log = await store.request_logs.update(log_id, changes)
        expected = (
            b'{"z":1.10,"a":[1e2,-0.0,12345678901234567890,{"k":"\\u00e9\\/"}],"m":{"c":1.0},"\xc3\xa9":"",'
            b'"new":"\xc3\xa9"}'
        )
        assert_same(log, replace(FULL, content=replace(FULL.content, metadata=expected)))
        assert await found_ids(store, where("metadata.m.c", 1)) == [log_id]
        assert await found_ids(store, where("metadata.m.b", 1)) == []
        gone = RequestLogChanges(metadata=b'{"z":null,"a":null,"m":null,"\xc3\xa9":null,"new":null,"never":null}')
        log = await store.request_logs.update(log_id, gone)
        assert_same(log, replace(FULL, content=replace(FULL.content, metadata=None)))
        log = await store.request_logs.update(log_id, RequestLogChanges(metadata=b'{"k":1}'))
        assert_same(log, replace(FULL, content=replace(FULL.content, metadata=b'{"k":1}')))

    run(work())


def test_updates_at_the_same_time_are_all_kept(doors: list[Store], run: Run[Any]) -> None:
    async def work() -> None:
        (log_id,) = await record(doors[0], [log_draft("x", metadata={"k": 0})])
        await asyncio.gather(
            *(
                doors[n % len(doors)].request_logs.update(log_id, RequestLogChanges(metadata=encoded({f"k{n}": n})))
                for n in range(20)
            )
        )
        log = await doors[0].request_logs.get(log_id)
        assert log.metadata is not None
        assert json.loads(log.metadata) == {"k": 0, **{f"k{n}": n for n in range(20)}}

    run(work())


def test_a_deleted_log_is_gone_from_everywhere(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        gone, kept = await record(store, [log_draft("red fox", trace_unique_id="t"), log_draft("red dog")])
        await store.request_logs.delete(gone)
        assert await found_ids(store) == [kept]
        assert await found_ids(store, LogQuery(search=TextSearch(("red",)))) == [kept]
        assert (await store.traces.count(LogQuery())).number == 0
        with pytest.raises(NotFound):
            await store.request_logs.delete(gone)

    run(work())


def test_deletes_and_updates_of_one_log_at_once_end_in_a_clear_state(doors: list[Store], run: Run[Any]) -> None:
    async def work() -> None:
        ids = await record(doors[0], [log_draft(n, trace_unique_id="t") for n in range(10)])
        logs = [door.request_logs for door in doors]
        calls = [
            call
            for n, log_id in enumerate(ids)
            for call in (
                logs[0].update(log_id, RequestLogChanges(metadata=b'{"k":1}')),
                logs[-1].delete(log_id),
                logs[n % len(logs)].update(log_id, RequestLogChanges(note="n")),
            )
        ]
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            assert answer is None or isinstance(answer, RequestLog | NotFound)
        assert await found_ids(doors[0]) == []
        assert (await doors[0].traces.count(LogQuery())).number == 0

    run(work())


# Intake ---------------------------------------------------------------------------------------------------------------

# No database has a whole number as large as this.
_REFUSED = log_draft("refused", prompt_tokens=2**70)


def test_what_the_database_refuses_does_not_harm_others_in_the_same_commit(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        calls = [store.request_logs.append([log_draft(n), *([_REFUSED] if n % 10 == 3 else [])]) for n in range(50)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [n for n, answer in enumerate(answers) if isinstance(answer, BaseException)]
        assert refused == [3, 13, 23, 33, 43]
        recorded = [answer[0].id for answer in answers if not isinstance(answer, BaseException)]
        assert sorted(await found_ids(store)) == sorted(recorded)

    run(work())


def test_an_append_is_recorded_as_a_whole_or_not_at_all(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        draft = log_draft(1, identity=b"w" * 16, trace_unique_id="t")
        with pytest.raises(Exception, match=r".") as refused:
            await store.request_logs.append([draft, log_draft(2), _REFUSED])
        assert not isinstance(refused.value, AssertionError)
        assert await found_ids(store) == []
        assert (await store.traces.count(LogQuery())).number == 0
        (recorded,) = await store.request_logs.append([draft])
        assert not recorded.is_duplicate

    run(work())


@pytest.mark.parametrize("logs_each", [1, 20])
def test_too_much_waiting_is_refused_and_taken_again_later(
    store: Store, run: Run[Any], monkeypatch: pytest.MonkeyPatch, logs_each: int
) -> None:
    monkeypatch.setattr(log_intake, "_MOST_WAITING_BYTES", 200_000)

    async def work() -> None:
        calls = [store.request_logs.append([log_draft(f"{n}/{k}") for k in range(logs_each)]) for n in range(1_000)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert refused
        assert all(isinstance(answer, Unavailable) for answer in refused)
        taken = [one.id for answer in answers if not isinstance(answer, BaseException) for one in answer]
        assert len(taken) >= 20
        assert sorted(await found_ids(store)) == sorted(taken)
        later = await record(store, [log_draft("later")])
        assert (await store.request_logs.get(later[0])).input_preview == "later"

    run(work())


@pytest.mark.parametrize("logs_each", [1, 20])
def test_what_cannot_even_be_made_ready_does_not_count_as_waiting(
    store: Store, run: Run[Any], monkeypatch: pytest.MonkeyPatch, logs_each: int
) -> None:
    monkeypatch.setattr(log_intake, "_MOST_WAITING_BYTES", 200_000)
    garbage = replace(log_draft("x"), content=LogContent(metadata=b"\xff" * 1_000))

    async def work() -> None:
        for _ in range(300):
            with pytest.raises(UnicodeDecodeError):
                await store.request_logs.append([garbage] * logs_each)
        taken = await record(store, [log_draft("taken")])
        assert await found_ids(store) == taken

    run(work())


def test_a_cancelled_sender_leaves_the_others_alone(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        tasks = [asyncio.create_task(store.request_logs.append([log_draft(n)])) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
        ids = {answer[0].id for answer in answers[1::2] if not isinstance(answer, BaseException)}
        assert len(ids) == 10
        assert ids <= set(await found_ids(store))

    run(work())


def test_closing_finishes_what_was_accepted(lonely: Settings, run: Run[Any]) -> None:
    async def work() -> tuple[int, list[str]]:
        stores = open_stores(lonely)
        store = (await new_organization(stores))["prod"]
        tasks = [asyncio.create_task(store.request_logs.append([log_draft(n)])) for n in range(30)]
        # The first ones are on their way to the disk now.
        for _ in range(5):
            await asyncio.sleep(0)
        late = [asyncio.create_task(store.request_logs.append([log_draft(n)])) for n in range(30)]
        await asyncio.sleep(0)
        stores.close()
        answers = await asyncio.wait_for(asyncio.gather(*tasks, *late, return_exceptions=True), 30)
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(answer, Unavailable) for answer in refused)
        assert not any(isinstance(answer, BaseException) for answer in answers[:30])
        return store.organization_id, [one.id for answer in answers if isinstance(answer, list) for one in answer]

    organization, acknowledged = run(work())
    again = open_stores(lonely)
    try:
        assert sorted(run(found_ids(again.within(organization, "prod")))) == sorted(acknowledged)
        assert run(again.verify()) == []
    finally:
        again.close()


@pytest.mark.parametrize("kind", KINDS)
def test_verify_finds_nothing_wrong_with_empty_and_filled_stores(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, run: Run[Any]
) -> None:
    with fresh_stores(kind, tmp_path, request) as stores:
        assert run(stores.verify()) == []
        filled = run(fill(stores, random_logs(seed=5, count=40)))
        assert run(stores.verify()) == []
        for log_id in filled.ids[::3]:
            run(filled.store.request_logs.delete(log_id))
        assert run(stores.verify()) == []
        window = LogQuery(start=T0 - timedelta(days=1))
        assert run(filled.store.request_logs.count(window)).number == len(filled.matching(window))
