"""Log imports as tasks of the server's own event loop; those into one dataset take turns."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from assay.engine.log_import import run_log_import
from assay.model.errors import Conflict, Invalid, NotFound, Unavailable
from assay.model.job import Job
from assay.ports.store import Store, Stores

logger = logging.getLogger(__name__)

_IMPORTS_AT_ONCE = 2
_PAUSE_SECONDS = 1.0


class InlineImports:
    """Runs log imports from submission to their end, or until `stop`."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # Two imports into one dataset must not both add a log that neither has seen there.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._at_once = asyncio.Semaphore(_IMPORTS_AT_ONCE)
        self._is_running = False

    def start(self) -> None:
        """Begin to take jobs."""
        self._is_running = True

    def submit(self, job: Job) -> None:
        """Work on a stored job from its beginning, unless it is being worked on."""
        if not self._is_running or job.id in self._tasks:
            return
        task = asyncio.create_task(self._run(job), name=f"log import {job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id))

    async def stop(self) -> None:
        """Stop between two batches; what is not finished starts again with the next server."""
        self._is_running = False
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, job: Job) -> None:
        store = self._stores.within(job.organization_id, "prod")
        turn = self._turns.setdefault(job.subject_id, asyncio.Lock())
        async with turn, self._at_once:
            known: Job | None = job
            while self._is_running and not await self._has_ended(store, job.id, known):
                await asyncio.sleep(_PAUSE_SECONDS)
                known = None

    async def _has_ended(self, store: Store, job_id: str, known: Job | None) -> bool:
        """Work on a job as it was when it was `known`; False when the database was away and it must start again."""
        try:
            job = known or await store.jobs.get(job_id)
            # Of several servers that find the job of a dead one, this lets one in.
            if await store.jobs.start_again(job, _now()):
                if job.done_count:
                    await store.dataset_logs.discard_staged(job_id)
                await run_log_import(store, job, lambda: self._is_running)
        except Unavailable as error:
            logger.warning("log import %s waits: %s", job_id, error.message)
            return False
        except (Invalid, Conflict) as error:
            await self._fail(store, job_id, error.message)
        except NotFound:
            await self._fail(store, job_id, "A dataset that it needs is gone.")
        except Exception:
            # An outermost loop of the engine: a defect must end as a failed job, never as one that hangs.
            logger.exception("log import %s failed", job_id)
            await self._fail(store, job_id, "The import broke off; the server's log says why.")
        return True

    async def _fail(self, store: Store, job_id: str, message: str) -> None:
        try:
            await store.dataset_logs.discard_staged(job_id)
            await store.jobs.finish(job_id, "failed", message[:1000], _now())
        except Exception:
            logger.exception("log import %s could not be marked as failed", job_id)


def _now() -> datetime:
    return datetime.now(UTC)
