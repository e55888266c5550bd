"""Models behind OpenAI's chat completions: OpenAI itself and the many that speak its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assay.providers.contract import ChatCall, ChatReply, Connection
from assay.providers.http_connection import HttpPool, read_endpoint
from assay.providers.json_endpoint import JsonEndpoint, text_of, token_count
from assay.providers.lessons import Lessons, ask, with_schema_in_words
from assay.providers.strict_schema import strict_schema

_FORMATS = ("json_schema", "json_object", "words")
_FORMAT_WORDS = re.compile(
    r"response_?format|json_schema|json_object|structured output|json mode|guided", re.IGNORECASE
)
# A reply comes whole.
_NOT_SENT = ("stream", "stream_options", "model", "messages")


class OpenAICompatibleClient:
    """POST {base_url}/chat/completions (https://platform.openai.com/docs/api-reference/chat/create).

    A schema is asked for by `response_format` of type json_schema, strict; where the endpoint refuses that, by
    json_object and the schema in words, then by words alone. What was refused is remembered by model and schema.
    Raises Invalid for a base URL or key that cannot be sent.
    """

    def __init__(self, connection: Connection, pool: HttpPool) -> None:
        key = connection.key.strip()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        endpoint = read_endpoint(connection.base_url, "/chat/completions", headers)
        self._endpoint = JsonEndpoint(connection, endpoint, pool)
        self._lessons = Lessons(_FORMATS, _FORMAT_WORDS)

    async def chat(self, call: ChatCall) -> ChatReply:
        """See ModelClient."""
        reply = await self._endpoint.within_time(ask(self._endpoint, self._lessons, call, self._body))
        return self._read(call, reply)

    async def close(self) -> None:
        """Nothing is open: the sockets are the pool's."""

    def _body(self, call: ChatCall, asked_format: str | None) -> dict[str, Any]:
        parameters = self._lessons.parameters_for(call.model, call.parameters)
        body = {name: value for name, value in parameters.items() if name not in _NOT_SENT}
        body["model"] = call.model
        body["messages"] = call.messages
        if call.schema is not None:
            body.pop("response_format", None)
            if asked_format == "json_schema":
                wanted = {"name": "answer", "strict": True, "schema": strict_schema(call.schema)}
                body["response_format"] = {"type": "json_schema", "json_schema": wanted}
                return body
            if asked_format == "json_object":
                body["response_format"] = {"type": "json_object"}
            body["messages"] = with_schema_in_words(call.messages, call.schema)
        return body

    def _read(self, call: ChatCall, reply: Mapping[str, Any]) -> ChatReply:
        choices = reply.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise self._endpoint.error("invalid_reply", "The reply has no choices with a message in them.")
        finish_reason = choice.get("finish_reason")
        text = _text(message)
        refusal = message.get("refusal") or ("by its content filter" if finish_reason == "content_filter" else None)
        if refusal and not text:
            raise self._endpoint.error("refused", f"The model refused to answer: {refusal}")
        usage = reply.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        model = reply.get("model")
        return ChatReply(
            text=text,
            input_tokens=token_count(usage.get("prompt_tokens")),
            output_tokens=token_count(usage.get("completion_tokens")),
            model=model if isinstance(model, str) and model else call.model,
            finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        )


def _text(message: Mapping[str, Any]) -> str:
    """Return the text of a message, or the arguments of its first tool call when it is one."""
    text = text_of(message.get("content"))
    if text:
        return text
    calls = message.get("tool_calls")
    first = calls[0] if isinstance(calls, list) and calls else None
    function = first.get("function") if isinstance(first, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return arguments if isinstance(arguments, str) else ""
