"""Imports of logs as jobs: what is stored of them, and how what they come to is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from assay.model.job import Job
from assay.model.request_log import RequestLog
from assay.model.sampling import SamplingOutcome, Stratum
from assay.wire import codec
from assay.wire.log_imports import LogRecipe, LogSelection, read_selection

_MOST_STRATA_SHOWN = 200


class LogsAdded(BaseModel):
    """What became of an import of logs: `count` is how many were added, null while the job still runs."""

    message: str
    count: int | None
    job_id: str
    dataset_version: int


class SamplingPreview(BaseModel):
    """What a sampling would take; near duplicates and logs that the dataset has already are not taken off.

    `known_count` beside it says how many of the logs that match the dataset has.
    """

    model_config = ConfigDict(extra="allow")

    matched_count: int
    sample_count: int
    examples: list[Any]
    sampling_recipe: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What a job of the kind "log import" is to do: take logs by a recipe, or copy a version of another dataset."""

    author: str
    recipe: LogRecipe | None = None
    source_dataset_id: str = ""
    source_version: int = 0


def source_recipe(dataset_id: str, version: int) -> dict[str, Any]:
    """Return the fields of a body that asks for the same copy again."""
    return {"source_dataset_id": dataset_id, "source_version": version}


def order_text(order: ImportOrder) -> bytes:
    """Return an order as the JSON that is stored with its job."""
    source = source_recipe(order.source_dataset_id, order.source_version)
    return codec.encode({**(order.recipe.written if order.recipe else source), "author": order.author})


def read_order(job: Job) -> ImportOrder:
    """Return what a job is to do; the inverse of `order_text`."""
    stored = codec.decode_stored(job.recipe or b"{}")
    if "source_dataset_id" in stored:
        return ImportOrder(stored["author"], None, stored["source_dataset_id"], stored["source_version"])
    body = LogSelection.model_validate(stored)
    return ImportOrder(stored["author"], read_selection(body, stored["granularity"], stored["seed"], "prod"))


def outcome_out(outcome: SamplingOutcome) -> dict[str, Any]:
    """Return what a sampling came to, as it is stored and shown."""
    shown: dict[str, Any] = {
        "matched_count": outcome.matched_count,
        "chosen_count": outcome.chosen_count,
        "skipped_count": outcome.skipped_count,
        "near_duplicate_count": outcome.near_duplicate_count,
    }
    return shown if outcome.strata is None else {**shown, **strata_out(outcome.strata)}


def strata_out(strata: Sequence[Stratum]) -> dict[str, Any]:
    """Return the largest strata, and how many there are."""
    largest = sorted(strata, key=lambda stratum: (-stratum.matched, stratum.value is None, stratum.value or ""))
    return {
        "strata_count": len(strata),
        "strata": [
            {"value": stratum.value, "matched": stratum.matched, "taken": stratum.taken, "weight": stratum.weight}
            for stratum in largest[:_MOST_STRATA_SHOWN]
        ],
    }


def example_out(log: RequestLog) -> dict[str, Any]:
    """Return a log as an example of what is taken: its main attributes and the previews of its payloads."""
    attributes = log.attributes
    return {
        "id": log.id,
        "timestamp": attributes.timestamp,
        "environment": attributes.environment,
        "model": attributes.model,
        "log_type": attributes.log_type,
        "status": attributes.status,
        "cost": attributes.cost,
        "latency": attributes.latency,
        "trace_unique_id": attributes.trace_unique_id,
        "input_preview": log.input_preview,
        "output_preview": log.output_preview,
        "metadata": codec.raw(log.metadata) or {},
    }
