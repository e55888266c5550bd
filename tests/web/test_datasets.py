"""The list of datasets: finding, making, deleting them, and running evals from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.server import Server
from tests.web.visiting import comes_to


def _row(page: Page, name: str) -> Any:
    return page.locator(".grid-row", has=page.get_by_role("link", name=name, exact=True))


def test_the_list_shows_rows_and_the_latest_scores_with_their_intervals(
    page: Page, demo_dataset: str, screenshot: Callable[..., None], axe: Callable[..., list[str]]
) -> None:
    page.goto("/ui/datasets")
    row = _row(page, "Job titles").last
    expect(row).to_contain_text("400")
    expect(row).to_contain_text(re.compile(r"demo_plausible \d\.\d+ ± 0\.\d+"))
    expect(row.get_by_role("img", name=re.compile("demo_plausible, the last 1"))).to_be_visible()
    assert axe(page) == []
    screenshot("datasets")
    row.get_by_role("link", name="Job titles").click()
    expect(page).to_have_url(re.compile(f"/ui/datasets/{demo_dataset}"))


def test_an_empty_list_says_what_a_dataset_is_and_names_three_ways_to_one(
    new_page: Callable[..., Page], empty_server: Server, screenshot: Callable[..., None]
) -> None:
    page = new_page(at=empty_server)
    page.goto("/ui/datasets")
    expect(
        page.get_by_text("A dataset is a set of rows (input, output, anything) that you can evaluate.")
    ).to_be_visible()
    for way in ("From logs", "Upload JSONL or CSV", "Try the demo (400 rows)"):
        expect(page.get_by_role("button", name=way)).to_be_visible()
    expect(page.get_by_role("region", name="curl code")).to_contain_text('"is_empty": true')
    screenshot("datasets-empty", page)
    page.get_by_role("button", name="Try the demo (400 rows)").click()
    expect(page.get_by_role("heading", name="Job titles")).to_be_visible(timeout=60_000)


def test_a_new_dataset_is_made_by_its_name_and_the_dialog_shows_the_call(page: Page, api: Api) -> None:
    page.goto("/ui/datasets")
    page.get_by_role("button", name="New dataset").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Create")).to_be_disabled()
    dialog.get_by_label("Name").fill("Made in the list")
    dialog.get_by_text("API call").click()
    expect(dialog.get_by_role("region", name="curl code")).to_contain_text("Made in the list")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Made in the list")).to_be_visible()
    made = page.url.rsplit("/", 1)[-1]
    assert api.ok("GET", f"/api/datasets/{made}/")["log_count"] == 0
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)


def test_the_filter_finds_by_name_and_number_and_stands_in_the_url(page: Page, api: Api) -> None:
    made = api.dataset("Filter me", [{"input": "a", "output": "b"}])
    page.goto("/ui/datasets?q=rows:>100")
    expect(_row(page, "Job titles").last).to_be_visible()
    expect(_row(page, "Filter me")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("x")
    filter_bar = page.get_by_role("combobox", name="Filter")
    filter_bar.fill("filter me")
    filter_bar.press("Enter")
    expect(_row(page, "Filter me")).to_be_visible()
    expect(page).to_have_url(re.compile(r"q=filter(\+|%20)me"))
    filter_bar.fill("no dataset is called that")
    filter_bar.press("Enter")
    expect(page.get_by_text("No dataset matches")).to_be_visible()
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)


def test_a_deleted_dataset_comes_back_while_there_is_time(page: Page, api: Api) -> None:
    made = api.dataset("Delete me")
    page.goto("/ui/datasets")
    page.get_by_role("button", name="Actions of Delete me").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(_row(page, "Delete me")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(_row(page, "Delete me")).to_be_visible()
    assert api.ok("GET", f"/api/datasets/{made}/")["name"] == "Delete me"
    page.get_by_role("button", name="Actions of Delete me").click()
    page.get_by_role("menuitem", name="Delete").click()
    # Leaving the page is the end of the time.
    page.goto("/health")
    comes_to(page, 404, lambda: api("GET", f"/api/datasets/{made}/").status_code)
    page.goto("/ui/datasets")
    expect(_row(page, "Job titles").last).to_be_visible()
    expect(_row(page, "Delete me")).to_have_count(0)


def test_a_star_stays(page: Page, api: Api) -> None:
    made = api.dataset("Star me")
    page.goto("/ui/datasets")
    page.get_by_role("button", name="Star Star me").click()
    expect(page.get_by_role("button", name="Star Star me")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name="Star Star me")).to_have_attribute("aria-pressed", "true")
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)


def test_an_eval_is_run_over_chosen_evaluators_and_leads_to_its_report(
    page: Page, api: Api, screenshot: Callable[..., None], axe: Callable[..., list[str]]
) -> None:
    made = api.dataset("Run me", [{"input": "a", "output": "b", "expected_output": "b"}] * 3)
    page.goto("/ui/datasets?run=1")
    page.get_by_text("Choose the dataset to evaluate").wait_for()
    page.get_by_role("button", name="Actions of Run me").click()
    page.get_by_role("menuitem", name="Run eval").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Find evaluators").fill("words built")
    dialog.get_by_text("word_count").click()
    dialog.get_by_label("Find evaluators").fill("")
    expect(dialog.get_by_text("2 chosen")).to_be_visible()
    dialog.get_by_label("Trials").fill("2")
    expect(dialog.get_by_text("3 rows × 2 trials × 2 evaluators = 12 scores")).to_be_visible()
    assert axe(page) == []
    screenshot("run-eval")
    dialog.get_by_role("button", name=re.compile("^Run eval")).click()
    expect(page).to_have_url(re.compile(f"/ui/datasets/{made}/reports/"))
    (report,) = api.ok("GET", f"/api/datasets/{made}/eval-reports/list/")["results"]
    assert (sorted(report["evaluator_slugs"]), report["trials"]) == (["exact_match", "word_count"], 2)
    # What was used last is ticked the next time.
    page.goto(f"/ui/datasets/{made}/reports")
    expect(page.get_by_role("gridcell", name=re.compile("exact_match 100.0 %"))).to_be_visible()
    page.get_by_role("button", name="Run eval").click()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)


def test_the_reports_of_a_dataset_have_a_trend_for_each_score(
    page: Page, api: Api, screenshot: Callable[..., None]
) -> None:
    made = api.dataset("Trend", [{"input": "a", "output": "b", "expected_output": "b"}])
    for output in ("b", "c"):
        api.ok(
            "POST", f"/api/datasets/{made}/logs/", {"input": "q", "output": output, "expected_output": "b"}, status=201
        )
        started = api.ok("POST", f"/api/datasets/{made}/eval-reports/create/", {"evaluator_slugs": ["exact_match"]})
        while api.ok("GET", f"/api/datasets/{made}/eval-reports/{started['id']}/")["state"] != "completed":
            pass
    page.goto(f"/ui/datasets/{made}/reports")
    trend = page.get_by_role("img", name=re.compile("exact_match, the last 2: from 100.0 % to 66.7 %"))
    expect(trend).to_be_visible()
    reports = page.get_by_role("grid", name="Eval reports")
    expect(reports.locator("[data-index]")).to_have_count(2)
    screenshot("dataset-reports")
    # One that is run meanwhile is offered, and the trend follows it.
    api.run_report(made, ["exact_match"])
    page.get_by_role("button", name="1 new report · show").click()
    expect(reports.locator("[data-index]")).to_have_count(3)
    expect(page.get_by_role("img", name=re.compile("exact_match, the last 3: from 100.0 % to 66.7 %"))).to_be_visible()
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)
