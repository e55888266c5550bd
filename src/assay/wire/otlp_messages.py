"""Messages as tracing libraries write them on spans, turned into chat messages; nothing of them is lost."""

from __future__ import annotations

from typing import Any

from assay.model.errors import Invalid
from assay.wire import codec

_MOST_STEPS = 16
_MOST_DIGITS = 9


class Tree(dict[str | int, Any]):
    """Values by the steps of their paths: numbers are places in a list, and cost nothing however large they are."""

    def insert(self, path: tuple[str | int, ...], value: Any) -> bool:
        """Put a value at its path; tell whether there was room for it."""
        node = self
        for step in path[:-1]:
            child = node.get(step)
            if child is None and step not in node:
                child = node[step] = Tree()
            elif not isinstance(child, Tree):
                return False
            node = child
        if path[-1] in node:
            return False
        node[path[-1]] = value
        return True


def steps(path: str) -> tuple[str | int, ...] | None:
    """Split what follows the prefix of a flat list; None when it begins with no index or has too many steps."""
    parts = path.split(".", _MOST_STEPS)
    if len(parts) > _MOST_STEPS or not _is_index(parts[0]):
        return None
    return tuple(int(part) if _is_index(part) else part for part in parts)


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS and (part == "0" or part[0] != "0")


def plain(node: Any) -> Any:
    """Return a tree as JSON: a list where all steps are numbers."""
    if not isinstance(node, Tree):
        return node
    if all(isinstance(step, int) for step in node):
        return [plain(node[step]) for step in sorted(node, key=int)]
    return {str(step): plain(child) for step, child in node.items()}


def from_json(value: Any, *, containers_only: bool = False) -> Any:
    """Return what a text holds as JSON, and any other value or text as it is.

    With `containers_only`, a text that is JSON but neither an object nor a list stays the text that it is.
    """
    if type(value) is not str:
        return value
    first = value[:1]
    is_scalar = not containers_only and first in _STARTS and (first == '"' or len(value) <= _LONGEST_SCALAR)
    if first not in _CONTAINER_STARTS and not is_scalar:
        return value
    try:
        # A text by itself can only be wrong in what its escapes stand for.
        if first == '"' and "\\" not in value and value.find('"', 1) == len(value) - 1 and value.isprintable():
            return value[1:-1]
        return codec.decode(value.encode())
    except (Invalid, UnicodeEncodeError):
        return value


_CONTAINER_STARTS = frozenset(("{", "[", " ", "\n"))
_STARTS = frozenset('"tfn-0123456789')
_LONGEST_SCALAR = 24


def listed(node: Any) -> list[Any]:
    """Return the items of a flat list in their order."""
    return [node[step] for step in sorted(node, key=int)]


def traceloop_messages(tree: Tree, role: str) -> list[dict[str, Any]]:
    """Return the messages of `gen_ai.prompt.N.*` and `gen_ai.completion.N.*`; `role` is that of one without."""
    return [_traceloop_message(node, role) for node in listed(tree)]


def _traceloop_message(node: Any, role: str) -> dict[str, Any]:
    if not isinstance(node, Tree):
        return {"role": role, "content": node}
    content = node.pop("content", None)
    # Messages of several parts are written as the JSON of their parts.
    if type(content) is str and content.startswith("[{"):
        content = from_json(content)
    message = {"role": node.pop("role", role), "content": plain(content)}
    calls = plain(node.pop("tool_calls", None))
    if calls is not None:
        message["tool_calls"] = [_tool_call(call) for call in calls] if isinstance(calls, list) else calls
    if node:
        message.update((str(step), plain(child)) for step, child in node.items())
    return message


def _tool_call(call: Any) -> Any:
    """Return a flat tool call in the form of chat messages: what it calls is in `function`."""
    if not isinstance(call, dict) or "function" in call:
        return call
    function = {name: call[name] for name in ("name", "arguments") if name in call}
    if "arguments" in function and not isinstance(function["arguments"], str):
        function["arguments"] = codec.encode(function["arguments"]).decode()
    others = {name: value for name, value in call.items() if name not in ("id", "type", "name", "arguments")}
    return {"id": call.get("id"), "type": call.get("type", "function"), "function": function, **others}


def openinference_messages(tree: Tree, role: str) -> list[dict[str, Any]]:
    """Return the messages of `llm.input_messages.N.message.*` and `llm.output_messages.N.message.*`."""
    return [_openinference_message(plain(node), role) for node in listed(tree)]


def _openinference_message(item: Any, role: str) -> dict[str, Any]:
    fields = item.get("message") if isinstance(item, dict) else None
    if not isinstance(fields, dict):
        return {"role": role, **item} if isinstance(item, dict) else {"role": role, "content": item}
    fields, outer = dict(fields), {name: value for name, value in item.items() if name != "message"}
    message = {"role": fields.pop("role", role), "content": fields.pop("content", None)}
    contents = fields.pop("contents", None)
    if contents is not None:
        parts = [_content_part(part) for part in contents] if isinstance(contents, list) else contents
        message["content" if message["content"] is None else "contents"] = parts
    calls = fields.pop("tool_calls", None)
    if calls is not None:
        message["tool_calls"] = [_nested_tool_call(call) for call in calls] if isinstance(calls, list) else calls
    function = {
        name: fields.pop(source)
        for name, source in (("name", "function_call_name"), ("arguments", "function_call_arguments_json"))
        if source in fields
    }
    if function:
        message["function_call"] = function
    return {**message, **fields, **outer}


