"""Routes that try an evaluator: on inputs, and on a sample of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.evaluators.passing import primary_number
from assay.model.evaluator import Evaluator, EvaluatorInputs, EvaluatorVersion, Method
from assay.model.ids import new_uuid
from assay.ports.engine import Engine
from assay.services import evaluator_runs as services
from assay.services.evaluator_runs import Bench, BenchRow, EvaluationFailed, Judged
from assay.statistics.intervals import interval_json
from assay.wire.evaluator_bodies import (
    BenchEvaluator,
    RunEvaluator,
    check_required,
    names_logs,
    read_changes,
    read_inputs,
    read_log_ids,
)
from assay.wire.evaluator_inputs import inputs_out
from assay.wire.evaluator_runs import (
    BenchOut,
    EvaluatorResult,
    costs_out,
    detail_out,
    outcome_out,
    preview,
    result_out,
)
from assay.wire.problems import Problem

router = APIRouter(prefix="/api/evaluators/{evaluator_id}", tags=["evaluators"], route_class=JsonRoute)

_RUN_ERRORS: dict[int | str, dict[str, Any]] = {
    **READ_ERRORS,
    422: {"model": Problem, "description": "An input that the evaluator needs is missing."},
    500: {"model": Problem, "description": "It could not be run, or the provider of its model failed."},
}


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


@router.post("/run/", response_model=EvaluatorResult, responses=_RUN_ERRORS)
async def run_evaluator(evaluator_id: str, body: RunEvaluator, request: Request, caller: Reader) -> Response:
    """Try an evaluator on inputs, or on stored logs; nothing is stored."""
    evaluator = await caller.store.evaluators.get(evaluator_id)
    version = evaluator.current
    if names_logs(body):
        found = await services.find_inputs(caller.store, body.dataset_id, read_log_ids(body))
    else:
        found = [("", read_inputs(body))]
        check_required(found[0][1], version.custom_required_fields)
    method = services.method_of(version, body.generation_method or "auto")
    inputs = [one for _, one in found]
    try:
        judged = await services.run(_engine(request), caller.who, version, method, inputs)
    except EvaluationFailed as error:
        return _failed(error)
    results = _results(evaluator, method, found, judged, caller, body.dataset_id)
    # One answer for one log; with several the first is told like one, and all are listed.
    return answer(results[0] if len(results) == 1 else {**results[0], "results": results})


def _results(
    evaluator: Evaluator,
    method: Method,
    found: Sequence[tuple[str, EvaluatorInputs]],
    judged: Sequence[Judged],
    caller: Caller,
    dataset_id: str | None,
) -> list[dict[str, Any]]:
    at = datetime.now(UTC)
    results = []
    for (log_id, inputs), (outcome, detail) in zip(found, judged, strict=True):
        result = result_out(
            evaluator, method, inputs, outcome, detail, result_id=new_uuid(), at=at, environment=caller.who.environment
        )
        results.append({**result, "log_id": log_id, "dataset_id": dataset_id} if log_id else result)
    return results


def _failed(error: EvaluationFailed) -> Response:
    body: dict[str, Any] = {"detail": error.message, "error_code": "EVALUATION_EXECUTION_ERROR"}
    if error.retry_after_seconds is None:
        return answer(body, 500)
    response = answer({**body, "retry_after": error.retry_after_seconds}, 500)
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


@router.post("/bench/", response_model=BenchOut, responses={**WRITE_ERRORS, **_RUN_ERRORS})
async def bench_evaluator(evaluator_id: str, body: BenchEvaluator, request: Request, caller: Writer) -> Response:
    """Try an evaluator, or a draft of it, on sampled rows of a dataset, beside the version before; nothing is stored.

    The version before is the one that the draft is laid over, and without a draft the last one committed.
    """
    evaluator = await caller.store.evaluators.get(evaluator_id)
    try:
        result = await services.bench(
            caller.store,
            _engine(request),
            caller.who,
            evaluator,
            None if body.draft is None else read_changes(body.draft),
            body.generation_method or "auto",
            body.dataset_id,
            None if body.version is None else str(body.version),
            body.sample_size,
            body.seed,
            is_compared=body.compare,
        )
    except EvaluationFailed as error:
        return _failed(error)
    return answer(_bench_out(evaluator, body, result))


def _bench_out(evaluator: Evaluator, body: BenchEvaluator, bench: Bench) -> dict[str, Any]:
    return {
        "evaluator_id": evaluator.id,
        "evaluator_slug": evaluator.slug,
        "version": bench.version.number,
        "is_draft": body.draft is not None,
        "dataset_id": body.dataset_id,
        "dataset_version": bench.dataset_version,
        "row_count": bench.row_count,
        "sample_size": len(bench.rows),
        "seed": body.seed,
        "summary": _summary(bench.version, [row.judged for row in bench.rows]),
        "comparison": None if bench.before is None else _comparison(bench, bench.before),
        "rows": [_row(row) for row in bench.rows],
        "warnings": list(bench.warnings),
    }


def _summary(version: EvaluatorVersion, judged: Sequence[Judged]) -> dict[str, Any]:
    outcomes = [outcome for outcome, _ in judged]
    read = primary_number(version)
    numbers = [number for outcome in outcomes if (number := read(outcome.values)) is not None]
    return {
        **{f"{status}_count": _count(outcomes, status) for status in ("scored", "skipped", "failed")},
        "passed_count": sum(outcome.is_passed is True for outcome in outcomes),
        "mean": sum(numbers) / len(numbers) if numbers else None,
        "latency_seconds": sum(outcome.latency_seconds for outcome in outcomes) / len(outcomes) if outcomes else None,
        **costs_out(outcomes),
    }


def _count(outcomes: Sequence[Any], status: str) -> int:
    return sum(outcome.status == status for outcome in outcomes)


def _comparison(bench: Bench, before: EvaluatorVersion) -> dict[str, Any]:
    difference = bench.difference
    return {
        "version": before.number,
        "is_read_only": before.is_read_only,
        "summary": _summary(before, [row.before for row in bench.rows if row.before is not None]),
        "paired_count": 0 if difference is None else difference.n,
        "mean_difference": None if difference is None else difference.mean,
        "interval": None if difference is None else interval_json(difference.interval),
        "changed_count": sum(row.is_changed is True for row in bench.rows),
    }


def _row(row: BenchRow) -> dict[str, Any]:
    outcome, detail = row.judged
    return {
        "log_id": row.log_id,
        "inputs": {name: preview(value) for name, value in inputs_out(row.inputs).items()},
        **outcome_out(outcome),
        "detail": None if detail is None else detail_out(detail),
        "before": None if row.before is None else outcome_out(row.before[0]),
        "delta": row.delta,
        "is_changed": row.is_changed,
    }
