"""Runs a user's program in an environment of its own, and reads the traces that it leaves on the server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server import Server

ROOT = Path(__file__).parents[2]
_PROGRAMS = Path(__file__).parent / "programs"
_LONGEST_SECONDS = 120

Span = dict[str, Any]


def start_program(name: str, environment_name: str, settings: Mapping[str, str], home: Path) -> subprocess.Popen[str]:
    """Start a program with nothing but its own settings, its standard streams as pipes."""
    python = ROOT / ".exporters" / environment_name / "bin" / "python"
    if not python.exists():
        message = f"{python} is missing: type `sh scripts/bootstrap.sh exporters`"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    outside = {"PATH": os.defpath, "HOME": str(home), "NO_PROXY": "127.0.0.1", "OPENAI_API_KEY": "sk-scripted"}
    return subprocess.Popen(
        [str(python), str(_PROGRAMS / f"{name}_program.py")],
        env={**outside, **settings},
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_program(name: str, environment_name: str, settings: Mapping[str, str], home: Path) -> list[list[str]]:
    """Run a program to its good end; return the words of each line that it printed."""
    with start_program(name, environment_name, settings, home) as program:
        try:
            printed, complaints = program.communicate(timeout=_LONGEST_SECONDS)
        finally:
            program.kill()
    assert program.returncode == 0, complaints
    return [line.split() for line in printed.splitlines()]


class Traces:
    """What the server answers about traces, asked with plain requests."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def _get(self, path: str) -> requests.Response:
        return requests.get(f"{self._server.url}/api/{path}", headers=self._server.headers, timeout=30)

    def read(self, trace_id: str) -> dict[str, Any]:
        """Return a trace with its tree of spans."""
        answer = self._get(f"traces/{trace_id}/")
        assert answer.status_code == 200, answer.text
        trace: dict[str, Any] = answer.json()
        assert trace["span_count"] == len(list(spans_of(trace)))
        return trace

    def is_there(self, trace_id: str) -> bool:
        """Tell whether any span of a trace has arrived."""
        return self._get(f"traces/{trace_id}/").status_code == 200

    def log(self, span: Span) -> dict[str, Any]:
        """Return the request log that a span of a tree is."""
        answer = self._get(f"request-logs/{span['unique_id']}/")
        assert answer.status_code == 200, answer.text
        log: dict[str, Any] = answer.json()
        return log


def spans_of(trace: Mapping[str, Any]) -> Iterator[Span]:
    """Yield the spans of a tree, parents first."""

    def walk(spans: list[Span]) -> Iterator[Span]:
        for span in spans:
            yield span
            yield from walk(span["children"])

    return walk(trace["span_tree"])


def shape_of(spans: list[Span]) -> list[Any]:
    """Return a tree as nested names."""
    return [[span["span_name"], *shape_of(span["children"])] for span in spans]
