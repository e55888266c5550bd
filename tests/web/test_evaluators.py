"""Evaluators: made of every kind, edited with the bench beside them, saved as versions, brought back and deleted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.flows.client import Api


@pytest.fixture
def judge(api: Api) -> str:
    """The slug of a judge by the scripted model, one of its own for each test."""
    body = {
        "name": "Kind answer",
        "type": "llm",
        "score_value_type": "numerical",
        "score_config": {"min_score": 1, "max_score": 5},
        "passing_conditions": {"primary_score": {"operator": "gte", "value": 4}},
        "llm_config": {"model": "scripted", "evaluator_definition": "Is {{output}} kind?"},
    }
    return str(api.ok("POST", "/api/evaluators/", body, status=201)["evaluator_slug"])


def _type_at_the_end(page: Page, text: str, label: str = "Prompt") -> None:
    editor = page.get_by_role("textbox", name=label)
    expect(editor).to_have_class(re.compile("cm-content"))
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def test_a_stranger_makes_a_judge_tries_it_and_saves_a_version(
    page: Page, api: Api, demo_dataset: str, axe: Callable[..., list[str]], screenshot: Callable[..., None]
) -> None:
    page.goto("/ui/evaluators")
    expect(page.get_by_role("grid", name="Evaluators")).to_contain_text("Plausible occupation")
    assert axe(page) == []
    screenshot("evaluators")
    page.get_by_role("button", name="New evaluator").click()
    dialog = page.get_by_role("dialog", name="New evaluator")
    dialog.get_by_label("Name").fill("Says hello")
    expect(dialog).to_contain_text("No provider of models is set up")
    screenshot("evaluators-new")
    dialog.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile("/ui/evaluators/says_hello"))
    # What it begins with can be run as it is.
    page.locator(".bench-dataset").select_option(demo_dataset)
    _type_at_the_end(page, "\n{{metadata.nothing_here}}")
    page.keyboard.press("Control+Enter")
    bench = page.get_by_role("region", name="Test bench")
    expect(bench.locator("tbody tr")).to_have_count(10)
    expect(bench).to_contain_text("10 rows of 400")
    expect(page.locator(".cm-lintRange-warning")).to_have_text("{{metadata.nothing_here}}")
    assert axe(page) == []
    screenshot("evaluator-judge")
    page.get_by_role("button", name="Save as v0").click()
    saving = page.get_by_role("dialog", name="Save as version 0")
    saving.get_by_label("What changed").fill("the first")
    saving.get_by_role("button", name="Save version").click()
    expect(page.get_by_role("button", name="Save as v1")).to_be_visible()
    versions = api.ok("GET", "/api/evaluators/says_hello/versions/")["results"]
    assert [(each["version"], each["is_read_only"], each["version_description"]) for each in versions] == [
        (1, False, ""),
        (0, True, "the first"),
    ]
    assert "{{metadata.nothing_here}}" in versions[0]["llm_config"]["evaluator_definition"]


def test_paths_are_completed_from_the_rows_of_the_sample(page: Page, judge: str, demo_dataset: str) -> None:
    page.goto(f"/ui/evaluators/{judge}?dataset={demo_dataset}")
    _type_at_the_end(page, " {{metadata.jo")
    page.get_by_role("option", name=re.compile("metadata.job_title")).click()
    expect(page.get_by_role("textbox", name="Prompt")).to_contain_text("{{metadata.job_title}}")


def test_unsaved_changes_outlive_the_page_and_can_be_discarded(page: Page, judge: str) -> None:
    page.goto(f"/ui/evaluators/{judge}")
    page.get_by_label("Name").fill("Kinder answer")
    expect(page.get_by_text("unsaved changes", exact=True)).to_be_visible()
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", accept)
    page.get_by_role("link", name="Datasets").click()
    expect(page).to_have_url(re.compile("/ui/datasets"))
    assert len(asked) == 1
    page.goto(f"/ui/evaluators/{judge}")
    expect(page.get_by_label("Name")).to_have_value("Kinder answer")
    page.get_by_role("button", name="Discard them").click()
    expect(page.get_by_label("Name")).to_have_value("Kind answer")


def test_the_draft_is_compared_with_what_is_saved_on_the_same_rows(page: Page, judge: str, demo_dataset: str) -> None:
    page.goto(f"/ui/evaluators/{judge}?n=5&seed=7&dataset={demo_dataset}")
    _type_at_the_end(page, " Really?")
    page.get_by_role("button", name=re.compile("^Run")).click()
    bench = page.get_by_role("region", name="Test bench")
    expect(bench.locator("thead")).to_have_text(re.compile("Row.*v0 saved.*Edited.*Δ.*Why"))
    expect(bench.locator("tbody tr")).to_have_count(5)
    expect(bench.get_by_role("status")).to_contain_text(re.compile(r"mean \d\.\d+ → \d\.\d+"))
    bench.locator("tbody button").first.click()
    row = page.get_by_role("dialog")
    expect(row).to_contain_text("what the judge was asked")
    expect(row).to_contain_text("Really?")
    page.keyboard.press("Escape")
    expect(row).to_have_count(0)
    page.get_by_label("Limit to pass").fill("3")
    expect(bench).to_contain_text("Something was changed since")


def test_an_old_version_is_looked_at_compared_and_restored(page: Page, api: Api, judge: str) -> None:
    api.ok("POST", f"/api/evaluators/{judge}/versions/", {"version_description": "short"}, status=201)
    api.ok("PATCH", f"/api/evaluators/{judge}/", {"llm_config": {"model": "scripted", "evaluator_definition": "Rude?"}})
    page.goto(f"/ui/evaluators/{judge}?v=0")
    expect(page.get_by_text("You are looking at v0: short")).to_be_visible()
    expect(page.get_by_role("textbox", name="Prompt")).to_contain_text("Is {{output}} kind?")
    page.get_by_role("button", name="Back to the draft").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_contain_text("Rude?")
    page.get_by_role("button", name="Diff").click()
    expect(page.get_by_role("dialog", name="Compare versions")).to_contain_text("llm_config.evaluator_definition")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Version: ")).click()
    page.get_by_role("menuitemcheckbox", name=re.compile("v0 · short")).click()
    page.get_by_role("button", name="Restore v0").click()
    expect(page.get_by_role("textbox", name="Prompt")).to_contain_text("Is {{output}} kind?")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("unsaved changes", exact=True)).to_have_count(0)
    stored = api.ok("GET", f"/api/evaluators/{judge}/")
    assert (stored["version"], stored["llm_config"]["evaluator_definition"]) == (1, "Is {{output}} kind?")


def test_errors_of_a_code_evaluator_are_errors_and_never_zeros(
    page: Page, demo_dataset: str, axe: Callable[..., list[str]], screenshot: Callable[..., None]
) -> None:
    page.goto(f"/ui/evaluators/demo_shared_words?n=200&dataset={demo_dataset}")
    page.get_by_role("button", name=re.compile("^Run")).click()
    bench = page.get_by_role("region", name="Test bench")
    expect(bench.get_by_role("status")).to_contain_text(re.compile(r"\d+ errors?, without a score"))
    bench.get_by_label("Order of the rows").select_option("worst first")
    expect(bench.locator("tbody tr").first).to_contain_text("line 9: ZeroDivisionError")
    assert axe(page) == []
    screenshot("evaluator-python")


def test_a_mistake_in_the_code_is_shown_at_its_line(page: Page, api: Api) -> None:
    page.expects(r"answer 400 .*/bench/")  # type: ignore[attr-defined]
    body = {"name": "Faulty", "type": "code", "code_config": {"eval_code_snippet": "def main(x):\n    return 1\n"}}
    slug = api.ok("POST", "/api/evaluators/", body, status=201)["evaluator_slug"]
    page.goto(f"/ui/evaluators/{slug}")
    _type_at_the_end(page, "x = = 1", "Python")
    page.get_by_role("button", name=re.compile("^Run")).click()
    expect(page.get_by_role("region", name="Definition").get_by_role("alert")).to_contain_text("line 3: SyntaxError")
    expect(page.locator(".cm-lintRange-error")).to_contain_text("x = = 1")


def test_a_built_in_is_duplicated_to_be_changed(page: Page, api: Api) -> None:
    page.goto("/ui/evaluators/exact_match")
    expect(page.get_by_label("Ignore case")).to_be_disabled()
    page.get_by_role("button", name="Duplicate").click()
    expect(page).to_have_url(re.compile("exact_match_copy"))
    page.get_by_label("Ignore case").check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("unsaved changes", exact=True)).to_have_count(0)
    assert api.ok("GET", f"/api/evaluators/{page.url.rsplit('/', 1)[1]}/")["configurations"]["ignore_case"] is True


def test_people_are_given_labels_to_choose_from(page: Page, api: Api) -> None:
    page.goto("/ui/evaluators?new=1")
    dialog = page.get_by_role("dialog", name="New evaluator")
    dialog.get_by_label(re.compile("^Human")).check()
    dialog.get_by_label("Name").fill("Tone of voice")
    dialog.get_by_role("button", name="Create").click()
    page.get_by_role("textbox", name="Label 1", exact=True).fill("Warm")
    page.get_by_role("button", name="Add a label").click()
    page.get_by_role("group", name="Labels that pass").get_by_label("Warm").check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("unsaved changes", exact=True)).to_have_count(0)
    stored = api.ok("GET", "/api/evaluators/tone_of_voice/")
    assert [choice["name"] for choice in stored["categorical_choices"]] == ["Warm", "Bad", "Label 3"]
    assert stored["passing_conditions"] == {"categorical_value": ["Warm"]}


def test_a_deleted_evaluator_comes_back_with_undo(page: Page, api: Api, judge: str) -> None:
    page.goto(f"/ui/evaluators/{judge}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    grid = page.get_by_role("grid", name="Evaluators")
    expect(grid).to_contain_text("Exact match")
    expect(grid.get_by_text(judge, exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(grid.get_by_text(judge, exact=True)).to_be_visible()
    assert api.ok("GET", f"/api/evaluators/{judge}/")["name"] == "Kind answer"


def test_the_list_is_filtered_by_its_language_and_opened_by_the_keyboard(page: Page) -> None:
    page.goto("/ui/evaluators?q=slug%3Ademo_plausible")
    grid = page.get_by_role("grid", name="Evaluators")
    expect(grid.get_by_role("row")).to_have_count(2)
    grid.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/ui/evaluators/demo_plausible"))
    used = page.get_by_role("region", name="Used by")
    expect(used).to_contain_text("Baselines")
    used.get_by_role("link", name="Baselines").click()
    expect(page).to_have_url(re.compile("/ui/datasets/.+/reports/"))


def test_an_evaluator_that_is_not_there_says_so(page: Page) -> None:
    page.expects(r"answer 404 .*/api/evaluators/nothing/")  # type: ignore[attr-defined]
    page.goto("/ui/evaluators/nothing")
    expect(page.get_by_role("alert")).to_contain_text("not found", ignore_case=True)
