"""What a store must compute over request logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, Protocol

from assay.filters.log_query import LogQuery
from assay.model.log_analytics import Facet, JsonPath, LogGroup, RequestLogsSummary, TimeBucket
from assay.model.page import Page, PageRequest, Sort
from assay.model.trace import Customer, Thread

DateUnit = Literal["hour", "day", "week", "month"]


class LogAnalytics(Protocol):
    """Sums, groups and distributions over the request logs of one organisation."""

    async def summarize(self, query: LogQuery) -> RequestLogsSummary:
        """Return sums, means and percentiles over the logs that match."""
        ...

    async def group(
        self,
        query: LogQuery,
        fields: Sequence[str],
        date_unit: DateUnit | None,
        sort: Sort,
        page: PageRequest,
        *,
        has_percentiles: bool = False,
    ) -> Page[LogGroup]:
        """Return groups of the logs that match, by text fields (canonical names) and by date when a unit is given.

        `sort` names `number_of_requests`, `total_cost`, `total_tokens`, `error_count`, `average_latency`, `date` or a
        field grouped by. Percentiles are computed only when asked for.
        """
        ...

    async def histogram(self, query: LogQuery, width: timedelta) -> Sequence[TimeBucket]:
        """Return how many logs match in each interval of `width`, aligned to the epoch; empty ones are left out."""
        ...

    async def facet(self, query: LogQuery, field: str, most: int) -> Facet:
        """Return the commonest values of a column, or of a metadata key (`metadata.<key>`), among logs that match."""
        ...

    async def list_paths(self, query: LogQuery, sampled: int) -> Sequence[JsonPath]:
        """Return the paths that occur in metadata, input and output of the newest `sampled` logs that match."""
        ...

    async def list_threads(self, query: LogQuery, page: PageRequest) -> Page[Thread]:
        """Return a page of threads that have logs that match, the one with the newest log first."""
        ...

    async def list_customers(self, query: LogQuery, sort: Sort, page: PageRequest) -> Page[Customer]:
        """Return a page of customers that have logs that match.

        `sort` names `first_seen`, `last_seen`, `number_of_requests`, `total_cost`, `total_tokens`, `active_days` or
        `customer_identifier`.
        """
        ...
