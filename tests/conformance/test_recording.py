"""Workers that record cells of one report at once, some of them the same ones: every cell counts once."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from assay.ports.store import Store, Stores
from tests.conformance.builders import at, change, drafts, evaluator, logs_of, new_dataset, new_report, result
from tests.conformance.conftest import Run

ROWS = 60
SLUGS = ("first", "second", "third")


def test_cells_that_several_record_at_once_are_counted_once(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        dataset = await new_dataset(store)
        await store.dataset_logs.append(dataset, drafts(*range(ROWS)), change())
        report = await new_report(store, dataset, [evaluator(store, slug) for slug in SLUGS], 10)
        await stores.runs.start(report.id, at(11))
        rows = await logs_of(store, dataset)
        draw = random.Random(7)
        parts = []
        # Each part is recorded by two workers, in other company and in another order.
        for _ in range(2):
            cells = [result(row, ordinal) for row in rows for ordinal in range(len(SLUGS))]
            draw.shuffle(cells)
            parts += [cells[start : start + 12] for start in range(0, len(cells), 12)]
        await asyncio.gather(*(stores.runs.record(report.id, part, at(12)) for part in parts))
        stored = await store.eval_reports.get(dataset, report.id)
        assert [task.scored_count for task in stored.tasks] == [ROWS] * len(SLUGS)

    run(work())
