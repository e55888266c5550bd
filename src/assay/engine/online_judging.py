"""Judging request logs as they come in: a few at a time, within a budget of memory, and what is stored of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec

from assay.model.automation import AutomationDecision, AutomationEvent
from assay.model.errors import Invalid, Unavailable
from assay.model.evaluator import Evaluator, EvaluatorInputs
from assay.model.ids import new_uuid
from assay.model.log import LogContent
from assay.model.request_log import RequestLog
from assay.model.score import Outcome, Score
from assay.ports.automations import Progress, Stretch
from assay.ports.engine import Engine
from assay.ports.store import Stores
from assay.wire.evaluator_inputs import inputs_of, lifted_metrics

logger = logging.getLogger(__name__)

# Payloads that one evaluator works on at once, and all of them together: a log may have 20 MB.
_READ_TOGETHER_BYTES = 4 * 1024 * 1024
_HELD_BYTES = 64 * 1024 * 1024
_READERS = 2
_MOST_REASON_CHARACTERS = 500


class OnlineJudge:
    """Reads sampled logs and has them judged; nothing is stored here."""

    def __init__(self, stores: Stores, engine: Engine) -> None:
        self._stores = stores
        self._online = stores.online
        self._engine = engine
        self._reading = asyncio.Semaphore(_READERS)
        self._room = _Room(_HELD_BYTES)

    async def judge(
        self, stretch: Stretch, sampled: Sequence[tuple[int, str]]
    ) -> tuple[Progress, Sequence[tuple[int, str]]]:
        """Judge the first of the sampled logs of a stretch, given by sequence and id; return what came of them.

        And those that are left. Raises Unavailable when it is worth trying again.
        """
        scored = await self._online.list_scored(
            stretch.automation, stretch.evaluator_id, [log_id for _, log_id in sampled]
        )
        wanted = [sequence for sequence, log_id in sampled if log_id not in scored]
        made = _Made(stretch)
        async with self._read(wanted) as logs:
            is_all = not logs or logs[-1].sequence == wanted[-1]
            last = sampled[-1][0] if is_all else logs[-1].sequence
            left = [log for log in sampled if log[0] > last]
            evaluator = await self._find_evaluator(stretch)
            name = stretch.evaluator_id if evaluator is None else evaluator.slug
            present = {log.id for log in logs}
            for _, log_id in sampled[: len(sampled) - len(left)]:
                if log_id in scored:
                    made.note(log_id, "evaluated", f"{name}: it had a score already.")
                elif log_id not in present:
                    made.note(log_id, "failed", f"{name}: the log was deleted before it was judged.")
            if logs:
                await self._judge_logs(made, evaluator, logs)
        return made.progress(left[0][0] - 1 if left else stretch.upto), left

    @asynccontextmanager
    async def _read(self, sequences: Sequence[int]) -> AsyncIterator[Sequence[RequestLog]]:
        if not sequences:
            yield []
            return
        async with self._reading:
            logs = await self._online.read_logs(sequences, _READ_TOGETHER_BYTES)
            size = sum(map(_size_of, logs))
            await self._room.enter(size)
        try:
            yield logs
        finally:
            self._room.leave(size)

    async def _find_evaluator(self, stretch: Stretch) -> Evaluator | None:
        automation = stretch.automation
        store = self._stores.within(automation.organization_id, automation.environment)
        found = await store.evaluators.find_many([stretch.evaluator_id])
        return found.get(stretch.evaluator_id)

    async def _judge_logs(self, made: _Made, evaluator: Evaluator | None, logs: Sequence[RequestLog]) -> None:
        if evaluator is None:
            made.fail(logs, f"{made.stretch.evaluator_id}: the evaluator was deleted.")
            return
        method = evaluator.current.method()
        if method is None or method == "human":
            made.fail(logs, f"{evaluator.slug}: it is answered by people.")
            return
        inputs = await asyncio.to_thread(lambda: [_inputs_of(log) for log in logs])
        organization_id = made.stretch.automation.organization_id
        try:
            judged = await self._engine.evaluate(organization_id, evaluator.current, method, inputs)
        except Unavailable:
            raise
        except Invalid as error:
            made.fail(logs, f"{evaluator.slug}: {error.message}")
        except Exception:
            # A defect of an evaluator: the logs behind these must not wait for it for ever.
            logger.exception("evaluator %s broke off on %d logs", evaluator.slug, len(logs))
            made.fail(logs, f"{evaluator.slug}: it broke off; the server's log says why.")
        else:
            for log, (outcome, _) in zip(logs, judged, strict=True):
                made.add(log, evaluator, outcome)


class _Made:
    """What comes of some logs of a stretch."""

    def __init__(self, stretch: Stretch) -> None:
        self.stretch = stretch
        self._at = datetime.now(UTC)
        self._counts: dict[AutomationDecision, int] = {}
        self._events: list[AutomationEvent] = []
        self._scores: list[Score] = []

    def note(self, log_id: str, decision: AutomationDecision, reason: str) -> None:
        """Note a decision about one log."""
        if len(reason) > _MOST_REASON_CHARACTERS:
            reason = reason[: _MOST_REASON_CHARACTERS - 1] + "…"
        self._counts[decision] = self._counts.get(decision, 0) + 1
        self._events.append(AutomationEvent(self.stretch.automation.id, log_id, decision, reason, self._at))

    def fail(self, logs: Sequence[RequestLog], reason: str) -> None:
        """Note that none of some logs could be judged: there is no verdict to store."""
        for log in logs:
            self.note(log.id, "failed", reason)

    def add(self, log: RequestLog, evaluator: Evaluator, outcome: Outcome) -> None:
        """Note a verdict, and the score that it gives."""
        if outcome.status == "failed":
            self.note(log.id, "failed", f"{evaluator.slug}: {outcome.error_kind}: {outcome.error_message}")
        elif outcome.status == "skipped":
            self.note(log.id, "evaluated", f"{evaluator.slug}: skipped: {outcome.explanation}")
        else:
            value = msgspec.json.encode(outcome.values.primary).decode()
            self.note(log.id, "evaluated", f"{evaluator.slug}: {value}")
        automation, version = self.stretch.automation, evaluator.current
        self._scores.append(
            Score(
                id=new_uuid(),
                log_id=log.id,
                dataset_id=None,
                evaluator_id=evaluator.id,
                evaluator_slug=evaluator.slug,
                evaluator_name=version.name,
                evaluator_type=version.type,
                score_value_type=version.score_value_type,
                status=outcome.status,
                values=outcome.values,
                is_passed=outcome.is_passed,
                created_at=self._at,
                environment=automation.environment,
                explanation=outcome.explanation,
                error_message=outcome.error_message,
                cost_usd=outcome.cost_usd,
                prompt_id=log.attributes.prompt_id,
                prompt_version_number=log.span.prompt_version_number,
                automation_id=automation.id,
            )
        )

    def progress(self, upto: int) -> Progress:
        """Return all of it."""
        return Progress(self.stretch, upto, self._counts, self._events, self._scores)


class _Room:
    """Lets payloads into memory as long as they are small together; the largest come in when nobody else is there."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._used = 0
        self._left = asyncio.Event()

    async def enter(self, size: int) -> None:
        """Wait until there is room for so many bytes, and take it."""
        while self._used and self._used + size > self._most:
            self._left.clear()
            await self._left.wait()
        self._used += size

    def leave(self, size: int) -> None:
        """Give room back."""
        self._used -= size
        self._left.set()


def _size_of(log: RequestLog) -> int:
    content = log.content or LogContent()
    parts = (content.input, content.output, content.expected_output, log.metadata, log.details)
    return sum(len(part) for part in parts if part is not None)


def _inputs_of(log: RequestLog) -> EvaluatorInputs:
    return inputs_of(log.content or LogContent(), lifted_metrics(log.attributes))
