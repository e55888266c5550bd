"""API keys; every call needs a key of scope admin."""

from __future__ import annotations

from collections.abc import Sequence

from assay.sdk._async.paging import get_page
from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import path_to
from assay.sdk.types import ApiKey, NewApiKey, Page


class AsyncKeys:
    """`client.keys`: make, list and revoke API keys."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, *, page: int = 1, page_size: int = 100) -> Page[ApiKey]:
        """Return one page of keys, without their secrets."""
        parameters = {"page": page, "page_size": page_size}
        return await get_page(self._transport, Page[ApiKey], path_to("keys", "list"), None, parameters)

    async def create(
        self, name: str, *, environment: str = "prod", scopes: Sequence[str] = ("read", "write")
    ) -> NewApiKey:
        """Make a key; `environment` is prod or test, `scopes` are of read, write, admin. Its secret is shown once."""
        body = {"name": name, "environment": environment, "scopes": scopes}
        return await self._transport.ask(NewApiKey, "POST", path_to("keys"), body=body)

    async def revoke(self, key_id: str) -> None:
        """Make a key useless from now on."""
        await self._transport.send("DELETE", path_to("keys", key_id))
