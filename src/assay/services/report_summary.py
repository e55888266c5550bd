"""What heads the page of a report at any moment of its run: counts of rows, coverage, a summary of each evaluator."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from assay.evaluators.pass_line import pass_line
from assay.evaluators.task_summary import summarize_task
from assay.model.errors import Invalid
from assay.model.eval_report import FINISHED, EvalReport, EvalTask, RowCounts
from assay.ports.store import Store
from assay.statistics.intervals import interval_json
from assay.statistics.sample import summarize_passes
from assay.statistics.trials import rate_over_trials
from assay.wire.report_summary import counts_out, line_of

# A summary of more cells than these takes longer than anybody should wait for a page that asks again and again.
_MOST_CELLS_AT_ONCE = 200_000

Result = TypeVar("Result")


class _Kept:
    """What was computed of reports a moment ago: a page asks again and again while a report runs."""

    _MOST = 256

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Result]], *, is_lasting: bool) -> Result:
        """Return what is kept, or make it: kept for four times as long as it took, or lastingly."""
        begun = time.monotonic()
        until, value = self._kept.get(key, (0.0, None))
        if until > begun:
            self._kept.move_to_end(key)
            found: Result = value
            return found
        made = await make()
        ended = time.monotonic()
        self._kept[key] = (math.inf if is_lasting else ended + 4 * (ended - begun), made)
        while len(self._kept) > self._MOST:
            self._kept.popitem(last=False)
        return made


_kept = _Kept()


async def summarize_report(store: Store, report: EvalReport) -> dict[str, Any]:
    """Return counts of rows, what changed in the dataset since, and each evaluator's summary as of now.

    A task that was not summarised yet is summarised from the cells that are there; beyond 200,000 cells it is not, and
    its summary is null until the run ends.
    """
    is_finished = report.status in FINISHED
    # What is not finished is known by its id alone: an answer a moment old will do.
    state = (report.updated_at, report.finished_count) if is_finished else None
    of_rows, of_tasks = await _kept.get(
        (report.id, "rows", state),
        lambda: store.eval_reports.count_rows(report.dataset_id, report.id),
        is_lasting=is_finished,
    )
    changes = await store.dataset_log_analytics.count_changes(report.dataset_id, report.dataset_version)
    summaries = [await _summary(store, report, task) for task in report.tasks]
    return {
        "report_id": report.id,
        "state": report.status,
        "row_counts": counts_out(of_rows, report.log_count),
        "dataset": {
            "version": report.dataset_version,
            "newest_version": changes.newest,
            "added_count": changes.added,
            "removed_count": changes.removed,
            "changed_count": changes.changed,
        },
        "evaluators": [
            {
                "evaluator_slug": task.evaluator_slug,
                "name": task.version.name,
                "row_counts": counts_out(of_tasks.get(task.ordinal, RowCounts()), report.log_count),
                "pass_line": line_of(pass_line(task.version)),
                "is_final": is_final,
                "summary": summary,
            }
            for task, (summary, is_final) in zip(report.tasks, summaries, strict=True)
        ],
    }


async def _summary(store: Store, report: EvalReport, task: EvalTask) -> tuple[Mapping[str, Any] | None, bool]:
    """Return the stored summary of a task, or one of the cells so far, and whether it is that of the whole run."""
    if report.status in FINISHED and task.summary is not None:
        return task.summary, True
    if task.finished_count == 0 or task.finished_count > _MOST_CELLS_AT_ONCE:
        return None, False
    summary = await _kept.get((report.id, task.ordinal), lambda: _live(store, report, task), is_lasting=False)
    return summary, False


async def _live(store: Store, report: EvalReport, task: EvalTask) -> Mapping[str, Any]:
    cells = await store.eval_reports.cells(report.dataset_id, report.id, task.ordinal)
    path = report.settings.cluster_by
    labels = await store.eval_reports.labels(report.dataset_id, report.id, path) if path else None
    return await asyncio.to_thread(summarize_task, report, task, cells, labels)


async def pass_rate(
    store: Store, report: EvalReport, task: EvalTask, at_least: float | None, at_most: float | None
) -> dict[str, Any]:
    """Return the pass rate that a task would have if numbers within these bounds passed; raises Invalid.

    The interval is that of the report's own pass rate: Wilson's, with trials at the effective sample size.
    """
    if task.version.score_value_type not in ("numerical", "percentage", "boolean"):
        raise Invalid.field("evaluator_slug", f"'{task.evaluator_slug}' gives no numbers: it has no other pass line.")
    trials = report.trials_of(task)
    if trials == 1:
        passed, total = await store.eval_reports.count_passes(
            report.dataset_id, report.id, task.ordinal, at_least, at_most
        )
        found = summarize_passes(passed, total)
        rate, interval = found.rate, found.interval
    else:
        cells = await store.eval_reports.cells(report.dataset_id, report.id, task.ordinal)
        marks, rows = _marks(cells.status, cells.value, cells.log_id, at_least, at_most)
        passed, total = int(sum(marks)), len(marks)
        rate, interval = rate_over_trials(marks, rows) if marks else (None, None)
    return {
        "report_id": report.id,
        "evaluator_slug": task.evaluator_slug,
        "at_least": at_least,
        "at_most": at_most,
        "rate": rate,
        "passed": passed,
        "total": total,
        "confidence_interval": interval_json(interval),
    }


def _marks(
    statuses: Sequence[str],
    values: Sequence[float | None],
    rows: Sequence[str],
    at_least: float | None,
    at_most: float | None,
) -> tuple[list[float], list[str]]:
    scored = [
        (float((at_least is None or value >= at_least) and (at_most is None or value <= at_most)), row)
        for status, value, row in zip(statuses, values, rows, strict=True)
        if status == "scored" and value is not None
    ]
    return [mark for mark, _ in scored], [row for _, row in scored]
