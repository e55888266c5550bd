"""Exporting the rows of a report with every verdict, streamed in memory bounded by one page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from assay.model.dataset import DatasetLog
from assay.model.eval_report import EvalReport, ReportRow
from assay.model.page import PageRequest
from assay.ports.eval_reports import RowsAsked
from assay.ports.store import Store
from assay.services.report_rows import logs_of
from assay.wire.report_export import ExportContent, ExportFormat, csv_header, csv_line, json_line

_ROWS_AT_ONCE = 500


async def export_report(
    store: Store, report: EvalReport, file_format: ExportFormat, content: ExportContent
) -> AsyncIterator[bytes]:
    """Yield the rows of a report's version with their verdicts as a file."""
    if file_format == "csv":
        yield csv_header(report)
    number = 1
    while True:
        page = PageRequest(number, _ROWS_AT_ONCE)
        found = await store.eval_reports.page_rows(report.dataset_id, report.id, RowsAsked(), page)
        if not found.items:
            return
        logs = await logs_of(store, report, [row.log_id for row in found.items])
        yield await asyncio.to_thread(_lines, report, found.items, logs, file_format, content)
        number += 1


def _lines(
    report: EvalReport,
    rows: Sequence[ReportRow],
    logs: Mapping[str, DatasetLog],
    file_format: ExportFormat,
    content: ExportContent,
) -> bytes:
    if file_format == "csv":
        return b"".join(csv_line(report, row, logs[row.log_id], content) for row in rows)
    return b"".join(json_line(row, logs[row.log_id], content) for row in rows)
