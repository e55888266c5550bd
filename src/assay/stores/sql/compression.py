"""Compressing bodies for SQLite, with or without a dictionary; PostgreSQL compresses by itself and keeps the text.

Codec 0 is the text as it is, 1 is zstd, any other the id of the zstd dictionary that it needs.
"""

from __future__ import annotations

import threading
from typing import Any

import zstandard

from assay.stores.sql.database import Connection

PLAIN, ZSTD = 0, 1

# Level 3 saves two bytes in a hundred without a dictionary, and costs a third more time.
_LEVEL = 1
# With a dictionary level 3 takes the same time as level 1 and a sixth less space (measured on chat logs).
LEVEL_WITH_DICTIONARY = 3
# With a dictionary even short texts shrink; without one a frame header eats what compression wins.
_SMALLEST_BYTES = 160
_SMALLEST_BYTES_WITH_DICTIONARY = 32

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


def packed(text: bytes, dialect_name: str, dictionary_id: int = 0) -> tuple[int, Any]:
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
    """Return the joined body from its stored form; raises ZstdError where it is damaged or its dictionary unknown."""
    if codec == PLAIN:
        return bytes(data)
    decompressor = _codec.decompressors.get(codec)
    if decompressor is None:
        if codec != ZSTD and codec not in _dictionaries:
            raise zstandard.ZstdError(f"there is no dictionary {codec}")
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
