"""A package with evaluators, built and installed as its users would: listed, run, and what is broken in it left out."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.client import Api
from tests.server import Server, running

PACKAGE = Path(__file__).parents[1] / "plugin"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in whose environment the package is installed."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    built = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.iterdir()
    zipfile.ZipFile(wheel).extractall(site)
    with running(environment={"PYTHONPATH": str(site)}) as started:
        yield started


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[Api]:
    client = Api(server.url, server.api_key)
    yield client
    client.close()


def test_its_evaluators_are_listed_beside_those_that_come_with_assay(api: Api) -> None:
    listed = api.ok("GET", "/api/evaluators/?page_size=100")["results"]
    by_slug = {evaluator["evaluator_slug"]: evaluator for evaluator in listed}
    assert by_slug.keys() >= {"says_please", "exclamation_marks", "char_count_eval"}
    assert by_slug["says_please"]["score_value_type"] == "boolean"


def test_its_evaluators_run_over_a_dataset(api: Api) -> None:
    rows: list[dict[str, Any]] = [
        {"input": "q", "output": "Thank you!!"},
        {"input": "q", "output": "No"},
        {"input": "q", "output": {"no": "text"}},
    ]
    dataset = api.dataset("polite", rows)
    body = {"evaluator_slugs": ["says_please", "exclamation_marks"]}
    report = api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create/", body)
    url = f"/api/datasets/{dataset}/eval-reports/{report['id']}/"
    deadline = time.monotonic() + 30
    while (found := api.ok("GET", url))["status"] in ("pending", "running"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert found["status"] == "completed"
    found_rows = [row["scores"] for row in api.ok("GET", f"{url}rows/")["results"]]
    assert [(row["says_please"]["status"], row["says_please"]["score"]) for row in found_rows] == [
        ("scored", True),
        ("scored", False),
        ("skipped", None),
    ]
    assert [(row["exclamation_marks"]["status"], row["exclamation_marks"]["score"]) for row in found_rows] == [
        ("scored", 2.0),
        ("scored", 0.0),
        ("failed", None),
    ]


def test_what_is_broken_in_it_is_left_out_and_the_log_says_so(server: Server, api: Api) -> None:
    api.ok("GET", "/api/evaluators/")
    printed = server.log.read_text()
    assert "Plug-in broken (assay_politeness.broken:EVALUATOR) cannot be loaded; it is left out." in printed
    assert "this plug-in is broken" in printed
    assert "Plug-in mistaken (assay_politeness:NOT_AN_EVALUATOR) offers a str" in printed
