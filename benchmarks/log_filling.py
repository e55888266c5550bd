"""Many request logs in a data directory: recorded over HTTP by several processes, indexed, and kept for another run."""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from benchmarks import log_data
from benchmarks.client import Address, Connection
from benchmarks.server import API_KEY, Server, started

BATCH_PATH = "/api/request-logs/batch/create"
_BATCH = 1_000
_PROCESSES = 2
_MOST_INDEX_SECONDS = 1_200.0
_BUSY_MILLISECONDS = 10_000
_processes: Any = multiprocessing.get_context("fork")


def fill(server: Server, count: int, *, first: int = 0) -> None:
    """Record logs `first` to `first + count` of the sequence; raises RuntimeError when one of them is refused."""
    starts = range(first, first + count, _BATCH)
    workers = [
        _processes.Process(target=_record, args=(server.address, starts[lane::_PROCESSES], first + count))
        for lane in range(_PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("The logs could not be recorded: see the traceback above.")
    check_count(server, first + count)


def _record(address: Address, starts: range, end: int) -> None:
    with Connection(address) as connection:
        for start in starts:
            size = min(_BATCH, end - start)
            (data,) = log_data.many_requests(BATCH_PATH, size, size, first=start)
            status, body = connection.ask(data)
            if status != 201 or b'"error_count":0' not in body:
                raise RuntimeError(f"{BATCH_PATH} answered {status}: {body[:500]!r}")


def check_count(server: Server, count: int) -> None:
    """Raise RuntimeError unless the server finds exactly so many logs, now."""
    # What a sampling would take of is always counted to the end.
    window = {"start_time": "2000-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z"}
    with Connection(server.address) as connection:
        found = connection.json("POST", "/api/datasets/", {"name": "all", "dry_run": True, **window}, key=API_KEY)
    if found["matched_count"] != count:
        raise RuntimeError(f"{count} logs were acknowledged, and the server counts {found['matched_count']}.")


def wait_until_indexed(server: Server) -> float:
    """Wait until the text index has every log, and return the seconds that took."""
    began = time.perf_counter()
    raw = apsw.Connection(str(server.data / "logs.db"), flags=apsw.SQLITE_OPEN_READONLY)
    raw.set_busy_timeout(_BUSY_MILLISECONDS)
    behind = "SELECT (SELECT max(sequence) FROM request_log) - (SELECT watermark FROM text_index)"
    try:
        while raw.execute(behind).fetchall()[0][0]:
            if time.perf_counter() - began > _MOST_INDEX_SECONDS:
                raise RuntimeError(f"The text index is not done after {_MOST_INDEX_SECONDS:.0f} s.")
            time.sleep(0.1)
    finally:
        raw.close()
    return time.perf_counter() - began


@contextlib.contextmanager
def filled(count: int, kept: Path | None) -> Iterator[Path]:
    """Give a data directory with so many logs, indexed, its server stopped; it is the caller's to spoil.

    With `kept` the logs are made once and copied from there.
    """
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as directory:
        made = Path(directory)
        if kept is None:
            _make(made, count)
        else:
            source = kept / f"{count}-logs"
            if not source.exists():
                partial = kept / f"{count}-logs.partial"
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(parents=True)
                _make(partial, count)
                partial.rename(source)
            shutil.copytree(source, made, dirs_exist_ok=True)
        yield made


def _make(directory: Path, count: int) -> None:
    with started(directory) as server:
        fill(server, count)
        wait_until_indexed(server)
