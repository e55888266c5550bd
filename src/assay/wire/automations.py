"""Conditions, automations and what these decided on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assay.filters.condition_policy import read_policy
from assay.model.access import Identity
from assay.model.automation import Automation, AutomationEvent, LogCondition
from assay.model.errors import Invalid, Unprocessable
from assay.model.evaluator import Evaluator
from assay.wire.datasets import BLANK
from assay.wire.problems import REQUIRED

CONDITION_TYPES = ("single_log",)
AUTOMATION_TYPES = ("online_eval",)
_LONGEST_NAME = 255
_LONGEST_DESCRIPTION = 10_000
_MOST_EVALUATORS = 100
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


class ConditionUpdate(BaseModel):
    """What changes of a condition; what is absent stays as it is."""

    name: str | None = None
    condition_slug: str | None = None
    condition_type: str | None = Field(default=None, description="single_log")
    description: str | None = None
    condition_policy: Any = Field(
        default=None, description='{"rules": [{"field", "operator", "value"}], "connector": "AND" or "OR"}'
    )


class ConditionCreate(ConditionUpdate):
    """A new condition; all but the description is required."""


class ConditionOut(BaseModel):
    """A condition that request logs meet or do not."""

    model_config = ConfigDict(extra="allow")

    id: str
    unique_organization_id: str
    condition_slug: str
    name: str
    condition_type: str
    description: str
    condition_policy: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class AutomationUpdate(BaseModel):
    """What changes of an automation; what is absent stays as it is."""

    name: str | None = None
    automation_slug: str | None = None
    automation_type: str | None = Field(default=None, description="online_eval")
    condition: str | None = Field(default=None, description="Its id or slug.")
    evaluator_ids: list[str] | None = Field(default=None, description="Ids or slugs.")
    configuration: dict[str, Any] | None = Field(default=None, description='{"sampling_rate": 0.0 to 1.0}')
    is_enabled: bool | None = None


class AutomationCreate(AutomationUpdate):
    """A new automation; all but is_enabled is required."""


class AutomationOut(BaseModel):
    """Evaluators that judge a share of the new logs that meet a condition."""

    model_config = ConfigDict(extra="allow")

    id: str
    automation_slug: str
    name: str
    automation_type: str
    condition: dict[str, Any]
    evaluator_ids: list[str]
    evaluator_details: list[dict[str, Any]]
    is_enabled: bool
    configuration: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class EventOut(BaseModel):
    """What an automation decided about one log, and why."""

    log_id: str
    decision: Literal["evaluated", "failed", "not_matched", "not_sampled"]
    reason: str
    created_at: datetime


def check_required(body: BaseModel, names: Sequence[str]) -> None:
    """Raise Invalid for every one of these fields that a body lacks."""
    missing = [name for name in names if getattr(body, name) is None]
    if missing:
        raise Invalid(fields={name: [REQUIRED] for name in missing})


def check_condition(body: ConditionUpdate) -> None:
    """Check what a body says of a condition; raises Invalid, Unprocessable."""
    _check_texts(body, "condition_slug")
    if body.condition_type is not None and body.condition_type not in CONDITION_TYPES:
        raise Unprocessable.field("condition_type", _no_choice(body.condition_type, CONDITION_TYPES))
    if body.description is not None and len(body.description) > _LONGEST_DESCRIPTION:
        raise Invalid.field("description", f"At most {_LONGEST_DESCRIPTION:,} characters.")
    if body.condition_policy is not None:
        read_policy(body.condition_policy)


def check_automation(body: AutomationUpdate) -> None:
    """Check what a body says of an automation, but for what it refers to; raises Invalid."""
    _check_texts(body, "automation_slug")
    if body.automation_type is not None and body.automation_type not in AUTOMATION_TYPES:
        raise Invalid.field("automation_type", _no_choice(body.automation_type, AUTOMATION_TYPES))
    rate = (body.configuration or {}).get("sampling_rate")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float)):
        raise Invalid.field("configuration.sampling_rate", "A valid number is required.")
    if rate is not None and not 0.0 <= rate <= 1.0:
        raise Invalid.field("configuration.sampling_rate", "Sampling rate must be between 0.0 and 1.0")
    references = asked_evaluators(body)
    if references is not None and len(references) > _MOST_EVALUATORS:
        raise Invalid.field("evaluator_ids", f"At most {_MOST_EVALUATORS} evaluators.")


def asked_evaluators(body: AutomationUpdate) -> list[str] | None:
    """Return the evaluators that a body names, in either place; None where it names none."""
    if body.evaluator_ids is not None:
        return list(dict.fromkeys(body.evaluator_ids))
    inner = (body.configuration or {}).get("evaluator_ids")
    if inner is None:
        return None
    if not isinstance(inner, list) or not all(isinstance(reference, str) for reference in inner):
        raise Invalid.field("configuration.evaluator_ids", "Expected a list of ids.")
    return list(dict.fromkeys(inner))


def sampling_rate_of(body: AutomationUpdate, present: float) -> float:
    """Return the sampling rate that a body sets, or the present one."""
    rate = (body.configuration or {}).get("sampling_rate")
    return present if rate is None else float(rate)


def _check_texts(body: ConditionUpdate | AutomationUpdate, slug_name: str) -> None:
    if body.name is not None:
        if not body.name.strip():
            raise Invalid.field("name", BLANK)
        if len(body.name) > _LONGEST_NAME:
            raise Invalid.field("name", f"Ensure this field has no more than {_LONGEST_NAME} characters.")
    slug = getattr(body, slug_name)
    if slug is not None and _SLUG.fullmatch(slug) is None:
        raise Invalid.field(
            slug_name,
            f"'{slug[:60]}' is no slug: up to {_LONGEST_NAME} letters, digits, '-', '_' and '.', a letter or digit"
            " first.",
        )


def _no_choice(given: str, known: Sequence[str]) -> str:
    return f'"{given[:60]}" is not a valid choice: use {", ".join(known)}.'


def condition_out(condition: LogCondition, who: Identity) -> dict[str, Any]:
    """Return a condition as the contract shows it."""
    return {
        "id": condition.id,
        "unique_organization_id": who.organization_unique_id,
        "condition_slug": condition.condition_slug,
        "name": condition.name,
        "condition_type": condition.condition_type,
        "description": condition.description,
        "condition_policy": dict(condition.condition_policy),
        "created_at": condition.created_at,
        "updated_at": condition.updated_at,
    }


def automation_out(automation: Automation, evaluators: Mapping[str, Evaluator]) -> dict[str, Any]:
    """Return an automation as the contract shows it; an evaluator that was deleted has no details."""
    ids = list(automation.evaluator_ids)
    condition = automation.condition
    return {
        "id": automation.id,
        "automation_slug": automation.automation_slug,
        "name": automation.name,
        "automation_type": automation.automation_type,
        "condition": {
            "id": condition.id,
            "condition_slug": condition.condition_slug,
            "name": condition.name,
            "condition_type": condition.condition_type,
        },
        "evaluator_ids": ids,
        "evaluator_details": [
            {
                "id": evaluator.id,
                "name": evaluator.current.name,
                "evaluator_slug": evaluator.slug,
                "eval_class": evaluator.current.eval_class,
            }
            for evaluator_id in ids
            if (evaluator := evaluators.get(evaluator_id)) is not None
        ],
        "is_enabled": automation.is_enabled,
        "configuration": {"evaluator_ids": ids, "sampling_rate": automation.sampling_rate},
        "created_at": automation.created_at,
        "updated_at": automation.updated_at,
    }


def event_out(event: AutomationEvent) -> dict[str, Any]:
    """Return what an automation decided about one log."""
    return {
        "log_id": event.log_id,
        "decision": event.decision,
        "reason": event.reason,
        "created_at": event.at,
    }
