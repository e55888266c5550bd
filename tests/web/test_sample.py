"""Sampling from logs: the count follows the filter, the preview shows rows, and what was added can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.flows.client import Api


def _opened(page: Page) -> Any:
    page.goto("/ui/datasets")
    page.get_by_role("button", name="Import").click()
    page.get_by_role("menuitem", name="A sample of logs").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Last 7 days").click()
    page.get_by_role("menuitemcheckbox", name="All time").click()
    expect(dialog).to_contain_text("4,020 logs match")
    return dialog


def test_the_count_follows_what_is_typed_and_the_call_says_the_same(
    page: Page, screenshot: Callable[..., None], axe: Callable[..., list[str]]
) -> None:
    dialog = _opened(page)
    expect(dialog.get_by_role("button", name=re.compile("^Add 500 rows"))).to_be_enabled()
    expect(dialog.locator(".sample-example")).to_have_count(3)
    screenshot("sample")
    assert axe(page) == []
    which = dialog.get_by_role("combobox", name="Which logs")
    which.fill("model:last-word status:failed")
    which.press("Enter")
    expect(dialog.locator(".sample-count")).to_contain_text(re.compile(r"\b\d\d logs match"))
    expect(dialog.get_by_role("button", name=re.compile(r"^Add \d\d rows"))).to_be_visible()
    dialog.get_by_text("API call").click()
    expect(dialog.get_by_role("region", name="curl code")).to_contain_text('"last-word"')
    which.fill("model:nobody")
    which.press("Enter")
    expect(dialog).to_contain_text("No log matches.")
    expect(dialog.get_by_role("button", name="Add rows")).to_be_disabled()


def test_a_sample_goes_into_a_new_dataset_in_proportion_to_its_strata(page: Page, api: Api) -> None:
    dialog = _opened(page)
    first = dialog.locator(".sample-example").first.inner_text()
    dialog.get_by_role("button", name="another 3").click()
    expect(dialog.locator(".sample-example").first).not_to_have_text(first)
    dialog.get_by_label("Rows").fill("40")
    dialog.get_by_label("Stratify by").select_option("metadata.plan")
    expect(dialog).to_contain_text(re.compile(r"free \d+ of"))
    dialog.get_by_label("copy metadata").uncheck()
    dialog.get_by_label("Its name").fill("Forty logs")
    dialog.get_by_role("button", name=re.compile("^Add 40 rows")).click()
    expect(page.get_by_role("heading", name="Forty logs")).to_be_visible()
    made = page.url.rsplit("/", 1)[-1]
    rows = api.rows(made)
    assert len(rows) == 40
    assert all("plan" not in (row["metadata"] or {}) for row in rows)
    recipe = api.ok("GET", f"/api/datasets/{made}/")["sampling_recipe"]
    assert (recipe["stratify_by"], recipe["seed"], recipe["copy_metadata"]) == ("metadata.plan", 7, False)
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile("/ui/datasets$"))
    api.refused("GET", f"/api/datasets/{made}/", status=404)


def test_a_sample_into_a_dataset_leaves_out_what_is_there_and_keeps_outputs_as_expected(page: Page, api: Api) -> None:
    # A log of its own, since those of the demo have an expected output each, which stays.
    api.ok("POST", "/api/request-logs/", {"input": "only here", "output": "42", "model": "sample-test"}, status=201)
    made = api.dataset("Sampled into")
    page.goto(f"/ui/datasets/{made}")
    for said in ("Added 1 row to Sampled into.", "Added 0 rows to Sampled into; 1 log was there already."):
        page.get_by_role("button", name="Add rows").click()
        page.get_by_role("menuitem", name="Sample from logs").click()
        dialog = page.get_by_role("dialog")
        which = dialog.get_by_role("combobox", name="Which logs")
        which.fill("model:sample-test")
        which.press("Enter")
        expect(dialog.locator(".sample-count")).to_contain_text("1 log matches")
        dialog.get_by_label("output as expected output").check()
        dialog.get_by_role("button", name=re.compile("^Add 1 row")).click()
        expect(page.get_by_text(said)).to_be_visible()
    (row,) = api.rows(made)
    assert (row["output"], row["expected_output"]) == ("42", "42")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("0 rows · v2")).to_be_visible()
    page.close()  # or it asks for what is gone
    api.ok("DELETE", f"/api/datasets/{made}/", status=204)
