"""Jobs that fill datasets: begun, started again, ended, and what their dataset looks like meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from assay.engine.maintenance import Maintenance
from assay.model.dataset import Dataset
from assay.model.errors import NotFound
from assay.model.ids import new_uuid
from assay.model.job import LOG_IMPORT, Job
from assay.ports.store import Store, Stores
from assay.wire.import_jobs import ImportOrder, order_text
from tests.conformance.builders import T0, at, change, draft, drafts, inputs_of, new_dataset, new_job
from tests.conformance.conftest import Run
from tests.engines import inline_engine

OUTCOME = b'{"matched_count":2}'


def import_job(store: Store, dataset_id: str, seconds: float = 0, recipe: bytes = b'{"author":"someone"}') -> Job:
    return Job(
        new_uuid(), store.organization_id, LOG_IMPORT, "running", dataset_id, at(seconds), at(seconds), recipe=recipe
    )


async def new_filled(store: Store) -> tuple[str, Job]:
    """Store a dataset together with the job that fills it."""
    dataset = Dataset(
        new_uuid(), store.organization_id, "sampled", "", T0, T0, "someone", status="initializing",
        sampling_recipe=b'{"seed":1}',
    )  # fmt: skip
    job = import_job(store, dataset.id)
    await store.datasets.create(dataset, job)
    return dataset.id, job


def test_a_dataset_is_ready_with_its_outcome_when_the_job_made_with_it_is_done(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, job = await new_filled(store)
        assert await store.jobs.get(job.id) == job
        await store.dataset_logs.stage(dataset, job.id, drafts(1, 2), change("import"))
        found = await store.datasets.get(dataset)
        assert (found.status, found.sampling_recipe, found.sampling_outcome) == ("initializing", b'{"seed":1}', None)
        await store.dataset_logs.publish(dataset, job.id, change("import"), OUTCOME)
        found = await store.datasets.get(dataset)
        assert (found.status, found.log_count, found.sampling_outcome) == ("ready", 2, OUTCOME)
        assert (await store.jobs.get(job.id)).outcome == OUTCOME
        # What is added later has an outcome of its own.
        more = import_job(store, dataset, 1)
        await store.datasets.start_import(dataset, more)
        assert (await store.datasets.get(dataset)).status == "loading"
        await store.jobs.finish(more.id, "completed", None, at(2), b"{}")
        found = await store.datasets.get(dataset)
        assert (found.status, found.sampling_outcome) == ("ready", OUTCOME)
        assert (await store.jobs.get(more.id)).outcome == b"{}"

    run(work())


def test_a_dataset_whose_own_import_failed_has_failed_and_can_be_filled_again(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, job = await new_filled(store)
        await store.jobs.finish(job.id, "failed", "no", at(1))
        assert (await store.datasets.get(dataset)).status == "failed"
        more = import_job(store, dataset, 2)
        await store.datasets.start_import(dataset, more)
        await store.jobs.finish(more.id, "completed", None, at(3))
        assert (await store.datasets.get(dataset)).status == "ready"

    run(work())


def test_a_dataset_loads_until_the_last_of_its_imports_has_ended(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        jobs = [import_job(store, dataset, second) for second in range(2)]
        for job in jobs:
            await store.datasets.start_import(dataset, job)
        file_import = await new_job(store, dataset)
        await store.jobs.finish(file_import, "failed", "another kind", at(2))
        await store.jobs.finish(jobs[0].id, "failed", "no", at(2))
        assert (await store.datasets.get(dataset)).status == "loading"
        await store.jobs.finish(jobs[1].id, "completed", None, at(2))
        assert (await store.datasets.get(dataset)).status == "ready"

    run(work())


def test_an_addition_that_ends_first_does_not_make_the_dataset_ready(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, job = await new_filled(store)
        more = import_job(store, dataset, 1)
        await store.datasets.start_import(dataset, more)
        await store.jobs.finish(more.id, "failed", "no", at(2), b"{}")
        found = await store.datasets.get(dataset)
        assert (found.status, found.sampling_outcome) == ("initializing", None)
        await store.jobs.finish(job.id, "completed", None, at(3), OUTCOME)
        found = await store.datasets.get(dataset)
        assert (found.status, found.sampling_outcome) == ("ready", OUTCOME)

    run(work())


def test_an_import_into_an_unknown_dataset_stores_no_job(stores: Stores, store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        organization = await stores.access.create_organization(new_uuid(), "another", T0)
        other = stores.within(organization.id, "prod")
        dataset = await new_dataset(other)
        job = import_job(store, dataset)
        with pytest.raises(NotFound):
            await store.datasets.start_import(dataset, job)
        with pytest.raises(NotFound):
            await store.jobs.get(job.id)
        with pytest.raises(NotFound):
            await store.dataset_logs.find_source_ids(dataset, ["a"])

    run(work())


def test_deleting_a_dataset_ends_its_jobs(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, job = await new_filled(store)
        await store.datasets.delete(dataset, at(1))
        ended = await store.jobs.get(job.id)
        assert (ended.state, ended.error_message) == ("failed", "The dataset was deleted.")
        with pytest.raises(NotFound):
            await store.dataset_logs.stage(dataset, job.id, drafts(1), change("import"))

    run(work())


def test_of_several_that_find_an_abandoned_job_one_starts_it_again(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, job = await new_filled(store)
        await store.jobs.note_progress(job.id, 9, at(1))
        await store.dataset_logs.stage(dataset, job.id, drafts(1, 2), change("import", 2))
        assert not await store.jobs.start_again(job, at(3))
        found = await store.jobs.get(job.id)
        assert (found.done_count, found.total_count, found.updated_at) == (2, 9, at(2))
        assert [await store.jobs.start_again(found, at(3)), await store.jobs.start_again(found, at(3))] == [True, False]
        again = await store.jobs.get(job.id)
        assert (again.done_count, again.total_count, again.updated_at) == (0, None, at(3))
        await store.jobs.finish(job.id, "failed", "no", at(4))
        assert not await store.jobs.start_again(replace(again, updated_at=at(4)), at(5))

    run(work())


def test_sources_are_those_of_the_newest_version(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, other = await new_dataset(store), await new_dataset(store)
        rows = [draft(name, source_log_id=name) for name in "abc"]
        (first, *_), _ = await store.dataset_logs.append(dataset, [*rows, draft("by hand")], change())
        await store.dataset_logs.append(other, [draft("d", source_log_id="d")], change())
        await store.dataset_logs.remove(dataset, first, change("delete", 5))
        staging = import_job(store, dataset)
        await store.datasets.start_import(dataset, staging)
        await store.dataset_logs.stage(dataset, staging.id, [draft("e", source_log_id="e")], change("import"))
        assert await store.dataset_logs.find_source_ids(dataset, ["a", "b", "d", "e", "unknown"]) == {"b"}
        assert await store.dataset_logs.find_source_ids(dataset, []) == set()

    run(work())


def test_an_import_that_a_dead_server_left_is_done_again_and_each_row_is_there_once(
    stores: Stores, store: Store, run: Run[Any]
) -> None:
    async def work() -> None:
        source = await new_dataset(store)
        values = list(range(700))
        await store.dataset_logs.append(source, drafts(*values), change())
        copy = Dataset(new_uuid(), store.organization_id, "copy", "", T0, T0, "me", status="initializing")
        job = import_job(store, copy.id, recipe=order_text(ImportOrder("me", None, source, 1)))
        await store.datasets.create(copy, job)
        # What the dead server had done of it.
        await store.dataset_logs.stage(copy.id, job.id, drafts(*values[:300]), change("copy", 1))
        file_import = await new_job(store, source)
        await store.dataset_logs.stage(source, file_import, drafts("lost"), change("import", 1))

        engine = inline_engine(stores)
        maintenance = Maintenance(stores, engine, timedelta(0))
        await engine.start()
        await maintenance.start()
        for _ in range(3000):
            if (await store.jobs.get(job.id)).state != "running":
                break
            await asyncio.sleep(0.01)
        await maintenance.stop()
        await engine.stop()
        assert await inputs_of(store, copy.id) == values
        found = await store.jobs.get(job.id)
        assert (found.state, found.done_count, found.total_count) == ("completed", 700, 700)
        assert (await store.datasets.get(copy.id)).status == "ready"
        # The bytes of a file are gone with the server that read them.
        assert (await store.jobs.get(file_import)).state == "failed"
        assert await inputs_of(store, source) == values

    run(work())
