"""Reading a body: decompressed, bounded in size, charged to the budget of the process while it comes in."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator

import zstandard
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from assay.api.limits import MEBIBYTE, Charge
from assay.model.errors import Invalid

# A sender that falls silent in the middle of a body must not hold its share of the budget for ever.
_LONGEST_SILENCE_SECONDS = 60.0
# What so few bytes can become is decompressed faster than a thread is asked.
_DECOMPRESSED_INLINE_BYTES = 4 * 1024
_STEP_BYTES = MEBIBYTE
# A Zstandard block of few bytes can stand for 128 KB: small slices keep what comes out at once small.
_ZSTD_SLICE_BYTES = 1024
_ZSTD_OUTPUT_BYTES = 16 * 1024
# RFC 9659: no sender of a Content-Encoding may ask for a larger window.
_ZSTD_WINDOW_BYTES = 8 * MEBIBYTE
_GZIP, _ZLIB, _BARE_DEFLATE = 31, 15, -15


async def read_body(stated_length: bytes, encoding: bytes, receive: Receive, charge: Charge) -> bytes:
    """Return the body of a request, decompressed.

    `stated_length` and `encoding` are the headers Content-Length and Content-Encoding, empty when absent. Raises
    TooLarge, Unavailable, Invalid for compressed bytes that are none, the answers 408 and 415, and ClientDisconnect.
    """
    decompress = _decompressor(encoding)
    if stated_length.isdigit():
        charge.announce(int(stated_length))
    take = charge.take if decompress is None else charge.take_beside
    message = await receive()
    chunks: list[bytes] = []
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        if chunk:
            take(len(chunk))
            chunks.append(chunk)
        if not message.get("more_body", False):
            break
        try:
            async with asyncio.timeout(_LONGEST_SILENCE_SECONDS):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The body stopped coming in.") from None
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if decompress is None or not body:
        return body
    if len(body) <= _DECOMPRESSED_INLINE_BYTES:
        return _decompressed(decompress, body, charge)
    return await asyncio.to_thread(_decompressed, decompress, body, charge)


Decompress = Callable[[bytes], Iterator[bytes]]


def _decompressor(encoding: bytes) -> Decompress | None:
    name = encoding.decode("latin-1").strip().lower()
    if name in ("", "identity"):
        return None
    found = _DECOMPRESSORS.get(name)
    if found is None:
        known = "gzip, deflate, zstd"
        raise HTTPException(
            415, f'Unsupported content encoding "{name[:60]}": use {known} or none.', {"Accept-Encoding": known}
        )
    return found


def _decompressed(decompress: Decompress, body: bytes, charge: Charge) -> bytes:
    pieces = []
    for piece in decompress(body):
        charge.take(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def _gunzip(body: bytes) -> Iterator[bytes]:
    yield from _inflate(body, "gzip", _GZIP)


def _undeflate(body: bytes) -> Iterator[bytes]:
    # RFC 9110 means the zlib format (RFC 1950); some senders leave its two bytes out.
    is_zlib = body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    yield from _inflate(body, "deflate", _ZLIB if is_zlib else _BARE_DEFLATE)


def _inflate(body: bytes, name: str, window_bits: int) -> Iterator[bytes]:
    rest = body
    while rest:
        # One after the other: gzip may be written in several members.
        decompressor = zlib.decompressobj(window_bits)
        while not decompressor.eof:
            before = len(rest)
            try:
                piece = decompressor.decompress(rest, _STEP_BYTES)
            except zlib.error:
                raise _invalid(name) from None
            rest = decompressor.unconsumed_tail
            if piece:
                yield piece
            elif len(rest) in (0, before) and not decompressor.eof:
                raise _invalid(name, "it ends too early")
        rest = decompressor.unused_data


def _unzstd(body: bytes) -> Iterator[bytes]:
    rest = memoryview(body)
    while rest:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).decompressobj(_ZSTD_OUTPUT_BYTES)
        while not decompressor.eof:
            if not rest:
                raise _invalid("zstd", "it ends too early")
            some = rest[:_ZSTD_SLICE_BYTES]
            try:
                piece = decompressor.decompress(some)
            except zstandard.ZstdError:
                raise _invalid("zstd") from None
            rest = rest[len(some) - len(decompressor.unused_data) :]
            if piece:
                yield piece


_DECOMPRESSORS: dict[str, Decompress] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "zstd": _unzstd,
}


def _invalid(name: str, reason: str = "") -> Invalid:
    return Invalid(f"The body is not valid {name}{': ' + reason if reason else ''}, as Content-Encoding says it is.")
