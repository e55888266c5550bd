"""Request logs: record them, find them, count and sum them up, change and delete them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack

import msgspec

from assay.model.errors import AssayError, Invalid
from assay.sdk._async.paging import get_page, walk_cursor
from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import given, path_to
from assay.sdk.batching import MAXIMUM_ROWS, batches, bulk_answer
from assay.sdk.log_types import (
    Facet,
    Histogram,
    JsonPaths,
    LogCount,
    RecordResult,
    RequestLog,
    RequestLogCreated,
    RequestLogPage,
    RequestLogsSummary,
)
from assay.sdk.log_window import LogWindow, window_parameters
from assay.sdk.types import BulkError, Page

Log = Mapping[str, Any] | msgspec.Struct
Filters = Mapping[str, Any] | None


class AsyncRequestLogs:
    """`client.request_logs`: recorded calls of models and steps of programs.

    What looks for logs takes filters, such as `{"model": "gpt-4o", "cost": {"operator": "gt", "value": 0.1}}`, and the
    keywords of a window: `start_time`, `end_time`, `environment`, `all_environments`, `search`. `list`, `iterate`,
    `search`, `summary` and `groups` look at the last hour where neither window nor filters say anything of time.
    """

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create(
        self, *, input: Any = None, output: Any = None, idempotency_key: str | None = None, **fields: Any
    ) -> RequestLogCreated:
        """Record one log from keywords: `model`, `metadata`, `prompt_tokens`, `latency`, …; as `record`."""
        log = given({"input": input, "output": output}) | fields
        return await self.record(log, idempotency_key=idempotency_key)

    async def record(self, log: Log, *, idempotency_key: str | None = None) -> RequestLogCreated:
        """Record one log; when this returns it is on disk and can be found.

        It is sent again on connection errors, 429 and 503, and recorded once: under `idempotency_key`, else under a
        key of its own.
        """
        key = idempotency_key or uuid.uuid4().hex
        path = path_to("request-logs")
        return await self._transport.ask(RequestLogCreated, "POST", path, body=log, idempotency_key=key)

    async def record_many(
        self,
        logs: Iterable[Log],
        *,
        batch_size: int = MAXIMUM_ROWS,
        idempotency_key: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> RecordResult:
        """Record any number of logs in requests of `batch_size`, at most 500, and about 8 MB; each log once.

        Logs are taken from the iterable as they are sent; requests are repeated as in `record`. The same logs sent
        again under the same `idempotency_key` and `batch_size` are found to be there. `progress(logs_sent)` is called
        after each request. Refused logs are named by their index over everything. An error that stops the work says
        how many were recorded.
        """
        if not 1 <= batch_size <= MAXIMUM_ROWS:
            raise Invalid.field("batch_size", f"{batch_size} is not from 1 to {MAXIMUM_ROWS}.")
        path = path_to("request-logs", "bulk")
        prefix = idempotency_key or uuid.uuid4().hex
        ids: list[str] = []
        errors: list[BulkError] = []
        duplicates = 0
        for batch in batches(logs, batch_size):
            key = f"{prefix}-{batch.first_index}"
            try:
                reply = await self._transport.send(
                    "POST", path, content=batch.body, accepted=(400,), idempotency_key=key
                )
                result = bulk_answer(reply.status, reply.body, batch, RecordResult, self._transport.base_url)
            except AssayError as error:
                if batch.first_index:
                    last = batch.first_index + batch.row_count - 1
                    error.add_note(f"{len(ids)} logs were recorded before; logs {batch.first_index} to {last} failed.")
                raise
            ids += result.ids
            errors += [BulkError(index=batch.first_index + one.index, error=one.error) for one in result.errors]
            duplicates += result.duplicate_count
            if progress is not None:
                progress(batch.first_index + batch.row_count)
        return RecordResult(
            success_count=len(ids), error_count=len(errors), errors=errors, ids=ids, duplicate_count=duplicates
        )

    async def list(
        self,
        filters: Filters = None,
        *,
        page: int = 1,
        page_size: int = 100,
        sort_by: str | None = None,
        previews: bool = False,
        is_counted: bool = True,
        **window: Unpack[LogWindow],
    ) -> RequestLogPage:
        """Return one page of logs, newest first; of the last hour where nothing says otherwise.

        `previews` gives the beginnings of input and output only, which is much faster with large logs; without
        `is_counted` the server does not count all that match. `page_size` is at most 1,000.
        """
        parameters = {
            **window_parameters(window),
            "page": page,
            "page_size": page_size,
            "sort_by": sort_by,
            "fields": "preview" if previews else None,
            "count": None if is_counted else False,
        }
        return await get_page(self._transport, RequestLogPage, _path("list"), filters, parameters)

    def iterate(
        self,
        filters: Filters = None,
        *,
        sort_by: str | None = None,
        page_size: int = 1000,
        previews: bool = False,
        **window: Unpack[LogWindow],
    ) -> AsyncIterator[RequestLog]:
        """Yield every log that matches, newest first; of the last hour where nothing says otherwise.

        The pages go on from the last log seen, so that the millionth log comes as fast as the first, and what is
        recorded meanwhile shifts nothing.
        """
        parameters = {
            **window_parameters(window),
            "page_size": page_size,
            "sort_by": sort_by,
            "fields": "preview" if previews else None,
        }
        return walk_cursor(self._transport, _path("list"), filters, parameters)

    async def search(
        self,
        text: str,
        filters: Filters = None,
        *,
        page: int = 1,
        page_size: int = 100,
        sort_by: str | None = None,
        previews: bool = False,
        start_time: Any = None,
        end_time: Any = None,
        environment: str | None = None,
    ) -> RequestLogPage:
        """Return one page of the logs whose input or output has these words, such as `"gift card" model:gpt-4o`."""
        window = LogWindow(start_time=start_time, end_time=end_time, environment=environment, search=text)
        return await self.list(
            filters, page=page, page_size=page_size, sort_by=sort_by, previews=previews, is_counted=False, **window
        )

    async def get(self, log_id: str) -> RequestLog:
        """Return one log with all its content; NotFound when there is none."""
        return await self._transport.ask(RequestLog, "GET", _path(log_id))

    async def update(self, log_id: str, **fields: Any) -> RequestLog:
        """Change `metadata` (key by key; None removes one), `note`, `positive_feedback`, `custom_identifier`.

        Everything else of a log never changes.
        """
        return await self._transport.ask(RequestLog, "PATCH", _path(log_id), body=fields)

    async def delete(self, log_id: str) -> None:
        """Delete one log; rows that were copied from it stay."""
        await self._transport.send("DELETE", _path(log_id))

    async def summary(self, filters: Filters = None, **window: Unpack[LogWindow]) -> RequestLogsSummary:
        """Return sums, averages and percentiles over the logs that match."""
        return await get_page(self._transport, RequestLogsSummary, _path("summary"), filters, window_parameters(window))

    async def groups(
        self,
        group_by: str | Sequence[str],
        filters: Filters = None,
        *,
        percentiles: bool = False,
        sort_by: str | None = None,
        page: int = 1,
        page_size: int = 100,
        **window: Unpack[LogWindow],
    ) -> Page[dict[str, Any]]:
        """Return one page of groups: the fields of `group_by`, such as model or customer_identifier, and sums."""
        parameters = {
            **window_parameters(window),
            "group_by": group_by if isinstance(group_by, str) else ",".join(group_by),
            "percentiles": percentiles or None,
            "sort_by": sort_by,
            "page": page,
            "page_size": page_size,
        }
        return await get_page(self._transport, Page[dict[str, Any]], _path("groups"), filters, parameters)

    async def count(self, filters: Filters = None, **window: Unpack[LogWindow]) -> LogCount:
        """Return how many logs match; at least that many where `exact` is false."""
        return await get_page(self._transport, LogCount, _path("count"), filters, window_parameters(window))

    async def histogram(
        self, filters: Filters = None, *, buckets: int | None = None, **window: Unpack[LogWindow]
    ) -> Histogram:
        """Return how many logs match over time, in about as many intervals as `buckets`."""
        parameters = {**window_parameters(window), "buckets": buckets}
        return await get_page(self._transport, Histogram, _path("histogram"), filters, parameters)

    async def facets(
        self, fields: Sequence[str], filters: Filters = None, *, limit: int | None = None, **window: Unpack[LogWindow]
    ) -> dict[str, Facet]:
        """Return the commonest values of each field, such as model, status or metadata.plan, of the logs that match."""
        parameters = {**window_parameters(window), "fields": ",".join(fields), "limit": limit}
        return await get_page(self._transport, dict[str, Facet], _path("facets"), filters, parameters)

    async def paths(self, filters: Filters = None, **window: Unpack[LogWindow]) -> JsonPaths:
        """Return the paths that occur in metadata, input and output of the newest logs that match."""
        return await get_page(self._transport, JsonPaths, _path("schema", "paths"), filters, window_parameters(window))


def _path(*rest: str) -> str:
    return path_to("request-logs", *rest)
