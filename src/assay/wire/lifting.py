"""Lifting: recognised keys of a client's JSON, read into attributes by one table for every kind of log."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assay.filters.literals import as_time
from assay.wire import codec

LARGEST_COUNT = 10**12
LARGEST_NUMBER = 1e15
LONGEST_TEXT = 4096

ABSENT: Any = object()
"""What a body does not say, where None is something that it may say."""
WRONG: Any = object()
"""What a reader returns for a value that it cannot read; None is a value that says nothing."""

Reader = Callable[[Any], Any]
# The number of the bag that a value goes into, the attribute's name, how it is read, how to say that it is wrong.
Entry = tuple[int, str, Reader, Callable[[Any], str]]

# What each recognised key is lifted to. Metadata and metrics may say the same under the same names.
TEXTS = (
    *("model", "log_type", "custom_identifier", "customer_identifier", "session_identifier", "thread_identifier"),
    *("trace_unique_id", "prompt_id", "prompt_name", "span_name", "span_workflow_name", "error_code", "error_message"),
    "status",
)
COUNTS = ("prompt_tokens", "completion_tokens", "total_request_tokens", "status_code")
NUMBERS = ("cost", "latency", "time_to_first_token", "tokens_per_second")
TIMES = ("timestamp", "start_time")
SYNONYMS = {
    "session_id": "session_identifier",
    "thread_id": "thread_identifier",
    "trace_id": "trace_unique_id",
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "total_tokens": "total_request_tokens",
    "generation_time": "latency",
    "ttft": "time_to_first_token",
}


def as_number(value: Any) -> Any:
    """Read a number, also one written as text."""
    if type(value) is float:
        return value if abs(value) <= LARGEST_NUMBER else WRONG
    if isinstance(value, bool):
        return WRONG
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return WRONG
    if isinstance(value, (int, float)) and abs(value) <= LARGEST_NUMBER:
        return float(value)
    return WRONG


def as_count(value: Any) -> Any:
    """Read a whole number from zero, also one written as text or as a float."""
    if type(value) is int:
        return value if 0 <= value <= LARGEST_COUNT else WRONG
    number = as_number(value)
    return int(number) if number is not WRONG and number.is_integer() and 0 <= number <= LARGEST_COUNT else WRONG


def as_text(value: Any) -> Any:
    """Read a text, cut at its longest; numbers become text."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else WRONG


_PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|\+00:00)", re.ASCII).fullmatch


def as_moment(value: Any) -> Any:
    """Read an ISO 8601 time; an empty text says nothing."""
    if value == "":
        return None
    if type(value) is str and _PLAIN_TIME(value) is not None:
        # As exporters write it: already in UTC, and a third of the work.
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return WRONG
    moment = as_time(value)
    return WRONG if moment is None else moment


def shown(value: Any) -> str:
    """Return a value as an error message shows it: at most 60 characters."""
    text = codec.encode(value).decode() if not isinstance(value, float) or math.isfinite(value) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def requiring(required: str) -> Callable[[Any], str]:
    """Return what says of a value that it is not what is required."""
    return lambda value: f"{required}, not {shown(value)}."


number_required = requiring(f"A number of at most {LARGEST_NUMBER:.0e} is required")
count_required = requiring(f"A whole number from 0 to {LARGEST_COUNT:,} is required")
text_required = requiring("A string is required")


def time_required(value: Any) -> str:
    """Say that a value is no time."""
    return f"'{str(value)[:60]}' is not a time: use ISO 8601, such as 2026-01-31T09:30:00Z."


def entries(
    names: Sequence[str], read: Reader, wrong: Callable[[Any], str], *, bag: int = 0, synonyms: Mapping[str, str] = {}
) -> dict[str, Entry]:
    """Return the part of a table for attributes that are read alike, under their names and their synonyms."""
    keys = {name: name for name in names} | {key: name for key, name in synonyms.items() if name in names}
    return {key: (bag, name, read, wrong) for key, name in keys.items()}


def lift(
    source: Mapping[str, Any],
    table: Mapping[str, Entry],
    bags: Sequence[dict[str, Any]],
    problems: dict[str, list[str]] | None,
    where: str = "",
) -> None:
    """Put what `source` says under recognised keys into `bags`, over what is there.

    What is wrong goes into `problems` under `where` and its key; without `problems` it is passed over.
    """
    find = table.get
    for key, value in source.items():
        entry = find(key)
        if entry is None or value is None:
            continue
        bag, name, read, wrong = entry
        # The attribute's own name wins over a synonym beside it.
        if key != name and source.get(name) is not None:
            continue
        result = read(value)
        if result is WRONG:
            if problems is not None:
                problems[where + key] = [wrong(value)]
        elif result is not None:
            bags[bag][name] = result


def mapping(body: Mapping[str, Any], name: str, problems: dict[str, list[str]]) -> dict[str, Any]:
    """Return the object under a name, or an empty one; a value that is no object goes into `problems`."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        problems[name] = [f"Expected an object of keys and values, but got {shown(value)}."]
        return {}
    return value


def encoded(value: Any) -> bytes | None:
    """Return a payload as JSON text, or None for an absent one."""
    return None if value is ABSENT else codec.encode(value)
