"""Chat messages in the payloads of a log: found on the way in, previewed in a line, shown in the older shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from assay.wire import codec
from assay.wire.text import is_message_list

PREVIEW_CHARACTERS = 80
# A preview is first looked for in this much of a text, and in much more only behind whitespace.
_LOOKED_AT = 160
# Text that holds messages as JSON, as many exporters send it, is read for them up to this length.
_LONGEST_JSON_TEXT = 64 * 1024
_ASSISTANT = ("assistant", "model", "ai")
_USER = ("user", "human")


def input_preview(value: Any, encoded: bytes | None) -> str:
    """Return the first 80 characters of what was asked: the last user message, a text, or else the JSON."""
    if encoded is None or value is None:
        return ""
    found = _unwrapped(value)
    messages = found.get("messages", found) if isinstance(found, dict) else found
    message = _last(messages, _USER) or _last(messages, ())
    text = None if message is None else _line(_text_parts(message))
    return text or _preview(value, encoded)


def output_preview(value: Any, encoded: bytes | None) -> str:
    """Return the first 80 characters of the answer: its text, the names of its tool calls, or else the JSON."""
    if encoded is None or value is None:
        return ""
    message = output_message(_unwrapped(value))
    if message is not None:
        text = _line(_text_parts(message)) or _line(iter(tool_names(message)), ", ")
        if text:
            return text
    return _preview(value, encoded)


def output_message(value: Any) -> Mapping[str, Any] | None:
    """Return the assistant's message in an output: itself, the last of a list, or the first choice of a response."""
    if isinstance(value, dict):
        choices = value.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            message = choices[0].get("message")
            return message if isinstance(message, dict) else None
        return value if "role" in value or "tool_calls" in value else _last(value.get("messages"), _ASSISTANT)
    return _last(value, _ASSISTANT)


def tool_names(message: Mapping[str, Any]) -> list[str]:
    """Return the names of the tools that a message calls, in the forms of OpenAI, Anthropic and Gemini."""
    calls = message.get("tool_calls")
    found = list(calls) if isinstance(calls, list) else []
    found.append(message.get("function_call"))
    for parts in (message.get("content"), message.get("parts")):
        if isinstance(parts, list):
            for part in parts:
                if isinstance(part, dict):
                    found.append(part if part.get("type") in _CALL_TYPES else part.get("functionCall"))
    return [_tool_name(call) for call in found if isinstance(call, dict) and call]


_CALL_TYPES = ("tool_use", "tool_call", "function_call")


def _tool_name(call: Mapping[str, Any]) -> str:
    function = call.get("function")
    name = function.get("name") if isinstance(function, dict) else call.get("name")
    return name if isinstance(name, str) else "tool call"


