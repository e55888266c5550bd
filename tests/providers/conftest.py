"""A fake model server for the tests of this directory, and servers that answer fixed bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from assay.providers.clients import ModelClients
from assay.providers.contract import ChatCall, ChatReply, Connection, ProviderError
from benchmarks.fake_model_server import FakeModelServer, running_fake_model_server

Result = TypeVar("Result")

KEY = "sk-planted-0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "number", "minimum": 0, "maximum": 10}, "explanation": {"type": "string"}},
    "required": ["score", "explanation"],
    "additionalProperties": False,
}


@pytest.fixture(scope="session")
def fake() -> Iterator[FakeModelServer]:
    """A server that takes the planted key alone."""
    with running_fake_model_server(key=KEY) as server:
        yield server


def openai_connection(server: FakeModelServer, **changes: Any) -> Connection:
    return Connection(**{"kind": "openai", "base_url": server.base_url, "key": KEY, **changes})


def anthropic_connection(server: FakeModelServer, **changes: Any) -> Connection:
    return Connection(**{"kind": "anthropic", "base_url": server.root_url, "key": KEY, **changes})


def call(model: str = "a-model", prompt: str = "Is this good?", **changes: Any) -> ChatCall:
    messages = ({"role": "system", "content": "You judge."}, {"role": "user", "content": prompt})
    return ChatCall(**{"model": model, "messages": messages, "schema": SCHEMA, **changes})


def with_clients(work: Callable[[ModelClients], Awaitable[Result]]) -> Result:
    """Run the work with clients that are closed afterwards."""

    async def run() -> Result:
        clients = ModelClients()
        try:
            return await work(clients)
        finally:
            await clients.close()

    return asyncio.run(run())


def ask(connection: Connection, asked: ChatCall) -> ChatReply:
    return with_clients(lambda clients: clients.chat(connection, asked))


def error_of(connection: Connection, asked: ChatCall) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(connection, asked)
    return caught.value


@asynccontextmanager
async def answering(*answers: bytes, closes: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a server that gives these bytes, one after the other, to its requests; yields its base URL and the requests.

    `closes`: it hangs up after each answer.
    """
    received: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                received.append(head + await reader.readexactly(length))
                writer.write(left.pop(0))
                await writer.drain()
                if closes or not left:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", received
    finally:
        server.close()


def http(body: bytes, *headers: bytes, status: bytes = b"200 OK", has_length: bool = True) -> bytes:
    """Return the bytes of an answer."""
    length = (b"content-length: %d" % len(body),) if has_length else ()
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, *length, b"", body])


COMPLETION = b'{"choices": [{"message": {"content": "7"}, "finish_reason": "stop"}], "model": "m"}'
