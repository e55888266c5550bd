"""One cell judged by a model: attempts, pauses between them, one repair of what could not be read, and the bill."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from assay.engine.models import ModelRoute
from assay.engine.stop import Stop, Stopped
from assay.engine.waiting import until_available
from assay.evaluators.judge.judge import Judge, cache_key
from assay.evaluators.outcome import ReadAnswer, WrongAnswer
from assay.evaluators.run import failed_outcome
from assay.model.errors import Unavailable
from assay.model.evaluator import EvaluatorInputs
from assay.model.score import CellDetail, Outcome
from assay.ports.judge_cache import JudgeCache
from assay.providers.contract import ChatCall, ChatReply, ProviderError

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 30.0
# What nobody should wait for: a cell then fails and is retried when somebody asks for it.
_LONGEST_RETRY_AFTER_SECONDS = 120.0
_CHARACTERS_PER_TOKEN = 4
_GUESSED_OUTPUT_TOKENS = 200

# What a judge may say again; `wrong_type` is "7/10" where a number was asked for.
_FAULTS_OF_FORM = ("unparseable", "ambiguous", "wrong_type")

# Jitter need not be secret.
_random = random.Random()  # noqa: S311


@dataclass(slots=True)
class _Bill:
    """What the calls of one cell came to; a cost is unknown as soon as one call's is."""

    cost_usd: float | None = 0.0
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_seconds: float = 0.0
    attempts: int = 0
    replies: list[str] = field(default_factory=list)

    def add(self, reply: ChatReply, cost_usd: float | None) -> None:
        self.replies.append(reply.text)
        self.cost_usd = None if self.cost_usd is None or cost_usd is None else self.cost_usd + cost_usd
        if reply.input_tokens is not None:
            self.input_tokens = (self.input_tokens or 0) + reply.input_tokens
        if reply.output_tokens is not None:
            self.output_tokens = (self.output_tokens or 0) + reply.output_tokens


