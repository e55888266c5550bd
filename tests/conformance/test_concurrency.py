"""Many writers at once: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from assay.assembly import open_stores
from assay.filters.expression import EVERYTHING
from assay.model.page import PageRequest
from assay.ports.store import Store, Stores
from assay.settings import Settings
from tests.conformance.builders import (
    T0,
    at,
    change,
    draft,
    drafts,
    evaluator,
    input_of,
    inputs_of,
    logs_of,
    new_dataset,
    new_job,
    new_report,
    result,
)
from tests.conformance.conftest import Run

WRITERS = 16


@pytest.fixture
def many(stores: Stores, store: Store, request: pytest.FixtureRequest) -> list[Store]:
    """As many doors to one organisation as there may be writers: on PostgreSQL, two servers."""
    if "postgresql" not in request.node.callspec.params.values():
        return [store] * WRITERS
    second: Stores = request.getfixturevalue("second_postgresql_stores")
    return [store, second.within(store.organization_id, "prod")] * (WRITERS // 2)


@pytest.fixture(scope="session")
def second_postgresql_stores(
    postgresql_stores: Stores, postgresql_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """Another server on the same database."""
    url = postgresql_url.replace("/postgres?", "/conformance?")
    stores = open_stores(Settings(Path(tmp_path_factory.mktemp("second")), database_url=url))
    yield stores
    stores.close()


def test_rows_added_at_once_are_all_there_and_counted(store: Store, many: list[Store], run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)

        async def write(writer: int) -> list[str]:
            ids: list[str] = []
            for turn in range(6):
                added, _ = await many[writer].dataset_logs.append(
                    dataset, drafts(f"{writer}/{turn}", "the same"), change(seconds=10 * turn, author=str(writer % 3))
                )
                ids += added
            return ids

        written = await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        logs = await logs_of(store, dataset)
        assert sorted(log.id for log in logs) == sorted(id_ for ids in written for id_ in ids)
        found = await store.datasets.get(dataset)
        assert found.log_count == len(logs) == WRITERS * 6 * 2
        versions = (await store.dataset_versions.list(dataset, PageRequest(1, 1000))).items
        assert [version.number for version in versions] == list(range(found.version, 0, -1))
        assert sum(version.added_count for version in versions) == len(logs)
        for writer in range(WRITERS):
            mine = [value for value in map(input_of, logs) if value.startswith(f"{writer}/")]
            assert mine == [f"{writer}/{turn}" for turn in range(6)]

    run(work())


def test_edits_of_one_row_at_once_all_take_effect(store: Store, many: list[Store], run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        (log_id,), _ = await store.dataset_logs.append(dataset, drafts(0), change())

        async def write(writer: int) -> None:
            for turn in range(5):
                await many[writer].dataset_logs.revise(
                    dataset, log_id, lambda log: draft(input_of(log) + 1), change("update", turn, str(writer))
                )

        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        assert await inputs_of(store, dataset) == [WRITERS * 5]
        assert (await store.datasets.get(dataset)).log_count == 1

    run(work())


def test_adding_removing_importing_and_restoring_at_once_keep_the_count(
    store: Store, many: list[Store], run: Run[Any]
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(*range(40)), change())
        ids = [log.id for log in await logs_of(store, dataset)]

        async def write(writer: int) -> None:
            door, moment = many[writer], 10.0 * writer
            if writer % 4 == 0:
                job = await new_job(door, dataset)
                for _ in range(3):
                    await door.dataset_logs.stage(dataset, job, drafts(*range(20)), change("import", moment))
                await door.dataset_logs.publish(dataset, job, change("import", moment))
            elif writer % 4 == 1:
                await door.dataset_versions.restore(dataset, 1, change("restore", moment))
            else:
                for log_id in ids[writer : writer + 3]:
                    await door.dataset_logs.append(dataset, drafts(log_id), change(seconds=moment))
                    await door.dataset_logs.remove_matching(dataset, EVERYTHING, change("delete all", moment))

        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        found = await store.datasets.get(dataset)
        versions = (await store.dataset_versions.list(dataset, PageRequest(1, 1000))).items
        for version in versions:
            assert version.log_count == len(await logs_of(store, dataset, version.number))
        assert (found.version, found.log_count) == (len(versions), versions[0].log_count)

    run(work())


def test_the_same_cells_recorded_at_once_are_counted_once(
    store: Store, stores: Stores, many: list[Store], run: Run[Any]
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(*range(50)), change())
        report = await new_report(store, dataset, [evaluator(store, "judge")])
        logs = await logs_of(store, dataset)
        await stores.runs.start(report.id, T0)

        async def judge(worker: int) -> None:
            for first in range(0, 50, 10):
                cells = [result(log, 0, 1.0, is_passed=True) for log in logs[first : first + 10 + worker]]
                await stores.runs.record(report.id, cells, at(worker))

        await asyncio.gather(*(judge(worker) for worker in range(6)))
        (task,) = (await store.eval_reports.get(dataset, report.id)).tasks
        assert (task.scored_count, task.passed_count, task.mean) == (50, 50, 1.0)

    run(work())


def test_rows_are_added_while_space_is_freed_of_rows_with_the_same_content(
    store: Store, stores: Stores, many: list[Store], run: Run[Any]
) -> None:
    """Clearing up must not take a body away from under a row that is just being added."""

    async def work() -> None:
        kept = await new_dataset(store)
        for turn in range(6):
            doomed = await new_dataset(store)
            shared = [f"{turn}/{place}" for place in range(40)]
            await store.dataset_logs.append(doomed, drafts(*shared), change())
            await store.datasets.delete(doomed, at(1))

            async def clear() -> None:
                while await stores.deleted_datasets.purge(7):
                    pass

            async def add(writer: int, values: list[str] = shared) -> None:
                for value in values[writer::4]:
                    await many[writer].dataset_logs.append(kept, drafts(value, *values[::-1]), change())

            await asyncio.gather(clear(), *(add(writer) for writer in range(4)))
        assert (await store.datasets.get(kept)).log_count == 6 * 40 * 41
        assert await stores.verify() == []

    run(work())
