"""The page of an eval report: figures with intervals, failures first, one row in full, slices, and a run that moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

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
    "score_config": {"min_score": 0, "max_score": 1},
    "passing_conditions": {"primary_score": {"operator": "gte", "value": 0.6}},
    "llm_config": {
        "model": "scripted/latency=0.3",
        "evaluator_definition": "Judge {{output}} of {{input}}",
        "scoring_rubric": "0 to 1",
    },
}


@pytest.fixture
def report(page: Page, demo_dataset: str, demo_report: str) -> Page:
    """The page of the demo's report."""
    visit(page, f"/ui/datasets/{demo_dataset}/reports/{demo_report}")
    expect(page.get_by_role("article", name="demo_plausible")).to_be_visible()
    return page


def percent(share: float) -> str:
    """A share as the page writes it: halves go up."""
    return f"{Decimal(share * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)} %"


def rows_of(page: Page) -> Any:
    return page.get_by_role("grid", name="Rows of Baselines").locator("[data-index]")


def start_run(api: Api, rows: int, *, concurrency: int = 2, **settings: Any) -> tuple[str, dict[str, Any]]:
    """Start a report of a slow judge and an exact match over rows of which every third is right."""
    logs = [
        {"input": f"Question {row}?", "output": "yes", "expected_output": "yes" if row % 3 == 0 else "no"}
        for row in range(rows)
    ]
    dataset = api.dataset("Questions", logs)
    if not api.ok("GET", "/api/evaluators/list/?search=slow_judge")["results"]:
        api.ok("POST", "/api/evaluators/", JUDGE, status=201)
    body = {"evaluator_slugs": ["slow_judge", "exact_match"], "max_concurrency": concurrency, **settings}
    return dataset, api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create/", body)


@pytest.fixture
def own_api(own_server: Server) -> Api:
    """A client of a server that this test may spoil."""
    return Api(own_server.url, own_server.api_key)


@pytest.fixture
def own_page(new_page: Callable[..., Page], own_server: Server) -> Page:
    """A page of that server."""
    return new_page(at=own_server)


# ------------------------------------------------------------------------------------------------------ figures


def test_the_cards_say_what_the_api_says_with_its_intervals(
    report: Page, api: Api, demo_dataset: str, demo_report: str
) -> None:
    tasks = api.ok("GET", f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}/")["evaluators"]
    judge, words, exact = tasks
    half = (judge["summary"]["confidence_interval"]["upper"] - judge["summary"]["confidence_interval"]["lower"]) / 2
    card = report.get_by_role("article", name="demo_plausible")
    expect(card).to_contain_text(f"{judge['score']:.3f} ± {half:.3f}")
    expect(card).to_contain_text(f"pass ≥ 4: {percent(judge['summary']['pass_rate']['rate'])}")
    expect(report.get_by_role("article", name="demo_shared_words")).to_contain_text(
        f"n = {words['scored_count']} of 400 · {words['failed_count']} errors"
    )
    passed = exact["summary"]["pass_rate"]["passed"]
    expect(report.get_by_role("article", name="exact_match")).to_contain_text(f"{passed} pass · {400 - passed} fail")


def test_it_opens_on_the_failures_worst_first(report: Page, api: Api, demo_dataset: str, demo_report: str) -> None:
    path = f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}"
    counts = api.ok("GET", f"{path}/summary/")["row_counts"]
    tab = report.get_by_role("link", name=re.compile("^Failures"))
    expect(tab).to_have_attribute("aria-current", "page")
    expect(tab).to_contain_text(str(counts["failure_count"]))
    wanted = api.ok("GET", f"{path}/rows/?show=failures&sort=worst&sort_evaluator_slug=demo_plausible&include=log")
    expect(rows_of(report).first).to_contain_text(wanted["results"][0]["log"]["output"])


def test_a_click_on_a_bar_shows_its_rows_and_the_chip_takes_it_back(report: Page) -> None:
    report.get_by_role("article", name="demo_plausible").get_by_role("button", name=re.compile("^2 to 2.5")).click()
    expect(report).to_have_url(re.compile(r"score=demo_plausible%3A2\.\.2\.5"))
    said = report.get_by_role("button", name=re.compile("^2 to 2.5")).get_attribute("aria-label") or ""
    count = re.search(r": (\d+) rows", said)
    assert count
    expect(report.locator(".grid-foot")).to_contain_text(f"{count[1]} rows")
    expect(rows_of(report).first).to_contain_text(re.compile(r"2\.[0-4]\d"))
    report.get_by_role("button", name="Remove demo_plausible 2–2.5").click()
    expect(report).not_to_have_url(re.compile("score="))
    expect(report.get_by_role("link", name=re.compile("^Failures"))).to_have_attribute("aria-current", "page")


