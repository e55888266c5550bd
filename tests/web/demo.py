"""The demo's data, made once for all processes of a test run by `assay demo` itself."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server import Server


def make_demo(directory: Path) -> Path:
    """Return a data directory with the demo's logs, dataset and report; `directory` is shared by the processes."""
    data = directory / "demo"
    with (directory / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            partial = directory / "demo.partial"
            command = [sys.executable, "-m", "assay.cli.main", "demo", "--offline", "--exit", "--data", str(partial)]
            made = subprocess.run(command, env={**os.environ, "COLUMNS": "120"}, capture_output=True, text=True)
            assert made.returncode == 0, f"assay demo failed:\n{made.stdout}\n{made.stderr}"
            partial.rename(data)
    return data


@contextmanager
def demo_server(demo: Path, directory: Path, **environment: str) -> Iterator[Server]:
    """Run a server on a copy of the demo's data; it ends with the block."""
    shutil.copytree(demo, directory, dirs_exist_ok=True)
    server = Server(directory, environment=environment)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
