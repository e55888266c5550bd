"""The demo's dataset and report: what they are called, and which of the day's logs are sampled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

NAME = "Job titles"
DESCRIPTION = (
    "Which occupation does the US Bureau of Labor Statistics file a job title under? Outputs are those of baselines, "
    "not of a model."
)
REPORT_NAME = "Baselines"
ROW_COUNT = 400
SEED = 7


def run_of(now: datetime) -> str:
    """Return what stands in the metadata of the day's logs: they are recorded once however often the demo is run."""
    return f"demo-{now:%Y-%m-%d}"


def filters_of(run: str) -> dict[str, Any]:
    """Return the filters of the day's calls that succeeded."""
    return {"metadata.demo_run": run, "status": "success", "log_type": "chat"}
