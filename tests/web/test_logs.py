"""The logs: finding, reading and taking them into datasets, as people do it with mouse and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route, expect

from tests.flows.client import Api
from tests.server import Server


def _rows(page: Page) -> Any:
    return page.locator(".grid-row:not(.grid-row-pending)")


def _opened(page: Page, address: str = "/ui/logs") -> Page:
    page.goto(address)
    expect(_rows(page).first).to_be_visible()
    return page


def _filter(page: Page) -> Any:
    return page.get_by_role("combobox", name="Filter logs")


def _count(page: Page) -> Any:
    return page.locator(".grid-count")


def _query(page: Page, name: str = "q") -> str:
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def _counted(api: Api, text: str) -> int:
    """Return how many logs of the last day the API's own search finds."""
    start = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    return int(api.ok("POST", "/api/request-logs/count/", {"search": text, "start_time": start})["count"])


def test_rows_come_first_and_by_the_request_that_the_document_began(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    _opened(page)
    expect(page.locator(".logs-figures dd").first).to_be_visible()
    reads = [path for path in asked if path.startswith("/api/request-logs/")]
    assert reads[0] == "/api/request-logs/"
    assert reads.count("/api/request-logs/summary/") == 1
    assert all(reads.index(path) > 0 for path in reads if "facets" in path or "histogram" in path)
    pages = page.evaluate(
        "performance.getEntriesByType('resource').filter(each => /request-logs\\/\\?page=1&/.test(each.name)).length"
    )
    assert pages == 1, "the preloaded answer was not used"


def test_another_filter_asks_for_its_first_rows_and_only_then_for_what_is_counted(page: Page) -> None:
    _opened(page)
    expect(_count(page)).to_have_text("4,020 logs")
    # Far down, where pages are in view that the next filter need not ask for.
    page.get_by_role("grid", name="Logs").focus()
    page.keyboard.press("End")
    expect(page.locator("[data-index='4019']:not(.grid-row-pending)")).to_be_visible()
    held, is_released = list[Route](), Event()
    hold = "**/api/request-logs/list/**"
    page.route(hold, lambda route: route.continue_() if is_released.is_set() else held.append(route))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.get_by_role("checkbox", name="last-word").check()
    page.wait_for_timeout(500)
    assert [(urlsplit(url).path, parse_qs(urlsplit(url).query).get("page")) for url in asked] == [
        ("/api/request-logs/list/", ["1"])
    ]
    is_released.set()
    held[0].continue_()
    expect(_count(page)).to_have_text(re.compile(r"^1,\d{3} logs$"))
    expect(_rows(page).first).to_have_attribute("data-index", "0")
    assert any("/summary/" in url for url in asked)
    assert {parse_qs(urlsplit(url).query)["page"][0] for url in asked if "/list/" in url} <= {"1", "2"}


def test_rows_are_there_although_everything_beside_them_fails(page: Page) -> None:
    page.expects(r"answer 500 .*/(count|histogram|summary|facets|paths|views)/")  # type: ignore[attr-defined]
    broken = {"detail": "Broken."}
    for part in ("count", "histogram", "summary", "facets", "schema/paths"):
        page.route(f"**/api/request-logs/{part}/**", lambda route: route.fulfill(status=500, json=broken))
    _opened(page)
    expect(page.get_by_text("Broken.").first).to_be_visible()
    expect(page.get_by_role("button", name="Retry").first).to_be_visible()
    assert _rows(page).count() > 10
    page.unroute_all()
    page.locator(".logs-figures").get_by_role("button", name="Retry").click()
    expect(page.locator(".logs-figures dd").first).to_be_visible()


def test_a_filter_is_typed_with_completions_and_becomes_the_address(page: Page, api: Api) -> None:
    _opened(page)
    page.keyboard.press("/")
    expect(_filter(page)).to_be_focused()
    page.keyboard.type("stat")
    expect(page.get_by_role("option").first).to_contain_text("status:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name=re.compile("failed"))).to_be_visible()
    page.keyboard.type("fai")
    page.keyboard.press("ArrowDown")
    assert _filter(page).get_attribute("aria-activedescendant")
    page.keyboard.press("Enter")
    expect(_count(page)).to_have_text(f"{_counted(api, 'status:failed')} logs")
    assert _query(page) == "status:failed"
    page.go_back()
    expect(_filter(page)).to_have_value("")


def test_what_is_typed_is_one_step_back_however_long_it_took(page: Page) -> None:
    _opened(page, "/ui/logs?q=status:failed")
    _filter(page).fill("model:last-word")
    expect(page).to_have_url(re.compile(r"q=model%3Alast-word$"))
    page.keyboard.type(" status:success")
    expect(page).to_have_url(re.compile(r"q=model%3Alast-word\+status%3Asuccess$"))
    page.keyboard.press("Enter")
    page.keyboard.type(" customer:agency-21")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("agency-21$"))
    page.go_back()
    expect(_filter(page)).to_have_value("model:last-word status:success")
    page.go_back()
    expect(_filter(page)).to_have_value("status:failed")


def test_a_mistake_is_underlined_and_said_and_the_rows_before_it_stay(page: Page, api: Api) -> None:
    _opened(page, "/ui/logs?q=status:failed")
    expect(_count(page)).to_have_text(f"{_counted(api, 'status:failed')} logs")
    _filter(page).fill("status:failed latency:fast")
    expect(page.locator(".filter-mistake")).to_have_text("latency:fast")
    page.keyboard.press("Escape")
    expect(page.locator(".filter-problems")).to_contain_text("is not a number")
    page.keyboard.press("Enter")
    assert _query(page) == "status:failed"
    expect(_count(page)).to_have_text(f"{_counted(api, 'status:failed')} logs")
    expect(_filter(page)).to_have_value("status:failed latency:fast")


def test_facets_add_exclude_and_take_away_terms(page: Page, api: Api) -> None:
    _opened(page)
    models = page.get_by_role("region", name="Model")
    models.get_by_role("checkbox", name=re.compile("last-word")).click()
    expect(models.get_by_role("checkbox", name=re.compile("last-word"))).to_be_checked()
    expect(_filter(page)).to_have_value("model:last-word")
    expect(_count(page)).to_have_text(f"{_counted(api, 'model:last-word'):,} logs")
    models.get_by_role("checkbox", name=re.compile("nearest-neighbour")).click()
    expect(models.get_by_role("checkbox", name=re.compile("nearest-neighbour"))).to_be_checked()
    expect(_filter(page)).to_have_value("model:(last-word OR nearest-neighbour)")
    models.locator("label", has_text="last-word").click(modifiers=["Alt"])
    expect(_filter(page)).to_have_value("model:nearest-neighbour -model:last-word")
    models.get_by_role("checkbox", name=re.compile("nearest-neighbour")).click()
    expect(models.get_by_role("checkbox", name=re.compile("nearest-neighbour"))).not_to_be_checked()
    models.get_by_role("button", name="Exclude last-word").click()
    expect(_filter(page)).to_have_value("")
    models.get_by_role("button", name="Model").click()
    expect(models.get_by_role("checkbox")).to_have_count(0)


def test_dragging_over_the_volume_sets_the_time(page: Page) -> None:
    _opened(page)
    bars = page.locator(".histogram-bars")
    box = bars.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 20, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile(r"[?&]t=\d{4}-"))
    start, end = _query(page, "t").split("..")
    expect(_count(page)).not_to_have_text("4,020 logs")
    times = page.locator(".grid-row time").evaluate_all("all => all.map(each => each.dateTime)")
    assert times
    assert all(start <= time < end for time in times)


