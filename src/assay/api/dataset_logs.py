"""Routes of dataset rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import (
    ROW_RESERVED,
    current_filters,
    flag_of,
    joined,
    narrowed,
    page_of,
    rows_asked,
    sort_of,
    url_of,
    within_window,
)
from assay.api.request_logs import is_preview, query_schema
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer, body_schema
from assay.api.sampling import trial_out
from assay.filters.expression import EVERYTHING, Condition, Expression, Field, Operator
from assay.filters.fields import DATASET_LOG_FIELDS
from assay.filters.parse import MAX_VALUES, parse_filters
from assay.model.errors import Invalid
from assay.model.page import Sort
from assay.ports.engine import Engine
from assay.services import dataset_logs as services
from assay.services import log_imports
from assay.services.datasets import find_version_number
from assay.wire.annotations import AnnotationStatusBody
from assay.wire.dataset_log_previews import LogPreview, preview_item
from assay.wire.dataset_logs import (
    MOST_BULK_LOGS,
    BulkCreated,
    DatasetLogChange,
    DatasetLogCreate,
    DeleteLogs,
    LogCreated,
    LogOut,
    LogsDeleted,
    LogsSummaryOut,
    completed_by_out,
    created,
    detail,
    list_item,
    summary_out,
)
from assay.wire.import_jobs import LogsAdded, SamplingPreview
from assay.wire.log_imports import BulkAdd, LogImport, read_import, seed_of
from assay.wire.pages import PageOut, SearchBody, envelope
from assay.wire.times import read_time
from assay.wire.unified_log import read_log

router = APIRouter(prefix="/api/datasets/{dataset_id}/logs", tags=["dataset logs"], route_class=JsonRoute)

_ROW_ORDER = Sort("id")
_VERSION = Query(description="Read as of this version: its number or tag.")
_LIST = query_schema(
    search='Text in input or output, and terms: `"gift card" model:gpt-4o`.',
    page="From 1.",
    page_size="Default 100, at most 1000.",
    sort_by="A field, `-` before it for descending; default the order of the rows.",
    fields="`preview`: the beginnings of the payloads and their sizes instead of all of them.",
    count="`false`: do not count; `count` is then how many are known of.",
)
_BULK: dict[int | str, dict[str, Any]] = {
    **WRITE_ERRORS,
    200: {"model": LogsAdded | SamplingPreview, "description": "Request logs are being added, or would be."},
}


@router.post(
    "/", status_code=201, response_model=LogCreated, responses=WRITE_ERRORS, openapi_extra=body_schema(DatasetLogCreate)
)
async def create_log(dataset_id: str, caller: Writer, request: Request) -> Response:
    """Add one row in the unified log format."""
    at = datetime.now(UTC)
    draft = read_log(await request.json(), environment=caller.who.environment, now=at)
    log_id = await services.create(caller.store, caller.who, dataset_id, draft, at)
    return answer(created(log_id, dataset_id, draft), 201)


@router.post("/bulk/", status_code=201, response_model=BulkCreated, responses=_BULK)
async def create_logs(dataset_id: str, body: BulkAdd, caller: Writer, request: Request) -> Response:
    """Add 1 to 500 rows. Rows that cannot be read are listed in `errors`; if none can, the answer is 400.

    Without `logs` this adds request logs, by `log_ids` or by a window and filters, and answers 200 as `import/` does.
    """
    if body.logs is None:
        if not body.names_logs:
            raise Invalid.field("logs", "Send logs: rows to add; or log_ids, or start_time and end_time with filters.")
        return await _add_logs(dataset_id, body, caller, request, "Logs are being added to dataset in the background")
    if not isinstance(body.logs, list):
        raise Invalid.field("logs", f"Expected a list of rows, but got {type(body.logs).__name__}.")
    if not 1 <= len(body.logs) <= MOST_BULK_LOGS:
        raise Invalid.field("logs", f"Send 1 to {MOST_BULK_LOGS} rows at once, not {len(body.logs)}.")
    result = await services.create_many(
        caller.store, caller.who, dataset_id, body.logs, caller.who.environment, datetime.now(UTC)
    )
    errors = [{"index": refusal.place, "error": refusal.message} for refusal in result.refusals]
    if not result.ids:
        await caller.store.datasets.get(dataset_id)
        return answer({"detail": f"No row could be added. Row 0: {errors[0]['error']}", "errors": errors}, 400)
    counts = {"success_count": len(result.ids), "error_count": len(errors), "total_errors": len(errors)}
    return answer({**counts, "errors": errors, "unique_ids": result.ids, "version": result.version}, 201)


@router.post("/import/", response_model=LogsAdded | SamplingPreview, responses=WRITE_ERRORS)
async def import_logs(dataset_id: str, body: LogImport, caller: Writer, request: Request) -> Response:
    """Add request logs as one version, those left out that the dataset has already; a large import goes on as a job.

    With `dry_run` nothing is added: the answer says how many logs match and would be taken, and shows three of them.
    """
    return await _add_logs(dataset_id, body, caller, request, "Logs are being imported to dataset in the background")


@router.post("/create/", response_model=LogsAdded, responses=WRITE_ERRORS, include_in_schema=False)
async def add_logs(dataset_id: str, body: LogImport, caller: Writer, request: Request) -> Response:
    """Add request logs, at the oldest of its paths."""
    return await _add_logs(dataset_id, body, caller, request, "Logs are being added to dataset in the background")


async def _add_logs(dataset_id: str, body: LogImport, caller: Caller, request: Request, message: str) -> Response:
    store, who = caller.store, caller.who
    dataset = await store.datasets.get(dataset_id)
    recipe = read_import(body, dataset.granularity, seed_of(dataset_id), who.environment)
    if body.dry_run:
        return answer(trial_out(await log_imports.try_addition(store, dataset_id, recipe), recipe))
    engine: Engine = request.app.state.engine
    dataset, job = await log_imports.add_logs(store, engine, who, dataset_id, recipe, datetime.now(UTC))
    count = job.done_count if job.state == "completed" else None
    return answer({"message": message, "count": count, "job_id": job.id, "dataset_version": dataset.version})


async def _list(
    dataset_id: str, request: Request, body: SearchBody | None, caller: Caller, version: str | None
) -> Response:
    page = page_of(request, body)
    sort = sort_of(request, DATASET_LOG_FIELDS, _ROW_ORDER, body)
    expression = rows_asked(request, body, reserved=ROW_RESERVED)
    has_previews = is_preview(request)
    is_counted = flag_of(request, "count") is not False
    number = await find_version_number(caller.store, dataset_id, version)
    if is_counted:
        found = await caller.store.dataset_logs.page(dataset_id, number, expression, sort, page)
        logs, total, has_more = found.items, found.total_count, page.offset + page.size < found.total_count
    else:
        logs, has_more = await caller.store.dataset_logs.page_uncounted(dataset_id, number, expression, sort, page)
        total = page.offset + len(logs) + has_more if logs else 0
    scores = await caller.store.scores.list_for_logs(dataset_id, [log.id for log in logs])
    organization = caller.who.organization_unique_id
    items = [
        preview_item(log, scores.get(log.id, ()))
        if has_previews
        else list_item(log, organization, scores.get(log.id, ()))
        for log in logs
    ]
    echoed = current_filters(request, body, DATASET_LOG_FIELDS, reserved=ROW_RESERVED)
    # Five keys of the oldest answer to this list stand beside the envelope.
    older: dict[str, Any] = {
        "filter_options": {},
        "total": total,
        "page": page.number,
        "page_size": page.size,
        "total_pages": -(-total // page.size),
    }
    if not is_counted:
        older["count_is_exact"] = not has_more and (bool(logs) or page.number == 1)
    if body is not None and body.is_exporting is True:
        kind = "jsonl" if body.export_format == ".jsonl" else "csv"
        address = url_of(request).partition("/list")[0]
        older["message"] = f"POST the same filters to {address}/export/?format={kind} to download the rows."
    return answer(envelope(items, total, page, url_of(request), echoed, older, is_last=not has_more))


@router.get("/", response_model=PageOut[LogOut | LogPreview], responses=READ_ERRORS, include_in_schema=False)
@router.get("/list/", response_model=PageOut[LogOut | LogPreview], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_logs(
    dataset_id: str, request: Request, caller: Reader, version: Annotated[str | None, _VERSION] = None
) -> Response:
    """List rows in their order. Any field in the URL filters: `?model=gpt-4o`, `?topic=refund` (metadata)."""
    return await _list(dataset_id, request, None, caller, version)


@router.post("/list/", response_model=PageOut[LogOut | LogPreview], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_logs_filtered(
    dataset_id: str,
    request: Request,
    caller: Reader,
    body: SearchBody | None = None,
    version: Annotated[str | None, _VERSION] = None,
) -> Response:
    """List the rows that match the filters of the body."""
    return await _list(dataset_id, request, body, caller, version)


async def _summary(
    dataset_id: str, request: Request, body: SearchBody | None, caller: Caller, version: str | None
) -> Response:
    expression = rows_asked(request, body)
    number = await find_version_number(caller.store, dataset_id, version)
    summary = await caller.store.dataset_logs.summarize(dataset_id, number, expression)
    scores = await caller.store.scores.aggregate(dataset_id, number, expression)
    return answer(summary_out(summary, scores))


@router.get("/summary/", response_model=LogsSummaryOut, responses=READ_ERRORS)
async def summarize_logs(
    dataset_id: str, request: Request, caller: Reader, version: Annotated[str | None, _VERSION] = None
) -> Response:
    """Sum up tokens, cost, latency and scores of the rows."""
    return await _summary(dataset_id, request, None, caller, version)


@router.post("/summary/", response_model=LogsSummaryOut, responses=READ_ERRORS)
async def summarize_logs_filtered(
    dataset_id: str,
    request: Request,
    caller: Reader,
    body: SearchBody | None = None,
    version: Annotated[str | None, _VERSION] = None,
) -> Response:
    """Sum up tokens, cost, latency and scores of the rows that match the filters of the body."""
    return await _summary(dataset_id, request, body, caller, version)


def _doomed(body: DeleteLogs | None) -> Expression:
    """Return which rows a delete means; raises Invalid when it does not say."""
    is_all = body is not None and bool(body.is_deleting_all_logs or body.delete_all)
    if is_all:
        return EVERYTHING
    if body is None or not (body.filters or body.log_ids is not None or (body.search or "").strip()):
        message = "Say which rows to delete: filters, search or log_ids, or is_deleting_all_logs: true."
        raise Invalid.field("filters", message)
    # An unknown field would widen a list; here it would delete: refused.
    expression = parse_filters(body.filters, DATASET_LOG_FIELDS, unknown="error", operator=body.operator)
    expression = narrowed(expression, body.search)
    if body.log_ids is not None:
        if not 1 <= len(body.log_ids) <= MAX_VALUES:
            raise Invalid.field("log_ids", f"Send 1 to {MAX_VALUES:,} ids at once, not {len(body.log_ids):,}.")
        expression = joined(expression, Condition(Field("id"), Operator.EQUAL, tuple(body.log_ids)))
    if expression == EVERYTHING:
        raise Invalid.field("filters", "These filters hold no condition; to delete all rows say is_deleting_all_logs.")
    start, end = read_time(body.start_time, "start_time"), read_time(body.end_time, "end_time")
    return within_window(expression, start, end, DATASET_LOG_FIELDS)


@router.delete("/delete/", response_model=LogsDeleted, responses=WRITE_ERRORS)
@router.delete("/import/", response_model=LogsDeleted, responses=WRITE_ERRORS, include_in_schema=False)
async def delete_logs(dataset_id: str, caller: Writer, body: Annotated[DeleteLogs | None, Body()] = None) -> Response:
    """Delete all rows, or those that match; earlier versions keep them: restoring `restore_version` brings them back.

    With `dry_run` nothing is deleted: the answer says how many rows would be.
    """
    doomed = _doomed(body)
    if body is not None and body.dry_run:
        matched = await caller.store.dataset_log_analytics.count(dataset_id, None, doomed)
        return answer({"message": "Nothing was deleted", "deleted_count": 0, "matched_count": matched.number})
    before = (await caller.store.datasets.get(dataset_id)).version
    count = await services.delete_matching(caller.store, caller.who, dataset_id, doomed, datetime.now(UTC))
    return answer(
        {
            "message": "Logs are being removed from dataset in the background",
            "deleted_count": count,
            "restore_version": before,
        }
    )


@router.get("/{log_id}/", response_model=LogOut, responses=READ_ERRORS)
async def get_log(
    dataset_id: str, log_id: str, caller: Reader, version: Annotated[str | None, _VERSION] = None
) -> Response:
    """Read one row with its scores."""
    number = await find_version_number(caller.store, dataset_id, version)
    log = await caller.store.dataset_logs.get(dataset_id, log_id, number)
    scores = await caller.store.scores.list_for_logs(dataset_id, [log_id])
    return answer(detail(log, caller.who.organization_unique_id, scores.get(log_id, ())))


async def _edit(dataset_id: str, log_id: str, caller: Caller, body: Any, *, replace: bool) -> Response:
    if not isinstance(body, Mapping):
        message = f"Invalid data. Expected a dictionary, but got {type(body).__name__}."
        raise Invalid.field("non_field_errors", message)
    log = await services.update(
        caller.store, caller.who, dataset_id, log_id, body, replace=replace, at=datetime.now(UTC)
    )
    scores = await caller.store.scores.list_for_logs(dataset_id, [log_id])
    return answer(detail(log, caller.who.organization_unique_id, scores.get(log_id, ())))


@router.patch("/{log_id}/", response_model=LogOut, responses=WRITE_ERRORS, openapi_extra=body_schema(DatasetLogChange))
async def update_log(dataset_id: str, log_id: str, caller: Writer, request: Request) -> Response:
    """Change what the body names; `metadata` is merged, and a null value there removes its key."""
    return await _edit(dataset_id, log_id, caller, await request.json(), replace=False)


@router.put("/{log_id}/", response_model=LogOut, responses=WRITE_ERRORS, openapi_extra=body_schema(DatasetLogChange))
async def replace_log(dataset_id: str, log_id: str, caller: Writer, request: Request) -> Response:
    """Replace the content of a row; what the body does not name is cleared."""
    return await _edit(dataset_id, log_id, caller, await request.json(), replace=True)


@router.delete("/{log_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_log(dataset_id: str, log_id: str, caller: Writer) -> Response:
    """Delete one row; earlier versions keep it."""
    await services.delete(caller.store, caller.who, dataset_id, log_id, datetime.now(UTC))
    return Response(status_code=204)


@router.get("/{log_id}/status/", responses=READ_ERRORS, include_in_schema=False)
async def get_annotation_status(dataset_id: str, log_id: str, caller: Reader) -> Response:
    """Say whether people are done with the row: when one has scored it, or somebody has said so."""
    log = await caller.store.dataset_logs.get(dataset_id, log_id)
    scores = await caller.store.scores.list_for_logs(dataset_id, [log_id])
    return answer(
        {
            "organization": caller.who.organization_id,
            "completed_by": completed_by_out(scores.get(log_id, ())),
            "status": log.annotation_status,
        }
    )


@router.post("/{log_id}/status/", responses=WRITE_ERRORS, include_in_schema=False)
async def set_annotation_status(dataset_id: str, log_id: str, body: AnnotationStatusBody, caller: Writer) -> Response:
    """Say whether people are done with the row."""
    await caller.store.annotations.mark(dataset_id, log_id, body.status)
    return await get_annotation_status(dataset_id, log_id, caller)
