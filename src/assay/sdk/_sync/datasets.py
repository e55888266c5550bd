# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/datasets.py: change it there.
"""Datasets and their versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import given, path_to
from assay.sdk.types import Dataset, DatasetDiff, DatasetVersion, Page


class Datasets:
    """`client.datasets`: make, find, change and delete datasets; read, compare, tag and restore their versions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, description: str = "", **fields: Any) -> Dataset:
        """Make an empty dataset; further wire fields travel as given."""
        body = {"name": name, "description": description, "is_empty": True, **fields}
        return self._transport.ask(Dataset, "POST", path_to("datasets"), body=body)

    def list(
        self,
        filters: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        page_size: int = 100,
        sort_by: str | None = None,
    ) -> Page[Dataset]:
        """Return one page of datasets; `filters` such as `{"name": "support"}`, `sort_by` such as "-created_at"."""
        parameters = {"page": page, "page_size": page_size, "sort_by": sort_by}
        return get_page(self._transport, Page[Dataset], path_to("datasets", "list"), filters, parameters)

    def iterate(
        self, filters: Mapping[str, Any] | None = None, *, page_size: int = 100, sort_by: str | None = None
    ) -> Iterator[Dataset]:
        """Yield every dataset that matches."""
        parameters = {"page_size": page_size, "sort_by": sort_by}
        return walk(self._transport, Page[Dataset], path_to("datasets", "list"), filters, parameters)

    def get(self, dataset_id: str) -> Dataset:
        """Return a dataset; NotFound when there is none."""
        return self._transport.ask(Dataset, "GET", path_to("datasets", dataset_id))

    def update(
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
        return self._transport.ask(Dataset, "PATCH", path_to("datasets", dataset_id), body=body)

    def delete(self, dataset_id: str) -> None:
        """Delete a dataset with its rows, versions and reports."""
        self._transport.send("DELETE", path_to("datasets", dataset_id))

    def versions(self, dataset_id: str, *, page: int = 1, page_size: int = 100) -> Page[DatasetVersion]:
        """Return one page of versions, newest first."""
        path = path_to("datasets", dataset_id, "versions", "list")
        parameters = {"page": page, "page_size": page_size}
        return get_page(self._transport, Page[DatasetVersion], path, None, parameters)

    def get_version(self, dataset_id: str, version: int | str) -> DatasetVersion:
        """Return a version by its number or tag."""
        return self._transport.ask(DatasetVersion, "GET", path_to("datasets", dataset_id, "versions", version))

    def tag_version(self, dataset_id: str, version: int | str, tag: str | None) -> DatasetVersion:
        """Give a version a tag, or take it away with None; a tagged version never changes."""
        path = path_to("datasets", dataset_id, "versions", version)
        return self._transport.ask(DatasetVersion, "PATCH", path, body={"tag": tag})

    def diff(
        self, dataset_id: str, from_version: int | str, to_version: int | str, *, page: int = 1, page_size: int = 100
    ) -> DatasetDiff:
        """Return one page of the rows that differ between two versions."""
        parameters = {"from": from_version, "to": to_version, "page": page, "page_size": page_size}
        path = path_to("datasets", dataset_id, "versions", "diff")
        return self._transport.ask(DatasetDiff, "GET", path, parameters=parameters)

    def restore(self, dataset_id: str, version: int | str) -> DatasetVersion:
        """Make a new version whose rows are those of an old one."""
        path = path_to("datasets", dataset_id, "versions", version, "restore")
        return self._transport.ask(DatasetVersion, "POST", path, body={})
