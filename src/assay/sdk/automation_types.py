"""What the client answers with about online evaluation; as in `assay.sdk.types`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.sdk.types import AwareDatetime, Page, Wire


class Condition(Wire, frozen=True, kw_only=True):
    """A named rule over request logs; `condition_policy` has `rules` and their `connector`, AND or OR."""

    id: str
    condition_slug: str
    name: str
    condition_type: str = "single_log"
    description: str | None = ""
    condition_policy: Mapping[str, Any] = {}
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class ConditionReference(Wire, frozen=True, kw_only=True):
    """Which condition an automation watches."""

    id: str
    condition_slug: str = ""
    name: str = ""


class AutomationConfiguration(Wire, frozen=True, kw_only=True):
    """How an automation works: `sampling_rate` is the share of the matching logs that is judged, 0 to 1."""

    sampling_rate: float = 1.0


class EvaluatorReference(Wire, frozen=True, kw_only=True):
    """One of the evaluators of an automation."""

    id: str
    evaluator_slug: str = ""
    name: str = ""


class Automation(Wire, frozen=True, kw_only=True):
    """Evaluators that judge a share of the new logs that meet a condition, while it is enabled.

    An evaluator that was deleted is among `evaluator_ids`, and not among `evaluator_details`.
    """

    id: str
    automation_slug: str
    name: str
    condition: ConditionReference
    automation_type: str = "online_eval"
    evaluator_ids: Sequence[str] = ()
    evaluator_details: Sequence[EvaluatorReference] = ()
    is_enabled: bool = False
    configuration: AutomationConfiguration = AutomationConfiguration()
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class AutomationEvent(Wire, frozen=True, kw_only=True):
    """What an automation decided about a log: evaluated, failed, not_matched or not_sampled, and why."""

    log_id: str
    decision: str
    reason: str = ""
    created_at: AwareDatetime | None = None


class AutomationEventPage(Page[AutomationEvent], frozen=True, kw_only=True):
    """A page of decisions, the newest first; `decision_counts` counts all that there ever were, by decision."""

    decision_counts: Mapping[str, int] = {}
