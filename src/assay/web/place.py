"""Where the browser sees the server: below which path, and whether over TLS."""

from __future__ import annotations

import re

from starlette.requests import Request

# What goes into links and cookies as it is; anything else is somebody's mistake or mischief.
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


def base_of(request: Request) -> str:
    """Return the path that a proxy takes away in front of ours, such as "/assay"; empty when there is none.

    It is ASGI's `root_path`, else the proxy's header X-Forwarded-Prefix.
    """
    prefix: str = request.scope.get("root_path", "") or request.headers.get("x-forwarded-prefix", "")
    prefix = prefix.split(",")[0].strip().rstrip("/")
    return prefix if _PREFIX.fullmatch(prefix) else ""


def is_secure(request: Request) -> bool:
    """Tell whether the browser speaks TLS, to us or to the proxy in front."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return (forwarded or request.url.scheme) == "https"
