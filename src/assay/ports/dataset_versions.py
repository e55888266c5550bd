"""What a store of dataset versions must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.model.dataset import Change, DatasetVersion, RowDifference
from assay.model.page import Page, PageRequest


class DatasetVersionStore(Protocol):
    """Versions of the datasets of one organisation. Every method raises NotFound for an unknown dataset or version."""

    async def list(self, dataset_id: str, page: PageRequest) -> Page[DatasetVersion]:
        """Return versions, newest first."""
        ...

    async def get(self, dataset_id: str, reference: str) -> DatasetVersion:
        """Return the version with this number (as digits) or tag."""
        ...

    async def set_tag(self, dataset_id: str, number: int, tag: str | None) -> DatasetVersion:
        """Name a version, or take its name away; raises Conflict when another version has the tag."""
        ...

    async def pin(self, dataset_id: str, number: int) -> DatasetVersion:
        """Make sure that the version never grows again, because something refers to it."""
        ...

    async def set_content_hash(self, dataset_id: str, number: int, content_hash: str) -> DatasetVersion:
        """Store the Merkle root of the version; it never grows again."""
        ...

    async def row_hashes(self, dataset_id: str, number: int, after_position: int, limit: int) -> RowHashes:
        """Return the stored content hashes of the next rows of a version, in order."""
        ...

    async def store_row_hashes(self, hashes: Sequence[tuple[int, bytes]]) -> None:
        """Store the content hashes of row revisions, by sequence."""
        ...

    async def list_differences(
        self, dataset_id: str, before: int, after: int, page: PageRequest
    ) -> tuple[Page[RowDifference], DifferenceCounts]:
        """Return how the rows differ between two versions, in row order, and the counts by kind."""
        ...

    async def restore(self, dataset_id: str, number: int, change: Change) -> DatasetVersion:
        """Make a new version that holds exactly the rows of an old one."""
        ...


# (sequence, position, stored hash or None, body text when the hash is missing)
RowHashes = Sequence[tuple[int, int, bytes | None, bytes | None]]
# (added, removed, changed)
DifferenceCounts = tuple[int, int, int]
