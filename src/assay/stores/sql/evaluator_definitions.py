"""Versions of evaluators as rows: what queries look into as columns, the rest as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from assay.model.evaluator import Choice, Direction, EvaluatorVersion, PassRule, ScoreRange
from assay.stores.sql.database import Row
from assay.stores.sql.tables import evaluator_version as table
from assay.stores.sql.times import from_microseconds

VERSION_COLUMNS = (
    table.c.id, table.c.number, table.c.name, table.c.type, table.c.score_value_type,
    table.c.eval_class, table.c.description, table.c.definition, table.c.is_read_only,
    table.c.version_description, table.c.created_at, table.c.created_by,
)  # fmt: skip


class _Definition(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a version that no query looks into. What was added later has a default: old rows lack it.

    `categorical_choices` are names and values as they are, so that a whole number stays one.
    """

    direction: Direction
    score_range: ScoreRange
    pass_rule: PassRule | None
    parameters: Mapping[str, Any]
    llm_config: Mapping[str, Any] | None = None
    code_config: Mapping[str, Any] | None = None
    score_config: Mapping[str, Any] | None = None
    passing_conditions: Mapping[str, Any] | None = None
    configurations: Mapping[str, Any] = {}
    categorical_choices: tuple[tuple[str, Any], ...] = ()
    custom_required_fields: tuple[str, ...] = ()


_decode_definition = msgspec.json.Decoder(_Definition).decode


def _definition(version: EvaluatorVersion) -> str:
    definition = _Definition(
        direction=version.direction,
        score_range=version.score_range,
        pass_rule=version.pass_rule,
        parameters=version.parameters,
        llm_config=version.llm_config,
        code_config=version.code_config,
        score_config=version.score_config,
        passing_conditions=version.passing_conditions,
        configurations=version.configurations,
        categorical_choices=tuple((choice.name, choice.value) for choice in version.categorical_choices),
        custom_required_fields=version.custom_required_fields,
    )
    return msgspec.json.encode(definition).decode()


def read_version(row: Row) -> EvaluatorVersion:
    """Make a version from `VERSION_COLUMNS`."""
    definition = _decode_definition(row[7])
    return EvaluatorVersion(
        id=row[0],
        number=row[1],
        name=row[2],
        type=row[3],
        score_value_type=row[4],
        eval_class=row[5],
        description=row[6],
        direction=definition.direction,
        score_range=definition.score_range,
        pass_rule=definition.pass_rule,
        parameters=definition.parameters,
        llm_config=definition.llm_config,
        code_config=definition.code_config,
        score_config=definition.score_config,
        passing_conditions=definition.passing_conditions,
        configurations=definition.configurations,
        categorical_choices=tuple(Choice(name, value) for name, value in definition.categorical_choices),
        custom_required_fields=definition.custom_required_fields,
        is_read_only=bool(row[8]),
        version_description=row[9],
        created_at=from_microseconds(row[10]),
        created_by=row[11],
    )


def version_values(version: EvaluatorVersion) -> dict[str, Any]:
    """Return the columns that an edit of a draft sets."""
    return {
        "name": version.name,
        "type": version.type,
        "score_value_type": version.score_value_type,
        "eval_class": version.eval_class,
        "description": version.description,
        "definition": _definition(version),
        "is_read_only": int(version.is_read_only),
        "version_description": version.version_description,
    }


def is_same_definition(version: EvaluatorVersion, other: EvaluatorVersion) -> bool:
    """Tell whether two versions judge alike; compared as values: a bound of 0 comes back as 0.0 and is no change."""
    return _decode_definition(_definition(version)) == _decode_definition(_definition(other))
