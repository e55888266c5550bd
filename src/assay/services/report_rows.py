"""The dataset rows that a report judged, as they were then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.filters.expression import Condition, Field, Operator
from assay.model.dataset import DatasetLog
from assay.model.errors import NotFound
from assay.model.eval_report import EvalReport
from assay.model.page import PageRequest, Sort
from assay.ports.eval_reports import RowsAsked
from assay.ports.store import Store
from assay.wire.dataset_logs import detail
from assay.wire.report_rows import row_detail

_ROW_ORDER = Sort("id")


async def logs_of(store: Store, report: EvalReport, log_ids: Sequence[str]) -> Mapping[str, DatasetLog]:
    """Return rows of the version that a report is pinned to, by id."""
    if not log_ids:
        return {}
    named = Condition(Field("id"), Operator.EQUAL, tuple(log_ids))
    page = PageRequest(1, len(log_ids))
    found = await store.dataset_logs.page(report.dataset_id, report.dataset_version, named, _ROW_ORDER, page)
    return {log.id: log for log in found.items}


async def get_row(store: Store, report: EvalReport, log_id: str, organization_unique_id: str) -> dict[str, Any]:
    """Return a row of a report in full: its content then, its scores now, and how each verdict came about.

    Raises NotFound for a row that the report's version does not have.
    """
    page = await store.eval_reports.page_rows(report.dataset_id, report.id, RowsAsked(log_id=log_id), PageRequest())
    if not page.items:
        raise NotFound("The report has no such row")
    log = await store.dataset_logs.get(report.dataset_id, log_id, report.dataset_version)
    scores = await store.scores.list_for_logs(report.dataset_id, [log_id])
    details = await store.eval_reports.details(report.dataset_id, report.id, log_id)
    return row_detail(report, page.items[0], detail(log, organization_unique_id, scores.get(log_id, ())), details)
