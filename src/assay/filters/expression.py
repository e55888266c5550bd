"""The one filter tree: conditions on fields, joined by and, or and not; immutable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Scalar = str | int | float | bool | datetime


class Operator(StrEnum):
    """The canonical operators; every other spelling is a synonym of one of these (see `operators`)."""

    EQUAL = "equal"
    IEXACT = "iexact"
    NOT = "not"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    NOT_CONTAINS = "not_contains"
    NOT_STARTSWITH = "not_startswith"
    NOT_ENDSWITH = "not_endswith"
    ISNULL = "isnull"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    REGEX = "regex"
    WORDS = "words"


POSITIVE: dict[Operator, Operator] = {
    Operator.NOT: Operator.EQUAL,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_STARTSWITH: Operator.STARTSWITH,
    Operator.NOT_ENDSWITH: Operator.ENDSWITH,
}
"""Each negated operator and what it negates; `not_empty` is the plain complement of `empty` and needs no entry."""

ORDERINGS = (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE)
TEXT_OPERATORS = (
    Operator.IEXACT,
    Operator.CONTAINS,
    Operator.ICONTAINS,
    Operator.STARTSWITH,
    Operator.ENDSWITH,
    Operator.REGEX,
    Operator.WORDS,
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its canonical name; `path` leads into a JSON root, or holds the evaluator's id or slug for scores."""

    name: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.path))


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one field.

    `equal` and `not` take any number of values (any of them, none of them), every other operator exactly one;
    `empty` and `not_empty` take none. The values of a number, time or boolean column have its type already.
    """

    field: Field
    operator: Operator
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class And:
    """All children hold; without children it holds always."""

    children: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one child holds; without children it never holds."""

    children: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The child does not hold."""

    child: Expression


Expression = Condition | And | Or | Not

EVERYTHING = And(())


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the expression and everything in it, parents before children."""
    pending: list[Expression] = [expression]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Not):
            pending.append(node.child)
        elif isinstance(node, And | Or):
            pending.extend(reversed(node.children))


def fields_of(expression: Expression) -> frozenset[Field]:
    """Return every field that the expression tests."""
    return frozenset(node.field for node in walk(expression) if isinstance(node, Condition))


def depth_of(expression: Expression) -> int:
    """Return the number of levels of the tree, 1 for a single condition."""
    level: list[Expression] = [expression]
    depth = 0
    while level:
        depth += 1
        children: list[Expression] = []
        for node in level:
            if isinstance(node, Not):
                children.append(node.child)
            elif isinstance(node, And | Or):
                children.extend(node.children)
        level = children
    return depth
