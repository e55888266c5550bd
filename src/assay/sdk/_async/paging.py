"""Walking the pages of a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import filter_body
from assay.sdk.log_types import RequestLog, RequestLogPage
from assay.sdk.types import Page

Item = TypeVar("Item")
PageType = TypeVar("PageType")


async def get_page(
    transport: AsyncTransport,
    answer: type[PageType],
    path: str,
    filters: Mapping[str, Any] | None,
    parameters: Mapping[str, Any],
) -> PageType:
    """Return one page: by GET, or by POST when there are filters."""
    content = filter_body(filters)
    method = "GET" if content is None else "POST"
    return await transport.ask(answer, method, path, parameters=parameters, content=content, is_read=True)


async def walk(
    transport: AsyncTransport,
    answer: type[Page[Item]],
    path: str,
    filters: Mapping[str, Any] | None,
    parameters: Mapping[str, Any],
) -> AsyncIterator[Item]:
    """Yield the items of every page, in order, until the server names no next page."""
    number = 1
    while True:
        page = await get_page(transport, answer, path, filters, {**parameters, "page": number})
        for item in page.results:
            yield item
        if page.next is None or not page.results:
            return
        number += 1


async def walk_cursor(
    transport: AsyncTransport, path: str, filters: Mapping[str, Any] | None, parameters: Mapping[str, Any]
) -> AsyncIterator[RequestLog]:
    """Yield the request logs of every page, in order, each page where the last one ended and nothing counted."""
    cursor: str | None = "start"
    while cursor is not None:
        wanted = {**parameters, "cursor": cursor, "count": False}
        page = await get_page(transport, RequestLogPage, path, filters, wanted)
        for log in page.results:
            yield log
        cursor = page.next_cursor
