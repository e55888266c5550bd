# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/traces.py: change it there.
"""Traces, threads and customers: request logs that share an id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Unpack

from assay.sdk._sync.paging import get_page, walk
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import path_to
from assay.sdk.log_types import Customer, Thread, Trace, TracesSummary
from assay.sdk.log_window import LogWindow, window_parameters
from assay.sdk.types import Page

Filters = Mapping[str, Any] | None


class Traces:
    """`client.traces`: the steps of one run of a program, as one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
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
        return get_page(self._transport, Page[Trace], path_to("traces", "list"), filters, parameters)

    def iterate(
        self, filters: Filters = None, *, sort_by: str | None = None, **window: Unpack[LogWindow]
    ) -> Iterator[Trace]:
        """Yield every trace that matches."""
        parameters = {**window_parameters(window), "page_size": 1000, "sort_by": sort_by}
        return walk(self._transport, Page[Trace], path_to("traces", "list"), filters, parameters)

    def get(self, trace_id: str) -> Trace:
        """Return one trace with its tree of spans, whenever it was."""
        return self._transport.ask(Trace, "GET", path_to("traces", trace_id))

    def delete(self, trace_id: str) -> None:
        """Delete all logs of a trace; one that is not there is deleted already."""
        self._transport.send("DELETE", path_to("traces", trace_id))

    def summary(self, filters: Filters = None, **window: Unpack[LogWindow]) -> TracesSummary:
        """Return sums and averages over the traces that match."""
        path = path_to("traces", "summary")
        return get_page(self._transport, TracesSummary, path, filters, window_parameters(window))


class Threads:
    """`client.threads`: the logs of one conversation, by `thread_identifier`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, filters: Filters = None, *, page: int = 1, page_size: int = 100, **window: Unpack[LogWindow]
    ) -> Page[Thread]:
        """Return one page of threads, the one with the newest log first."""
        parameters = {**window_parameters(window), "page": page, "page_size": page_size}
        return get_page(self._transport, Page[Thread], path_to("log_threads"), filters, parameters)


class Customers:
    """`client.customers`: your own users, by `customer_identifier`; they appear with their first log."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
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
        return get_page(self._transport, Page[Customer], path_to("users", "list"), filters, parameters)
