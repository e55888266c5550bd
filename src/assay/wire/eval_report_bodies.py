"""What clients send to run evaluators over a dataset."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.eval_report import MOST_TRIALS, RunSettings
from assay.model.evaluator import GenerationMethod

MOST_EVALUATORS = 50
MOST_CONCURRENCY = 256
_LONGEST_NAME = 255
_LONGEST_PATH = 200


class RunSettingsBody(BaseModel):
    """How a run goes; what is absent has its default, or in a repetition what the first run had."""

    model_config = ConfigDict(extra="allow")

    name: Any = Field(default=None, description="Up to 255 characters. Default: the slugs.")
    trials: Any = Field(default=None, description="How often each row is judged, 1 to 20. Default: 1.")
    budget_usd: Any = Field(default=None, description="The run is cancelled before it costs more than this.")
    max_concurrency: Any = Field(default=None, description="Model calls in flight, 1 to 256. Default: 64.")
    cache: Any = Field(default=None, description="Let equal judge calls of first trials share an answer.")
    cluster_by: Any = Field(default=None, description="Metadata path whose equal values make rows belong together.")
    seed: Any = Field(default=None, description="Drives what is drawn at random in the statistics. Default: 0.")


class RunEvalReport(RunSettingsBody):
    """Which evaluators to run over which version of a dataset, or the manifest of a run to repeat."""

    evaluator_slugs: Any = Field(default=None, description="Slugs or ids of evaluators, `<id>:<n>` for version n.")
    evaluator_ids: Any = Field(default=None, description="The same; both lists are taken together.")
    dataset_version: Any = Field(default=None, description="Number, tag or `latest`, which is the default.")
    generation_method: Any = Field(default=None, description="auto (what an evaluator has), llm or code.")
    manifest: Any = Field(default=None, description="A run manifest: that run is repeated, exactly.")


@dataclass(frozen=True, slots=True)
class RunAsked:
    """A run as it is asked for; `dataset_version` is a number or tag, None for the newest."""

    references: tuple[str, ...]
    settings: RunSettings
    name: str | None = None
    dataset_version: str | None = None


def read_run(body: RunEvalReport) -> RunAsked:
    """Return what a body asks for; raises Invalid naming the first wrong field."""
    return RunAsked(
        read_references(body),
        read_settings(body, RunSettings(generation_method=read_method(body.generation_method))),
        read_name(body),
        _version(body.dataset_version),
    )


def read_references(body: RunEvalReport) -> tuple[str, ...]:
    """Return the evaluators that a body names, in order and once each; raises Invalid when there is none."""
    references: list[str] = []
    for field in ("evaluator_slugs", "evaluator_ids"):
        named = getattr(body, field)
        if named is None:
            continue
        if not isinstance(named, list) or not all(isinstance(item, str) and item for item in named):
            raise Invalid.field(field, "Expected a list of evaluator slugs or ids.")
        references += named
    unique = tuple(dict.fromkeys(references))
    if not unique:
        raise Invalid.field("evaluator_slugs", "At least one evaluator is required")
    if len(unique) > MOST_EVALUATORS:
        raise Invalid.field("evaluator_slugs", f"At most {MOST_EVALUATORS} evaluators run together, not {len(unique)}.")
    return unique


def read_settings(body: RunSettingsBody, default: RunSettings) -> RunSettings:
    """Return the settings of a body, with those of `default` where it says nothing; raises Invalid."""
    given: dict[str, Any] = {}
    if body.trials is not None:
        given["trials"] = _whole(body.trials, "trials", 1, MOST_TRIALS)
    if body.budget_usd is not None:
        given["budget_usd"] = _budget(body.budget_usd)
    if body.max_concurrency is not None:
        given["max_concurrency"] = _whole(body.max_concurrency, "max_concurrency", 1, MOST_CONCURRENCY)
    if body.cache is not None:
        if not isinstance(body.cache, bool):
            raise Invalid.field("cache", f"{_shown(body.cache)} is neither true nor false.")
        given["is_cached"] = body.cache
    if body.cluster_by is not None:
        given["cluster_by"] = read_metadata_path(body.cluster_by, "cluster_by")
    if body.seed is not None:
        given["seed"] = _whole(body.seed, "seed", 0, 2**31 - 1)
    return replace(default, **given)


def read_metadata_path(value: Any, field: str) -> str | None:
    """Return a path below a row's metadata as `metadata.a.b`, however much of it is written; "" is none."""
    if not isinstance(value, str):
        raise Invalid.field(field, f"{_shown(value)} is no path: write metadata.topic.")
    path = value.strip().removeprefix("metadata.").removeprefix("metadata__")
    if not path:
        return None
    if len(path) > _LONGEST_PATH or "\0" in path or not all(path.split(".")):
        raise Invalid.field(field, f"{_shown(value)} is no path into the metadata: write metadata.topic.")
    return f"metadata.{path}"


def read_name(body: RunSettingsBody) -> str | None:
    """Return the name that a body gives a run, None for none; raises Invalid."""
    name = body.name
    if name is None:
        return None
    if not isinstance(name, str):
        raise Invalid.field("name", "Not a valid string.")
    if len(name) > _LONGEST_NAME or "\0" in name:
        raise Invalid.field("name", f"A name has at most {_LONGEST_NAME} characters, none of them NUL.")
    return name.strip() or None


def read_method(value: Any) -> GenerationMethod:
    """Return which of its methods each evaluator is to use; raises Invalid."""
    if value is None:
        return "auto"
    for method in get_args(GenerationMethod):
        if value == method:
            known: GenerationMethod = method
            return known
    raise Invalid.field("generation_method", f"{_shown(value)} is not a valid choice: use auto, llm or code.")


def _version(value: Any) -> str | None:
    if value is None or value in ("", "latest"):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or str(value) == "0":
        message = f"{_shown(value)} names no version: use its number from 1 on, its tag, or latest."
        raise Invalid.field("dataset_version", message)
    return str(value)


def _whole(value: Any, field: str, least: int, most: int) -> int:
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    if not is_whole or not least <= value <= most:
        raise Invalid.field(field, f"{_shown(value)} is no whole number from {least} to {most}.")
    return int(value)


def _budget(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise Invalid.field("budget_usd", f"{_shown(value)} is no number of US dollars greater than 0.")
    return float(value)


def _shown(value: Any) -> str:
    return f"'{str(value)[:60]}'"
