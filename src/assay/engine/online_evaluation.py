"""Online evaluation: new request logs are matched, sampled and judged by the automations that are enabled."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from time import monotonic
from typing import Any

from assay.engine.online_judging import OnlineJudge
from assay.filters.condition_policy import ConditionPolicy, read_policy
from assay.model.automation import Automation, AutomationDecision, AutomationEvent
from assay.model.errors import Invalid, Unavailable
from assay.model.ids import new_uuid
from assay.model.log import ATTRIBUTE_NAMES
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES, RequestLog
from assay.ports.automations import Progress, Stretch
from assay.ports.engine import Engine
from assay.ports.store import Stores
from assay.wire import codec

logger = logging.getLogger(__name__)

# While nothing is enabled one look is all that this costs.
_IDLE_SECONDS = 1.0
_PAUSE_SECONDS = 0.25
# Between two steps, so that requests come first.
_BREATH_SECONDS = 0.01
_MOST_LOGS = 20_000
# About so many sampled logs are judged, and their scores stored, together.
_JUDGED_TOGETHER = 200
# Lines written of what a step leaves out; the counts have all of it.
_EXPLAINED = 20
_FIRST_REST_SECONDS = 1.0
_LONGEST_REST_SECONDS = 60.0

_Key = tuple[str, str]


def sampling_share(log_id: str, automation_id: str) -> float:
    """Return the place of a log in the sampling of an automation, uniform in [0, 1) and always the same.

    A log is sampled when its place is below the sampling rate: what a small rate samples, a larger one does too.
    """
    digest = blake2b(f"{log_id}{automation_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2.0**53


class OnlineEvaluation:
    """A loop that decides about new logs, and beside it a task for each evaluator that has some to judge.

    Each evaluator of each automation has its own place in the intake: one that fails or is slow holds up no other. The
    stored places are the truth: what lies behind them is left to do after a restart.
    """

    def __init__(self, stores: Stores, engine: Engine) -> None:
        self._online = stores.online
        self._judge = OnlineJudge(stores, engine)
        self._worker = new_uuid()
        self._loop: asyncio.Task[None] | None = None
        self._judging: dict[_Key, asyncio.Task[None]] = {}
        self._resting: dict[_Key, tuple[float, float]] = {}
        self._is_awake = asyncio.Event()

    async def start(self) -> None:
        """Begin, where the last process stopped."""
        self._loop = asyncio.create_task(self._repeat(), name="online evaluation")

    async def stop(self) -> None:
        """End; what is being judged is judged again after the next start."""
        if self._loop is None:
            return
        # First what hands on work, then the work.
        self._loop.cancel()
        await asyncio.wait([self._loop])
        tasks = list(self._judging.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        with suppress(Unavailable):
            await self._online.release(self._worker)

    async def _repeat(self) -> None:
        while True:
            pause_seconds = _IDLE_SECONDS
            self._is_awake.clear()
            try:
                pause_seconds = await self.step()
            except Unavailable as error:
                logger.warning("online evaluation waits: %s", error.message)
            except Exception:
                # An outermost loop of the engine: a defect in one round must not end it for good.
                logger.exception("online evaluation failed and will try again")
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_seconds):
                    await self._is_awake.wait()
            await asyncio.sleep(_BREATH_SECONDS)

    async def step(self) -> float:
        """Decide about the next logs of every automation, and return the seconds until the next step is due."""
        waiting = await self._online.list_waiting(self._worker, datetime.now(UTC))
        made: list[Progress] = []
        is_more = False
        for automation in waiting.automations:
            decided, is_full = await self._decide(automation)
            made += decided
            is_more = is_more or is_full
        if made:
            await self._online.note_progress(made, datetime.now(UTC))
        if is_more:
            return _BREATH_SECONDS
        return _PAUSE_SECONDS if waiting.enabled_count else _IDLE_SECONDS

    async def _decide(self, automation: Automation) -> tuple[list[Progress], bool]:
        """Return what is settled of the next logs of an automation, having handed on what is to be judged.

        And whether more logs than these may follow at once.
        """
        if self._is_resting((automation.id, "")):
            return [], False
        try:
            policy = read_policy(automation.condition.condition_policy)
        except Invalid as error:
            # Stored by a release that took more than this one.
            logger.warning("automation %s cannot run: %s", automation.id, error.message)
            self._rest((automation.id, ""))
            return [], False
        most = _most_matching(automation.sampling_rate)
        stretches = await self._online.find_stretches(
            automation, policy.expression, _MOST_LOGS, most, self._busy_evaluators(automation)
        )
        made: list[Progress] = []
        is_full = False
        for stretch in stretches:
            sampled = _sampled(stretch)
            if not stretch.evaluator_id:
                made.append(await self._count(stretch, policy, sampled))
            elif sampled:
                self._hand_on(stretch, sampled)
                continue
            else:
                made.append(Progress(stretch, stretch.upto))
            is_full = is_full or len(stretch.matched) >= most or stretch.upto - stretch.after >= _MOST_LOGS
        return made, is_full

    def _busy_evaluators(self, automation: Automation) -> list[str]:
        keys = [(automation.id, evaluator_id) for evaluator_id in automation.evaluator_ids]
        return [key[1] for key in keys if key in self._judging or self._is_resting(key)]

    async def _count(self, stretch: Stretch, policy: ConditionPolicy, sampled: Sequence[tuple[int, str]]) -> Progress:
        """Count what a stretch leaves out, and say why for the newest of it."""
        automation = stretch.automation
        at = datetime.now(UTC)
        unmatched = await self._online.find_unmatched(stretch, policy.expression, _EXPLAINED)
        events = [
            AutomationEvent(automation.id, log.id, "not_matched", policy.why_not(_row_of(log)), at)
            for log in unmatched.newest
        ]
        chosen = {sequence for sequence, _ in sampled}
        left_out = [log_id for sequence, log_id in stretch.matched if sequence not in chosen]
        for log_id in left_out[-_EXPLAINED:]:
            place = sampling_share(log_id, automation.id)
            reason = f"Its place in the sample is {place:.4f}, the sampling rate {automation.sampling_rate:g}."
            events.append(AutomationEvent(automation.id, log_id, "not_sampled", reason, at))
        counts: dict[AutomationDecision, int] = {"not_matched": unmatched.count, "not_sampled": len(left_out)}
        return Progress(stretch, stretch.upto, counts, events)

    def _hand_on(self, stretch: Stretch, sampled: Sequence[tuple[int, str]]) -> None:
        key = (stretch.automation.id, stretch.evaluator_id)
        name = f"online evaluation {stretch.automation.automation_slug}"
        self._judging[key] = asyncio.create_task(self._evaluate(key, stretch, sampled), name=name)

    async def _evaluate(self, key: _Key, stretch: Stretch, sampled: Sequence[tuple[int, str]]) -> None:
        try:
            while sampled:
                progress, sampled = await self._judge.judge(stretch, sampled)
                if not await self._online.note_progress([progress], datetime.now(UTC)):
                    break
                stretch = replace(stretch, after=progress.upto)
            self._resting.pop(key, None)
        except Unavailable as error:
            seconds = self._rest(key)
            logger.warning("online evaluation by %s waits %g s: %s", stretch.evaluator_id, seconds, error.message)
        except Exception:
            # What breaks for one evaluator must not end the others; it is tried again, ever more rarely.
            self._rest(key)
            logger.exception("online evaluation by %s failed and will try again", stretch.evaluator_id)
        finally:
            del self._judging[key]
            self._is_awake.set()

    def _is_resting(self, key: _Key) -> bool:
        return key in self._resting and self._resting[key][0] > monotonic()

    def _rest(self, key: _Key) -> float:
        """Leave something alone for a while, twice as long each time, and return the seconds."""
        _, last = self._resting.get(key, (0.0, _FIRST_REST_SECONDS / 2))
        seconds = min(last * 2, _LONGEST_REST_SECONDS)
        self._resting[key] = (monotonic() + seconds, seconds)
        return seconds


def _most_matching(sampling_rate: float) -> int:
    if sampling_rate * _MOST_LOGS <= _JUDGED_TOGETHER:
        return _MOST_LOGS
    return math.ceil(_JUDGED_TOGETHER / sampling_rate)


def _sampled(stretch: Stretch) -> list[tuple[int, str]]:
    automation = stretch.automation
    if automation.sampling_rate >= 1.0:
        return list(stretch.matched)
    return [log for log in stretch.matched if sampling_share(log[1], automation.id) < automation.sampling_rate]


def _row_of(log: RequestLog) -> Mapping[str, Any]:
    """Return a log without its payloads as filters see it."""
    row: dict[str, Any] = {name: getattr(log.attributes, name) for name in ATTRIBUTE_NAMES}
    row |= {name: getattr(log.span, name) for name in SPAN_ATTRIBUTE_NAMES}
    row |= {"id": log.id, "created_at": log.created_at, "is_root_span": log.span.span_parent_id is None}
    row["metadata"] = None if log.metadata is None else codec.decode_stored(log.metadata)
    return row