def calls_tools(value: Any) -> bool:
    """Tell whether an output calls tools."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and _calls(item) for item in value)
    message = output_message(value) if isinstance(value, dict) else None
    return message is not None and _calls(message)


def _calls(message: Mapping[str, Any]) -> bool:
    if message.get("type") in _CALL_TYPES:
        return True
    # Nearly every message is plain text and says so at once.
    if isinstance(message.get("content"), str) and len(message) <= 2:
        return False
    return bool(tool_names(message))


def _unwrapped(value: Any) -> Any:
    """Return the messages that a text holds as JSON, and any other value as it is."""
    if isinstance(value, str) and value[:1] in ("[", "{") and len(value) <= _LONGEST_JSON_TEXT and '"role"' in value:
        try:
            return codec.decode_stored(value.encode())
        except (msgspec.DecodeError, RecursionError):
            return value
    return value


def _last(messages: Any, roles: tuple[str, ...]) -> Mapping[str, Any] | None:
    """Return the last message of a list with one of these roles; without roles, the last one whatever its role."""
    if isinstance(messages, dict) and "role" in messages:
        return messages
    if isinstance(messages, list):
        for message in reversed(messages):
            if isinstance(message, dict) and (message.get("role") in roles if roles else "role" in message):
                return message
    return None


def _text_parts(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if content is None:
        content = message.get("parts")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield part
            elif isinstance(part, dict):
                text = part.get("text", part.get("content"))
                if isinstance(text, str):
                    yield text


def _line(texts: Iterator[str], between: str = " ") -> str:
    """Return the beginning of texts as one line, looking at no more of them than that needs."""
    line = ""
    for text in texts:
        start = text[:PREVIEW_CHARACTERS]
        # Most texts begin with plain words, with nothing to collapse.
        if not line and len(start) == PREVIEW_CHARACTERS and "  " not in start and start.isprintable():
            return start.strip()
        words = " ".join(text[:_LOOKED_AT].split())
        if len(words) < PREVIEW_CHARACTERS and len(text) > _LOOKED_AT:
            words = " ".join(text[: 20 * _LOOKED_AT].split())
        line = f"{line}{between}{words}" if line else words
        if len(line) >= PREVIEW_CHARACTERS:
            break
    return line[:PREVIEW_CHARACTERS].rstrip()


def _preview(value: Any, encoded: bytes) -> str:
    if isinstance(value, str):
        return _line(iter((value,)))
    # The bytes may end within a character.
    beginning = encoded[: 4 * PREVIEW_CHARACTERS].decode(errors="ignore")
    return " ".join(beginning.split())[:PREVIEW_CHARACTERS].rstrip()


class _Role(msgspec.Struct):
    role: str


class _PartialMessage(msgspec.Struct):
    role: str | None = None


_roles = msgspec.json.Decoder(list[_Role])
_role = msgspec.json.Decoder(_PartialMessage)
_raw_items = msgspec.json.Decoder(list[msgspec.Raw])


def prompt_messages(payload: bytes | None, *, is_model_call: bool) -> Any:
    """Return an input as the list of messages that it is; other inputs of a model call become a user message.

    The inputs of other steps are no messages: an empty list.
    """
    if payload is None or payload == b"null":
        return []
    if payload.startswith(b"["):
        if _are_messages(payload):
            return msgspec.Raw(payload)
    elif (payload.startswith(b"{") and b'"messages"' in payload[:2000]) or payload.startswith((b'"[', b'"{')):
        value = _unwrapped(codec.decode_stored(payload))
        messages = value.get("messages") if isinstance(value, dict) else value
        if is_message_list(messages):
            return messages
    return [{"role": "user", "content": _as_content(payload)}] if is_model_call else []


def completion_message(payload: bytes | None, *, is_model_call: bool) -> Any:
    """Return an output as the message that it is or that ends it; other outputs of a model call become one.

    None without an output, and for the outputs of other steps that are no messages.
    """
    if payload is None or payload == b"null":
        return None
    # Most outputs are one message, whose inside is nobody's business here.
    if payload.startswith(b"{") and _has_role(payload):
        return msgspec.Raw(payload)
    if payload.startswith((b"[", b"{", b'"[', b'"{')):
        message = output_message(_unwrapped(codec.decode_stored(payload)))
        if message is not None:
            return message if isinstance(message.get("role"), str) else {**message, "role": "assistant"}
    return {"role": "assistant", "content": _as_content(payload)} if is_model_call else None


def completion_messages(payload: bytes | None, message: Any) -> Any:
    """Return an output that is a list of messages as it is, any other as the list of its one message."""
    if payload is not None and payload.startswith(b"[") and _are_messages(payload):
        return msgspec.Raw(payload)
    return [] if message is None else [message]


def as_json_text(payload: bytes | None) -> str | None:
    """Return a payload as JSON-encoded text, a text as itself, and None for a missing or null one."""
    if payload is None or payload == b"null":
        return None
    return _as_content(payload)


def _as_content(payload: bytes) -> str:
    return str(codec.decode_stored(payload)) if payload.startswith(b'"') else payload.decode()


def _are_messages(payload: bytes) -> bool:
    try:
        return bool(_roles.decode(payload))
    except msgspec.ValidationError:
        return False


def _has_role(payload: bytes) -> bool:
    try:
        return _role.decode(payload).role is not None
    except msgspec.ValidationError:
        return False
