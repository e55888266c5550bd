"""Real servers for tests: `assay serve` as a process of its own on a free port, with a data directory of its own.

Import the fixtures in a conftest.py: `from tests.server import server`.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

API_KEY = "testkey0.of-the-test-suite"
_READY_SECONDS = 30.0


@dataclass
class Server:
    """A server process. `restart` keeps its data and its port."""

    data: Path
    api_key: str = API_KEY
    environment: dict[str, str] = field(default_factory=dict)
    url: str = ""
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.data / "server.log"

    @property
    def headers(self) -> dict[str, str]:
        """The header that lets a request in."""
        return {"Authorization": f"Bearer {self.api_key}"}

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        environment = {
            **os.environ,
            "ASSAY_DATA_DIR": str(self.data),
            "ASSAY_API_KEY": self.api_key,
            **self.environment,
        }
        printed_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "assay.cli.main", "serve", "--port", str(self.port)],
                env=environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            found = re.search(rb"http://127\.0\.0\.1:(\d+)", self.log.read_bytes()[printed_before:])
            if found:
                self.port = int(found[1])
                self.url = f"http://127.0.0.1:{self.port}"
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/ready", timeout=5) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            time.sleep(0.02)
        raise RuntimeError(f"the server did not become ready:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """End the process the hard way, as a crash would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask the process to end and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


@contextmanager
def running(**options: object) -> Iterator[Server]:
    """Run a server on a new data directory; it is stopped and its data removed at the end."""
    with tempfile.TemporaryDirectory(prefix="assay-test-") as directory:
        server = Server(Path(directory), **options)  # type: ignore[arg-type]
        server.start()
        try:
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests of a session that leave it running."""
    with running() as started:
        yield started
