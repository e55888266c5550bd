"""Routes of eval reports: run, follow, stop, repeat, read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import current_filters, filters_of, page_of, sort_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.filters.fields import EVAL_REPORT_FIELDS
from assay.model.errors import Invalid
from assay.model.eval_report import EvalReport, EvalTask
from assay.model.page import Sort
from assay.model.score import ScoreStatus
from assay.ports.engine import Engine
from assay.ports.eval_reports import RowOrder, RowsAsked, RunWish
from assay.services import eval_reports as services
from assay.services.report_export import export_report
from assay.services.report_rows import get_row, logs_of
from assay.wire.eval_report_bodies import (
    RunEvalReport,
    RunSettingsBody,
    read_metadata_path,
    read_name,
    read_run,
    read_settings,
)
from assay.wire.eval_reports import EvalReportOut, report_out
from assay.wire.pages import FilterBody, PageOut, envelope
from assay.wire.report_export import ExportContent, ExportFormat
from assay.wire.report_rows import ReportRowDetail, ReportRowOut, row_out
from assay.wire.run_manifest import VerifiedOut, VerifyManifest, read_manifest

router = APIRouter(prefix="/api/datasets/{dataset_id}/eval-reports", tags=["eval reports"], route_class=JsonRoute)

_NEWEST_FIRST = Sort("created_at", descending=True)
_MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_EXPORTED: dict[int | str, dict[str, Any]] = {
    **READ_ERRORS,
    200: {"description": "The file.", "content": {"application/x-ndjson": {}, "text/csv": {}}},
}
_SHOW = Query(
    description="failures: not passed, or failed; errors: failed; pending: not finished. Of that evaluator, or of any."
)
_EVALUATOR = Query(description="Slug or id of the evaluator that the other parameters mean.")


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


@router.post("/create/", response_model=EvalReportOut, responses=WRITE_ERRORS)
@router.post("/", response_model=EvalReportOut, responses=WRITE_ERRORS, include_in_schema=False)
async def run_eval_report(dataset_id: str, body: RunEvalReport, request: Request, caller: Writer) -> Response:
    """Run evaluators over a version of a dataset, or repeat the run of a manifest; the report fills in the background.

    Evaluators that cannot run are left out; `errors` says why.
    """
    now = datetime.now(UTC)
    if body.manifest is not None:
        manifest = read_manifest(body.manifest)
        settings = read_settings(body, manifest.settings)
        repeated = await services.repeat(
            caller.store, _engine(request), caller.who, dataset_id, manifest, settings, read_name(body), now
        )
        return answer(report_out(repeated))
    report, errors = await services.run(
        caller.store, _engine(request), caller.who, dataset_id, read_run(body), datetime.now(UTC)
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


@router.delete("/{report_id}/", status_code=204, responses=WRITE_ERRORS)
async def delete_eval_report(dataset_id: str, report_id: str, caller: Writer) -> Response:
    """Delete a finished report with its cells; the scores on the rows stay."""
    await caller.store.eval_reports.delete(dataset_id, report_id)
    return Response(status_code=204)


@router.get("/{report_id}/rows/", response_model=PageOut[ReportRowOut], responses=READ_ERRORS)
async def list_report_rows(
    dataset_id: str,
    report_id: str,
    request: Request,
    caller: Reader,
    status: Annotated[ScoreStatus | None, Query(description="Keep the rows that have such a cell.")] = None,
    is_passed: Annotated[bool | None, Query(description="Keep the rows that have such a cell.")] = None,
    min_score: Annotated[float | None, Query(description="Keep the rows whose score is this or more.")] = None,
    max_score: Annotated[float | None, Query(description="Keep the rows whose score is this or less.")] = None,
    label: Annotated[str | None, Query(description="`metadata.topic:billing` keeps the rows with that text.")] = None,
    evaluator_slug: Annotated[str | None, _EVALUATOR] = None,
    sort: Annotated[Literal["position", "worst", "best"], Query(description="By that evaluator's score.")] = "position",
    show: Annotated[Literal["all", "failures", "errors", "pending"], _SHOW] = "all",
    sort_evaluator_slug: Annotated[str | None, Query(description="Sort by this evaluator's score instead.")] = None,
    include: Annotated[Literal["log"] | None, Query(description="log: with a preview of each row.")] = None,
) -> Response:
    """List the rows of a report with their scores: in row order, or worst or best first."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    task = find_task(report, evaluator_slug)
    sorted_by = task if sort_evaluator_slug is None else find_task(report, sort_evaluator_slug)
    if sort != "position" and sorted_by is None:
        raise Invalid.field("evaluator_slug", "Say which evaluator's score to sort by.")
    page = page_of(request, None)
    asked = RowsAsked(
        ordinal=None if task is None else task.ordinal,
        status=status,
        is_passed=is_passed,
        minimum=min_score,
        maximum=max_score,
        label=_label(label),
        order=_order(sorted_by, sort),
        show=None if show == "all" else show,
        order_ordinal=None if sorted_by is task or sorted_by is None else sorted_by.ordinal,
    )
    found = await caller.store.eval_reports.page_rows(dataset_id, report.id, asked, page)
    shown = [row.log_id for row in found.items] if include == "log" else []
    logs = await logs_of(caller.store, report, shown)
    items = [row_out(row, logs.get(row.log_id)) for row in found.items]
    return answer(envelope(items, found.total_count, page, url_of(request)))


