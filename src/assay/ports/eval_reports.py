"""What a store of eval reports and their cells must do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from assay.filters.expression import Expression
from assay.model.eval_report import EvalReport, ReportLine, ReportRow, RowCounts, TaskCells
from assay.model.page import Page, PageRequest, Sort
from assay.model.score import CellDetail, ScoreStatus, ScoreValues

# Rows that did not pass or failed; that failed; that are not finished.
RowShow = Literal["failures", "errors", "pending"]
RowOrder = Literal["position", "ascending", "descending"]
# What a person or the engine may ask of a report that is not finished.
RunWish = Literal["cancel", "pause", "resume"]


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which rows of a report are wanted, and in which order.

    `status` and the bounds of the value mean the task `ordinal`, any task where it is None; `label` keeps the rows
    whose metadata has that text at that path; `log_id` asks for one row only. `show` keeps the rows of that kind, and
    means the task `ordinal` too. The order is by the score of the task `order_ordinal`, of `ordinal` where it is None.
    """

    ordinal: int | None = None
    status: ScoreStatus | None = None
    is_passed: bool | None = None
    minimum: float | None = None
    maximum: float | None = None
    label: tuple[str, str | None] | None = None
    order: RowOrder = "position"
    log_id: str | None = None
    show: RowShow | None = None
    order_ordinal: int | None = None


class EvalReportStore(Protocol):
    """Reports of one organisation. Methods that take ids raise NotFound for those of another."""

    async def create(self, report: EvalReport) -> EvalReport:
        """Pin a version of the dataset, its newest where the report names version 0, and store the report.

        Report, tasks and what people are to annotate are written in one transaction. The stored report is returned,
        with the version and row count that it pinned.
        """
        ...

    async def get(self, dataset_id: str, report_id: str) -> EvalReport:
        """Return a report by its id, or by the id of one of its tasks; raises NotFound."""
        ...

    async def find(self, report_id: str) -> EvalReport:
        """Return a report by its id, whatever its dataset; raises NotFound."""
        ...

    async def list(self, dataset_id: str, expression: Expression, sort: Sort, page: PageRequest) -> Page[EvalReport]:
        """Return a page of a dataset's reports."""
        ...

    async def list_everywhere(
        self, expression: Expression, evaluator_slug: str | None, sort: Sort, page: PageRequest
    ) -> Page[ReportLine]:
        """Return a page of the reports of all datasets, those of one evaluator where it is named."""
        ...

    async def list_latest(self, dataset_ids: Sequence[str], most: int) -> Mapping[str, Sequence[EvalReport]]:
        """Return the last completed reports of each of some datasets, at most so many, the oldest first."""
        ...

    async def count_rows(self, dataset_id: str, report_id: str) -> tuple[RowCounts, Mapping[int, RowCounts]]:
        """Count the rows of a report by what became of them: over all its tasks, and for each by its ordinal."""
        ...

    async def count_passes(
        self, dataset_id: str, report_id: str, ordinal: int, at_least: float | None, at_most: float | None
    ) -> tuple[int, int]:
        """Return how many scored cells of a task have a number within bounds, and how many have one at all."""
        ...

    async def list_moving(self, since: datetime, most: int) -> Sequence[EvalReport]:
        """Return the reports that are not finished, and those that changed since then, the last changed first."""
        ...

    async def wish(self, dataset_id: str, report_id: str, wish: RunWish, at: datetime) -> EvalReport:
        """Note what is wanted of a report; a finished one is left as it is.

        A report that waits for nobody's work (paused, or waiting for annotations) is cancelled at once.
        """
        ...

    async def reopen_failed(self, dataset_id: str, report_id: str, at: datetime) -> EvalReport:
        """Forget the failed cells of a finished report and make it pending again."""
        ...

    async def delete(self, dataset_id: str, report_id: str) -> None:
        """Delete a finished report with its cells; the scores on the rows stay. Raises Conflict while it runs."""
        ...

    async def page_rows(self, dataset_id: str, report_id: str, asked: RowsAsked, page: PageRequest) -> Page[ReportRow]:
        """Return a page of rows with their outcomes."""
        ...

    async def details(self, dataset_id: str, report_id: str, log_id: str) -> Mapping[tuple[int, int], CellDetail]:
        """Return how the cells of a row came about, by ordinal and trial."""
        ...

    async def cells(self, dataset_id: str, report_id: str, ordinal: int) -> TaskCells:
        """Return the finished cells of one task."""
        ...

    async def labels(self, dataset_id: str, report_id: str, path: str) -> Mapping[str, str | None]:
        """Return the text at a metadata path of each row of the pinned version, by row id."""
        ...

    async def human_values(self, dataset_id: str, report_id: str, ordinal: int) -> Mapping[str, Sequence[ScoreValues]]:
        """Return what people say of the rows that a task judged, by row id.

        People speak through scores with a scorer for the same evaluator, and by correcting a machine's score.
        """
        ...
