"""A page of a list, and the order of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted: `number` from 1, `size` in items."""

    number: int = 1
    size: int = 100

    @property
    def offset(self) -> int:
        """Items before this page."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort field by its canonical name; ties are always broken by the noun's unique order."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items of one page and the number of all matches."""

    items: Sequence[Item]
    total_count: int
