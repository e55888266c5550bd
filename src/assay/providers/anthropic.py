"""Models behind Anthropic's Messages API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assay.providers.contract import ChatCall, ChatReply, Connection
from assay.providers.http_connection import HttpPool, read_endpoint
from assay.providers.json_endpoint import JsonEndpoint, text_of, token_count
from assay.providers.lessons import Lessons, ask, with_schema_in_words
from assay.providers.strict_schema import strict_schema

_VERSION = "2023-06-01"
_DEFAULT_MAX_TOKENS = 4_096
_ANSWER = "answer"
_FORMATS = ("tool", "words")
_FORMAT_WORDS = re.compile(r"tool|input_schema", re.IGNORECASE)
_SENT_AS_THEY_ARE = ("temperature", "top_p", "top_k", "thinking", "metadata", "service_tier")
# Parameters of OpenAI's that this API lacks, with the values that say nothing.
_NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "n": (1,),
    "stream": (False,),
    "logprobs": (False,),
    "verbosity": ("medium",),
    "parallel_tool_calls": (True, False),
    "response_format": ({"type": "text"},),
    "stream_options": ({},),
    "logit_bias": ({},),
    "user": ("",),
}


class AnthropicClient:
    """POST {base_url}/v1/messages (https://docs.anthropic.com/en/api/messages).

    A schema is asked for by a tool that the model is made to use; where the endpoint refuses that (as while thinking),
    by words. Raises Invalid for a base URL or key that cannot be sent.
    """

    def __init__(self, connection: Connection, pool: HttpPool) -> None:
        key = connection.key.strip()
        headers = {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})
        base_url = connection.base_url.strip().rstrip("/").removesuffix("/v1")
        self._endpoint = JsonEndpoint(connection, read_endpoint(base_url, "/v1/messages", headers), pool)
        self._lessons = Lessons(_FORMATS, _FORMAT_WORDS)

    async def chat(self, call: ChatCall) -> ChatReply:
        """See ModelClient."""
        reply = await self._endpoint.within_time(ask(self._endpoint, self._lessons, call, self._body))
        return self._read(call, reply)

    async def close(self) -> None:
        """Nothing is open: the sockets are the pool's."""

    def _body(self, call: ChatCall, asked_format: str | None) -> dict[str, Any]:
        body = self._lessons.parameters_for(call.model, self._parameters(call.parameters))
        messages: Sequence[Mapping[str, Any]] = call.messages
        if call.schema is not None and asked_format == "tool":
            tool = {"name": _ANSWER, "description": "Give the answer.", "input_schema": strict_schema(call.schema)}
            body["tools"] = [tool]
            body["tool_choice"] = {"type": "tool", "name": _ANSWER}
        elif call.schema is not None:
            messages = with_schema_in_words(call.messages, call.schema)
        system, said = _split_system(messages)
        if system:
            body["system"] = system
        body["model"] = call.model
        body["messages"] = said
        return body

    def _parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Translate OpenAI's parameters; raises ProviderError for those that this API cannot honour."""
        sent: dict[str, Any] = {"max_tokens": _DEFAULT_MAX_TOKENS}
        for name, value in given.items():
            if value is None:
                continue
            if name in ("max_tokens", "max_completion_tokens"):
                sent["max_tokens"] = value
            elif name == "stop":
                sent["stop_sequences"] = [value] if isinstance(value, str) else value
            elif name == "tools":
                sent["tools"] = [_tool(tool) for tool in value]
            elif name in _SENT_AS_THEY_ARE:
                sent[name] = value
            elif value not in _NEUTRAL.get(name, ()):
                raise self._endpoint.error(
                    "bad_request", f"Anthropic's models have no '{name}' ({value!r}): remove it."
                )
        if sent.get("top_p") == 1:
            # It says nothing, and newer models refuse it beside a temperature.
            del sent["top_p"]
        return sent

    def _read(self, call: ChatCall, reply: Mapping[str, Any]) -> ChatReply:
        content = reply.get("content")
        finish_reason = reply.get("stop_reason")
        if finish_reason == "refusal":
            raise self._endpoint.error("refused", "The model refused to answer.")
        if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
            raise self._endpoint.error("invalid_reply", "The reply has no content.")
        used = next((block.get("input") for block in content if block.get("type") == "tool_use"), None)
        text = text_of(content) if used is None else msgspec.json.encode(used).decode()
        usage = reply.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        model = reply.get("model")
        return ChatReply(
            text=text,
            input_tokens=_input_tokens(usage),
            output_tokens=token_count(usage.get("output_tokens")),
            model=model if isinstance(model, str) and model else call.model,
            finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        )


def _input_tokens(usage: Mapping[str, Any]) -> int | None:
    """Return all tokens of the prompt: Anthropic counts those read from and written to its cache apart."""
    count = token_count(usage.get("input_tokens"))
    if count is None:
        return None
    cached = (token_count(usage.get(name)) for name in ("cache_read_input_tokens", "cache_creation_input_tokens"))
    return count + sum(one or 0 for one in cached)


def _split_system(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the text of the system messages and the others; without others, the text becomes the user's."""
    system: list[str] = []
    said: list[Mapping[str, Any]] = []
    for message in messages:
        if message.get("role") in ("system", "developer"):
            system.append(text_of(message.get("content")))
        else:
            said.append(message)
    text = "\n\n".join(system)
    return (text, said) if said else ("", [{"role": "user", "content": text}])


def _tool(tool: Any) -> Any:
    """Translate a tool of OpenAI's form; any other is Anthropic's own."""
    function = tool.get("function") if isinstance(tool, Mapping) else None
    if not isinstance(function, Mapping):
        return tool
    described = {"description": function["description"]} if function.get("description") else {}
    return {"name": function.get("name"), **described, "input_schema": function.get("parameters") or {"type": "object"}}