def test_the_pass_rate_follows_the_mark_and_the_failures_with_it(
    report: Page, api: Api, demo_dataset: str, demo_report: str
) -> None:
    mark = report.get_by_role("slider", name="Pass mark of demo_plausible")
    mark.focus()
    report.keyboard.press("PageDown")
    path = f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}/pass-rate/?evaluator_slug=demo_plausible"
    found = api.ok("GET", f"{path}&at_least=3.6")
    card = report.get_by_role("article", name="demo_plausible")
    expect(card).to_contain_text(f"pass ≥ 3.6: {percent(found['rate'])}")
    expect(report.locator(".grid-foot")).to_contain_text(f"{found['total'] - found['passed']} failures")
    # The address has it: another reader sees the same.
    report.reload()
    expect(card).to_contain_text("pass ≥ 3.6")
    card.get_by_role("button", name="Back to ≥ 4").click()
    expect(card).to_contain_text("pass ≥ 4")


def test_errors_are_a_view_of_their_own_with_their_message(
    report: Page, api: Api, demo_dataset: str, demo_report: str
) -> None:
    path = f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}"
    count = api.ok("GET", f"{path}/summary/")["row_counts"]["error_count"]
    assert count > 0
    report.get_by_role("link", name=re.compile(f"^Errors {count}")).click()
    expect(report.locator(".grid-foot")).to_contain_text(f"{count} rows with errors")
    expect(rows_of(report).first).to_contain_text("ZeroDivisionError")


# --------------------------------------------------------------------------------------------------------- rows


def test_keys_walk_the_rows_with_the_panel_open_and_escape_closes_it(report: Page) -> None:
    report.get_by_role("grid", name="Rows of Baselines").focus()
    report.keyboard.press("j")
    report.keyboard.press("Enter")
    panel = report.get_by_role("complementary")
    expect(panel.get_by_role("region", name="demo_plausible")).to_be_visible()
    first = report.url
    report.keyboard.press("j")
    expect(report).not_to_have_url(first)
    expect(panel.get_by_role("region", name="Output")).to_be_visible()
    report.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(report).not_to_have_url(re.compile("row="))


def test_the_panel_shows_the_exact_prompt_and_reply_of_the_judge(report: Page) -> None:
    rows_of(report).first.click()
    verdict = report.get_by_role("complementary").get_by_role("region", name="demo_plausible")
    expect(verdict).to_contain_text("scripted answer: no model was asked")
    verdict.get_by_text("Prompt of the judge").click()
    expect(verdict.get_by_role("region", name="Prompt").first).to_contain_text("How plausible is it")
    verdict.get_by_text("Reply of the judge").click()
    expect(verdict.get_by_role("region", name="Reply").first).to_contain_text("score")


def test_a_person_overrides_a_score_and_agreement_counts_it(own_page: Page, own_api: Api) -> None:
    page, api = own_page, own_api
    dataset = api.ok("GET", "/api/datasets/")["results"][0]["id"]
    run = api.ok("GET", f"/api/datasets/{dataset}/eval-reports/list/")["results"][-1]["id"]
    visit(page, f"/ui/datasets/{dataset}/reports/{run}")
    rows_of(page).first.click()
    verdict = page.get_by_role("complementary").get_by_role("region", name="demo_plausible")
    verdict.get_by_role("button", name="Override score").click()
    verdict.get_by_label("Right score").fill("5")
    verdict.get_by_label("Why (optional)").fill("It is the obvious occupation.")
    verdict.get_by_role("button", name="Save correction").click()
    expect(verdict).to_contain_text("corrected")
    expect(verdict).to_contain_text("It is the obvious occupation.")
    path = f"/api/datasets/{dataset}/eval-reports/{run}/agreement/?evaluator_slug=demo_plausible"
    comes_to(page, 1, lambda: api.ok("GET", path)["labelled_row_count"])
    page.get_by_role("link", name="Agreement").click()
    expect(page.locator(".report-analysis")).to_contain_text("against people on 1 row of 400")


# ----------------------------------------------------------------------------------------------------- analyses


