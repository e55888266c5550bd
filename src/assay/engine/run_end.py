"""The end of a run, or its rest: what its cells come to, and the state that it is left in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from assay.engine.waiting import until_available
from assay.evaluators.task_summary import summarize_task
from assay.model.errors import Invalid
from assay.model.eval_report import CancelReason, EvalReport, ReportStatus
from assay.ports.runs import RunStore

logger = logging.getLogger(__name__)


async def settle_run(
    runs: RunStore, report: EvalReport, at: datetime, *, rest: ReportStatus | None, reason: CancelReason | None = None
) -> EvalReport:
    """Summarise every task from its stored cells and give the report the state that it comes to rest in.

    `rest` is that state where somebody wants it (cancelled, paused). Otherwise the report waits for people where they
    have not answered, is failed when every cell failed, and completed when none is missing; a report that lacks cells
    of machines is left running.
    """
    labels = await runs.labels(report.id, report.settings.cluster_by) if report.settings.cluster_by else None
    summaries: dict[int, Mapping[str, Any]] = {}
    failed = finished = people = 0
    for task in report.tasks:
        cells = await runs.cells(report.id, task.ordinal)
        finished += len(cells.status)
        failed += sum(status == "failed" for status in cells.status)
        if task.method == "human":
            people += report.log_count - len(cells.status)
        summaries[task.ordinal] = await asyncio.to_thread(summarize_task, report, task, cells, labels)
    if rest is not None and finished < report.cell_count:
        return await runs.settle(report.id, rest, summaries, at, cancel_reason=reason)
    if people and finished + people == report.cell_count:
        return await runs.settle(report.id, "waiting_for_annotations", summaries, at)
    if failed and failed == report.cell_count:
        message = "Every cell failed; the rows of the report say why."
        return await runs.settle(report.id, "failed", summaries, at, error_message=message)
    return await runs.settle(report.id, "completed", summaries, at)


async def rest_run(runs: RunStore, report: EvalReport, at: datetime, *, is_cancelled: bool) -> EvalReport:
    """Settle a run as somebody wished: cancelled, or else paused."""
    if is_cancelled:
        return await settle_run(runs, report, at, rest="cancelled", reason="request")
    return await settle_run(runs, report, at, rest="paused")


async def fail_run(
    runs: RunStore, report_id: str, error: Exception, is_leaving: Callable[[], bool] = lambda: False
) -> None:
    """Give a report that broke off the state failed; what only the log may say goes there.

    A store that is away is waited for, until `is_leaving` says that nobody waits any more.
    """
    if isinstance(error, Invalid):
        message = error.message
    else:
        logger.error("eval report %s failed", report_id, exc_info=error)
        message = "The run broke off; the server's log says why."
    try:
        await until_available(
            lambda: runs.settle(report_id, "failed", {}, datetime.now(UTC), error_message=message),
            f"the failure of eval report {report_id}",
            is_leaving,
        )
    except Exception:
        logger.exception("eval report %s could not be marked as failed", report_id)
