"""Fetching the demo's rows from where they were published; `assay.demo.rows` has them for machines without network.

The file is `soc_codes/samples.jsonl` of the PyPI package evals (MIT licence).
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from assay.demo.rows import DemoData, bundled

PACKAGE = "evals"
VERSION = "3.0.1.post1"
MEMBER = "evals/registry/data/soc_codes/samples.jsonl"
DOWNLOAD_SECONDS = 120.0
LEAST_ROWS = 1000


def fetch(cache: Path, timeout_seconds: float = DOWNLOAD_SECONDS) -> DemoData:
    """Return the rows of the published package, downloaded once into `cache` (44 MB); the bundled rows when it fails.

    pip fetches, or uv where there is no pip; both verify what they fetch. Never raises for a
    network that is away: `reason` says what was wrong.
    """
    home = cache / f"{PACKAGE}-{VERSION}"
    try:
        if not _is_here(home):
            _download(home, timeout_seconds)
        with _opened(home) as file:
            rows = tuple(json.loads(line) for line in file)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
        return bundled(_explained(error))
    if len(rows) < LEAST_ROWS:
        return bundled(f"the downloaded file has {len(rows)} rows")
    return DemoData(rows, f"PyPI package {PACKAGE} {VERSION}, {MEMBER.removeprefix('evals/registry/data/')}")


def _is_here(home: Path) -> bool:
    return (home / MEMBER).is_file() or any(home.glob("*.whl"))


@contextmanager
def _opened(home: Path) -> Iterator[IO[bytes]]:
    """Open the data file, unpacked or inside the wheel."""
    if (home / MEMBER).is_file():
        with (home / MEMBER).open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(next(home.glob("*.whl"))) as wheel, wheel.open(MEMBER) as member:
        yield member


def _download(home: Path, timeout_seconds: float) -> None:
    """Fetch the package into a directory beside `home`, then move it there: a broken download leaves nothing."""
    partial = home.with_name(home.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    command = _download_command(partial)
    try:
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout_seconds)  # noqa: S603
        shutil.rmtree(home, ignore_errors=True)
        partial.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _download_command(directory: Path) -> list[str]:
    """Return the program that puts the package into a directory: pip, else uv, else the pip that Python carries.

    Environments made by uv have no pip, and uv itself is often not on the path; ensurepip's wheel runs as it is.
    Raises FileNotFoundError when there is none of the three.
    """
    wanted = ["--no-deps", "--only-binary", ":all:", "--quiet", f"{PACKAGE}=={VERSION}"]
    patience = ["--no-input", "--disable-pip-version-check", "--retries", "1", "--timeout", "10"]
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "download", "--dest", str(directory), *patience, *wanted]
    if (uv := shutil.which("uv")) is not None:
        return [uv, "pip", "install", "--python", sys.executable, "--target", str(directory), *wanted]
    carrier = importlib.util.find_spec("ensurepip")
    wheels = sorted(Path(carrier.origin).parent.glob("_bundled/pip-*.whl")) if carrier and carrier.origin else []
    if wheels:
        return [sys.executable, str(wheels[-1] / "pip"), "download", "--dest", str(directory), *patience, *wanted]
    raise FileNotFoundError("neither pip nor uv is installed here")


def _explained(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the download took longer than {error.timeout:.0f} s"
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return (
            lines[-1].strip().removeprefix("ERROR: ") if lines else f"the download ended with code {error.returncode}"
        )
    return str(error) or type(error).__name__
