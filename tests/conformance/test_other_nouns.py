"""Datasets, evaluators, scores and keys; the same in every store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from assay.filters.expression import EVERYTHING, Condition, Field, Operator
from assay.model.access import ApiKey, Identity
from assay.model.dataset import DatasetChanges
from assay.model.errors import NotFound
from assay.model.evaluator import PassRule, ScoreRange
from assay.model.ids import new_uuid
from assay.model.page import PageRequest, Sort
from assay.ports.scores import ScoreAggregate
from assay.ports.store import Store, Stores
from tests.conformance.builders import (
    ALL,
    T0,
    at,
    change,
    draft,
    drafts,
    evaluator,
    inputs_of,
    logs_of,
    new_dataset,
    new_job,
    new_report,
    result,
)
from tests.conformance.conftest import Run


def test_a_dataset_comes_back_as_it_was_made_and_changed(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        filters = b'{"b":1,"a":[2.50]}'
        dataset = await new_dataset(
            store, "é 😀", type="llm", tags=("x", "ü"), starred=True, initial_log_filters=filters
        )
        found = await store.datasets.get(dataset)
        assert (found.name, found.type, found.tags, found.starred) == ("é 😀", "llm", ("x", "ü"), True)
        assert (found.initial_log_filters, found.log_count, found.status) == (filters, 0, "ready")
        changes = DatasetChanges(description="why", starred=False, tags=())
        changed = await store.datasets.update(dataset, changes, "editor", at(5))
        assert changed == replace(
            found, description="why", starred=False, tags=(), updated_by="editor", updated_at=at(5)
        )
        assert await store.datasets.get(dataset) == changed

    run(work())


def test_datasets_are_listed_filtered_counted_and_sorted_by_bytes(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        names = ["b", "B", "a-b", "ab", "é"]
        for place, name in enumerate(names):
            await new_dataset(store, name, created_at=at(place), tags=("t",) if place % 2 else ())
        page = await store.datasets.list(EVERYTHING, Sort("name"), PageRequest(1, 3))
        assert ([found.name for found in page.items], page.total_count) == (["B", "a-b", "ab"], 5)
        page = await store.datasets.list(EVERYTHING, Sort("created_at", descending=True), ALL)
        assert [found.name for found in page.items] == names[::-1]
        has_tag = Condition(Field("tags", ("0",)), Operator.EQUAL, ("t",))
        page = await store.datasets.list(has_tag, Sort("created_at"), ALL)
        assert [found.name for found in page.items] == ["B", "ab"]
        assert await store.datasets.count(has_tag) == page.total_count == 2

    run(work())


def test_a_deleted_dataset_is_out_of_reach_at_once(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(0), change())
        report = await new_report(store, dataset, [evaluator(store, "judge")])
        await store.datasets.delete(dataset, at(1))
        for attempt in (
            store.datasets.get(dataset),
            store.datasets.delete(dataset, at(2)),
            store.datasets.update(dataset, DatasetChanges(name="x"), "x", at(2)),
            store.dataset_logs.page(dataset, None, EVERYTHING, Sort("id"), ALL),
            store.dataset_logs.append(dataset, drafts(1), change()),
            store.dataset_versions.get(dataset, "1"),
            store.eval_reports.get(dataset, report.id),
            store.scores.aggregate(dataset, None, EVERYTHING),
        ):
            with pytest.raises(NotFound):
                await attempt
        assert await store.datasets.count(EVERYTHING) == 0
        assert report.id not in await stores.runs.list_unfinished()

    run(work())


def test_clearing_up_frees_deleted_datasets_and_nothing_of_the_others(
    store: Store, stores: Stores, run: Run[Any]
) -> None:
    async def work() -> None:
        kept, deleted = await new_dataset(store), await new_dataset(store)
        for dataset in (kept, deleted):
            await store.dataset_logs.append(dataset, drafts("shared", dataset, *range(30)), change())
        report = await new_report(store, deleted, [evaluator(store, "judge")])
        logs = await logs_of(store, deleted)
        await stores.runs.record(report.id, [result(log, 0, 1.0) for log in logs], at(1))
        await store.dataset_logs.stage(deleted, await new_job(store, deleted), drafts("staged"), change("import"))
        await store.datasets.delete(deleted, at(2))
        steps = 0
        while await stores.deleted_datasets.purge(10):
            steps += 1
        assert steps > 3
        assert await inputs_of(store, kept) == ["shared", kept, *range(30)]
        with pytest.raises(NotFound):
            await stores.runs.start(report.id, at(3))
        await store.dataset_logs.append(kept, drafts(deleted), change())
        assert (await inputs_of(store, kept))[-1] == deleted
        assert await stores.verify() == []

    run(work())


def test_one_organisation_sees_nothing_of_another(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        organization = await stores.access.create_organization(str(uuid4()), "others", T0)
        other = stores.within(organization.id, "prod")
        dataset = await new_dataset(store)
        (log_id,), _ = await store.dataset_logs.append(dataset, drafts(0), change())
        report = await new_report(store, dataset, [evaluator(store, "judge")])
        job = await new_job(store, dataset)
        await store.evaluators.ensure([evaluator(store, "judge")])
        for attempt in (
            other.datasets.get(dataset),
            other.datasets.delete(dataset, at(1)),
            other.datasets.update(dataset, DatasetChanges(name="x"), "x", at(1)),
            other.dataset_logs.get(dataset, log_id),
            other.dataset_logs.remove(dataset, log_id, change("delete")),
            other.dataset_logs.append(dataset, drafts(1), change()),
            other.dataset_versions.list(dataset, PageRequest()),
            other.dataset_versions.restore(dataset, 0, change("restore")),
            other.eval_reports.get(dataset, report.id),
            other.eval_reports.wish(dataset, report.id, "cancel", at(1)),
            other.scores.list_for_logs(dataset, [log_id]),
            other.jobs.get(job),
            other.evaluators.get("judge"),
        ):
            with pytest.raises(NotFound):
                await attempt
        await other.jobs.finish(job, "failed", None, at(1))
        assert (await store.jobs.get(job)).state == "running"
        assert await inputs_of(store, dataset) == [0]

    run(work())


def test_an_evaluator_is_stored_once_and_found_by_id_and_slug(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        rule = PassRule("lte", 0.25)
        parameters = {"nested": {"list": [1, "é", None]}}
        made = evaluator(
            store, "judge", "percentage", score_range=ScoreRange(0, None, "%"), pass_rule=rule, parameters=parameters,
            direction="lower", description="what it does",
        )  # fmt: skip
        await store.evaluators.ensure([made, evaluator(store, "critic")])
        await store.evaluators.ensure([made])
        found = await store.evaluators.get("judge")
        assert found == await store.evaluators.get(made.id)
        assert (found.version_count, replace(found.current, created_at=None)) == (1, made.current)
        assert await store.evaluators.find_many(["judge", "none", made.id]) == {"judge": found, made.id: found}
        page = await store.evaluators.list(EVERYTHING, Sort("name"), ALL)
        assert ([item.slug for item in page.items], page.total_count) == (["critic", "judge"], 2)
        is_percentage = Condition(Field("score_value_type"), Operator.EQUAL, ("percentage",))
        assert await store.evaluators.count(is_percentage) == 1
        with pytest.raises(NotFound):
            await store.evaluators.get("none")

    run(work())


def test_a_changed_definition_is_a_new_version_of_the_evaluator(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = evaluator(store, "judge", parameters={"k": 1})
        await store.evaluators.ensure([made])
        stricter = replace(made.current, id=new_uuid(), parameters={"k": 2})
        await store.evaluators.ensure([replace(made, current=stricter)])
        found = await store.evaluators.get("judge")
        assert (found.current.number, found.current.parameters, found.version_count) == (2, {"k": 2}, 2)
        assert (await store.evaluators.list(EVERYTHING, Sort("name"), ALL)).total_count == 1

    run(work())


def test_scores_are_averaged_and_counted_over_the_rows_that_match(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        rows = [draft(place, model="a" if place < 3 else "b") for place in range(4)]
        ids, _ = await store.dataset_logs.append(dataset, rows, change())
        judges = [evaluator(store, "number"), evaluator(store, "flag", "boolean"), evaluator(store, "words", "text")]
        report = await new_report(store, dataset, judges)
        logs = await logs_of(store, dataset)
        cells = [result(log, 0, float(place)) for place, log in enumerate(logs)]
        cells += [result(log, 1, place == 1) for place, log in enumerate(logs)]
        cells += [result(logs[0], 2, "text")]
        cells[1] = result(logs[1], 0, None, "failed")
        await stores.runs.record(report.id, cells, at(1))
        flag, number = judges[1], judges[0]

        def expected(mean: float, true_count: int, false_count: int) -> list[ScoreAggregate]:
            return [
                ScoreAggregate(flag.id, "flag", "Flag", "boolean", None, true_count, false_count),
                ScoreAggregate(number.id, "number", "Number", "numerical", mean, None, None),
            ]

        assert await store.scores.aggregate(dataset, None, EVERYTHING) == expected(5 / 3, 1, 3)
        is_a = Condition(Field("model"), Operator.EQUAL, ("a",))
        assert await store.scores.aggregate(dataset, None, is_a) == expected(1.0, 1, 2)
        await store.dataset_logs.remove(dataset, ids[3], change("delete", 10))
        assert await store.scores.aggregate(dataset, None, EVERYTHING) == expected(1.0, 1, 2)
        assert await store.scores.aggregate(dataset, 1, EVERYTHING) == expected(5 / 3, 1, 3)
        above = Condition(Field("scores", ("number",)), Operator.GTE, (1.0,))
        assert await inputs_of(store, dataset, 1, above) == [2, 3]

    run(work())


def test_a_score_is_renewed_by_a_later_report_and_keeps_its_id(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(0, 1), change())
        logs = await logs_of(store, dataset)
        judge = evaluator(store, "judge")
        first, second = [await new_report(store, dataset, [judge]) for _ in range(2)]
        await stores.runs.record(first.id, [result(log, 0, 1.0) for log in logs], at(1))
        (before,) = (await store.scores.list_for_logs(dataset, [logs[0].id]))[logs[0].id]
        await stores.runs.record(second.id, [result(logs[0], 0, None, "skipped")], at(2))
        scores = await store.scores.list_for_logs(dataset, [log.id for log in logs])
        ((after,), (other,)) = (scores[log.id] for log in logs)
        assert (after.id, after.status, after.values.primary, after.eval_report_id) == (
            before.id, "skipped", None, second.id,
        )  # fmt: skip
        assert (other.values.primary, other.eval_report_id) == (1.0, first.id)
        assert await store.scores.list_for_logs(dataset, []) == {}

    run(work())


def test_a_key_is_known_by_its_hash_until_it_is_revoked(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        organization = store.organization_id
        unique_id = next(
            found.unique_id for found in await stores.access.list_organizations() if found.id == organization
        )
        hashed = uuid4().bytes * 4
        key = ApiKey(new_uuid(), "abcdefgh", "mine", organization, "test", ("read", "write"), at(1))
        await stores.access.create_key(key, hashed)
        assert await stores.access.find_identity(hashed) == Identity(
            key.id, "abcdefgh", organization, unique_id, "test", ("read", "write")
        )
        assert await stores.access.find_identity(b"other") is None
        await stores.access.note_use([key.id], at(2))
        assert list(await stores.access.list_keys(organization)) == [replace(key, last_used_at=at(2))]
        assert (await stores.access.revoke_key(organization, key.id, at(3))).revoked_at == at(3)
        assert (await stores.access.revoke_key(organization, key.id, at(4))).revoked_at == at(3)
        assert await stores.access.find_identity(hashed) is None
        with pytest.raises(NotFound):
            await stores.access.revoke_key(organization + 10**6, key.id, at(3))

    run(work())


def test_the_environment_gives_one_key_at_a_time(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        first, second = (uuid4().bytes * 4 for _ in range(2))

        def key() -> ApiKey:
            return ApiKey(new_uuid(), "environ1", "env", store.organization_id, "prod", ("admin",), at(1))

        await stores.access.set_environment_key(key(), first)
        await stores.access.set_environment_key(key(), second)
        assert await stores.access.find_identity(first) is None
        assert await stores.access.find_identity(second) is not None
        await stores.access.set_environment_key(None, None)
        assert await stores.access.find_identity(second) is None

    run(work())
