"""What request logs come to: the columns of an aggregate, how parts are put together, and the summary they make."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Double, case, cast, func, literal, literal_column

from assay.model.dataset import LogsSummary
from assay.model.log_analytics import RequestLogsSummary
from assay.stores.sql.database import Row
from assay.stores.sql.exact_sum import exact, exact_sum
from assay.stores.sql.tables import request_log as table

_PERCENTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99}
_MEANS = (table.c.latency, table.c.tokens_per_second, table.c.time_to_first_token)

_one: ColumnElement[int] = literal_column("1")
_zero: ColumnElement[int] = literal_column("0")
_longest: ColumnElement[float] = literal_column("1000000000000.0", Double)
error_count: ColumnElement[int] = func.sum(case((table.c.status != literal_column("'success'"), _one), else_=_zero))
sums: tuple[ColumnElement[Any], ...] = (
    func.count(),
    func.coalesce(func.sum(table.c.cost), literal_column("0.0")),
    *exact_sum(table.c.total_request_tokens),
    *exact_sum(table.c.prompt_tokens),
    *exact_sum(table.c.completion_tokens),
    *(
        part
        for column in _MEANS
        for part in (func.coalesce(func.sum(column), literal_column("0.0")), func.count(column))
    ),
    func.coalesce(error_count, _zero),
    func.coalesce(func.sum(table.c.cache_hit), _zero),
)
"""Columns whose parts are added up."""
SUM_COUNT = len(sums)


def latencies(dialect_name: str) -> ColumnElement[Any]:
    """Return the column of latencies in whole milliseconds: a JSON list on SQLite, on PostgreSQL the percentiles."""
    # Beyond thirty thousand years a latency is no number of milliseconds that fits.
    latency = case(
        (table.c.latency > _longest, _longest), (table.c.latency < -_longest, -_longest), else_=table.c.latency
    )
    milliseconds = cast(
        func.floor(latency * literal_column("1000.0", Double) + literal_column("0.5", Double)), BigInteger
    )
    if dialect_name == "sqlite":
        return func.json_group_array(milliseconds).filter(table.c.latency.is_not(None))
    fractions = literal([percent / 100 for percent in _PERCENTILES.values()], ARRAY(Double))
    return func.percentile_disc(fractions).within_group(milliseconds)


class Sums:
    """The sums over one group, from one or several rows of `sums` and perhaps `latencies`."""

    __slots__ = ("_milliseconds", "_percentiles", "_values")

    def __init__(self) -> None:
        self._values: list[Any] | None = None
        self._milliseconds = array("q")
        # What PostgreSQL has computed already.
        self._percentiles: Sequence[int] = ()

    def add(self, part: Row) -> None:
        """Add a row."""
        if self._values is None:
            self._values = list(part[:SUM_COUNT])
        else:
            self._values = [value + other for value, other in zip(self._values, part[:SUM_COUNT], strict=True)]
        latencies = part[SUM_COUNT] if len(part) > SUM_COUNT else None
        if isinstance(latencies, str):
            self._milliseconds.extend(msgspec.json.decode(latencies))
        elif latencies is not None:
            self._percentiles = latencies

    @property
    def values(self) -> Sequence[Any]:
        """The sums, in the order of `sums`."""
        return self._values if self._values is not None else [0] * SUM_COUNT

    @property
    def cache_hit_count(self) -> int:
        """How many logs were answered from a cache."""
        return int(self.values[SUM_COUNT - 1])

    def summary(self) -> RequestLogsSummary:
        """Return what it comes to."""
        return replace(self.totals(), latency_percentiles=self._latency_percentiles())

    def totals(self) -> RequestLogsSummary:
        """Return what it comes to, without percentiles."""
        values = self.values
        latency, speed, first_token = (_mean(values[place], values[place + 1]) for place in (8, 10, 12))
        totals = LogsSummary(
            number_of_requests=int(values[0]),
            total_cost=float(values[1]),
            total_tokens=exact(values[2], values[3]),
            total_prompt_tokens=exact(values[4], values[5]),
            total_completion_tokens=exact(values[6], values[7]),
            avg_latency=latency,
            avg_tps=speed,
            avg_ttft=first_token,
        )
        return RequestLogsSummary(totals, error_count=int(values[14]), latency_percentiles={})

    def _latency_percentiles(self) -> Mapping[str, float]:
        """Return the nearest-rank percentiles in seconds."""
        chosen = self._percentiles
        if ordered := sorted(self._milliseconds):
            chosen = [ordered[_rank(percent, len(ordered)) - 1] for percent in _PERCENTILES.values()]
        return {name: value / 1000 for name, value in zip(_PERCENTILES, chosen, strict=False)}


def _rank(percent: int, count: int) -> int:
    return max(1, -(-percent * count // 100))


def _mean(total: Any, count: Any) -> float:
    return float(total) / count if count else 0.0


def put_together(rows: Iterable[Row], key_count: int) -> dict[tuple[Any, ...], Sums]:
    """Add up rows that begin with the keys of their group."""
    groups: dict[tuple[Any, ...], Sums] = {}
    for row in rows:
        key = row[:key_count]
        found = groups.get(key)
        if found is None:
            found = groups[key] = Sums()
        found.add(row[key_count:])
    return groups
