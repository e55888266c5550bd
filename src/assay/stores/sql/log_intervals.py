"""The interval of time that a request log is in: the start of its hour, day, week, month, or of any width."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal_column

from assay.ports.log_analytics import DateUnit
from assay.stores.sql.tables import request_log as table

_HOUR = 3_600_000_000
DAY = 24 * _HOUR
# The epoch was a Thursday.
_DAYS_FROM_MONDAY = 3


def floored(width: int, offset: int = 0) -> ColumnElement[int]:
    """Return the start of the interval of a width that a timestamp is in; division would round towards 1970."""
    moment = table.c.timestamp + literal_column(str(offset)) if offset else table.c.timestamp
    whole = literal_column(str(width), BigInteger)
    into = ((moment % whole) + whole) % whole
    return table.c.timestamp - into


def start_of(unit: DateUnit, dialect_name: str) -> ColumnElement[int]:
    """Return the start of the hour, day, week (from Monday) or month in UTC that a log's timestamp is in."""
    if unit == "hour":
        return floored(_HOUR)
    if unit == "day":
        return floored(DAY)
    if unit == "week":
        return floored(7 * DAY, _DAYS_FROM_MONDAY * DAY)
    seconds = floored(1_000_000) / literal_column("1000000.0")
    if dialect_name == "sqlite":
        month = func.strftime("%s", seconds, "unixepoch", "start of month")
    else:
        month = func.date_part("epoch", func.date_trunc("month", func.timezone("UTC", func.to_timestamp(seconds))))
    return cast(month, BigInteger) * literal_column("1000000", BigInteger)
