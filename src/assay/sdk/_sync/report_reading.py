# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/report_reading.py: change it there.
"""Reading eval reports: their rows, analyses, files and manifests."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import IO, Any, Unpack

from assay.sdk._sync.downloading import ByteProgress, save
from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import path_to
from assay.sdk.report_types import (
    ReportAgreement,
    ReportPower,
    ReportRow,
    ReportRowDetail,
    ReportSlices,
    ReportVerification,
    RowFilters,
)
from assay.sdk.types import JsonObject, Page


class ReportReading:
    """What can be read of a report. `evaluator_slug` may be an id, and may be left out where there is only one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def rows(
        self,
        dataset_id: str,
        report_id: str,
        *,
        has_logs: bool = False,
        page: int = 1,
        page_size: int = 100,
        **filters: Unpack[RowFilters],
    ) -> Page[ReportRow]:
        """Return one page of a report's rows; `has_logs` with the beginnings of what each row holds."""
        parameters = {**filters, **_included(has_logs), "page": page, "page_size": page_size}
        path = report_path(dataset_id, report_id, "rows")
        return get_page(self._transport, Page[ReportRow], path, None, parameters)

    def iterate_rows(
        self, dataset_id: str, report_id: str, *, has_logs: bool = False, **filters: Unpack[RowFilters]
    ) -> Iterator[ReportRow]:
        """Yield every row of a report that matches."""
        parameters = {**filters, **_included(has_logs), "page_size": 1000}
        path = report_path(dataset_id, report_id, "rows")
        return walk(self._transport, Page[ReportRow], path, None, parameters)

    def row(self, dataset_id: str, report_id: str, log_id: str) -> ReportRowDetail:
        """Return a row in full: as it was judged, and of each trial what was asked, answered and printed."""
        path = report_path(dataset_id, report_id, "rows", log_id)
        return self._transport.ask(ReportRowDetail, "GET", path)

    def slices(self, dataset_id: str, report_id: str, by: str, *, evaluator_slug: str | None = None) -> ReportSlices:
        """Compare the rows of each label at a metadata path, such as "metadata.topic", with all others."""
        parameters = {"by": by, "evaluator_slug": evaluator_slug}
        path = report_path(dataset_id, report_id, "slices")
        return self._transport.ask(ReportSlices, "GET", path, parameters=parameters)

    def agreement(self, dataset_id: str, report_id: str, *, evaluator_slug: str | None = None) -> ReportAgreement:
        """Compare an evaluator with what people say of the same rows, and correct its mean by them."""
        path = report_path(dataset_id, report_id, "agreement")
        parameters = {"evaluator_slug": evaluator_slug}
        return self._transport.ask(ReportAgreement, "GET", path, parameters=parameters)

    def power(
        self,
        dataset_id: str,
        report_id: str,
        *,
        effect: float | None = None,
        rows: int | None = None,
        evaluator_slug: str | None = None,
    ) -> ReportPower:
        """Say what difference another run over so many rows could show, and how many rows an `effect` needs."""
        parameters = {"effect": effect, "rows": rows, "evaluator_slug": evaluator_slug}
        path = report_path(dataset_id, report_id, "power")
        return self._transport.ask(ReportPower, "GET", path, parameters=parameters)

    def manifest(self, dataset_id: str, report_id: str) -> JsonObject:
        """Return everything a report was made of: versions, definitions, settings, library version, seed."""
        return self._transport.ask(dict[str, Any], "GET", report_path(dataset_id, report_id, "manifest"))

    def verify(self, dataset_id: str, report_id: str, *, manifest: JsonObject | None = None) -> ReportVerification:
        """Let the server compute the hashes of a report's rows and definitions anew; a `manifest` is checked, too."""
        path = report_path(dataset_id, report_id, "verify")
        if manifest is None:
            return self._transport.ask(ReportVerification, "GET", path, is_patient=True)
        body = {"manifest": manifest}
        return self._transport.ask(ReportVerification, "POST", path, body=body, is_read=True, is_patient=True)

    def export(
        self,
        dataset_id: str,
        report_id: str,
        destination: str | PathLike[str] | IO[bytes],
        *,
        format: str = "jsonl",
        content: str = "preview",
        progress: ByteProgress | None = None,
    ) -> int:
        """Write the rows with every verdict into a file as jsonl or csv, streamed; return the number of bytes.

        `content` is preview, the beginnings of each row, or full. A path is written beside its final name first. Raises
        Invalid for a path that cannot be written.
        """
        path = report_path(dataset_id, report_id, "export")
        parts = self._transport.download(path, None, {"format": format, "content": content})
        return save(parts, destination, progress)


def report_path(dataset_id: str, report_id: str, *rest: str) -> str:
    """Return the path of a report, or of something of it."""
    return path_to("datasets", dataset_id, "eval-reports", report_id, *rest)


def _included(has_logs: bool) -> dict[str, str]:
    return {"include": "log"} if has_logs else {}
