"""Reading a stream of events, however its bytes are cut."""

from __future__ import annotations

import pytest

from assay.sdk.server_sent_events import Event, EventReader

STREAM = b': hello\nretry: 2000\n\nevent: progress\ndata: {"n": 1}\n\ndata:two\ndata: lines\n\nevent: empty\n\n'
EVENTS = [Event("progress", b'{"n": 1}'), Event("message", b"two\nlines")]


def read(stream: bytes, size: int) -> list[Event]:
    reader = EventReader()
    return [event for at in range(0, len(stream), size) for event in reader.feed(stream[at : at + size])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_the_same_however_the_stream_is_cut_and_its_lines_end(size: int, end: bytes) -> None:
    assert read(STREAM.replace(b"\n", end), size) == EVENTS


def test_an_event_without_its_blank_line_is_not_told() -> None:
    assert read(b"data: half", 4) == []


def test_a_byte_order_mark_before_the_stream_is_no_part_of_it() -> None:
    assert read("\ufeffdata: x\n\n".encode(), 1) == [Event("message", b"x")]
