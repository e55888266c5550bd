"""What a store of dataset rows must do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence, Set
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.dataset import Change, DatasetLog, DatasetLogDraft, DatasetVersion, LogsSummary
from assay.model.page import Page, PageRequest, Sort

# How an edit makes the next revision of a row from the present one.
Edit = Callable[[DatasetLog], DatasetLogDraft]


class DatasetLogStore(Protocol):
    """Rows of the datasets of one organisation. Every method raises NotFound for an unknown dataset.

    `version` is a version number, or None for the newest.
    """

    async def append(
        self, dataset_id: str, drafts: Sequence[DatasetLogDraft], change: Change
    ) -> tuple[Sequence[str], DatasetVersion]:
        """Add rows in order; return their new ids and the version that holds them."""
        ...

    async def stage(self, dataset_id: str, job_id: str, drafts: Sequence[DatasetLogDraft], change: Change) -> None:
        """Store rows of an import that nobody sees until `publish`."""
        ...

    async def publish(
        self, dataset_id: str, job_id: str, change: Change, outcome: bytes | None = None
    ) -> DatasetVersion:
        """Make all rows staged by a job visible at once, as one new version; the job is completed with its outcome.

        Raises Conflict when the job has ended or some of its rows were thrown away meanwhile.
        """
        ...

    async def find_source_ids(self, dataset_id: str, log_ids: Sequence[str]) -> Set[str]:
        """Return which of these logs the newest version has a copy of."""
        ...

    async def discard_staged(self, job_id: str) -> None:
        """Throw away the rows staged by a job."""
        ...

    async def page(
        self, dataset_id: str, version: int | None, expression: Expression, sort: Sort, page: PageRequest
    ) -> Page[DatasetLog]:
        """Return a page of the rows that match, with their content."""
        ...

    async def page_uncounted(
        self, dataset_id: str, version: int | None, expression: Expression, sort: Sort, page: PageRequest
    ) -> tuple[Sequence[DatasetLog], bool]:
        """Return a page of the rows that match, and whether more follow: nothing is counted."""
        ...

    def iterate(
        self, dataset_id: str, version: int | None, expression: Expression, batch_size: int
    ) -> AsyncIterator[Sequence[DatasetLog]]:
        """Walk the rows that match in row order, a batch at a time."""
        ...

    async def get(self, dataset_id: str, log_id: str, version: int | None = None) -> DatasetLog:
        """Return one row; raises NotFound."""
        ...

    async def revise(self, dataset_id: str, log_id: str, edit: Edit, change: Change) -> DatasetLog:
        """Replace a row by what `edit` makes of it, in one transaction; raises NotFound."""
        ...

    async def remove(self, dataset_id: str, log_id: str, change: Change) -> None:
        """Take one row away; raises NotFound."""
        ...

    async def remove_matching(self, dataset_id: str, expression: Expression, change: Change) -> int:
        """Take the rows that match away and return how many there were."""
        ...

    async def summarize(self, dataset_id: str, version: int | None, expression: Expression) -> LogsSummary:
        """Return sums and means over the rows that match."""
        ...
