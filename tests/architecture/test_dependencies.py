"""Which third-party packages each floor may import, and that every one of them is declared."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "assay"
OURS = {"assay", "tests", "benchmarks"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def third_party_imports(place: Path) -> Iterator[tuple[str, str]]:
    """Yield (place, top-level name) of each import that is neither ours nor Python's, wherever in a file it stands."""
    for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        for node in ast.walk(ast.parse(file.read_text(), filename=str(file))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - OURS:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", name


def declared(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("model", set()),
        ("settings.py", set()),
        ("ports", set()),
        ("providers", {"genai_prices", "httptools", "httpx2", "msgspec", "nacl"}),
        ("filters", {"msgspec", "re2"}),
        ("statistics", {"numpy", "scipy"}),
        ("services", set()),
        ("sdk", {"httpx2", "msgspec"}),
    ],
)
def test_the_inner_floors_import_no_more_than_they_need(place: str, allowed: set[str]) -> None:
    assert (PACKAGE / place).exists(), f"src/assay/{place} is gone: give its rule to what took its place"
    assert [found for found in third_party_imports(PACKAGE / place) if found[1] not in allowed] == []


def not_among(names: set[str], imports: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    distributions = packages_distributions()
    return [
        found for found in imports if not names & {canonicalize_name(name) for name in distributions.get(found[1], [])}
    ]


def test_every_package_that_the_source_imports_is_declared() -> None:
    extras: dict[str, list[str]] = PROJECT["optional-dependencies"]
    names = declared([*PROJECT["dependencies"], *chain.from_iterable(extras.values())])
    # Parts that a declared package documents as its own face: FastAPI's and jsonschema's.
    names |= {"starlette", "jsonschema-specifications"}
    assert not_among(names, third_party_imports(PACKAGE)) == []


def pins(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return {line.removesuffix(" \\") for line in lines if line[:1].isalnum()}


def test_every_package_that_the_tests_import_is_pinned() -> None:
    names = {canonicalize_name(pin.partition("==")[0]) for pin in pins("dev.txt")}
    # Programs of users with exporters of their own run in environments of their own, where an import shows by itself.
    found = (item for item in third_party_imports(ROOT / "tests") if "/clients/programs/" not in item[0])
    assert not_among(names, found) == []


def test_the_pins_of_the_server_are_among_the_pins_of_the_tests() -> None:
    # The version counts: a tool may want everywhere what the server wants on one system only.
    assert {pin.partition(" ;")[0] for pin in pins("server.txt")} <= {pin.partition(" ;")[0] for pin in pins("dev.txt")}


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_the_pins_name_no_index_and_no_machine(path: Path) -> None:
    lines = path.read_text().splitlines()
    foreign = ("://", "--index", "--extra-index", "--find-links", "--trusted-host", "/home/", "@ ")
    assert [line for line in lines if any(mark in line for mark in foreign)] == []
    assert 0 < len(pins(path.name)) <= sum("--hash=sha256:" in line for line in lines)
