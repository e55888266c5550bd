"""Posting JSON to a provider and reading JSON back, within one time limit; everything else is a ProviderError."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import msgspec

from assay.providers.contract import Connection, ProviderError, without_key
from assay.providers.failures import error_of_status
from assay.providers.http_connection import Endpoint, HttpError, HttpPool, ReplyTooLarge

Result = TypeVar("Result")
# What local servers are given for a key ("ollama") is shorter, no secret, and may be a word of a verdict.
_SHORTEST_SECRET = 16
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class JsonEndpoint:
    """One path of one connection."""

    def __init__(self, connection: Connection, endpoint: Endpoint, pool: HttpPool) -> None:
        self._key = connection.key
        self._timeout_seconds = connection.timeout_seconds
        self._endpoint = endpoint
        self._pool = pool

    async def within_time(self, work: Awaitable[Result]) -> Result:
        """Wait for all the requests of a call together; raises ProviderError (timeout, retryable)."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await work
        except TimeoutError:
            message = f"{self._endpoint.host} did not finish its reply within {self._timeout_seconds:g} seconds."
            raise ProviderError("timeout", message, is_retryable=True, key=self._key) from None

    async def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the object that was answered with a status of 2xx; raises ProviderError for everything else."""
        try:
            sent = _encode(body)
        except (TypeError, ValueError, RecursionError) as error:
            raise self.error("bad_request", f"The call cannot be written as JSON: {error}.") from None
        try:
            reply = await self._pool.post(self._endpoint, sent)
        except ReplyTooLarge as error:
            raise self.error("invalid_reply", str(error)) from None
        except HttpError as error:
            raise ProviderError("connection", str(error), is_retryable=error.is_retryable, key=self._key) from None
        if 300 <= reply.status < 400:
            to = reply.headers.get("location", "elsewhere")
            message = f"The model's endpoint redirects to {to}: set base_url to where it leads."
            raise self.error("bad_request", message, status=reply.status)
        if not 200 <= reply.status < 300:
            raise error_of_status(reply.status, reply.body, reply.headers, key=self._key)
        answered = self._without_secret(reply.body)
        try:
            value = _decode(answered)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            value = None
        if not isinstance(value, dict):
            start = without_key(answered[:2_000].decode("utf-8", "replace"), self._key)
            raise self.error("invalid_reply", f"The reply is no JSON object: {_shortened(start)}")
        failure = value.get("error")
        if isinstance(failure, dict) and failure:
            # Routers that began their answer before the model failed say so inside a 200.
            code = failure.get("code")
            status = code if isinstance(code, int) and 400 <= code <= 599 else 502
            raise error_of_status(status, reply.body, reply.headers, key=self._key)
        return value

    def _without_secret(self, body: bytes) -> bytes:
        """Take the key out of what a model says: gateways that repeat what they got would have it stored and shown."""
        if len(self._key) < _SHORTEST_SECRET or self._key.encode() not in body:
            return body
        return without_key(body.decode("utf-8", "replace"), self._key).encode()

    def error(self, kind: Any, message: str, *, status: int | None = None) -> ProviderError:
        """Make an error that is not worth another attempt."""
        return ProviderError(kind, message, status=status, key=self._key)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= 200 else text[:200] + "…")


def token_count(value: Any) -> int | None:
    """Return a count of tokens as a provider told it, or None for anything that is no count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text_of(content: Any) -> str:
    """Return the text of a message's content, which is a text or a list of parts of which some have one."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))
