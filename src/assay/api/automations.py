"""Routes of automations: online evaluation of request logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from assay.api.auth import Caller, Reader, Writer
from assay.api.conditions import DEFAULT_PAGE_SIZE, asked
from assay.api.lists import page_of, url_of
from assay.api.routes import READ_ERRORS, WRITE_ERRORS, JsonRoute, answer
from assay.model.automation import Automation, AutomationDecision
from assay.services import automations as services
from assay.services.automations import ConditionNotFound
from assay.wire.automations import (
    AUTOMATION_TYPES,
    AutomationCreate,
    AutomationOut,
    AutomationUpdate,
    EventOut,
    automation_out,
    event_out,
)
from assay.wire.pages import PageOut, envelope

router = APIRouter(prefix="/api/automations", tags=["online evaluation"], route_class=JsonRoute)


async def _shown(caller: Caller, automations: Sequence[Automation]) -> list[dict[str, Any]]:
    ids = {evaluator_id for automation in automations for evaluator_id in automation.evaluator_ids}
    evaluators = await caller.store.evaluators.find_many(sorted(ids))
    return [automation_out(automation, evaluators) for automation in automations]


def _no_condition(error: ConditionNotFound) -> Response:
    return answer({"condition": [error.message]}, 404)


@router.post("/", status_code=201, response_model=AutomationOut, responses=WRITE_ERRORS)
async def create_automation(body: AutomationCreate, caller: Writer) -> Response:
    """Let evaluators judge a share of the new logs that meet a condition, from now on if it is enabled."""
    try:
        automation = await services.create_automation(caller.store, body, datetime.now(UTC))
    except ConditionNotFound as error:
        return _no_condition(error)
    return answer((await _shown(caller, [automation]))[0], 201)


@router.get("/list/", response_model=PageOut[AutomationOut], responses=READ_ERRORS, include_in_schema=False)
@router.get("/", response_model=PageOut[AutomationOut], responses=READ_ERRORS)
async def list_automations(request: Request, caller: Reader) -> Response:
    """List the automations of the key's environment, newest first; `?search=` looks into names and slugs."""
    page = page_of(request, None, default_size=DEFAULT_PAGE_SIZE)
    search = asked(request, "search")
    found = await caller.store.automations.list_automations(search, page)
    items = await _shown(caller, found.items)
    choices = {"filters_data": {"automation_type": list(AUTOMATION_TYPES)}}
    return answer(envelope(items, found.total_count, page, url_of(request), {"search": search or None}, choices))


@router.get("/{reference}/", response_model=AutomationOut, responses=READ_ERRORS)
async def get_automation(reference: str, caller: Reader) -> Response:
    """Read an automation by its id or slug."""
    return answer((await _shown(caller, [await caller.store.automations.get_automation(reference)]))[0])


@router.put("/{reference}/", response_model=AutomationOut, responses=WRITE_ERRORS, include_in_schema=False)
@router.patch("/{reference}/", response_model=AutomationOut, responses=WRITE_ERRORS)
async def update_automation(reference: str, body: AutomationUpdate, caller: Writer) -> Response:
    """Change an automation; one that becomes enabled begins with the logs recorded from then on."""
    try:
        automation = await services.update_automation(caller.store, reference, body, datetime.now(UTC))
    except ConditionNotFound as error:
        return _no_condition(error)
    return answer((await _shown(caller, [automation]))[0])


@router.delete("/{reference}/", status_code=204, response_class=Response, responses=READ_ERRORS)
async def delete_automation(reference: str, caller: Writer) -> Response:
    """Delete an automation and what it noted; the scores that it gave stay."""
    await caller.store.automations.delete_automation(reference)
    return Response(status_code=204)


@router.get("/{reference}/events/", response_model=PageOut[EventOut], responses=READ_ERRORS)
async def list_events(
    reference: str,
    request: Request,
    caller: Reader,
    decision: Annotated[AutomationDecision | None, Query(description="Keep one kind of decision.")] = None,
) -> Response:
    """List what an automation decided about logs lately, and why, newest first.

    Of what it left out the newest 200 logs are kept, of verdicts the newest thousands; `decision_counts` counts all
    there ever were.
    """
    automation = await caller.store.automations.get_automation(reference)
    page = page_of(request, None)
    # Counted first: what is counted is listed.
    counts = {"decision_counts": await caller.store.automations.count_decisions(automation.id)}
    found = await caller.store.automations.list_events(automation.id, decision, page)
    items = [event_out(event) for event in found.items]
    return answer(envelope(items, found.total_count, page, url_of(request), {"decision": decision}, counts))
