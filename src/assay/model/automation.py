"""Online evaluation: conditions that logs meet, and automations that judge those logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from assay.model.access import Environment

# Why a log was judged by an automation, or was not.
AutomationDecision = Literal["evaluated", "not_matched", "not_sampled", "failed"]
DECISIONS: tuple[AutomationDecision, ...] = ("evaluated", "failed", "not_matched", "not_sampled")


@dataclass(frozen=True, slots=True)
class LogCondition:
    """A named rule over request logs; `condition_policy` holds its rules and connector as the client wrote them."""

    id: str
    condition_slug: str
    name: str
    condition_type: str
    description: str
    condition_policy: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Automation:
    """Evaluators that judge a share of the new logs that meet a condition.

    `sampling_rate` is a share from 0 to 1.
    """

    id: str
    organization_id: int
    environment: Environment
    automation_slug: str
    name: str
    automation_type: str
    condition: LogCondition
    evaluator_ids: tuple[str, ...]
    sampling_rate: float
    is_enabled: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AutomationEvent:
    """What an automation decided about one log, and why."""

    automation_id: str
    log_id: str
    decision: AutomationDecision
    reason: str
    at: datetime
