"""Figures of lists: pages of 100 rows of datasets of growing size, and the memory of the server afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks import datasets
from benchmarks.client import Connection, request
from benchmarks.data import RARE_TEAM
from benchmarks.load import percentile
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, Server, started

_SIZES = {"small": (10_000, 100_000), "full": (10_000, 100_000, 1_000_000)}
_PAGE = 100
_MOST_REQUESTS = 200
_MOST_SECONDS = 5.0
_LEAST_REQUESTS = 5


@dataclass(frozen=True, slots=True)
class Query:
    """One kind of request: its bytes, how many rows and what total it must answer, the budget of its p95."""

    name: str
    data: bytes
    row_count: int
    total: int | None
    budget_ms: float | None = None


def lists(options: Options) -> Iterator[Measurement]:
    """Latency of pages of 100 rows at 10,000 and 100,000 rows (1,000,000 too at full scale), and how it grows."""
    middles: dict[str, list[float]] = {}
    with started() as server:
        sizes = _SIZES[options.scale]
        for place, size in enumerate(sizes):
            path = datasets.create(server, f"{size} rows")
            datasets.fill(server, path, size, first=sum(sizes[:place]))
            _checkpointed(server, path)
            for query in _queries(server, path, size):
                p50, p95, cpu = _latencies(server, query, options.repeat)
                middles.setdefault(query.name, []).append(sorted(p50)[len(p50) // 2])
                # The budgets are for 100,000 rows; other sizes show the growth.
                budget = query.budget_ms if size == 100_000 else None
                what = f"{query.name}, {size:,} rows"
                note = f"server CPU {cpu * 1e6:,.0f} µs a request"
                yield Measurement("lists", f"{what}: p50", "ms", tuple(p50), None, "lower", note)
                yield Measurement("lists", f"{what}: p95", "ms", tuple(p95), budget)
        for name, medians in middles.items():
            for larger, (size, middle) in enumerate(zip(sizes[1:], medians[1:], strict=True)):
                grown = (middle / medians[larger],)
                what = f"{name}: p50 at {size:,} over {sizes[larger]:,}"
                yield Measurement("lists", what, "×", grown, note="10 × the rows")
        resident, anonymous = server.memory_mb(), server.memory_mb("RssAnon")
        note = f"{anonymous:.0f} MB of it anonymous, the rest mapped files"
        yield Measurement("lists", "resident memory afterwards", "MB", (resident,), 400, "lower", note)


def _checkpointed(server: Server, path: str) -> None:
    """Make a second version that lacks a few rows, so that as-of reads of the first one have something to hide."""
    filters = {"metadata.custom_identifier": {"operator": "endswith", "value": "77"}, "metadata.topic": "legal"}
    with Connection(server.address) as connection:
        connection.json("DELETE", f"{path}/logs/delete/", {"filters": filters}, key=API_KEY)


def _queries(server: Server, path: str, size: int) -> list[Query]:
    with Connection(server.address) as connection:
        versions = connection.json("GET", f"{path}/versions/", key=API_KEY)["results"]
    newest, first = versions[0]["log_count"], versions[-2 if len(versions) > 2 else -1]
    offset = size * 9 // 10
    url = f"{path}/logs/list/?page_size={_PAGE}"
    by_team = {"metadata.team": RARE_TEAM}
    # The payload's text says the number of its row: this finds one row in a hundred.
    by_payload = {"input": {"operator": "contains", "value": "17. "}}
    old, older_count = first["number"], first["log_count"]
    return [
        Query("page 1", _get(url), _PAGE, newest, 10),
        Query("page at 90 %", _get(f"{url}&page={offset // _PAGE}"), _PAGE, newest, 25),
        Query("metadata filter, page and count", _post(url, by_team), _PAGE, None, 30),
        Query("metadata filter, exact count", _post(f"{path}/logs/list/?page_size=1", by_team), 1, None, 40),
        Query("sorted by latency", _get(f"{url}&sort_by=-latency"), _PAGE, newest),
        Query("payload filter, page and count", _post(url, by_payload), min(_PAGE, size // 100), None),
        Query("as of an old version", _get(f"{url}&version={old}"), _PAGE, older_count, 10),
        Query("as of an old version, at 90 %", _get(f"{url}&version={old}&page={offset // _PAGE}"), _PAGE, older_count),
    ]


def _get(path: str) -> bytes:
    return request("GET", path, key=API_KEY)


def _post(path: str, filters: Mapping[str, object]) -> bytes:
    return request("POST", path, json.dumps({"filters": filters}).encode(), key=API_KEY)


def _latencies(server: Server, query: Query, repeat: int) -> tuple[list[float], list[float], float]:
    """Ask again and again over one connection; return the p50s and p95s in ms, and server seconds a request."""
    p50, p95, asked = [], [], 0
    with Connection(server.address) as connection:
        _check(connection.ask(query.data), query)
        used = server.cpu_seconds()
        for _ in range(repeat):
            latencies: list[float] = []
            ends = time.perf_counter() + _MOST_SECONDS
            while len(latencies) < _LEAST_REQUESTS or (len(latencies) < _MOST_REQUESTS and time.perf_counter() < ends):
                began = time.perf_counter()
                connection.ask(query.data)
                latencies.append((time.perf_counter() - began) * 1000)
            asked += len(latencies)
            p50.append(percentile(latencies, 50))
            p95.append(percentile(latencies, 95))
        return p50, p95, (server.cpu_seconds() - used) / asked


def _check(answer: tuple[int, bytes], query: Query) -> None:
    """Refuse to time a wrong answer."""
    status, body = answer
    if status != 200:
        raise RuntimeError(f"{query.name} answered {status}: {body[:500]!r}")
    page = json.loads(body)
    found, total = len(page["results"]), page["total_count"]
    is_total_right = total >= found > 0 if query.total is None else total == query.total
    if found < min(query.row_count, total) or not is_total_right:
        raise RuntimeError(f"{query.name} answered {found} of {total} rows instead of {query.row_count}.")
