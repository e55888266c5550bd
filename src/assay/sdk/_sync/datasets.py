# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/datasets.py: change it there.
"""Datasets and their versions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assay.model.errors import Unavailable
from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk._sync.waiting import pause
from assay.sdk.addressing import given, path_to
from assay.sdk.log_types import LogsAdded, LogSample, SamplePreview
from assay.sdk.log_window import sample_body
from assay.sdk.retrying import PollingIntervals
from assay.sdk.types import Dataset, DatasetDiff, DatasetVersion, Page


class Datasets:
    """`client.datasets`: make, find, change and delete datasets; read, compare, tag and restore their versions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, description: str = "", *, from_logs: LogSample | None = None, **fields: Any) -> Dataset:
        """Make a dataset: empty, or from a sample of request logs; further wire fields travel as given.

        Many logs are taken in the background: `wait` returns when all rows are there.
        """
        rows = {"is_empty": True} if from_logs is None else sample_body(from_logs)
        body = {"name": name, "description": description, **rows, **fields}
        return self._transport.ask(Dataset, "POST", path_to("datasets"), body=body)

    def preview(self, sample: LogSample) -> SamplePreview:
        """Return what a dataset from this sample would hold, exactly counted; nothing is made."""
        body = {"name": "Preview", **sample_body(sample, is_dry_run=True)}
        return self._transport.ask(SamplePreview, "POST", path_to("datasets"), body=body, is_read=True)

    def duplicate(self, dataset_id: str, name: str | None = None) -> Dataset:
        """Make a new dataset with the rows of another; its name is that of the other with "(copy)" unless given.

        Many rows are copied in the background: `wait` returns when all are there.
        """
        body = given({"source_dataset_id": dataset_id, "name": name})
        return self._transport.ask(Dataset, "POST", path_to("datasets"), body=body)

    def import_logs(self, dataset_id: str, logs: LogSample | Sequence[str]) -> LogsAdded:
        """Add request logs to a dataset: a sample, or those with these ids; logs it has already are left out.

        Many are added in the background: `client.jobs.wait(job_id)` returns at the end.
        """
        path = path_to("datasets", dataset_id, "logs", "import")
        body = sample_body(logs) if isinstance(logs, LogSample) else {"log_ids": logs}
        return self._transport.ask(LogsAdded, "POST", path, body=body)

    def preview_import(self, dataset_id: str, sample: LogSample) -> SamplePreview:
        """Return what `import_logs` would take; nothing is added."""
        path = path_to("datasets", dataset_id, "logs", "import")
        body = sample_body(sample, is_dry_run=True)
        return self._transport.ask(SamplePreview, "POST", path, body=body, is_read=True)

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

    def wait(
        self,
        dataset_id: str,
        *,
        progress: Callable[[Dataset], None] | None = None,
        timeout_seconds: float | None = None,
    ) -> Dataset:
        """Look at a dataset in growing intervals (0.1 to 5 s) until its first rows are there, or failed to come.

        `progress(dataset)` is called after each look. Raises Unavailable when `timeout_seconds` pass first.
        """
        started = time.monotonic()
        for interval in PollingIntervals():
            dataset = self.get(dataset_id)
            if progress is not None:
                progress(dataset)
            if dataset.status not in ("initializing", "loading"):
                return dataset
            if timeout_seconds is not None and time.monotonic() - started + interval > timeout_seconds:
                raise Unavailable(f"dataset {dataset_id} is still filling after {timeout_seconds:g} s", interval)
            pause(interval)
        raise AssertionError("polling intervals never end")

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
