"""What every adapter to a model does: one call in, one reply or one ProviderError out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol
from urllib.parse import quote

from assay.model.provider import ProviderKind

MAXIMUM_MESSAGE_CHARACTERS: Final = 2_000

ProviderErrorKind = Literal[
    "rate_limited",
    "timeout",
    "connection",
    "server_error",
    "bad_request",
    "not_authenticated",
    "not_found",
    "refused",
    "schema_unsupported",
    "invalid_reply",
]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where calls go and with which key; `timeout_seconds` is for a whole call, from the socket to the last byte.

    `base_url` is what the provider documents: OpenAI's ends in `/v1`, Anthropic's does not. An empty `key` sends none.
    """

    kind: ProviderKind
    base_url: str
    key: str = field(repr=False)
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ChatCall:
    """One question to a model. `messages` and `parameters` are in the words of OpenAI's chat completions.

    `schema`: the JSON Schema, an object at its root, that the text of the reply is to match.
    """

    model: str
    messages: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What a model answered, as text; JSON text where a schema was asked for and the model kept to it.

    Token counts are None where the provider told none. `cost_usd` is what the provider itself said the call cost, which
    nearly all leave unsaid (None): prices are for the caller to look up. `model` is the name that the provider answers.
    """

    text: str
    input_tokens: int | None
    output_tokens: int | None
    model: str
    finish_reason: str | None = None
    cost_usd: float | None = None


class ProviderError(Exception):
    """A call that brought no reply. `retry_after_seconds` is what the provider asked for, if it did.

    `key` is removed from the message wherever it occurs, before the message is cut to 2,000 characters.
    """

    def __init__(
        self,
        kind: ProviderErrorKind,
        message: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        is_retryable: bool = False,
        key: str = "",
    ) -> None:
        message = without_key(message, key)
        if len(message) > MAXIMUM_MESSAGE_CHARACTERS:
            message = message[: MAXIMUM_MESSAGE_CHARACTERS - 1] + "…"
        super().__init__(message)
        self.kind: ProviderErrorKind = kind
        self.message = message
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.is_retryable = is_retryable


def without_key(text: str, key: str) -> str:
    """Return the text with every occurrence of the key replaced by `[key]`, also where JSON or a URL escaped it."""
    if not key:
        return text
    for written in (key, json.dumps(key)[1:-1], quote(key), quote(key, safe="")):
        text = text.replace(written, "[key]")
    return text


class ModelClient(Protocol):
    """Calls the models of one connection, many at once; used by one event loop."""

    async def chat(self, call: ChatCall) -> ChatReply:
        """Ask once, apart from what an endpoint first has to teach about its parameters; raises ProviderError."""
        ...

    async def close(self) -> None:
        """Close what the client keeps open; it is not used again."""
        ...
