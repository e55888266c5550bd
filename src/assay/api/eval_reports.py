"""Routes of eval reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from assay.api.auth import Reader, Writer
from assay.api.lists import current_filters, filters_of, page_of, sort_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.filters.fields import EVAL_REPORT_FIELDS
from assay.model.errors import Invalid
from assay.model.eval_report import EvalReport
from assay.model.page import Sort
from assay.model.score import ScoreStatus
from assay.ports.engine import Engine
from assay.ports.eval_reports import RowOrder
from assay.services import eval_reports as services
from assay.services.datasets import get_hashed_version
from assay.wire.eval_reports import EvalReportOut, ReportRowOut, RunEvalReport, read_references, report_out, row_out
from assay.wire.pages import FilterBody, PageOut, envelope

router = APIRouter(prefix="/api/datasets/{dataset_id}/eval-reports", tags=["eval reports"], route_class=JsonRoute)

_NEWEST_FIRST = Sort("created_at", descending=True)


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


@router.post("/create/", response_model=EvalReportOut, responses=WRITE_ERRORS)
@router.post("/", response_model=EvalReportOut, responses=WRITE_ERRORS, include_in_schema=False)
async def run_eval_report(dataset_id: str, body: RunEvalReport, request: Request, caller: Writer) -> Response:
    """Run evaluators over the dataset's newest version; the report fills in the background."""
    references = read_references(body)
    extra = {name: value for name, value in (body.model_extra or {}).items() if name == "generation_method"}
    report, errors = await services.run(
        caller.store, _engine(request), caller.who, dataset_id, references, body.name, extra, datetime.now(UTC)
    )
    return answer(report_out(report, errors))


async def _list(dataset_id: str, request: Request, body: FilterBody | None, caller: Reader) -> Response:
    page = page_of(request, body)
    found = await caller.store.eval_reports.list(
        dataset_id,
        filters_of(request, body, EVAL_REPORT_FIELDS),
        sort_of(request, EVAL_REPORT_FIELDS, _NEWEST_FIRST),
        page,
    )
    items = [report_out(report) for report in found.items]
    echoed = current_filters(request, body, EVAL_REPORT_FIELDS)
    return answer(envelope(items, found.total_count, page, url_of(request), echoed))


@router.get("/create/", response_model=PageOut[EvalReportOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/", response_model=PageOut[EvalReportOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[EvalReportOut], responses=READ_ERRORS)
async def list_eval_reports(dataset_id: str, request: Request, caller: Reader) -> Response:
    """List the reports of a dataset, newest first."""
    return await _list(dataset_id, request, None, caller)


@router.post("/list/", response_model=PageOut[EvalReportOut], responses=READ_ERRORS)
async def list_eval_reports_filtered(
    dataset_id: str, request: Request, caller: Reader, body: FilterBody | None = None
) -> Response:
    """List the reports of a dataset that match the filters of the body."""
    return await _list(dataset_id, request, body, caller)


@router.get("/{report_id}/", response_model=EvalReportOut, responses=READ_ERRORS)
async def get_eval_report(dataset_id: str, report_id: str, caller: Reader) -> Response:
    """Read a report by its own id or that of one of its tasks: progress, and a summary for each evaluator."""
    return answer(report_out(await caller.store.eval_reports.get(dataset_id, report_id)))


@router.get("/{report_id}/rows/", response_model=PageOut[ReportRowOut], responses=READ_ERRORS)
async def list_report_rows(
    dataset_id: str,
    report_id: str,
    request: Request,
    caller: Reader,
    status: Annotated[ScoreStatus | None, Query(description="Keep the rows that have such a score.")] = None,
    evaluator_slug: Annotated[str | None, Query(description="The evaluator that status and sort mean.")] = None,
    sort: Annotated[Literal["position", "worst", "best"], Query(description="By that evaluator's score.")] = "position",
) -> Response:
    """List the rows of a report with their scores: in row order, or worst or best first."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    ordinal = _ordinal(report, evaluator_slug)
    if sort != "position" and ordinal is None:
        raise Invalid.field("evaluator_slug", "Say which evaluator's score to sort by.")
    page = page_of(request, None)
    order = "position" if ordinal is None else _order(report, ordinal, sort)
    found = await caller.store.eval_reports.page_rows(dataset_id, report.id, status, ordinal, order, page)
    return answer(envelope([row_out(row) for row in found.items], found.total_count, page, url_of(request)))


def _ordinal(report: EvalReport, slug: str | None) -> int | None:
    if slug is None:
        return 0 if len(report.tasks) == 1 else None
    for task in report.tasks:
        if slug in (task.evaluator_slug, task.evaluator_id):
            return task.ordinal
    known = ", ".join(task.evaluator_slug for task in report.tasks)
    raise Invalid.field("evaluator_slug", f"'{slug[:100]}' is not part of this report: it has {known}.")


def _order(report: EvalReport, ordinal: int, sort: str) -> RowOrder:
    if sort == "position":
        return "position"
    is_higher_better = next(task for task in report.tasks if task.ordinal == ordinal).version.direction != "lower"
    return "ascending" if (sort == "worst") == is_higher_better else "descending"


@router.get("/{report_id}/manifest/", responses=READ_ERRORS)
async def get_manifest(dataset_id: str, report_id: str, caller: Reader) -> Response:
    """Read what the run was pinned to: dataset version and its hash, evaluator versions, parameters, release."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    manifest = dict(report.manifest)
    if report.dataset_version:
        version = await get_hashed_version(caller.store, dataset_id, str(report.dataset_version))
        manifest["dataset_content_hash"] = version.content_hash
    return answer(manifest)


@router.post("/{report_id}/cancel/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def cancel_eval_report(dataset_id: str, report_id: str, caller: Writer) -> Response:
    """Stop a running report; what was scored stays."""
    return answer(report_out(await caller.store.eval_reports.request_cancel(dataset_id, report_id, datetime.now(UTC))))


@router.post("/{report_id}/retry-failed/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def retry_failed_cells(dataset_id: str, report_id: str, request: Request, caller: Writer) -> Response:
    """Run the failed cells of a finished report again, and those that a cancel left out."""
    report = await services.retry_failed(caller.store, _engine(request), dataset_id, report_id, datetime.now(UTC))
    return answer(report_out(report))
