"""Scripted models: answers made from a hash of the prompt, for tests and the offline demo. Nothing is asked."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from assay.providers.contract import ChatCall, ChatReply, Connection, ProviderError
from assay.providers.failures import error_of_status
from assay.providers.schema_values import NOTE, value_for

_encode = msgspec.json.Encoder(order="sorted").encode
# Attempts are counted so that a retry may fare better; no more prompts than this are remembered.
_MOST_PROMPTS = 100_000
_NONSENSE = f"Not a verdict ({NOTE})."
_PLAIN_SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "number", "minimum": 0, "maximum": 1}, "explanation": {"type": "string"}},
}


@dataclass(frozen=True, slots=True)
class Script:
    """How a scripted model behaves; `failures` are (status, probability), probabilities are for each attempt."""

    latency_seconds: float = 0.0
    failures: tuple[tuple[int, float], ...] = ()
    nonsense: float = 0.0
    hanging: float = 0.0
    seed: int = 0


class ScriptedClient:
    """Answers every prompt with a value that its schema takes, the same one each time; costs nothing."""

    def __init__(self, connection: Connection) -> None:
        self._timeout_seconds = connection.timeout_seconds
        self._scripts: dict[str, Script] = {}
        self._attempts: dict[bytes, int] = {}

    async def chat(self, call: ChatCall) -> ChatReply:
        """Answer as the name of the model says (`read_script`); raises ProviderError where it says so."""
        script = self._scripts.get(call.model)
        if script is None:
            script = self._scripts[call.model] = read_script(call.model)
        prompt = _encode([call.messages, call.schema])
        digest = hashlib.blake2b(prompt, digest_size=32, salt=script.seed.to_bytes(16, "little")).digest()
        drawn = self._draw(digest)
        is_hanging = drawn < script.hanging
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await asyncio.sleep(self._timeout_seconds * 2 if is_hanging else script.latency_seconds)
        except TimeoutError:
            message = f"No scripted answer within {self._timeout_seconds:g} seconds."
            raise ProviderError("timeout", message, is_retryable=True) from None
        drawn -= script.hanging
        for status, probability in script.failures:
            if 0 <= drawn < probability:
                raise error_of_status(status, f"scripted failure {status}: no model was asked")
            drawn -= probability
        text = _NONSENSE if 0 <= drawn < script.nonsense else _answer(call.schema, digest)
        return ChatReply(text, _words(prompt), _words(text.encode()), call.model, "stop", cost_usd=0.0)

    def _draw(self, digest: bytes) -> float:
        """Return a number in [0, 1) for the next attempt at a prompt, whatever the order of the prompts."""
        if len(self._attempts) >= _MOST_PROMPTS:
            self._attempts.clear()
        attempt = self._attempts[digest] = self._attempts.get(digest, 0) + 1
        drawn = hashlib.blake2b(digest + attempt.to_bytes(8, "little"), digest_size=8).digest()
        return int.from_bytes(drawn, "little") / 2**64

    async def close(self) -> None:
        """Nothing is open."""


def _answer(schema: Mapping[str, Any] | None, digest: bytes) -> str:
    try:
        return msgspec.json.encode(value_for(_PLAIN_SCHEMA if schema is None else schema, digest)).decode()
    except (ValueError, TypeError) as error:
        raise ProviderError("schema_unsupported", f"A scripted model cannot answer this schema. {error}") from None


def _words(text: bytes) -> int:
    return len(re.findall(rb"\w+", text))


def read_script(model: str) -> Script:
    """Read the behaviour out of a name such as `scripted/latency=0.2,fail=429@0.1,nonsense@0.02,hang@0.01,seed=7`.

    `latency` in seconds; `fail=STATUS@P` (once or more), `nonsense@P` and `hang@P` with probabilities whose sum is at
    most 1. Any other name answers at once. Raises ProviderError (bad_request) naming the part that is wrong.
    """
    options = model.removeprefix("scripted/") if model.startswith("scripted/") else ""
    latency_seconds, nonsense, hanging, seed = 0.0, 0.0, 0.0, 0
    failures: list[tuple[int, float]] = []
    for part in filter(None, options.split(",")):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise _wrong(model, part)
        name, value, probability = found.groups()
        chance = float(probability or 0)
        if name == "latency" and value and not probability:
            latency_seconds = float(value)
        elif name == "seed" and value and value.isdigit() and not probability:
            seed = int(value) % 2**64
        elif name == "fail" and value and value.isdigit() and 400 <= int(value) <= 599 and probability:
            failures.append((int(value), chance))
        elif name == "nonsense" and probability and not value:
            nonsense = chance
        elif name == "hang" and probability and not value:
            hanging = chance
        else:
            raise _wrong(model, part)
    if nonsense + hanging + sum(chance for _, chance in failures) > 1:
        raise _wrong(model, options)
    return Script(latency_seconds, tuple(failures), nonsense, hanging, seed)


_PART = re.compile(r"(latency|seed|fail|nonsense|hang)(?:=(\d{1,9}(?:\.\d{1,9})?))?(?:@([01](?:\.\d{1,9})?))?")


def _wrong(model: str, part: str) -> ProviderError:
    right = "latency=SECONDS, fail=STATUS@P, nonsense@P, hang@P, seed=N, with probabilities P of at most 1 in all"
    return ProviderError("bad_request", f"The scripted model '{model}' says '{part}': use {right}.", status=400)
