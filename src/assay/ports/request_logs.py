"""What a store of request logs must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.filters.log_query import LogQuery
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count, Recorded, RequestLog, RequestLogChanges, RequestLogDraft

# What the last item of a page was sorted by, and its sequence: where the next page goes on.
Cursor = tuple[str | int | float | None, int]


class RequestLogStore(Protocol):
    """Request logs of one organisation; recorded into one environment, read from those that a query names.

    Methods that take an id raise NotFound for a log of another organisation.
    """

    async def append(self, drafts: Sequence[RequestLogDraft]) -> Sequence[Recorded]:
        """Record logs, durably and visibly when this returns; all of them or none.

        A draft whose identity was recorded before is left out and answered with the id of the log that is there.
        Raises Unavailable when too much is waiting to be written already.
        """
        ...

    async def page(
        self, query: LogQuery, sort: Sort, page: PageRequest, *, previews_only: bool = False
    ) -> tuple[Sequence[RequestLog], bool]:
        """Return a page of the logs that match, and whether more follow; sorted by `id` means newest by timestamp."""
        ...

    async def page_after(
        self, query: LogQuery, sort: Sort, cursor: Cursor | None, size: int, *, previews_only: bool = False
    ) -> tuple[Sequence[RequestLog], Cursor | None]:
        """Return the logs that come after a cursor in the order of `sort` (None: from the start), and the next one."""
        ...

    async def count(self, query: LogQuery, *, within_seconds: float | None = None) -> Count:
        """Count the logs that match; with a limit of time, answer a lower bound when it takes longer."""
        ...

    async def get(self, log_id: str) -> RequestLog:
        """Return one log with its content, whatever its environment; raises NotFound."""
        ...

    async def find_many(self, log_ids: Sequence[str]) -> Sequence[RequestLog]:
        """Return the logs with these ids that are there, with their content, in the order asked."""
        ...

    async def update(self, log_id: str, changes: RequestLogChanges) -> RequestLog:
        """Set what `changes` names and return the log as it is now; raises NotFound."""
        ...

    async def delete(self, log_id: str) -> None:
        """Delete one log; raises NotFound."""
        ...