def _content_part(part: Any) -> Any:
    """Return a part of a message in the form of chat messages: text as it is, images by their URL."""
    content = part.get("message_content") if isinstance(part, dict) and len(part) == 1 else None
    if not isinstance(content, dict):
        return part
    image = content.get("image")
    if isinstance(image, dict) and isinstance(image.get("image"), dict) and content.get("type") == "image":
        others = {name: value for name, value in content.items() if name not in ("type", "image")}
        return {"type": "image_url", "image_url": image["image"], **others}
    return content


def _nested_tool_call(item: Any) -> Any:
    call = item.get("tool_call") if isinstance(item, dict) and len(item) == 1 else None
    return {"id": None, "type": "function", **call} if isinstance(call, dict) else item


def part_messages(value: Any, role: str) -> list[dict[str, Any]] | None:
    """Return the messages of `gen_ai.input.messages` and its like, structured or as JSON; None for what is no list."""
    value = from_json(value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return None
    messages: list[dict[str, Any]] = []
    for item in value:
        if isinstance(item, dict) and isinstance(item.get("parts"), list):
            messages += _messages_of_parts(item, role)
        else:
            messages.append({"role": role, **item} if isinstance(item, dict) else {"role": role, "content": item})
    return messages


def system_message(value: Any) -> dict[str, Any]:
    """Return `gen_ai.system_instructions`, which are parts, as a message."""
    parts = from_json(value)
    if isinstance(parts, dict):
        parts = [parts]
    return _messages_of_parts({"parts": parts if isinstance(parts, list) else [parts]}, "system")[0]


def _messages_of_parts(item: dict[str, Any], role: str) -> list[dict[str, Any]]:
    """Return a message of parts as a chat message; each result of a tool in it is a message of its own."""
    contents: list[Any] = []
    calls: list[Any] = []
    thoughts: list[str] = []
    replies: list[dict[str, Any]] = []
    for part in item["parts"]:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "tool_call":
            calls.append(_tool_call({**part, "type": "function"}))
        elif kind == "tool_call_response":
            replies.append(_tool_reply(part))
        elif kind == "reasoning" and isinstance(part.get("content"), str) and len(part) == 2:
            thoughts.append(part["content"])
        elif kind == "text" and len(part) == 2 and "content" in part:
            if part["content"] is not None:
                contents.append({"type": "text", "text": part["content"]})
        else:
            contents.append(_media_part(part))
    others = {name: value for name, value in item.items() if name not in ("role", "parts")}
    message = {"role": item.get("role", role), "content": _simple(contents)}
    if thoughts:
        message["reasoning_content"] = "\n".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    if replies and not (contents or calls or thoughts):
        replies[-1].update((name, value) for name, value in others.items() if name not in replies[-1])
        return replies
    return [message | others, *replies]


def _simple(contents: list[Any]) -> Any:
    if len(contents) == 1 and contents[0].get("type") == "text" and len(contents[0]) == 2 and "text" in contents[0]:
        return contents[0]["text"]
    return contents or None


def _tool_reply(part: dict[str, Any]) -> dict[str, Any]:
    content = part.get("response", part.get("result"))
    if content is not None and not isinstance(content, str):
        content = codec.encode(content).decode()
    others = {name: value for name, value in part.items() if name not in ("type", "id", "response", "result")}
    return {"role": "tool", "tool_call_id": part.get("id"), "content": content, **others}


def _media_part(part: Any) -> dict[str, Any]:
    """Return an image as chat messages have it, and any other part as it is."""
    if not isinstance(part, dict):
        return {"type": "text", "text": part}
    if part.get("modality") == "image" and part.get("type") in ("blob", "uri"):
        url = part.get("uri")
        if part["type"] == "blob" and isinstance(part.get("content"), str):
            url = f"data:{part.get('mime_type') or 'image/png'};base64,{part['content']}"
        if isinstance(url, str):
            return {"type": "image_url", "image_url": {"url": url}}
    return part


def vercel_message(text: Any, tool_calls: Any) -> dict[str, Any]:
    """Return `ai.response.text` and `ai.response.toolCalls` as the message of the assistant."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    calls = from_json(tool_calls)
    if calls is not None:
        message["tool_calls"] = [_vercel_call(call) for call in calls] if isinstance(calls, list) else calls
    return message


def _vercel_call(call: Any) -> Any:
    if not isinstance(call, dict) or "toolName" not in call:
        return call
    names = {"toolCallId": "id", "toolName": "name", "args": "arguments", "input": "arguments"}
    flat = {names.get(name, name): value for name, value in call.items() if name != "toolCallType"}
    return _tool_call({**flat, "type": call.get("toolCallType", "function")})


def vercel_prompt(value: Any) -> Any:
    """Return `ai.prompt.messages` as chat messages: a content of one text part is that text."""
    messages = from_json(value)
    if isinstance(messages, list):
        for message in messages:
            content = message.get("content") if isinstance(message, dict) else None
            if isinstance(content, list) and content and all(isinstance(part, dict) for part in content):
                message["content"] = _simple(content)
    return messages
