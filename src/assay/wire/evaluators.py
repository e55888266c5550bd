"""Evaluators on the wire: what clients get."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from assay.model.evaluator import Evaluator, EvaluatorVersion
from assay.wire.editors import editor


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
    score_config: dict[str, Any]
    passing_conditions: dict[str, Any] | None
    llm_config: dict[str, Any] | None
    code_config: dict[str, Any] | None
    configurations: dict[str, Any]
    version: int
    version_id: str
    is_read_only: bool
    created_at: datetime
    updated_at: datetime


class EvaluatorCreated(EvaluatorOut):
    """A new evaluator; `warnings` says what is not as it was asked for."""

    warnings: list[str]


def evaluator_out(evaluator: Evaluator) -> dict[str, Any]:
    """Return an evaluator in the union of the shapes that clients parse; the newest takes only objects for tags."""
    version = evaluator.current
    choices = version.categorical_choices
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
        "llm_config": version.llm_config,
        "code_config": version.code_config,
        "configurations": shown_configurations(version),
        "categorical_choices": [{"name": choice.name, "value": choice.value} for choice in choices] or None,
        "custom_required_fields": list(version.custom_required_fields),
        "direction": version.direction,
        "unit": version.score_range.unit,
        "starred": evaluator.starred,
        "organization": evaluator.organization_id,
        "tags": [{"id": zlib.crc32(tag.encode()), "name": tag, "color": ""} for tag in evaluator.tags],
        "created_by": editor(evaluator.created_by),
        "updated_by": editor(evaluator.updated_by),
        "editor": editor(evaluator.updated_by),
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


def version_out(evaluator: Evaluator, version: EvaluatorVersion) -> dict[str, Any]:
    """Return one version: the evaluator as that version says it is, with the version's own author and time."""
    shown = evaluator_out(replace(evaluator, current=version))
    if version.created_at is not None:
        shown["created_at"] = version.created_at
    shown["created_by"] = editor(version.created_by or evaluator.created_by)
    return shown


def shown_configurations(version: EvaluatorVersion) -> dict[str, Any]:
    """Return `configurations` as clients write them: they hold the parameters of a built-in, too."""
    return {**version.parameters, **version.configurations}


def _score_config(version: EvaluatorVersion) -> Mapping[str, Any]:
    if version.score_config is not None:
        return version.score_config
    bounds = {"min_score": version.score_range.minimum, "max_score": version.score_range.maximum}
    return {name: value for name, value in bounds.items() if value is not None}


def _passing_conditions(version: EvaluatorVersion) -> Mapping[str, Any] | None:
    rule = version.pass_rule
    if version.passing_conditions is not None or rule is None:
        return version.passing_conditions
    return {"primary_score": {"operator": rule.operator, "value": rule.threshold}}
