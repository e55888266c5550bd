"""Dataset rows as lines of a table: no payloads, but the beginning of what each says, and its size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from assay.model.dataset import DatasetLog
from assay.model.score import Score
from assay.wire import codec
from assay.wire.scores import scores_by_evaluator
from assay.wire.text import is_message_list

PREVIEW_CHARACTERS = 200
# Beyond this a payload is not decoded for its preview: its text begins the same.
_DECODED_BYTES = 256 * 1024
# Where an object says what it is about, best first.
_TELLING = (
    "question", "prompt", "query", "text", "content", "messages", "answer", "output", "result",
)  # fmt: skip
_ROLES = {"input": ("user", "human"), "output": ("assistant", "model", "ai"), "expected_output": ("assistant",)}
_ATTRIBUTES = (
    *("timestamp", "environment", "model", "log_type", "status", "status_code", "error_message", "prompt_tokens"),
    *("completion_tokens", "total_request_tokens", "cost", "latency", "time_to_first_token", "tokens_per_second"),
    *("custom_identifier", "customer_identifier", "session_identifier", "thread_identifier", "trace_unique_id"),
    *("prompt_id", "prompt_name", "span_name", "span_workflow_name"),
)


class LogPreview(BaseModel):
    """A row without its payloads; a preview is null where the row has no such payload."""

    model_config = ConfigDict(extra="allow")

    id: str
    dataset_id: str
    created_at: datetime
    updated_at: datetime
    input_preview: str | None
    output_preview: str | None
    expected_output_preview: str | None
    input_bytes: int
    output_bytes: int
    expected_output_bytes: int
    metadata: dict[str, Any]
    scores: dict[str, Any]


def preview_item(log: DatasetLog, scores: Sequence[Score]) -> dict[str, Any]:
    """Return a row without its payloads; its scores are an object keyed by evaluator id, as in full lists."""
    item: dict[str, Any] = {
        "id": log.id,
        "unique_id": log.id,
        "dataset_id": log.dataset_id,
        "created_at": log.created_at,
        "updated_at": log.updated_at,
        "source_log_id": log.source_log_id,
        "annotation_status": log.annotation_status,
    }
    item |= {name: getattr(log.attributes, name) for name in _ATTRIBUTES}
    for name, roles in _ROLES.items():
        stored: bytes | None = getattr(log.content, name)
        payload = None if stored == b"null" else stored
        item[f"{name}_preview"] = None if payload is None else payload_preview(payload, roles)
        item[f"{name}_bytes"] = 0 if payload is None else len(payload)
    item["metadata"] = codec.raw(log.content.metadata) or {}
    item["scores"] = scores_by_evaluator(scores)
    return item


def payload_preview(payload: bytes, roles: Sequence[str]) -> str:
    """Return the beginning of a payload as one line: a text, the last message of a role, what an object is about.

    `payload` is JSON text; other objects and arrays are shown as that text, without their outer brackets.
    """
    if len(payload) <= _DECODED_BYTES:
        try:
            text = _told(codec.decode_stored(payload), roles)
        except (msgspec.DecodeError, RecursionError):
            text = None
        if text:
            return _line(text)
    # The bytes may end within a character.
    beginning = payload[: 4 * PREVIEW_CHARACTERS].decode(errors="ignore")
    if len(beginning) < 2 or beginning[0] not in "{[":
        return _line(beginning)
    is_whole = len(payload) <= 4 * PREVIEW_CHARACTERS
    return _line(beginning[1:-1] if is_whole else beginning[1:])


def _told(value: Any, roles: Sequence[str]) -> str | None:
    if isinstance(value, str):
        return value
    if is_message_list(value):
        return _message_text(next((one for one in reversed(value) if one["role"] in roles), value[-1]))
    if isinstance(value, dict):
        if "role" in value:
            return _message_text(value)
        for name in _TELLING:
            found = value.get(name)
            if isinstance(found, str) and found.strip():
                return found
            if is_message_list(found):
                return _told(found, roles)
    return None


def _message_text(message: Mapping[str, Any]) -> str | None:
    content = message.get("content")
    if isinstance(content, list):
        texts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
        content = " ".join(texts)
    return content if isinstance(content, str) else None


def _line(text: str) -> str:
    # Whitespace collapses, so somewhat more is looked at than is shown.
    line = " ".join(text[: 4 * PREVIEW_CHARACTERS].split())
    return line if len(line) <= PREVIEW_CHARACTERS else line[: PREVIEW_CHARACTERS - 1] + "…"
