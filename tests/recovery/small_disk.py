"""A disk of a few megabytes, a server on it, and what takes its space away. Import the fixtures where they are used."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A directory that holds no more than a few megabytes."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    with tempfile.TemporaryDirectory(prefix="assay-disk-") as directory:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", directory], check=False)
        if mounted.returncode:
            pytest.skip("no file system can be mounted here")
        try:
            yield Path(directory)
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


@pytest.fixture
def server(small_disk: Path) -> Iterator[Server]:
    """A server whose disk will be full."""
    started = Server(small_disk)
    started.start()
    yield started
    if started.process is not None and started.process.poll() is None:
        started.kill()


def fill(disk: Path, *, left_bytes: int = 0) -> Path:
    """Leave so few bytes free and return the file that takes the space."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            file.truncate(file.tell() - left_bytes)
    return ballast
