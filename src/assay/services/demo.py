"""Loading the demo into a server that runs: logs, a dataset sampled from them, evaluators, and a report on its way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from assay.demo.dataset import DESCRIPTION, NAME, REPORT_NAME, ROW_COUNT, SEED, filters_of, run_of
from assay.demo.evaluators import BUILT_IN, CODE, JUDGE, NAMES
from assay.demo.request_logs import questions_of, request_logs
from assay.demo.rows import bundled
from assay.filters.expression import Condition, Field, Operator
from assay.model.access import Identity
from assay.model.dataset import Dataset
from assay.model.errors import AssayError, Conflict, NotFound, Unavailable
from assay.model.eval_report import RunSettings
from assay.model.ids import new_uuid
from assay.model.job import DEMO, Job
from assay.model.page import PageRequest, Sort
from assay.ports.engine import Engine
from assay.ports.store import Store
from assay.services import eval_reports, evaluators, log_imports
from assay.services.request_logs import record_many
from assay.wire import codec
from assay.wire.datasets import DatasetCreate, read_create
from assay.wire.eval_report_bodies import RunAsked
from assay.wire.evaluator_bodies import EvaluatorCreate, read_changes

logger = logging.getLogger(__name__)

_LOGS_AT_ONCE = 500
_WINDOW = timedelta(days=3)
_LOOK_SECONDS = 0.2
# Of a job that runs, the last sign of life is at most this old.
_MOVING = timedelta(minutes=10)
_MOST_MOVING = 100


@dataclass(frozen=True, slots=True)
class DemoState:
    """What there is of the demo: its newest dataset, and the job that loads it now."""

    dataset: Dataset | None
    job: Job | None


async def look(store: Store, at: datetime) -> DemoState:
    """Return what there is of the demo."""
    named = Condition(Field("name"), Operator.EQUAL, (NAME,))
    found = await store.datasets.list(named, Sort("created_at", descending=True), PageRequest(1, 20))
    dataset = next((one for one in found.items if one.description == DESCRIPTION), None)
    moving = await store.jobs.list_moving(at - _MOVING, _MOST_MOVING)
    return DemoState(dataset, next((job for job in moving if job.kind == DEMO and job.state == "running"), None))


async def begin(store: Store, who: Identity, at: datetime) -> Job:
    """Store the job that `load` does; raises Conflict when the demo is there already, or being loaded."""
    state = await look(store, at)
    if state.job is not None:
        raise Conflict(f"The demo is being loaded: GET /api/jobs/{state.job.id}/ says how far it is.")
    if state.dataset is not None:
        raise Conflict(f'The demo is here already, as the dataset "{NAME}" ({state.dataset.id}): delete it first.')
    job = Job(new_uuid(), who.organization_id, DEMO, "running", "", at, at)
    await store.jobs.create(job)
    return job


async def load(store: Store, engine: Engine, who: Identity, job: Job) -> None:
    """Do the job from beginning to end; it ends failed, with the reason, when anything goes wrong."""
    try:
        outcome = await _load(store, engine, who, job)
        await store.jobs.finish(job.id, "completed", None, _now(), codec.encode(outcome))
    except AssayError as error:
        await store.jobs.finish(job.id, "failed", error.message[:1000], _now())
    except asyncio.CancelledError:
        await asyncio.shield(store.jobs.finish(job.id, "failed", "The server stopped: load the demo again.", _now()))
        raise
    except Exception:
        # An outermost loop: a defect must end as a failed job, never as one that hangs.
        logger.exception("the demo could not be loaded")
        await store.jobs.finish(job.id, "failed", "Loading broke off; the server's log says why.", _now())


async def _load(store: Store, engine: Engine, who: Identity, job: Job) -> dict[str, Any]:
    run = run_of(job.created_at)
    logs = await asyncio.to_thread(_made_up_logs, run, job.created_at)
    total = len(logs) + ROW_COUNT
    await store.jobs.note_progress(job.id, total, _now(), done_count=0)
    for first in range(0, len(logs), _LOGS_AT_ONCE):
        batch = logs[first : first + _LOGS_AT_ONCE]
        # The keys that `assay demo` sends: whoever comes second on a day finds the logs there.
        recorded = await record_many(store, who, batch, _now(), idempotency_key=f"{run}-{first}")
        if recorded.refusals:
            raise Unavailable(f"The server refused a log of its own demo: {recorded.refusals[0].message}")
        await store.jobs.note_progress(job.id, total, _now(), done_count=first + len(batch))
    dataset = await _sample(store, engine, who, run)
    await store.jobs.note_progress(job.id, total, _now(), done_count=total)
    slugs = await _evaluators(store, who)
    asked = RunAsked(tuple(slugs), RunSettings(), REPORT_NAME)
    report, _ = await eval_reports.run(store, engine, who, dataset.id, asked, _now())
    return {"log_count": len(logs), "dataset_id": dataset.id, "report_id": report.id, "evaluator_slugs": slugs}


def _made_up_logs(run: str, at: datetime) -> list[dict[str, Any]]:
    return list(request_logs(questions_of(bundled("").rows), run, at))


async def _sample(store: Store, engine: Engine, who: Identity, run: str) -> Dataset:
    now = _now()
    body = DatasetCreate(
        name=NAME,
        description=DESCRIPTION,
        start_time=(now - _WINDOW).isoformat(),
        end_time=now.isoformat(),
        initial_log_filters=filters_of(run),
        sampling_count=ROW_COUNT,
        stratify_by="model",
        seed=SEED,
    )
    new = read_create(body, new_uuid(), who.environment)
    if new.recipe is None:
        raise Unavailable("The demo's own sampling asks for no logs.")
    dataset, filling = await log_imports.create_from_logs(store, engine, who, new, new.recipe, now)
    while filling.state == "running":
        await asyncio.sleep(_LOOK_SECONDS)
        filling = await store.jobs.get(filling.id)
    if filling.state == "failed":
        raise Unavailable(f"The dataset could not be filled: {filling.error_message}")
    return dataset


async def _evaluators(store: Store, who: Identity) -> Sequence[str]:
    """Make what is not there yet and return the slugs of the three; one that was changed since stays as it is."""
    for definition in (JUDGE, CODE):
        slug = definition["evaluator_slug"]
        try:
            await store.evaluators.get(slug)
        except NotFound:
            body = EvaluatorCreate(name=NAMES[slug], **definition)
            await evaluators.create(store, who, read_changes(body), None, _now())
    return [JUDGE["evaluator_slug"], CODE["evaluator_slug"], BUILT_IN]


def _now() -> datetime:
    return datetime.now(UTC)
