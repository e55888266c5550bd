"""Eval reports: run evaluators over a dataset, follow the run, steer it, repeat it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Unpack

from assay.model.errors import Unavailable
from assay.sdk._async.events import follow
from assay.sdk._async.paging import get_page
from assay.sdk._async.report_reading import AsyncReportReading, report_path
from assay.sdk._async.waiting import pause
from assay.sdk.addressing import given, path_to
from assay.sdk.report_types import EvalReport, ReportSnapshot, RunOptions
from assay.sdk.retrying import PollingIntervals
from assay.sdk.types import JsonObject, Page


class AsyncEvalReports(AsyncReportReading):
    """`client.eval_reports`: runs of evaluators over a dataset version."""

    async def create(
        self,
        dataset_id: str,
        evaluator_slugs: Sequence[str],
        *,
        dataset_version: int | str | None = None,
        generation_method: str | None = None,
        **options: Unpack[RunOptions],
    ) -> EvalReport:
        """Start a run and return at once; `wait` and `watch` follow it to its end.

        Evaluators are named by slug, id or `<id>:<n>` for version n. `dataset_version` is a number or tag, by default
        the newest; `generation_method` is auto (what each evaluator has), llm or code.
        """
        optional = {"dataset_version": dataset_version, "generation_method": generation_method, **options}
        body = {"evaluator_slugs": evaluator_slugs} | given(optional)
        return await self._start(dataset_id, body)

    async def repeat(self, dataset_id: str, manifest: JsonObject, **options: Unpack[RunOptions]) -> EvalReport:
        """Start the run that a manifest describes: the same definitions over the same rows; options replace its own."""
        return await self._start(dataset_id, {"manifest": manifest} | given(options))

    async def rerun(self, dataset_id: str, report_id: str, **options: Unpack[RunOptions]) -> EvalReport:
        """Start the run of a report again: the same definitions over the same rows; options replace its own."""
        return await self._tell(dataset_id, report_id, "rerun", given(options))

    async def list(
        self,
        dataset_id: str,
        filters: Mapping[str, Any] | None = None,
        *,
        sort_by: str | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> Page[EvalReport]:
        """Return one page of a dataset's reports, newest first."""
        path = path_to("datasets", dataset_id, "eval-reports", "list")
        parameters = {"sort_by": sort_by, "page": page, "page_size": page_size}
        return await get_page(self._transport, Page[EvalReport], path, filters, parameters)

    async def get(self, dataset_id: str, report_id: str) -> EvalReport:
        """Return a report with the figures of each evaluator."""
        return await self._transport.ask(EvalReport, "GET", report_path(dataset_id, report_id))

    async def wait(
        self,
        dataset_id: str,
        report_id: str,
        *,
        progress: Callable[[EvalReport], None] | None = None,
        timeout_seconds: float | None = None,
    ) -> EvalReport:
        """Look at a report in growing intervals (0.1 to 5 s) until it is completed, failed or cancelled; return it.

        One that rests, paused or waiting for people, is returned too. `progress(report)` is called after each look.
        Raises Unavailable when `timeout_seconds` pass first.
        """
        started = time.monotonic()
        for interval in PollingIntervals():
            report = await self.get(dataset_id, report_id)
            if progress is not None:
                progress(report)
            if report.is_finished or report.is_resting:
                return report
            if timeout_seconds is not None and time.monotonic() - started + interval > timeout_seconds:
                raise Unavailable(f"report {report_id} is still {report.status} after {timeout_seconds:g} s", interval)
            await pause(interval)
        raise AssertionError("polling intervals never end")

    async def watch(self, dataset_id: str, report_id: str) -> AsyncIterator[ReportSnapshot]:
        """Yield how a report stands each time that it moved, at most four times a second, until it ends or rests.

        Told by the server's stream of events; where that breaks or is not there, by looking in growing intervals.
        """
        for interval in PollingIntervals():
            async with aclosing(follow(self._transport, report_id)) as snapshots:
                async for snapshot in snapshots:
                    yield snapshot
                    if snapshot.is_finished or snapshot.is_resting:
                        return
            report = await self.get(dataset_id, report_id)
            yield _snapshot(report)
            if report.is_finished or report.is_resting:
                return
            await pause(interval)

    async def cancel(self, dataset_id: str, report_id: str) -> EvalReport:
        """Stop a run for good; what was scored is kept."""
        return await self._tell(dataset_id, report_id, "cancel", {})

    async def pause(self, dataset_id: str, report_id: str) -> EvalReport:
        """Let a run rest until it is resumed; calls in flight are finished."""
        return await self._tell(dataset_id, report_id, "pause", {})

    async def resume(self, dataset_id: str, report_id: str) -> EvalReport:
        """Let a paused run go on with what is missing."""
        return await self._tell(dataset_id, report_id, "resume", {})

    async def retry_failed(self, dataset_id: str, report_id: str) -> EvalReport:
        """Run the failed cells of a report again, and those that a cancel left out; only those."""
        return await self._tell(dataset_id, report_id, "retry-failed", {})

    async def delete(self, dataset_id: str, report_id: str) -> None:
        """Delete a finished report with its cells; the scores on the rows stay."""
        await self._transport.send("DELETE", report_path(dataset_id, report_id))

    async def _start(self, dataset_id: str, body: JsonObject) -> EvalReport:
        # The one route that the contract writes without a final slash.
        path = path_to("datasets", dataset_id, "eval-reports", "create").removesuffix("/")
        return await self._transport.ask(EvalReport, "POST", path, body=body)

    async def _tell(self, dataset_id: str, report_id: str, what: str, body: JsonObject) -> EvalReport:
        return await self._transport.ask(EvalReport, "POST", report_path(dataset_id, report_id, what), body=body)


def _snapshot(report: EvalReport) -> ReportSnapshot:
    """Return of a report what an event would tell."""
    progress = report.progress
    return ReportSnapshot(
        id=report.id,
        dataset_id=report.dataset_id,
        status=report.status,
        state=report.state,
        name=report.name,
        awaited_count=report.awaited_count,
        cost_usd=report.cost_usd,
        unknown_cost_count=report.unknown_cost_count,
        is_cancel_requested=report.is_cancel_requested,
        is_pause_requested=report.is_pause_requested,
        cancel_reason=report.cancel_reason,
        error_message=report.error_message,
        started_at=report.started_at,
        completed_at=report.completed_at,
        finished_count=0 if progress is None else progress.finished_count,
        cell_count=0 if progress is None else progress.cell_count,
        percent=0 if progress is None else progress.percent,
        failed_count=sum(one.failed_count for one in report.evaluators),
    )
