"""The floors and doors of ARCHITECTURE.md, executed by import-linter over the checkout's own source."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / ".importlinter"
LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT, "--config", str(CONFIGURATION), "--no-cache"]
    environment = {"PYTHONPATH": str(source), "PYTHONUTF8": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, timeout=120)


def copy_of_the_source(directory: Path) -> Path:
    for file in (ROOT / "src").rglob("*.py"):
        target = directory / file.relative_to(ROOT / "src")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    return directory


def test_every_file_imports_only_what_its_floor_allows() -> None:
    result = lint(ROOT / "src")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "statement", "broken_contract"),
    [
        ("model/intruder.py", "import assay.services", "A file imports only from floors below its own"),
        ("services/intruder.py", "import assay.engine", "A file imports only from floors below its own"),
        ("garage/__init__.py", "", "A file imports only from floors below its own"),
        ("sdk/intruder.py", "import assay.wire", "The client and the command line import nothing of the server"),
        ("cli/intruder.py", "import assay.assembly", "The client and the command line import nothing of the server"),
        ("cli/intruder.py", "import apsw", "The client and the command line import nothing of the server"),
        ("api/intruder.py", "import assay.stores", "Only assembly names a concrete store"),
        ("services/intruder.py", "import pydantic", "Pydantic describes what travels"),
        ("services/intruder.py", "import starlette.requests", "Only api and web know that there is a web framework"),
        ("services/intruder.py", "import sqlalchemy", "Only stores know that there are databases"),
    ],
)
def test_a_file_on_the_wrong_floor_is_named(tmp_path: Path, module: str, statement: str, broken_contract: str) -> None:
    source = copy_of_the_source(tmp_path)
    intruder = source / "assay" / module
    intruder.parent.mkdir(parents=True, exist_ok=True)
    intruder.write_text(f'"""A file that breaks a rule."""\n{statement}\n')
    result = lint(source)
    _, _, broken_contracts = result.stdout.partition("Broken contracts")
    assert result.returncode == 1, result.stdout + result.stderr
    assert broken_contract in broken_contracts, result.stdout
    assert "assay." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".") in broken_contracts
