"""The reference meaning of a filter, in Python: what every store must answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, assert_never

import msgspec
import re2

from assay.filters.expression import ORDERINGS, POSITIVE, And, Condition, Expression, Not, Operator, Or, Scalar
from assay.filters.fields import JSON_ROOTS
from assay.filters.literals import as_boolean, as_double, as_number, as_text, plain_decimal

_MISSING: Any = None
_INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)


def matches(expression: Expression, row: Mapping[str, Any]) -> bool:
    """Tell whether the row satisfies the filter.

    `row` maps canonical names to values: times as aware datetimes, JSON roots as decoded JSON, `"scores"` as a mapping
    from evaluator id or slug to a number, bool, string or list of choice names. Absent names are null.
    """
    match expression:
        case Condition():
            return _condition(expression, row)
        case And():
            return all(matches(child, row) for child in expression.children)
        case Or():
            return any(matches(child, row) for child in expression.children)
        case Not():
            return not matches(expression.child, row)
        case _:
            assert_never(expression)


def value_at(document: Any, path: Sequence[str]) -> Any:
    """Return the JSON value at `path`, None where there is none.

    The dotted path as one key of the root comes first, even if its value is null; then the path step by step, where a
    step of digits also indexes an array.
    """
    if not path:
        return document
    key = ".".join(path)
    if isinstance(document, dict) and key in document:
        return document[key]
    for step in path:
        if isinstance(document, dict):
            document = document.get(step, _MISSING)
        elif is_array_index(step) and isinstance(document, list):
            document = document[int(step)] if int(step) < len(document) else _MISSING
        else:
            return _MISSING
    return document


def is_array_index(step: str) -> bool:
    """Tell whether a step of a path can index an array: up to nine digits without leading zeros."""
    return _INDEX.fullmatch(step) is not None


def _condition(condition: Condition, row: Mapping[str, Any]) -> bool:
    field, operator, values = condition.field, condition.operator, condition.values
    root = row.get(field.name)
    if field.name == "scores":
        value = (root or {}).get(field.path[0])
        # Several choices match when any one of them does, but one list is present, or empty, as a whole.
        return _json(operator, values, value, value if isinstance(value, list) else (value,))
    if field.path or field.name in JSON_ROOTS:
        value = value_at(root, field.path)
        return _json(operator, values, value, (value,))
    return _column(operator, values, root)


def _column(operator: Operator, values: tuple[Scalar, ...], value: Any) -> bool:
    """Test an ordinary column, whose literals have its type already."""
    if operator is Operator.ISNULL:
        return (value is None) == values[0]
    if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
        return (value is None or value == "") == (operator is Operator.EMPTY)
    if value is None:
        return operator is Operator.NOT
    if operator is Operator.EQUAL:
        return value in values
    if operator is Operator.NOT:
        return value not in values
    if operator in ORDERINGS:
        return _ordered(operator, value, values[0])
    literal = as_text(values[0])
    if operator in POSITIVE:
        return not _TEXT_TESTS[POSITIVE[operator]](value, literal)
    return _TEXT_TESTS[operator](value, literal)


def _json(operator: Operator, values: tuple[Scalar, ...], whole: Any, parts: Sequence[Any]) -> bool:
    """Test a JSON value or a score; missing and null satisfy nothing but `isnull` and `empty`."""
    if operator is Operator.ISNULL:
        return (whole is None) == values[0]
    if operator in (Operator.EMPTY, Operator.NOT_EMPTY):
        is_empty = whole is None or (isinstance(whole, str | list | dict) and not whole)
        return is_empty == (operator is Operator.EMPTY)
    if whole is None:
        return False
    if operator in POSITIVE:
        return not any(_json_holds(POSITIVE[operator], values, part) for part in parts)
    return any(_json_holds(operator, values, part) for part in parts)


def _json_holds(operator: Operator, values: tuple[Scalar, ...], value: Any) -> bool:
    if operator is Operator.EQUAL:
        return any(_json_equals(value, literal) for literal in values)
    if operator in ORDERINGS:
        return _json_ordered(operator, value, values[0])
    if isinstance(value, dict | list):
        value = msgspec.json.encode(value).decode()
    return isinstance(value, str) and _TEXT_TESTS[operator](value, as_text(values[0]))


def _json_equals(value: Any, literal: Scalar) -> bool:
    """The type of the stored value decides how the literal is read."""
    if isinstance(value, str):
        return value == as_text(literal)
    if isinstance(value, bool):
        return as_boolean(literal) is value
    if isinstance(value, int | float):
        number = as_number(literal)
        return number is not None and as_double(value) == float(number)
    return False


def _json_ordered(operator: Operator, value: Any, literal: Scalar) -> bool:
    number = as_number(literal)
    if number is None:
        return isinstance(value, str) and _ordered(operator, value, as_text(literal))
    if isinstance(value, bool):
        return False
    stored = plain_decimal(value) if isinstance(value, str) else None
    if isinstance(value, int | float):
        stored = as_double(value)
    return stored is not None and _ordered(operator, stored, float(number))


def _ordered(operator: Operator, value: Any, literal: Any) -> bool:
    """Compare; strings order by code points, which is the order of their UTF-8 bytes."""
    if operator is Operator.LT:
        return bool(value < literal)
    if operator is Operator.LTE:
        return bool(value <= literal)
    if operator is Operator.GT:
        return bool(value > literal)
    return bool(value >= literal)


def words_of(text: str) -> tuple[str, ...]:
    """Return the lower-cased words of a text search."""
    return tuple(dict.fromkeys(text.lower().split()))


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:
    """Return the compiled RE2 pattern; raises re2.error when it is none. RE2 never backtracks."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


_TEXT_TESTS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.IEXACT: lambda text, literal: text.lower() == literal.lower(),
    Operator.CONTAINS: lambda text, literal: literal in text,
    Operator.ICONTAINS: lambda text, literal: literal.lower() in text.lower(),
    Operator.STARTSWITH: lambda text, literal: text.startswith(literal),
    Operator.ENDSWITH: lambda text, literal: text.endswith(literal),
    Operator.REGEX: lambda text, literal: compile_pattern(literal).search(text) is not None,
    Operator.WORDS: lambda text, literal: all(word in text.lower() for word in words_of(literal)),
}
