"""Jobs: long imports and clean-ups."""

from __future__ import annotations

from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import path_to
from assay.sdk.types import Job


class AsyncJobs:
    """`client.jobs`: how far long work is."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get(self, job_id: str) -> Job:
        """Return a job."""
        return await self._transport.ask(Job, "GET", path_to("jobs", job_id))
