"""The input and output of a span, from whichever attributes and events say them best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assay.wire import otlp_conventions as conventions
from assay.wire import otlp_lists as lists
from assay.wire import otlp_messages as messages
from assay.wire.otlp_attributes import INPUT, OUTPUT, SpanReading

_MESSAGES_OF_TREE: Mapping[str, tuple[str, Callable[[messages.Tree], Any]]] = {
    "gen_ai.prompt.": (INPUT, lambda tree: messages.traceloop_messages(tree, "user")),
    "gen_ai.completion.": (OUTPUT, lambda tree: messages.traceloop_messages(tree, "assistant")),
    "llm.input_messages.": (INPUT, lambda tree: messages.openinference_messages(tree, "user")),
    "llm.output_messages.": (OUTPUT, lambda tree: messages.openinference_messages(tree, "assistant")),
    "llm.prompts.": (INPUT, lists.texts("prompt")),
    "llm.choices.": (OUTPUT, lists.texts("completion")),
    "retrieval.documents.": (OUTPUT, lists.documents),
    "reranker.output_documents.": (OUTPUT, lists.documents),
}


def set_payloads(body: dict[str, Any], reading: SpanReading) -> bool:
    """Set input and output from their best sources; tell whether these are the messages of a model call."""
    if reading.trees:
        _read_trees(reading)
    if reading.named:
        _read_named_payloads(reading)
    is_model_call = False
    for side, offered in ((INPUT, reading.inputs), (OUTPUT, reading.outputs)):
        if not offered:
            continue
        if len(offered) > 1:
            offered.sort(key=_rank)
        _, key, chosen = offered[0]
        is_model_call = is_model_call or key in conventions.MESSAGE_SOURCES
        if side == OUTPUT and key in conventions.MESSAGE_SOURCES and isinstance(chosen, list):
            _take_finish_reasons(reading, chosen)
            chosen = chosen[0] if len(chosen) == 1 else chosen
        body[side] = chosen
        for _, other_key, value in offered[1:]:
            if value != chosen:
                _keep_payload(body, reading, other_key, value)
    return is_model_call


def _rank(offer: tuple[int, str, Any]) -> int:
    return offer[0]


def _keep_payload(body: dict[str, Any], reading: SpanReading, key: str, value: Any) -> None:
    field = conventions.FULL_REQUESTS.get(key)
    if field is not None and isinstance(value, dict):
        body[field] = value
    else:
        reading.keep(key.removesuffix("."), value)


def _take_finish_reasons(reading: SpanReading, output: list[Any]) -> None:
    """Move why the model stopped from its messages, where it is no part of a chat message, to the metadata."""
    reasons = [item.pop("finish_reason") for item in output if isinstance(item, dict) and "finish_reason" in item]
    said = [reason for reason in reasons if reason not in ("", None)]
    if said:
        reading.metadata.setdefault("finish_reason", said[0] if len(said) == 1 else said)


def _read_trees(reading: SpanReading) -> None:
    trees = reading.trees
    for prefix, tree in trees.items():
        found = _MESSAGES_OF_TREE.get(prefix)
        if found is not None:
            side, read = found
            reading.offer(side, prefix, read(tree))
        elif prefix in ("llm.tools.", "llm.request.functions."):
            read_tools = lists.openinference_tools if prefix == "llm.tools." else _functions
            tools = read_tools(tree)
            if reading.structures.setdefault("tools", tools) != tools:
                reading.keep(prefix.removesuffix("."), tools)
        elif prefix == "embedding.embeddings.":
            _read_embeddings(reading, tree)
    ranked = trees.get("reranker.input_documents.")
    if ranked is not None:
        names = [name for name in ("reranker.query", "reranker.top_k") if name in reading.named]
        question = {name.partition(".")[2]: reading.named.pop(name) for name in names}
        reading.offer(INPUT, "reranker.input_documents.", {**question, "documents": lists.documents(ranked)})


def _functions(tree: messages.Tree) -> Any:
    """Return `llm.request.functions.N.*`, flat definitions whose parameters are JSON text."""
    return lists.tool_definitions([messages.plain(node) for node in messages.listed(tree)])


def _read_embeddings(reading: SpanReading, tree: messages.Tree) -> None:
    items = [messages.plain(node) for node in messages.listed(tree)]
    inner = [item.get("embedding") if isinstance(item, dict) and len(item) == 1 else None for item in items]
    if not all(isinstance(item, dict) and set(item) <= {"text", "vector"} for item in inner):
        reading.keep("embedding.embeddings", items)
        return
    found = [item for item in inner if isinstance(item, dict)]
    texts = [item["text"] for item in found if "text" in item]
    vectors = [item["vector"] for item in found if "vector" in item]
    if texts:
        reading.offer(INPUT, "embedding.embeddings.", texts[0] if len(items) == 1 else texts)
    if vectors:
        reading.structures["embedding"] = vectors[0] if len(items) == 1 else vectors


def _read_named_payloads(reading: SpanReading) -> None:
    named = reading.named
    for side in (INPUT, OUTPUT):
        key, mime_key = f"{side}.value", f"{side}.mime_type"
        mime_type = named.pop(mime_key, None)
        if mime_type not in (None, "application/json", "text/plain"):
            reading.others[mime_key] = mime_type
        if key in named:
            value = named.pop(key)
            if mime_type in (None, "application/json"):
                value = messages.from_json(value, containers_only=mime_type is None)
            reading.offer(side, key, value)
        elif mime_type in ("application/json", "text/plain"):
            reading.others[mime_key] = mime_type
    _read_parts(reading, named)
    if "ai.prompt.messages" in named:
        reading.offer(INPUT, "ai.prompt.messages", messages.vercel_prompt(named.pop("ai.prompt.messages")))
    if "ai.values" in named:
        values = named.pop("ai.values")
        values = [messages.from_json(item) for item in values] if isinstance(values, list) else values
        reading.offer(INPUT, "ai.values", values)
    for name in ("ai.response", "ai.result"):
        text, calls = named.pop(f"{name}.text", None), named.pop(f"{name}.toolCalls", None)
        if text is not None or calls is not None:
            reading.offer(OUTPUT, f"{name}.text", messages.vercel_message(text, calls))
    if "ai.response.object" in named:
        reading.offer(OUTPUT, "ai.response.object", messages.from_json(named.pop("ai.response.object")))


def _read_parts(reading: SpanReading, named: dict[str, Any]) -> None:
    """Read the message arrays of the present GenAI conventions; the system's instructions begin the input."""
    for side, key, role in ((INPUT, "gen_ai.input.messages", "user"), (OUTPUT, "gen_ai.output.messages", "assistant")):
        value = named.pop(key, None)
        found = None if value is None else messages.part_messages(value, role)
        if side == INPUT and "gen_ai.system_instructions" in named:
            found = [messages.system_message(named.pop("gen_ai.system_instructions")), *(found or ())]
            if value is not None and len(found) == 1 and value not in ([], "[]"):
                reading.others[key] = value
        if found is not None:
            reading.offer(side, key, found)
        elif value is not None:
            reading.others[key] = value
