"""Whether the latency of the row stays within a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import Answer, BuiltinEvaluator, Parameter, read_not_negative
from assay.evaluators.metrics import find_metric
from assay.model.evaluator import EvaluatorInputs, Skipped, Verdict


def evaluate(inputs: EvaluatorInputs, parameters: Mapping[str, Any]) -> Answer:
    """Score true where metrics.latency (seconds) is at most the threshold; skipped where it was not measured."""
    value = find_metric(inputs.metrics, "latency")
    if value is None:
        return Skipped("metrics.latency is missing")
    allowed = parameters["maximum_latency_seconds"]
    return Verdict(value <= allowed, f"{value:g} s, allowed {allowed:g} s")


EVALUATOR = BuiltinEvaluator(
    slug="latency_threshold",
    name="Latency threshold",
    description="Whether metrics.latency is at most a number of seconds.",
    eval_class="latency_threshold",
    score_value_type="boolean",
    evaluate=evaluate,
    parameters=(
        Parameter("maximum_latency_seconds", "Highest latency that passes, in seconds.", 5.0, read_not_negative),
    ),
)
