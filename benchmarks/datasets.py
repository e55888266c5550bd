"""Datasets for the benchmarks: made over HTTP, filled with generated rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from benchmarks import data, load
from benchmarks.client import Connection, request
from benchmarks.server import API_KEY, Server

ROWS_PER_REQUEST = 500


def create(server: Server, name: str) -> str:
    """Create a dataset and return its path, `/api/datasets/<id>`."""
    with Connection(server.address) as connection:
        made = connection.json("POST", "/api/datasets/", {"name": name, "is_empty": True}, key=API_KEY)
    return f"/api/datasets/{made['id']}"


def _slices(rows: Iterable[bytes], size: int) -> Iterator[Sequence[bytes]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part


@lru_cache(maxsize=1)
def _bulk_bodies(count: int, first: int, size: int) -> tuple[bytes, ...]:
    return tuple(b'{"logs":[' + b",".join(part) + b"]}" for part in _slices(data.rows(count, first=first), size))


def bulk_requests(path: str, count: int, *, first: int = 0, size: int = ROWS_PER_REQUEST) -> list[bytes]:
    """Return requests that add rows `first` to `first + count`, `size` at a time."""
    return [request("POST", f"{path}/logs/bulk/", body, key=API_KEY) for body in _bulk_bodies(count, first, size)]


def single_requests(path: str, count: int, *, first: int = 0) -> list[bytes]:
    """Return requests that add one row each."""
    return [request("POST", f"{path}/logs/", row, key=API_KEY) for row in data.rows(count, first=first)]


def fill(server: Server, path: str, count: int, *, first: int = 0) -> None:
    """Add `count` rows; in parts, so that a million rows do not stand in memory as requests."""
    for start in range(0, count, 50_000):
        part = bulk_requests(path, min(50_000, count - start), first=first + start)
        load.run(server.address, part, at_once=2, processes=2)