def test_a_row_opens_beside_the_table_and_keys_step_through_it(page: Page) -> None:
    _opened(page, "/ui/logs?q=has:trace_id&t=all")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary").filter(has=page.get_by_role("button", name="Next log"))
    expect(panel).to_be_visible()
    first = _query(page, "row")
    page.keyboard.press("j")
    expect(page).not_to_have_url(re.compile(first))
    second = _query(page, "row")
    assert second
    assert second != first
    expect(panel.get_by_role("region", name="Trace")).to_contain_text("spans")
    panel.get_by_role("region", name="Trace").get_by_role("link").first.click()
    expect(page).not_to_have_url(re.compile(second))
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert _query(page, "row") == ""


def test_a_field_of_a_log_becomes_a_filter(page: Page) -> None:
    _opened(page)
    _rows(page).first.click()
    customer = page.locator(".log-fields div", has_text="customer_identifier").get_by_role("button")
    name = customer.inner_text()
    customer.click()
    expect(_filter(page)).to_have_value(f"customer_identifier:{name}")


def test_the_address_shows_the_same_to_somebody_else(new_page: Callable[..., Page]) -> None:
    page = _opened(new_page(), "/ui/logs?q=status%3Afailed&t=7d&sort=latency&cols=timestamp,model,latency")
    other = _opened(new_page(), page.url)
    for shown in (page, other):
        expect(shown.get_by_role("columnheader", name="Latency")).to_have_attribute("aria-sort", "ascending")
        expect(shown.get_by_role("columnheader", name="Input")).to_have_count(0)
    texts = [shown.locator(".grid-row").all_inner_texts()[:10] for shown in (page, other)]
    assert texts[0] == texts[1]


def test_an_unknown_parameter_is_shown_and_can_be_taken_away(page: Page) -> None:
    _opened(page, "/ui/logs?colour=blue")
    page.get_by_role("button", name="Remove colour from the address").click()
    assert "colour" not in page.url


