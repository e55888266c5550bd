"""What clients send about evaluators: definitions in the flat and the legacy form, inputs to try, and the bench."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid, Unprocessable
from assay.model.evaluator import (
    Choice,
    Direction,
    EvaluatorInputs,
    EvaluatorType,
    GenerationMethod,
    ScoreValueType,
)
from assay.wire.datasets import read_name
from assay.wire.problems import REQUIRED

MOST_TAGS = 20
MOST_CHOICES = 500
MOST_LOGS = 50
MOST_SAMPLED = 200
LONGEST_SLUG = 100
_LONGEST_TAG = 100
_LONGEST_DESCRIPTION = 20_000
_LONGEST_EVAL_CLASS = 200


class ChoiceBody(BaseModel):
    """One category; without a value its name stands for it."""

    name: str
    value: Any = None


class EvaluatorUpdate(BaseModel):
    """The body that changes an evaluator; what is absent stays as it is, null clears."""

    name: str | None = None
    evaluator_slug: str | None = Field(default=None, description="Unique in the organisation. Default: from the name.")
    type: EvaluatorType | None = Field(default=None, description="Default: as the configuration says.")
    score_value_type: ScoreValueType | None = None
    eval_class: str | None = Field(default=None, description="A built-in; `configurations` are its parameters then.")
    description: str | None = None
    score_config: dict[str, Any] | None = Field(default=None, description="min_score, max_score, choices.")
    passing_conditions: dict[str, Any] | None = Field(
        default=None, description='When a score passes: {"primary_score": {"operator": "gte", "value": 4}}.'
    )
    llm_config: dict[str, Any] | None = Field(default=None, description="model, evaluator_definition, scoring_rubric…")
    code_config: dict[str, Any] | None = Field(default=None, description="eval_code_snippet.")
    configurations: dict[str, Any] | None = Field(default=None, description="The older form; merged by PATCH.")
    categorical_choices: list[ChoiceBody] | None = None
    custom_required_fields: list[str] | None = None
    direction: Direction | None = Field(default=None, description="Whether higher or lower is better.")
    starred: bool | None = None
    tags: list[Any] | None = Field(default=None, description="Texts.")


class EvaluatorCreate(EvaluatorUpdate):
    """The body that creates an evaluator; the name is required unless another evaluator is copied."""

    source_evaluator_id: str | None = Field(
        default=None, description="Copy this evaluator (id, slug or <id>:<n>); the other fields are laid over it."
    )


class EvaluatorReplace(EvaluatorUpdate):
    """The body that replaces an evaluator's definition; the name is required, slug and tags stay when absent."""


class VersionCreate(EvaluatorUpdate):
    """The body of a commit: what is to be changed before the draft is frozen, and what the version is about."""

    version_description: str | None = None


class Changes(TypedDict, total=False):
    """What a client said about an evaluator, checked; absent is what it said nothing about."""

    name: str
    slug: str
    type: EvaluatorType
    score_value_type: ScoreValueType
    eval_class: str
    description: str
    score_config: Mapping[str, Any] | None
    passing_conditions: Mapping[str, Any] | None
    llm_config: Mapping[str, Any] | None
    code_config: Mapping[str, Any] | None
    configurations: Mapping[str, Any]
    categorical_choices: tuple[Choice, ...]
    custom_required_fields: tuple[str, ...]
    direction: Direction
    starred: bool
    tags: tuple[str, ...]


_OBJECTS = ("score_config", "passing_conditions", "llm_config", "code_config")
# Null says nothing about these.
_PLAIN = ("type", "score_value_type", "direction", "starred")


def read_changes(body: EvaluatorUpdate) -> Changes:
    """Return what a body says; raises Invalid for what is too long, empty or of the wrong kind."""
    given = body.model_fields_set
    values: dict[str, Any] = {}
    if body.name is not None:
        values["name"] = read_name(body.name)
    if body.evaluator_slug is not None:
        values["slug"] = read_slug(body.evaluator_slug)
    values |= {name: getattr(body, name) for name in _PLAIN if getattr(body, name) is not None}
    values |= {name: getattr(body, name) for name in _OBJECTS if name in given}
    if "configurations" in given:
        values["configurations"] = body.configurations or {}
    for name, most in (("description", _LONGEST_DESCRIPTION), ("eval_class", _LONGEST_EVAL_CLASS)):
        if name in given:
            values[name] = _bounded(getattr(body, name) or "", most, name)
    if "categorical_choices" in given:
        values["categorical_choices"] = _read_choices(body.categorical_choices or [])
    if "custom_required_fields" in given:
        fields = body.custom_required_fields or []
        values["custom_required_fields"] = _read_texts(fields, "custom_required_fields", _LONGEST_TAG)
    if "tags" in given:
        named = [_tag_text(tag) for tag in body.tags or []]
        values["tags"] = _read_texts(named, "tags", _LONGEST_TAG)
    changes: Changes = values  # type: ignore[assignment]
    return changes


def _bounded(text: str, most: int, field: str) -> str:
    if len(text) > most:
        raise Invalid.field(field, f"Ensure this field has no more than {most:,} characters.")
    return text


_SLUG = re.compile(r"[\w.-]+")


def read_slug(text: str) -> str:
    """Return a slug that a client chose; raises Invalid for one that could not stand in a path."""
    slug = _bounded(text.strip(), LONGEST_SLUG, "evaluator_slug")
    if not _SLUG.fullmatch(slug) or set(slug) == {"."}:
        raise Invalid.field("evaluator_slug", "Use letters, digits, '_', '-' and '.', such as answer_quality.")
    return slug


