"""Scores as lines of their two tables: those on dataset rows in `score`, those on request logs in `log_score`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table

from assay.model.errors import Conflict
from assay.model.score import Score, ScoreValues
from assay.ports.scores import OnConflict
from assay.stores.sql.database import Connection, Row, in_list, insertion, list_of, one
from assay.stores.sql.times import from_microseconds, to_microseconds

_VALUES = ("numerical_value", "boolean_value", "string_value", "categorical_value", "json_value")
_COLUMNS = (
    "id", "log_id", "evaluator_id", "evaluator_slug", "evaluator_name", "evaluator_type", "score_value_type", "status",
    *_VALUES, "is_passed", "created_at", "environment", "explanation", "error_message", "cost_usd", "scorer",
    "prompt_id", "prompt_version_number", "automation_id", "updated_at", "original", "corrected_by",
)  # fmt: skip
_LISTED = ", ".join(f"s.{name}" for name in _COLUMNS)
# Each followed by the id of the dataset and that of the report.
SELECT: Mapping[str, str] = {
    "score": f"SELECT {_LISTED}, d.id, r.id FROM score s"
    " JOIN dataset d ON d.sequence = s.dataset_sequence AND d.deleted_at IS NULL"
    " LEFT JOIN eval_report r ON r.sequence = s.report_sequence",
    "log_score": f"SELECT {_LISTED}, NULL, NULL FROM log_score s",
}
# The machine's verdict first, then people in the order in which they spoke.
IN_ORDER = " ORDER BY s.log_id, s.evaluator_slug, s.evaluator_id, s.scorer <> '', s.created_at, s.id"
_UNREGISTERED = "slug:"
_NO_LOG = "score:"
# What a score keeps when the same scorer gives it anew.
_KEPT = ("id", "log_id", "evaluator_id", "scorer", "created_at", "original", "corrected_by")
_SET = ", ".join(f"{name} = :{name}" for name in _COLUMNS if name not in _KEPT)

_read_original = msgspec.json.Decoder(ScoreValues)


def read_values(row: Sequence[object]) -> ScoreValues:
    """Make typed values from the columns numerical, boolean, string, categorical and json."""
    numerical, boolean, string, categorical, json_text = row
    return ScoreValues(
        numerical_value=numerical,  # type: ignore[arg-type]
        boolean_value=None if boolean is None else bool(boolean),
        string_value=string,  # type: ignore[arg-type]
        categorical_value=None if categorical is None else tuple(json.loads(str(categorical))),
        json_value=json_text,  # type: ignore[arg-type]
    )


def values_line(values: ScoreValues) -> dict[str, Any]:
    """Return typed values as columns, in the order of `read_values`."""
    boolean, categories = values.boolean_value, values.categorical_value
    return {
        "numerical_value": values.numerical_value,
        "boolean_value": None if boolean is None else int(boolean),
        "string_value": values.string_value,
        "categorical_value": None if categories is None else json.dumps(categories, ensure_ascii=False),
        "json_value": values.json_value,
    }


def read_score(row: Row) -> Score:
    """Return the score of a line that `SELECT` found."""
    evaluator_id: str = row[2]
    return Score(
        id=row[0],
        log_id="" if row[1] == _NO_LOG + row[0] else row[1],
        evaluator_id=None if evaluator_id.startswith(_UNREGISTERED) else evaluator_id,
        evaluator_slug=row[3],
        evaluator_name=row[4],
        evaluator_type=row[5],
        score_value_type=row[6],
        status=row[7],
        values=read_values(row[8:13]),
        is_passed=None if row[13] is None else bool(row[13]),
        created_at=from_microseconds(row[14]),
        environment=row[15],
        explanation=row[16],
        error_message=row[17],
        cost_usd=row[18],
        scorer=row[19],
        prompt_id=row[20],
        prompt_version_number=row[21],
        automation_id=row[22],
        updated_at=from_microseconds(row[23]),
        original=None if row[24] is None else _read_original.decode(row[24]),
        corrected_by=row[25],
        dataset_id=row[26],
        eval_report_id=row[27],
    )


def _line(score: Score) -> dict[str, Any]:
    passed = score.is_passed
    return {
        "id": score.id,
        # Nothing else has this id: such a score stands alone.
        "log_id": score.log_id or _NO_LOG + score.id,
        "evaluator_id": evaluator_key(score),
        "evaluator_slug": score.evaluator_slug,
        "evaluator_name": score.evaluator_name,
        "evaluator_type": score.evaluator_type,
        "score_value_type": score.score_value_type,
        "status": score.status,
        **values_line(score.values),
        "is_passed": None if passed is None else int(passed),
        "created_at": to_microseconds(score.created_at),
        "environment": score.environment,
        "explanation": score.explanation,
        "error_message": score.error_message,
        "cost_usd": score.cost_usd,
        "scorer": score.scorer,
        "prompt_id": score.prompt_id,
        "prompt_version_number": score.prompt_version_number,
        "automation_id": score.automation_id,
        "updated_at": None,
        "original": None if score.original is None else msgspec.json.encode(score.original).decode(),
        "corrected_by": score.corrected_by,
    }


def evaluator_key(score: Score) -> str:
    """Return what stands for the evaluator in the database: its id, or its slug where it is not registered."""
    return score.evaluator_id or _UNREGISTERED + score.evaluator_slug


def evaluator_id_of(key: str) -> str | None:
    """Return the evaluator's id of such a key, None for one that is not registered."""
    return None if key.startswith(_UNREGISTERED) else key


