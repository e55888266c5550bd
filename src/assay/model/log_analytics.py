"""What is computed over many request logs: sums, groups, histograms, facets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assay.model.dataset import LogsSummary


@dataclass(frozen=True, slots=True)
class RequestLogsSummary:
    """Sums and means over logs, and percentiles of their latency in seconds by name (`p50`, `p90`, `p95`, `p99`).

    Percentiles are exact to a millisecond; empty when no log has a latency.
    """

    totals: LogsSummary
    error_count: int
    latency_percentiles: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LogGroup:
    """The logs that share values, summed up; `keys` maps each field grouped by to its value, None where it is missing.

    A field `date` holds the start of the day or hour in UTC.
    """

    keys: Mapping[str, str | int | datetime | None]
    summary: RequestLogsSummary
    cache_hit_count: int


@dataclass(frozen=True, slots=True)
class TimeBucket:
    """The logs of one interval of time, which begins at `start`."""

    start: datetime
    count: int
    error_count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The commonest values of one field among the logs that match, most frequent first."""

    field: str
    values: Sequence[tuple[str | int | float | bool, int]]
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path into metadata or a payload, such as `output.choices.0.text`, and in how many of the logs it was seen."""

    path: str
    types: Sequence[str]
    count: int
