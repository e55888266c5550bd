"""A server under measurement: `assay serve` as a process of its own, and what Linux says of its time and memory."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.client import Connection, request

API_KEY = "benchkey.of-the-benchmarks"
_READY_SECONDS = 60.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000


class Server:
    """A running server with its own data directory. `address` is (host, port)."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address: tuple[str, int] = probe.getsockname()
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process and return at once."""
        environment = {**os.environ, "ASSAY_API_KEY": API_KEY}
        # PYTHONDONTWRITEBYTECODE, common in containers, would make every start compile every module again.
        for name in ("ASSAY_DATABASE_URL", "ASSAY_DATA_DIR", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        command = Path(sys.executable).with_name("assay")
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(command), "serve", "--port", str(self.address[1]), "--data", str(self.data)],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Return when /health answers 200; raises RuntimeError with the end of the log when the process ends first."""
        deadline = time.monotonic() + _READY_SECONDS
        asked = request("GET", "/health")
        while time.monotonic() < deadline and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(OSError), Connection(self.address) as connection:
                if connection.ask(asked)[0] == 200:
                    return
            time.sleep(0.002)
        printed = (self.data / "server.log").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"The server did not answer:\n{printed}")

    def stop(self) -> None:
        """End the process as an operator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    @property
    def pid(self) -> int:
        """The process id."""
        if self.process is None:
            raise RuntimeError("The server was not launched.")
        return self.process.pid

    def cpu_seconds(self) -> float:
        """Return the user and system time that the process has used so far (steps of 10 ms)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def memory_mb(self, name: str = "VmRSS") -> float:
        """Return a size from /proc/<pid>/status: VmRSS (resident), VmHWM (its peak), RssAnon (without file pages)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024 / MEGABYTE
        raise RuntimeError(f"/proc/{self.pid}/status has no {name}.")


@contextlib.contextmanager
def started(data: Path | None = None) -> Iterator[Server]:
    """Run a server on a new data directory (or the given one), ready for requests; it is stopped at the end."""
    with contextlib.ExitStack() as stack:
        if data is None:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-benchmark-")))
        server = Server(data)
        server.launch()
        stack.callback(server.stop)
        server.wait()
        yield server


class PeakMemory:
    """The largest anonymous memory of a server while the block runs, looked at twenty times a second, in MB."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.anonymous_mb = 0.0

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self.anonymous_mb = max(self.anonymous_mb, self._server.memory_mb("RssAnon"))

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