def put(
    connection: Connection, table: Table, place: Mapping[str, Any], score: Score, on_conflict: OnConflict
) -> tuple[str, bool]:
    """Store a score at a place, the columns before its log in the table's key; return its id and whether it is new.

    One that is replaced keeps its id and its beginning. Raises Conflict where one stands and is not to be replaced.
    """
    line = {**place, **_line(score)}
    # A score that came meanwhile is waited for, and then stands.
    is_new = connection.insert_many(
        insertion(table.name, tuple(line)) + " ON CONFLICT DO NOTHING", [tuple(line.values())]
    )
    if is_new:
        return score.id, True
    if on_conflict == "refuse":
        raise Conflict("A score already exists for this evaluator in this log.")
    key = " AND ".join(f"{name} = :{name}" for name in (*place, "log_id", "evaluator_id", "scorer"))
    replaced = {**line, "updated_at": to_microseconds(score.created_at)}
    connection.run(f"UPDATE {table.name} SET {_SET} WHERE {key}", replaced)
    return connection.rows(f"SELECT id FROM {table.name} WHERE {key}", line)[0][0], False


def find(
    connection: Connection, table: Table, organization_id: int, score_id: str, *, lock: bool = False
) -> Row | None:
    """Return the line of a score, None where this table has none; with `lock` others wait to change it."""
    suffix = " FOR UPDATE OF s" if lock and connection.dialect_name == "postgresql" else ""
    return one(
        connection,
        f"{SELECT[table.name]} WHERE s.id = :id AND s.organization_id = :organization{suffix}",
        {"id": score_id, "organization": organization_id},
    )


def find_many(connection: Connection, table: Table, score_ids: Sequence[str]) -> list[Score]:
    """Return the scores with these ids that this table has."""
    name = connection.dialect_name
    chosen = in_list(name, "s.id", "ids")
    rows = connection.rows(f"{SELECT[table.name]} WHERE {chosen}", {"ids": list_of(name, score_ids)})
    return [read_score(row) for row in rows]


def correct(
    connection: Connection,
    table: Table,
    present: Score,
    values: ScoreValues,
    is_passed: bool | None,
    by: str,
    now: int,
    explanation: str | None,
) -> None:
    """Give a score other values; that of a machine keeps what it said before its first correction."""
    changed: dict[str, Any] = {
        **values_line(values),
        "is_passed": None if is_passed is None else int(is_passed),
        "updated_at": now,
    }
    if explanation is not None:
        changed["explanation"] = explanation or None
    if not present.scorer:
        original = present.values if present.original is None else present.original
        changed |= {"original": msgspec.json.encode(original).decode(), "corrected_by": by}
        # A person's word stands where a machine failed.
        changed |= {"status": "scored", "error_message": None}
    sets = ", ".join(f"{name} = :{name}" for name in changed)
    connection.run(f"UPDATE {table.name} SET {sets} WHERE id = :id", {**changed, "id": present.id})
