"""What ARCHITECTURE.md and docs/decisions say about the tree, held against the tree."""

import configparser
import json
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
DECISIONS = ROOT / "docs" / "decisions"
FLOORS = re.search(r"```floors\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text(), re.DOTALL)


def floors_of_the_page() -> list[list[str]]:
    assert FLOORS, "ARCHITECTURE.md has lost its block of floors"
    return [line.split(maxsplit=1)[1].split(" | ") for line in FLOORS[1].splitlines()]


def floors_of_the_contract() -> list[list[str]]:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    return [line.split(" | ") for line in contract["importlinter:contract:floors"]["layers"].strip().splitlines()]


def test_the_page_draws_the_floors_that_the_contract_executes() -> None:
    assert floors_of_the_page() == floors_of_the_contract()


@pytest.mark.parametrize("package", [name for floor in floors_of_the_contract() for name in floor])
def test_a_package_in_parentheses_is_planned_and_every_other_one_exists(package: str) -> None:
    planned = package.startswith("(")
    name = package.strip("()")
    exists = any((ROOT / "src" / "assay" / place).exists() for place in (f"{name}.py", f"{name}/__init__.py"))
    assert exists is not planned


def test_the_index_lists_every_decision_under_its_title() -> None:
    listed = re.findall(r"\[(.+?)\]\((.+?\.md)\)", (DECISIONS / "README.md").read_text())
    titles = {
        path.name: path.read_text().splitlines()[0] for path in DECISIONS.glob("*.md") if path.name != "README.md"
    }
    assert {file: title for title, file in listed} == {
        file: re.sub(r"^# (\d+\. )?", "", title) for file, title in titles.items()
    }


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    inputs = [path.read_text().splitlines() for path in (ROOT / "requirements").glob("*.in")]
    lines = [*project["dependencies"], *chain.from_iterable([*extras.values(), *inputs])]
    named = {Requirement(text).name for line in lines if (text := line.partition("#")[0].strip())}
    named |= set(json.loads((ROOT / "web-tools" / "package.json").read_text())["devDependencies"])
    rows = re.findall(r"^\| (.+?) \|", (DECISIONS / "dependencies.md").read_text(), re.MULTILINE)
    explained = {re.sub(r"\[.+\]", "", name) for row in rows for name in row.split(", ")} - {"Package", "---"}
    assert named == explained


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *DECISIONS.glob("*.md")], ids=lambda page: str(page.relative_to(ROOT))
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
