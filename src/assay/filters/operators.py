"""Every accepted spelling of an operator, and which operators each kind of field takes."""

from __future__ import annotations

from typing import Literal

from assay.filters.expression import ORDERINGS, Operator

Kind = Literal["text", "number", "time", "boolean", "json", "scores"]

_SPELLINGS: dict[Operator, tuple[str, ...]] = {
    Operator.EQUAL: ("", "=", "==", "eq", "equal", "equals", "exact", "in"),
    Operator.IEXACT: ("iexact",),
    Operator.NOT: (
        *("not", "!=", "<>", "ne", "neq", "not_equal", "not_equals", "not equals"),
        *("not_in", "not in", "notin", "nin"),
    ),
    Operator.LT: ("lt", "<", "less_than", "less than"),
    Operator.LTE: ("lte", "<=", "less_than_or_equal", "less_than_or_equals", "less_than_or_equal_to"),
    Operator.GT: ("gt", ">", "greater_than", "greater than"),
    Operator.GTE: ("gte", ">=", "greater_than_or_equal", "greater_than_or_equals", "greater_than_or_equal_to"),
    Operator.CONTAINS: ("contains",),
    Operator.ICONTAINS: ("icontains", "ilike"),
    Operator.STARTSWITH: ("startswith", "starts_with"),
    Operator.ENDSWITH: ("endswith", "ends_with"),
    Operator.NOT_CONTAINS: ("not_contains", "notcontains"),
    Operator.NOT_STARTSWITH: ("not_startswith", "not_starts_with", "notstartswith"),
    Operator.NOT_ENDSWITH: ("not_endswith", "not_ends_with", "notendswith"),
    Operator.ISNULL: ("isnull", "is_null"),
    Operator.EMPTY: ("empty", "is_empty"),
    Operator.NOT_EMPTY: ("not_empty", "notempty", "is_not_empty"),
    Operator.REGEX: ("regex",),
    Operator.WORDS: ("full_text_search", "trigram_word_similar", "words"),
}

BY_SPELLING: dict[str, Operator] = {
    spelling: operator for operator, spellings in _SPELLINGS.items() for spelling in spellings
}

_PRESENCE = (Operator.ISNULL, Operator.EMPTY, Operator.NOT_EMPTY)
ALLOWED: dict[Kind, tuple[Operator, ...]] = {
    "text": tuple(Operator),
    "json": tuple(Operator),
    "scores": tuple(Operator),
    "number": (Operator.EQUAL, Operator.NOT, *ORDERINGS, *_PRESENCE),
    "time": (Operator.EQUAL, Operator.NOT, *ORDERINGS, *_PRESENCE),
    "boolean": (Operator.EQUAL, Operator.NOT, *_PRESENCE),
}


def find_operator(spelling: object) -> Operator | None:
    """Return the operator of a spelling, in any case; None if it is unknown."""
    return BY_SPELLING.get(spelling.strip().lower()) if isinstance(spelling, str) else None


def wire_name(operator: Operator) -> str:
    """Return the spelling the contract documents: the empty string for equality, `full_text_search` for words."""
    return _SPELLINGS[operator][0]
