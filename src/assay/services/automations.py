"""What people do with conditions and automations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assay.model.automation import Automation, LogCondition
from assay.model.errors import Invalid, NotFound
from assay.model.ids import new_uuid
from assay.ports.store import Store
from assay.wire.automations import (
    AutomationCreate,
    AutomationUpdate,
    ConditionCreate,
    ConditionUpdate,
    asked_evaluators,
    check_automation,
    check_condition,
    check_required,
    sampling_rate_of,
)
from assay.wire.problems import REQUIRED


async def create_condition(store: Store, body: ConditionCreate, at: datetime) -> LogCondition:
    """Store a new condition; raises Invalid, Unprocessable, Conflict when its slug is taken."""
    check_condition(body)
    check_required(body, ("name", "condition_slug", "condition_type", "condition_policy"))
    condition = _with_changes(LogCondition(new_uuid(), "", "", "", "", {}, at, at), body, at)
    await store.automations.put_condition(condition)
    return condition


async def update_condition(store: Store, reference: str, body: ConditionUpdate, at: datetime) -> LogCondition:
    """Change a condition, for the logs that automations look at from now on; raises NotFound too."""
    check_condition(body)
    condition = _with_changes(await store.automations.get_condition(reference), body, at)
    await store.automations.put_condition(condition)
    return condition


def _with_changes(condition: LogCondition, body: ConditionUpdate, at: datetime) -> LogCondition:
    names = ("name", "condition_slug", "condition_type", "description", "condition_policy")
    changes = {name: value for name in names if (value := getattr(body, name)) is not None}
    return replace(condition, **changes, updated_at=at)


class ConditionNotFound(NotFound):
    """An automation names a condition that there is not."""


async def create_automation(store: Store, body: AutomationCreate, at: datetime) -> Automation:
    """Store a new automation; raises Invalid, ConditionNotFound, Conflict when its slug is taken."""
    check_automation(body)
    check_required(body, ("automation_slug", "name", "automation_type", "condition", "configuration"))
    references = asked_evaluators(body)
    if references is None:
        raise Invalid.field("evaluator_ids", REQUIRED)
    automation = Automation(
        id=new_uuid(),
        organization_id=store.organization_id,
        environment=store.environment,
        automation_slug=body.automation_slug or "",
        name=body.name or "",
        automation_type=body.automation_type or "",
        condition=await _condition(store, body.condition or ""),
        evaluator_ids=await _evaluator_ids(store, references),
        sampling_rate=sampling_rate_of(body, 1.0),
        is_enabled=bool(body.is_enabled),
        created_at=at,
        updated_at=at,
    )
    await store.automations.put_automation(automation)
    return automation


async def update_automation(store: Store, reference: str, body: AutomationUpdate, at: datetime) -> Automation:
    """Change an automation; one that becomes enabled begins with the logs recorded from then on.

    Raises NotFound, and what `create_automation` raises.
    """
    check_automation(body)
    automation = await store.automations.get_automation(reference)
    references = asked_evaluators(body)
    changed = replace(
        automation,
        automation_slug=body.automation_slug or automation.automation_slug,
        name=body.name or automation.name,
        automation_type=body.automation_type or automation.automation_type,
        condition=automation.condition if body.condition is None else await _condition(store, body.condition),
        evaluator_ids=automation.evaluator_ids if references is None else await _evaluator_ids(store, references),
        sampling_rate=sampling_rate_of(body, automation.sampling_rate),
        is_enabled=automation.is_enabled if body.is_enabled is None else body.is_enabled,
        updated_at=at,
    )
    await store.automations.put_automation(changed)
    return changed


async def _condition(store: Store, reference: str) -> LogCondition:
    try:
        return await store.automations.get_condition(reference)
    except NotFound:
        raise ConditionNotFound(f"Condition not found: {reference[:200]}") from None


async def _evaluator_ids(store: Store, references: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of evaluators named by id or slug; raises Invalid when one is not there or asks people."""
    if not references:
        raise Invalid.field("evaluator_ids", "At least one evaluator is required")
    found = await store.evaluators.find_many(references)
    unknown = [reference for reference in references if reference not in found]
    if unknown:
        raise Invalid.field("evaluator_ids", f"Evaluators not found: {', '.join(unknown)[:500]}")
    people = [evaluator.slug for evaluator in found.values() if evaluator.current.method() == "human"]
    if people:
        raise Invalid.field("evaluator_ids", f"Answered by people, who cannot judge online: {', '.join(people)[:500]}")
    return tuple(dict.fromkeys(found[reference].id for reference in references))
