"""The demo on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from assay.wire.keys import JobOut


class DemoOut(BaseModel):
    """What there is of the demo: its newest dataset, and the job that loads it now."""

    is_loaded: bool
    dataset_id: str | None
    job: JobOut | None
