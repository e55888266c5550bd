"""Whether the cost of the row stays within a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import Answer, BuiltinEvaluator, Parameter, read_not_negative
from assay.evaluators.metrics import find_metric
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Score true where metrics.cost (US dollars) is at most the threshold; skipped where it was not measured."""
    value = find_metric(inputs.metrics, "cost")
    if value is None:
        return Skipped("metrics.cost is missing")
    allowed = parameters["maximum_cost_usd"]
    return Verdict(value <= allowed, f"{value:g} USD, allowed {allowed:g} USD")


EVALUATOR = BuiltinEvaluator(
    slug="cost_threshold",
    name="Cost threshold",
    description="Whether metrics.cost is at most a number of US dollars.",
    eval_class="cost_threshold",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(Parameter("maximum_cost_usd", "Highest cost that passes, in US dollars.", 0.01, read_not_negative),),
)
