"""The text of a payload, as the older row fields `prompt` and `completion` show it."""

from __future__ import annotations

from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def is_message_list(value: Any) -> bool:
    """Tell whether a value is a list of chat messages: objects with a role."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and "role" in item for item in value)


def prompt_text(payload: bytes | None) -> str | None:
    """Return a string as it is, the last user message of a message list, and any other value as JSON text."""
    return _text(payload, "user")


def completion_text(payload: bytes | None) -> str | None:
    """Return a string as it is, the last assistant message of messages, and any other value as JSON text."""
    return _text(payload, "assistant")


def _text(payload: bytes | None, role: str) -> str | None:
    if payload is None or payload == b"null":
        return None
    # Only text and message shapes are worth decoding.
    if payload.startswith(b'"'):
        return str(_decode(payload))
    if payload.startswith(b"[") or b'"role"' in payload[:400]:
        value = _decode(payload)
        messages = value if is_message_list(value) else [value] if isinstance(value, dict) else []
        for message in reversed(messages):
            content = message.get("content")
            if message.get("role") == role and isinstance(content, str):
                return content
    return payload.decode()
