"""Pages by where the last one ended: the condition that a line comes after a cursor in the order of a list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, tuple_

from assay.model.page import Sort
from assay.stores.sql.dialect import number_literal, text_literal

CursorValue = str | int | float | None


def _literal(value: str | int | float) -> ColumnElement[Any]:
    return text_literal(value) if isinstance(value, str) else number_literal(value)


def comes_after(
    column: ColumnElement[Any], tie_break: ColumnElement[Any], sort: Sort, value: CursorValue, place: int
) -> ColumnElement[bool]:
    """Return the condition for lines after the one with this value and place; missing values come last either way."""
    after_place = tie_break < number_literal(place) if sort.descending else tie_break > number_literal(place)
    if column is tie_break:
        return after_place
    if value is None:
        return and_(column.is_(None), after_place)
    bound = _literal(value)
    beyond = column < bound if sort.descending else column > bound
    return or_(beyond, and_(column == bound, after_place), column.is_(None))


def comes_after_in_index(
    column: ColumnElement[Any], tie_break: ColumnElement[Any], sort: Sort, value: int, place: int
) -> ColumnElement[bool]:
    """Return the same for a column that is never missing, in the form that an index over both answers."""
    present, bound = tuple_(column, tie_break), tuple_(number_literal(value), number_literal(place))
    return present < bound if sort.descending else present > bound