@router.get("/{report_id}/rows/{log_id}/", response_model=ReportRowDetail, responses=READ_ERRORS)
async def get_report_row(dataset_id: str, report_id: str, log_id: str, caller: Reader) -> Response:
    """Read a row of a report in full: the row as it was judged, and of each trial what was asked and answered."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    return answer(await get_row(caller.store, report, log_id, caller.who.organization_unique_id))


def find_task(report: EvalReport, reference: str | None) -> EvalTask | None:
    """Return the task that a slug or id names, without one the only task there is; raises Invalid."""
    if reference is None:
        return report.tasks[0] if len(report.tasks) == 1 else None
    for task in report.tasks:
        if reference in (task.evaluator_slug, task.evaluator_id):
            return task
    known = ", ".join(task.evaluator_slug for task in report.tasks)
    raise Invalid.field("evaluator_slug", f"'{reference[:100]}' is not part of this report: it has {known}.")


def _label(text: str | None) -> tuple[str, str | None] | None:
    if text is None:
        return None
    path, colon, value = text.partition(":")
    read = read_metadata_path(path, "label")
    if not colon or read is None or "\0" in value:
        raise Invalid.field("label", f"'{text[:60]}' is no path and text: write metadata.topic:billing.")
    return read, value or None


def _order(task: EvalTask | None, sort: str) -> RowOrder:
    if task is None or sort == "position":
        return "position"
    is_higher_better = task.version.direction != "lower"
    return "ascending" if (sort == "worst") == is_higher_better else "descending"


@router.get("/{report_id}/export/", responses=_EXPORTED, response_class=StreamingResponse)
async def export_eval_report(
    dataset_id: str,
    report_id: str,
    caller: Reader,
    format: Annotated[ExportFormat, Query(description="csv has a column for each figure of each trial.")] = "jsonl",
    content: Annotated[ExportContent, Query(description="How much of each row: its beginnings, or all.")] = "preview",
) -> Response:
    """Download the rows of a report with every evaluator's verdict as a file."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    rows = export_report(caller.store, report, format, content)
    safe_name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in report.name)[:80]
    headers = {"Content-Disposition": f'attachment; filename="{safe_name or "report"}.{format}"'}
    return StreamingResponse(rows, media_type=_MEDIA_TYPES[format], headers=headers)


@router.get("/{report_id}/manifest/", responses=READ_ERRORS)
async def get_manifest(dataset_id: str, report_id: str, caller: Reader) -> Response:
    """Read all that the run was made of: the dataset version and its hash, definitions of evaluators, settings."""
    return answer(await services.get_manifest(caller.store, dataset_id, report_id))


async def _verified(dataset_id: str, report_id: str, body: VerifyManifest | None, caller: Caller) -> Response:
    given = read_manifest(body.manifest) if body is not None and body.manifest is not None else None
    checks = await services.verify(caller.store, dataset_id, report_id, given)
    return answer({"is_verified": all(check["is_equal"] for check in checks), "checks": checks})


@router.get("/{report_id}/verify/", response_model=VerifiedOut, responses=READ_ERRORS)
async def verify_eval_report(dataset_id: str, report_id: str, caller: Reader) -> Response:
    """Compute the hashes of the rows and definitions of a report anew, and say which are not what was recorded."""
    return await _verified(dataset_id, report_id, None, caller)


@router.post("/{report_id}/verify/", response_model=VerifiedOut, responses=READ_ERRORS)
async def verify_manifest(
    dataset_id: str, report_id: str, caller: Reader, body: VerifyManifest | None = None
) -> Response:
    """The same, and whether the manifest of the body is what the report was made of."""
    return await _verified(dataset_id, report_id, body, caller)


@router.post("/{report_id}/rerun/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def rerun_eval_report(
    dataset_id: str, report_id: str, request: Request, caller: Writer, body: RunSettingsBody | None = None
) -> Response:
    """Run the same definitions over the same rows again; settings of the body replace those of the first run."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    body = body or RunSettingsBody()
    repeated = await services.repeat(
        *(caller.store, _engine(request), caller.who, dataset_id, services.as_manifest(report)),
        read_settings(body, report.settings),
        read_name(body),
        datetime.now(UTC),
    )
    return answer(report_out(repeated))


async def _wish(dataset_id: str, report_id: str, request: Request, caller: Caller, wanted: RunWish) -> Response:
    now = datetime.now(UTC)
    return answer(report_out(await services.wish(caller.store, _engine(request), dataset_id, report_id, wanted, now)))


@router.post("/{report_id}/cancel/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def cancel_eval_report(dataset_id: str, report_id: str, request: Request, caller: Writer) -> Response:
    """Stop a report for good; what was scored stays."""
    return await _wish(dataset_id, report_id, request, caller, "cancel")


@router.post("/{report_id}/pause/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def pause_eval_report(dataset_id: str, report_id: str, request: Request, caller: Writer) -> Response:
    """Let a running report rest until it is resumed."""
    return await _wish(dataset_id, report_id, request, caller, "pause")


@router.post("/{report_id}/resume/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def resume_eval_report(dataset_id: str, report_id: str, request: Request, caller: Writer) -> Response:
    """Let a paused report go on with what is missing."""
    return await _wish(dataset_id, report_id, request, caller, "resume")


@router.post("/{report_id}/retry-failed/", response_model=EvalReportOut, responses=WRITE_ERRORS)
async def retry_failed_cells(dataset_id: str, report_id: str, request: Request, caller: Writer) -> Response:
    """Run the failed cells of a finished report again, and those that a cancel left out."""
    report = await services.retry_failed(caller.store, _engine(request), dataset_id, report_id, datetime.now(UTC))
    return answer(report_out(report))
