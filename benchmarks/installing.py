"""Figures of the installation: size and number of distributions of a new environment with the server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.options import Options
from benchmarks.server import MEGABYTE

_CHECKOUT = Path(__file__).parent.parent


def install(options: Options) -> Iterator[Measurement]:
    """Megabytes and distributions of a virtual environment that holds the package with its server extra."""
    with tempfile.TemporaryDirectory(prefix="assay-benchmark-") as directory:
        _install(Path(directory))
        packages = next(Path(directory).glob("lib/python*/site-packages"))
        sizes = {path: path.stat().st_size for path in packages.rglob("*") if path.is_file()}
        parts: Counter[str] = Counter()
        for path, size in sizes.items():
            parts[path.relative_to(packages).parts[0]] += size
        compiled = sum(size for path, size in sizes.items() if path.suffix == ".pyc")
        count = sum(1 for part in packages.glob("*.dist-info") if not part.name.startswith("pip-"))
    total = (sum(sizes.values()) / MEGABYTE,)
    largest = "largest: " + ", ".join(f"{name} {size / MEGABYTE:.0f}" for name, size in parts.most_common(4))
    yield Measurement("install", "installed size, bytecode included", "MB", total, 260, "lower", largest)
    yield Measurement("install", "of it bytecode", "MB", (compiled / MEGABYTE,))
    yield Measurement("install", "distributions, Assay included", "", (count,), 45)


def _install(directory: Path) -> None:
    """Make the environment: with uv where there is one, else with pip; either compiles bytecode."""
    requirement = f"{_CHECKOUT}[server]"
    python = directory / "bin" / "python"
    uv = os.environ.get("UV") or shutil.which("uv") or shutil.which(_CHECKOUT / ".tools" / "bin" / "uv")
    if uv:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(directory)])
        _run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), requirement])
        return
    _run([sys.executable, "-m", "venv", str(directory)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement])
    # pip itself is no part of what was installed.
    _run([str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools"])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}:\n{done.stderr[-2000:]}")
