"""Figures of recording request logs: logs a second by every way in, until they can be read; their size on the disk."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import load, log_data
from benchmarks.client import Connection
from benchmarks.load import LoadResult, percentile
from benchmarks.log_filling import BATCH_PATH, check_count, fill, wait_until_indexed
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, PeakMemory, Server, started

_BULK_PATH = "/api/request-logs/bulk/"
_READ_BACK = 100
# A new server loads some libraries behind its first requests.
_SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: `build(count, first)` makes the requests; `size` logs in each."""

    name: str
    size: int
    at_once: int
    build: Callable[[int, int], Sequence[bytes]]
    budget: float | None
    status: int = 201


@dataclass(frozen=True, slots=True)
class _Sample:
    """What one run over one way came to."""

    result: LoadResult
    cpu_microseconds: float
    peak_mb: float
    anonymous_mb: float
    read_back_ms: float


def _many(path: str, size: int) -> Callable[[int, int], Sequence[bytes]]:
    return lambda count, first: list(log_data.many_requests(path, count, size, first=first))


_WAYS = (
    Way("1 a request, 32 at once", 1, 32, lambda count, first: log_data.single_requests(count, first=first), 4_000),
    Way("100 a request, 8 at once", 100, 8, _many(_BULK_PATH, 100), 15_000),
    Way("500 a request, 4 at once", 500, 4, _many(_BULK_PATH, 500), None),
    Way("1,000 a request, 1 at a time", 1_000, 1, _many(BATCH_PATH, 1_000), 20_000),
    Way(
        "OTLP protobuf, 500 spans a request, 2 at once",
        500,
        2,
        lambda count, first: log_data.otlp_requests(count, 500, first=first),
        10_000,
        200,
    ),
)


def record_logs(options: Options) -> Iterator[Measurement]:
    """Logs a second by every way in, each readable when it is answered; bytes of disk a log; memory meanwhile."""
    singles, many, stored = (20_000, 100_000, 200_000) if options.scale == "full" else (8_000, 40_000, 50_000)
    for way in _WAYS:
        count = singles if way.size == 1 else many
        warm_up = way.build(way.size * way.at_once, 0)
        requests = way.build(count, way.size * way.at_once)
        samples = [_run(way, warm_up, requests, count) for _ in range(options.repeat)]
        yield from _measured(way, count, samples)
    yield from _disk(stored)


def _run(way: Way, warm_up: Sequence[bytes], requests: Sequence[bytes], count: int) -> _Sample:
    """Send the requests to a new server, and make sure that all of the logs are there right after the last answer."""
    with started() as server, PeakMemory(server) as peak:
        processes = min(2, way.at_once)
        time.sleep(_SETTLE_SECONDS)
        load.run(server.address, warm_up, at_once=way.at_once, processes=processes, status=way.status)
        used = server.cpu_seconds()
        result = load.run(server.address, requests, at_once=way.at_once, processes=processes, status=way.status)
        cpu = (server.cpu_seconds() - used) / count * 1e6
        check_count(server, count + len(warm_up) * way.size)
        read_back = _read_back(server, first=10 * count)
        return _Sample(result, cpu, server.memory_mb("VmHWM"), peak.anonymous_mb, read_back)


def _read_back(server: Server, *, first: int) -> float:
    """Read logs as soon as each is acknowledged; return the 95th percentile of these reads in ms."""
    latencies = []
    with Connection(server.address) as connection:
        for number in range(first, first + _READ_BACK):
            sent = log_data.log(number)
            made = connection.json("POST", "/api/request-logs/", sent, key=API_KEY)
            began = time.perf_counter()
            found = connection.json("GET", f"/api/request-logs/{made['id']}/", key=API_KEY)
            latencies.append((time.perf_counter() - began) * 1000)
            if found["custom_identifier"] != sent["custom_identifier"]:
                raise RuntimeError(f"Log {made['id']} was acknowledged, and {found['custom_identifier']} was read.")
    return percentile(latencies, 95)


def _measured(way: Way, count: int, samples: Sequence[_Sample]) -> Iterator[Measurement]:
    cpu = sorted(sample.cpu_microseconds for sample in samples)[len(samples) // 2]
    rates = tuple(count / sample.result.seconds for sample in samples)
    note = f"server CPU {cpu:.0f} µs a log"
    yield Measurement("record-logs", way.name, "logs/s", rates, way.budget, "higher", note)
    slow = tuple(sample.result.latency_ms(95) for sample in samples)
    yield Measurement("record-logs", f"{way.name}: p95", "ms", slow, 20 if way.size == 1 else None)
    peaks = tuple(sample.peak_mb for sample in samples)
    anonymous = f"at most {max(sample.anonymous_mb for sample in samples):.0f} MB of it anonymous"
    yield Measurement("record-logs", f"{way.name}: peak resident memory", "MB", peaks, None, "lower", anonymous)
    if way.size == 1:
        read = tuple(sample.read_back_ms for sample in samples)
        yield Measurement("record-logs", "a log read right after its answer: p95", "ms", read)


def _disk(count: int) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as directory:
        with started(Path(directory)) as server:
            fill(server, count)
            behind = wait_until_indexed(server)
        # A server that has ended has put everything from its write-ahead log into the files.
        size = sum(path.stat().st_size for path in Path(directory).glob("*.db*"))
    note = f"text index included; it was done {behind:.1f} s after the last answer"
    yield Measurement("record-logs", f"disk, {count:,} logs", "bytes a log", (size / count,), 1_500, "lower", note)
