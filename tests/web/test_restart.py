"""A server that is killed under open pages, and comes back: nothing is lost, and the pages go on without a reload."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.server import Server
from tests.web.visiting import comes_to, visit

JUDGE = {
    "name": "Slow judge",
    "evaluator_slug": "slow_judge",
    "type": "llm",
    "score_value_type": "numerical",
    "llm_config": {"model": "scripted/latency=0.3", "evaluator_definition": "Is {{output}} right?"},
}


@pytest.fixture
def own_api(own_server: Server) -> Api:
    """A client of the server that is killed."""
    return Api(own_server.url, own_server.api_key)


@pytest.fixture
def own_page(new_page: Callable[..., Page], own_server: Server) -> Page:
    """A page of that server, which may say that it was away."""
    page = new_page(at=own_server)
    page.expects(r"net::ERR_")  # type: ignore[attr-defined]
    return page


def test_a_run_whose_server_was_killed_ends_on_the_open_page(own_page: Page, own_api: Api, own_server: Server) -> None:
    page, api = own_page, own_api
    dataset = api.dataset("Questions", [{"input": f"Question {row}?", "output": "yes"} for row in range(40)])
    api.ok("POST", "/api/evaluators/", JUDGE, status=201)
    body = {"evaluator_slugs": ["slow_judge"], "max_concurrency": 2}
    made = api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create/", body)
    visit(page, f"/ui/datasets/{dataset}/reports/{made['id']}")
    expect(page.get_by_role("article", name="slow_judge")).to_contain_text(re.compile(r"n = \d+ of 40"))
    own_server.kill()
    away = page.get_by_title(re.compile("^The stream of events is interrupted"))
    expect(away).to_be_visible()
    own_server.start()
    expect(page.locator(".page-meta .chip")).to_have_text("✓ completed", timeout=30_000)
    expect(page.get_by_role("article", name="slow_judge")).to_contain_text("n = 40")
    expect(away).to_have_count(0)
    report = api.finished_report(dataset, made["id"])
    assert report["evaluators"][0]["scored_count"] == 40


def test_an_edit_that_the_server_never_got_is_taken_back_and_can_be_sent_again(
    own_page: Page, own_api: Api, own_server: Server
) -> None:
    page, api = own_page, own_api
    dataset = api.dataset("Questions", [{"input": "Why?", "output": "Because"}])
    visit(page, f"/ui/datasets/{dataset}?cols=expected_output")
    cell = page.get_by_role("grid").locator("[data-index] [data-column=expected_output]")

    cell.dblclick()
    page.get_by_label("Edit Expected").fill("Therefore")
    own_server.kill()
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Expected was not saved. The server does not answer")
    expect(cell).to_have_text("–")
    own_server.start()
    page.get_by_role("button", name="Try again").click()
    expect(cell).to_have_text("Therefore")
    comes_to(page, "Therefore", lambda: api.rows(dataset)[0]["expected_output"])


def test_an_editor_that_could_not_be_fetched_says_so_and_opens_later(
    own_page: Page, own_api: Api, own_server: Server
) -> None:
    page, api = own_page, own_api
    dataset = api.dataset("Questions", [{"input": "Why?", "output": "Because"}])
    visit(page, f"/ui/datasets/{dataset}?cols=expected_output")
    cell = page.get_by_role("grid").locator("[data-index] [data-column=expected_output]")
    own_server.kill()
    cell.dblclick()
    expect(page.locator(".toasts")).to_contain_text("The server does not answer")
    own_server.start()
    cell.dblclick()
    expect(page.get_by_label("Edit Expected")).to_be_focused()


def test_a_page_that_found_no_server_goes_on_with_retry(own_page: Page, own_server: Server) -> None:
    page = own_page
    visit(page, "/ui/datasets")
    own_server.kill()
    page.get_by_role("navigation").get_by_role("link", name="Logs").click()
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("server")
    own_server.start()
    problem.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("grid", name="Logs").locator("[data-index]").first).to_be_visible()