@dataclass(frozen=True, slots=True)
class JudgeRun:
    """A judge with all that a run gives it.

    `run` and `most` are how its provider's gate knows the run; after `stop` no call begins any more.
    """

    judge: Judge
    read_answer: ReadAnswer
    route: ModelRoute
    run: str
    most: int
    cache: JudgeCache | None = None
    stop: Stop = field(default_factory=Stop)

    async def evaluate(self, inputs: EvaluatorInputs) -> tuple[Outcome, CellDetail | None]:
        """Judge one row. Failure is an outcome; only a store that is away, a cancel, or Stopped is raised."""
        try:
            call = replace(self.judge.call(inputs), model=self.route.model)
        except Exception as error:  # one bad row must not hide the rest
            return failed_outcome(error), None
        bill = _Bill()
        cached = await self._cached(call)
        if cached is not None:
            outcome = self._read(cached)
            if outcome is not None:
                return outcome, _detail(call, cached.text, self.route.model, is_from_cache=True)
        try:
            outcome, reply = await self._ask_until_readable(call, bill)
        except ProviderError as error:
            outcome, reply = Outcome("failed", error_kind=error.kind, error_message=error.message), None
        except Stopped:
            raise
        except Exception as error:  # a reply that no reader foresaw is a failure of its row alone
            logger.exception("a judgement by %s broke off", self.route.model)
            outcome, reply = failed_outcome(error), None
        outcome = replace(
            outcome,
            attempts=max(bill.attempts, 1),
            cost_usd=bill.cost_usd,
            latency_seconds=bill.latency_seconds,
            input_tokens=bill.input_tokens,
            output_tokens=bill.output_tokens,
        )
        if outcome.status == "scored" and reply is not None and self.cache is not None:
            # What was paid for is recorded, whether or not it can be kept for others.
            with suppress(Unavailable):
                await self.cache.put(self._key(call), msgspec.json.encode(reply), datetime.now(UTC))
        text = "\n\n".join(bill.replies) if bill.replies else None
        return outcome, _detail(call, text, self.route.model)

    async def _ask_until_readable(self, call: ChatCall, bill: _Bill) -> tuple[Outcome, ChatReply]:
        reply = await self._ask(call, bill)
        try:
            return self._verdict(reply), reply
        except WrongAnswer as problem:
            # A score that can be read and is wrong is the judge's word; asking again would fish for another one.
            if problem.kind not in _FAULTS_OF_FORM:
                return failed_outcome(problem), reply
            again = self.judge.repair(call, reply.text, problem)
        reply = await self._ask(again, bill)
        try:
            return self._verdict(reply), reply
        except WrongAnswer as problem:
            return failed_outcome(problem), reply

    def _verdict(self, reply: ChatReply) -> Outcome:
        return self.read_answer(self.judge.read(reply), 0.0)

    async def _ask(self, call: ChatCall, bill: _Bill) -> ChatReply:
        """Call until there is a reply; raises ProviderError where no attempt will help, or was the last."""
        tokens = _tokens_of(call)
        attempt = 0
        while True:
            attempt += 1
            bill.attempts += 1
            try:
                async with AsyncExitStack() as held:
                    async with self.stop.waiting():
                        turn = self.route.gate.enter(self.run, self.most, tokens, is_retry=attempt > 1)
                        await held.enter_async_context(turn)
                    started = time.perf_counter()
                    try:
                        reply = await self.route.client.chat(call)
                    finally:
                        bill.latency_seconds += time.perf_counter() - started
                self.route.gate.note(is_refusal=False)
                bill.add(reply, self.route.cost_usd(reply))
                return reply
            except ProviderError as error:
                self.route.gate.note(is_refusal=error.kind == "rate_limited")
                pause = _pause(error, attempt)
                if pause is None:
                    raise
            # Outside of the gate: whoever waits holds no slot.
            async with self.stop.waiting():
                await asyncio.sleep(pause)

    def _key(self, call: ChatCall) -> bytes:
        # One name may be another model elsewhere.
        return cache_key(replace(call, model=f"{self.route.provider.id}/{call.model}"))

    async def _cached(self, call: ChatCall) -> ChatReply | None:
        if self.cache is None:
            return None
        cache, key = self.cache, self._key(call)
        stored = await until_available(lambda: cache.find(key), "the cache of judges", lambda: self.stop.is_set)
        return None if stored is None else msgspec.json.decode(stored, type=ChatReply)

    def _read(self, reply: ChatReply) -> Outcome | None:
        try:
            return replace(self._verdict(reply), cost_usd=0.0)
        except WrongAnswer:
            # Stored when the rules were others: the model is asked anew.
            return None


def _pause(error: ProviderError, attempt: int) -> float | None:
    """Return how long to wait before another attempt, None when there is to be none.

    Exponential with equal jitter (Brooker 2015, "Exponential Backoff And Jitter"); never less than what the provider
    asks for.
    """
    if not error.is_retryable or attempt >= MOST_ATTEMPTS:
        return None
    if error.kind == "timeout" and attempt == 1:
        # Whoever waited for all of a timeout has backed off enough.
        return 0.0
    wanted = error.retry_after_seconds or 0.0
    if wanted > _LONGEST_RETRY_AFTER_SECONDS:
        return None
    pause: float = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    return max(wanted, pause * (0.5 + _random.random() / 2))


def _tokens_of(call: ChatCall) -> int:
    """Guess how many tokens a call takes: the limits of providers count before they know, too."""
    written = sum(_length(message.get("content")) for message in call.messages)
    most = call.parameters.get("max_completion_tokens") or call.parameters.get("max_tokens")
    return written // _CHARACTERS_PER_TOKEN + (most if isinstance(most, int) else _GUESSED_OUTPUT_TOKENS)


def _length(content: Any) -> int:
    if isinstance(content, str):
        return len(content)
    return sum(_length(part.get("text")) for part in content) if isinstance(content, Sequence) else 0


def _detail(call: ChatCall, reply: str | None, model: str, *, is_from_cache: bool = False) -> CellDetail:
    return CellDetail(tuple(call.messages), reply, None, model, is_from_cache)
