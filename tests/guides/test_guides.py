"""Every code block of README.md and of docs/guides is run against a real server, and every shown answer is compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from tests.guides.pages import PAGES, ROOT, blocks_of, differences, missing_lines
from tests.guides.runner import Runner
from tests.server import Server

TUTORIAL = ROOT / "docs" / "guides" / "datasets-via-api.md"
MOST_MARKED = 12


def runner(page: Path, directory: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Runner:
    environment = {"ASSAY_BASE_URL": server.url, "ASSAY_API_KEY": server.api_key, "NO_PROXY": "127.0.0.1"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Runner(page, directory, environment)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_runs_and_answers_as_shown(
    page: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = runner(page, tmp_path, server, monkeypatch)
    for block in blocks_of(page):
        if block.reason is None:
            reader.run(block)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    marked = [(page.name, block.line, block.reason) for page in PAGES for block in blocks_of(page) if block.reason]
    marks = sum(page.read_text().count("<!-- not run") for page in PAGES)
    assert marks == len(marked), "a mark does not stand directly above a block"
    assert len(marked) <= MOST_MARKED, marked


def test_every_fence_is_read() -> None:
    for page in PAGES:
        fences = len(re.findall(r"^\s*(```|~~~)", page.read_text(), re.MULTILINE))
        assert fences == 2 * len(list(blocks_of(page))), page


def test_every_guide_can_be_found_from_the_readme() -> None:
    links = re.findall(r"\((docs/guides/[\w-]+\.md)\)", (ROOT / "README.md").read_text())
    assert sorted(links) == [str(page.relative_to(ROOT)) for page in PAGES if page.parent.name == "guides"]


def test_links_between_guides_lead_somewhere() -> None:
    for page in PAGES:
        links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
        assert [link for link in links if not (page.parent / link).exists()] == [], page


def test_the_tutorial_gets_the_statuses_and_bodies_of_the_contract(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[requests.Response] = []
    send = requests.Session.request

    def recorded(self: requests.Session, method: str, url: str, **options: object) -> requests.Response:
        answers.append(send(self, method, url, **options))  # type: ignore[arg-type]
        return answers[-1]

    monkeypatch.setattr(requests.Session, "request", recorded)
    reader = runner(TUTORIAL, tmp_path, server, monkeypatch)
    for block in blocks_of(TUTORIAL):
        reader.run(block)

    def of(method: str, ending: str) -> list[requests.Response]:
        dataset = f"/api/datasets/{created.json()['id']}/"
        return [
            answer
            for answer in answers
            if answer.request.method == method and (answer.request.path_url or "") == dataset + ending
        ]

    created = answers[0]
    assert (created.status_code, created.request.path_url) == (201, "/api/datasets/")
    assert created.json()["status"] == "ready"
    assert all(answer.status_code == 201 and answer.json()["unique_id"] for answer in of("POST", "logs/"))
    assert len(of("POST", "logs/")) == 3
    assert of("GET", "logs/list/")[0].json()["count"] == 3
    assert [answer.status_code for answer in of("POST", "eval-reports/create")] == [200]
    assert of("PATCH", "")[0].json()["id"] == created.json()["id"]
    removed = of("DELETE", "logs/delete/")[0]
    assert (removed.status_code, "message" in removed.json()) == (200, True)
    deleted = of("DELETE", "")[0]
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert of("GET", "")[-1].status_code == 404
    assert not any(answer.history for answer in answers)


@pytest.mark.parametrize(
    ("shown", "real", "is_right"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"b": 1}, False),
        ([{"a": "x"}], [{"a": "x"}, {"a": "y"}], True),
        ([1, 2], [1], False),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2031-12-31T23:59:59.123456Z"}, True),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": None}, False),
        ({"id": "0" * 32}, {"id": "f" * 32}, True),
        ({"id": "0" * 32}, {"id": "short"}, False),
    ],
)
def test_a_shown_answer_is_compared_up_to_what_is_new_in_every_run(shown: object, real: object, is_right: bool) -> None:
    assert (list(differences(shown, real)) == []) is is_right


def test_shown_output_is_compared_line_by_line() -> None:
    assert missing_lines("Imported 2 rows.\n...\n", "Imported 2  rows.\nDone.\n") == []
    assert missing_lines("Imported 3 rows.", "Imported 2 rows.") == ["Imported 3 rows."]


def test_a_block_in_no_known_language_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```ruby\nputs 1\n```\n\n<!-- not run: shown only -->\n```ruby\nputs 2\n```\n")
    first, second = blocks_of(page)
    assert (first.reason, second.reason) == (None, "shown only")
    with pytest.raises(AssertionError, match="neither run nor marked"):
        Runner(ROOT / "README.md", tmp_path, {}).run(first)
