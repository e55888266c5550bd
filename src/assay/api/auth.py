"""From a key to the place a request stands in."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import Headers

from assay.model.access import Identity, Scope
from assay.model.errors import NotAllowed, NotAuthenticated
from assay.ports.store import Store, Stores
from assay.services.access import hash_key
from assay.services.sessions import Sessions
from assay.wire.sessions import comes_from_our_pages, read_cookie, session_cookie

_REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 10_000
_MISSING = "Authentication credentials were not provided."
_UNREADABLE = f"{_MISSING} The header must read: Authorization: Bearer <key>."
_ENDED = "This session has ended: sign in again."
_FOREIGN = (
    "A page of another site may not write with your session. Send an API key, or have the proxy in front pass on the "
    "header Host (or X-Forwarded-Host) as the browser sent it."
)
_READING = ("GET", "HEAD")
_WRONG = "Your API key is invalid or expired, please check your API key."


class Authenticator:
    """Recognises keys and sessions; remembers them for a few seconds so that a request need not ask the database."""

    def __init__(self, stores: Stores, sessions: Sessions) -> None:
        self._stores = stores
        self._sessions = sessions
        self._cookie = session_cookie(sessions.name)
        # By the hash of a key, and by its id where a session names it.
        self._remembered: dict[bytes | str, tuple[float, Identity]] = {}
        self._used: set[str] = set()

    async def identify(self, header: str | None) -> Identity:
        """Return who holds the key of an Authorization header; raises NotAuthenticated."""
        scheme, _, key = (header or "").strip().partition(" ")
        key = key.strip()
        if not key or scheme.lower() not in ("bearer", "api-key"):
            raise NotAuthenticated(_MISSING if not scheme else _UNREADABLE)
        key_hash = hash_key(key)
        identity = self._recall(key_hash)
        if identity is None:
            identity = self._remember(key_hash, await self._stores.access.find_identity(key_hash), _WRONG)
        return identity

    async def admit(self, method: str, headers: Headers) -> Identity:
        """Return who sends a request: by its Authorization header, and only without one by the session's cookie.

        Raises NotAuthenticated, and NotAllowed where a page of another origin would write with the cookie.
        """
        header = headers.get("authorization")
        cookie = None if header is not None else read_cookie(headers.get("cookie"), self._cookie)
        if cookie is None:
            return await self.identify(header)
        session = self._sessions.open(cookie, datetime.now(UTC))
        if session is None:
            raise NotAuthenticated(_ENDED)
        if method not in _READING and not comes_from_our_pages(headers):
            raise NotAllowed(_FOREIGN)
        identity = self._recall(session.key_id)
        if identity is None:
            found = await self._stores.access.find_identity_of_key(session.key_id)
            identity = self._remember(session.key_id, found, _ENDED)
        return identity

    def _recall(self, name: bytes | str) -> Identity | None:
        remembered = self._remembered.get(name)
        return remembered[1] if remembered is not None and remembered[0] > time.monotonic() else None

    def _remember(self, name: bytes | str, identity: Identity | None, otherwise: str) -> Identity:
        if identity is None:
            self._remembered.pop(name, None)
            raise NotAuthenticated(otherwise)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[name] = (time.monotonic() + _REMEMBERED_SECONDS, identity)
        self._used.add(identity.key_id)
        return identity

    def forget(self) -> None:
        """Ask the database again for every key: one was revoked."""
        self._remembered.clear()

    async def store_uses(self) -> None:
        """Write down which keys were used since the last call."""
        used, self._used = self._used, set()
        if used:
            await self._stores.access.note_use(sorted(used), datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the stores as they see them."""

    who: Identity
    store: Store


def check_scope(who: Identity, scope: Scope) -> None:
    """Raise NotAllowed when a key does not hold a scope."""
    if not who.may(scope):
        raise NotAllowed(f"This key may not {scope}: it has the scopes {', '.join(who.scopes)}.")


def requires(scope: Scope) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """Return the dependency that lets a request in when its key holds `scope`."""

    async def enter(request: Request) -> Caller:
        authenticator: Authenticator = request.app.state.authenticator
        stores: Stores = request.app.state.stores
        who = await authenticator.admit(request.method, request.headers)
        check_scope(who, scope)
        return Caller(who, stores.within(who.organization_id, who.environment))

    return enter


Reader = Annotated[Caller, Depends(requires("read"))]
Writer = Annotated[Caller, Depends(requires("write"))]
Admin = Annotated[Caller, Depends(requires("admin"))]
