"""Orders of lists: what is missing comes last either way, and ties are broken by the unique order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from assay.model.page import Sort


def order_by(column: ColumnElement[Any], sort: Sort, tie_break: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Return the ORDER BY terms for a sort over a column."""
    if column is tie_break:
        return [column.desc() if sort.descending else column.asc()]
    if sort.descending:
        return [column.desc().nulls_last(), tie_break.desc()]
    return [column.asc().nulls_last(), tie_break.asc()]


def directed(columns: Sequence[ColumnElement[Any]], sort: Sort) -> list[ColumnElement[Any]]:
    """Return the ORDER BY terms for a sort over several columns at once."""
    return [column.desc().nulls_last() if sort.descending else column.asc().nulls_last() for column in columns]
