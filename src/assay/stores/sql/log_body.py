"""The body of a request log: payloads and details as one JSON object, compressed with a dictionary learnt from logs.

Codec 0 is the JSON text as it is, 1 is zstd, any other the id of the zstd dictionary that it needs. Metadata stands in
the line; PostgreSQL has it here too, because jsonb does not keep an object as it was written.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import msgspec
import zstandard

from assay.model.log import LogContent
from assay.model.request_log import RequestLog, RequestLogDraft
from assay.stores.sql.body import PLAIN, ZSTD
from assay.stores.sql.database import Connection

_LEVEL = 1
# With a dictionary level 3 takes the same time as level 1 and a sixth less space (measured on chat logs).
LEVEL_WITH_DICTIONARY = 3
# With a dictionary even short texts shrink; without one a frame header eats what compression wins.
_SMALLEST_BYTES = 160
_SMALLEST_BYTES_WITH_DICTIONARY = 32
# How large a body is as it is stored, found without reading it.
STORED_SIZE = {"sqlite": "length(b.data)", "postgresql": "pg_column_size(b.data)"}
_PAYLOADS = ("input", "output", "expected_output", "metadata")

# Dictionaries by id, of every database that this process has open: an id is random and belongs to one dictionary.
_dictionaries: dict[int, zstandard.ZstdCompressionDict] = {}


class _Codec(threading.local):
    """What one thread works with: compressors and decompressors keep state and must not be shared.

    `read` and `text` are the body that was asked for last, and its text.
    """

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}
        self.read = (PLAIN, b"")
        self.text = ""


_codec = _Codec()
_parts: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


def joined(draft: RequestLogDraft, dialect_name: str) -> bytes:
    """Return the JSON object that holds what is present of payloads and details."""
    return _joined(draft.content, draft.details, has_metadata=dialect_name == "postgresql")


def with_metadata(log: RequestLog, metadata: bytes | None) -> bytes:
    """Return the joined body of a recorded log with other metadata in it."""
    return _joined(replace(log.content or LogContent(), metadata=metadata), log.details, has_metadata=True)


def _joined(content: LogContent, details: bytes | None, *, has_metadata: bool) -> bytes:
    pieces = []
    if content.input is not None:
        pieces.append(b'"input":' + content.input)
    if content.output is not None:
        pieces.append(b'"output":' + content.output)
    if content.expected_output is not None:
        pieces.append(b'"expected_output":' + content.expected_output)
    if has_metadata and content.metadata is not None:
        pieces.append(b'"metadata":' + content.metadata)
    if details is not None and len(details) > 2:
        pieces.append(details[1:-1])
    return b"{" + b",".join(pieces) + b"}"


def split(text: bytes | str, metadata: bytes | None) -> tuple[LogContent, bytes | None]:
    """Return the payloads and the details of a joined body, each still raw JSON text.

    `metadata` is that of the line; where the body has it too, it has it as it was written.
    """
    parts = _parts.decode(text)
    payloads = {name: bytes(parts.pop(name)) if name in parts else None for name in _PAYLOADS}
    if payloads["metadata"] is None:
        payloads["metadata"] = metadata
    return LogContent(**payloads), msgspec.json.encode(parts) if parts else None


def packed(text: bytes, dialect_name: str, dictionary_id: int) -> tuple[int, Any]:
    """Return the codec and the stored form of a joined body; `dictionary_id` 0 is none."""
    if dialect_name == "postgresql":
        return PLAIN, text.decode()
    if len(text) < (_SMALLEST_BYTES_WITH_DICTIONARY if dictionary_id else _SMALLEST_BYTES):
        return PLAIN, text
    compressor = _codec.compressors.get(dictionary_id)
    if compressor is None:
        dictionary = _dictionaries.get(dictionary_id)
        compressor = zstandard.ZstdCompressor(
            level=LEVEL_WITH_DICTIONARY if dictionary_id else _LEVEL,
            dict_data=dictionary,
            write_checksum=False,
            write_dict_id=False,
        )
        _codec.compressors[dictionary_id] = compressor
    return dictionary_id or ZSTD, compressor.compress(text)


def unpacked(codec: int, data: Any) -> bytes:
    """Return the joined body from its stored form."""
    if codec == PLAIN:
        return bytes(data)
    decompressor = _codec.decompressors.get(codec)
    if decompressor is None:
        dictionary = _dictionaries[codec] if codec != ZSTD else None
        decompressor = _codec.decompressors[codec] = zstandard.ZstdDecompressor(dict_data=dictionary)
    return decompressor.decompress(data)


def text_of(codec: int, data: bytes) -> str:
    """Return the joined body as text: the SQL function `body_text` of SQLite, for every kind of body."""
    local = _codec
    # A condition asks for the body of a row two or three times in a row: for its kind, its value, its text.
    # The same bytes mean another text with another dictionary.
    if (codec, data) != local.read:
        local.text = unpacked(codec, data).decode()
        local.read = (codec, data)
    return local.text


def load_dictionaries(connection: Connection) -> int:
    """Make the dictionaries of a database known to this process and return the id of the newest, 0 for none."""
    newest = 0
    for newest, data in connection.rows("SELECT number, data FROM compression_dictionary ORDER BY created_at"):
        _remember(newest, bytes(data))
    return newest


def _remember(number: int, data: bytes) -> None:
    if number not in _dictionaries:
        dictionary = zstandard.ZstdCompressionDict(data)
        dictionary.precompute_compress(level=LEVEL_WITH_DICTIONARY)
        _dictionaries[number] = dictionary
