"""What server and sandbox say to each other: a request of length-prefixed parts, answers of one JSON line each.

The lines come from a process that runs somebody's code, which can write there itself: `read_*` trust nothing.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.evaluators.sandbox.limits import Limits

# Server to zygote, one byte each; FORK carries the batch's channel as a descriptor.
FORK, REAP = b"f", b"r"
# Zygote to server: ready, then one status of waitpid(2) for each REAP.
READY = b"ready"
STATUS = struct.Struct("!i")
NO_CHILD = -1

# Child to server, before the rows: the walls stand; the module has run.
CONFINED, LOADED = b'{"state": "confined"}', b'{"state": "loaded"}'
# How a child ends that could not even write a line for want of memory.
OUT_OF_MEMORY_STATUS = 102

MAXIMUM_MESSAGE_CHARACTERS = 2_000
_ERROR_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
# The numbers of a request: eight bytes, the most significant first.
NUMBER_BYTES = 8


class ProtocolError(ValueError):
    """The bytes are not what the sandbox writes: user-written code wrote them, or overwrote what does."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: the value returned, as JSON reads it, or the kind and the message of an error.

    `stdout` is what the row printed, within its limit; `latency_seconds` is wall time inside the sandbox.
    """

    value: Any = None
    error_kind: str | None = None
    error_message: str | None = None
    stdout: str = ""
    latency_seconds: float = 0.0


def pack_request(source: bytes, rows: Sequence[bytes]) -> bytes:
    """Put the source and the rows into one request: how many parts there are, then each behind its length."""
    parts = [_number(1 + len(rows))]
    for part in (source, *rows):
        parts += (_number(len(part)), part)
    return b"".join(parts)


def _number(value: int) -> bytes:
    return value.to_bytes(NUMBER_BYTES)


def longest_line(limits: Limits) -> int:
    """Return the most bytes that a line of an honest child can have; JSON writes one byte as six at worst."""
    return limits.result_bytes + 6 * limits.stdout_bytes + 24 * MAXIMUM_MESSAGE_CHARACTERS + 1_024


@dataclass(frozen=True, slots=True)
class Line:
    """One answered row, and whether the child ends after it."""

    result: RowResult
    is_last: bool


def read_row(line: bytes, row: int, longest_seconds: float) -> Line:
    """Read the line that answers a row, counted from 0 within the batch.

    Raises ProtocolError where it is not such a line, answers another row, or claims more than `longest_seconds`.
    """
    answer = _read_object(line)
    if answer.get("row") != row:
        raise ProtocolError(f"a line answers row {_shown(answer.get('row'))} where row {row} was due")
    seconds = answer.get("seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= longest_seconds:
        raise ProtocolError(f"row {row} claims to have taken {_shown(seconds)} seconds")
    return Line(_read_result(answer, float(seconds)), answer.get("last") is True)


def read_loading(line: bytes) -> RowResult | None:
    """Read the line after CONFINED: None when the module has run, or the error that every row has in common.

    Raises ProtocolError where it is neither.
    """
    return None if line == LOADED else _read_result(_read_object(line), 0.0, must_be_error=True)


def _read_object(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError(f"a line is no JSON: {_shown(line[:40])}") from None
    if not isinstance(answer, dict):
        raise ProtocolError(f"a line is no JSON object: {_shown(line[:40])}")
    return answer


def _read_result(answer: dict[str, Any], seconds: float, must_be_error: bool = False) -> RowResult:
    stdout = answer.get("stdout", "")
    if not isinstance(stdout, str):
        raise ProtocolError("what was printed is no text")
    if "error" not in answer:
        if must_be_error or "value" not in answer:
            raise ProtocolError("a line has neither a value nor an error")
        return RowResult(answer["value"], stdout=storable(stdout), latency_seconds=seconds)
    match answer["error"]:
        case [str(kind), str(message)] if _ERROR_KIND.fullmatch(kind):
            text = storable(message[:MAXIMUM_MESSAGE_CHARACTERS])
            return RowResult(None, kind, text, storable(stdout), seconds)
    raise ProtocolError("an error has no kind and message")


def storable(text: str) -> str:
    """Return text with lone surrogates and NUL, which no store takes, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _shown(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return ascii(value)[:60] if isinstance(value, bytes | str | float | bool | None) else f"a {type(value).__name__}"
