"""Learning compression dictionaries from the logs themselves (SQLite; PostgreSQL compresses by its own means)."""

from __future__ import annotations

import time

import zstandard

from assay.stores.sql import compression
from assay.stores.sql.database import Connection, Database

_DICTIONARY_BYTES = 110 * 1024
_SAMPLES = 2_000
# Another dictionary is worth having only where it saves this share of what the present one leaves.
_LEAST_GAIN = 0.05
# How many logs must have been recorded in all before a first, second and third dictionary is tried.
_WHEN = (2_000, 100_000, 1_000_000)
_LONGEST_SAMPLE_BYTES = 128 * 1024
# A body that is larger as it is stored gains little from a dictionary, and thousands of them fill the memory.
_LARGEST_STORED_BYTES = 32 * 1024


class LogCompression:
    """Which dictionary new bodies of a database are compressed with."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dictionary_id = 0
        self._tried = 0

    def load(self, connection: Connection) -> None:
        """Make the stored dictionaries known: without them their bodies cannot be read."""
        self.dictionary_id = compression.load_dictionaries(connection)
        recorded = connection.rows("SELECT coalesce(max(sequence), 0) FROM request_log")[0][0]
        # What was not better when it was due is not tried again with every start.
        self._tried = sum(recorded >= when for when in _WHEN) if self.dictionary_id else 0

    async def train(self) -> bool:
        """Learn a dictionary from the newest logs when enough have come; True when one was made."""
        if self._database.dialect_name != "sqlite" or self._tried >= len(_WHEN):
            return False
        most = _WHEN[self._tried]
        samples = await self._database.read(lambda connection: _newest_bodies(connection, most))
        if not samples:
            return False
        self._tried += 1
        made = await self._database.read(lambda _: _trained(samples, self.dictionary_id))
        if made is None:
            return False
        number, data = made

        def work(connection: Connection) -> None:
            connection.run(
                "INSERT INTO compression_dictionary (number, data, created_at) VALUES (:number, :data, :now)",
                {"number": number, "data": data, "now": time.time_ns() // 1000},
            )

        await self._database.write(work)
        self.dictionary_id = await self._database.read(compression.load_dictionaries)
        return True


def _newest_bodies(connection: Connection, most: int) -> list[bytes]:
    """Return the samples to learn from, or none while fewer than `most` logs have been recorded."""
    last = connection.rows("SELECT max(sequence) FROM request_log")[0][0]
    if last is None or last < most:
        return []
    rows = connection.rows(
        "SELECT codec, data FROM request_log_body WHERE length(data) <= :largest AND sequence IN"
        " (SELECT sequence FROM request_log_body ORDER BY sequence DESC LIMIT :count) ORDER BY sequence DESC",
        {"largest": _LARGEST_STORED_BYTES, "count": _SAMPLES},
    )
    return [compression.unpacked(codec, data)[:_LONGEST_SAMPLE_BYTES] for codec, data in rows]


def _trained(samples: list[bytes], present: int) -> tuple[int, bytes] | None:
    """Return id and bytes of a dictionary that is clearly better on samples it has not seen; None otherwise."""
    learnt: list[bytes | bytearray | memoryview] = [*samples[::2]]
    tried = samples[1::2]
    try:
        dictionary = zstandard.train_dictionary(_DICTIONARY_BYTES, learnt)
    except zstandard.ZstdError:
        # Too little, or too much alike, to learn from.
        return None
    data = dictionary.as_bytes()
    compressor = zstandard.ZstdCompressor(
        level=compression.LEVEL_WITH_DICTIONARY, dict_data=dictionary, write_dict_id=False, write_checksum=False
    )
    before = sum(len(compression.packed(text, "sqlite", present)[1]) for text in tried)
    after = sum(len(compressor.compress(text)) for text in tried)
    return (dictionary.dict_id(), data) if after <= before * (1 - _LEAST_GAIN) else None
