"""Random rows and random filters over them, full of values that databases like to read differently."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from assay.filters.expression import (
    ORDERINGS,
    POSITIVE,
    TEXT_OPERATORS,
    And,
    Condition,
    Expression,
    Field,
    Not,
    Operator,
    Or,
    Scalar,
)

STRINGS = (
    *("", " ", "a", "A", "b", "ab", "a.b", "5", "5.0", "+5", "-3", "-3.5", "007", "1e3", "0.1", ".5", "5.", " 5", "1"),
    *("0", "9007199254740993", "123456789012345", "1234567890123456", "NaN", "inf", "true", "TRUE", "false", "null"),
    *("[]", "{}", '{"b":1}', "[1]", "foo bar", "Foo  BAR baz", "a\nb", "a\n", "tab\tx", 'quo"te', "back\\slash", "%"),
    *("ß", "SS", "ΑΣ", "ας", "İ", "i̇", "\u212a", "K", "\u017f", "é", "É", "e\u0301", "😀", "\uffff", "\ue000", "it's"),
    *(":name", "%(x)s", "x\x7fy", "\x1f", "\u2028", "5\n", "٣", "2026-01-31T12:00:00Z"),
)  # fmt: skip
NUMBERS = (
    *(0, 1, 5, -3, 7, 1000, 2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, 2**63, 2**64 + 1, 10**30),
    *(5.0, 0.1, 0.5, -3.5, 0.30000000000000004, 0.3, 1e22, 1.7976931348623157e308, 5e-324, 2.5e-310, -0.0, 1e16),
)  # fmt: skip
KEYS = (
    *("k", "a", "b", "a.b", "b.a", "a b", 'q"t', "b\\s", "0", "1", "01", "-1", "é", "it's", "", "x%y", "$", "[0]"),
    *(":k", "\t"),
)  # fmt: skip
PATTERNS = (
    *("a", "^a", "b$", "^$", "", "a.b", "(?s)a.b", "(?m)^b$", "(?i)k", "(?i)s+", "(?i)[k-s]", "(?i)[^k]", "(?i)\\W"),
    *("\\d+", "^\\D*$", "\\bb", "\\Bb", "\\w\\b", "[[:alpha:]]+$", "[^[:space:]]\\s[^\\s]", "(?:a|b){2}", "a{1,3}?b"),
    *("x|", "()", "\\.", "[\\d.-]+$", "\\x{e9}", "é|É", "[à-ü]", "(?P<n>a)b", "(?i:A)b", "\\s$", "\\A5\\z", "[]a]"),
    *("{", "a{,2}", "\\\\", '"', "\\t", "(?-i)A", "(?i)a(?-i:B)", "^*a", "(^|x)5", "[^a]", "(a*)*b?", "\\pN?", "😀"),
    *("\\v|\\f", "[a\\-z]", "[\\]]", "\\B", "(?i)é"),
)  # fmt: skip
_SCALARS: tuple[Any, ...] = (*STRINGS, *NUMBERS, True, False, None)
_START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = tuple(_START + timedelta(microseconds=step) for step in (0, 1, 10**6, 86_400 * 10**6, -(10**12)))
EVALUATORS = (("e1", "quality"), ("e2", "is_polite"), ("e3", "tone"), ("e4", "labels"))


def _value(draw: random.Random, depth: int = 0) -> Any:
    shape = draw.random()
    if shape < 0.62 or depth == 3:
        return draw.choice(_SCALARS)
    if shape < 0.75:
        return [_value(draw, depth + 1) for _ in range(draw.randrange(3))]
    return {draw.choice(KEYS): _value(draw, depth + 1) for _ in range(draw.randrange(4))}


def _score(draw: random.Random) -> Any:
    return draw.choice(
        [
            draw.choice((0.0, 1.0, 5.0, 0.1, -3.5)),
            draw.choice((True, False)),
            draw.choice(STRINGS),
            draw.sample(STRINGS, draw.randrange(4)),
        ]
    )


def random_rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Make rows as `matches` takes them; scores are keyed by (evaluator id, slug)."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        body = {name: _value(draw) for name in ("input", "output", "expected_output") if draw.random() < 0.8}
        row = {
            "id": f"{number:04d}",
            "source_log_id": draw.choice((None, f"s{number}", "s")),
            "model": draw.choice((None, *STRINGS)),
            "prompt_tokens": draw.choice((None, 0, 1, 5, -3, 2**53)),
            "cost": draw.choice((None, 0.0, 0.1, 0.30000000000000004, 5.0, 1e22, -3.5)),
            "timestamp": draw.choice((None, *TIMES)),
            "starred": draw.choice((None, True, False)),
            "metadata": {draw.choice(KEYS): _value(draw) for _ in range(draw.randrange(7))},
            "scores": {pair: _score(draw) for pair in EVALUATORS if draw.random() < 0.6},
            **body,
        }
        if draw.random() < 0.1:
            row["metadata"] = None
        rows.append(row)
    return rows


_TEXT_ONLY = (*TEXT_OPERATORS, *(operator for operator in POSITIVE if operator is not Operator.NOT))
_PRESENCE = (Operator.ISNULL, Operator.EMPTY, Operator.NOT_EMPTY)
_COLUMN_LITERALS: dict[str, tuple[Scalar, ...]] = {
    "model": STRINGS,
    "source_log_id": ("s", "s1", "", "S"),
    "prompt_tokens": (0, 1, 5, 0.5, 2**53, -3, 1e22),
    "cost": (0, 0.1, 0.3, 5, 0.30000000000000004, 1e22, -3.5),
    "timestamp": TIMES,
    "starred": (True, False),
}
_LITERALS: tuple[Scalar, ...] = (*STRINGS, *NUMBERS, True, False)


def _random_condition(draw: random.Random) -> Condition:
    operators: tuple[Operator, ...] = (*ORDERINGS, *_TEXT_ONLY)
    shape = draw.random()
    if shape < 0.2:
        name = draw.choice(tuple(_COLUMN_LITERALS))
        field, literals = Field(name), _COLUMN_LITERALS[name]
        if not isinstance(literals[0], str):
            operators = ORDERINGS if name != "starred" else (Operator.NOT,)
    elif shape < 0.8:
        name = draw.choice(("metadata", "metadata", "metadata", "input", "output", "expected_output"))
        path = tuple(draw.choice(KEYS) for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3))))
        field, literals = Field(name, path), _LITERALS
    else:
        keys = [name for pair in EVALUATORS for name in pair]
        field, literals = Field("scores", (draw.choice([*keys, "unknown"]),)), _LITERALS
    kind = draw.random()
    if kind < 0.35:
        operator = draw.choice((Operator.EQUAL, Operator.NOT))
        return Condition(field, operator, tuple(draw.choices(literals, k=draw.choice((0, 1, 1, 1, 2, 5)))))
    if kind < 0.45:
        operator = draw.choice(_PRESENCE)
        return Condition(field, operator, (draw.random() < 0.5,) if operator is Operator.ISNULL else ())
    if kind < 0.55 and isinstance(literals[0], str):
        return Condition(field, Operator.REGEX, (draw.choice(PATTERNS),))
    operator = draw.choice([operator for operator in operators if operator is not Operator.REGEX])
    return Condition(field, operator, (draw.choice(literals),))


def random_expression(draw: random.Random, depth: int = 0) -> Expression:
    """Make a filter; unlike drawn ones, its conditions are spread evenly over operators, fields and values."""
    if draw.random() < 0.5 + 0.2 * depth:
        return _random_condition(draw)
    if draw.random() < 0.3:
        return Not(random_expression(draw, depth + 1))
    children = tuple(random_expression(draw, depth + 1) for _ in range(draw.choice((0, 1, 2, 2, 3))))
    return draw.choice((And, Or))(children)


def expressions() -> st.SearchStrategy[Expression]:
    """Draw filters of up to a dozen conditions."""
    return st.integers(0, 2**63).map(lambda seed: random_expression(random.Random(seed)))
