"""The versions of a dataset and its settings: what changed, going back, naming, describing, deleting."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api


@pytest.fixture
def changed(api: Api) -> str:
    """A dataset whose newest version has changed one row and lost one."""
    rows = [{"input": f"Question {n}", "output": f"Answer {n}"} for n in (1, 2, 3)]
    dataset = api.dataset("Versions of a journey", rows)
    first, second, _ = (row["id"] for row in api.rows(dataset))
    # A tag ends a version: edits that follow each other closely share one.
    tag(api, dataset)
    api.ok("PATCH", f"/api/datasets/{dataset}/logs/{first}/", {"output": "Answer one"})
    tag(api, dataset)
    api.ok("DELETE", f"/api/datasets/{dataset}/logs/{second}/", status=204)
    return dataset


def tag(api: Api, dataset: str) -> None:
    number = newest(api, dataset)
    api.ok("PATCH", f"/api/datasets/{dataset}/versions/{number}/", {"tag": f"step-{number}"})


def newest(api: Api, dataset: str) -> int:
    return int(api.ok("GET", f"/api/datasets/{dataset}/")["version"])


def outputs(api: Api, dataset: str) -> list[Any]:
    return [row["output"] for row in api.rows(dataset)]


def test_a_version_shows_what_it_changed_value_by_value(
    page: Page, changed: str, axe: Callable[..., list[str]], screenshot: Callable[..., None]
) -> None:
    page.goto(f"/ui/datasets/{changed}/versions")
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_role("listitem")).to_have_count(3)
    difference = page.get_by_role("region", name="Difference")
    # What the newest did, before anything is chosen.
    expect(difference.get_by_role("status").first).to_have_text(re.compile("0 added.*1 removed.*0 changed"))
    expect(versions.get_by_role("button", pressed=True)).to_have_text(re.compile("^v3"))
    versions.get_by_role("button", name=re.compile("^v2")).click()
    expect(difference.get_by_role("status").first).to_have_text(re.compile("0 added.*0 removed.*1 changed"))
    expect(difference).to_contain_text("Question 1")
    expect(difference.locator("del").last).to_have_text("1")
    expect(difference.locator("ins").last).to_have_text("one")
    screenshot("dataset-versions")
    assert axe(page) == []


def test_any_two_versions_are_compared_by_the_address(page: Page, changed: str) -> None:
    page.goto(f"/ui/datasets/{changed}/versions?from=1&to=3")
    difference = page.get_by_role("region", name="Difference")
    expect(difference.get_by_role("status").first).to_have_text(re.compile("0 added.*1 removed.*1 changed"))
    difference.get_by_label("From").select_option("0")
    expect(difference.get_by_role("status").first).to_have_text(re.compile("2 added.*0 removed.*0 changed"))
    assert "from=0" in page.url


def test_the_rows_of_an_old_version_are_read_only(page: Page, changed: str) -> None:
    page.goto(f"/ui/datasets/{changed}?version=1")
    expect(page.locator(".grid-count")).to_have_text("3 rows")
    expect(page.get_by_text("Rows as of version 1")).to_be_visible()
    page.get_by_role("grid").get_by_role("row", name="Question 1").click()
    expect(page.get_by_role("complementary")).to_contain_text("Answer 1")
    expect(page.get_by_role("button", name="Edit JSON")).to_have_count(0)
    page.get_by_role("link", name="Show the newest").click()
    expect(page.locator(".grid-count")).to_have_text("2 rows")


def test_a_version_gets_a_name_and_a_bad_name_says_why(page: Page, changed: str, api: Api) -> None:
    page.expects("answer 400 to PATCH")  # type: ignore[attr-defined]
    page.goto(f"/ui/datasets/{changed}/versions")
    page.get_by_role("button", name="More for version 3").click()
    page.get_by_role("menuitem", name="Name it").click()
    dialog = page.get_by_role("dialog", name="Name version 3")
    dialog.get_by_label("Name").fill("no spaces")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("'no spaces' is not a tag")
    dialog.get_by_label("Name").fill("release-1")
    dialog.get_by_label("Name").press("Enter")
    expect(page.get_by_role("button", name=re.compile("^v3.*release-1"))).to_be_visible()
    assert api.ok("GET", f"/api/datasets/{changed}/versions/release-1/")["number"] == 3


def test_a_version_is_restored_and_the_restore_is_undone(page: Page, changed: str, api: Api) -> None:
    page.goto(f"/ui/datasets/{changed}/versions")
    page.get_by_role("button", name="More for version 1").click()
    page.get_by_role("menuitem", name="Restore it").click()
    dialog = page.get_by_role("dialog", name="Restore version 1?")
    expect(dialog).to_contain_text("3 rows of version 1, in place of the 2")
    dialog.get_by_role("button", name="Restore").click()
    expect(page.locator(".page-meta")).to_contain_text("3 rows · v4")
    assert outputs(api, changed) == ["Answer 1", "Answer 2", "Answer 3"]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".page-meta")).to_contain_text("2 rows · v5")
    assert outputs(api, changed) == ["Answer one", "Answer 3"]


def test_the_settings_describe_the_dataset(page: Page, changed: str, api: Api, axe: Callable[..., list[str]]) -> None:
    page.expects("answer 400 to PATCH")  # type: ignore[attr-defined]
    page.goto(f"/ui/datasets/{changed}/settings")
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    page.get_by_label("Name", exact=True).fill("  ")
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("This field may not be blank.")
    page.get_by_label("Name", exact=True).fill("A better name")
    page.get_by_label("Tags").fill("prod, golden")
    assert axe(page) == []
    save.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A better name")
    stored = api.ok("GET", f"/api/datasets/{changed}/")
    assert (stored["name"], [one["name"] for one in stored["tags"]]) == ("A better name", ["prod", "golden"])
    expect(page.get_by_label("Tags")).to_have_value("prod, golden")
    expect(save).to_be_disabled()


def test_a_dataset_is_deleted_only_by_its_name(page: Page, changed: str, api: Api) -> None:
    page.goto(f"/ui/datasets/{changed}/settings")
    page.get_by_role("button", name="Delete the dataset…").click()
    dialog = page.get_by_role("dialog", name="Delete the dataset?")
    final = dialog.get_by_role("button", name="Delete the dataset")
    expect(final).to_be_disabled()
    dialog.get_by_role("textbox").fill("Versions of a journey")
    final.click()
    expect(page).to_have_url(re.compile("/ui/datasets$"))
    api.refused("GET", f"/api/datasets/{changed}/", status=404)
