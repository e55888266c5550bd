"""A process that goes on recording request logs, so many a second, while others are measured."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks import log_data
from benchmarks.client import Address, Connection

WRITTEN_A_SECOND = 2_000
_PATH = "/api/request-logs/bulk/"
_LOGS_PER_REQUEST = 100
_DISTINCT_REQUESTS = 40
_processes: Any = multiprocessing.get_context("fork")


class Writer:
    """Records 2,000 logs a second while the block runs; `logs_a_second` says afterwards how many it came to."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._stop: Event = _processes.Event()
        self._receiver, self._sender = _processes.Pipe(duplex=False)
        self._process: Any = None
        self.logs_a_second = 0.0

    def __enter__(self) -> Writer:
        count = _LOGS_PER_REQUEST * _DISTINCT_REQUESTS
        # Built here, before anybody looks at the clock.
        requests = log_data.plain_requests(_PATH, count, _LOGS_PER_REQUEST, first=100_000_000)
        self._process = _processes.Process(target=_write, args=(self._address, requests, self._stop, self._sender))
        self._process.start()
        self._sender.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        outcome = self._receiver.recv()
        self._process.join()
        if isinstance(outcome, str):
            raise RuntimeError(outcome)
        self.logs_a_second = outcome


def _write(address: Address, requests: list[bytes], stop: Event, sender: Pipe) -> None:
    sent = 0
    try:
        with Connection(address) as connection:
            began = time.perf_counter()
            while not stop.is_set():
                due = began + sent * _LOGS_PER_REQUEST / WRITTEN_A_SECOND
                time.sleep(max(0.0, due - time.perf_counter()))
                status, body = connection.ask(requests[sent % len(requests)])
                if status != 201:
                    raise RuntimeError(f"{_PATH} answered {status}: {body[:300]!r}")
                sent += 1
            sender.send(sent * _LOGS_PER_REQUEST / (time.perf_counter() - began))
    except (OSError, RuntimeError) as error:
        sender.send(f"The writer ended: {error}")
