"""Reading much of `request_log` on SQLite: in slices of the table's own order where an index would be slower."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select
from sqlalchemy.dialects import sqlite as sqlalchemy_sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import LRUCache

from assay.filters.expression import EVERYTHING, And, Condition, Expression, Operator
from assay.filters.log_query import LogQuery
from assay.model.access import Environment
from assay.stores.sql.database import Connection, Row, compiled
from assay.stores.sql.dialect import number_literal
from assay.stores.sql.log_query_sql import without_search
from assay.stores.sql.tables import request_log as table

# A slice is sorted and grouped within the sorter's memory: a third faster than the whole at once.
_SLICE = 20_000
# From an index to a line is three to four times as long as from a line to the next one.
_LEAST_SHARE = 5
# Indexes over so much of a scope that they leave out little; what others find is not worth a look at the whole table.
_WIDE_INDEXES = ("USING INDEX request_log_time ", "USING INDEX request_log_model ")


class _Compiler(SQLiteCompiler):
    """Writes the hint of a table behind its name, which SQLAlchemy leaves to each dialect."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


_dialect = sqlalchemy_sqlite.dialect(paramstyle="named")
_dialect.statement_compiler = _Compiler
_compiled: LRUCache[Any, Any] = LRUCache(200)


def partial_rows(
    connection: Connection,
    statement: Select[Any],
    organization_id: int,
    environment: Environment,
    query: LogQuery,
) -> Iterator[Row]:
    """Yield the rows of a statement over `request_log` that meets a query, grouped or not.

    Groups may come in parts, for the caller to put together: the statement may be run on one slice of the table after
    another.
    """
    if query.search is not None:
        yield from hinted_rows(connection, through_text_index(connection, statement))
        return
    if connection.dialect_name != "sqlite" or not _is_wide(connection, statement, organization_id, environment, query):
        yield from connection.rows(statement)
        return
    first, last = extent(connection)
    in_order = statement.with_hint(table, "NOT INDEXED", "sqlite")
    for start in range(first, last + 1, _SLICE):
        part = in_order.where(
            table.c.sequence >= number_literal(start), table.c.sequence < number_literal(start + _SLICE)
        )
        yield from connection.rows(*compiled(part, _dialect, _compiled))


def hinted(
    connection: Connection,
    statement: Select[Any],
    organization_id: int,
    environment: Environment,
    query: LogQuery,
) -> Select[Any]:
    """Return a statement that reads all that a query means before it answers: in the table's order if that is quicker.

    It, or one that it is a subquery of, is to be run by `hinted_rows`.
    """
    if query.search is not None:
        return through_text_index(connection, statement)
    if connection.dialect_name != "sqlite" or not _is_wide(connection, statement, organization_id, environment, query):
        return statement
    return statement.with_hint(table, "NOT INDEXED", "sqlite")


def through_text_index(connection: Connection, statement: Select[Any]) -> Select[Any]:
    """Return a statement with a text search that goes from the words to the lines, and to no line without them."""
    return statement.with_hint(table, "NOT INDEXED", "sqlite") if connection.dialect_name == "sqlite" else statement


def has_identifier(
    connection: Connection, name: str, organization_id: int, environment: Environment, query: LogQuery
) -> ColumnElement[bool]:
    """Return the condition that a log has an identifier; where many have one, without the index of those that do."""
    column = table.c[name]
    condition = column.is_not(None)
    if connection.dialect_name != "sqlite":
        return condition
    scopes = without_search(organization_id, environment, LogQuery(environments=query.environments), "sqlite")
    if not _are_many(connection, and_(scopes, condition)):
        return condition
    # `+` keeps the planner from it.
    return literal_column(f"+{table.name}.{name}", column.type).is_not(None)


def hinted_rows(connection: Connection, statement: Select[Any]) -> list[Row]:
    """Return the rows of a statement that may have a hint in it."""
    if connection.dialect_name != "sqlite":
        return connection.rows(statement)
    return connection.rows(*compiled_hinted(statement))


def compiled_hinted(statement: ClauseElement) -> tuple[str, dict[str, Any]]:
    """Return the SQLite text and bound values of a statement that may have a hint in it."""
    return compiled(statement, _dialect, _compiled)


def _is_wide(
    connection: Connection,
    statement: Select[Any],
    organization_id: int,
    environment: Environment,
    query: LogQuery,
) -> bool:
    """Tell whether the part of an index that a query means is so much of the table that all of it is better read."""
    plan = _plan(connection, statement)
    if not any(index in plan for index in _WIDE_INDEXES):
        return False
    expression = _model_of(query.expression) if _WIDE_INDEXES[1] in plan else EVERYTHING
    window = LogQuery(expression, query.start, query.end, query.environments)
    within = without_search(organization_id, environment, window, connection.dialect_name)
    return _are_many(connection, within)


def _are_many(connection: Connection, within: ColumnElement[bool]) -> bool:
    """Tell whether as large a part of the table meets a condition as is better read in the table's own order."""
    first, last = extent(connection)
    share: int = (last - first + 1) // _LEAST_SHARE
    some = select(literal_column("1")).select_from(table).where(within).limit(share).subquery()
    counted: ClauseElement = select(func.count()).select_from(some)
    return share > 0 and int(connection.rows(counted)[0][0]) >= share


def _model_of(expression: Expression) -> Expression:
    """Return what a filter says of the model, as far as the index of models can tell."""
    parts = expression.children if isinstance(expression, And) else (expression,)
    named = [
        part
        for part in parts
        if isinstance(part, Condition) and part.field.name == "model" and part.operator is Operator.EQUAL
    ]
    return named[0] if named else EVERYTHING


def extent(connection: Connection) -> tuple[int, int]:
    """Return the first and the last sequence of the table, twice 0 when it is empty."""
    first, last = connection.rows("SELECT min(sequence), max(sequence) FROM request_log")[0]
    return first or 0, last or 0


def _plan(connection: Connection, statement: Select[Any]) -> str:
    text, values = compiled(statement, _dialect, _compiled)
    return "\n".join(f"{row[3]} " for row in connection.rows(f"EXPLAIN QUERY PLAN {text}", values))
