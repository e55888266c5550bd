"""Routes of analyses of a report: slices, agreement with people, and what another run could show."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query, Response

from assay.api.auth import Reader
from assay.api.eval_reports import find_task
from assay.api.routes import READ_ERRORS, JsonRoute, answer
from assay.model.errors import Invalid
from assay.model.eval_report import EvalReport, EvalTask
from assay.services import judge_agreement, report_summary
from assay.services import report_analysis as services
from assay.wire.eval_report_bodies import read_metadata_path
from assay.wire.problems import REQUIRED
from assay.wire.report_analysis import AgreementOut, PowerOut, SlicesOut
from assay.wire.report_summary import PassRateOut, ReportSummaryOut

router = APIRouter(
    prefix="/api/datasets/{dataset_id}/eval-reports/{report_id}", tags=["eval reports"], route_class=JsonRoute
)

_MOST_ROWS = 10**9
_EVALUATOR = Query(description="Slug or id; may be left out where the report has only one evaluator.")


@router.get("/slices/", response_model=SlicesOut, responses=READ_ERRORS)
async def get_report_slices(
    dataset_id: str,
    report_id: str,
    caller: Reader,
    by: Annotated[str | None, Query(description="A metadata path, such as metadata.topic.")] = None,
    evaluator_slug: Annotated[str | None, _EVALUATOR] = None,
) -> Response:
    """Compare the rows of each label with all others, adjusted for how many comparisons there are."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    path = None if by is None else read_metadata_path(by, "by")
    if path is None:
        raise Invalid.field("by", f"{REQUIRED} Name a metadata path, such as metadata.topic.")
    return answer(await services.slices(caller.store, report, _task(report, evaluator_slug), path))


@router.get("/power/", response_model=PowerOut, responses=READ_ERRORS)
async def get_report_power(
    dataset_id: str,
    report_id: str,
    caller: Reader,
    effect: Annotated[float | None, Query(description="How many rows does a difference of this size need?")] = None,
    rows: Annotated[int | None, Query(description="What could so many rows show? Default: as many as here.")] = None,
    evaluator_slug: Annotated[str | None, _EVALUATOR] = None,
) -> Response:
    """Say what difference another run could show, how many rows a wanted one needs, and whether trials would help."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    if effect is not None and not 0 < effect < math.inf:
        raise Invalid.field("effect", f"'{effect}' is no number greater than 0.")
    if rows is not None and not 2 <= rows <= _MOST_ROWS:
        raise Invalid.field("rows", f"'{rows}' is no whole number from 2 to {_MOST_ROWS}.")
    return answer(await services.power(caller.store, report, _task(report, evaluator_slug), effect, rows))


@router.get("/agreement/", response_model=AgreementOut, responses=READ_ERRORS)
async def get_report_agreement(
    dataset_id: str, report_id: str, caller: Reader, evaluator_slug: Annotated[str | None, _EVALUATOR] = None
) -> Response:
    """Compare an evaluator with what people say of the same rows, and correct its mean by them."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    return answer(await judge_agreement.agreement(caller.store, report, _task(report, evaluator_slug)))


@router.get("/summary/", response_model=ReportSummaryOut, responses=READ_ERRORS)
async def get_report_summary(dataset_id: str, report_id: str, caller: Reader) -> Response:
    """Say at any moment of a run how its rows stand, what changed in the dataset since, and sum up each evaluator."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    return answer(await report_summary.summarize_report(caller.store, report))


@router.get("/pass-rate/", response_model=PassRateOut, responses=READ_ERRORS)
async def get_pass_rate(
    dataset_id: str,
    report_id: str,
    caller: Reader,
    at_least: Annotated[float | None, Query(description="A score of this or more passes.")] = None,
    at_most: Annotated[float | None, Query(description="A score of this or less passes.")] = None,
    evaluator_slug: Annotated[str | None, _EVALUATOR] = None,
) -> Response:
    """Say what the pass rate would be under another rule; the report keeps its own."""
    report = await caller.store.eval_reports.get(dataset_id, report_id)
    for name, bound in (("at_least", at_least), ("at_most", at_most)):
        if bound is not None and not math.isfinite(bound):
            raise Invalid.field(name, f"'{bound}' is no finite number.")
    if at_least is None and at_most is None:
        raise Invalid.field("at_least", f"{REQUIRED} Or name at_most, or both.")
    return answer(
        await report_summary.pass_rate(caller.store, report, _task(report, evaluator_slug), at_least, at_most)
    )


def _task(report: EvalReport, slug: str | None) -> EvalTask:
    task = find_task(report, slug)
    if task is None:
        known = ", ".join(task.evaluator_slug for task in report.tasks)
        raise Invalid.field("evaluator_slug", f"{REQUIRED} The report has {known}.")
    return task
