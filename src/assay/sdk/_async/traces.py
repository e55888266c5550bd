"""Traces, threads and customers: request logs that share an id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Unpack

from assay.sdk._async.paging import get_page, walk
from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import path_to
from assay.sdk.log_types import Customer, Thread, Trace, TracesSummary
from assay.sdk.log_window import LogWindow, window_parameters
from assay.sdk.types import Page

Filters = Mapping[str, Any] | None


class AsyncTraces:
    """`client.traces`: the steps of one run of a program, as one."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(
        self,
        filters: Filters = None,
        *,
        page: int = 1,
        page_size: int = 50,
        sort_by: str | None = None,
        **window: Unpack[LogWindow],
    ) -> Page[Trace]:
        """Return one page of traces that ended in the window, the last hour where nothing says otherwise."""
        parameters = {**window_parameters(window), "page": page, "page_size": page_size, "sort_by": sort_by}
        return await get_page(self._transport, Page[Trace], path_to("traces", "list"), filters, parameters)

    def iterate(
        self, filters: Filters = None, *, sort_by: str | None = None, **window: Unpack[LogWindow]
    ) -> AsyncIterator[Trace]:
        """Yield every trace that matches."""
        parameters = {**window_parameters(window), "page_size": 1000, "sort_by": sort_by}
        return walk(self._transport, Page[Trace], path_to("traces", "list"), filters, parameters)

    async def get(self, trace_id: str) -> Trace:
        """Return one trace with its tree of spans, whenever it was."""
        return await self._transport.ask(Trace, "GET", path_to("traces", trace_id))

    async def delete(self, trace_id: str) -> None:
        """Delete all logs of a trace; one that is not there is deleted already."""
        await self._transport.send("DELETE", path_to("traces", trace_id))

    async def summary(self, filters: Filters = None, **window: Unpack[LogWindow]) -> TracesSummary:
        """Return sums and averages over the traces that match."""
        path = path_to("traces", "summary")
        return await get_page(self._transport, TracesSummary, path, filters, window_parameters(window))


class AsyncThreads:
    """`client.threads`: the logs of one conversation, by `thread_identifier`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(
        self, filters: Filters = None, *, page: int = 1, page_size: int = 100, **window: Unpack[LogWindow]
    ) -> Page[Thread]:
        """Return one page of threads, the one with the newest log first."""
        parameters = {**window_parameters(window), "page": page, "page_size": page_size}
        return await get_page(self._transport, Page[Thread], path_to("log_threads"), filters, parameters)


class AsyncCustomers:
    """`client.customers`: your own users, by `customer_identifier`; they appear with their first log."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def list(
        self,
        filters: Filters = None,
        *,
        page: int = 1,
        page_size: int = 50,
        sort_by: str | None = None,
        **window: Unpack[LogWindow],
    ) -> Page[Customer]:
        """Return one page of customers; `sort_by` such as "-total_cost"."""
        parameters = {**window_parameters(window), "page": page, "page_size": page_size, "sort_by": sort_by}
        return await get_page(self._transport, Page[Customer], path_to("users", "list"), filters, parameters)
