"""Eval reports: run evaluators over a dataset, wait, read what came of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from assay.model.errors import Unavailable
from assay.sdk._async.paging import get_page, walk
from assay.sdk._async.transport import AsyncTransport
from assay.sdk._async.waiting import pause
from assay.sdk.addressing import given, path_to
from assay.sdk.retrying import PollingIntervals
from assay.sdk.types import EvalReport, JsonObject, Page, ReportRow


class AsyncEvalReports:
    """`client.eval_reports`: runs of evaluators over a dataset version."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(
        self, dataset_id: str, evaluator_slugs: Sequence[str], *, name: str | None = None, **fields: Any
    ) -> EvalReport:
        """Start a run over the dataset's newest version and return at once; `wait` waits for its end."""
        body = given({"evaluator_slugs": evaluator_slugs, "name": name}) | fields
        # The one route that the contract writes without a final slash.
        path = path_to("datasets", dataset_id, "eval-reports", "create").removesuffix("/")
        return await self._transport.ask(EvalReport, "POST", path, body=body)

    async def list(self, dataset_id: str, *, page: int = 1, page_size: int = 100) -> Page[EvalReport]:
        """Return one page of a dataset's reports, newest first."""
        path = path_to("datasets", dataset_id, "eval-reports", "list")
        parameters = {"page": page, "page_size": page_size}
        return await get_page(self._transport, Page[EvalReport], path, None, parameters)

    async def get(self, dataset_id: str, report_id: str) -> EvalReport:
        """Return a report with the figures of each evaluator."""
        return await self._transport.ask(EvalReport, "GET", _path(dataset_id, report_id))

    async def wait(
        self,
        dataset_id: str,
        report_id: str,
        *,
        progress: Callable[[EvalReport], None] | None = None,
        timeout_seconds: float | None = None,
    ) -> EvalReport:
        """Look at a report in growing intervals (0.1 to 5 s) until it is completed, failed or cancelled; return it.

        `progress(report)` is called after each look. Raises Unavailable when `timeout_seconds` pass first.
        """
        started = time.monotonic()
        for interval in PollingIntervals():
            report = await self.get(dataset_id, report_id)
            if progress is not None:
                progress(report)
            if report.is_finished:
                return report
            if timeout_seconds is not None and time.monotonic() - started + interval > timeout_seconds:
                raise Unavailable(f"report {report_id} is still {report.status} after {timeout_seconds:g} s", interval)
            await pause(interval)
        raise AssertionError("polling intervals never end")

    async def rows(
        self,
        dataset_id: str,
        report_id: str,
        *,
        status: str | None = None,
        evaluator_slug: str | None = None,
        sort: str | None = None,
        page: int = 1,
        page_size: int = 100,
    ) -> Page[ReportRow]:
        """Return one page of a report's rows.

        `status` is scored, skipped or failed; `sort` is worst or best, by the score of `evaluator_slug`.
        """
        parameters = {
            "status": status,
            "evaluator_slug": evaluator_slug,
            "sort": sort,
            "page": page,
            "page_size": page_size,
        }
        return await get_page(self._transport, Page[ReportRow], _path(dataset_id, report_id, "rows"), None, parameters)

    def iterate_rows(
        self,
        dataset_id: str,
        report_id: str,
        *,
        status: str | None = None,
        evaluator_slug: str | None = None,
        sort: str | None = None,
    ) -> AsyncIterator[ReportRow]:
        """Yield every row of a report that matches."""
        parameters = {"status": status, "evaluator_slug": evaluator_slug, "sort": sort, "page_size": 100}
        path = _path(dataset_id, report_id, "rows")
        return walk(self._transport, Page[ReportRow], path, None, parameters)

    async def cancel(self, dataset_id: str, report_id: str) -> EvalReport:
        """Stop a run; what was scored is kept."""
        return await self._transport.ask(EvalReport, "POST", _path(dataset_id, report_id, "cancel"), body={})

    async def retry_failed(self, dataset_id: str, report_id: str) -> EvalReport:
        """Run the failed cells of a report again, and only those."""
        return await self._transport.ask(EvalReport, "POST", _path(dataset_id, report_id, "retry-failed"), body={})

    async def manifest(self, dataset_id: str, report_id: str) -> JsonObject:
        """Return everything a report was pinned to: versions, parameters, library version, seed."""
        return await self._transport.ask(dict[str, Any], "GET", _path(dataset_id, report_id, "manifest"))


def _path(dataset_id: str, report_id: str, *rest: str) -> str:
    return path_to("datasets", dataset_id, "eval-reports", report_id, *rest)
