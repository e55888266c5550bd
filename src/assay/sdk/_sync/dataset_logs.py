# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/dataset_logs.py: change it there.
"""The rows of a dataset: one at a time, in bulk, from files and into files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import IO, Any

import msgspec

from assay.model.errors import AssayError, Invalid
from assay.sdk._sync.downloading import ByteProgress, save
from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk._sync.waiting import blocking
from assay.sdk.addressing import decoded, encoded, filter_body, given, path_to
from assay.sdk.batching import batches, bulk_answer
from assay.sdk.file_formats import CONTENT_TYPES, import_format
from assay.sdk.types import (
    BulkError,
    BulkResult,
    DatasetLog,
    DeleteResult,
    ImportResult,
    LogCreated,
    LogsSummary,
    Page,
)

READ_BYTES = 256 * 1024
Row = Mapping[str, Any] | msgspec.Struct


class DatasetLogs:
    """`client.dataset_logs`: the rows of a dataset."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        dataset_id: str,
        *,
        input: Any,
        output: Any = None,
        expected_output: Any = None,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> LogCreated:
        """Add one row; payloads are any JSON values."""
        body = given({"expected_output": expected_output, "metadata": metadata, "metrics": metrics})
        body |= {"input": input, "output": output}
        return self._transport.ask(LogCreated, "POST", path_to("datasets", dataset_id, "logs"), body=body)

    def bulk_create(
        self, dataset_id: str, logs: Iterable[Row], *, progress: Callable[[int], None] | None = None
    ) -> BulkResult:
        """Add any number of rows in requests of at most 500 rows and about 8 MB.

        Rows are taken from the iterable as they are sent. `progress(rows_sent)` is called after each request. Refused
        rows are named by their index over everything. An error that stops the work says how many rows were stored.
        """
        path = path_to("datasets", dataset_id, "logs", "bulk")
        stored = 0
        errors: list[BulkError] = []
        for batch in batches(logs):
            try:
                reply = self._transport.send("POST", path, content=batch.body, accepted=(400,))
                result = bulk_answer(reply.status, reply.body, batch, BulkResult, self._transport.base_url)
            except AssayError as error:
                if batch.first_index:
                    last = batch.first_index + batch.row_count - 1
                    error.add_note(f"{stored} rows were stored before; rows {batch.first_index} to {last} failed.")
                raise
            stored += result.success_count
            errors += [BulkError(index=batch.first_index + one.index, error=one.error) for one in result.errors]
            if progress is not None:
                progress(batch.first_index + batch.row_count)
        return BulkResult(success_count=stored, error_count=len(errors), errors=errors)

    def list(
        self,
        dataset_id: str,
        filters: Mapping[str, Any] | None = None,
        *,
        version: int | str | None = None,
        page: int = 1,
        page_size: int = 100,
        sort_by: str | None = None,
    ) -> Page[DatasetLog]:
        """Return one page of rows, of the newest version or of a numbered or tagged one."""
        parameters = {"page": page, "page_size": page_size, "sort_by": sort_by, "version": version}
        return get_page(self._transport, Page[DatasetLog], _list_path(dataset_id), filters, parameters)

    def iterate(
        self,
        dataset_id: str,
        filters: Mapping[str, Any] | None = None,
        *,
        version: int | str | None = None,
        page_size: int = 1000,
        sort_by: str | None = None,
    ) -> Iterator[DatasetLog]:
        """Yield every row that matches."""
        parameters = {"page_size": page_size, "sort_by": sort_by, "version": version}
        return walk(self._transport, Page[DatasetLog], _list_path(dataset_id), filters, parameters)

    def get(self, dataset_id: str, log_id: str) -> DatasetLog:
        """Return one row."""
        return self._transport.ask(DatasetLog, "GET", path_to("datasets", dataset_id, "logs", log_id))

    def update(self, dataset_id: str, log_id: str, **fields: Any) -> DatasetLog:
        """Change the given fields (input, output, expected_output, metadata, metrics); metadata merges key by key."""
        path = path_to("datasets", dataset_id, "logs", log_id)
        return self._transport.ask(DatasetLog, "PATCH", path, body=fields)

    def replace(self, dataset_id: str, log_id: str, **fields: Any) -> DatasetLog:
        """Replace a row's content; fields that are not given are cleared."""
        return self._transport.ask(DatasetLog, "PUT", path_to("datasets", dataset_id, "logs", log_id), body=fields)

    def delete(self, dataset_id: str, log_id: str) -> None:
        """Delete one row."""
        self._transport.send("DELETE", path_to("datasets", dataset_id, "logs", log_id))

    def delete_matching(self, dataset_id: str, filters: Mapping[str, Any]) -> DeleteResult:
        """Delete the rows that match; Invalid when the filters are empty."""
        if not filters:
            raise Invalid.field("filters", "must not be empty; delete_all deletes every row.")
        path = path_to("datasets", dataset_id, "logs", "delete")
        return self._transport.ask(DeleteResult, "DELETE", path, body={"filters": filters})

    def delete_all(self, dataset_id: str) -> DeleteResult:
        """Delete every row; earlier versions keep theirs."""
        path = path_to("datasets", dataset_id, "logs", "delete")
        return self._transport.ask(DeleteResult, "DELETE", path, body={"is_deleting_all_logs": True})

    def summary(self, dataset_id: str, filters: Mapping[str, Any] | None = None) -> LogsSummary:
        """Return sums and averages over the rows that match."""
        path = path_to("datasets", dataset_id, "logs", "summary")
        return get_page(self._transport, LogsSummary, path, filters, {})

    def import_file(
        self,
        dataset_id: str,
        source: str | PathLike[str] | IO[bytes],
        *,
        format: str | None = None,
        mapping: Mapping[str, str] | None = None,
        on_error: str = "skip",
        progress: ByteProgress | None = None,
    ) -> ImportResult:
        """Send a JSON-lines, JSON or CSV file to the server as a stream, whatever its size.

        `format` is jsonl, json or csv, by default told by the file's suffix. `mapping` sends source columns or paths
        to fields, such as `{"question": "input", "topic": "metadata.topic"}`. `on_error` is skip or abort.
        `progress(bytes_sent, bytes_total)`; the total is None for an open file of unknown size. Raises Invalid for a
        file that cannot be read.
        """
        if not isinstance(source, (str, PathLike)):
            chosen = import_format(getattr(source, "name", None), format)
            return self._import(dataset_id, source, None, chosen, mapping, on_error, progress)
        path = Path(source)
        chosen = import_format(path.name, format)
        try:
            total = (blocking(path.stat)).st_size
            file = blocking(path.open, "rb")
        except OSError as error:
            raise Invalid.field("file", f"{path} cannot be read: {error.strerror or error}.") from error
        with closing(file):
            return self._import(dataset_id, file, total, chosen, mapping, on_error, progress)

    def export(
        self,
        dataset_id: str,
        destination: str | PathLike[str] | IO[bytes],
        *,
        format: str = "jsonl",
        version: int | str | None = None,
        filters: Mapping[str, Any] | None = None,
        progress: ByteProgress | None = None,
    ) -> int:
        """Write the rows that match into a file as jsonl or csv, streamed; return the number of bytes.

        A path is written beside its final name first, so that a broken download leaves no half file there. Raises
        Invalid for a path that cannot be written.
        """
        parameters = {"format": format, "version": version}
        url = path_to("datasets", dataset_id, "logs", "export")
        parts = self._transport.download(url, filter_body(filters), parameters)
        return save(parts, destination, progress)

    def _import(
        self,
        dataset_id: str,
        file: IO[bytes],
        total: int | None,
        format: str,
        mapping: Mapping[str, str] | None,
        on_error: str,
        progress: ByteProgress | None,
    ) -> ImportResult:
        headers = {"content-type": CONTENT_TYPES[format]}
        if total is not None:
            headers["content-length"] = str(total)
        parameters = {
            "format": format,
            "mapping": encoded(mapping).decode() if mapping else None,
            "on_error": on_error,
        }
        path = path_to("datasets", dataset_id, "logs", "import-file")
        reply = self._transport.upload(path, _read(file, total, progress), headers, parameters)
        return decoded(reply.body, ImportResult, self._transport.base_url)


def _list_path(dataset_id: str) -> str:
    return path_to("datasets", dataset_id, "logs", "list")


def _read(file: IO[bytes], total: int | None, progress: ByteProgress | None) -> Iterator[bytes]:
    sent = 0
    while part := blocking(file.read, READ_BYTES):
        yield part
        sent += len(part)
        if progress is not None:
            progress(sent, total)
