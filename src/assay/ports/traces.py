"""What a store of traces must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.filters.log_query import LogQuery
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count, RequestLog
from assay.model.trace import Trace, TracesSummary


class TraceStore(Protocol):
    """Traces of one organisation. A query's window is over the end of a trace; its search is not used."""

    async def page(self, query: LogQuery, sort: Sort, page: PageRequest) -> tuple[Sequence[Trace], bool]:
        """Return a page of the traces that match, with their root spans' content, and whether more follow."""
        ...

    async def count(self, query: LogQuery, *, within_seconds: float | None = None) -> Count:
        """Count the traces that match; with a limit of time, answer a lower bound when it takes longer."""
        ...

    async def get(self, trace_unique_id: str, query: LogQuery) -> Trace:
        """Return a trace of the environments and within the window of `query`; raises NotFound."""
        ...

    async def spans(self, trace: Trace, most: int) -> Sequence[RequestLog]:
        """Return the spans of a trace with their content, by start time; at most `most`, fewer when they are large."""
        ...

    async def summarize(self, query: LogQuery) -> TracesSummary:
        """Return sums over the traces that match."""
        ...

    async def delete(self, trace_unique_id: str, query: LogQuery) -> int:
        """Delete the spans of a trace in the environments and window of `query`; return how many there were."""
        ...

    async def list_ids(self, query: LogQuery, most: int) -> Sequence[str]:
        """Return the ids of up to `most` traces that match."""
        ...