def test_a_slice_is_compared_with_the_rest_and_a_click_shows_its_rows(
    report: Page, api: Api, demo_dataset: str, demo_report: str, screenshot: Callable[..., None]
) -> None:
    report.get_by_role("link", name="By slice").click()
    path = f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}"
    found = api.ok("GET", f"{path}/slices/?by=metadata.plan&evaluator_slug=demo_plausible")["mean"]["slices"]
    report.get_by_label("Metadata path").fill("metadata.plan")
    report.get_by_label("Metadata path").press("Enter")
    table = report.get_by_role("table", name="demo_plausible by metadata.plan")
    expect(table.get_by_role("row")).to_have_count(len(found) + 1)
    worst = min(found, key=lambda part: part["estimate"])
    row = table.get_by_role("row").nth(1)
    expect(row).to_contain_text(worst["label"])
    expect(row).to_contain_text(f"{worst['estimate']:.3f}")
    screenshot("report-slices")
    row.get_by_role("button").click()
    expect(report.locator(".grid-foot")).to_contain_text(f"{worst['n']} rows")
    expect(report.get_by_role("button", name=f"Remove metadata.plan:{worst['label']}")).to_be_visible()


def test_coverage_says_what_failed_and_what_another_run_could_show(
    report: Page, api: Api, demo_dataset: str, demo_report: str, screenshot: Callable[..., None]
) -> None:
    judge, words, _ = api.ok("GET", f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}/")["evaluators"]
    report.get_by_role("link", name="Coverage").click()
    row = report.get_by_role("row", name=re.compile("^demo_shared_words"))
    expect(row).to_contain_text(str(words["scored_count"]))
    bounds = words["summary"]["mean_bounds"]
    expect(row).to_contain_text(f"{bounds['lower']:.3f} to {bounds['upper']:.3f}")
    least = judge["summary"]["minimum_detectable_effect"]["paired"]
    power = report.get_by_role("region", name="Power")
    expect(power).to_contain_text(f"± {least:.3f} of the mean, on the same 400 rows")
    report.get_by_label("Rows needed to show a difference of").fill("0.1")
    report.get_by_role("button", name="Compute").click()
    expect(power).to_contain_text("To show 0.1:")
    screenshot("report-coverage")


def test_how_a_report_was_computed_can_be_verified(report: Page) -> None:
    report.get_by_role("link", name="How computed").click()
    report.get_by_role("button", name="Verify").click()
    expect(report.get_by_text("✓ Everything is what was recorded")).to_be_visible()
    expect(report.get_by_text("Wilson score interval (Wilson 1927)").first).to_be_visible()
    with report.expect_download() as download:
        report.get_by_role("link", name="Download manifest").click()
    assert download.value.suggested_filename.startswith("manifest-")


def test_every_call_of_the_page_can_be_copied_and_the_rows_leave_as_a_file(report: Page) -> None:
    report.get_by_role("button", name="More actions of this report").click()
    report.get_by_role("menuitem", name="API calls…").click()
    expect(report.get_by_role("dialog")).to_contain_text("sort_evaluator_slug=demo_plausible")
    report.keyboard.press("Escape")
    report.get_by_role("button", name="More actions of this report").click()
    with report.expect_download() as download:
        report.get_by_role("menuitem", name="CSV, previews").click()
    assert download.value.suggested_filename == "Baselines.csv"


# --------------------------------------------------------------------------------------------------------- runs


def test_a_run_is_paused_resumed_stopped_and_completed_from_the_page(own_page: Page, own_api: Api) -> None:
    page = own_page
    dataset, made = start_run(own_api, 60)
    visit(page, f"/ui/datasets/{dataset}/reports/{made['id']}")
    state = page.locator(".page-meta .chip")
    expect(state).to_have_text("running")
    page.get_by_role("button", name="Pause").click()
    expect(state).to_have_text("paused")
    expect(page.get_by_role("list", name="Notices")).to_contain_text("Paused at")
    page.get_by_role("button", name="Resume").click()
    expect(state).to_have_text("running")
    page.get_by_role("button", name="Stop").click()
    expect(state).to_have_text("stopped")
    expect(page.get_by_role("list", name="Notices")).to_contain_text("Somebody stopped it.")
    page.get_by_role("button", name="Run what is missing").click()
    expect(state).to_have_text("✓ completed", timeout=30_000)
    expect(page).to_have_title(re.compile("^✓ "))
    expect(page.get_by_role("link", name=re.compile("^Pending"))).to_have_count(0)


