"""Sums of whole numbers that never leave 64 bits on the way: SQLite fails when one does, and doubles round."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, literal_column


def exact_sum(column: ColumnElement[Any]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return the sums of the upper bits and of the lower 31, for `exact` to put together."""
    upper, lower = column.op(">>")(literal_column("31")), column.op("&")(literal_column("2147483647"))
    return func.coalesce(func.sum(upper), 0), func.coalesce(func.sum(lower), 0)


def exact(upper: Any, lower: Any) -> int:
    """Return the sum from the two sums that the database gave (integers, or PostgreSQL's decimals)."""
    return (int(upper) << 31) + int(lower)


def exact_order(column: ColumnElement[Any]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return what to sort by, in this order, to sort by the sum."""
    upper, lower = (cast(part, BigInteger) for part in exact_sum(column))
    return upper + lower.op(">>")(literal_column("31")), lower.op("&")(literal_column("2147483647"))
