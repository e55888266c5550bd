"""What a store of eval reports and their cells must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from assay.filters.expression import Expression
from assay.model.eval_report import CellResult, EvalReport, ReportRow, ReportStatus, RowToJudge
from assay.model.page import Page, PageRequest, Sort
from assay.model.score import ScoreStatus

RowOrder = Literal["position", "ascending", "descending"]


class EvalReportStore(Protocol):
    """Reports of one organisation. Methods that take ids raise NotFound for those of another."""

    async def create(self, report: EvalReport) -> EvalReport:
        """Pin the dataset's newest version and store the report with its tasks, in one transaction.

        The stored report is returned, with the version and row count that it pinned.
        """
        ...

    async def get(self, dataset_id: str, report_id: str) -> EvalReport:
        """Return a report by its id, or by the id of one of its tasks; raises NotFound."""
        ...

    async def list(self, dataset_id: str, expression: Expression, sort: Sort, page: PageRequest) -> Page[EvalReport]:
        """Return a page of a dataset's reports."""
        ...

    async def request_cancel(self, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
        """Ask a running report to stop; a finished one is left as it is."""
        ...

    async def reopen_failed(self, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
        """Forget the failed cells of a finished report and make it pending again."""
        ...

    async def page_rows(
        self,
        dataset_id: str,
        report_id: str,
        status: ScoreStatus | None,
        ordinal: int | None,
        order: RowOrder,
        page: PageRequest,
    ) -> Page[ReportRow]:
        """Return a page of rows with their outcomes, in row order or by the value of the task `ordinal`.

        `status` keeps the rows that have such a cell, of the task `ordinal` when that is given.
        """
        ...


class RunStore(Protocol):
    """What the engine does to reports, for all organisations; a report is named by its id."""

    async def list_unfinished(self) -> Sequence[str]:
        """Return the ids of reports that are pending or running, oldest first."""
        ...

    async def start(self, report_id: str, at: datetime) -> EvalReport:
        """Mark a report running and return it; raises NotFound when it was deleted."""
        ...

    async def list_chunks(self, report_id: str, rows_per_chunk: int) -> Sequence[tuple[int, int]]:
        """Cut the pinned version into ranges of row positions (first, last), in order."""
        ...

    async def list_missing(self, report_id: str, first: int, last: int) -> Sequence[tuple[RowToJudge, Sequence[int]]]:
        """Return the rows of a range that lack cells, each with the ordinals that it lacks."""
        ...

    async def record(self, report_id: str, results: Sequence[CellResult], at: datetime) -> EvalReport:
        """Store finished cells, the scores they give and the progress, in one transaction.

        A cell that is there already stays as it is. The report is returned as it is now.
        """
        ...

    async def values_of(self, report_id: str, ordinal: int) -> TaskValues:
        """Return what a task's summary is made of."""
        ...

    async def finish(
        self,
        report_id: str,
        status: ReportStatus,
        summaries: Mapping[int, Mapping[str, Any]],
        error_message: str | None,
        at: datetime,
    ) -> EvalReport:
        """Store the summaries by ordinal and the final state."""
        ...


# Counts by status; primary numbers (booleans as 0 and 1); the categories of each cell; how many passed.
TaskValues = tuple[Mapping[str, int], Sequence[float], Sequence[Sequence[str]], int]
