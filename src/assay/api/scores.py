"""Routes of scores: all of them, and those of one log."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.lists import current_filters, environments_of, filters_of, flag_of, page_of, sort_of, url_of
from assay.api.request_logs import COUNTED_WITHIN_SECONDS, query_schema
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer, body_schema
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Field, Operator, fields_of
from assay.filters.fields import SCORE_FIELDS
from assay.filters.operators import BY_SPELLING
from assay.filters.parse import parse_filters
from assay.model.errors import Conflict, NotFound
from assay.model.page import Sort
from assay.model.score import Score
from assay.ports.engine import Engine
from assay.ports.scores import RecordedScore
from assay.services import scores as services
from assay.services.evaluator_runs import find_inputs
from assay.wire.evaluator_inputs import inputs_out
from assay.wire.log_analytics import LogFilterBody, filters_data
from assay.wire.pages import PageOut, envelope
from assay.wire.score_bodies import LogScoreCreate, ScoreChange, ScoreCreate, read_changes, read_score
from assay.wire.scores import ScoreOut, evaluator_of_score, score_out

router = APIRouter(tags=["scores"], route_class=JsonRoute)

_NEWEST_FIRST = Sort("created_at", descending=True)
_NO_EVALUATOR = {"error": "Either evaluator_id or evaluator_slug must be provided"}
_LIST = query_schema(
    start_time="Keep scores given at this time or later.",
    end_time="Keep scores given before this time.",
    environment="prod or test; default that of the key.",
    page="From 1.",
    page_size="Default 100, at most 1000.",
    sort_by="A field, `-` before it for descending; default `-created_at`.",
    created_at__gte="Any field with `__` and an operator filters: `?numerical_value__lt=3`.",
)


def _asked(request: Request, body: LogFilterBody | None, caller: Caller) -> Expression:
    """Return which scores a request asks for: its filters, and its environments (contract A8)."""
    parts = [filters_of(request, body, SCORE_FIELDS), *_compared(request)]
    named = And(tuple(part for part in parts if part != EVERYTHING))
    environments = environments_of(request, named) or (caller.who.environment,)
    if not any(field.name == "environment" for field in fields_of(named)):
        named = And((*named.children, Condition(Field("environment"), Operator.EQUAL, environments)))
    return named


def _compared(request: Request) -> list[Expression]:
    """Return the conditions of a URL that are written `created_at__gte=...`."""
    found = []
    for key, text in request.query_params.multi_items():
        name, _, spelling = key.rpartition("__")
        if name and spelling in BY_SPELLING and SCORE_FIELDS.resolve(name) is not None:
            found.append(parse_filters({name: {"operator": spelling, "value": text}}, SCORE_FIELDS))
    return found


async def _list(request: Request, body: LogFilterBody | None, caller: Caller, log_id: str | None = None) -> Response:
    page, sort = page_of(request, body), sort_of(request, SCORE_FIELDS, _NEWEST_FIRST, body)
    if log_id is None:
        expression = _asked(request, body, caller)
    else:
        # The scores of one log are all shown together, wherever they were given.
        of_log = Condition(Field("log_id"), Operator.EQUAL, (log_id,))
        expression = And((of_log, filters_of(request, body, SCORE_FIELDS), *_compared(request)))
    found = await caller.store.scores.list(expression, sort, page, within_seconds=COUNTED_WITHIN_SECONDS)
    if log_id is not None and not found.count.number:
        await services.check_log(caller.store, log_id)
    more: dict[str, Any] = {"count_is_exact": found.count.is_exact}
    if flag_of(request, "fetch_filters"):
        more["filters_data"] = filters_data(SCORE_FIELDS, {})
    items = [score_out(score) for score in found.items]
    echoed = current_filters(request, body, SCORE_FIELDS)
    is_last = not found.has_more
    return answer(envelope(items, found.count.number, page, url_of(request), echoed, more, is_last=is_last))


@router.get("/api/scores/", response_model=PageOut[ScoreOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/api/scores/list/", response_model=PageOut[ScoreOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_scores(request: Request, caller: Reader) -> Response:
    """List scores on dataset rows and on logs, newest first. Any field in the URL filters: `?evaluator_slug=tone`."""
    return await _list(request, None, caller)


@router.post("/api/scores/list/", response_model=PageOut[ScoreOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_scores_filtered(request: Request, caller: Reader, body: LogFilterBody | None = None) -> Response:
    """List the scores that match the filters of the body."""
    return await _list(request, body, caller)


@router.post(
    "/api/scores/",
    status_code=201,
    response_model=ScoreOut,
    responses={**WRITE_ERRORS, 200: {"model": ScoreOut, "description": "A score of the same scorer was replaced."}},
    openapi_extra=body_schema(ScoreCreate),
)
async def create_score(request: Request, caller: Writer) -> Response:
    """Give a score to a log, or to an id that is only known elsewhere; the same scorer's is replaced."""
    draft = read_score(await request.json())
    if draft.evaluator_id is None and draft.evaluator_slug is None:
        return answer(_NO_EVALUATOR, 400)
    recorded = await services.give(caller.store, draft, draft.log_id, "replace", datetime.now(UTC))
    return await _recorded(request, recorded)


