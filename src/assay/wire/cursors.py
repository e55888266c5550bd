"""Cursors on the wire: opaque text that says where the next page goes on."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec

from assay.filters.expression import Field
from assay.filters.fields import FieldSet
from assay.model.errors import Invalid
from assay.model.page import Sort

# As the port of request logs has it: what the last item was sorted by, and its sequence.
Cursor = tuple[str | int | float | None, int]
FIRST = ("", "start")
"""What a client writes to begin."""

_LONGEST = 8192
# Integers as a database keeps them: times are microseconds.
_Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_decoder = msgspec.json.Decoder(
    tuple[str, str | _Whole | float | None, Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]]
)


def write_cursor(cursor: Cursor, sort: Sort) -> str:
    """Return a cursor as text: base64url without padding of `[sort, value, sequence]` in JSON."""
    value, sequence = cursor
    text = msgspec.json.encode([_written(sort), value, sequence])
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def read_cursor(text: str, sort: Sort, fields: FieldSet) -> Cursor | None:
    """Read a cursor that `write_cursor` wrote for the same order over `fields`; None begins. Raises Invalid."""
    if text in FIRST:
        return None
    parts = _parts(text)
    if parts is None:
        raise _foreign()
    written, value, sequence = parts
    if written != _written(sort):
        raise Invalid.field("cursor", f"This cursor goes through the order {written[:60]}, not {_written(sort)}.")
    # Sorted by id means by time; and a database compares no text with a number.
    is_text = sort.field != "id" and fields.spec_of(Field(sort.field)).kind == "text"
    if value is not None and isinstance(value, str) != is_text:
        raise _foreign()
    return value, sequence


def _foreign() -> Invalid:
    return Invalid.field("cursor", "This is no cursor of this server: leave it empty to begin.")


def _parts(text: str) -> tuple[str, str | int | float | None, int] | None:
    if len(text) > _LONGEST:
        return None
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        return _decoder.decode(decoded)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return None


def _written(sort: Sort) -> str:
    return f"-{sort.field}" if sort.descending else sort.field
