"""The base install is the client and the command line: they start where nothing of the server is installed."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BASE: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

# Runs in a fresh interpreter. A name that the base install lacks fails to import as if it were not installed.
WITHOUT_EXTRAS = """
import importlib, json, sys

absent = set(json.loads(sys.argv[1]))

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


def base_install() -> set[str]:
    """Return the canonical names of the base dependencies and of all that they need, in turn, on this machine."""
    waiting = [Requirement(text) for text in BASE]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            needs = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue
        found.add(name)
        extras = {"", *requirement.extras}
        waiting += [
            need for need in needs if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def absent_without_extras() -> list[str]:
    base = base_install()
    return sorted(
        name
        for name, distributions in packages_distributions().items()
        if name.isidentifier()
        and name not in sys.stdlib_module_names
        and name != "assay"
        and not base & {canonicalize_name(distribution) for distribution in distributions}
    )


def run_without_extras(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", WITHOUT_EXTRAS + f"sys.path.insert(0, {str(ROOT / 'src')!r})\n" + code]
    return subprocess.run([*command, json.dumps(absent_without_extras())], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", ["fastapi", "sqlalchemy", "apsw", "numpy", "re2", "psycopg"])
def test_the_check_does_hide_the_server(name: str) -> None:
    result = run_without_extras(f"import {name}")
    assert result.returncode == 1
    assert f"No module named '{name}'" in result.stderr


def test_the_package_imports_without_extras() -> None:
    result = run_without_extras("import assay; [getattr(assay, name) for name in getattr(assay, '__all__', ())]")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("package", ["assay.model", "assay.sdk"])
def test_every_module_of_the_client_imports_without_extras(package: str) -> None:
    result = run_without_extras(
        f"import pkgutil; package = importlib.import_module({package!r})\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
    )
    assert result.returncode == 0, result.stderr


def test_the_command_line_shows_its_help_without_extras() -> None:
    result = run_without_extras("from assay.cli.main import main; sys.argv = ['assay', '--help']; main()")
    assert result.returncode == 0, result.stderr
    assert "serve" in result.stdout
