"""A dataset in plain Python: what every store must answer after any sequence of row operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from assay.filters.expression import EVERYTHING, Condition, Expression, Field, Operator
from assay.model.dataset import DatasetLogDraft
from assay.model.errors import NotFound
from assay.model.page import PageRequest
from assay.ports.store import Store
from tests.conformance.builders import change, draft, input_of, logs_of, new_dataset, new_job

MODELS = ("a", "b", "c")
_PLACES = st.integers(0, 9)
_VALUES = st.lists(st.integers(0, 3), min_size=1, max_size=4)

# (operation, argument, seconds since the operation before)
Operation = tuple[str, Any, float]
operations: st.SearchStrategy[list[Operation]] = st.lists(
    st.one_of(
        *(
            st.tuples(st.just(name), argument, st.sampled_from((0.0, 1.0, 3.0, 70.0)))
            for name, argument in (
                ("append", _VALUES),
                ("revise", st.tuples(_PLACES, st.integers(0, 3))),
                ("remove", _PLACES),
                ("remove_matching", st.sampled_from((*MODELS, None))),
                ("restore", _PLACES),
                ("stage", _VALUES),
                ("publish", st.none()),
                ("discard", st.none()),
                ("pin", st.none()),
            )
        )
    ),
    max_size=14,
)


@dataclass
class History:
    """What the dataset held in each version, by row id in row order; version 0 is empty."""

    versions: list[dict[str, int]] = field(default_factory=lambda: [{}])

    def keep(self, number: int, rows: dict[str, int]) -> None:
        """Note what version `number` holds now; it is the newest or one more."""
        assert number in (len(self.versions) - 1, len(self.versions)), "a version was skipped or an old one was changed"
        self.versions[number:] = [{id_: rows[id_] for id_ in sorted(rows)}]

    def difference(self, before: int, after: int) -> tuple[list[tuple[str, str]], tuple[int, int, int]]:
        """Return (id, kind) in row order and the counts of added, removed and changed rows."""
        old, new = self.versions[before], self.versions[after]
        kinds = {id_: "removed" if id_ not in new else "added" for id_ in old.keys() ^ new.keys()}
        kinds |= {id_: "changed" for id_ in old.keys() & new.keys() if old[id_] != new[id_]}
        counts = [list(kinds.values()).count(kind) for kind in ("added", "removed", "changed")]
        return sorted(kinds.items()), (counts[0], counts[1], counts[2])


def _row(value: int) -> DatasetLogDraft:
    return draft(value, model=MODELS[value % 3])


async def replay(store: Store, wanted: Sequence[Operation]) -> tuple[str, History]:
    """Do the operations to a new dataset; return its id and the history that it must show."""
    dataset, history, clock = await new_dataset(store), History(), 0.0
    job, staged = "", 0
    for name, argument, pause in wanted:
        clock += pause
        present = dict(history.versions[-1])
        ids = list(present)
        match name:
            case "append":
                rows = [_row(value) for value in argument]
                added, version = await store.dataset_logs.append(dataset, rows, change("create", clock))
                history.keep(version.number, present | dict(zip(added, argument, strict=True)))
            case "revise" if ids:
                log_id, value = ids[argument[0] % len(ids)], argument[1]
                edited = _row(value)
                log = await store.dataset_logs.revise(dataset, log_id, lambda _, e=edited: e, change("update", clock))  # type: ignore[misc]
                history.keep(log.added_in, present | {log_id: value})
            case "remove" if ids:
                log_id = ids[argument % len(ids)]
                await store.dataset_logs.remove(dataset, log_id, change("delete", clock))
                del present[log_id]
                history.keep((await store.datasets.get(dataset)).version, present)
            case "remove_matching":
                condition: Expression = EVERYTHING
                if argument is not None:
                    condition = Condition(Field("model"), Operator.EQUAL, (argument,))
                doomed = [id_ for id_, value in present.items() if argument in (None, MODELS[value % 3])]
                kind = change("delete by filter", clock)
                assert await store.dataset_logs.remove_matching(dataset, condition, kind) == len(doomed)
                if doomed:
                    left = {id_: value for id_, value in present.items() if id_ not in doomed}
                    history.keep((await store.datasets.get(dataset)).version, left)
            case "restore":
                old = argument % len(history.versions)
                version = await store.dataset_versions.restore(dataset, old, change("restore", clock))
                history.keep(version.number, history.versions[old])
            case "stage":
                job = job or await new_job(store, dataset, clock)
                await store.dataset_logs.stage(
                    dataset, job, [_row(value) for value in argument], change("import", clock)
                )
                staged += len(argument)
            case "publish" if job:
                version = await store.dataset_logs.publish(dataset, job, change("import", clock))
                shown = {log.id: input_of(log) for log in await logs_of(store, dataset)}
                assert len(shown) == len(present) + staged
                history.keep(version.number, shown)
                assert present.items() <= shown.items()
                job, staged = "", 0
            case "discard" if job:
                await store.dataset_logs.discard_staged(job)
                job, staged = "", 0
            case "pin" if len(history.versions) > 1:
                await store.dataset_versions.pin(dataset, len(history.versions) - 1)
    return dataset, history


async def compare(store: Store, dataset: str, history: History) -> None:
    """Compare everything that the store says about the dataset with its history."""
    newest = len(history.versions) - 1
    found = await store.datasets.get(dataset)
    assert (found.version, found.log_count) == (newest, len(history.versions[-1]))
    page = await store.dataset_versions.list(dataset, PageRequest(1, 1000))
    assert [version.number for version in page.items] == list(range(newest, 0, -1))
    for number, rows in enumerate(history.versions):
        logs = await logs_of(store, dataset, number)
        assert {log.id: input_of(log) for log in logs} == rows
        assert [log.position for log in logs] == sorted({log.position for log in logs})
        if number:
            assert (await store.dataset_versions.get(dataset, str(number))).log_count == len(rows)
        for other in (number - 1, newest):
            if other >= 0:
                await _compare_difference(store, dataset, history, other, number)
    gone = {id_ for rows in history.versions for id_ in rows} - history.versions[-1].keys()
    for log_id in gone:
        try:
            await store.dataset_logs.get(dataset, log_id)
        except NotFound:
            continue
        raise AssertionError(f"{log_id} was removed and is still there")


async def _compare_difference(store: Store, dataset: str, history: History, before: int, after: int) -> None:
    page, counts = await store.dataset_versions.list_differences(dataset, before, after, PageRequest(1, 1000))
    kinds, expected = history.difference(before, after)
    assert sorted((item.id, item.kind) for item in page.items) == kinds
    assert (counts, page.total_count) == (expected, len(kinds))
