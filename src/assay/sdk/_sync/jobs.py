# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/jobs.py: change it there.
"""Jobs: long imports and clean-ups."""

from __future__ import annotations

from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import path_to
from assay.sdk.types import Job


class Jobs:
    """`client.jobs`: how far long work is."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, job_id: str) -> Job:
        """Return a job."""
        return self._transport.ask(Job, "GET", path_to("jobs", job_id))
