"""The list of all eval reports: what each says, filtered, sorted, exported, and moving while one runs."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.server import Server
from tests.web.visiting import visit


def test_a_report_is_listed_with_its_scores_and_leads_to_its_page(
    page: Page,
    api: Api,
    demo_dataset: str,
    demo_report: str,
    axe: Callable[..., list[str]],
    screenshot: Callable[..., None],
) -> None:
    visit(page, "/ui/reports")
    row = page.get_by_role("grid", name="Eval reports").get_by_role("row", name=re.compile("Baselines"))
    judge = api.ok("GET", f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}/")["evaluators"][0]
    interval = judge["summary"]["confidence_interval"]
    expect(row).to_contain_text(f"{judge['score']:.3f} ± {(interval['upper'] - interval['lower']) / 2:.3f}")
    expect(row).to_contain_text("Job titles v1")
    expect(row).to_contain_text("✓ completed")
    assert axe(page) == []
    screenshot("reports-list")
    row.get_by_role("link", name="Baselines").click()
    expect(page).to_have_url(re.compile(f"/ui/datasets/{demo_dataset}/reports/{demo_report}$"))


def test_enter_opens_the_highlighted_report(page: Page, demo_report: str) -> None:
    visit(page, "/ui/reports")
    page.get_by_role("grid", name="Eval reports").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/reports/{demo_report}|/reports/[0-9a-f-]{{36}}$"))


def test_the_filter_is_in_the_address_and_what_matches_nothing_can_be_cleared(page: Page) -> None:
    visit(page, "/ui/reports")
    page.keyboard.press("/")
    page.keyboard.type("status:failed")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No report matches")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=status%3Afailed"))
    page.get_by_role("button", name="Clear the filter").click()
    expect(page.get_by_role("row", name=re.compile("Baselines"))).to_be_visible()


def test_without_a_report_the_page_leads_to_running_one(
    new_page: Callable[..., Page], empty_server: Server, screenshot: Callable[..., None]
) -> None:
    page = new_page(at=empty_server)
    visit(page, "/ui/reports")
    expect(page.get_by_role("heading", name="No eval report yet")).to_be_visible()
    screenshot("reports-empty", page)
    page.get_by_role("main").get_by_role("link", name="Run eval").last.click()
    expect(page).to_have_url(re.compile("/ui/datasets"))


def test_a_report_that_begins_meanwhile_waits_behind_a_button(
    new_page: Callable[..., Page], own_server: Server
) -> None:
    api = Api(own_server.url, own_server.api_key)
    page = new_page(at=own_server)
    visit(page, "/ui/reports")
    grid = page.get_by_role("grid", name="Eval reports")
    expect(grid.get_by_role("row", name=re.compile("Baselines"))).to_be_visible()
    dataset = api.dataset("Letters", [{"input": "Dear", "output": "Sir"}])
    human = {"name": "Polite", "evaluator_slug": "polite", "type": "human", "score_value_type": "boolean"}
    api.ok("POST", "/api/evaluators/", human, status=201)
    body = {"evaluator_slugs": ["polite"], "name": "Asks people"}
    api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create/", body)
    news = page.get_by_role("button", name="1 new report · show")
    expect(news).to_be_visible()
    expect(grid.get_by_role("row", name=re.compile("Asks people"))).to_have_count(0)
    news.click()
    expect(grid.get_by_role("row", name=re.compile("Asks people"))).to_contain_text("waiting for people")
