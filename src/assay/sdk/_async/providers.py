"""Providers of models: where the calls of judges go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.sdk._async.paging import get_page
from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import given, path_to
from assay.sdk.evaluator_types import Provider, ProviderTest
from assay.sdk.types import Page


class AsyncProviders:
    """`client.providers`: a provider is named by its id or name; changing and testing needs a key of scope admin."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(self, *, page: int = 1, page_size: int = 100) -> Page[Provider]:
        """Return one page of providers by name, those of the server's environment last."""
        parameters = {"page": page, "page_size": page_size}
        return await get_page(self._transport, Page[Provider], path_to("providers", "list"), None, parameters)

    async def get(self, provider: str) -> Provider:
        """Return a provider."""
        return await self._transport.ask(Provider, "GET", path_to("providers", provider))

    async def create(
        self,
        name: str,
        kind: str,
        *,
        key: str | None = None,
        base_url: str | None = None,
        models: Sequence[str] | None = None,
        prices: Mapping[str, Mapping[str, float]] | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> Provider:
        """Add a provider; `kind` is openai (and all that is compatible), anthropic or scripted.

        The key is encrypted on the server and never shown. `prices` are USD for a million tokens, written like
        `{"model": {"input_usd": 1, "output_usd": 2}}`; `limits` are requests_per_minute, tokens_per_minute,
        max_concurrency and timeout_seconds. No `models` means any.
        """
        optional = {"key": key, "base_url": base_url, "models": models, "prices": prices, "limits": limits}
        body = {"name": name, "kind": kind} | given(optional)
        return await self._transport.ask(Provider, "POST", path_to("providers"), body=body)

    async def update(self, provider: str, **fields: Any) -> Provider:
        """Change the given fields, those of `create` and is_enabled; another base_url needs the key again."""
        return await self._transport.ask(Provider, "PATCH", path_to("providers", provider), body=fields)

    async def delete(self, provider: str) -> None:
        """Delete a provider and its key."""
        await self._transport.send("DELETE", path_to("providers", provider))

    async def test(self, provider: str, *, model: str | None = None) -> ProviderTest:
        """Ask a model of the provider, by default its first, one tiny question."""
        path = path_to("providers", provider, "test")
        return await self._transport.ask(ProviderTest, "POST", path, body=given({"model": model}), is_patient=True)
