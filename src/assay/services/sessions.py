"""Signing in from a browser: sessions that the server does not store, and the link that opens the first one."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assay.model.access import SCOPES, ApiKey, Identity
from assay.model.errors import NotAuthenticated, Unavailable
from assay.ports.store import Stores
from assay.providers.vault import Vault
from assay.services.access import hash_key

SESSION_LASTS = timedelta(days=30)
LINK_LASTS = timedelta(hours=1)
# A session that is in use is made anew when it is older than this.
_RENEWED_AFTER = timedelta(days=1)
_TOKEN_BYTES = 32
_PURPOSE = "assay session"
# A sealed session has about 150 characters: longer ones are not worth opening.
_LONGEST = 1_000
_ELSE = "sign in with an API key, or restart the server for a new link."


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session it is, and until when; `is_old` when it ought to be made anew."""

    key_id: str
    expires_at: datetime
    is_old: bool


class Sessions:
    """Seals and opens sessions: the reference of a key and an end, under the server's secret key."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault.apart(_PURPOSE)
        self.name = self._vault.fingerprint

    def seal(self, key_id: str, at: datetime) -> str:
        """Return a session of a key as a text of letters, digits, `-` and `_`."""
        text = json.dumps([key_id, int((at + SESSION_LASTS).timestamp())])
        return urlsafe_b64encode(self._vault.seal(text)).decode().rstrip("=")

    def open(self, text: str, at: datetime) -> Session | None:
        """Return the session; None when it ended, or was sealed with another secret key, or is no session."""
        if not text or len(text) > _LONGEST:
            return None
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            key_id, seconds = json.loads(self._vault.open(sealed))
        except (NotBase64, ValueError, Unavailable):
            return None
        expires_at = datetime.fromtimestamp(seconds, UTC)
        if expires_at <= at:
            return None
        return Session(key_id, expires_at, expires_at - at < SESSION_LASTS - _RENEWED_AFTER)


class LoginLinks:
    """The one-time tokens of this process: each signs one browser in, once, within an hour.

    `environment_key` is the key that the environment gives, if any: the links sign in with it.
    """

    def __init__(self, environment_key: str | None = None) -> None:
        self._environment_hash = None if environment_key is None else hash_key(environment_key)
        # By digest, so that finding one takes as long for a near miss as for any other. None: it was used.
        self._ends: dict[bytes, datetime | None] = {}

    def make(self, at: datetime) -> str:
        """Return a new token: 256 random bits in 43 characters."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._ends[_digest(token)] = at + LINK_LASTS
        return token

    async def redeem(self, token: str, stores: Stores, at: datetime) -> Identity:
        """Return who a token signs in, and use it up; raises NotAuthenticated, which says why and what else to do."""
        digest = _digest(token)
        if digest not in self._ends:
            raise NotAuthenticated(f"This link is not one of the server's latest start: {_ELSE}")
        ends = self._ends[digest]
        if ends is None:
            raise NotAuthenticated(f"This link was used before, and works once: {_ELSE}")
        if ends <= at:
            raise NotAuthenticated(f"This link has expired, it works for an hour: {_ELSE}")
        # Before anything is awaited: two requests at once must not both get in.
        self._ends[digest] = None
        identity = await self._widest(stores)
        if identity is None:
            self._ends[digest] = ends
            raise NotAuthenticated(
                "No key is left to sign in with. Make one on the server's machine: start it with ASSAY_API_KEY set to "
                "a random text, such as from `openssl rand -hex 32`, and open this link again or sign in with that key."
            )
        return identity

    async def _widest(self, stores: Stores) -> Identity | None:
        """Return the holder of the environment's key, else of the first organisation's widest and newest live key."""
        if self._environment_hash is not None:
            identity = await stores.access.find_identity(self._environment_hash)
            if identity is not None:
                return identity
        organizations = await stores.access.list_organizations()
        if not organizations:
            return None
        live = [key for key in await stores.access.list_keys(organizations[0].id) if key.revoked_at is None]
        return await stores.access.find_identity_of_key(max(live, key=_width).id) if live else None


async def identify_key(text: str, stores: Stores) -> Identity:
    """Return who holds a key that somebody typed; raises NotAuthenticated."""
    identity = await stores.access.find_identity(hash_key(text))
    if identity is None:
        raise NotAuthenticated(
            "This key is unknown here, or was revoked. Copy all of it, with the part before the dot."
        )
    return identity


def _width(key: ApiKey) -> tuple[int, bool, datetime]:
    return max((SCOPES.index(scope) for scope in key.scopes), default=-1), key.environment == "prod", key.created_at


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
