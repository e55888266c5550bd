"""Figures of rows sent over the API: in bulk and one a request."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import datasets, load
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import started

_SMALL, _LARGE = 10_000, 100_000
_SINGLES = 4_000
_WARM_UP = 200


def bulk_create(options: Options) -> Iterator[Measurement]:
    """Rows a second, 500 a request, at 1, 4 and 8 requests at once, to 10,000 and to 100,000 rows in one dataset."""
    for at_once in (1, 4, 8):
        small, large, ratio, cpu = [], [], [], []
        for _ in range(options.repeat):
            # A new server each time: stored bodies are shared, so the same rows again would be cheaper.
            with started() as server:
                path = datasets.create(server, "bulk")
                requests = datasets.bulk_requests(path, _LARGE)
                used = server.cpu_seconds()
                result = load.run(server.address, requests, at_once=at_once, processes=at_once)
                cpu.append((server.cpu_seconds() - used) / _LARGE * 1e6)
            last = _SMALL // datasets.ROWS_PER_REQUEST
            small.append(_SMALL / result.seconds_to(last))
            large.append(_LARGE / result.seconds)
            halfway = result.seconds_to(len(requests) // 2)
            ratio.append(halfway / (result.seconds - halfway))
        note = f"server CPU {sorted(cpu)[len(cpu) // 2]:.0f} µs a row"
        name = f"{at_once} at once"
        yield Measurement("bulk-create", f"to 10,000 rows, {name}", "rows/s", tuple(small), 20_000, "higher")
        yield Measurement("bulk-create", f"to 100,000 rows, {name}", "rows/s", tuple(large), 20_000, "higher", note)
        flat = "rate of the second 50,000 rows over that of the first; 1 is flat"
        yield Measurement("bulk-create", f"flatness, {name}", "", tuple(ratio), 0.8, "higher", flat)


def single_create(options: Options) -> Iterator[Measurement]:
    """Rows a second, one a request, 16 requests at once."""
    rates, middle, slow, cpu = [], [], [], []
    with started() as server:
        for turn in range(options.repeat):
            path = datasets.create(server, "single")
            first = turn * (_SINGLES + _WARM_UP)
            warm_up = datasets.single_requests(path, _WARM_UP, first=first)
            requests = datasets.single_requests(path, _SINGLES, first=first + _WARM_UP)
            load.run(server.address, warm_up, at_once=16, processes=2)
            used = server.cpu_seconds()
            result = load.run(server.address, requests, at_once=16, processes=2)
            cpu.append((server.cpu_seconds() - used) / _SINGLES * 1e6)
            rates.append(_SINGLES / result.seconds)
            middle.append(result.latency_ms(50))
            slow.append(result.latency_ms(95))
    note = f"server CPU {sorted(cpu)[len(cpu) // 2]:.0f} µs a request"
    yield Measurement("single-create", "one a request, 16 at once", "rows/s", tuple(rates), 2_000, "higher", note)
    yield Measurement("single-create", "p50", "ms", tuple(middle))
    yield Measurement("single-create", "p95", "ms", tuple(slow))
