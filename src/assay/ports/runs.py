"""What the engine does to stored reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from assay.model.eval_report import (
    CancelReason,
    Cell,
    CellResult,
    EvalReport,
    ReportStatus,
    RowToJudge,
    RunState,
    TaskCells,
)


class RunStore(Protocol):
    """Reports of all organisations; a report is named by its id. Raises NotFound once its dataset is deleted."""

    async def list_unfinished(self, *, is_waiting_included: bool = True) -> Sequence[str]:
        """Return the ids of reports that are pending or running, or waiting for annotations, oldest first."""
        ...

    async def start(self, report_id: str, at: datetime) -> EvalReport:
        """Mark a pending report running and return it; others are returned as they are."""
        ...

    async def state(self, report_id: str) -> RunState:
        """Return what a report is to do next."""
        ...

    async def list_chunks(self, report_id: str, rows_per_chunk: int) -> Sequence[tuple[int, int]]:
        """Cut the pinned version into ranges of row positions (first, last), in order."""
        ...

    async def list_missing(self, report_id: str, first: int, last: int) -> Sequence[tuple[RowToJudge, Sequence[Cell]]]:
        """Return the rows of a range that lack cells of machines, each with the cells that it lacks."""
        ...

    async def record(self, report_id: str, results: Sequence[CellResult], at: datetime) -> RunState:
        """Store finished cells, the scores they give and the progress, in one transaction.

        A cell that is there already stays as it is.
        """
        ...

    async def note_estimate(self, report_id: str, estimate: Mapping[str, Any]) -> None:
        """Store what the pilot of a run said."""
        ...

    async def cells(self, report_id: str, ordinal: int) -> TaskCells:
        """Return the finished cells of one task."""
        ...

    async def labels(self, report_id: str, path: str) -> Mapping[str, str | None]:
        """Return the text at a metadata path of each row of the pinned version, by row id."""
        ...

    async def settle(
        self,
        report_id: str,
        status: ReportStatus,
        summaries: Mapping[int, Mapping[str, Any]],
        at: datetime,
        *,
        error_message: str | None = None,
        cancel_reason: CancelReason | None = None,
    ) -> EvalReport:
        """Store the summaries by ordinal and the state that a run comes to rest in.

        A report is completed only when no cell is missing: where one came or went meanwhile it stays as it is.
        """
        ...
