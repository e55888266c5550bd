"""Reading Server-Sent Events out of a stream of bytes, however it is cut (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_BYTE_ORDER_MARK = "\ufeff".encode()


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, `message` where it has none, and its data."""

    name: str
    data: bytes


class EventReader:
    """Takes the bytes of a stream part by part and gives the events that are complete; comments are left out."""

    def __init__(self) -> None:
        self._rest = b""
        self._ends_in_return = False
        self._is_first = True
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, part: bytes) -> Iterator[Event]:
        """Yield the events that end in this part; an event ends with a blank line."""
        if part and self._ends_in_return and part.startswith(b"\n"):
            # The other half of a line end that was cut in two.
            part = part[1:]
            self._ends_in_return = False
        if not part:
            return
        self._ends_in_return = part.endswith(b"\r")
        *lines, self._rest = (self._rest + part).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if self._is_first:
                line = line.removeprefix(_BYTE_ORDER_MARK)
                self._is_first = False
            event = self._line(line)
            if event is not None:
                yield event

    def _line(self, line: bytes) -> Event | None:
        if not line:
            event = Event(self._name.decode("utf-8", "replace") or "message", b"\n".join(self._data))
            has_data = bool(self._data)
            self._name, self._data = b"", []
            return event if has_data else None
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value
        elif field == b"data":
            self._data.append(value)
        return None
