"""How the value in a filter is read: as text, as a number, as a boolean, as a time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from assay.filters.expression import Scalar

EXACT_INTEGER = 2**53
"""Integers up to this size are the same number as IEEE doubles and as integers."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2}(:?\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)


def as_text(literal: Scalar) -> str:
    """Return the text a stored string must have to equal the literal: true is "true", 5 is "5", 1.50 is "1.5"."""
    if isinstance(literal, str):
        return literal
    if isinstance(literal, datetime):
        return literal.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(literal, bool):
        return "true" if literal else "false"
    return str(literal) if isinstance(literal, int) else msgspec.json.encode(literal).decode()


def as_number(literal: Scalar) -> int | float | None:
    """Return the finite number the literal is or spells, None if it is none; integral ones up to 2**53 as int."""
    if isinstance(literal, bool | datetime):
        return None
    if isinstance(literal, str) and _NUMBER.fullmatch(literal) is None:
        return None
    try:
        number = float(literal)
    except OverflowError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) <= EXACT_INTEGER else number


def as_boolean(literal: Scalar) -> bool | None:
    """Return the boolean the literal stands for: a bool, "true" or "false" in any case, or the numbers 1 and 0."""
    if isinstance(literal, bool):
        return literal
    if isinstance(literal, str) and literal.lower() in ("true", "false"):
        return literal.lower() == "true"
    number = as_number(literal)
    return bool(number) if number in (0, 1) else None


def as_time(literal: Scalar) -> datetime | None:
    """Return the aware UTC time of an ISO 8601 text; without a zone it is UTC, without a time it is midnight."""
    if isinstance(literal, datetime):
        return literal.replace(tzinfo=literal.tzinfo or UTC).astimezone(UTC)
    if not isinstance(literal, str) or _TIME.fullmatch(literal.strip()) is None:
        return None
    try:
        time = datetime.fromisoformat(literal.strip().upper())
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_double(number: int | float) -> float:
    """Return the IEEE double nearest to the number; beyond its range, infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def plain_decimal(text: str) -> float | None:
    """Return the number of a text that looks like a plain decimal (up to 15 digits, a point, 15 more), else None."""
    return float(text) if _DECIMAL.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class JsonLiterals:
    """What stored JSON values equal at least one of some literals, by the type of the stored value."""

    texts: tuple[str, ...]
    numbers: tuple[int | float, ...]
    booleans: frozenset[bool]


def json_literals(values: Iterable[Scalar]) -> JsonLiterals:
    """Read every literal in all the ways a stored JSON value may equal it; the order is kept, repeats are dropped."""
    values = tuple(values)
    numbers = (as_number(value) for value in values)
    booleans = (as_boolean(value) for value in values)
    return JsonLiterals(
        tuple(dict.fromkeys(as_text(value) for value in values)),
        tuple(dict.fromkeys(number for number in numbers if number is not None)),
        frozenset(boolean for boolean in booleans if boolean is not None),
    )
