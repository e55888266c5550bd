"""`import assay`: everything that is promised is there, and nothing is imported before it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import assay

SOURCE = str(Path(__file__).resolve().parents[2] / "src")


@pytest.mark.parametrize("name", assay.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(assay, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Datasett'"):
        _ = assay.Datasett


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages in a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    environment = os.environ | {"PYTHONPATH": SOURCE}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return set(done.stdout.split())


def test_importing_assay_imports_nothing_from_outside() -> None:
    assert not loaded_after("import assay; assay.__version__") & {"httpx2", "msgspec", "typer", "rich", "pydantic"}


def test_the_client_needs_httpx2_and_msgspec_and_nothing_of_the_server() -> None:
    loaded = loaded_after("from assay import Client; Client(api_key='k').close()")
    assert {"httpx2", "msgspec"} <= loaded
    assert not loaded & {"pydantic", "fastapi", "starlette", "apsw", "sqlalchemy", "numpy", "typer", "uvicorn"}
