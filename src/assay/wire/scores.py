"""Scores on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.model.score import Score, ScoreAggregate


def score_entry(score: Score) -> dict[str, Any]:
    """Return a score as it stands inside a row of a list, keyed there by its evaluator's id."""
    values = score.values
    return {
        "id": score.id,
        "evaluator_id": score.evaluator_id,
        "evaluator_slug": score.evaluator_slug,
        "evaluator_name": score.evaluator_name,
        "score_value_type": score.score_value_type,
        "score_value": values.primary,
        "numerical_value": values.numerical_value,
        "string_value": values.string_value,
        "boolean_value": values.boolean_value,
        "categorical_value": values.categorical_value,
        "json_value": values.json_value,
        "is_passed": bool(score.is_passed),
        "status": score.status,
        "explanation": score.explanation,
        "error_message": score.error_message,
    }


def score_out(score: Score) -> dict[str, Any]:
    """Return a score by itself."""
    return {
        **score_entry(score),
        "type": score.evaluator_type,
        "created_at": score.created_at,
        "environment": score.environment,
        "cost": score.cost_usd,
        "scorer": None,
        "log_id": score.log_id,
        "dataset_id": score.dataset_id,
        "eval_report_id": score.eval_report_id,
        "prompt_id": None,
        "prompt_version_number": None,
        "automation_id": None,
    }


def aggregates_out(aggregates: Sequence[ScoreAggregate]) -> dict[str, Any]:
    """Return score aggregates by evaluator id."""
    return {
        aggregate.evaluator_id: {
            "evaluator_id": aggregate.evaluator_id,
            "evaluator_slug": aggregate.evaluator_slug,
            "evaluator_name": aggregate.evaluator_name,
            "score_value_type": aggregate.score_value_type,
            "avg_score": aggregate.avg_score,
            "true_count": aggregate.true_count,
            "false_count": aggregate.false_count,
            "evaluator_family_id": aggregate.evaluator_id,
        }
        for aggregate in aggregates
    }
