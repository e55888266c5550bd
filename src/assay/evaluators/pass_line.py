"""The one number at which a score begins to pass, where what passing is comes down to one."""

from __future__ import annotations

from typing import Literal

from assay.filters.expression import Condition, Operator
from assay.filters.fields import SCORE_VALUE_FIELDS
from assay.filters.literals import as_number
from assay.filters.parse import parse_filters
from assay.model.errors import Invalid
from assay.model.evaluator import EvaluatorVersion, PassRule

_BOUNDS: dict[Operator, Literal["gt", "gte", "lt", "lte"]] = {
    Operator.GT: "gt",
    Operator.GTE: "gte",
    Operator.LT: "lt",
    Operator.LTE: "lte",
}
_NUMBERS = ("primary_score", "numerical_value")


def pass_line(version: EvaluatorVersion) -> PassRule | None:
    """Return the bound that decides, by the precedence of `pass_check`; None for any other rule, and without one."""
    if version.score_value_type not in ("numerical", "percentage"):
        return None
    if version.passing_conditions:
        return _of_conditions(version)
    written = version.configurations.get("passing_score")
    passing_score = None if written is None else as_number(written)
    if passing_score is not None:
        return PassRule("gte", float(passing_score))
    rule = version.pass_rule
    return rule if rule is not None and rule.operator != "eq" else None


def _of_conditions(version: EvaluatorVersion) -> PassRule | None:
    try:
        condition = parse_filters(version.passing_conditions, SCORE_VALUE_FIELDS["number"], unknown="error")
    except Invalid:
        return None
    if not isinstance(condition, Condition) or condition.field.name not in _NUMBERS or len(condition.values) != 1:
        return None
    threshold = as_number(condition.values[0])
    operator = _BOUNDS.get(condition.operator)
    return None if threshold is None or operator is None else PassRule(operator, float(threshold))