def test_new_logs_wait_until_they_are_asked_for(new_page: Callable[..., Page], own_server: Server) -> None:
    api = Api(own_server.url, own_server.api_key)
    page = _opened(new_page(at=own_server))
    top = page.locator(".grid-row").first.inner_text()
    page.get_by_role("button", name="Live").click()
    api.ok("POST", "/api/request-logs/", {"input": "a brand new question", "output": "yes"}, status=201)
    pill = page.get_by_role("button", name="1 new row")
    expect(pill).to_be_visible()
    assert page.locator(".grid-row").first.inner_text() == top
    pill.click()
    expect(page.locator(".grid-row").first).to_contain_text("a brand new question")
    expect(pill).to_have_count(0)


def test_a_server_without_logs_waits_for_the_first_one(new_page: Callable[..., Page], empty_server: Server) -> None:
    page = new_page(at=empty_server)
    page.goto("/ui/logs")
    expect(page.get_by_text("Waiting for the first log…")).to_be_visible()
    for tab in ("Python", "OpenAI SDK", "OpenTelemetry", "curl"):
        page.get_by_role("button", name=tab).click()
        expect(page.locator(".snippet-text")).to_contain_text(f"127.0.0.1:{urlsplit(empty_server.url).port}")
    sent = re.search(r"-d '(.*)'$", page.locator(".snippet-text").inner_text(), re.DOTALL)
    assert sent
    Api(empty_server.url, empty_server.api_key).ok("POST", "/api/request-logs/", json.loads(sent[1]), status=201)
    expect(page.locator(".grid-row")).to_have_count(1)


def test_selected_logs_are_deleted_unless_it_is_taken_back(new_page: Callable[..., Page], own_server: Server) -> None:
    page = _opened(new_page(at=own_server))
    expect(_count(page)).to_have_text("4,020 logs")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar")).to_contain_text("2 logs selected")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(_count(page)).to_have_text("4,018 logs")
    page.get_by_role("button", name="Undo").click()
    expect(_count(page)).to_have_text("4,020 logs")
    assert _counted(Api(own_server.url, own_server.api_key), "") == 4020


def test_what_matches_is_written_to_a_file(page: Page, api: Api) -> None:
    _opened(page, "/ui/logs?q=status:failed")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="JSONL").click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == _counted(api, "status:failed")
    assert {json.loads(line)["status"] for line in lines} == {"failed"}
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    assert download.value.path().read_text().startswith("id,")


def test_a_view_is_saved_and_found_again(new_page: Callable[..., Page], own_server: Server) -> None:
    page = _opened(new_page(at=own_server), "/ui/logs?q=status:failed&t=7d")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save this view …").click()
    page.get_by_label("Name").fill("Failures of the week")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Failures of the week")).to_be_visible()
    _opened(page)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitemcheckbox", name="Failures of the week").click()
    expect(_filter(page)).to_have_value("status:failed")
    assert _query(page, "t") == "7d"


def test_logs_are_taken_into_a_dataset(new_page: Callable[..., Page], own_server: Server) -> None:
    page = _opened(new_page(at=own_server))
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Add 1 log to a dataset")
    dialog.get_by_label("Its name").fill("One log")
    dialog.get_by_role("button", name="Add 1 row").click()
    expect(dialog).to_have_count(0)
    _rows(page).first.click()
    expect(page.get_by_role("region", name="In datasets")).to_contain_text("One log")


def test_a_log_has_a_page_of_its_own(page: Page, api: Api, axe: Callable[..., list[str]]) -> None:
    newest = {"page_size": 1, "start_time": "2000-01-01T00:00:00Z"}
    (log,) = api.ok("GET", "/api/request-logs/", params=newest)["results"]
    page.goto(f"/ui/logs/{log['id']}")
    expect(page.get_by_role("heading", name=re.compile("^Log "))).to_be_visible()
    expect(page.locator(".log-fields")).to_contain_text(log["id"])
    assert axe(page) == []


def test_the_page_is_accessible_with_a_panel_and_with_completions(page: Page, axe: Callable[..., list[str]]) -> None:
    _opened(page)
    _rows(page).first.click()
    expect(page.locator(".log-fields")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("/")
    page.keyboard.type("model:")
    expect(page.get_by_role("option").first).to_be_visible()
    assert axe(page) == []


def test_how_the_logs_look(page: Page, screenshot: Callable[..., None]) -> None:
    _opened(page)
    expect(page.locator(".logs-figures dd").first).to_be_visible()
    screenshot("logs")
    _rows(page).nth(2).click()
    expect(page.locator(".log-fields")).to_be_visible()
    screenshot("logs-panel")
    page.set_viewport_size({"width": 720, "height": 450})
    screenshot("logs-narrow")
