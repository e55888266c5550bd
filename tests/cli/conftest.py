"""Fixtures of the command line's tests: the real command in a process of its own, against the real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assay.sdk import Client
from assay.sdk.types import Dataset
from tests.server import server

__all__ = ["server"]

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs `assay` with an environment of its own; no terminal on any side."""

    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, input: str = "", code: int | None = 0, timeout_seconds: float = 120) -> Ended:
        """Run a command; `code` is the exit code it must have, None for any."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        done = subprocess.run(
            [sys.executable, "-m", "assay.cli.main", *arguments],
            input=input,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout_seconds,
            env=outside | {"PYTHONPATH": str(SOURCE), "NO_COLOR": "1", "COLUMNS": "80"} | self.environment,
        )
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert code is None or ended.code == code, ended
        return ended


@pytest.fixture
def bare() -> Shell:
    """The command without address and key."""
    return Shell()


@pytest.fixture
def assay(server: Any) -> Shell:
    """The command with address and key of the running server."""
    return Shell({"ASSAY_BASE_URL": server.url, "ASSAY_API_KEY": server.api_key})


@pytest.fixture
def client(server: Any) -> Iterator[Client]:
    with Client(api_key=server.api_key, base_url=server.url) as made:
        yield made


@pytest.fixture
def dataset(client: Client, request: pytest.FixtureRequest) -> Iterator[Dataset]:
    """A dataset of three rows under a name of its own."""
    made = client.datasets.create(f"Refunds [{request.node.name}]")
    rows = [
        {"input": f"question {n}", "output": "x" * n, "expected_output": "x", "metadata": {"topic": topic}}
        for n, topic in enumerate(["refund", "refund", "shipping"])
    ]
    client.dataset_logs.bulk_create(made.id, rows)
    yield made
    client.datasets.delete(made.id)
