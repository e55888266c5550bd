"""The spans of an OTLP request as plain values, whichever encoding they came in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

STATUS_UNSET, STATUS_OK, STATUS_ERROR = 0, 1, 2
TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8

Attributes = dict[str, Any]

_MOST_REASONS = 5
_LONGEST_REASON = 300


class OtlpEvent(NamedTuple):
    """Something that happened during a span, `time_unix_nano` nanoseconds after 1970."""

    name: str
    time_unix_nano: int
    attributes: Attributes


class OtlpLink(NamedTuple):
    """Another span that a span names; ids in hex."""

    trace_id: str
    span_id: str
    attributes: Attributes


class OtlpScope(NamedTuple):
    """The library that made a span."""

    name: str
    version: str
    attributes: Attributes


class OtlpSpan(NamedTuple):
    """A span as it was sent: ids in lower-case hex, times in nanoseconds since 1970 (0: not given), enums as numbers.

    Attribute values are JSON values: bytes are base64 text, NaN and infinities their names.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: int
    start_time_unix_nano: int
    end_time_unix_nano: int
    status_code: int
    status_message: str
    trace_state: str
    attributes: Attributes
    events: list[OtlpEvent]
    links: list[OtlpLink]
    resource: Attributes
    scope: OtlpScope


@dataclass(slots=True)
class DecodedSpans:
    """The spans of a request that could be read, and for each of the others where it stands and why not."""

    spans: list[OtlpSpan] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    @property
    def error_message(self) -> str:
        """What the reply says of the rejected spans: the first few reasons; "" when there are none."""
        shown = [reason[:_LONGEST_REASON] for reason in self.rejected[:_MOST_REASONS]]
        more = len(self.rejected) - len(shown)
        return "; ".join([*shown, f"and {more:,} more"] if more else shown)


class Unreadable(Exception):
    """A part of a request is not what it should be; `path` says which, from the part that is being read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason

    def within(self, path: str) -> Unreadable:
        """Return the error as seen from the part that holds the one at `path`."""
        separator = "" if not path or not self.path or self.path.startswith("[") else "."
        return Unreadable(path + separator + self.path, self.reason)


def storable(text: str) -> str:
    """Return a text without what no store can keep: NUL characters and lone surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = _SURROGATE.sub("\ufffd", text)
    return text


_SURROGATE = re.compile("[\ud800-\udfff]")


def json_number(value: float) -> float | str:
    """Return a double as JSON can hold it: NaN and infinities as their names."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def valid_id(value: bytes, size: int, path: str) -> str:
    """Return an id in hex; raises Unreadable for one of another size, and for zeros, which stand for no id."""
    if len(value) != size:
        raise Unreadable(path, f"an id of {size} bytes is required, not of {len(value)}")
    if not any(value):
        raise Unreadable(path, "an id of zeros is not valid")
    return value.hex()


def rejection(i: int, j: int, k: int, error: Unreadable) -> str:
    """Return where the span stands that cannot be read, and why it cannot."""
    located = error.within(f"resourceSpans[{i}].scopeSpans[{j}].spans[{k}]")
    return f"{located.path}: {located.reason}"
