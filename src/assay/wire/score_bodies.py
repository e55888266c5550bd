"""Bodies that give and change scores, read in every documented spelling."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.score import API_SCORER, ScoreValues
from assay.wire import codec
from assay.wire.times import read_time

# Names stand together in one index entry, which PostgreSQL bounds at 2,700 bytes.
LONGEST_NAME = 200
_NO_VALUE = "Give a value: numerical_value, boolean_value, string_value, categorical_value or json_value."


class ScoreChange(BaseModel):
    """New values of a score; what is left out stays as it is, and null clears it."""

    model_config = ConfigDict(extra="allow")

    numerical_value: float | None = Field(default=None, description="`numerical_score` means this.")
    string_value: str | None = None
    boolean_value: bool | None = None
    categorical_value: list[str] | None = Field(default=None, description="The names of the choices.")
    json_value: Any = Field(default=None, description="JSON text, or any JSON.")
    explanation: str | None = Field(default=None, description="`reasoning` means this.")


class LogScoreCreate(ScoreChange):
    """A verdict on a log: what evaluator, what value. Several value fields may be sent together."""

    evaluator_id: str | None = Field(default=None, description="Or evaluator_slug.")
    evaluator_slug: str | None = Field(default=None, description="A slug that no evaluator has is kept as it is.")
    scorer: str | None = Field(default=None, description="Who says so: each has one score an evaluator and log.")
    dataset_id: str | None = Field(default=None, description="The dataset whose row this log is.")
    timestamp: datetime | None = None
    prompt_id: str | None = None
    prompt_version_number: int | None = None
    automation_id: str | None = None


class ScoreCreate(LogScoreCreate):
    """A verdict on a log. One of the same evaluator and scorer on the same log is replaced."""

    log_id: str | None = Field(default=None, description="A request log, a dataset row, or an id known elsewhere.")


@dataclass(frozen=True, slots=True)
class ScoreDraft:
    """A score as it was sent."""

    values: ScoreValues
    evaluator_id: str | None
    evaluator_slug: str | None
    log_id: str
    dataset_id: str | None
    scorer: str
    explanation: str | None
    timestamp: datetime | None
    prompt_id: str | None
    prompt_version_number: int | None
    automation_id: str | None


@dataclass(frozen=True, slots=True)
class ScoreChanges:
    """New values by the name of their field, None to clear one; `explanation` None where nothing is said of it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    explanation: str | None = None


def read_score(body: Any) -> ScoreDraft:
    """Read a score; raises Invalid that names what is wrong."""
    given = _object(body)
    changes = read_changes(given)
    values = ScoreValues(**changes.values)
    if values == ScoreValues():
        raise Invalid(_NO_VALUE)
    return ScoreDraft(
        values=values,
        evaluator_id=_name(given, "evaluator_id"),
        evaluator_slug=_name(given, "evaluator_slug"),
        log_id=_name(given, "log_id") or "",
        dataset_id=_name(given, "dataset_id"),
        scorer=_name(given, "scorer") or API_SCORER,
        explanation=changes.explanation or None,
        timestamp=read_time(given.get("timestamp"), "timestamp"),
        prompt_id=_name(given, "prompt_id"),
        prompt_version_number=_whole_number(given, "prompt_version_number"),
        automation_id=_name(given, "automation_id"),
    )


def read_changes(body: Any) -> ScoreChanges:
    """Read new values of a score; raises Invalid that names what is wrong."""
    given = dict(_object(body))
    for alias, name in (("numerical_score", "numerical_value"), ("reasoning", "explanation")):
        if alias in given and given.get(name) is None:
            given[name] = given[alias]
    explanation = given.get("explanation")
    if explanation is not None and not isinstance(explanation, str):
        raise Invalid.field("explanation", "Not a valid string.")
    values = {
        name: None if given[name] is None else read(given[name]) for name, read in _READERS.items() if name in given
    }
    return ScoreChanges(values, explanation)


def changed_values(present: ScoreValues, changes: ScoreChanges, *, replace: bool) -> ScoreValues:
    """Return the values of a score after a change; raises Invalid when none is left."""
    kept = {} if replace else {name: getattr(present, name) for name in _READERS}
    values = ScoreValues(**{**kept, **changes.values})
    if values == ScoreValues():
        raise Invalid(_NO_VALUE)
    return values


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        got = "list" if isinstance(body, list) else type(body).__name__
        raise Invalid.field("non_field_errors", f"Invalid data. Expected a dictionary, but got {got}.")
    return body


def _name(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Invalid.field(name, "Not a valid string.")
    if len(value) > LONGEST_NAME:
        raise Invalid.field(name, f"At most {LONGEST_NAME} characters; this has {len(value)}.")
    return value


def _whole_number(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise Invalid.field(name, "A valid integer is required.")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid.field("numerical_value", "A valid number is required.")
    number = float(value)
    if not math.isfinite(number):
        raise Invalid.field("numerical_value", "The number is too large for a double.")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid.field("string_value", "Not a valid string.")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid.field("boolean_value", "Must be a valid boolean.")
    return value


def _choices(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Invalid.field("categorical_value", "Expected a list of choice names.")
    return tuple(names)


def _json(value: Any) -> str:
    if isinstance(value, str):
        codec.decode(value.encode(), "json_value")
        return value
    text: str = codec.encode(value).decode()
    return text


_READERS: dict[str, Callable[[Any], Any]] = {
    "numerical_value": _number,
    "boolean_value": _boolean,
    "string_value": _text,
    "categorical_value": _choices,
    "json_value": _json,
}
