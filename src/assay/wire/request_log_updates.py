"""Reading what is to be changed in request logs: little, for what was recorded stays as it was."""

from __future__ import annotations

from typing import Any

from assay.model.errors import ImmutableField, Invalid
from assay.model.request_log import RequestLogChanges
from assay.wire import codec
from assay.wire.lifting import WRONG
from assay.wire.problems import REQUIRED
from assay.wire.request_log_fields import BODY, wrong_object

MOST_BATCH_UPDATES = 1000

_UPDATABLE = ("custom_identifier", "note", "positive_feedback", "blurred", "is_pinned")
_CONTENT = (
    *("input", "output", "expected_output", "ideal_output", "messages", "prompt_messages", "prompt"),
    *("completion", "completion_message", "completion_messages"),
)
_IMMUTABLE = (frozenset(BODY) | frozenset((*_CONTENT, "environment", "created_at", "organization_id"))) - {*_UPDATABLE}


def read_update(body: Any) -> RequestLogChanges:
    """Read what an update sets (contract 8.7); null leaves a field as it is, and unknown keys are passed over.

    Raises ImmutableField for a field that cannot change, Invalid that names every other wrong one.
    """
    if not isinstance(body, dict):
        raise Invalid(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    changes: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for name, value in body.items():
        if value is None:
            continue
        if name in _IMMUTABLE:
            raise ImmutableField(name)
        if name == "metadata":
            if isinstance(value, dict):
                changes[name] = codec.encode(value)
            else:
                problems[name] = [wrong_object(value)]
        elif name in _UPDATABLE:
            _, _, read, wrong = BODY[name]
            result = value if value == "" else read(value)
            if result is WRONG or (value == "" and name not in ("custom_identifier", "note")):
                problems[name] = [wrong(value)]
            else:
                changes[name] = result
    if problems:
        raise Invalid(fields=problems)
    return RequestLogChanges(**changes)


def read_batch_update(body: Any) -> list[tuple[str, RequestLogChanges]]:
    """Read updates of many logs as pairs of id and changes; raises Invalid that names the first wrong one."""
    logs = body.get("logs") if isinstance(body, dict) else None
    if not isinstance(logs, list):
        raise Invalid.field("logs", REQUIRED if logs is None else f"Expected a list, but got {type(logs).__name__}.")
    if not 1 <= len(logs) <= MOST_BATCH_UPDATES:
        raise Invalid.field("logs", f"Send 1 to {MOST_BATCH_UPDATES:,} updates at once, not {len(logs):,}.")
    updates = []
    for index, item in enumerate(logs):
        log_id = (item.get("unique_id") or item.get("id")) if isinstance(item, dict) else None
        if not isinstance(log_id, str):
            raise Invalid.field(f"logs.{index}.unique_id", REQUIRED)
        try:
            updates.append((log_id, read_update(item)))
        except ImmutableField:
            raise
        except Invalid as error:
            raise Invalid(fields={f"logs.{index}.{name}": texts for name, texts in error.fields.items()}) from None
    return updates
