"""The settings: keys, providers, retention, appearance, shortcuts, and what the server says of itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.web.visiting import comes_to


@pytest.mark.parametrize("tab", ["keys", "providers", "retention", "appearance", "shortcuts", "about"])
def test_every_part_is_accessible(
    page: Page, tab: str, screenshot: Callable[..., None], axe: Callable[..., list[str]]
) -> None:
    page.goto(f"/ui/settings/{tab}")
    expect(page.get_by_role("heading", level=1)).to_have_text(tab.capitalize())
    expect(page.locator(".settings")).not_to_be_empty()
    expect(page.locator(".skeleton")).to_have_count(0)
    assert axe(page) == []
    screenshot(f"settings-{tab}")


def test_a_key_is_shown_once_works_and_is_refused_after_it_was_revoked(page: Page, api: Api) -> None:
    page.goto("/ui/settings")
    page.get_by_role("button", name="Create a key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nightly job")
    dialog.get_by_label("write: add and change data, run evals").uncheck()
    dialog.get_by_role("button", name="Create").click()
    secret = dialog.locator(".settings-secret").inner_text()
    expect(dialog).to_contain_text(f"export ASSAY_API_KEY={secret}")
    theirs = Api(api.url, secret)
    theirs.ok("GET", "/api/datasets/list/")
    theirs.refused("POST", "/api/datasets/", {"name": "x", "is_empty": True}, status=403)
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Revoke nightly job").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked nightly job")).to_be_visible()
    expect(page.get_by_role("row", name="nightly job")).to_contain_text("revoked")
    theirs.refused("GET", "/api/datasets/list/", status=401)
    theirs.session.close()


def test_a_provider_is_added_tested_changed_and_deleted_and_its_key_never_comes_back(page: Page, api: Api) -> None:
    page.goto("/ui/settings/providers")
    page.get_by_role("button", name="Add a provider").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("nobody")
    dialog.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")
    dialog.get_by_label("Key").fill("sk-very-secret")
    dialog.get_by_label("Models").fill("tiny\nlarge")
    dialog.get_by_text("Prices and limits").click()
    dialog.get_by_label("Prices").fill("tiny 0.15")
    expect(dialog.get_by_role("alert")).to_contain_text("write a model, its price in and its price out")
    dialog.get_by_label("Prices").fill("tiny 0.15 0.6")
    dialog.get_by_label("Calls at once").fill("4")
    dialog.get_by_text("API call").click()
    expect(dialog).not_to_contain_text("sk-very-secret")
    dialog.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Test nobody").click()
    expect(page.get_by_role("status").filter(has_text="✗")).to_be_visible()
    (stored,) = [one for one in api.ok("GET", "/api/providers/list/")["results"] if one["name"] == "nobody"]
    assert (stored["has_key"], stored["models"], stored["limits"]["max_concurrency"]) == (True, ["tiny", "large"], 4)
    assert stored["prices"] == {"tiny": {"input_usd": 0.15, "output_usd": 0.6}}
    page.get_by_role("button", name="Edit nobody").click()
    expect(page.get_by_role("dialog").get_by_label("Key")).to_have_value("")
    page.get_by_role("dialog").get_by_label("Models").fill("tiny")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 model · 1 price · 4 calls at once")).to_be_visible()
    assert api.ok("GET", f"/api/providers/{stored['id']}/")["has_key"]
    page.get_by_role("button", name="Delete nobody").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Delete nobody")).to_be_visible()
    api.ok("DELETE", f"/api/providers/{stored['id']}/", status=204)


def test_a_scripted_provider_answers_its_test_with_a_latency(page: Page) -> None:
    page.goto("/ui/settings/providers")
    page.get_by_role("button", name="Test scripted").click()
    expect(page.get_by_role("status").filter(has_text="scripted answered in")).to_be_visible()


def test_appearance_is_kept_and_single_keys_can_be_switched_off(page: Page) -> None:
    page.goto("/ui/settings/appearance")
    page.get_by_label("Dark").check()
    page.get_by_label("Compact, 28 px").check()
    page.get_by_label("Single letters act, such as j for the next row").uncheck()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="Appearance")).to_be_visible()
    page.get_by_role("link", name="Shortcuts").click()
    expect(page.get_by_text("Single letters are switched off in this browser")).to_be_visible()


def test_retention_is_set_and_lifted_again(page: Page, api: Api) -> None:
    page.goto("/ui/settings/retention")
    days = page.get_by_label("Days that logs of test are kept")
    days.fill("30")
    expect(page.get_by_text("That cannot be taken back.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert api.ok("GET", "/api/retention/") == {"prod": None, "test": 30}
    days.fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    comes_to(page, {"prod": None, "test": None}, lambda: api.ok("GET", "/api/retention/"))


def test_about_says_what_the_server_is_and_holds(page: Page) -> None:
    page.goto("/ui/settings/about")
    expect(page.locator(".settings-facts")).to_contain_text("SQLite")
    expect(page.locator(".settings-facts")).to_contain_text("Request logs")
    expect(page.locator(".settings-facts")).to_contain_text("✓ database")
