"""Times as the database keeps them: whole microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Return the microseconds since the epoch of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


@overload
def from_microseconds(value: int) -> datetime: ...
@overload
def from_microseconds(value: None) -> None: ...
def from_microseconds(value: int | None) -> datetime | None:
    """Return the aware UTC time of a stored value; None stays None."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)
