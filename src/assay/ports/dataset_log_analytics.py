"""What a store computes over the rows of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.dataset import HoldingDataset, VersionChanges
from assay.model.log_analytics import Facet, JsonPath
from assay.model.request_log import Count


class DatasetLogAnalytics(Protocol):
    """Counts and distributions over the rows of one organisation's datasets.

    Every method but `find_holding` raises NotFound for an unknown dataset. `version` is a number, None the newest.
    """

    async def count(
        self, dataset_id: str, version: int | None, expression: Expression, *, within_seconds: float | None = None
    ) -> Count:
        """Count the rows that match; with a limit of time, answer a lower bound when it takes longer."""
        ...

    async def facet(self, dataset_id: str, version: int | None, expression: Expression, field: str, most: int) -> Facet:
        """Return the commonest values of a column, or at a JSON path, among the rows that match.

        Raises Invalid for a name that is no field.
        """
        ...

    async def list_paths(
        self, dataset_id: str, version: int | None, expression: Expression, sampled: int
    ) -> Sequence[JsonPath]:
        """Return the paths that occur in the payloads of the first `sampled` rows that match."""
        ...

    async def count_changes(self, dataset_id: str, version: int) -> VersionChanges:
        """Count the rows that are not as they were in a version."""
        ...

    async def list_source_ids(self, dataset_id: str, most: int) -> Sequence[str]:
        """Return the ids of the request logs that the newest version has copies of, at most so many."""
        ...

    async def find_holding(self, log_id: str) -> Sequence[HoldingDataset]:
        """Return the datasets whose newest version has a copy of a request log, the newest dataset first."""
        ...
