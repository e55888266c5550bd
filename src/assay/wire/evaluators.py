"""Evaluators on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.evaluator import Evaluator, EvaluatorInputs, EvaluatorVersion
from assay.model.score import Outcome
from assay.wire.editors import editor
from assay.wire.problems import REQUIRED


class EvaluatorOut(BaseModel):
    """An evaluator with its current version."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    evaluator_slug: str
    slug: str
    type: str
    score_value_type: str
    eval_class: str
    description: str
    version: int
    created_at: datetime
    updated_at: datetime


class RunEvaluator(BaseModel):
    """Inputs to try an evaluator on."""

    model_config = ConfigDict(extra="allow")

    inputs: Any = Field(default=None, description="input, output, expected_output, metadata, metrics.")


class EvaluatorResult(BaseModel):
    """What an evaluator answered, in the union of the documented forms."""

    model_config = ConfigDict(extra="allow")

    score: Any
    score_type: str
    evaluator_id: str
    evaluator_name: str
    status: str
    is_passed: bool
    inputs: dict[str, Any]


def evaluator_out(evaluator: Evaluator) -> dict[str, Any]:
    """Return an evaluator in the union of the shapes that clients parse."""
    version = evaluator.current
    return {
        "id": evaluator.id,
        "name": version.name,
        "evaluator_slug": evaluator.slug,
        "slug": evaluator.slug,
        "type": version.type,
        "score_value_type": version.score_value_type,
        "eval_class": version.eval_class,
        "description": version.description,
        "score_config": _score_config(version),
        "passing_conditions": _passing_conditions(version),
        "llm_config": None,
        "code_config": None,
        "configurations": dict(version.parameters),
        "categorical_choices": None,
        "custom_required_fields": [],
        "direction": version.direction,
        "unit": version.score_range.unit,
        "starred": evaluator.starred,
        "organization": evaluator.organization_id,
        "tags": list(evaluator.tags),
        "created_by": editor(evaluator.created_by),
        "updated_by": editor(evaluator.updated_by),
        "created_at": evaluator.created_at,
        "updated_at": evaluator.updated_at,
        "version_id": version.id,
        "version": version.number,
        "version_count": evaluator.version_count,
        "version_description": version.version_description,
        "is_read_only": version.is_read_only,
        "is_public": False,
        "is_builtin": evaluator.is_builtin,
    }


def _score_config(version: EvaluatorVersion) -> dict[str, Any]:
    bounds = {"min_score": version.score_range.minimum, "max_score": version.score_range.maximum}
    return {name: value for name, value in bounds.items() if value is not None}


def _passing_conditions(version: EvaluatorVersion) -> dict[str, Any] | None:
    rule = version.pass_rule
    return None if rule is None else {"primary_score": {"operator": rule.operator, "value": rule.threshold}}


_INPUT_NAMES = ("input", "output", "expected_output", "metadata", "metrics")


def read_inputs(body: RunEvaluator) -> EvaluatorInputs:
    """Return the inputs of a trial run, under their present or legacy names; raises Invalid for a wrong shape."""
    given = body.inputs
    if given is None:
        extra = body.model_extra or {}
        if not {"llm_input", "llm_output"} & extra.keys():
            raise Invalid("Invalid input format: 'inputs' field is required")
        given = extra
    if not isinstance(given, dict):
        raise Invalid.field("inputs", f"Expected an object of keys and values, but got {type(given).__name__}.")
    inputs = {name: given[name] for name in _INPUT_NAMES if given.get(name) is not None}
    for name, legacy in (("input", "llm_input"), ("output", "llm_output"), ("expected_output", "ideal_output")):
        if name not in inputs and given.get(legacy) is not None:
            inputs[name] = given[legacy]
    for name in ("metadata", "metrics"):
        if not isinstance(inputs.get(name, {}), dict):
            raise Invalid(fields={f"inputs.{name}": ["Expected an object of keys and values."]})
    if not inputs:
        raise Invalid(fields={"inputs.output": [REQUIRED]})
    return EvaluatorInputs(**inputs)


def inputs_out(inputs: EvaluatorInputs) -> dict[str, Any]:
    """Return inputs as they are echoed."""
    return {name: getattr(inputs, name) for name in _INPUT_NAMES}


def result_out(
    evaluator: Evaluator, inputs: EvaluatorInputs, outcome: Outcome, *, result_id: str, at: datetime, environment: str
) -> dict[str, Any]:
    """Return what an evaluator answered, in the union of the documented forms."""
    values = outcome.values
    return {
        "id": result_id,
        "score": values.primary,
        "score_type": evaluator.current.score_value_type,
        "evaluator_id": evaluator.id,
        "evaluator_slug": evaluator.slug,
        "evaluator_name": evaluator.current.name,
        "evaluation_result": {
            "result": values.primary,
            "details": outcome.explanation,
            "passed": bool(outcome.is_passed),
        },
        "inputs": inputs_out(inputs),
        "execution_time": outcome.latency_seconds,
        "timestamp": at,
        "created_at": at,
        "type": evaluator.current.type,
        "environment": environment,
        "numerical_value": values.numerical_value,
        "string_value": values.string_value,
        "boolean_value": values.boolean_value,
        "categorical_value": values.categorical_value,
        "json_value": values.json_value,
        "is_passed": bool(outcome.is_passed),
        "cost": outcome.cost_usd,
        "status": outcome.status,
        "explanation": outcome.explanation,
        "error_message": outcome.error_message,
        "evaluator": evaluator_out(evaluator),
    }
