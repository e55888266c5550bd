"""Run manifests: all that a run was made of, as JSON that repeats it and can be checked against what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.eval_report import EvalReport, EvalTask, RunSettings
from assay.model.evaluator import EvaluatorVersion, Method
from assay.model.ids import new_uuid
from assay.wire import codec
from assay.wire.eval_report_bodies import MOST_EVALUATORS, RunSettingsBody, read_method, read_name, read_settings
from assay.wire.eval_reports import judge_model, settings_out

FORMAT = "assay run manifest 1"

# What an evaluator's verdicts depend on: not its name, and not when it was written.
_JUDGING = (
    "type", "score_value_type", "eval_class", "direction", "score_range", "pass_rule", "parameters", "llm_config",
    "code_config", "score_config", "passing_conditions", "configurations", "categorical_choices",
    "custom_required_fields",
)  # fmt: skip


class VerifyManifest(BaseModel):
    """A manifest to be checked; without one the report's own is."""

    model_config = ConfigDict(extra="allow")

    manifest: Any = Field(default=None, description="A manifest of this report, as it was downloaded.")


class VerifiedOut(BaseModel):
    """Whether everything that a report names still is what it was, and what is not."""

    is_verified: bool
    checks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read: what a repetition needs of it."""

    dataset_id: str
    dataset_version: int
    tasks: tuple[EvalTask, ...]
    settings: RunSettings
    name: str | None = None
    dataset_content_hash: str | None = None
    report_id: str | None = None


def definition_of(version: EvaluatorVersion) -> dict[str, Any]:
    """Return what the verdicts of an evaluator version depend on, as JSON values."""
    values = msgspec.to_builtins(version)
    return {name: values[name] for name in _JUDGING}


def definition_hash(definition: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON (RFC 8785) of a definition, in hexadecimal."""
    return hashlib.sha256(codec.canonical(codec.encode(definition))).hexdigest()


def recorded(assay_version: str, tasks: Sequence[EvalTask], *, repeats: str | None) -> dict[str, Any]:
    """Return what is stored with a report when it begins: enough to tell later whether its definitions changed.

    `repeats` is the id of the report that this one repeats.
    """
    return {
        "assay_version": assay_version,
        "definition_hashes": [definition_hash(definition_of(task.version)) for task in tasks],
        "repeats": repeats,
    }


def manifest_out(report: EvalReport, dataset_content_hash: str | None) -> dict[str, Any]:
    """Return the manifest of a report. No key of a provider is part of it: a model stands there by its name."""
    models = (judge_model(task.version) for task in report.tasks if task.method == "llm")
    return {
        "format": FORMAT,
        **report.manifest,
        "report_id": report.id,
        "name": report.name,
        "created_at": report.created_at,
        "dataset_id": report.dataset_id,
        "dataset_version": report.dataset_version,
        "dataset_content_hash": dataset_content_hash,
        "log_count": report.log_count,
        "evaluators": [_evaluator_out(task) for task in report.tasks],
        "models": sorted({model for model in models if model is not None}),
        "settings": settings_out(report.settings),
        "trials": report.settings.trials,
        "seed": report.settings.seed,
    }


def _evaluator_out(task: EvalTask) -> dict[str, Any]:
    version = task.version
    definition = definition_of(version)
    return {
        "evaluator_id": task.evaluator_id,
        "evaluator_slug": task.evaluator_slug,
        "version": version.number,
        "version_id": version.id,
        "name": version.name,
        "description": version.description,
        "method": task.method,
        "definition": definition,
        "definition_hash": definition_hash(definition),
    }


class _Evaluator(msgspec.Struct, forbid_unknown_fields=False):
    evaluator_id: str
    evaluator_slug: str
    version: int
    version_id: str
    method: Method
    definition: dict[str, Any]
    definition_hash: str
    name: str = ""
    description: str = ""


class _Body(msgspec.Struct, forbid_unknown_fields=False):
    format: str
    dataset_id: str
    dataset_version: int
    evaluators: list[_Evaluator]
    settings: dict[str, Any]
    dataset_content_hash: str | None = None
    report_id: str | None = None
    name: str | None = None


def read_manifest(value: Any) -> Manifest:
    """Read a manifest as `manifest_out` writes it; raises Invalid naming what is wrong with it."""
    try:
        body = msgspec.convert(value, _Body)
    except msgspec.ValidationError as error:
        raise Invalid.field("manifest", f"It is no run manifest: {_reason(error)}") from None
    if body.format != FORMAT:
        raise Invalid.field("manifest.format", f"'{body.format[:60]}' is not known here: it must be '{FORMAT}'.")
    if not 1 <= len(body.evaluators) <= MOST_EVALUATORS:
        raise Invalid.field("manifest.evaluators", f"A run has 1 to {MOST_EVALUATORS}, not {len(body.evaluators)}.")
    settings = body.settings
    try:
        default = RunSettings(generation_method=read_method(settings.get("generation_method")))
        read = read_settings(RunSettingsBody(**settings), default)
    except Invalid as error:
        raise Invalid(fields={f"manifest.settings.{name}": said for name, said in error.fields.items()}) from None
    return Manifest(
        dataset_id=body.dataset_id,
        dataset_version=body.dataset_version,
        tasks=tuple(_task(ordinal, named) for ordinal, named in enumerate(body.evaluators)),
        settings=read,
        name=read_name(RunSettingsBody(name=body.name)),
        dataset_content_hash=body.dataset_content_hash,
        report_id=body.report_id,
    )


def _task(ordinal: int, named: _Evaluator) -> EvalTask:
    place = f"manifest.evaluators.{ordinal}"
    if definition_hash(named.definition) != named.definition_hash:
        raise Invalid.field(f"{place}.definition_hash", "It is not the hash of the definition beside it.")
    identity = {
        "id": named.version_id,
        "number": named.version,
        "name": named.name,
        "description": named.description,
    }
    try:
        version = msgspec.convert({**named.definition, **identity}, EvaluatorVersion)
    except msgspec.ValidationError as error:
        raise Invalid.field(f"{place}.definition", f"It defines no evaluator: {_reason(error)}") from None
    if named.method != "builtin" and named.method != "human" and version.method(named.method) is None:
        raise Invalid.field(f"{place}.method", f"The definition has nothing for the method {named.method}.")
    return EvalTask(new_uuid(), ordinal, named.evaluator_id, named.evaluator_slug, version, named.method)


def _reason(error: msgspec.ValidationError) -> str:
    return str(error).replace("`", "'")[:300]
