"""A condition's rules mean what their filter means, and a log that does not meet them is told why."""

from __future__ import annotations

from typing import Any

import pytest

from assay.filters.condition_policy import OPERATORS, read_policy
from assay.filters.expression import EVERYTHING
from assay.filters.match import matches
from assay.model.errors import Invalid

ROW = {"latency": 0.5, "model": None, "status_code": 200, "metadata": {"plan": "free", "tags": ["a"]}}


def rule(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


FITS = rule("status_code", "equals", 200)
FAILS = rule("latency", "greater_than", 2)


@pytest.mark.parametrize(
    ("rules", "connector", "is_met"),
    [
        ([FITS, FAILS], "AND", False),
        ([FITS, FAILS], "OR", True),
        ([FITS], "AND", True),
        ([FAILS], "OR", False),
        ([], "AND", True),
        ([], "OR", True),
        ([FITS, FAILS], None, False),
        ([FITS, FAILS], "or", True),
    ],
)
def test_the_connector_joins_all_rules(rules: list[Any], connector: str | None, is_met: bool) -> None:
    policy = read_policy({"rules": rules, "connector": connector})
    assert matches(policy.expression, ROW) is is_met
    # There is a reason exactly where the condition is not met.
    assert is_met or policy.why_not(ROW)


def test_without_rules_every_log_fits() -> None:
    assert read_policy({"rules": []}).expression == EVERYTHING


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([FITS, FAILS], "latency is 0.5 (wanted: greater than 2)"),
        ([rule("model", "equals", "gpt-4o")], 'model is not set (wanted: equals "gpt-4o")'),
        ([rule("metadata.plan", "in", ["pro"])], 'metadata.plan is "free" (wanted: in ["pro"])'),
        ([rule("metadata.tags", "equals", "b")], 'metadata.tags is ["a"] (wanted: equals "b")'),
        # A payload is not at hand where reasons are given.
        ([FITS, rule("input", "contains", "refund")], 'input does not fit (wanted: contains "refund")'),
        ([FAILS, rule("input", "contains", "refund")], "latency is 0.5 (wanted: greater than 2)"),
    ],
)
def test_the_reason_names_the_rules_that_failed_with_what_was_found(rules: list[Any], reason: str) -> None:
    assert read_policy({"rules": rules, "connector": "AND"}).why_not(ROW) == reason


def test_long_values_and_many_rules_make_no_long_reason() -> None:
    rules = [rule("model", "equals", str(number) * 500) for number in range(9)]
    reason = read_policy({"rules": rules}).why_not({**ROW, "model": "m" * 5_000})
    assert len(reason) < 600
    assert reason.endswith("; and 6 more")


def test_the_operators_are_those_of_the_contract_and_no_others() -> None:
    for operator in OPERATORS:
        read_policy({"rules": [rule("metadata.x", operator, "1")]})
    for operator in ("gt", "=", "", "regex", "isnull", "Equals", None, 1, ["equals"], {"equals": 1}):
        with pytest.raises(Invalid) as refused:
            read_policy({"rules": [{"field": "latency", "operator": operator, "value": 1}]})
        assert refused.value.fields == {"condition_policy": [f"Invalid operator '{operator}' for field 'latency'"]}
