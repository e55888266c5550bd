"""What a store of conditions and automations must do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from assay.filters.expression import Expression
from assay.model.automation import Automation, AutomationDecision, AutomationEvent, LogCondition
from assay.model.page import Page, PageRequest
from assay.model.request_log import RequestLog
from assay.model.score import Score


class AutomationStore(Protocol):
    """Conditions of one organisation, and automations of one of its environments; ids or slugs name them."""

    async def list_conditions(self, search: str, condition_type: str, page: PageRequest) -> Page[LogCondition]:
        """Return a page of conditions, newest first."""
        ...

    async def get_condition(self, reference: str) -> LogCondition:
        """Return a condition; raises NotFound."""
        ...

    async def put_condition(self, condition: LogCondition) -> None:
        """Store a new or changed condition; raises Conflict when its slug is taken."""
        ...

    async def delete_condition(self, reference: str) -> None:
        """Delete a condition; raises NotFound, or Conflict while an automation uses it."""
        ...

    async def list_automations(self, search: str, page: PageRequest) -> Page[Automation]:
        """Return a page of automations, newest first."""
        ...

    async def get_automation(self, reference: str) -> Automation:
        """Return an automation; raises NotFound."""
        ...

    async def put_automation(self, automation: Automation) -> None:
        """Store a new or changed automation; raises Conflict when its slug is taken.

        One that becomes enabled, or gets another evaluator, goes on from the logs recorded after this.
        """
        ...

    async def delete_automation(self, reference: str) -> None:
        """Delete an automation and its events; raises NotFound. Scores stay."""
        ...

    async def list_events(
        self, automation_id: str, decision: AutomationDecision | None, page: PageRequest
    ) -> Page[AutomationEvent]:
        """Return a page of what an automation decided lately, newest first."""
        ...

    async def count_decisions(self, automation_id: str) -> Mapping[AutomationDecision, int]:
        """Return how often an automation decided what, ever: logs, and for evaluated and failed verdicts."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many automations are enabled, and those of them that have logs to decide about and are the asker's."""

    enabled_count: int
    automations: Sequence[Automation]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The next logs in the intake, from `after` (exclusive) to `upto` (inclusive) in its sequence numbers.

    `evaluator_id` is the evaluator that is to judge them; empty for the count of what matches and is sampled.
    `matched` are sequence and id of the logs that meet the condition.
    """

    automation: Automation
    evaluator_id: str
    after: int
    upto: int
    matched: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """How many logs of a stretch do not meet the condition, and the newest of them, without content."""

    count: int
    newest: Sequence[RequestLog]


@dataclass(frozen=True, slots=True)
class Progress:
    """What came of a stretch up to `upto`, which may lie before its end."""

    stretch: Stretch
    upto: int
    counts: Mapping[AutomationDecision, int] = field(default_factory=dict)
    events: Sequence[AutomationEvent] = ()
    scores: Sequence[Score] = ()


class OnlineStore(Protocol):
    """What the engine needs to judge new logs, for all organisations."""

    async def list_waiting(self, worker: str, now: datetime) -> Waiting:
        """Return the enabled automations with logs to decide about that `worker` has, or gets, for itself.

        A worker that does not ask again within half a minute loses what it had to others.
        """
        ...

    async def release(self, worker: str) -> None:
        """Leave to others what a worker has."""
        ...

    async def find_stretches(
        self,
        automation: Automation,
        expression: Expression,
        most_logs: int,
        most_matching: int,
        busy: Collection[str] = (),
    ) -> Sequence[Stretch]:
        """Return what comes next for an automation and for each of its evaluators that is not `busy`.

        Those who have seen everything are left out. A stretch has up to `most_logs` logs of everybody, and up to
        `most_matching` that meet the condition.
        """
        ...

    async def find_unmatched(self, stretch: Stretch, expression: Expression, most: int) -> Unmatched:
        """Return what does not meet the condition in a stretch, the newest `most` of it."""
        ...

    async def read_logs(self, sequences: Sequence[int], most_bytes: int) -> Sequence[RequestLog]:
        """Return the first of these logs: as many as have `most_bytes` together, and at least one if any is there."""
        ...

    async def list_scored(self, automation: Automation, evaluator_id: str, log_ids: Sequence[str]) -> frozenset[str]:
        """Return which of these logs have a score of this evaluator already."""
        ...

    async def note_progress(self, made: Sequence[Progress], at: datetime) -> bool:
        """Store scores, decisions and the places reached, in one transaction; False when one is not to go on.

        What was made from a place where the automation is no longer is left out, and a score that is there stays: no
        log is scored twice. One that was disabled or deleted is not to go on either.
        """
        ...
