"""Datasets and their versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from assay.sdk._async.paging import get_page, walk
from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import given, path_to
from assay.sdk.types import Dataset, DatasetDiff, DatasetVersion, Page


class AsyncDatasets:
    """`client.datasets`: make, find, change and delete datasets; read, compare, tag and restore their versions."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(self, name: str, description: str = "", **fields: Any) -> Dataset:
        """Make an empty dataset; further wire fields travel as given."""
        body = {"name": name, "description": description, "is_empty": True, **fields}
        return await self._transport.ask(Dataset, "POST", path_to("datasets"), body=body)

    async def list(
        self,
        filters: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        page_size: int = 100,
        sort_by: str | None = None,
    ) -> Page[Dataset]:
        """Return one page of datasets; `filters` such as `{"name": "support"}`, `sort_by` such as "-created_at"."""
        parameters = {"page": page, "page_size": page_size, "sort_by": sort_by}
        return await get_page(self._transport, Page[Dataset], path_to("datasets", "list"), filters, parameters)

    def iterate(
        self, filters: Mapping[str, Any] | None = None, *, page_size: int = 100, sort_by: str | None = None
    ) -> AsyncIterator[Dataset]:
        """Yield every dataset that matches."""
        parameters = {"page_size": page_size, "sort_by": sort_by}
        return walk(self._transport, Page[Dataset], path_to("datasets", "list"), filters, parameters)

    async def get(self, dataset_id: str) -> Dataset:
        """Return a dataset; NotFound when there is none."""
        return await self._transport.ask(Dataset, "GET", path_to("datasets", dataset_id))

    async def update(
        self,
        dataset_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        starred: bool | None = None,
        tags: Sequence[str] | None = None,
    ) -> Dataset:
        """Set the given fields; None leaves a field as it is."""
        body = given({"name": name, "description": description, "starred": starred, "tags": tags})
        return await self._transport.ask(Dataset, "PATCH", path_to("datasets", dataset_id), body=body)

    async def delete(self, dataset_id: str) -> None:
        """Delete a dataset with its rows, versions and reports."""
        await self._transport.send("DELETE", path_to("datasets", dataset_id))

    async def versions(self, dataset_id: str, *, page: int = 1, page_size: int = 100) -> Page[DatasetVersion]:
        """Return one page of versions, newest first."""
        path = path_to("datasets", dataset_id, "versions", "list")
        parameters = {"page": page, "page_size": page_size}
        return await get_page(self._transport, Page[DatasetVersion], path, None, parameters)

    async def get_version(self, dataset_id: str, version: int | str) -> DatasetVersion:
        """Return a version by its number or tag."""
        return await self._transport.ask(DatasetVersion, "GET", path_to("datasets", dataset_id, "versions", version))

    async def tag_version(self, dataset_id: str, version: int | str, tag: str | None) -> DatasetVersion:
        """Give a version a tag, or take it away with None; a tagged version never changes."""
        path = path_to("datasets", dataset_id, "versions", version)
        return await self._transport.ask(DatasetVersion, "PATCH", path, body={"tag": tag})

    async def diff(
        self, dataset_id: str, from_version: int | str, to_version: int | str, *, page: int = 1, page_size: int = 100
    ) -> DatasetDiff:
        """Return one page of the rows that differ between two versions."""
        parameters = {"from": from_version, "to": to_version, "page": page, "page_size": page_size}
        path = path_to("datasets", dataset_id, "versions", "diff")
        return await self._transport.ask(DatasetDiff, "GET", path, parameters=parameters)

    async def restore(self, dataset_id: str, version: int | str) -> DatasetVersion:
        """Make a new version whose rows are those of an old one."""
        path = path_to("datasets", dataset_id, "versions", version, "restore")
        return await self._transport.ask(DatasetVersion, "POST", path, body={})
