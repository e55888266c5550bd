"""The synchronous client is the asynchronous one, written by the generator and by nobody else."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_sync_sdk", ROOT / "scripts" / "generate_sync_sdk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_files_are_what_the_generator_writes(generator: ModuleType) -> None:
    for path, text in generator.generated_files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run scripts/generate_sync_sdk.py"


def test_both_sides_have_the_same_files() -> None:
    sides = [{path.name for path in (ROOT / "src/assay/sdk" / side).glob("*.py")} for side in ("_async", "_sync")]
    assert sides[0] == sides[1]


def test_keywords_and_names_are_turned_and_literals_are_left(generator: ModuleType) -> None:
    source = (
        "class AsyncThing:\n"
        '    """AsyncThing: call `await thing.go()`."""\n'
        "\n"
        "    async def __aenter__(self):\n"
        "        async with self.lock, other:\n"
        "            async for part in await self.aclose(  # await nothing\n"
        '                "an async_name and a plain async"\n'
        "            ):\n"
        "                awaited = [await one async for one in part]\n"
    )
    assert generator.synchronous(source) == (
        "class Thing:\n"
        '    """Thing: call `thing.go()`."""\n'
        "\n"
        "    def __enter__(self):\n"
        "        with self.lock, other:\n"
        "            for part in self.close(  # nothing\n"
        '                "an async_name and a plain async"\n'
        "            ):\n"
        "                awaited = [one for one in part]\n"
    )
