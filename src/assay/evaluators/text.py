"""The text of a row: how evaluators of text read an output or an expected output that may be any JSON value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.json_values import dump_json


def row_text(value: Any) -> str:
    """Return the text of a JSON value.

    A string is its own text; a chat message, or any object with a text `content`, is its content; a list of chat
    messages is its last assistant message; anything else, null too, is its JSON text. Text parts of a content
    list (the OpenAI message shape) are joined.
    """
    if isinstance(value, str):
        return value
    text: str | None = None
    if isinstance(value, Mapping):
        text = _content(value)
    elif isinstance(value, list | tuple):
        text = _last_assistant_content(value)
    return dump_json(value) if text is None else text


def is_message(value: Any) -> bool:
    """Tell whether a JSON value is a chat message: an object with a text `role`."""
    return isinstance(value, Mapping) and isinstance(value.get("role"), str)


def _content(message: Mapping[str, Any]) -> str | None:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple) or not content:
        return None
    parts: list[str] = []
    for part in content:
        if not isinstance(part, Mapping) or not isinstance(part.get("text"), str):
            return None
        parts.append(part["text"])
    return "".join(parts)


def _last_assistant_content(messages: list[Any] | tuple[Any, ...]) -> str | None:
    if not all(is_message(message) for message in messages):
        return None
    for message in reversed(messages):
        if message["role"] == "assistant":
            return _content(message)
    return None
