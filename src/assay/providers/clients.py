"""The clients of all connections, over shared sockets."""

from __future__ import annotations

import asyncio

from assay.providers.anthropic import AnthropicClient
from assay.providers.contract import ChatCall, ChatReply, Connection, ModelClient
from assay.providers.http_connection import DirectPool, Endpoint, HttpPool, HttpReply
from assay.providers.http_proxied import ProxiedPool, find_proxy
from assay.providers.openai_compatible import OpenAICompatibleClient
from assay.providers.scripted import ScriptedClient


class ModelClients:
    """Keeps one client for each connection, so that what an endpoint taught and its open sockets are used again.

    Opens nothing before the first call; sets no limit on calls at once. For one event loop.
    """

    def __init__(self) -> None:
        self._clients: dict[Connection, ModelClient] = {}
        self._pool = _Pools()

    def client(self, connection: Connection) -> ModelClient:
        """Return the client of a connection; raises Invalid naming `base_url` or `key` where they cannot be sent."""
        client = self._clients.get(connection)
        if client is None:
            client = self._clients[connection] = self._make(connection)
        return client

    async def chat(self, connection: Connection, call: ChatCall) -> ChatReply:
        """Ask a model of a connection; raises ProviderError, and Invalid as `client` does."""
        return await self.client(connection).chat(call)

    def _make(self, connection: Connection) -> ModelClient:
        if connection.kind == "scripted":
            return ScriptedClient(connection)
        if connection.kind == "anthropic":
            return AnthropicClient(connection, self._pool)
        return OpenAICompatibleClient(connection, self._pool)

    async def forget(self, connection: Connection) -> None:
        """Drop the client of a connection that was changed or removed; its key is kept no longer."""
        client = self._clients.pop(connection, None)
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """Close every client and every socket."""
        clients = list(self._clients.values())
        self._clients.clear()
        await asyncio.gather(*(client.close() for client in clients))
        await self._pool.close()

    def __repr__(self) -> str:
        return f"ModelClients({len(self._clients)} connections)"


class _Pools:
    """Sockets to wherever an endpoint is: direct, or through the proxy that the environment names for it."""

    def __init__(self) -> None:
        self._direct = DirectPool()
        self._proxied: dict[str, ProxiedPool] = {}
        self._proxy_of: dict[tuple[str, str, int], HttpPool] = {}

    async def post(self, endpoint: Endpoint, body: bytes) -> HttpReply:
        """See HttpPool."""
        pool = self._proxy_of.get(endpoint.origin)
        if pool is None:
            pool = self._proxy_of[endpoint.origin] = self._choose(endpoint)
        return await pool.post(endpoint, body)

    def _choose(self, endpoint: Endpoint) -> HttpPool:
        proxy = find_proxy(endpoint)
        if proxy is None:
            return self._direct
        return self._proxied.setdefault(proxy, ProxiedPool(proxy))

    async def close(self) -> None:
        """See HttpPool."""
        await asyncio.gather(self._direct.close(), *(pool.close() for pool in self._proxied.values()))