@router.post(
    "/api/logs/{log_id}/scores/",
    status_code=201,
    response_model=ScoreOut,
    responses=WRITE_ERRORS,
    openapi_extra=body_schema(LogScoreCreate),
)
async def create_log_score(log_id: str, request: Request, caller: Writer) -> Response:
    """Give a score to a request log or dataset row; refused where this scorer has given one already."""
    await services.check_log(caller.store, log_id)
    draft = read_score(await request.json())
    if draft.evaluator_id is None and draft.evaluator_slug is None:
        return answer(_NO_EVALUATOR, 400)
    try:
        recorded = await services.give(caller.store, draft, log_id, "refuse", datetime.now(UTC))
    except Conflict as error:
        return answer({"error": error.message}, 409)
    return await _recorded(request, recorded)


async def _recorded(request: Request, recorded: RecordedScore) -> Response:
    engine: Engine = request.app.state.engine
    for report_id in recorded.settled_report_ids:
        await engine.submit(report_id)
    return answer(score_out(recorded.score), 201 if recorded.is_new else 200)


@router.get("/api/logs/{log_id}/scores/", response_model=PageOut[ScoreOut], responses=READ_ERRORS, openapi_extra=_LIST)
async def list_log_scores(log_id: str, request: Request, caller: Reader) -> Response:
    """List the scores of one log, newest first."""
    return await _list(request, None, caller, log_id)


async def _get(caller: Caller, score_id: str, log_id: str | None) -> Score:
    score = await caller.store.scores.get(score_id)
    if log_id is not None and score.log_id != log_id:
        raise NotFound
    return score


async def _detail(caller: Caller, score: Score) -> Response:
    """Answer a score with its evaluator, and the log that it is on as evaluators get it (contract 7.3)."""
    inputs = None
    if score.log_id:
        # The log may be gone, or was never recorded here.
        with suppress(NotFound):
            found = await find_inputs(caller.store, score.dataset_id, [score.log_id])
            inputs = inputs_out(found[0][1])
    return answer({**score_out(score), "evaluator": evaluator_of_score(score), "inputs": inputs})


async def _change(request: Request, caller: Caller, score_id: str, log_id: str | None, *, replace: bool) -> Response:
    present = await _get(caller, score_id, log_id)
    changes = read_changes(await request.json())
    changed = await services.change(caller.store, caller.who, present, changes, datetime.now(UTC), replace=replace)
    return await _detail(caller, changed)


@router.get("/api/scores/{score_id}/", response_model=ScoreOut, responses=READ_ERRORS)
async def get_score(score_id: str, caller: Reader) -> Response:
    """Read a score."""
    return await _detail(caller, await _get(caller, score_id, None))


@router.patch(
    "/api/scores/{score_id}/", response_model=ScoreOut, responses=WRITE_ERRORS, openapi_extra=body_schema(ScoreChange)
)
async def update_score(score_id: str, request: Request, caller: Writer) -> Response:
    """Change the values that the body names. What a machine said stays in `original`."""
    return await _change(request, caller, score_id, None, replace=False)


@router.put(
    "/api/scores/{score_id}/", response_model=ScoreOut, responses=WRITE_ERRORS, openapi_extra=body_schema(ScoreChange)
)
async def replace_score(score_id: str, request: Request, caller: Writer) -> Response:
    """Replace all values. What a machine said stays in `original`."""
    return await _change(request, caller, score_id, None, replace=True)


@router.delete("/api/scores/{score_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_score(score_id: str, caller: Writer) -> Response:
    """Delete a score; a report that waits for people asks again."""
    await caller.store.scores.delete(score_id, datetime.now(UTC))
    return Response(status_code=204)


@router.get("/api/logs/{log_id}/scores/{score_id}/", response_model=ScoreOut, responses=READ_ERRORS)
async def get_log_score(log_id: str, score_id: str, caller: Reader) -> Response:
    """Read a score of a log."""
    return await _detail(caller, await _get(caller, score_id, log_id))


@router.patch(
    "/api/logs/{log_id}/scores/{score_id}/",
    response_model=ScoreOut,
    responses=WRITE_ERRORS,
    openapi_extra=body_schema(ScoreChange),
)
async def update_log_score(log_id: str, score_id: str, request: Request, caller: Writer) -> Response:
    """Change the values that the body names. What a machine said stays in `original`."""
    return await _change(request, caller, score_id, log_id, replace=False)


@router.put(
    "/api/logs/{log_id}/scores/{score_id}/",
    response_model=ScoreOut,
    responses=WRITE_ERRORS,
    openapi_extra=body_schema(ScoreChange),
)
async def replace_log_score(log_id: str, score_id: str, request: Request, caller: Writer) -> Response:
    """Replace all values. What a machine said stays in `original`."""
    return await _change(request, caller, score_id, log_id, replace=True)


@router.delete("/api/logs/{log_id}/scores/{score_id}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_log_score(log_id: str, score_id: str, caller: Writer) -> Response:
    """Delete a score of a log."""
    await _get(caller, score_id, log_id)
    await caller.store.scores.delete(score_id, datetime.now(UTC))
    return Response(status_code=204)
