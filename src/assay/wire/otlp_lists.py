"""Lists beside the messages of a span: definitions of tools, documents, prompts of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.wire.otlp_messages import Tree, from_json, listed, plain


def tool_definitions(value: Any) -> Any:
    """Return definitions of tools as chat requests have them, from JSON texts and from flat ones; None for no list."""
    tools = from_json(value)
    return [_tool_definition(from_json(tool)) for tool in tools] if isinstance(tools, list) else None


def _tool_definition(tool: Any) -> Any:
    if isinstance(tool, dict) and "name" in tool and tool.get("type", "function") == "function":
        function = {name: value for name, value in tool.items() if name != "type"}
        if "parameters" in function:
            function["parameters"] = from_json(function["parameters"])
        return {"type": "function", "function": function}
    return tool


def _inner(item: Any, name: str) -> Any:
    """Return what an item of a list holds under the one name that the convention wraps it in."""
    return item[name] if isinstance(item, dict) and item.keys() == {name} else item


def openinference_tools(tree: Tree) -> list[Any]:
    """Return `llm.tools.N.tool.*`, whose schema is JSON text."""
    found = []
    for item in (plain(node) for node in listed(tree)):
        tool = _inner(item, "tool")
        if isinstance(tool, dict) and isinstance(tool.get("json_schema"), str):
            schema = from_json(tool["json_schema"])
            tool = schema if len(tool) == 1 else {**tool, "json_schema": schema}
        found.append(tool)
    return found


def documents(tree: Tree) -> list[Any]:
    """Return `*.documents.N.document.*`: content, id, score, and metadata out of its JSON."""
    found = []
    for item in (plain(node) for node in listed(tree)):
        document = _inner(item, "document")
        if isinstance(document, dict) and "metadata" in document:
            document = {**document, "metadata": from_json(document["metadata"])}
        found.append(document)
    return found


def texts(outer: str) -> Callable[[Tree], Any]:
    """Return the reader of `llm.prompts.N.prompt.text` and `llm.choices.N.completion.text`: one text, or a list."""

    def read(tree: Tree) -> Any:
        found = []
        for item in (plain(node) for node in listed(tree)):
            text = _inner(_inner(item, outer), "text")
            found.append(text if isinstance(text, str) else item)
        return found[0] if len(found) == 1 else found

    return read
