"""The unified log format: one body of any JSON read into a row (contract 4.2), with what is recognised in it lifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assay.model.dataset import DatasetLog, DatasetLogDraft
from assay.model.errors import Invalid, TooLarge
from assay.model.log import CONTENT_NAMES, LogAttributes, LogContent
from assay.wire import codec
from assay.wire.lifting import (
    ABSENT,
    COUNTS,
    NUMBERS,
    SYNONYMS,
    TEXTS,
    TIMES,
    as_count,
    as_moment,
    as_number,
    as_text,
    count_required,
    encoded,
    entries,
    lift,
    mapping,
    number_required,
    shown,
    text_required,
    time_required,
)
from assay.wire.problems import REQUIRED
from assay.wire.text import is_message_list

LARGEST_LOG_BYTES = 20 * 1024 * 1024

INPUT_NAMES = ("input", "messages", "prompt_messages", "prompt")
OUTPUT_NAMES = ("output", "completion_message", "completion")

_MEASURED = {
    **entries(COUNTS, as_count, count_required, synonyms=SYNONYMS),
    **entries(NUMBERS, as_number, number_required, synonyms=SYNONYMS),
}
_DESCRIBED = {**entries(TEXTS, as_text, text_required, synonyms=SYNONYMS), **_MEASURED}
_RECOGNISED = {**_DESCRIBED, **entries(TIMES, as_moment, time_required)}
RECOGNISED_NAMES = frozenset(_RECOGNISED)


def read_log(body: Any, *, environment: str, now: datetime) -> DatasetLogDraft:
    """Read one row in the unified format (contract 4.2); raises Invalid that names every wrong field.

    `metadata` keeps the keys that are lifted from it, and the top of the body wins over both bags.
    """
    if not isinstance(body, dict):
        raise Invalid(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    problems: dict[str, list[str]] = {}
    metadata, metrics = mapping(body, "metadata", problems), mapping(body, "metrics", problems)
    input_value, output_value = _payload(body, INPUT_NAMES), _payload(body, OUTPUT_NAMES)
    if input_value is ABSENT:
        problems["input"] = [REQUIRED]
    expected = body.get("expected_output", ABSENT)
    if expected is ABSENT and isinstance(input_value, dict) and "expected_output" in input_value:
        input_value = dict(input_value)
        expected = input_value.pop("expected_output")
    values: dict[str, Any] = {}
    # Metadata is the client's own: what cannot be read there stays there and is not lifted.
    lift(metadata, _DESCRIBED, (values,), None)
    lift(metrics, _MEASURED, (values,), problems, "metrics.")
    lift(body, _RECOGNISED, (values,), problems)
    if problems:
        raise Invalid(fields=problems)
    attributes = _attributes(values, input_value, environment, now)
    content = LogContent(
        input=encoded(input_value),
        output=encoded(output_value),
        expected_output=encoded(expected),
        metadata=encoded(metadata or ABSENT),
        metrics=encoded(metrics or ABSENT),
    )
    size = sum(len(part) for part in (content.input, content.output, content.expected_output, content.metadata) if part)
    if size > LARGEST_LOG_BYTES:
        raise TooLarge(f"The row is {size:,} bytes of JSON; at most {LARGEST_LOG_BYTES:,} are taken.")
    return DatasetLogDraft(content, attributes)


def _payload(body: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in body:
            return body[name]
    return ABSENT


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
        for name in (*TEXTS, *COUNTS, *NUMBERS):
            value = getattr(present.attributes, name)
            if value is not None and value != getattr(explained, name):
                merged[name] = value
    given = dict(body)
    for target, spellings in (("input", INPUT_NAMES), ("output", OUTPUT_NAMES)):
        value = _payload(given, spellings)
        for spelling in spellings:
            given.pop(spelling, None)
        if value is not ABSENT:
            given[target] = value
    for bag in ("metadata", "metrics"):
        change = given.pop(bag, ABSENT)
        if change is ABSENT:
            continue
        if not isinstance(change, dict):
            if change is not None:
                raise Invalid.field(bag, f"Expected an object of keys and values, but got {shown(change)}.")
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
