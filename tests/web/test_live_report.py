"""A report of 10,000 rows that runs at full speed while it is looked at, looked away from and cut off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.server import Server
from tests.web.demo import demo_server

ROWS = 10_000
_A_REQUEST = 500
_MOST_SECONDS = 90
EVALUATORS = ["demo_plausible", "demo_shared_words", "exact_match"]

# What a person would feel: how far things jump, and how long the page does not answer.
_OBSERVE = """
globalThis.jumped = [];
globalThis.longest = 0;
new PerformanceObserver(list => list.getEntries().filter(each => !each.hadRecentInput).forEach(each => jumped.push(
  [each.value, each.sources.map(source => source.node?.className ?? source.node?.nodeName).join(" ")]
))).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver(list => list.getEntries().forEach(each => (longest = Math.max(longest, each.duration))))
  .observe({ type: "longtask", buffered: true });
"""


@pytest.fixture(scope="module")
def busy_server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: other tests should not wait for these runs."""
    with demo_server(demo_data, tmp_path_factory.mktemp("busy")) as started:
        yield started


@pytest.fixture(scope="module")
def busy_api(busy_server: Server) -> Iterator[Api]:
    """A client of that server."""
    client = Api(busy_server.url, busy_server.api_key)
    yield client
    client.session.close()


@pytest.fixture
def busy_page(new_page: Callable[..., Page], busy_server: Server) -> Page:
    """A page of that server."""
    return new_page(at=busy_server)


@pytest.fixture(scope="module")
def big_dataset(busy_api: Api) -> str:
    """A dataset of 10,000 job titles, some of which the demo's code evaluator fails on."""
    made = str(busy_api.ok("POST", "/api/datasets/", {"name": "Ten thousand", "is_empty": True}, status=201)["id"])
    jobs = ["Head Baker", "Metal Baler", "Welder", "Night Nurse", "Cake Decorator"]
    for start in range(0, ROWS, _A_REQUEST):
        logs = [
            {
                "input": f"{jobs[row % 5]} {row}",
                "output": jobs[row % 3],
                "metadata": {"job_title": f"{jobs[row % 5]} {row}", "ideal": jobs[row % 5]},
                "expected_output": jobs[row % 5],
            }
            for row in range(start, start + _A_REQUEST)
        ]
        busy_api.ok("POST", f"/api/datasets/{made}/logs/bulk/", {"logs": logs}, status=201)
    return made


class Run:
    """A report that was just started."""

    def __init__(self, api: Api, dataset: str) -> None:
        body = {"evaluator_slugs": EVALUATORS, "name": "Live"}
        made = api.ok("POST", f"/api/datasets/{dataset}/eval-reports/create/", body)
        self.api, self.id = api, made["id"]
        self.address = f"/ui/datasets/{dataset}/reports/{self.id}"
        self.path = f"/api/datasets/{dataset}/eval-reports/{self.id}/"

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.ok("GET", self.path)
        return found

    def is_over(self) -> bool:
        return bool(self.read()["state"] in ("completed", "failed", "cancelled"))


def wait_for_the_end(page: Page, run: Run) -> None:
    """Wait until the server is done, in pauses in which the page goes on."""
    for _ in range(_MOST_SECONDS * 10):
        if run.is_over():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"after {_MOST_SECONDS} seconds the report is still {run.read()['progress']}")


def expect_the_truth(page: Page, run: Run) -> None:
    """Compare every figure of the cards with what the API says now."""
    report = run.read()
    assert report["state"] == "completed"
    assert report["progress"]["cell_count"] == ROWS * len(EVALUATORS)
    expect(page.locator(".page-meta")).to_contain_text("completed")
    expect(page.locator(".page-meta")).to_contain_text("10,000 rows")
    for task in report["evaluators"]:
        card = page.get_by_role("article", name=task["evaluator_slug"])
        scored, failed = task["scored_count"], task["failed_count"]
        n = f"n = {scored:,}" + (f" of {task['cell_count']:,}" if scored != task["cell_count"] else "")
        expect(card).to_contain_text(n)
        if failed:
            expect(card).to_contain_text(f"{failed:,} error")
        if task["score_value_type"] == "boolean":
            expect(card).to_contain_text(f"{task['passed_count']:,} pass")
        else:
            expect(card.locator(".report-figure")).to_contain_text(f"{task['score']:.3f}")
            interval = task["summary"]["confidence_interval"]
            expect(card.locator(".report-figure")).to_contain_text(f"{(interval['upper'] - interval['lower']) / 2:.3f}")


def test_a_running_report_ends_with_the_numbers_of_the_api_and_stays_smooth(
    busy_page: Page, busy_api: Api, big_dataset: str, screenshot: Callable[..., None]
) -> None:
    page = busy_page
    page.add_init_script(_OBSERVE)
    run = Run(busy_api, big_dataset)
    page.goto(run.address)
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_role("article", name="exact_match")).to_be_visible()
    # From here on numbers change in place.
    page.evaluate("() => void (jumped.length = 0)")
    screenshot("report-running", page)
    wait_for_the_end(page, run)
    expect(page).to_have_title(re.compile("^✓ "))
    expect_the_truth(page, run)
    jumps = page.evaluate("() => jumped")
    assert sum(value for value, _ in jumps) < 0.1, f"layout shifts: {sorted(jumps, reverse=True)[:5]}"
    assert page.evaluate("() => longest") < 1_000


def test_a_report_whose_connection_was_away_shows_the_truth_again(
    busy_page: Page, busy_api: Api, big_dataset: str
) -> None:
    page = busy_page
    page.expects(r"ERR_INTERNET_DISCONNECTED", r"ERR_NETWORK_CHANGED", r"ERR_NETWORK_IO_SUSPENDED")  # type: ignore[attr-defined]
    run = Run(busy_api, big_dataset)
    page.goto(run.address)
    expect(page.get_by_role("article", name="exact_match")).to_be_visible()
    page.context.set_offline(True)
    wait_for_the_end(page, run)
    page.context.set_offline(False)
    expect(page.locator(".page-meta")).to_contain_text("completed", timeout=20_000)
    expect_the_truth(page, run)


def test_a_report_on_a_laptop_that_was_closed_shows_the_truth_again(
    busy_page: Page, busy_api: Api, big_dataset: str
) -> None:
    page = busy_page
    run = Run(busy_api, big_dataset)
    page.goto(run.address)
    expect(page.get_by_role("article", name="exact_match")).to_be_visible()
    debugger = page.context.new_cdp_session(page)
    debugger.send("Page.enable")
    debugger.send("Page.setWebLifecycleState", {"state": "frozen"})
    for _ in range(_MOST_SECONDS):
        if run.is_over():
            break
        # Nothing of the page may be asked while it is frozen: another one of the same browser keeps the time.
        run.api.session.get(f"{run.api.url}/health", timeout=10)
        _pause(page)
    debugger.send("Page.setWebLifecycleState", {"state": "active"})
    expect(page.locator(".page-meta")).to_contain_text("completed", timeout=20_000)
    expect_the_truth(page, run)


def _pause(page: Page) -> None:
    other = page.context.new_page()
    other.wait_for_timeout(500)
    other.close()


def test_a_page_that_comes_late_shows_what_is_there(busy_page: Page, busy_api: Api, big_dataset: str) -> None:
    page = busy_page
    run = Run(busy_api, big_dataset)
    wait_for_the_end(page, run)
    page.goto(run.address)
    expect_the_truth(page, run)
    # What was over when one came is no news.
    expect(page).not_to_have_title(re.compile("✓"))
