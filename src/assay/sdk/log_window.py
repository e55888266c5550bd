"""Which request logs are meant, as the query parameters of their routes and the fields of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

from assay.model.errors import Invalid
from assay.sdk.addressing import given, written_time
from assay.sdk.log_types import LogSample


class LogWindow(TypedDict, total=False):
    """Times are aware datetimes or ISO 8601; `environment` is prod or test, else that of the key, or all of them.

    `search` is words, "phrases" and field:value terms.
    """

    start_time: datetime | str | None
    end_time: datetime | str | None
    environment: str | None
    all_environments: bool | None
    search: str | None


def window_parameters(window: LogWindow) -> dict[str, Any]:
    """Return the query parameters of a window. Raises Invalid for a datetime without zone."""
    return {
        "start_time": written_time(window.get("start_time"), "start_time"),
        "end_time": written_time(window.get("end_time"), "end_time"),
        "environment": window.get("environment"),
        "all_envs": window.get("all_environments"),
        "search": window.get("search"),
    }


def sample_body(sample: LogSample, *, is_dry_run: bool = False) -> dict[str, Any]:
    """Return the fields that ask for a sample; the end is now where a start has none. Raises Invalid."""
    if sample.percent is not None and sample.count is not None:
        raise Invalid.field("count", "say how many by percent or by count, not by both.")
    end = sample.end_time
    if end is None and sample.start_time is not None:
        end = datetime.now(UTC)
    fields: Mapping[str, Any] = {
        "start_time": written_time(sample.start_time, "start_time"),
        "end_time": written_time(end, "end_time"),
        "initial_log_filters": sample.filters,
        "search": sample.search,
        "sampling_percentage": sample.percent,
        "sampling_count": sample.count,
        "sampling_method": sample.method,
        "seed": sample.seed,
        "stratify_by": sample.stratify_by,
        "stratify_allocation": sample.allocation,
        "deduplicate": sample.similarity,
        "granularity": sample.granularity,
        "environments": sample.environments,
        "dry_run": True if is_dry_run else None,
    }
    return given(fields)
