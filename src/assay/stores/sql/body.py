"""The body of a row: its payloads as one JSON object of raw values, compressed where the database does not do it.

Codec 0 is the JSON text as it is, codec 1 is zstd. PostgreSQL keeps the text (its own storage compresses it), so that
payload paths can be queried there; SQLite keeps the compressed bytes and reads them through `body_text(codec, data)`.
"""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import msgspec
import zstandard

from assay.model.log import CONTENT_NAMES, LogContent

PLAIN, ZSTD = 0, 1

# Below this a frame header eats what compression wins.
_SMALLEST_COMPRESSED_BYTES = 160
# Level 3 saves two bytes in a hundred and costs a third more time.
_LEVEL = 1


class _Codec(threading.local):
    """What one thread works with: compressor and decompressor keep state and must not be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
        self.decompressor = zstandard.ZstdDecompressor()


_codec = _Codec()


class _Parts(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    expected_output: msgspec.Raw = msgspec.Raw()
    metadata: msgspec.Raw = msgspec.Raw()
    metrics: msgspec.Raw = msgspec.Raw()


_parts = msgspec.json.Decoder(_Parts)


def joined(content: LogContent) -> bytes:
    """Return the JSON object that holds the payloads that are present."""
    pieces = [b'"%s":%s' % (name.encode(), value) for name in CONTENT_NAMES if (value := getattr(content, name))]
    return b"{" + b",".join(pieces) + b"}"


def split(text: bytes | str) -> LogContent:
    """Return the payloads of a joined body, each still raw JSON text."""
    parts = _parts.decode(text)
    return LogContent(*(bytes(raw) or None for raw in (getattr(parts, name) for name in CONTENT_NAMES)))


def digest(text: bytes) -> bytes:
    """Return the 16 bytes that address a body by its exact text (BLAKE2b)."""
    return hashlib.blake2b(text, digest_size=16).digest()


def packed(text: bytes, dialect_name: str) -> tuple[int, Any]:
    """Return the codec and the stored form of a joined body for a dialect."""
    if dialect_name == "postgresql":
        return PLAIN, text.decode()
    if len(text) < _SMALLEST_COMPRESSED_BYTES:
        return PLAIN, text
    return ZSTD, _codec.compressor.compress(text)


def unpacked(codec: int, data: Any) -> bytes:
    """Return the joined body from its stored form."""
    if codec == ZSTD:
        return _codec.decompressor.decompress(data)
    return bytes(data)
