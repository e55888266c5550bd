"""Signing in and out: a key, or the token of a one-time link, becomes a cookie."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from assay.model.access import Identity
from assay.model.errors import Invalid, NotAllowed, NotAuthenticated
from assay.ports.store import Stores
from assay.services.sessions import SESSION_LASTS, LoginLinks, Session, Sessions, identify_key
from assay.web.place import base_of, is_secure
from assay.wire.codec import decode, encode
from assay.wire.sessions import comes_from_elsewhere, read_cookie, session_cookie, session_out

_LONGEST_BODY_BYTES = 4_096
# Keys and tokens have too many bits to be guessed; a key that an operator chose may have few.
_WRONG_TAKES_SECONDS = 0.5
_NOT_SIGNED_IN = "Nobody is signed in here."


class SignIn:
    """The routes of /ui/session/, and the cookie."""

    def __init__(self, stores: Stores, sessions: Sessions, links: LoginLinks) -> None:
        self._stores = stores
        self._sessions = sessions
        self._links = links
        self._cookie = session_cookie(sessions.name)

    async def serve(self, request: Request) -> Response:
        """Answer GET (who is signed in), POST (sign in) and DELETE (sign out) of /ui/session/."""
        now = datetime.now(UTC)
        if request.method == "GET":
            return await self._show(request, now)
        if comes_from_elsewhere(request.headers):
            raise NotAllowed("A page of another site may not sign anybody in or out here.")
        if request.method == "DELETE":
            response = Response(status_code=204)
            response.delete_cookie(self._cookie, path=base_of(request) or "/", **_protected(request))
            return response
        return await self._sign_in(request, now)

    def session_of(self, request: Request, now: datetime) -> Session | None:
        """Return the session of a request, whether or not its key is still good."""
        return self._sessions.open(read_cookie(request.headers.get("cookie"), self._cookie) or "", now)

    def set_cookie(self, response: Response, request: Request, key_id: str, now: datetime) -> None:
        """Give the browser a session of a key that begins now."""
        lasts = int(SESSION_LASTS.total_seconds())
        value, path = self._sessions.seal(key_id, now), base_of(request) or "/"
        response.set_cookie(self._cookie, value, max_age=lasts, path=path, **_protected(request))

    async def _show(self, request: Request, now: datetime) -> Response:
        session = self.session_of(request, now)
        identity = None if session is None else await self._stores.access.find_identity_of_key(session.key_id)
        if session is None or identity is None:
            raise NotAuthenticated(_NOT_SIGNED_IN)
        return await self._answer(identity, session.expires_at)

    async def _sign_in(self, request: Request, now: datetime) -> Response:
        given = await _read(request)
        key, token = _text(given, "key"), _text(given, "token")
        if bool(key) == bool(token):
            raise Invalid.field("key", 'Send {"key": "<API key>"}, or {"token": "<that of a one-time link>"}.')
        try:
            identity = await (identify_key(key, self._stores) if key else self._links.redeem(token, self._stores, now))
        except NotAuthenticated:
            await asyncio.sleep(_WRONG_TAKES_SECONDS)
            raise
        response = await self._answer(identity, now + SESSION_LASTS)
        self.set_cookie(response, request, identity.key_id, now)
        return response

    async def _answer(self, identity: Identity, expires_at: datetime) -> Response:
        organizations = await self._stores.access.list_organizations()
        organization = next((one for one in organizations if one.id == identity.organization_id), None)
        body = encode(session_out(identity, organization, expires_at))
        return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")


async def _read(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY_BYTES:
            raise Invalid(f"The body is longer than {_LONGEST_BODY_BYTES} bytes: no key is.")
    given = decode(bytes(body))
    if not isinstance(given, dict):
        raise Invalid('The body must be {"key": "<API key>"} or {"token": "<that of a one-time link>"}.')
    return given


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid.field(name, "Not a valid string.")
    return (value or "").strip()


def _protected(request: Request) -> Any:
    return {"httponly": True, "samesite": "strict", "secure": is_secure(request)}
