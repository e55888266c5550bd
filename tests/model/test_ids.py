"""Identifiers are valid UUIDs of version 7, unique, and in the order in which they were made."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.model import ids


def test_identifiers_are_uuids_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    for text in (ids.new_uuid(), ids.new_hex_id()):
        made = uuid.UUID(text)
        assert (made.version, made.variant) == (7, uuid.RFC_4122)
        # Many identifiers of one millisecond may borrow from the next ones.
        assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1_000
    assert str(uuid.UUID(ids.new_uuid())) != ids.new_hex_id()
    assert len(ids.new_hex_id()) == 32


def test_identifiers_of_one_thread_rise() -> None:
    made = [ids.new_hex_id() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(text).version == 7 for text in made)


def test_identifiers_of_many_threads_are_unique_and_rise_in_each() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [ids.new_hex_id() for _ in range(2_000)], range(8)))
    assert all(part == sorted(part) for part in made)
    assert len({text for part in made for text in part}) == 16_000


def test_identifiers_rise_when_the_clock_stands_still_or_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    last = ids.new_hex_id()
    for nanoseconds in (0, 1_000_000_000, 10**18, 0):
        monkeypatch.setattr(ids.time, "time_ns", lambda fixed=nanoseconds: fixed)
        for _ in range(100):
            following = ids.new_hex_id()
            assert following > last
            assert (uuid.UUID(following).version, uuid.UUID(following).variant) == (7, uuid.RFC_4122)
            last = following


def test_counting_on_carries_over_the_fixed_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    full = uuid.UUID("01890000-0000-7fff-bfff-ffffffffffff").int
    monkeypatch.setattr(ids, "_last", full)
    monkeypatch.setattr(ids.time, "time_ns", lambda: 0)
    following = uuid.UUID(ids.new_hex_id())
    assert following.int > full
    assert (following.version, following.variant, following.int >> 80) == (7, uuid.RFC_4122, 0x018900000001)


def test_a_name_always_has_the_same_uuid_inside_a_namespace() -> None:
    namespace = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    # RFC 9562, appendix A.4.
    assert ids.uuid_within(namespace, "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2"
