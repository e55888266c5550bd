"""Workers that record cells of one report at once, some of them the same ones: every cell counts once."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from assay.ports.store import Store, Stores
from tests.conformance.builders import at, change, drafts, evaluator, logs_of, new_dataset, new_report, result
from tests.conformance.conftest import Run

ROWS = 100
AT_ONCE = 6
SLUGS = ("first", "second", "third")


def test_cells_that_several_record_at_once_are_counted_once(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(*range(ROWS)), change())
        report = await new_report(store, dataset, [evaluator(store, slug) for slug in SLUGS], 10)
        await stores.runs.start(report.id, at(11))
        rows = await logs_of(store, dataset)
        cells = [result(row, ordinal, 1.0) for row in rows for ordinal in range(len(SLUGS))]
        random.Random(7).shuffle(cells)
        known, new = cells[:AT_ONCE], cells[AT_ONCE:]
        await stores.runs.record(report.id, known, at(12))
        for start in range(0, len(new), AT_ONCE):
            part = new[start : start + AT_ONCE]
            # One worker brings what is new, others what they judged although somebody else had.
            await asyncio.gather(*(stores.runs.record(report.id, found, at(12)) for found in (known, part, known)))
            known = known + part
            stored = await store.eval_reports.get(dataset, report.id)
            assert stored.finished_count == len(known)
        assert [task.scored_count for task in stored.tasks] == [ROWS] * len(SLUGS)

    run(work())
