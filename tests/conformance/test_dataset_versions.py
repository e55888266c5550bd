"""Versions of a dataset: when one grows, what pins it, how two differ, how an old one comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from assay.filters.expression import EVERYTHING
from assay.model.dataset import RowDifference
from assay.model.errors import Conflict, NotFound
from assay.model.page import PageRequest
from assay.ports.store import Store
from assay.services.datasets import get_hashed_version
from tests.conformance.builders import ROW_ORDER, at, change, draft, drafts, inputs_of, new_dataset, new_report
from tests.conformance.conftest import Run


async def versions_of(store: Store, dataset: str) -> list[int]:
    return [version.number for version in (await store.dataset_versions.list(dataset, PageRequest(1, 1000))).items]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([0, 2, 4], [3], id="each within two seconds of the last"),
        pytest.param([0, 2.000001], [1, 2], id="two seconds are over"),
        pytest.param([*range(0, 61, 2), 61], [31, 32], id="a minute is over"),
    ],
)
def test_small_writes_share_a_version_for_a_moment(
    store: Store, run: Run[Any], seconds: list[float], expected: list[int]
) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        for moment in seconds:
            _, version = await store.dataset_logs.append(dataset, drafts(moment), change(seconds=moment))
        found = (await store.dataset_versions.list(dataset, PageRequest())).items
        assert [version.log_count for version in reversed(found)] == expected
        assert found[0] == version
        assert (version.updated_at, version.number) == (at(seconds[-1]), len(expected))
        assert (await store.datasets.get(dataset)).version == len(expected)

    run(work())


@pytest.mark.parametrize(("kind", "author"), [("bulk create", "someone"), ("create", "another")])
def test_another_kind_or_author_of_write_begins_a_version(store: Store, run: Run[Any], kind: str, author: str) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(0), change())
        _, version = await store.dataset_logs.append(dataset, drafts(1), change(kind, author=author))
        assert (version.number, version.change, version.created_by) == (2, kind, author)

    run(work())


Pinner = Callable[[Store, str], Awaitable[Any]]
PINNERS: dict[str, Pinner] = {
    "pinned": lambda store, dataset: store.dataset_versions.pin(dataset, 1),
    "tagged": lambda store, dataset: store.dataset_versions.set_tag(dataset, 1, "gold"),
    "hashed": lambda store, dataset: get_hashed_version(store, dataset, "1"),
    "in a report": lambda store, dataset: new_report(store, dataset, []),
}


@pytest.mark.parametrize("name", PINNERS)
def test_a_version_that_something_refers_to_never_grows(store: Store, run: Run[Any], name: str) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(0), change())
        await PINNERS[name](store, dataset)
        _, version = await store.dataset_logs.append(dataset, drafts(1), change())
        assert version.number == 2
        assert await inputs_of(store, dataset, 1) == [0]
        assert (await store.dataset_versions.get(dataset, "1")).log_count == 1

    run(work())


def test_a_version_counts_what_it_added_changed_and_removed(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(0, 1, 2), change())
        await store.dataset_logs.revise(dataset, ids[0], lambda _: draft("new"), change("update", 10))
        await store.dataset_logs.remove(dataset, ids[1], change("delete", 20))
        counts = [
            (version.log_count, version.added_count, version.removed_count, version.changed_count)
            for version in (await store.dataset_versions.list(dataset, PageRequest())).items
        ]
        assert counts == [(2, 0, 1, 0), (3, 0, 0, 1), (3, 3, 0, 0)]

    run(work())


def test_versions_are_listed_newest_first_in_pages(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        for place in range(5):
            await store.dataset_logs.append(dataset, drafts(place), change(seconds=100 * place))
        page = await store.dataset_versions.list(dataset, PageRequest(2, 2))
        assert ([version.number for version in page.items], page.total_count) == ([3, 2], 5)

    run(work())


def test_a_version_is_found_by_its_number_and_by_its_tag(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset, other = await new_dataset(store), await new_dataset(store)
        for place in range(2):
            await store.dataset_logs.append(dataset, drafts(place), change(seconds=100 * place))
        await store.dataset_logs.append(other, drafts(0), change())
        tagged = await store.dataset_versions.set_tag(dataset, 1, "gold")
        assert (
            await store.dataset_versions.get(dataset, "gold")
            == await store.dataset_versions.get(dataset, "1")
            == tagged
        )
        await store.dataset_versions.set_tag(other, 1, "gold")
        with pytest.raises(Conflict, match="Version 1 has the tag 'gold' already"):
            await store.dataset_versions.set_tag(dataset, 2, "gold")
        assert (await store.dataset_versions.set_tag(dataset, 1, "gold")).tag == "gold"
        assert (await store.dataset_versions.set_tag(dataset, 1, None)).tag is None
        assert (await store.dataset_versions.set_tag(dataset, 2, "gold")).tag == "gold"
        for reference in ("0", "3", "silver", "999999999999999999999", "-1", "٣"):
            with pytest.raises(NotFound):
                await store.dataset_versions.get(dataset, reference)
        for attempt in (
            store.dataset_versions.pin(dataset, 3),
            store.dataset_versions.set_tag(dataset, 3, "x"),
            store.dataset_versions.restore(dataset, 3, change("restore")),
            store.dataset_versions.list_differences(dataset, 0, 3, PageRequest()),
            store.dataset_versions.list("none", PageRequest()),
        ):
            with pytest.raises(NotFound):
                await attempt

    run(work())


def test_two_versions_differ_in_the_rows_added_removed_and_changed(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(0, 1, 2), change())
        await store.dataset_logs.revise(
            dataset, ids[2], lambda _: draft("new", metadata={"k": 1}), change("update", 10)
        )
        await store.dataset_logs.remove(dataset, ids[0], change("delete", 20))
        (added,), _ = await store.dataset_logs.append(dataset, drafts(3), change("create", 30))
        page, counts = await store.dataset_versions.list_differences(dataset, 1, 4, PageRequest())
        assert counts == (1, 1, 1)
        assert page.total_count == 3
        assert list(page.items) == [
            RowDifference(ids[0], "removed", before=draft(0).content),
            RowDifference(
                ids[2], "changed", draft(2).content, draft("new", metadata={"k": 1}).content, ("input", "metadata")
            ),
            RowDifference(added, "added", after=draft(3).content),
        ]
        back, counts = await store.dataset_versions.list_differences(dataset, 4, 1, PageRequest(2, 1))
        assert ([item.kind for item in back.items], back.total_count, counts) == (["changed"], 3, (1, 1, 1))
        nothing, counts = await store.dataset_versions.list_differences(dataset, 4, 4, PageRequest())
        assert (nothing.items, counts) == ([], (0, 0, 0))

    run(work())


def test_a_row_edited_there_and_back_does_not_differ(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        (log_id,), _ = await store.dataset_logs.append(dataset, drafts(0), change())
        await store.dataset_logs.revise(dataset, log_id, lambda _: draft(1), change("update", 10))
        await store.dataset_logs.revise(dataset, log_id, lambda _: draft(0), change("update", 20))
        page, counts = await store.dataset_versions.list_differences(dataset, 1, 3, PageRequest())
        assert (page.total_count, counts) == (0, (0, 0, 0))

    run(work())


def test_a_restored_version_holds_exactly_the_old_rows_under_their_ids(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(0, 1, 2), change())
        await store.dataset_logs.revise(dataset, ids[1], lambda _: draft("new", model="m"), change("update", 10))
        await store.dataset_logs.remove(dataset, ids[0], change("delete", 20))
        await store.dataset_logs.append(dataset, drafts(3), change("create", 30))
        version = await store.dataset_versions.restore(dataset, 1, change("restore", 40))
        assert (version.number, version.change, version.log_count) == (5, "restore", 3)
        assert (version.added_count, version.removed_count, version.changed_count) == (1, 1, 1)
        assert await inputs_of(store, dataset) == [0, 1, 2]
        assert await inputs_of(store, dataset, 4) == ["new", 2, 3]
        present = await store.dataset_logs.get(dataset, ids[0])
        assert (present.id, present.added_in, present.updated_at, present.created_at) == (ids[0], 5, at(40), at(0))
        page, _ = await store.dataset_versions.list_differences(dataset, 1, 5, PageRequest())
        assert page.total_count == 0
        _, later = await store.dataset_logs.append(dataset, drafts(4), change("create", 40))
        assert later.number == 6
        assert await inputs_of(store, dataset) == [0, 1, 2, 4]
        emptied = await store.dataset_versions.restore(dataset, 0, change("restore", 50))
        assert (emptied.log_count, emptied.removed_count) == (0, 4)
        assert await inputs_of(store, dataset) == []

    run(work())


def test_hashes_are_kept_by_row_revision_and_walked_in_row_order(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        ids, _ = await store.dataset_logs.append(dataset, drafts(*range(5)), change())
        first = await store.dataset_versions.row_hashes(dataset, 1, -1, 3)
        assert [stored for _, _, stored, _ in first] == [None] * 3
        assert [text for *_, text in first] == [b'{"input":0}', b'{"input":1}', b'{"input":2}']
        await store.dataset_versions.store_row_hashes([(line, bytes([9]) * 32) for line, *_ in first])
        await store.dataset_logs.revise(dataset, ids[0], lambda _: draft("new"), change("update", 10))
        rows = await store.dataset_versions.row_hashes(dataset, 2, -1, 10)
        assert [(stored is not None, text) for _, _, stored, text in rows] == [
            (False, b'{"input":"new"}'), (True, None), (True, None), (False, b'{"input":3}'), (False, b'{"input":4}'),
        ]  # fmt: skip
        assert list(await store.dataset_versions.row_hashes(dataset, 2, rows[2][1], 10)) == list(rows[3:])

    run(work())


def test_the_beginning_of_every_dataset_is_version_zero(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        assert (await store.datasets.get(dataset)).version == 0
        assert await versions_of(store, dataset) == []
        await store.dataset_logs.append(dataset, drafts(0), change())
        page = await store.dataset_logs.page(dataset, 0, EVERYTHING, ROW_ORDER, PageRequest())
        assert (page.items, page.total_count) == ([], 0)
        _, counts = await store.dataset_versions.list_differences(dataset, 0, 1, PageRequest())
        assert counts == (1, 0, 0)

    run(work())
