"""The body of a row: its payloads as one JSON object of raw values, which `compression` stores."""

from __future__ import annotations

import hashlib

import msgspec

from assay.model.log import CONTENT_NAMES, LogContent


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
