"""What is computed over request logs on the wire: sums, groups, histograms, facets, paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.filters.fields import FieldSet
from assay.filters.operators import ALLOWED, Kind, wire_name
from assay.model.log_analytics import Facet, JsonPath, LogGroup, RequestLogsSummary, TimeBucket
from assay.wire.dataset_logs import LogsSummaryOut, summary_out
from assay.wire.pages import SearchBody


class LogFilterBody(SearchBody):
    """The body of whatever reads request logs: which ones, in which order, and which page of them."""

    cursor: Any = Field(default=None, description="As in the URL: empty to begin, then `next_cursor`.")


class RequestLogsSummaryOut(LogsSummaryOut):
    """Sums, means and percentiles of latency in seconds; a percentile is null where no log has a latency."""

    error_count: int
    latency_p50: float | None
    latency_p90: float | None
    latency_p95: float | None
    latency_p99: float | None


class LogGroupOut(BaseModel):
    """The logs that share the values grouped by, which stand beside the sums under their own names."""

    model_config = ConfigDict(extra="allow")

    number_of_requests: int
    span_count: int
    total_cost: float
    total_tokens: int
    error_count: int
    error_percentage: float
    average_cost: float
    average_tokens: int
    average_latency: float
    average_ttft: float
    average_tps: float
    cache_hit_percentage: float


class CountOut(BaseModel):
    """How many match: exactly, or at least so many."""

    count: int
    is_exact: bool


class BucketOut(BaseModel):
    """The logs of one interval: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime
    count: int
    error_count: int


class HistogramOut(BaseModel):
    """Intervals of one width without gaps, oldest first."""

    buckets: list[BucketOut]
    width_seconds: int


class FacetValue(BaseModel):
    """A value and how many logs have it."""

    value: str | int | float | bool
    count: int


class FacetOut(BaseModel):
    """The commonest values of a field, most frequent first."""

    values: list[FacetValue]
    is_exact: bool


class PathOut(BaseModel):
    """A path in a payload, the JSON types seen there, and in how many of the logs looked at it occurs."""

    path: str
    types: list[str]
    count: int


class PathsOut(BaseModel):
    """The paths in the newest `sampled` logs that match."""

    paths: list[PathOut]
    sampled: int


def request_logs_summary_out(summary: RequestLogsSummary) -> dict[str, Any]:
    """Return sums over logs (contract 8.8) with their percentiles."""
    return {**summary_out(summary.totals, ()), "error_count": summary.error_count, **_percentiles(summary)}


_PERCENTILES = ("p50", "p90", "p95", "p99")


def _percentiles(summary: RequestLogsSummary) -> dict[str, float | None]:
    return {f"latency_{name}": summary.latency_percentiles.get(name) for name in _PERCENTILES}


def group_out(group: LogGroup, *, has_percentiles: bool) -> dict[str, Any]:
    """Return one group (contract 8.8); the start of its day or hour is called `date_group`."""
    totals, number = group.summary.totals, group.summary.totals.number_of_requests
    share = 1.0 / number if number else 0.0
    return {
        **{"date_group" if name == "date" else name: value for name, value in group.keys.items()},
        "number_of_requests": number,
        "span_count": number,
        "total_cost": totals.total_cost,
        "total_tokens": totals.total_tokens,
        "error_count": group.summary.error_count,
        "error_percentage": 100.0 * group.summary.error_count * share,
        "average_cost": totals.total_cost * share,
        # A whole number: the generated client refuses any other.
        "average_tokens": round(totals.total_tokens * share),
        "average_latency": totals.avg_latency,
        "average_ttft": totals.avg_ttft,
        "average_tps": totals.avg_tps,
        "cache_hit_percentage": 100.0 * group.cache_hit_count * share,
        **(_percentiles(group.summary) if has_percentiles else {}),
    }


# Widths that people read a time axis in: seconds, minutes, hours, days, a week.
_WIDTHS_SECONDS = (1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 604_800)


def histogram_width(start: datetime, end: datetime, most: int) -> timedelta:
    """Return the smallest readable width at which at most `most` intervals cover a span of time, or whole weeks."""
    for seconds in _WIDTHS_SECONDS:
        width = timedelta(seconds=seconds)
        if _intervals(start, end, width) <= most:
            return width
    week = timedelta(seconds=_WIDTHS_SECONDS[-1])
    weeks = -(-_intervals(start, end, week) // most)
    # Intervals are cut where multiples of their width since 1970 lie: one more may be begun at either side.
    while _intervals(start, end, weeks * week) > most and most > 2:
        weeks += 1
    return weeks * week


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _intervals(start: datetime, end: datetime, width: timedelta) -> int:
    return (end - _EPOCH) // width - (start - _EPOCH) // width + 1


def histogram_out(buckets: Sequence[TimeBucket], start: datetime, end: datetime, width: timedelta) -> dict[str, Any]:
    """Return a histogram from `start` to `end` inclusive, its empty intervals filled in."""
    found = {bucket.start: bucket for bucket in buckets}
    first = (start - _EPOCH) // width
    filled = []
    for place in range(first, first + _intervals(start, end, width)):
        begins = _moment(place, width)
        bucket = found.get(begins)
        filled.append(
            {
                "start": begins,
                "end": _moment(place + 1, width),
                "count": bucket.count if bucket else 0,
                "error_count": bucket.error_count if bucket else 0,
            }
        )
    return {"buckets": filled, "width_seconds": int(width.total_seconds())}


def _moment(place: int, width: timedelta) -> datetime:
    try:
        return _EPOCH + place * width
    except OverflowError:
        # Years 1 and 9999 are the ends of time: what would lie beyond ends there.
        edge = datetime.min if place < 0 else datetime.max
        return edge.replace(tzinfo=_EPOCH.tzinfo)


def facet_out(facet: Facet) -> dict[str, Any]:
    """Return the commonest values of a field."""
    return {
        "values": [{"value": value, "count": count} for value, count in facet.values],
        "is_exact": facet.is_exact,
    }


def path_out(path: JsonPath) -> dict[str, Any]:
    """Return a path of a payload."""
    return {"path": path.path, "types": list(path.types), "count": path.count}


_FIELD_TYPES: dict[Kind, str] = {"time": "datetime-local", "number": "number", "boolean": "boolean"}


def filters_data(fields: FieldSet, choices: dict[str, Facet]) -> dict[str, Any]:
    """Return what a list can be filtered by (contract 2.7); `choices` holds the values of fields that have few."""
    return {
        name: {
            "display_name": name.replace("_", " ").capitalize(),
            "metric": name,
            "operator_choices": [
                {"name": operator.value.replace("_", " "), "value": wire_name(operator)}
                for operator in ALLOWED[spec.kind]
            ],
            "value_choices": [value for value, _ in choices[name].values] if name in choices else [],
            "value_field_type": "selection" if name in choices else _FIELD_TYPES.get(spec.kind, "text"),
            "hidden": spec.kind in ("json", "scores") and name != "metadata",
        }
        for name, spec in fields.specs.items()
    }
