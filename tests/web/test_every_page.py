"""Every page of the UI, light and dark, wide and narrow: nothing fails, nothing is inaccessible, nothing is cut off."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from assay.web.shell import PAGES
from tests.flows.client import Api
from tests.web.visiting import ADDRESSES, out_of_reach, settled, visit

_ONE_SCREEN = {"width": 1366, "height": 768}
# 200 % of a screen of 1440 × 900: half as many CSS pixels.
_ZOOMED = {"width": 720, "height": 450}
# WCAG 2.2, 1.4.10: what 400 % leaves of 1280.
_REFLOWED = {"width": 320, "height": 640}


@pytest.fixture(scope="session")
def parts(api: Api, demo_dataset: str, demo_report: str) -> dict[str, str]:
    """The ids that the addresses name."""
    log = api.ok("GET", "/api/request-logs/?page_size=1&fields=preview")["results"][0]
    row = api.rows(demo_dataset)[0]
    evaluators = api.ok("GET", "/api/evaluators/")["results"]
    judge = next(one for one in evaluators if one["type"] == "llm")
    return {
        "log": log.get("unique_id") or log["id"],
        "dataset": demo_dataset,
        "row": row.get("unique_id") or row["id"],
        "report": demo_report,
        "evaluator": judge["id"],
    }


def address_of(name: str, parts: dict[str, str]) -> str:
    return ADDRESSES[name].format(**parts)


def test_every_page_of_the_table_of_routes_is_visited_here() -> None:
    shapes = {pattern: re.compile("/ui" + re.sub(r":\w+", "[^/?]+", pattern.rstrip("/"))) for pattern in PAGES}
    visited = [path.partition("?")[0] for path in ADDRESSES.values()]
    unvisited = [pattern for pattern, shape in shapes.items() if not any(shape.fullmatch(path) for path in visited)]
    # These two lead elsewhere or need nobody signed in: they have tests of their own.
    assert sorted(unvisited) == ["/", "/login"]


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_is_accessible_in_light_and_dark(
    name: str,
    page: Page,
    parts: dict[str, str],
    axe: Callable[..., list[str]],
    screenshot: Callable[..., None],
) -> None:
    assert visit(page, address_of(name, parts)).status == 200
    expect(page).to_have_title(re.compile(r".+ · Assay$"))
    screenshot(name)
    problems = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        problems += [f"{scheme}: {found}" for found in axe(page)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_fits_a_small_screen_twofold_zoom_and_a_phone(
    name: str, page: Page, parts: dict[str, str], screenshot: Callable[..., None]
) -> None:
    visit(page, address_of(name, parts))
    problems = []
    for width, size in (("1366", _ONE_SCREEN), ("zoomed", _ZOOMED), ("320", _REFLOWED)):
        page.set_viewport_size(size)
        settled(page)
        screenshot(f"narrow/{name}-{width}")
        problems += [f"{width}: {found}" for found in out_of_reach(page)]
    assert not problems, "\n".join(problems)


def test_the_root_leads_to_a_page(page: Page) -> None:
    page.goto("/")
    settled(page)
    expect(page).to_have_url(re.compile(r"/ui/(start|datasets)$"))


def test_an_address_that_no_page_has_says_so(page: Page, axe: Callable[..., list[str]]) -> None:
    page.expects(r"answer 404 .*/ui/nowhere")
    page.goto("/ui/nowhere")
    expect(page.get_by_text("There is no such page")).to_be_visible()
    assert axe(page, ("page-has-heading-one",)) == []


@pytest.mark.parametrize(
    "address",
    [
        "/ui/logs/00000000000000000000000000000000",
        "/ui/datasets/00000000000000000000000000000000",
        "/ui/reports/00000000000000000000000000000000",
        "/ui/evaluators/00000000000000000000000000000000",
    ],
)
def test_a_page_of_something_that_is_gone_says_so(page: Page, address: str) -> None:
    page.expects(r"answer 404 to GET .*/api/")
    page.goto(address)
    expect(page.locator("main")).to_contain_text(re.compile(r"not found|no such|does not exist|deleted", re.IGNORECASE))


def test_who_is_not_signed_in_is_asked_for_a_key(
    new_page: Callable[..., Page], server: Any, axe: Callable[..., list[str]], screenshot: Callable[..., None]
) -> None:
    page = new_page(is_signed_in=False)
    page.expects(r"answer 401 ")  # type: ignore[attr-defined]
    page.goto("/ui/datasets?q=job")
    expect(page).to_have_url(re.compile(r"/ui/login\?next="))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    screenshot("login", page)
    assert axe(page) == []
    page.get_by_label(re.compile("key", re.IGNORECASE)).first.fill(server.api_key)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/ui/datasets\?q=job$"))
    settled(page)


def test_a_page_on_a_server_without_data_says_what_to_do(
    new_page: Callable[..., Page],
    empty_server: Any,
    axe: Callable[..., list[str]],
    screenshot: Callable[..., None],
) -> None:
    page = new_page(at=empty_server)
    problems = []
    for name in ("start", "logs", "datasets", "reports", "evaluators", "settings-keys", "settings-providers"):
        visit(page, ADDRESSES[name])
        screenshot(f"empty/{name}", page)
        problems += [f"{name}: {found}" for found in [*axe(page), *out_of_reach(page)]]
    assert not problems, "\n".join(problems)


# ---------------------------------------------------------------------------------------------------------- budgets


@pytest.mark.parametrize("name", ["logs", "dataset", "report"])
def test_a_full_table_has_at_most_2000_nodes(name: str, page: Page, parts: dict[str, str]) -> None:
    visit(page, address_of(name, parts))
    expect(page.get_by_role("grid").get_by_role("row").nth(5)).to_be_visible()
    assert page.locator("body *").count() <= 2_000


def test_the_second_visit_fetches_no_file_again(page: Page) -> None:
    visit(page, "/ui/datasets")
    visit(page, "/ui/datasets")
    fetched = page.evaluate(
        """() => performance.getEntriesByType("resource")
          .filter(each => each.name.includes("/static/") && each.transferSize > 0).map(each => each.name)"""
    )
    assert fetched == []


# --------------------------------------------------------------------------------------------------------- reading


def test_motion_stops_for_who_wants_less_of_it(new_page: Callable[..., Page], parts: dict[str, str]) -> None:
    page = new_page(reduced_motion="reduce")
    visit(page, address_of("report", parts))
    moving = page.evaluate("() => document.getAnimations().filter(each => each.playState === 'running').length")
    assert moving == 0


@pytest.mark.parametrize("name", ["logs", "datasets", "report", "evaluator", "settings-keys"])
def test_controls_are_large_enough_to_be_hit(name: str, page: Page, parts: dict[str, str]) -> None:
    visit(page, address_of(name, parts))
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input:not([type=checkbox]):not([type=radio])")]
          .filter(each => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
          .map(each => [each, each.getBoundingClientRect()])
          .filter(([each, box]) => box.width && (box.width < 23.5 || box.height < 23.5))
          .filter(([each]) => !each.closest(".visually-hidden"))
          .map(([each, box]) => `${each.outerHTML.slice(0, 99)}: ${box.width.toFixed()} × ${box.height.toFixed()}`)"""
    )
    assert not small, "\n".join(small)
