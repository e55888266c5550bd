"""Conditions of online evaluation: their rules as one filter over request logs, and why a log does not meet them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from assay.filters.expression import EVERYTHING, And, Expression, Or
from assay.filters.fields import REQUEST_LOG_FIELDS
from assay.filters.match import matches, value_at
from assay.filters.operators import ALLOWED, find_operator
from assay.filters.parse import parse_filters
from assay.model.errors import Invalid

OPERATORS = (
    *("equals", "not_equals", "greater_than", "less_than", "greater_than_or_equal", "less_than_or_equal"),
    *("contains", "not_contains", "in", "not_in"),
)
"""The operators of the contract (13)."""

_FIELD = "condition_policy"
_KEYS = ("field", "operator", "value")
_MOST_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 60
_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One test of a log: as it was written, and as an expression."""

    field: str
    operator: str
    value: Any
    expression: Expression


@dataclass(frozen=True, slots=True)
class ConditionPolicy:
    """Rules of which a log meets all, or at least one; without rules every log does."""

    rules: tuple[Rule, ...]
    is_any: bool

    @property
    def expression(self) -> Expression:
        """The whole as one filter."""
        if not self.rules:
            return EVERYTHING
        parts = tuple(rule.expression for rule in self.rules)
        return parts[0] if len(parts) == 1 else Or(parts) if self.is_any else And(parts)

    def why_not(self, row: Mapping[str, Any]) -> str:
        """Say which rules a log does not meet that does not meet the condition.

        `row` is as `matches` takes it; what it lacks altogether (payloads) is named without its value.
        """
        failed = [
            rule
            for rule in self.rules
            if (field := REQUEST_LOG_FIELDS.resolve(rule.field)) is not None
            and field.name in row
            and not matches(rule.expression, row)
        ]
        reasons = [_reason(rule, row) for rule in failed]
        if not failed or self.is_any:
            reasons += [
                f"{rule.field[:_SHOWN_CHARACTERS]} does not fit ({_wanted(rule)})"
                for rule in self.rules
                if (field := REQUEST_LOG_FIELDS.resolve(rule.field)) is not None and field.name not in row
            ]
        more = f"; and {len(reasons) - _MOST_REASONS} more" if len(reasons) > _MOST_REASONS else ""
        return "; ".join(reasons[:_MOST_REASONS]) + more


def read_policy(policy: Any) -> ConditionPolicy:
    """Read `{"rules": [{"field", "operator", "value"}], "connector": "AND" or "OR"}`; raises Invalid."""
    if not isinstance(policy, Mapping):
        raise _fault("Expected an object with rules and connector.")
    if len(msgspec.json.encode(policy)) > _MOST_BYTES:
        raise _fault(f"It has more than {_MOST_BYTES // 1024} KB.")
    connector = policy.get("connector")
    word = "AND" if connector is None else str(connector).strip().upper()
    if word not in ("AND", "OR"):
        raise _fault(f"The connector must be AND or OR, not {_shown(connector)}.")
    rules = policy.get("rules")
    if not isinstance(rules, list):
        raise _fault("rules: Expected a list of objects with field, operator and value.")
    read = ConditionPolicy(tuple(_read_rule(rule) for rule in rules), word == "OR")
    _parsed([{name: rule[name] for name in _KEYS if name in rule} for rule in rules], "rules")
    return read


def _read_rule(rule: Any) -> Rule:
    if not isinstance(rule, Mapping) or not isinstance(rule.get("field"), str):
        raise _fault(f"A rule is an object with field, operator and value, not {_shown(rule)}.")
    name, operator = rule["field"], rule.get("operator")
    for key in rule:
        if key not in _KEYS:
            raise _fault(f"{name}: Unknown key {_shown(key)}: a rule has field, operator and value.")
    field = REQUEST_LOG_FIELDS.resolve(name)
    if name.startswith("scores"):
        raise _fault(f"{name}: A log has no scores yet when it is recorded.")
    spelled = find_operator(operator) if operator in OPERATORS else None
    if field is not None and (spelled is None or spelled not in ALLOWED[REQUEST_LOG_FIELDS.spec_of(field).kind]):
        raise _fault(f"Invalid operator '{str(operator)[:_SHOWN_CHARACTERS]}' for field '{name[:_SHOWN_CHARACTERS]}'")
    return Rule(name, str(operator), rule.get("value"), _parsed([rule], name))


def _parsed(rules: list[Any], name: str) -> Expression:
    try:
        return parse_filters(rules, REQUEST_LOG_FIELDS, unknown="error")
    except Invalid as error:
        texts = [text for texts in error.fields.values() for text in texts]
        raise _fault(f"{name[:_SHOWN_CHARACTERS]}: {' '.join(texts) or error.message}") from None


def _fault(message: str) -> Invalid:
    return Invalid.field(_FIELD, message)


def _reason(rule: Rule, row: Mapping[str, Any]) -> str:
    field = REQUEST_LOG_FIELDS.resolve(rule.field)
    value = None if field is None else value_at(row.get(field.name), field.path)
    found = "not set" if value is None else _shown(value)
    return f"{rule.field[:_SHOWN_CHARACTERS]} is {found} ({_wanted(rule)})"


def _wanted(rule: Rule) -> str:
    return f"wanted: {rule.operator.replace('_', ' ')} {_shown(rule.value)}"


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
