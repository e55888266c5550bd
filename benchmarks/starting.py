"""Figures of the start: seconds from the command to the first answers, and idle memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.client import Connection
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, Server

_STARTS = 5
_SETTLE_SECONDS = 2.0


def start(options: Options) -> Iterator[Measurement]:
    """Seconds from `assay serve` to /health and to the first authenticated list, on a new and on a used directory."""
    health: dict[str, list[float]] = {"new": [], "used": []}
    first_list: dict[str, list[float]] = {"new": [], "used": []}
    cpu: list[float] = []
    idle: list[float] = []
    anonymous: list[float] = []
    for _ in range(max(_STARTS, options.repeat)):
        with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as directory:
            for kind in ("new", "used"):
                server = Server(Path(directory))
                try:
                    began = time.perf_counter()
                    server.launch()
                    server.wait()
                    health[kind].append(time.perf_counter() - began)
                    with Connection(server.address) as connection:
                        connection.json("GET", "/api/datasets/list/", key=API_KEY)
                    first_list[kind].append(time.perf_counter() - began)
                    cpu.append(server.cpu_seconds())
                    if kind == "used":
                        time.sleep(_SETTLE_SECONDS)
                        idle.append(server.memory_mb())
                        anonymous.append(server.memory_mb("RssAnon"))
                finally:
                    server.stop()
    for kind in ("new", "used"):
        yield Measurement("start", f"/health answers, {kind} directory", "s", tuple(health[kind]), 1.0)
        what = f"first list answers, {kind} directory"
        yield Measurement("start", what, "s", tuple(first_list[kind]), 1.0)
    yield Measurement("start", "CPU until the first list", "s", tuple(cpu))
    note = f"{sorted(anonymous)[len(anonymous) // 2]:.0f} MB of it anonymous"
    yield Measurement("start", "idle resident memory", "MB", tuple(idle), 120, "lower", note)
