"""Taking request logs into datasets, new or existing; only looking at what would be taken; copying datasets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assay.filters.expression import EVERYTHING, And, Condition, Field, Operator
from assay.filters.parse import MAX_VALUES
from assay.model.access import Identity
from assay.model.dataset import Dataset
from assay.model.errors import Conflict
from assay.model.ids import new_uuid
from assay.model.job import LOG_IMPORT, Job
from assay.model.request_log import RequestLog
from assay.model.sampling import Stratum
from assay.ports.engine import Engine
from assay.ports.log_samples import LogSampleStore
from assay.ports.store import Store
from assay.services.datasets import dataset_of
from assay.statistics.sampling import by_value, quotas, sample_size
from assay.wire import codec
from assay.wire.datasets import NewDataset
from assay.wire.import_jobs import ImportOrder, order_text, source_recipe
from assay.wire.log_imports import LogRecipe

# A small import is over by then, and its rows can be read at once; a large one goes on behind the answer.
_WAIT_SECONDS = 2.0
_FIRST_LOOK_SECONDS = 0.004
_LONGEST_LOOK_SECONDS = 0.1
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class SamplingTrial:
    """What a recipe would take of what is there now: `strata` where it has some.

    `known_count` of the logs that match are in the dataset already, None where nobody counted them.
    """

    matched_count: int
    sample_count: int
    examples: Sequence[RequestLog]
    strata: Sequence[Stratum] | None = None
    known_count: int | None = None


async def create_from_logs(
    store: Store, engine: Engine, who: Identity, new: NewDataset, recipe: LogRecipe, at: datetime
) -> tuple[Dataset, Job]:
    """Make a dataset of the logs of a recipe; it is `initializing` until they are all there."""
    order = ImportOrder(who.key_prefix, recipe)
    return await _create(store, engine, who, new, order, codec.encode(recipe.written), at)


async def copy_dataset(
    store: Store, engine: Engine, who: Identity, new: NewDataset, source: Dataset, version: int, at: datetime
) -> tuple[Dataset, Job]:
    """Make a copy of a version of a dataset; it is `initializing` until all rows are there."""
    if version:
        # The newest version may still grow for a moment, and a job that starts again must find the same rows.
        await store.dataset_versions.pin(source.id, version)
    order = ImportOrder(who.key_prefix, None, source.id, version)
    return await _create(store, engine, who, new, order, codec.encode(source_recipe(source.id, version)), at)


async def _create(
    store: Store, engine: Engine, who: Identity, new: NewDataset, order: ImportOrder, recipe: bytes, at: datetime
) -> tuple[Dataset, Job]:
    dataset = replace(dataset_of(who, new, at), status="initializing", sampling_recipe=recipe)
    job = _job(who, dataset.id, order, at)
    await store.datasets.create(dataset, job)
    await engine.import_logs(job)
    job = await _wait(store, job.id)
    return await store.datasets.get(dataset.id), job


async def add_logs(
    store: Store, engine: Engine, who: Identity, dataset_id: str, recipe: LogRecipe, at: datetime
) -> tuple[Dataset, Job]:
    """Add the logs of a recipe as one version, those left out that the dataset has; return dataset and job as they are.

    Raises NotFound for the dataset, Conflict when the import failed before this returns.
    """
    job = _job(who, dataset_id, ImportOrder(who.key_prefix, recipe), at)
    await store.datasets.start_import(dataset_id, job)
    await engine.import_logs(job)
    job = await _wait(store, job.id)
    if job.state == "failed":
        raise Conflict(f"The import failed, nothing was added: {job.error_message}")
    return await store.datasets.get(dataset_id), job


def _job(who: Identity, dataset_id: str, order: ImportOrder, at: datetime) -> Job:
    return Job(new_uuid(), who.organization_id, LOG_IMPORT, "running", dataset_id, at, at, recipe=order_text(order))


async def _wait(store: Store, job_id: str) -> Job:
    """Return a job when it has ended, or as it is after two seconds."""
    deadline, pause = time.monotonic() + _WAIT_SECONDS, _FIRST_LOOK_SECONDS
    while True:
        await asyncio.sleep(pause)
        job = await store.jobs.get(job_id)
        if job.state != "running" or time.monotonic() > deadline:
            return job
        pause = min(2 * pause, _LONGEST_LOOK_SECONDS)


async def try_recipe(store: Store, recipe: LogRecipe) -> SamplingTrial:
    """Return how many logs match, how many would be taken, and three of these; nothing is written."""
    samples, unit, query, sampling = store.log_samples, recipe.granularity, recipe.query, recipe.sampling
    matched = await samples.count(unit, query)
    wanted = sample_size(matched, sampling.percent, sampling.count)
    if sampling.method == "stratified":
        return await _try_strata(samples, recipe, matched, wanted)
    strata = None
    if sampling.method == "failures_first":
        failed = await samples.count(unit, recipe.failures)
        taken = min(failed, wanted)
        strata = [Stratum("failed", failed, taken), Stratum("succeeded", matched - failed, wanted - taken)]
    sequences = await samples.choose(unit, query, sampling.method, sampling.seed, 0, min(_EXAMPLES, wanted))
    return SamplingTrial(matched, wanted, await samples.read(sequences), strata)


async def try_addition(store: Store, dataset_id: str, recipe: LogRecipe) -> SamplingTrial:
    """Return the same for an addition to a dataset, with how many of the logs that match it has already.

    These are not counted in datasets that have more than 10,000 copies of logs, or one row a trace.
    """
    trial = await try_recipe(store, recipe)
    if recipe.granularity == "traces":
        return trial
    known = await store.dataset_log_analytics.list_source_ids(dataset_id, MAX_VALUES + 1)
    if len(known) > MAX_VALUES:
        return trial
    if not known or not trial.matched_count:
        return replace(trial, known_count=0)
    parts = tuple(part for part in (recipe.query.expression,) if part != EVERYTHING)
    narrowed = And((*parts, Condition(Field("id"), Operator.EQUAL, tuple(known))))
    count = await store.log_samples.count("logs", replace(recipe.query, expression=narrowed))
    return replace(trial, known_count=count)


async def _try_strata(samples: LogSampleStore, recipe: LogRecipe, matched: int, wanted: int) -> SamplingTrial:
    unit, query, sampling = recipe.granularity, recipe.query, recipe.sampling
    field = sampling.stratify_by or ""
    sizes = await samples.strata(unit, query, field)
    shares = quotas(sizes, wanted, sampling.allocation)
    largest = sorted((value for value in shares if shares[value]), key=lambda value: (-shares[value], by_value(value)))
    # One of each of the largest strata says more than three of one.
    asked = dict.fromkeys(largest[:_EXAMPLES], 1)
    if 0 < len(asked) < _EXAMPLES:
        asked[largest[0]] = min(shares[largest[0]], _EXAMPLES - len(asked) + 1)
    found = await samples.choose_from_strata(unit, query, field, sampling.seed, asked) if asked else {}
    examples = await samples.read([sequence for value in asked for sequence in found.get(value, ())])
    strata = [Stratum(value, size, shares[value]) for value, size in sizes.items()]
    return SamplingTrial(matched, wanted, examples, strata)
