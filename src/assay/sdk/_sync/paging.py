# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/paging.py: change it there.
"""Walking the pages of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import filter_body
from assay.sdk.log_types import RequestLog, RequestLogPage
from assay.sdk.types import Page

Item = TypeVar("Item")
PageType = TypeVar("PageType")


def get_page(
    transport: Transport,
    answer: type[PageType],
    path: str,
    filters: Mapping[str, Any] | None,
    parameters: Mapping[str, Any],
) -> PageType:
    """Return one page: by GET, or by POST when there are filters."""
    content = filter_body(filters)
    method = "GET" if content is None else "POST"
    return transport.ask(answer, method, path, parameters=parameters, content=content, is_read=True)


def walk(
    transport: Transport,
    answer: type[Page[Item]],
    path: str,
    filters: Mapping[str, Any] | None,
    parameters: Mapping[str, Any],
) -> Iterator[Item]:
    """Yield the items of every page, in order, until the server names no next page."""
    number = 1
    while True:
        page = get_page(transport, answer, path, filters, {**parameters, "page": number})
        yield from page.results
        if page.next is None or not page.results:
            return
        number += 1


def walk_cursor(
    transport: Transport, path: str, filters: Mapping[str, Any] | None, parameters: Mapping[str, Any]
) -> Iterator[RequestLog]:
    """Yield the request logs of every page, in order, each page where the last one ended and nothing counted."""
    cursor: str | None = "start"
    while cursor is not None:
        wanted = {**parameters, "cursor": cursor, "count": False}
        page = get_page(transport, RequestLogPage, path, filters, wanted)
        yield from page.results
        cursor = page.next_cursor
