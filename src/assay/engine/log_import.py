"""The work of a log import: choose logs by the recipe, read them, make rows of them, publish them as one version.

A job can start again from the beginning at any time: the same recipe chooses the same logs, and nobody sees a row
before the last one is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assay.engine.log_chooser import Chosen, LogChooser
from assay.filters.expression import EVERYTHING
from assay.model.dataset import Change, DatasetLogDraft
from assay.model.job import LOG_IMPORT, Job
from assay.model.log import LogAttributes, LogContent
from assay.model.sampling import SamplingOutcome
from assay.ports.store import Store
from assay.wire.codec import encode
from assay.wire.import_jobs import ImportOrder, outcome_out, read_order
from assay.wire.log_imports import LogRecipe

_ROWS_AT_ONCE = 500
_SIGN_OF_LIFE_EVERY = timedelta(seconds=30)


async def run_log_import(store: Store, job: Job, goes_on: Callable[[], bool]) -> None:
    """Do what a job says from its beginning; `goes_on` False leaves it, unfinished, between two batches.

    Raises NotFound when a dataset is gone, Conflict when the job was given up meanwhile, Invalid for a recipe that
    cannot be carried out, Unavailable when the database is away.
    """
    order = read_order(job)
    if order.recipe is None:
        await _copy(store, job, order, goes_on)
    else:
        await _sample(store, job, order.author, order.recipe, goes_on)


async def _copy(store: Store, job: Job, order: ImportOrder, goes_on: Callable[[], bool]) -> None:
    source, version = order.source_dataset_id, order.source_version
    total = (await store.dataset_versions.get(source, str(version))).log_count if version else 0
    await store.jobs.note_progress(job.id, total, _now())
    async for logs in store.dataset_logs.iterate(source, version, EVERYTHING, _ROWS_AT_ONCE):
        if not goes_on():
            return
        drafts = [DatasetLogDraft(log.content, log.attributes, log.source_log_id) for log in logs]
        await store.dataset_logs.stage(job.subject_id, job.id, drafts, Change("copy", order.author, _now()))
    await _publish(store, job, Change("copy", order.author, _now()), total, None)


async def _sample(store: Store, job: Job, author: str, recipe: LogRecipe, goes_on: Callable[[], bool]) -> None:
    chooser = LogChooser(store, recipe)
    await chooser.plan()
    await store.jobs.note_progress(job.id, chooser.wanted, _now())
    staged, skipped, last_sign = 0, 0, _now()
    staging: asyncio.Task[None] | None = None
    try:
        async for chosen in chooser.batches():
            if not goes_on():
                return
            drafts, known = await _drafts(store, job.subject_id, recipe, chosen)
            skipped += known
            staged += len(drafts)
            # While one batch is written the next is read.
            if staging is not None:
                await staging
            if drafts:
                last_sign = _now()
                change = Change(LOG_IMPORT, author, last_sign)
                staging = asyncio.create_task(store.dataset_logs.stage(job.subject_id, job.id, drafts, change))
            elif _now() - last_sign > _SIGN_OF_LIFE_EVERY:
                last_sign = _now()
                await store.jobs.note_progress(job.id, chooser.wanted, last_sign)
    finally:
        if staging is not None:
            await asyncio.wait([staging])
    if staging is not None:
        staging.result()
    outcome = replace(chooser.outcome(), skipped_count=skipped)
    await _publish(store, job, Change(LOG_IMPORT, author, _now()), staged, outcome)


async def _drafts(
    store: Store, dataset_id: str, recipe: LogRecipe, chosen: Sequence[Chosen]
) -> tuple[list[DatasetLogDraft], int]:
    """Return the rows that chosen logs make, and how many of these the dataset has already."""
    known = await store.dataset_logs.find_source_ids(dataset_id, [item.log.id for item in chosen]) if chosen else ()
    drafts = await asyncio.to_thread(lambda: [draft_of(item, recipe) for item in chosen if item.log.id not in known])
    return drafts, len(chosen) - len(drafts)


def draft_of(chosen: Chosen, recipe: LogRecipe) -> DatasetLogDraft:
    """Return the row that a chosen log makes; one chosen for its trace has the trace's duration, cost and tokens."""
    log, trace = chosen.log, chosen.trace
    content = log.content or LogContent()
    if recipe.is_output_expected and content.expected_output is None:
        content = replace(content, expected_output=content.output)
    if not recipe.has_metadata:
        content = replace(content, metadata=None)
    attributes: LogAttributes = log.attributes
    if trace is not None:
        attributes = replace(
            attributes,
            latency=trace.duration_seconds,
            cost=trace.cost,
            prompt_tokens=trace.prompt_tokens,
            completion_tokens=trace.completion_tokens,
            total_request_tokens=trace.total_tokens,
        )
    return DatasetLogDraft(replace(content, metrics=None), attributes, log.id)


async def _publish(store: Store, job: Job, change: Change, staged: int, outcome: SamplingOutcome | None) -> None:
    text = None if outcome is None else encode(outcome_out(outcome))
    if staged:
        await store.dataset_logs.publish(job.subject_id, job.id, change, text)
    else:
        # A version in which nothing happened says nothing.
        await store.jobs.finish(job.id, "completed", None, change.at, text)


def _now() -> datetime:
    return datetime.now(UTC)
