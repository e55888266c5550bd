"""The unified log format: one body of any JSON read into a row (contract 4.2), with what is recognised in it lifted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assay.model.dataset import DatasetLog, DatasetLogDraft
from assay.model.errors import Invalid, TooLarge
from assay.model.log import CONTENT_NAMES, LogAttributes, LogContent
from assay.wire import codec
from assay.wire.problems import REQUIRED
from assay.wire.text import is_message_list
from assay.wire.times import read_time

LARGEST_LOG_BYTES = 20 * 1024 * 1024

_LARGEST_COUNT = 10**12
_LARGEST_NUMBER = 1e15
_LONGEST_TEXT = 4096

# What each recognised key of a body, its metadata or its metrics is lifted to, and how it is read.
_TEXTS = (
    *("model", "log_type", "custom_identifier", "customer_identifier", "session_identifier", "thread_identifier"),
    *("trace_unique_id", "prompt_id", "prompt_name", "span_name", "span_workflow_name", "error_code", "error_message"),
    "status",
)
_COUNTS = ("prompt_tokens", "completion_tokens", "total_request_tokens", "status_code")
_NUMBERS = ("cost", "latency", "time_to_first_token", "tokens_per_second")
_TIMES = ("timestamp", "start_time")
_SYNONYMS = {
    "session_id": "session_identifier",
    "thread_id": "thread_identifier",
    "trace_id": "trace_unique_id",
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "total_tokens": "total_request_tokens",
    "generation_time": "latency",
    "ttft": "time_to_first_token",
}
_LIFTED = {name: name for name in (*_TEXTS, *_COUNTS, *_NUMBERS, *_TIMES)} | _SYNONYMS
RECOGNISED_NAMES = frozenset(_LIFTED)
INPUT_NAMES = ("input", "messages", "prompt_messages", "prompt")
OUTPUT_NAMES = ("output", "completion_message", "completion")


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and abs(value) <= _LARGEST_NUMBER:
        return float(value)
    return None


def _as_count(value: Any) -> int | None:
    number = _as_number(value)
    return int(number) if number is not None and number.is_integer() and 0 <= number <= _LARGEST_COUNT else None


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _readers() -> dict[str, tuple[Callable[[Any], Any], str]]:
    """Return for each attribute how its value is read, and what a value that cannot be read should have been."""
    number = (_as_number, f"A number of at most {_LARGEST_NUMBER:.0e} is required")
    count = (_as_count, f"A whole number from 0 to {_LARGEST_COUNT:,} is required")
    text = (_as_text, "A string is required")
    return {
        **dict.fromkeys(_TEXTS, text),
        **dict.fromkeys(_COUNTS, count),
        **dict.fromkeys(_NUMBERS, number),
    }


_READERS = _readers()


def _lifted(
    body: Mapping[str, Any], metadata: Mapping[str, Any], metrics: Mapping[str, Any], problems: dict[str, list[str]]
) -> dict[str, Any]:
    """Return the attributes that a body, its metrics and its metadata say, the former winning over the latter.

    What is wrong in the body or its metrics goes into `problems`. Metadata is the client's own: what cannot be read
    there stays there and is not lifted.
    """
    values: dict[str, Any] = {}
    for where, source in (("metadata", metadata), ("metrics.", metrics), ("", body)):
        for key, value in source.items():
            name = _LIFTED.get(key)
            # The attribute's own name wins over a synonym beside it.
            if name is None or value is None or (key != name and source.get(name) is not None):
                continue
            if name in _TIMES:
                if where == "":
                    try:
                        values[name] = read_time(value, key)
                    except Invalid as error:
                        problems.update(error.fields)
                continue
            read, required = _READERS[name]
            if where == "metrics." and read is _as_text:
                continue
            result = read(value)
            if result is not None:
                values[name] = result
            elif where != "metadata":
                problems[where + key] = [f"{required}, not {_shown(value)}."]
    return values


def _shown(value: Any) -> str:
    text = codec.encode(value).decode() if not isinstance(value, float) or math.isfinite(value) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _mapping(body: Mapping[str, Any], name: str, problems: dict[str, list[str]]) -> dict[str, Any] | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        problems[name] = [f"Expected an object of keys and values, but got {_shown(value)}."]
        return None
    return value


def read_log(body: Any, *, environment: str, now: datetime) -> DatasetLogDraft:
    """Read one row in the unified format (contract 4.2); raises Invalid that names every wrong field.

    `metadata` keeps the keys that are lifted from it, and the top of the body wins over both bags.
    """
    if not isinstance(body, dict):
        raise Invalid(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    problems: dict[str, list[str]] = {}
    metadata, metrics = _mapping(body, "metadata", problems), _mapping(body, "metrics", problems)
    input_value, output_value = _payload(body, INPUT_NAMES), _payload(body, OUTPUT_NAMES)
    if input_value is _ABSENT:
        problems["input"] = [REQUIRED]
    expected = body.get("expected_output", _ABSENT)
    if expected is _ABSENT and isinstance(input_value, dict) and "expected_output" in input_value:
        input_value = dict(input_value)
        expected = input_value.pop("expected_output")
    values = _lifted(body, metadata or {}, metrics or {}, problems)
    if problems:
        raise Invalid(fields=problems)
    attributes = _attributes(values, input_value, environment, now)
    content = LogContent(
        input=_encoded(input_value),
        output=_encoded(output_value),
        expected_output=_encoded(expected),
        metadata=_encoded(metadata or _ABSENT),
        metrics=_encoded(metrics or _ABSENT),
    )
    size = sum(len(part) for part in (content.input, content.output, content.expected_output, content.metadata) if part)
    if size > LARGEST_LOG_BYTES:
        raise TooLarge(f"The row is {size:,} bytes of JSON; at most {LARGEST_LOG_BYTES:,} are taken.")
    return DatasetLogDraft(content, attributes)


_ABSENT: Any = object()


def _payload(body: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in body:
            return body[name]
    return _ABSENT


def _encoded(value: Any) -> bytes | None:
    return None if value is _ABSENT else codec.encode(value)


def _attributes(values: dict[str, Any], input_value: Any, environment: str, now: datetime) -> LogAttributes:
    timestamp = values.setdefault("timestamp", now)
    values.setdefault("start_time", timestamp)
    if "log_type" not in values:
        values["log_type"] = "chat" if is_message_list(input_value) else "workflow"
    if "total_request_tokens" not in values and "prompt_tokens" in values and "completion_tokens" in values:
        values["total_request_tokens"] = values["prompt_tokens"] + values["completion_tokens"]
    return LogAttributes(environment=environment, **values)


def edited(present: DatasetLog, body: Mapping[str, Any], *, replace: bool, now: datetime) -> DatasetLogDraft:
    """Return the next revision of a row.

    PATCH (`replace` false) sets what the body names and merges `metadata` one level deep, a null value removing its
    key; PUT clears what it does not name. Ids, times and environment stay. Raises Invalid as `read_log` does.
    """
    merged: dict[str, Any] = {}
    if not replace:
        for name in CONTENT_NAMES:
            text = getattr(present.content, name)
            if text is not None:
                merged[name] = codec.decode_stored(text)
        merged.setdefault("input", None)
        # What an earlier body said at its top is in no payload: carry over what the payloads do not explain.
        explained = read_log(merged, environment=present.attributes.environment, now=now).attributes
        for name in (*_TEXTS, *_COUNTS, *_NUMBERS):
            value = getattr(present.attributes, name)
            if value is not None and value != getattr(explained, name):
                merged[name] = value
    given = dict(body)
    for target, spellings in (("input", INPUT_NAMES), ("output", OUTPUT_NAMES)):
        value = _payload(given, spellings)
        for spelling in spellings:
            given.pop(spelling, None)
        if value is not _ABSENT:
            given[target] = value
    for bag in ("metadata", "metrics"):
        change = given.pop(bag, _ABSENT)
        if change is _ABSENT:
            continue
        if not isinstance(change, dict):
            if change is not None:
                raise Invalid.field(bag, f"Expected an object of keys and values, but got {_shown(change)}.")
            merged.pop(bag, None)
            continue
        combined = {**merged.get(bag, {}), **change}
        merged[bag] = {key: value for key, value in combined.items() if value is not None or key not in change}
    merged.update(given)
    merged.setdefault("input", None)
    for name in ("timestamp", "start_time"):
        merged[name] = getattr(present.attributes, name)
    draft = read_log(merged, environment=present.attributes.environment, now=now)
    return DatasetLogDraft(draft.content, draft.attributes, present.source_log_id)
