"""A query for request logs as a SQL condition: scopes, window, filter, text search."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal_column, select
from sqlalchemy import Integer as SqlInteger

from assay.filters.expression import EVERYTHING
from assay.filters.fields import DETAIL_NAMES
from assay.filters.log_query import LogQuery
from assay.model.access import Environment
from assay.model.log import ATTRIBUTE_NAMES
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES
from assay.stores.sql.database import Database
from assay.stores.sql.dialect import dialect_named, json_member
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.log_scope import scopes_of
from assay.stores.sql.log_scores import SCORES_OF_LOG
from assay.stores.sql.tables import request_log, request_log_body
from assay.stores.sql.text_index import search_condition
from assay.stores.sql.times import to_microseconds

_COLUMNS = ("id", "created_at", *ATTRIBUTE_NAMES, *SPAN_ATTRIBUTE_NAMES)
_PAYLOADS = ("input", "output", "expected_output", *DETAIL_NAMES)

environment_column: ColumnElement[str] = case(
    (request_log.c.scope.op("&")(literal_column("1")) == literal_column("0"), literal_column("'prod'")),
    else_=literal_column("'test'"),
)


@cache
def filter_columns(dialect_name: str) -> FilterColumns:
    """Return what the fields of request logs are in SQL; a payload is read from the body only where it is asked for."""
    columns: dict[str, ColumnElement[Any]] = {
        name: request_log.c[name] for name in _COLUMNS if name not in ("environment",)
    }
    columns["environment"] = environment_column
    columns["is_root_span"] = case((request_log.c.span_parent_id.is_(None), 1), else_=0).cast(SqlInteger)
    payloads = {name: _payload(name, dialect_name) for name in _PAYLOADS}
    return FilterColumns(
        columns=columns,
        json={**payloads, "metadata": request_log.c.metadata},
        # PostgreSQL's jsonb rewrites objects; their text is taken from the body, where it is as it was written.
        json_text={"metadata": _payload("metadata", dialect_name)} if dialect_name == "postgresql" else {},
        scores=SCORES_OF_LOG,
    )


def _payload(name: str, dialect_name: str) -> ColumnElement[str]:
    data: ColumnElement[Any] = request_log_body.c.data
    if dialect_name == "sqlite":
        data = func.body_text(request_log_body.c.codec, request_log_body.c.data)
    return (
        select(json_member(data, name, dialect_name))
        .where(request_log_body.c.sequence == request_log.c.sequence)
        .correlate(request_log)
        .scalar_subquery()
    )


async def matching(
    database: Database,
    organization_id: int,
    environment: Environment,
    query: LogQuery,
    *,
    is_probed: bool = False,
) -> ColumnElement[bool]:
    """Return the condition that a line of `request_log` is meant by a query.

    A text search looks first at what is not in its index yet, which is why this waits. Raises Invalid for a filter
    that the database cannot be asked.
    """
    found = without_search(organization_id, environment, query, database.dialect_name)
    if query.search is None:
        return found
    return and_(found, await search_condition(database, found, query.search, is_probed=is_probed))


def without_search(
    organization_id: int, environment: Environment, query: LogQuery, dialect_name: str
) -> ColumnElement[bool]:
    """Return the condition for everything in a query but its text search."""
    dialect = dialect_named(dialect_name)
    conditions = [dialect.in_numbers(request_log.c.scope, scopes_of(organization_id, environment, query.environments))]
    if query.start is not None:
        conditions.append(request_log.c.timestamp >= to_microseconds(query.start))
    if query.end is not None:
        conditions.append(request_log.c.timestamp < to_microseconds(query.end))
    if query.expression != EVERYTHING:
        conditions.append(compile_filter(query.expression, filter_columns(dialect_name), dialect_name))
    return and_(*conditions)
