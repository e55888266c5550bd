"""Routes that are asked thousands of times a second: answered straight from ASGI, documented like all others."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.api.auth import Authenticator, Caller, check_scope
from assay.api.bodies import read_body
from assay.api.errors import domain_answer, failed_answer, http_answer
from assay.api.limits import Charge
from assay.model.errors import AssayError
from assay.ports.store import Stores

_JSON = b"application/json"


class Reply(NamedTuple):
    """An answer, encoded."""

    status: int
    body: bytes
    content_type: bytes = _JSON


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request whose sender is known and whose body has not been read."""

    caller: Caller
    headers: dict[bytes, bytes]
    receive: Receive
    charge: Charge

    async def body(self) -> bytes:
        """Read the body, decompressed; see `read_body` for what it raises."""
        headers = self.headers
        length, encoding = headers.get(b"content-length", b""), headers.get(b"content-encoding", b"")
        return await read_body(length, encoding, self.receive, self.charge)


Work = Callable[[Arrival], Coroutine[Any, Any, Reply]]
Rephrase = Callable[[Response, dict[bytes, bytes]], Response]


class Door:
    """Lets writers in: finds who asks, bounds the body, and turns errors into answers."""

    def __init__(self, authenticator: Authenticator, stores: Stores) -> None:
        self._authenticator = authenticator
        self._stores = stores

    def handler(self, work: Work, most_bytes: int, rephrase: Rephrase | None = None) -> ASGIApp:
        """Return the ASGI application that does `work` for whoever may write.

        `rephrase` puts the answer of an error into the words of another protocol, given the request's headers.
        """

        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            charge = Charge(most_bytes)
            failure: Exception | None = None
            try:
                reply = await work(Arrival(await self._enter(scope, headers), headers, receive, charge))
            except ClientDisconnect:
                return
            except AssayError as error:
                refusal = domain_answer(error)
            except HTTPException as error:
                refusal = http_answer(error, scope["method"])
            except Exception as error:
                failure, refusal = error, failed_answer()
            else:
                await _send(send, reply)
                return
            finally:
                charge.give_back()
            await (rephrase(refusal, headers) if rephrase is not None else refusal)(scope, receive, send)
            if failure is not None:
                # The server logs it with its traceback.
                raise failure

        return handle

    async def _enter(self, scope: Scope, headers: dict[bytes, bytes]) -> Caller:
        header = headers.get(b"authorization")
        if header is not None:
            who = await self._authenticator.identify(header.decode("latin-1"))
        else:
            who = await self._authenticator.admit(scope["method"], Headers(raw=scope["headers"]))
        check_scope(who, "write")
        return Caller(who, self._stores.within(who.organization_id, who.environment))


async def _send(send: Send, reply: Reply) -> None:
    headers = [(b"content-type", reply.content_type), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


class DirectRoute(APIRoute):
    """A POST route that FastAPI documents and does not run; its work has the name and the words."""

    def __init__(self, path: str, work: Work, handler: ASGIApp, **documented: Any) -> None:
        def endpoint() -> None: ...

        endpoint.__name__, endpoint.__doc__ = work.__name__, work.__doc__
        super().__init__(path, endpoint, methods=["POST"], **documented)
        self.app = handler


class Direct:
    """ASGI middleware that hands a POST to its direct route by path, without asking the router."""

    def __init__(self, app: ASGIApp, routes: Sequence[DirectRoute]) -> None:
        self._app = app
        self._handlers = {route.path: route.app for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (handler or self._app)(scope, receive, send)
