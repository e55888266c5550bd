"""Identifiers: time-ordered UUIDs (version 7, RFC 9562 section 5.7), so that new rows land at the end of an index."""

from __future__ import annotations

import random
import threading
import time
import uuid

_lock = threading.Lock()
# Ids must be unique, not secret: a generator seeded by the system is enough, and ten times as fast as the system.
_random = random.Random()  # noqa: S311
_last = 0


def _next_uuid7_int() -> int:
    """Return a 128-bit UUIDv7 greater than every one this process made before (RFC 9562 section 6.2, method 2)."""
    global _last
    milliseconds = time.time_ns() // 1_000_000
    random_bits = _random.getrandbits(74)
    # The 74 random bits straddle the two fixed fields: 12 above the variant, 62 below.
    value = (
        (milliseconds & ((1 << 48) - 1)) << 80
        | 0x7 << 76
        | (random_bits >> 62) << 64
        | 0b10 << 62
        | (random_bits & ((1 << 62) - 1))
    )
    with _lock:
        if value <= _last:
            # Same millisecond or a clock that stepped back: count on from the last one, small random steps.
            low = (_last & ((1 << 62) - 1)) + 1 + (random_bits & 0xFFFF)
            carry, low = low >> 62, low & ((1 << 62) - 1)
            high = ((_last >> 64) & 0xFFF) + carry
            timestamp = (_last >> 80) + (high >> 12)
            value = timestamp << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0b10 << 62 | low
        _last = value
    return value


def new_uuid() -> str:
    """Return a new UUIDv7 with dashes, as datasets, evaluators, reports and scores use."""
    text = f"{_next_uuid7_int():032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_hex_id() -> str:
    """Return a new UUIDv7 as 32 hexadecimal characters, as logs use."""
    return f"{_next_uuid7_int():032x}"


def uuid_within(namespace: str, name: str) -> str:
    """Return the UUID (version 5, RFC 9562 section 5.5) that `name` always has inside the UUID `namespace`."""
    return str(uuid.uuid5(uuid.UUID(namespace), name))
