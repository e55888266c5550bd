"""How routes read bodies and write answers: the exact JSON codec both ways, whatever the content type says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope

from assay.api.bodies import read_body
from assay.api.limits import DECODING, MANY_ROWS, ONE_ROW, Charge
from assay.model.errors import Invalid, TooLarge, Unavailable
from assay.wire import codec
from assay.wire.problems import Problem

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_JSON = b"application/json"
_DECODED_INLINE_BYTES = 64 * 1024
_ABOUT_THE_BODY = ("length", "encoding")

READ_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The request cannot be carried out as written."},
    401: {"model": Problem, "description": "No key, or an unknown or revoked one."},
    403: {"model": Problem, "description": "The key lacks the scope."},
    404: {"model": Problem, "description": "Not there, or another organisation's."},
}
WRITE_ERRORS: dict[int | str, dict[str, Any]] = {
    **READ_ERRORS,
    409: {"model": Problem, "description": "It contradicts the present state."},
    413: {"model": Problem, "description": "The body or a row is too large."},
    415: {"model": Problem, "description": "The body is not JSON, or compressed in a way that is not known here."},
    503: {"model": Problem, "description": "Too much at once: try again after the seconds of Retry-After."},
    507: {"model": Problem, "description": "The disk is full."},
}


class _JsonRequest(Request):
    def __init__(self, scope: Scope, receive: Receive, charge: Charge) -> None:
        super().__init__(scope, receive)
        self._charge = charge
        self._read: bytes | None = None

    async def body(self) -> bytes:
        """Read and decompress the body, within its limits."""
        if self._read is None:
            length, encoding = (self.headers.get(f"content-{part}", "").encode("latin-1") for part in _ABOUT_THE_BODY)
            # FastAPI lets only errors of HTTP out of here.
            try:
                self._read = await read_body(length, encoding, self.receive, self._charge)
            except Unavailable as error:
                raise HTTPException(503, error.message, {"Retry-After": "1"}) from None
            except Invalid as error:
                raise HTTPException(413 if isinstance(error, TooLarge) else 400, error.message) from None
        return self._read

    async def json(self) -> Any:
        """Decode the body; raises the answer 400, or 415 for a body that neither is JSON nor says so."""
        body = await self.body()
        try:
            # Milliseconds of decoding would hold up every other request.
            if len(body) > _DECODED_INLINE_BYTES:
                async with DECODING.of(len(body)):
                    return await asyncio.to_thread(codec.decode, body)
            return codec.decode(body)
        except codec.MalformedJson as error:
            media_type = self.scope.get("written_media_type", b"").decode("latin-1")
            if media_type and "json" not in media_type:
                raise HTTPException(415, f'Unsupported media type "{media_type}" in request.') from None
            raise HTTPException(400, error.message) from None


class JsonRoute(APIRoute):
    """A route whose JSON body is read by our codec, bounded in size."""

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler so that it sees our kind of request."""
        handle = super().get_route_handler()
        most_bytes = MANY_ROWS if self.path.endswith("/bulk/") else ONE_ROW

        async def handle_json(request: Request) -> Response:
            charge = Charge(most_bytes)
            try:
                return await handle(_JsonRequest(_as_json(request.scope), request.receive, charge))
            finally:
                charge.give_back()

        return handle_json


def _as_json(scope: Scope) -> Scope:
    """Call the body JSON, which is what clients mean, and remember what they wrote."""
    written = b""
    headers = []
    for name, value in scope["headers"]:
        if name == b"content-type":
            written = value
        else:
            headers.append((name, value))
    if written.startswith(_JSON):
        return scope
    return {**scope, "headers": [*headers, (b"content-type", _JSON)], "written_media_type": written}


def answer(value: Any, status_code: int = 200) -> Response:
    """Return a JSON answer; raw payloads in it are spliced, not parsed."""
    return Response(codec.encode(value), status_code, media_type="application/json")


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Document a body that is read by our own reader instead of a pydantic model."""
    schema = model.model_json_schema()
    schema.pop("title", None)
    schema = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return a schema with what it refers to in its place: inside a document its own definitions are not found."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}
