"""Where the fields of dataset rows are found in SQL: columns, the metadata document, payloads, current scores."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from assay.filters.expression import EVERYTHING, Expression
from assay.model.log import ATTRIBUTE_NAMES, CONTENT_NAMES
from assay.stores.sql.dialect import json_member
from assay.stores.sql.filter_sql import FilterColumns, ScoreSource, compile_filter
from assay.stores.sql.scope import in_version
from assay.stores.sql.tables import dataset_log, dataset_log_body, score

_NAMES = ("id", "source_log_id", "annotation_status", "created_at", "updated_at", *ATTRIBUTE_NAMES)
_ORDINARY = {name: dataset_log.c[name] for name in _NAMES}


@lru_cache(maxsize=256)
def filter_columns(dataset_sequence: int, dialect_name: str) -> FilterColumns:
    """Return the columns of one dataset's rows; a payload is read from the row's body only where it is asked for."""
    payloads = {name: _payload(name, dialect_name) for name in CONTENT_NAMES}
    belongs = and_(score.c.dataset_sequence == dataset_sequence, score.c.log_id == dataset_log.c.id)
    return FilterColumns(
        columns=_ORDINARY,
        json={**payloads, "metadata": dataset_log.c.metadata},
        # PostgreSQL's jsonb rewrites objects; their text is taken from the body, where it is as it was written.
        json_text={"metadata": payloads["metadata"]},
        scores=ScoreSource(score, belongs),
    )


def rows_matching(
    dataset_sequence: int, version: int, expression: Expression, dialect_name: str
) -> ColumnElement[bool]:
    """Return the condition that a line is a row of a version and matches."""
    belongs = in_version(dataset_sequence, version)
    if expression == EVERYTHING:
        return belongs
    return and_(belongs, compile_filter(expression, filter_columns(dataset_sequence, dialect_name), dialect_name))


def _payload(name: str, dialect_name: str) -> ColumnElement[str]:
    body: ColumnElement[Any] = dataset_log_body.c.data
    if dialect_name == "sqlite":
        body = func.body_text(dataset_log_body.c.codec, dataset_log_body.c.data)
    found = json_member(body, name, dialect_name)
    return (
        select(found)
        .where(dataset_log_body.c.sequence == dataset_log.c.body_sequence)
        .correlate(dataset_log)
        .scalar_subquery()
    )
