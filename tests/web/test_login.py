"""The sign-in page in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server
from tests.web.served import login_token

WRONG = r"401 .*/ui/session/"
# Not the sign-in page that leads there.
START = re.compile(r"//[^/]+/ui/start$")


def open_login(new_page: Callable[..., Page], path: str, server: Server | None = None) -> Page:
    page = new_page(at=server, is_signed_in=False)
    page.goto(path)
    return page


def test_the_link_signs_in_and_leaves_no_token_in_the_address(
    new_page: Callable[..., Page], own_server: Server
) -> None:
    token = login_token(own_server)
    page = open_login(new_page, f"/ui/login?next=/ui/start#{token}", own_server)
    page.wait_for_url(START)
    page.go_back()
    assert token not in page.url
    # The link once more, in the browser that is signed in: nothing to complain of.
    page.expects(WRONG)
    page.goto("about:blank")
    page.goto(f"/ui/login?next=/ui/start#{token}")
    page.wait_for_url(START)
    # And in another one.
    other = open_login(new_page, f"/ui/login#{token}", own_server)
    expect(other.get_by_role("alert")).to_contain_text("This link was used before")
    assert token not in other.url
    other.get_by_label("API key").fill(own_server.api_key)
    other.keyboard.press("Enter")
    other.wait_for_url(lambda url: "/ui/login" not in url)


def test_a_key_is_typed_and_mistakes_are_named(
    new_page: Callable[..., Page],
    server: Server,
    axe: Callable[..., list[str]],
    screenshot: Callable[..., None],
) -> None:
    page = open_login(new_page, "/ui/login?next=/ui/start")
    key = page.get_by_label("API key")
    expect(key).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Enter a key.")
    page.expects(WRONG)
    page.keyboard.type("wrong.key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This key is unknown here")
    expect(key).to_be_focused()
    page.get_by_text("Where do I find my key?").click()
    expect(page.get_by_text("prints a link at every start")).to_be_visible()
    assert axe(page) == []
    screenshot("login", page)
    key.fill(f"  {server.api_key} ")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(START)


def test_who_is_not_signed_in_is_led_here_and_back(new_page: Callable[..., Page], server: Server) -> None:
    page = new_page(is_signed_in=False)
    page.expects("401 ")
    page.goto("/ui/datasets?q=titles")
    page.wait_for_url("**/ui/login?next=*")
    page.get_by_label("API key").fill(server.api_key)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"//[^/]+/ui/datasets\?q=titles$"))


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/docs", "/ui/login"],
)
def test_nobody_is_led_elsewhere(new_page: Callable[..., Page], server: Server, target: str) -> None:
    page = new_page(is_signed_in=False)
    page.goto(f"/ui/login?next={target}")
    page.get_by_label("API key").fill(server.api_key)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.startswith(f"{server.url}/ui/") and "/login" not in url)


def test_the_first_logs_are_asked_for_once(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/request-logs/?" in request.url else None)
    page.goto("/ui/logs")
    expect(page.get_by_role("grid")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.locator("#first-request").count() == 0
    assert len([url for url in asked if "page=1&" in url]) == 1