def _read_choices(items: list[ChoiceBody]) -> tuple[Choice, ...]:
    if len(items) > MOST_CHOICES:
        raise Invalid.field("categorical_choices", f"Give at most {MOST_CHOICES} choices, not {len(items):,}.")
    choices = []
    for place, item in enumerate(items):
        value = item.name if item.value is None else item.value
        if not isinstance(value, str | int | float):
            name = f"categorical_choices.{place}.value"
            raise Invalid.field(name, "Must be a string, a number or a boolean.")
        choices.append(Choice(item.name, value))
    return tuple(choices)


def _read_texts(texts: list[str], field: str, longest: int) -> tuple[str, ...]:
    if len(texts) > MOST_TAGS:
        raise Invalid.field(field, f"Give at most {MOST_TAGS}, not {len(texts):,}.")
    for text in texts:
        if not text.strip() or len(text) > longest:
            raise Invalid.field(field, f"Each is a text of 1 to {longest} characters.")
    return tuple(dict.fromkeys(text.strip() for text in texts))


def _tag_text(tag: Any) -> str:
    # The generated SDK knows tags as objects with an id, a name and a color.
    if isinstance(tag, Mapping):
        tag = tag.get("name")
    if isinstance(tag, int) and not isinstance(tag, bool) and tag.bit_length() <= 64:
        return str(tag)
    if not isinstance(tag, str):
        raise Invalid.field("tags", "A tag is a text, or an object with a name.")
    return tag


class RunEvaluator(BaseModel):
    """Inputs to try an evaluator on, or stored logs by their ids."""

    model_config = ConfigDict(extra="allow")

    inputs: Any = Field(default=None, description="input, output, expected_output, metadata, metrics.")
    generation_method: GenerationMethod | None = Field(default=None, description="Default: what the evaluator has.")
    log_ids: list[str] | None = Field(default=None, description="Older form: judge these logs.")
    dataset_id: str | None = Field(default=None, description="Where the logs are rows; else they are request logs.")


class BenchEvaluator(BaseModel):
    """Which rows to try an evaluator on, and as what."""

    dataset_id: str
    version: int | str | None = Field(default=None, description="Of the dataset: number or tag. Default: the newest.")
    sample_size: int = Field(default=20, ge=1, le=MOST_SAMPLED)
    seed: int = Field(default=0, ge=-(2**63), lt=2**63, description="The same seed takes the same rows.")
    draft: EvaluatorUpdate | None = Field(default=None, description="Laid over the current version; not saved.")
    generation_method: GenerationMethod | None = None
    compare: bool = Field(default=True, description="Run the version before on the same rows, too.")


_NAMES = ("input", "output", "expected_output", "metadata", "metrics")
_LEGACY = (
    ("input", "llm_input"),
    ("output", "llm_output"),
    ("expected_output", "ideal_output"),
    ("expected_output", "ground_truth"),
)
_OF_THE_BODY = frozenset(("evaluator_id", "evaluation_id", "extra_params", "evaluator_slug"))


def read_inputs(body: RunEvaluator) -> EvaluatorInputs:
    """Return the inputs of a trial run, under their present or legacy names.

    What has no place of its own (`retrieved_contexts`, `extra_params`) is found in the metadata, unless that has it.
    Raises Invalid where there are none or of a wrong shape, Unprocessable where they are empty.
    """
    given = body.inputs
    if given is None:
        extra = body.model_extra or {}
        if not {"llm_input", "llm_output"} & extra.keys():
            raise Invalid("Invalid input format: 'inputs' field is required")
        given = {name: value for name, value in extra.items() if name not in _OF_THE_BODY}
        if isinstance(extra.get("extra_params"), Mapping):
            given = {**extra["extra_params"], **given}
    if not isinstance(given, Mapping):
        raise Invalid.field("inputs", f"Expected an object of keys and values, but got {type(given).__name__}.")
    inputs = {name: given[name] for name in _NAMES if given.get(name) is not None}
    for name, legacy in _LEGACY:
        if name not in inputs and given.get(legacy) is not None:
            inputs[name] = given[legacy]
    for name in ("metadata", "metrics"):
        if not isinstance(inputs.get(name, {}), Mapping):
            raise Invalid(fields={f"inputs.{name}": ["Expected an object of keys and values."]})
    known = {*_NAMES, *(legacy for _, legacy in _LEGACY)}
    others = {name: value for name, value in given.items() if name not in known and value is not None}
    if not inputs and not others:
        raise Unprocessable(fields={"inputs.input": [REQUIRED]})
    if others:
        inputs["metadata"] = {**others, **inputs.get("metadata", {})}
    return EvaluatorInputs(**inputs)


def check_required(inputs: EvaluatorInputs, names: tuple[str, ...]) -> None:
    """Raise Unprocessable that names each required input which is not there: one of the five, or a key of metadata."""
    missing = [
        name
        for name in names
        if (getattr(inputs, name) if name in _NAMES else inputs.metadata.get(name.removeprefix("metadata."))) is None
    ]
    if missing:
        raise Unprocessable(fields={f"inputs.{name}": [REQUIRED] for name in missing})


def read_log_ids(body: RunEvaluator) -> list[str]:
    """Return the logs that a body names, once each; raises Invalid for none and too many."""
    log_ids = list(dict.fromkeys(body.log_ids or []))
    if not log_ids or len(log_ids) > MOST_LOGS or not all(log_ids):
        raise Invalid.field("log_ids", f"Name 1 to {MOST_LOGS} logs by their ids.")
    return log_ids


def names_logs(body: RunEvaluator) -> bool:
    """Tell whether a body names stored logs instead of inputs."""
    return body.inputs is None and body.log_ids is not None
