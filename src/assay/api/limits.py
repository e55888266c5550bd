"""How large a body may be: refused while it comes in, before memory grows."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

MEBIBYTE = 1024 * 1024
# A row may have 20 MB; a little more for the JSON around it.
ONE_ROW = 21 * MEBIBYTE
MANY_ROWS = 100 * MEBIBYTE


def limited(receive: Receive, request: Request, most_bytes: int) -> Receive:
    """Return `receive` with a limit on the body; going beyond raises the answer 413."""
    stated = request.headers.get("content-length", "")
    received = 0

    async def limited_receive() -> Message:
        nonlocal received
        if stated.isdigit() and int(stated) > most_bytes:
            raise _too_large(most_bytes)
        message = await receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise _too_large(most_bytes)
        return message

    return limited_receive


def _too_large(most_bytes: int) -> HTTPException:
    return HTTPException(413, f"The body is too large: at most {most_bytes // MEBIBYTE} MB are taken here.")
