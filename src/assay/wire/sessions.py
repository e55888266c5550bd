"""Sessions of browsers on the wire: their cookie, whether a request comes from our own pages, and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from assay.model.access import Identity, Organization

_DEFAULT_PORTS = {"http": "80", "https": "443"}


def session_cookie(name: str) -> str:
    """Return the name of the session's cookie.

    `name` tells servers apart: browsers send cookies to every port of a host.
    """
    return f"assay_session_{name}"


def read_cookie(header: str | None, name: str) -> str | None:
    """Return the value of a cookie of a Cookie header (RFC 6265 section 4.2), None when it is not there."""
    for part in (header or "").split(";"):
        found, equals, value = part.strip().partition("=")
        if equals and found == name:
            return value.strip('"')
    return None


def comes_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser says that a page of another origin sent this request; headers by lower-case name."""
    fetch_site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if fetch_site is not None:
        return fetch_site != "same-origin"
    return origin is not None and not _is_this_host(origin, headers)


def comes_from_our_pages(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser vouches that a page of this very host sent this request; headers by lower-case name."""
    says = headers.get("sec-fetch-site") is not None or headers.get("origin") is not None
    return says and not comes_from_elsewhere(headers)


def _is_this_host(origin: str, headers: Mapping[str, str]) -> bool:
    """Compare host and port; not the scheme, which a proxy that ends TLS need not have told us."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or not parts.netloc:
        return False
    forwarded = headers.get("x-forwarded-host", "").split(",")[0]
    named = (headers.get("host", ""), forwarded)
    return _with_port(parts.netloc, default) in [_with_port(host, default) for host in named if host.strip()]


def _with_port(host: str, default: str) -> str:
    host = host.strip().lower()
    has_port = ":" in host.rpartition("]")[2]
    return host if has_port else f"{host}:{default}"


def session_out(identity: Identity, organization: Organization | None, expires_at: datetime) -> dict[str, Any]:
    """Return who is signed in."""
    return {
        "key_id": identity.key_id,
        "key_prefix": identity.key_prefix,
        "organization": {
            "id": identity.organization_id,
            "unique_id": identity.organization_unique_id,
            "name": "" if organization is None else organization.name,
        },
        "environment": identity.environment,
        "scopes": list(identity.scopes),
        "expires_at": expires_at.isoformat().replace("+00:00", "Z"),
    }
