"""The value of a field or metadata path as text: what facets list and strata are cut by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Double, Numeric, Text, case, cast, func, literal_column

from assay.filters.fields import REQUEST_LOG_FIELDS, TRACE_FIELDS, FieldSet
from assay.filters.operators import Kind
from assay.model.errors import Invalid
from assay.model.sampling import Granularity
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.filter_sql import FilterColumns


def label_of(unit: Granularity, name: str, columns: FilterColumns, dialect_name: str) -> ColumnElement[Any]:
    """Return the value of a field of logs or traces as text, NULL where there is none.

    Strings are taken as they are, booleans as `true` and `false`, numbers with up to 15 digits: 5 for 5.0. Objects and
    arrays count as none. Raises Invalid for a name that is no field.
    """
    return label_in(TRACE_FIELDS if unit == "traces" else REQUEST_LOG_FIELDS, name, columns, dialect_name)


def label_in(fields: FieldSet, name: str, columns: FilterColumns, dialect_name: str) -> ColumnElement[Any]:
    """Return the value of a field of any noun as text, as `label_of` does for logs and traces; raises Invalid."""
    field = fields.resolve(name)
    if field is None:
        raise Invalid.field("field", f"'{name[:100]}' is no field of a {fields.noun}.")
    if field.name in columns.columns:
        return _of_column(columns.columns[field.name], fields.spec_of(field).kind, dialect_name)
    document = columns.json.get(field.name)
    if document is None or not field.path:
        raise Invalid.field("field", f"'{name[:100]}' has no single value: name a path such as metadata.plan.")
    return dialect_named(dialect_name).json_value(document, field.path, columns.json_text.get(field.name)).label


def _of_column(column: ColumnElement[Any], kind: Kind, dialect_name: str) -> ColumnElement[Any]:
    if kind == "boolean":
        words = [literal_column(f"'{word}'", Text) for word in ("true", "false")]
        return case((column == literal_column("1"), words[0]), (column == literal_column("0"), words[1]))
    if isinstance(column.type, Text):
        return column
    if not isinstance(column.type, Double):
        return cast(column, Text)
    if dialect_name == "sqlite":
        return case((column.is_not(None), func.printf(literal_column("'%.15g'"), column, type_=Text())))
    # PostgreSQL's way from double to numeric keeps 15 digits.
    return cast(cast(cast(column, Numeric), Double), Text)
