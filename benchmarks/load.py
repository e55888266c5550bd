"""Load from several processes: connections that each send their next request when the last one is answered."""

from __future__ import annotations

import math
import multiprocessing
import selectors
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier
from typing import Any

from benchmarks.client import Address, Connection

# Children inherit the prebuilt requests instead of being sent them.
_processes: Any = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class LoadResult:
    """When each request began and ended, in seconds since the first one began, in the order of their ends."""

    spans: tuple[tuple[float, float], ...]

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return self.spans[-1][1]

    def seconds_to(self, count: int) -> float:
        """Return when `count` requests were answered."""
        return self.spans[count - 1][1]

    def latency_ms(self, percent: float) -> float:
        """Return a percentile of the latencies."""
        return percentile([(end - start) * 1000 for start, end in self.spans], percent)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def run(address: Address, requests: Sequence[bytes], *, at_once: int, processes: int, status: int = 201) -> LoadResult:
    """Send all requests over `at_once` connections spread over `processes`, each closed-loop.

    Request i goes to connection i modulo `at_once`. Raises RuntimeError when any answer has another status.
    """
    processes = min(processes, at_once)
    barrier = _processes.Barrier(processes + 1)
    workers = []
    for number in range(processes):
        receiver, sender = _processes.Pipe(duplex=False)
        lanes = [requests[lane::at_once] for lane in range(number, at_once, processes)]
        worker = _processes.Process(target=_work, args=(address, lanes, status, barrier, sender))
        worker.start()
        sender.close()
        workers.append((worker, receiver))
    barrier.wait()
    spans: list[tuple[float, float]] = []
    problems = []
    for worker, receiver in workers:
        outcome = receiver.recv()
        worker.join()
        if isinstance(outcome, str):
            problems.append(outcome)
        else:
            spans += outcome
    if problems:
        raise RuntimeError(problems[0])
    origin = min(start for start, _ in spans)
    return LoadResult(tuple(sorted(((a - origin, b - origin) for a, b in spans), key=lambda span: span[1])))


def _work(address: Address, lanes: list[Sequence[bytes]], status: int, barrier: Barrier, sender: Pipe) -> None:
    connections = []
    problem = None
    try:
        connections = [Connection(address) for _ in lanes]
    except OSError as error:
        problem = f"A connection failed: {error}"
    barrier.wait()
    if problem is not None:
        sender.send(problem)
        return
    try:
        sender.send(_drive(connections, lanes, status))
    except (OSError, RuntimeError, ValueError) as error:
        sender.send(f"{type(error).__name__}: {error}")


def _drive(connections: list[Connection], lanes: list[Sequence[bytes]], status: int) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    with selectors.DefaultSelector() as selector:
        started = [0.0] * len(lanes)
        places = [0] * len(lanes)
        for lane, connection in enumerate(connections):
            if lanes[lane]:
                selector.register(connection, selectors.EVENT_READ, lane)
                started[lane] = time.perf_counter()
                connection.send(lanes[lane][0])
        while selector.get_map():
            for event, _ in selector.select():
                lane = event.data
                answer = connections[lane].receive_some()
                if answer is None:
                    continue
                spans.append((started[lane], time.perf_counter()))
                if answer[0] != status:
                    raise RuntimeError(f"A request was answered {answer[0]} instead of {status}: {answer[1][:300]!r}")
                places[lane] += 1
                if places[lane] == len(lanes[lane]):
                    selector.unregister(connections[lane])
                    continue
                started[lane] = time.perf_counter()
                connections[lane].send(lanes[lane][places[lane]])
    return spans