def test_rows_never_move_under_the_reader_while_a_report_runs(own_page: Page, own_api: Api) -> None:
    page = own_page
    dataset, made = start_run(own_api, 80, concurrency=4)
    visit(page, f"/ui/datasets/{dataset}/reports/{made['id']}?by=slow_judge")
    grid = page.get_by_role("grid")
    expect(grid.locator("[data-index]").first).to_be_visible()
    before = grid.locator("[data-index]").all_inner_texts()
    news = page.get_by_role("button", name=re.compile("new rows? · show"))
    expect(news).to_be_visible()
    own_api.finished_report(dataset, made["id"])
    expect(page).to_have_title(re.compile("^✓ "))
    assert grid.locator("[data-index]").all_inner_texts() == before
    news.click()
    failing = own_api.ok("GET", f"/api/datasets/{dataset}/eval-reports/{made['id']}/summary/")["evaluators"][0]
    expect(page.locator(".grid-foot")).to_contain_text(f"{failing['row_counts']['failure_count']} failures")
    expect(news).to_have_count(0)


def test_a_report_can_be_run_again_with_other_settings(own_page: Page, own_api: Api) -> None:
    page = own_page
    dataset = own_api.dataset("Answers", [{"input": "a", "output": "b", "expected_output": "b"}] * 3)
    first = own_api.run_report(dataset, ["exact_match"])
    visit(page, f"/ui/datasets/{dataset}/reports/{first['id']}")
    page.get_by_role("button", name="More actions of this report").click()
    page.get_by_role("menuitem", name="Run again…").click()
    dialog = page.get_by_role("dialog", name="Run again")
    dialog.get_by_label("Name").fill("Second")
    dialog.get_by_label("Trials").fill("2")
    dialog.get_by_role("button", name="Run 6 judgements").click()
    expect(page.get_by_role("heading", name="Second")).to_be_visible()
    expect(page.locator(".page-meta")).to_contain_text("2 trials")
    names = [one["name"] for one in own_api.ok("GET", f"/api/datasets/{dataset}/eval-reports/list/")["results"]]
    assert sorted(names) == sorted(["Second", first["name"]])


def test_a_report_that_waits_for_people_says_so_and_takes_their_answer(own_page: Page, own_api: Api) -> None:
    page, api = own_page, own_api
    human = {"name": "Polite", "evaluator_slug": "polite", "type": "human", "score_value_type": "boolean"}
    api.ok("POST", "/api/evaluators/", human, status=201)
    dataset = api.dataset("Letters", [{"input": "Dear", "output": "Sir"}])
    made = api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create/", {"evaluator_slugs": ["polite"]})
    visit(page, f"/ui/datasets/{dataset}/reports/{made['id']}?show=all")
    expect(page.locator(".page-meta .chip")).to_have_text("waiting for people")
    expect(page.get_by_role("list", name="Notices")).to_contain_text("1 answer of people is awaited for polite")
    page.get_by_role("grid").locator("[data-index]").first.click()
    verdict = page.get_by_role("complementary").get_by_role("region", name="polite")
    verdict.get_by_role("button", name="Give score").click()
    verdict.get_by_label("Score", exact=True).select_option("true")
    verdict.get_by_role("button", name="Save score").click()
    expect(page.locator(".page-meta .chip")).to_have_text("✓ completed")


def test_the_address_of_a_report_by_its_id_alone_shows_it(page: Page, demo_report: str) -> None:
    visit(page, f"/ui/reports/{demo_report}")
    expect(page.get_by_role("heading", name="Baselines")).to_be_visible()


def test_a_report_that_is_not_there_is_said_to_be_missing(page: Page) -> None:
    page.goto("/ui/reports/01a20ab7-0000-7000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text("There is no report")


def test_the_page_of_a_report_looks_as_it_should(report: Page, screenshot: Callable[..., None]) -> None:
    expect(rows_of(report).first).to_be_visible()
    screenshot("report-failures")
    rows_of(report).nth(2).click()
    expect(report.get_by_role("region", name="Output")).to_be_visible()
    screenshot("report-row")


def test_a_report_is_deleted_after_a_question(own_page: Page, own_api: Api) -> None:
    page, api = own_page, own_api
    dataset = api.dataset("Answers", [{"input": "a", "output": "b", "expected_output": "b"}])
    made = api.run_report(dataset, ["exact_match"])
    visit(page, f"/ui/datasets/{dataset}/reports/{made['id']}")
    page.get_by_role("button", name="More actions of this report").click()
    page.get_by_role("menuitem", name="Delete report…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete report").click()
    expect(page).to_have_url(re.compile(f"/ui/datasets/{dataset}/reports$"))
    comes_to(page, [], lambda: api.ok("GET", f"/api/datasets/{dataset}/eval-reports/list/")["results"])
