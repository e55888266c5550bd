"""The start: a stranger comes from an empty server to a finished report by the pages alone, in few clicks."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.server import Server


class Stranger:
    """Somebody without documentation, whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: list[str] = []

    def click(self, name: str) -> None:
        """Click the one button or link that reads so."""
        found = self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        )
        found.click()
        self.steps.append(name)


def _told(stranger: Stranger, goal: str) -> None:
    print(f"\n{goal}: {len(stranger.steps)} clicks: {' → '.join(stranger.steps)}")


def test_a_stranger_comes_from_an_empty_server_to_a_finished_report_of_their_own_row(
    new_page: Callable[..., Page], empty_server: Server, screenshot: Callable[..., None], axe: Callable[..., list[str]]
) -> None:
    page = new_page(at=empty_server)
    page.goto("/ui/")
    expect(page).to_have_url(re.compile("/ui/start$"))
    expect(page.get_by_text("1 of 5 steps done")).to_be_visible()
    assert axe(page) == []
    screenshot("start", page)
    stranger = Stranger(page)
    stranger.click("Create it here")
    expect(page.get_by_text("2 of 5 steps done")).to_be_visible()
    stranger.click("Add it here")
    expect(page.get_by_text("3 of 5 steps done")).to_be_visible()
    stranger.click("Run it here")
    expect(page.get_by_text("All five steps are done.")).to_be_visible()
    stranger.click("Open the report")
    expect(page).to_have_url(re.compile("/datasets/.+/reports/.+"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("exact_match")
    api = Api(empty_server.url, empty_server.api_key)
    with closing(api.session):
        (report,) = api.ok("GET", "/api/eval-reports/list/")["results"]
    assert (report["state"], report["log_count"]) == ("completed", 1)
    _told(stranger, "To a report of one's own row")
    assert len(stranger.steps) <= 4


def test_a_stranger_without_data_has_a_finished_report_after_two_clicks(
    new_page: Callable[..., Page], empty_server: Server
) -> None:
    page = new_page(at=empty_server)
    page.goto("/ui/start")
    stranger = Stranger(page)
    stranger.click("Load the demo")
    expect(page.get_by_text("Loaded 4,020 logs and 400 rows.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("All five steps are done.")).to_be_visible(timeout=60_000)
    page.get_by_label("Demo").get_by_role("link", name="Open the report").click()
    stranger.steps.append("Open the report")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Baselines")
    _told(stranger, "To the demo's report")
    assert len(stranger.steps) == 2


def test_the_demo_is_loaded_once(empty_server: Server) -> None:
    api = Api(empty_server.url, empty_server.api_key)
    with closing(api.session):
        assert api.ok("GET", "/api/demo/") == {"is_loaded": False, "dataset_id": None, "job": None}
        job = api.ok("POST", "/api/demo/", status=202)
        assert "is being loaded" in api.refused("POST", "/api/demo/", status=409)["detail"]
        while job["state"] == "running":
            job = api.ok("GET", f"/api/jobs/{job['id']}/")
        assert (job["state"], job["done_count"], job["total_count"]) == ("completed", 4420, 4420)
        dataset = api.ok("GET", f"/api/datasets/{job['outcome']['dataset_id']}/")
        assert (dataset["name"], dataset["log_count"]) == ("Job titles", 400)
        assert "is here already" in api.refused("POST", "/api/demo/", status=409)["detail"]
        assert api.ok("GET", "/api/demo/")["dataset_id"] == dataset["id"]
        made = api.ok("POST", "/api/keys/", {"name": "no admin", "scopes": ["write"]}, status=201)
    theirs = Api(empty_server.url, made["api_key"])
    with closing(theirs.session):
        theirs.refused("POST", "/api/demo/", status=403)


def test_a_key_made_here_stands_in_the_calls_which_work_as_they_are(
    new_page: Callable[..., Page], empty_server: Server
) -> None:
    page = new_page(at=empty_server)
    page.goto("/ui/start")
    page.get_by_role("button", name="Create a key").click()
    expect(page.locator(".start-secret")).to_be_visible()
    secret = page.locator(".start-secret").inner_text()
    call = page.get_by_role("region", name="curl code")
    expect(call).to_contain_text(f"Bearer {secret}")
    page.get_by_role("button", name="SDK", exact=True).click()
    shown = page.get_by_role("region", name="SDK code").inner_text()
    made: dict[str, Any] = {}
    # Our own page wrote it: it must run as it stands.
    exec(shown, made)  # noqa: S102
    made["client"].close()
    expect(page.get_by_text("2 of 5 steps done")).to_be_visible()
    expect(page.get_by_role("link", name="open").first).to_have_attribute("href", re.compile(made["dataset"].id))
