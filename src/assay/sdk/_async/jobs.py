"""Jobs: long imports and clean-ups."""

from __future__ import annotations

import time
from collections.abc import Callable

from assay.model.errors import Unavailable
from assay.sdk._async.transport import AsyncTransport
from assay.sdk._async.waiting import pause
from assay.sdk.addressing import path_to
from assay.sdk.retrying import PollingIntervals
from assay.sdk.types import Job


class AsyncJobs:
    """`client.jobs`: how far long work is."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get(self, job_id: str) -> Job:
        """Return a job."""
        return await self._transport.ask(Job, "GET", path_to("jobs", job_id))

    async def wait(
        self, job_id: str, *, progress: Callable[[Job], None] | None = None, timeout_seconds: float | None = None
    ) -> Job:
        """Look at a job in growing intervals (0.1 to 5 s) until it is completed or failed; return it.

        `progress(job)` is called after each look. Raises Unavailable when `timeout_seconds` pass first.
        """
        started = time.monotonic()
        for interval in PollingIntervals():
            job = await self.get(job_id)
            if progress is not None:
                progress(job)
            if job.state != "running":
                return job
            if timeout_seconds is not None and time.monotonic() - started + interval > timeout_seconds:
                raise Unavailable(f"job {job_id} is still running after {timeout_seconds:g} s", interval)
            await pause(interval)
        raise AssertionError("polling intervals never end")
