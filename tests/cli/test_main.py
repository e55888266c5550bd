"""The command as a whole: help, version, global options, and what it imports."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from assay.cli.main import Commands, with_global_options_first
from tests.cli.conftest import SOURCE, Shell


def test_help_names_every_command_in_its_order(bare: Shell) -> None:
    assert re.findall(r"^│ ([a-z]+) ", bare("--help").out, re.MULTILINE) == list(Commands.mounted)


def test_the_version_is_one_line(bare: Shell) -> None:
    assert bare("--version").out.startswith("assay ")
    assert len(bare("--version").out.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("datasets", "--help"), ("reports", "run", "--help")]
)
def test_help_imports_neither_client_nor_server(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['assay', *{list(arguments)}]\n"
        "from assay.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert not loaded & {"httpx2", "msgspec", "fastapi", "apsw", "sqlalchemy", "numpy", "uvicorn"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["datasets", "list", "--base-url", "u"], ["--base-url", "u", "datasets", "list"]),
        (["datasets", "--api-key=k", "list"], ["--api-key=k", "datasets", "list"]),
        (["datasets", "show", "--", "--api-key", "k"], ["datasets", "show", "--", "--api-key", "k"]),
        (["datasets", "list", "--api-key"], ["--api-key", "datasets", "list"]),
        ([], []),
    ],
)
def test_global_options_are_understood_anywhere(given: list[str], expected: list[str]) -> None:
    assert with_global_options_first(given) == expected


def test_a_misspelt_command_is_wrong_usage_and_the_right_one_is_offered(bare: Shell) -> None:
    ended = bare("datsets", code=2)
    assert "datasets" in ended.err
    assert ended.out == ""


def test_no_server_is_one_line_and_exit_code_1(bare: Shell) -> None:
    ended = bare("datasets", "list", "--base-url", "http://127.0.0.1:9", "--api-key", "k", code=1)
    assert ended.out == ""
    assert ended.err == (
        "Error: cannot reach http://127.0.0.1:9 — is the server running? start it with `assay serve`\n"
    )


def test_no_key_is_one_line_that_says_how_to_give_one(bare: Shell) -> None:
    ended = bare("datasets", "list", code=1)
    assert len(ended.err.splitlines()) == 1
    assert "ASSAY_API_KEY" in ended.err
    assert "--api-key" in ended.err
