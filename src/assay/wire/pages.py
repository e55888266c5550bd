"""The page envelope of every list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field

from assay.model.errors import Invalid
from assay.model.page import PageRequest

Item = TypeVar("Item")
DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE = 2**31


class PageOut(BaseModel, Generic[Item]):
    """A page: `count` and `total_count` are the number of all matches, `next` and `previous` are absolute URLs."""

    model_config = ConfigDict(extra="allow")

    count: int
    next: str | None
    previous: str | None
    results: list[Item]
    total_count: int
    current_filters: dict[str, Any]


class FilterBody(BaseModel):
    """The body of a list or summary: which rows are wanted, and which page of them."""

    filters: Any = Field(default=None, description="Conditions: see the filter language.")
    operator: Any = Field(default=None, description="AND (default) or OR between the fields.")
    page: Any = None
    page_size: Any = None
    start_time: Any = Field(default=None, description="Keep rows whose timestamp is not before this.")
    end_time: Any = Field(default=None, description="Keep rows whose timestamp is before this.")
    is_exporting: Any = Field(default=None, description="True: the answer also says where the rows can be downloaded.")
    export_format: Any = None


class SearchBody(FilterBody):
    """The body of a list that also looks into texts, and may name its order."""

    search: Any = Field(default=None, description='Text in input or output: `"refund policy" model:gpt-4o`.')
    sort_by: Any = Field(default=None, description="As in the URL: a field, `-` before it for descending.")


def read_page(page: Any, page_size: Any, *, default_size: int = DEFAULT_PAGE_SIZE, most: int = 1000) -> PageRequest:
    """Read page number and size as clients send them.

    A size above `most` is taken as `most`, one that is no positive number as the default; a page that is no positive
    number raises Invalid.
    """
    size = _whole_number(page_size)
    size = default_size if size is None or size < 1 else min(size, most)
    number = 1 if page is None or page == "" else _whole_number(page)
    if number is None or not 1 <= number <= LARGEST_PAGE:
        raise Invalid("Invalid page.")
    return PageRequest(number, size)


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = str(value).strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 12 else None


def envelope(
    items: Sequence[Any],
    total_count: int,
    page: PageRequest,
    url: str,
    current_filters: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    *,
    is_last: bool | None = None,
) -> dict[str, Any]:
    """Return the envelope of a page, with `more` keys beside its own; `url` is the request's as the client wrote it.

    `is_last` says whether nothing follows where the count does not tell.
    """
    if is_last is None:
        is_last = page.offset + page.size >= total_count
    return {
        "count": total_count,
        "next": None if is_last else _with_page(url, page.number + 1, page.size),
        "previous": None if page.number == 1 else _with_page(url, page.number - 1, page.size),
        "results": items,
        "total_count": total_count,
        "current_filters": current_filters or {},
        **(more or {}),
    }


def _with_page(url: str, number: int, size: int) -> str:
    address, _, query = url.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in _PAGE_NAMES]
    return f"{address}?{urlencode([*kept, ('page', number), ('page_size', size)])}"


_PAGE_NAMES = ("page", "page_size")
