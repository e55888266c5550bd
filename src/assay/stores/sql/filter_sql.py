"""A filter as a SQL condition: the meaning of `assay.filters.match`, asked of a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import ColumnElement, FromClause, String, and_, exists, false, not_, or_, true

from assay.filters.expression import (
    ORDERINGS,
    POSITIVE,
    And,
    Condition,
    Expression,
    Not,
    Operator,
    Or,
    Scalar,
)
from assay.filters.literals import JsonLiterals, as_number, as_text, json_literals
from assay.filters.match import words_of
from assay.model.errors import Invalid
from assay.stores.sql.dialect import (
    JsonValue,
    Number,
    Predicate,
    SqlDialect,
    dialect_named,
    number_literal,
    text_literal,
)
from assay.stores.sql.regular_expression import Untranslatable
from assay.stores.sql.times import to_microseconds


@dataclass(frozen=True, slots=True)
class ScoreSource:
    """Where scores are: a table with the columns of `score`, and which of its rows belong to the filtered row."""

    table: FromClause
    belongs: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class FilterColumns:
    """What a filter's names are in a statement.

    `columns`: ordinary columns; times are microseconds since the epoch in UTC, booleans 0 and 1. `json`: documents of
    JSON roots; on PostgreSQL `json`, or `jsonb` for a root that `json_text` gives in `json` form as well (the text of
    its arrays and objects is taken from there). `scores`: where a score condition looks.
    """

    columns: Mapping[str, ColumnElement[Any]]
    json: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    json_text: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    scores: ScoreSource | None = None


def compile_filter(expression: Expression, columns: FilterColumns, dialect_name: str) -> ColumnElement[bool]:
    """Return the condition for `WHERE`: true for exactly the rows that match, false or NULL for all others.

    NULL appears only at the top level and under AND and OR, where it counts as false: an index can then serve the
    condition. To negate the result use `is_true` first. Raises Invalid for a name that `columns` lacks, and for a
    regular expression that the database cannot be asked.
    """
    return _Compiler(columns, dialect_named(dialect_name)).compile(expression)


@dataclass(frozen=True, slots=True)
class _Compiler:
    columns: FilterColumns
    dialect: SqlDialect

    def compile(self, expression: Expression) -> Predicate:
        match expression:
            case Condition():
                try:
                    return self.condition(expression)
                except Untranslatable as error:
                    message = f"PostgreSQL cannot search for {expression.values[0]!r}: {error}."
                    raise Invalid.field(f"filters.{expression.field}", message) from None
            case And():
                return and_(true(), *(self.compile(child) for child in expression.children))
            case Or():
                return or_(false(), *(self.compile(child) for child in expression.children))
            case Not():
                return _negated(self.compile(expression.child))
            case _:
                assert_never(expression)

    def condition(self, condition: Condition) -> Predicate:
        name, operator, values = condition.field.name, condition.operator, condition.values
        if name == "scores" and self.columns.scores is not None:
            return self.score(self.columns.scores, condition.field.path[0], operator, values)
        document = self.columns.json.get(name)
        if document is not None:
            value = self.dialect.json_value(document, condition.field.path, self.columns.json_text.get(name))
            return self.json(value, operator, values)
        column = self.columns.columns.get(name)
        if column is None or condition.field.path:
            raise Invalid.field(f"filters.{condition.field}", "This list cannot be filtered by this field.")
        return self.column(column, operator, values)

    def column(self, column: ColumnElement[Any], operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        """Test an ordinary column, whose literals have its type already."""
        is_null = column.is_(None)
        if operator is Operator.ISNULL:
            return is_null if values[0] else column.is_not(None)
        if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
            # Only a text can be empty without being null, and comparing a number with '' is an error in PostgreSQL.
            empty = or_(is_null, column == text_literal("")) if _is_text(column) else is_null
            return empty if operator is Operator.EMPTY else not_(empty)
        if operator is Operator.EQUAL:
            return self.among(column, values)
        if operator is Operator.NOT:
            return or_(is_null, not_(self.among(column, values)))
        if operator in POSITIVE:
            return not_(self.text(column, POSITIVE[operator], as_text(values[0])))
        if operator in ORDERINGS:
            value = values[0]
            if isinstance(value, str):
                return _compared(self.dialect.ordered(column), operator, text_literal(value))
            return _compared(column, operator, number_literal(_column_number(value)))
        return self.text(column, operator, as_text(values[0]))

    def among(self, column: ColumnElement[Any], values: tuple[Scalar, ...]) -> Predicate:
        texts = [value for value in values if isinstance(value, str)]
        numbers = [_column_number(value) for value in values if not isinstance(value, str)]
        if texts:
            return self.dialect.in_texts(column, texts)
        return self.dialect.in_numbers(column, numbers) if numbers else and_(column.is_not(None), false())

    def text(self, text: ColumnElement[str], operator: Operator, value: str) -> Predicate:
        """Test a text with a text operator; unknown where there is no text."""
        dialect = self.dialect
        if operator is Operator.IEXACT:
            return dialect.lower(text) == text_literal(value.lower())
        if operator is Operator.CONTAINS:
            return dialect.contains(text, value)
        if operator is Operator.ICONTAINS:
            return dialect.contains(dialect.lower(text), value.lower())
        if operator is Operator.STARTSWITH:
            return dialect.starts_with(text, value)
        if operator is Operator.ENDSWITH:
            return dialect.ends_with(text, value)
        if operator is Operator.REGEX:
            return dialect.matches_pattern(text, value)
        return and_(text.is_not(None), *(dialect.contains(dialect.lower(text), word) for word in words_of(value)))

    def json(self, value: JsonValue, operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        """Test a JSON value; missing and null satisfy nothing but `isnull` and `empty`."""
        if operator is Operator.ISNULL:
            return not_(value.present) if values[0] else value.present
        if operator is Operator.EMPTY:
            return or_(not_(value.present), value.is_empty)
        if operator is Operator.NOT_EMPTY:
            return and_(value.present, _negated(value.is_empty))
        if operator in POSITIVE:
            return and_(value.present, _negated(self.json_holds(value, POSITIVE[operator], values)))
        return self.json_holds(value, operator, values)

    def json_holds(self, value: JsonValue, operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        if operator is Operator.EQUAL:
            return value.equals(json_literals(values))
        if operator in ORDERINGS:
            number = as_number(values[0])
            if number is not None:
                return _compared(value.comparable_number, operator, number_literal(float(number)))
            return _compared(self.dialect.ordered(value.string), operator, text_literal(as_text(values[0])))
        return self.text(value.text, operator, as_text(values[0]))

    def score(self, source: ScoreSource, key: str, operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        """Test the score of one evaluator, by its id or slug; several choices match when any one of them does."""
        columns = source.table.c
        number, boolean = columns.numerical_value, columns.boolean_value
        string, choices = columns.string_value, columns.categorical_value
        has_value = or_(number.is_not(None), boolean.is_not(None), string.is_not(None), choices.is_not(None))
        of_evaluator = or_(columns.evaluator_id == text_literal(key), columns.evaluator_slug == text_literal(key))

        def some(*conditions: Predicate) -> Predicate:
            scored = columns.status == text_literal("scored")
            wanted = exists().select_from(source.table)
            return wanted.where(source.belongs, of_evaluator, scored, has_value, *conditions).correlate_except(
                source.table
            )

        if operator is Operator.ISNULL:
            return not_(some()) if values[0] else some()
        if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
            filled = some(
                or_(
                    number.is_not(None), boolean.is_not(None), string != text_literal(""), choices != text_literal("[]")
                )
            )
            return filled if operator is Operator.NOT_EMPTY else not_(filled)
        positive = POSITIVE.get(operator, operator)
        holds = some(
            or_(
                self.score_number(number, positive, values),
                self.score_boolean(boolean, positive, values),
                self.score_text(string, positive, values),
                self.some_element(choices, lambda choice: self.score_text(choice, positive, values)),
            )
        )
        return and_(some(), not_(holds)) if operator in POSITIVE else holds

    def score_number(self, column: ColumnElement[Any], operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        if operator is Operator.EQUAL:
            numbers = [float(number) for number in json_literals(values).numbers]
            return self.dialect.in_numbers(column, numbers) if numbers else false()
        number = as_number(values[0]) if operator in ORDERINGS else None
        return false() if number is None else _compared(column, operator, number_literal(float(number)))

    def score_boolean(self, column: ColumnElement[Any], operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        if operator is not Operator.EQUAL:
            return false()
        wanted = [int(boolean) for boolean in sorted(json_literals(values).booleans)]
        return self.dialect.in_numbers(column, wanted) if wanted else false()

    def score_text(self, column: ColumnElement[str], operator: Operator, values: tuple[Scalar, ...]) -> Predicate:
        if operator is Operator.EQUAL:
            literals: JsonLiterals = json_literals(values)
            return self.dialect.in_texts(column, literals.texts)
        if operator not in ORDERINGS:
            return self.text(column, operator, as_text(values[0]))
        number = as_number(values[0])
        if number is None:
            return _compared(self.dialect.ordered(column), operator, text_literal(as_text(values[0])))
        return _compared(self.dialect.plain_decimal(column), operator, number_literal(float(number)))

    def some_element(
        self, array_text: ColumnElement[str], holds: Callable[[ColumnElement[str]], Predicate]
    ) -> Predicate:
        elements = self.dialect.elements(array_text)
        found = exists().select_from(elements).where(holds(elements.c.value)).correlate_except(elements)
        return and_(array_text.is_not(None), found)


def _negated(condition: Predicate) -> Predicate:
    return condition.is_not(true())


def _is_text(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, String)


def _column_number(value: Scalar) -> Number:
    """Return a time as microseconds since the epoch, a boolean as 0 or 1, a number as it is."""
    if isinstance(value, datetime):
        return to_microseconds(value)
    if isinstance(value, str):
        raise TypeError(f"{value!r} is a literal for a text column.")
    return int(value) if isinstance(value, bool) else value


def _compared(left: ColumnElement[Any], operator: Operator, right: ColumnElement[Any]) -> Predicate:
    if operator is Operator.LT:
        return left < right
    if operator is Operator.LTE:
        return left <= right
    if operator is Operator.GT:
        return left > right
    return left >= right
