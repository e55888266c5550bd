"""HTTP to the endpoints of providers through the proxy that the environment names, over httpx2."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from assay.providers.http_connection import MAXIMUM_REPLY_BYTES, Endpoint, HttpError, HttpReply, ReplyTooLarge

if TYPE_CHECKING:
    import httpx2


def find_proxy(endpoint: Endpoint) -> str | None:
    """Return the proxy for an endpoint: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, unless NO_PROXY says so."""
    proxies = getproxies()
    proxy = proxies.get(endpoint.scheme) or proxies.get("all")
    return None if proxy is None or proxy_bypass(endpoint.host) else proxy


class ProxiedPool:
    """Connections through one proxy."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy
        self._client: httpx2.AsyncClient | None = None

    async def post(self, endpoint: Endpoint, body: bytes) -> HttpReply:
        """See HttpPool."""
        import httpx2

        url = f"{endpoint.scheme}://{dict(endpoint.headers)['host']}{endpoint.target}"
        try:
            if self._client is None:
                limits = httpx2.Limits(max_connections=None, max_keepalive_connections=512)
                self._client = httpx2.AsyncClient(proxy=self._proxy, trust_env=False, limits=limits, timeout=None)
            async with self._client.stream("POST", url, headers=list(endpoint.headers), content=body) as response:
                parts, received_bytes = [], 0
                async for part in response.aiter_raw():
                    received_bytes += len(part)
                    if received_bytes > MAXIMUM_REPLY_BYTES:
                        raise ReplyTooLarge
                    parts.append(part)
                return HttpReply(response.status_code, dict(response.headers), b"".join(parts))
        except (httpx2.TransportError, httpx2.InvalidURL, ValueError, ImportError) as error:
            message = (
                f"{endpoint.host} cannot be reached through the proxy of the environment ({type(error).__name__})."
            )
            raise HttpError(message, is_retryable=isinstance(error, httpx2.TransportError)) from None

    async def close(self) -> None:
        """See HttpPool."""
        if self._client is not None:
            await self._client.aclose()
