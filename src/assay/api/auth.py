"""From a key to the place a request stands in."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from assay.model.access import Identity, Scope
from assay.model.errors import NotAllowed, NotAuthenticated
from assay.ports.store import Store, Stores
from assay.services.access import hash_key

_REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 10_000
_MISSING = "Authentication credentials were not provided."
_UNREADABLE = f"{_MISSING} The header must read: Authorization: Bearer <key>."
_WRONG = "Your API key is invalid or expired, please check your API key."


class Authenticator:
    """Recognises keys, and remembers them for a few seconds so that a request need not ask the database."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._remembered: dict[bytes, tuple[float, Identity]] = {}
        self._used: set[str] = set()

    async def identify(self, header: str | None) -> Identity:
        """Return who holds the key of an Authorization header; raises NotAuthenticated."""
        scheme, _, key = (header or "").strip().partition(" ")
        key = key.strip()
        if not key or scheme.lower() not in ("bearer", "api-key"):
            raise NotAuthenticated(_MISSING if not scheme else _UNREADABLE)
        key_hash = hash_key(key)
        now = time.monotonic()
        remembered = self._remembered.get(key_hash)
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        identity = await self._stores.access.find_identity(key_hash)
        if identity is None:
            self._remembered.pop(key_hash, None)
            raise NotAuthenticated(_WRONG)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key_hash] = (now + _REMEMBERED_SECONDS, identity)
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
        who = await authenticator.identify(request.headers.get("authorization"))
        check_scope(who, scope)
        return Caller(who, stores.within(who.organization_id, who.environment))

    return enter


Reader = Annotated[Caller, Depends(requires("read"))]
Writer = Annotated[Caller, Depends(requires("write"))]
Admin = Annotated[Caller, Depends(requires("admin"))]
