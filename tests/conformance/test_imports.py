"""Imports of many rows in many steps: nobody sees any of them until all are there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assay.filters.expression import EVERYTHING
from assay.model.errors import Conflict, NotFound
from assay.ports.store import Store, Stores
from tests.conformance.builders import T0, at, change, draft, drafts, inputs_of, logs_of, new_dataset, new_job
from tests.conformance.conftest import Run


def test_staged_rows_are_nowhere_to_be_seen(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        (log_id,), _ = await store.dataset_logs.append(dataset, drafts(0), change())
        job = await new_job(store, dataset)
        await store.dataset_logs.stage(dataset, job, drafts(1, 2), change("import"))
        assert await inputs_of(store, dataset) == [0]
        assert await inputs_of(store, dataset, 10**9) == [0]
        found = await store.datasets.get(dataset)
        assert (found.log_count, found.version) == (1, 1)
        assert (await store.dataset_logs.summarize(dataset, None, EVERYTHING)).number_of_requests == 1
        await store.dataset_logs.revise(dataset, log_id, lambda _: draft("new"), change("update", 100))
        await store.dataset_versions.restore(dataset, 1, change("restore", 200))
        assert await store.dataset_logs.remove_matching(dataset, EVERYTHING, change("delete all", 300)) == 1
        version = await store.dataset_logs.publish(dataset, job, change("import", 400))
        assert (version.number, version.added_count, version.log_count) == (5, 2, 2)
        assert await inputs_of(store, dataset) == [1, 2]
        assert await inputs_of(store, dataset, 4) == []

    run(work())


def test_an_import_appears_as_one_new_version_and_its_job_is_done(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        first, second = await new_job(store, dataset), await new_job(store, dataset)
        for job, values in ((first, "ab"), (second, "xy"), (first, "cd")):
            await store.dataset_logs.stage(dataset, job, drafts(*values), change("import", 1))
        assert (await store.jobs.get(first)).done_count == 4
        version = await store.dataset_logs.publish(dataset, first, change("import", 2))
        assert (version.number, version.added_count) == (1, 4)
        assert await inputs_of(store, dataset) == ["a", "b", "c", "d"]
        done = await store.jobs.get(first)
        assert (done.state, done.done_count, done.total_count) == ("completed", 4, 4)
        assert (await store.jobs.get(second)).state == "running"
        await store.dataset_logs.publish(dataset, second, change("import", 2))
        assert (await store.datasets.get(dataset)).version == 2
        assert await inputs_of(store, dataset) == ["a", "b", "x", "y", "c", "d"]

    run(work())


def test_what_is_discarded_never_appears(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        kept, dropped = await new_job(store, dataset), await new_job(store, dataset)
        await store.dataset_logs.stage(dataset, kept, drafts("same", "kept"), change("import"))
        await store.dataset_logs.stage(dataset, dropped, drafts("same", *range(2500)), change("import"))
        await store.dataset_logs.discard_staged(dropped)
        await store.dataset_logs.discard_staged(dropped)
        await store.dataset_logs.publish(dataset, kept, change("import"))
        assert await inputs_of(store, dataset) == ["same", "kept"]

    run(work())


def test_an_import_that_was_given_up_meanwhile_cannot_be_published(store: Store, run: Run[Any]) -> None:
    """Another server may take a slow import for dead and clean up behind it: then it is nothing, not a part."""

    async def work() -> None:
        dataset = await new_dataset(store)
        job, ended = await new_job(store, dataset), await new_job(store, dataset)
        await store.dataset_logs.stage(dataset, job, drafts(0, 1), change("import"))
        await store.dataset_logs.discard_staged(job)
        await store.dataset_logs.stage(dataset, job, drafts(2), change("import"))
        await store.dataset_logs.stage(dataset, ended, drafts(3), change("import"))
        await store.jobs.finish(ended, "failed", "given up", at(1))
        for given_up in (job, ended):
            with pytest.raises(Conflict, match="given up"):
                await store.dataset_logs.publish(dataset, given_up, change("import", 10))
        assert (await store.datasets.get(dataset)).version == 0
        assert await logs_of(store, dataset) == []

    run(work())


def test_a_job_ends_once(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        job = await new_job(store, dataset)
        await store.dataset_logs.stage(dataset, job, drafts(0), change("import"))
        await store.dataset_logs.publish(dataset, job, change("import", 1))
        await store.jobs.finish(job, "failed", "the client went away", at(2))
        assert (await store.jobs.get(job)).state == "completed"

    run(work())


def test_a_job_tells_how_far_it_is_and_how_it_ended(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        job = await new_job(store, dataset)
        await store.dataset_logs.stage(dataset, job, drafts(*range(7)), change("import", 3))
        found = await store.jobs.get(job)
        assert (found.kind, found.subject_id, found.done_count, found.updated_at) == ("import", dataset, 7, at(3))
        await store.jobs.finish(job, "failed", "line 3 is no JSON", at(4))
        found = await store.jobs.get(job)
        assert (found.state, found.error_message, found.updated_at) == ("failed", "line 3 is no JSON", at(4))
        with pytest.raises(NotFound):
            await store.jobs.get("none")

    run(work())


def test_jobs_that_went_silent_are_found(stores: Stores, store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        silent, alive, done = [await new_job(store, dataset, -100) for _ in range(3)]
        await store.dataset_logs.stage(dataset, alive, drafts(1), change("import", 0))
        await store.jobs.finish(done, "completed", None, at(-90))
        found = await stores.abandoned_jobs.list_abandoned(T0 - timedelta(seconds=50))
        mine = [job for job in found if job.organization_id == store.organization_id]
        assert [(job.id, job.state, job.subject_id) for job in mine] == [(silent, "running", dataset)]

    run(work())


def test_rows_cannot_be_staged_for_a_dataset_that_was_deleted(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        job = await new_job(store, dataset)
        await store.dataset_logs.stage(dataset, job, drafts(0), change("import"))
        await store.datasets.delete(dataset, at(1))
        with pytest.raises(NotFound):
            await store.dataset_logs.stage(dataset, job, drafts(1), change("import"))
        with pytest.raises(NotFound):
            await store.dataset_logs.publish(dataset, job, change("import"))

    run(work())
