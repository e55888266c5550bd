"""Scores on the wire: by themselves, and inside the logs that they are on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from assay.model.score import API_SCORER, Score, ScoreAggregate, ScoreValues


class ScoreOut(BaseModel):
    """A score; the value stands in the field of its type, and in `score_value`."""

    model_config = ConfigDict(extra="allow")

    id: str
    created_at: datetime
    type: str
    environment: str
    evaluator_id: str | None
    evaluator_slug: str
    evaluator_name: str
    score_value_type: str
    numerical_value: float | None
    string_value: str | None
    boolean_value: bool | None
    categorical_value: list[str] | None
    json_value: str | None
    is_passed: bool
    status: str
    log_id: str | None
    dataset_id: str | None
    scorer: str | None
    is_machine: bool
    is_corrected: bool
    original: dict[str, Any] | None


def values_out(values: ScoreValues) -> dict[str, Any]:
    """Return the five value columns of a score."""
    return {
        "numerical_value": values.numerical_value,
        "string_value": values.string_value,
        "boolean_value": values.boolean_value,
        "categorical_value": values.categorical_value,
        "json_value": values.json_value,
    }


def score_entry(score: Score) -> dict[str, Any]:
    """Return a score as it stands inside a log."""
    return {
        "id": score.id,
        "evaluator_id": score.evaluator_id,
        "evaluator_slug": score.evaluator_slug,
        "evaluator_name": score.evaluator_name,
        "score_value_type": score.score_value_type,
        "score_value": score.values.primary,
        **values_out(score.values),
        "is_passed": bool(score.is_passed),
        "status": score.status,
        "explanation": score.explanation,
        "error_message": score.error_message,
        "scorer": scorer_out(score),
        "is_machine": not score.scorer,
        "is_corrected": score.original is not None,
    }


def scorer_out(score: Score) -> str | None:
    """Return who gave a score as it was sent: null for a machine, and for whoever did not say."""
    return None if score.scorer in ("", API_SCORER) else score.scorer


def score_out(score: Score) -> dict[str, Any]:
    """Return a score by itself (contract 7.3); `original` is what a machine said before a person corrected it."""
    original = score.original
    return {
        **score_entry(score),
        "type": score.evaluator_type,
        "created_at": score.created_at,
        "updated_at": score.updated_at or score.created_at,
        "environment": score.environment,
        "cost": score.cost_usd,
        "log_id": score.log_id or None,
        "dataset_id": score.dataset_id,
        "eval_report_id": score.eval_report_id,
        "prompt_id": score.prompt_id,
        "prompt_version_number": score.prompt_version_number,
        "automation_id": score.automation_id,
        "original": None if original is None else {"score_value": original.primary, **values_out(original)},
        "corrected_by": score.corrected_by,
    }


def scores_by_evaluator(scores: Sequence[Score]) -> dict[str, Any]:
    """Return the scores of one log by evaluator id, or slug where none is registered (contract 7.6).

    With several on one evaluator the machine's is the entry, or that of the first person where there is none, and
    those of all people are its `human_scores`. `scores` has the machine's first.
    """
    groups: dict[str, list[Score]] = {}
    for score in scores:
        groups.setdefault(score.evaluator_id or score.evaluator_slug, []).append(score)
    return {key: _entry_of(group) for key, group in groups.items()}


def _entry_of(group: Sequence[Score]) -> dict[str, Any]:
    entry = score_entry(group[0])
    if len(group) > 1:
        entry["human_scores"] = [score_entry(score) for score in group if score.scorer]
    return entry


def last_annotator(scores: Sequence[Score]) -> str | None:
    """Return the person who spoke last of those who scored a log, None where nobody did."""
    people = [score for score in scores if score.scorer]
    return max(people, key=lambda score: score.updated_at or score.created_at).scorer if people else None


def evaluator_of_score(score: Score) -> Mapping[str, Any]:
    """Return what a single score tells of its evaluator."""
    return {
        "id": score.evaluator_id,
        "evaluator_slug": score.evaluator_slug,
        "name": score.evaluator_name,
        "type": score.evaluator_type,
        "score_value_type": score.score_value_type,
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
