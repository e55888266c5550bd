"""The list of all scores in SQL: one order over both tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, and_, func, literal_column, select, union_all

from assay.filters.expression import EVERYTHING, And, Condition, Expression, Operator
from assay.model.page import PageRequest, Sort
from assay.model.score import Score
from assay.stores.sql import score_lines
from assay.stores.sql.database import Connection
from assay.stores.sql.dialect import number_literal
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.tables import dataset, log_score, score

_PLAIN = (
    "id", "created_at", "updated_at", "evaluator_slug", "evaluator_name", "score_value_type", "status", "log_id",
    "numerical_value", "string_value", "boolean_value", "environment", "automation_id",
)  # fmt: skip
TABLES = {"score": score, "log_score": log_score}
_NO_DATASET = {"sqlite": "CAST(NULL AS TEXT)", "postgresql": 'CAST(NULL AS TEXT) COLLATE "C"'}
_NEVER_MISSING = ("id", "created_at")
# Deleted datasets are few, and nothing of theirs may be seen while their lines are freed.
_DELETED = select(dataset.c.sequence).where(dataset.c.deleted_at.is_not(None))


def _columns(kind: str, dialect_name: str) -> dict[str, ColumnElement[Any]]:
    table = TABLES[kind]
    named = select(dataset.c.id).where(dataset.c.sequence == score.c.dataset_sequence).correlate(score)
    return {
        **{name: table.c[name] for name in _PLAIN},
        "type": table.c.evaluator_type,
        # What is not registered has no id, and a machine no name.
        "evaluator_id": func.nullif(
            table.c.evaluator_id, literal_column("'slug:'", Text).concat(table.c.evaluator_slug), type_=Text
        ),
        "scorer": func.nullif(table.c.scorer, literal_column("''", Text), type_=Text),
        "is_passed": func.coalesce(table.c.is_passed, literal_column("0", BigInteger), type_=BigInteger),
        "dataset_id": (named.scalar_subquery() if kind == "score" else literal_column(_NO_DATASET[dialect_name], Text)),
    }


def page_of(
    connection: Connection, organization_id: int, expression: Expression, sort: Sort, page: PageRequest
) -> tuple[Sequence[Score], bool]:
    """Return a page of the scores of an organisation that match, and whether more follow."""
    key: ColumnElement[Any] = literal_column("key")
    place: ColumnElement[Any] = literal_column("id")
    order = [key.desc(), place.desc()] if sort.descending else [key.asc(), place.asc()]
    if sort.field not in _NEVER_MISSING:
        # Without a word on what is missing an index can give the order.
        order[0] = order[0].nulls_last()
    parts: list[Select[Any]] = []
    for kind, table in TABLES.items():
        column = _columns(kind, connection.dialect_name)[sort.field]
        if sort.field == "created_at" and _are_few(expression, connection.dialect_name):
            column = literal_column(f"+{table.name}.created_at", BigInteger)
        keys = [table.c.id.label("id"), literal_column(f"'{kind}'", Text).label("kind"), column.label("key")]
        part = select(*keys).where(matching(kind, organization_id, expression, connection.dialect_name))
        if connection.dialect_name == "postgresql":
            # SQLite merges both indexes by itself; PostgreSQL goes along each only as far as it is told to.
            furthest = part.order_by(*order).limit(page.offset + page.size + 1)
            part = select(furthest.subquery(kind + "_part"))
        parts.append(part)
    # Narrow lines first, then the rest of just these.
    chosen = union_all(*parts).order_by(*order).limit(page.size + 1).offset(page.offset)
    rows = connection.rows(chosen)
    wanted = rows[: page.size]
    found: dict[str, Score] = {}
    for kind, table in TABLES.items():
        ids = [row[0] for row in wanted if row[1] == kind]
        if ids:
            found.update((one.id, one) for one in score_lines.find_many(connection, table, ids))
    return [found[row[0]] for row in wanted], len(rows) > page.size


def matching(kind: str, organization_id: int, expression: Expression, dialect_name: str) -> ColumnElement[bool]:
    """Return the condition that a line of `score` or `log_score` is one of the scores that are asked for."""
    table = TABLES[kind]
    owner: ColumnElement[int] = table.c.organization_id
    if kind == "score" and _are_few(expression, dialect_name):
        owner = literal_column("+score.organization_id", BigInteger)
    conditions = [owner == number_literal(organization_id)]
    if kind == "score":
        conditions.append(score.c.dataset_sequence.not_in(_DELETED))
    if expression != EVERYTHING:
        filter_columns = FilterColumns(columns=_columns(kind, dialect_name))
        conditions.append(compile_filter(expression, filter_columns, dialect_name))
    return and_(*conditions)


def _are_few(expression: Expression, dialect_name: str) -> bool:
    """Tell whether the scores are asked for by their logs; a `+` then keeps SQLite's planner from the index of time."""
    parts = expression.children if isinstance(expression, And) else (expression,)
    return dialect_name == "sqlite" and any(
        isinstance(part, Condition) and part.field.name == "log_id" and part.operator is Operator.EQUAL
        for part in parts
    )
