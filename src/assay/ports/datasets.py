"""What a store of datasets must do."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.dataset import Dataset, DatasetChanges
from assay.model.job import Job
from assay.model.page import Page, PageRequest, Sort
from assay.model.server import Holdings


class DatasetStore(Protocol):
    """Datasets of one organisation. Every method that takes an id raises NotFound for one of another organisation."""

    async def create(self, dataset: Dataset, job: Job | None = None) -> None:
        """Store a new, empty dataset, together with the job that fills it if there is one."""
        ...

    async def start_import(self, dataset_id: str, job: Job) -> None:
        """Store a job that adds logs to a dataset, which is `loading` until that ends."""
        ...

    async def get(self, dataset_id: str) -> Dataset:
        """Return a dataset; raises NotFound."""
        ...

    async def list(self, expression: Expression, sort: Sort, page: PageRequest) -> Page[Dataset]:
        """Return a page of the datasets that match."""
        ...

    async def count_holdings(self) -> Holdings:
        """Count the datasets, their present rows and their reports."""
        ...

    async def count(self, expression: Expression) -> int:
        """Return how many datasets match."""
        ...

    async def update(self, dataset_id: str, changes: DatasetChanges, author: str, at: datetime) -> Dataset:
        """Set what `changes` names and return the dataset as it is now."""
        ...

    async def delete(self, dataset_id: str, at: datetime) -> None:
        """Take a dataset away with its rows, reports and scores; their space is freed later by `purge`.

        Jobs that still add to it end as failed.
        """
        ...


class DeletedDatasets(Protocol):
    """The clean-up behind deletes, for all organisations."""

    async def purge(self, most_rows: int) -> bool:
        """Free up to `most_rows` rows of deleted datasets; True when something is left to free."""
        ...
