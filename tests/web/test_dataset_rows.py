"""The rows of a dataset: many of them by keys and by scrolling, filtered, read, edited, added and deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.flows.client import Api, as_jsonl
from tests.web.visiting import comes_to

MANY = 2_345


def grid(page: Page) -> Locator:
    return page.get_by_role("grid", name="Rows")


def row_at(page: Page, place: int) -> Locator:
    """The loaded row of a place, counted from 1 as people do; the head is the grid's first row."""
    return grid(page).locator(f".grid-row:not(.grid-row-pending)[aria-rowindex='{place + 1}']")


def highlighted(page: Page) -> Locator:
    return grid(page).locator(".grid-row-current")


def cell(page: Page, place: int, column: str) -> Locator:
    return row_at(page, place).locator(f"[data-column='{column}']")


def count_shown(page: Page) -> Locator:
    return page.locator(".grid-count")


def opened(page: Page, dataset: str, query: str = "") -> Page:
    page.goto(f"/ui/datasets/{dataset}{query}")
    expect(row_at(page, 1)).to_be_visible()
    return page


def held_rows(page: Page) -> list[Any]:
    """The requests for rows, which wait until they are told to continue."""
    held: list[Any] = []
    page.route("**/logs/list/**", lambda route: held.append(route))
    return held


@pytest.fixture
def small(api: Api) -> str:
    """A dataset of twelve rows with objects as inputs and outputs."""
    rows = [
        {
            "input": {"question": f"Question {n}?", "n": n},
            "output": {"answer": f"Answer {n}"},
            "expected_output": f"Expected {n}",
            "metadata": {"topic": "refund" if n % 2 else "tax"},
        }
        for n in range(1, 13)
    ]
    return api.dataset("Rows of a journey", rows)


@pytest.fixture(scope="session")
def many(api: Api) -> str:
    """A dataset of more rows than any page of the API holds."""
    dataset = api.dataset("Many rows")
    lines = as_jsonl([{"input": f"Row {n}", "output": "even" if n % 2 == 0 else "odd"} for n in range(1, MANY + 1)])
    headers = {"Content-Type": "application/x-ndjson"}
    answer = api("POST", f"/api/datasets/{dataset}/logs/import-file/?format=jsonl", data=lines, headers=headers)
    assert answer.json()["imported_count"] == MANY
    return dataset


# --------------------------------------------------------------------------------------------------- many rows


def test_the_table_knows_how_many_rows_there_are_and_draws_only_those_in_view(page: Page, many: str) -> None:
    opened(page, many)
    expect(count_shown(page)).to_have_text("2,345 rows")
    expect(grid(page)).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert grid(page).locator(".grid-row").count() < 60


def test_the_end_key_shows_the_last_row_and_home_the_first(page: Page, many: str) -> None:
    opened(page, many)
    # Until the count is there, the end is that of what is known.
    expect(page.locator(".grid-foot")).to_contain_text(f"{MANY:,} rows")
    page.keyboard.press("End")
    expect(highlighted(page)).to_contain_text(f"Row {MANY}")
    expect(highlighted(page)).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(highlighted(page)).to_contain_text("Row 1")
    page.keyboard.press("PageDown")
    expect(highlighted(page)).to_be_in_viewport()
    expect(highlighted(page)).not_to_contain_text("Row 1odd")


def test_scrolling_by_leaps_fills_what_is_in_view(page: Page, many: str) -> None:
    opened(page, many)
    for share in (0.5, 0.9, 0.1, 0.7):
        grid(page).evaluate("(element, share) => element.scrollTop = element.scrollHeight * share", share)
    expect(row_at(page, round(MANY * 0.7) + 5)).to_contain_text(f"Row {round(MANY * 0.7) + 5}")


def test_a_held_key_moves_row_by_row_without_drawing_the_others_anew(page: Page, many: str) -> None:
    opened(page, many, "?cols=input,output")
    expect(count_shown(page)).to_have_text("2,345 rows")
    page.keyboard.press("j")
    expect(highlighted(page)).to_contain_text("Row 1")
    changed = page.evaluate(
        """async () => {
          const grid = document.querySelector("[role=grid]"), changed = new Set();
          const watch = new MutationObserver(all => all.forEach(one => changed.add(one.target)));
          watch.observe(grid, { subtree: true, childList: true, attributes: true, characterData: true });
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true }));
          await new Promise(done => setTimeout(done, 200));
          return [...changed].map(node => node.getAttribute?.("role") ?? node.nodeName);
        }"""
    )
    # The row that was left, the row that was reached, and the grid that names it.
    assert sorted(changed) == ["grid", "row", "row"]
    for _ in range(20):
        page.keyboard.press("j")
    expect(highlighted(page)).to_contain_text("Row 22")


def test_a_key_pressed_before_the_rows_are_there_acts_when_they_come(page: Page, small: str) -> None:
    held = held_rows(page)
    page.goto(f"/ui/datasets/{small}")
    expect(grid(page).locator(".grid-row-pending").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(highlighted(page)).to_have_count(0)
    held[0].continue_()
    expect(row_at(page, 1)).to_have_class(re.compile("grid-row-current"))
    expect(row_at(page, 1)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("complementary")).to_have_count(0)


def test_a_click_on_a_row_that_is_on_its_way_opens_it_when_it_comes(page: Page, small: str) -> None:
    held = held_rows(page)
    page.goto(f"/ui/datasets/{small}")
    grid(page).locator(".grid-row-pending[aria-rowindex='3']").click()
    held[0].continue_()
    expect(page.get_by_role("complementary")).to_contain_text("Answer 2")
    expect(row_at(page, 2)).to_have_class(re.compile("grid-row-current"))


def test_the_highlight_is_what_a_screen_reader_hears(page: Page, many: str) -> None:
    opened(page, many)
    grid(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(highlighted(page)).to_contain_text("Row 2")
    assert grid(page).get_attribute("aria-activedescendant") == highlighted(page).get_attribute("id")
    expect(highlighted(page)).to_have_attribute("aria-selected", "false")
    page.keyboard.press("x")
    expect(highlighted(page)).to_have_attribute("aria-selected", "true")


def test_a_list_too_tall_for_a_browser_scrolls_to_scale(page: Page, module: Callable[[str], str]) -> None:
    height, first, last, back = page.evaluate(
        """async address => {
          const { scrollMap } = await import(address);
          const map = scrollMap({ count: 1_000_000, rowHeight: 32, viewHeight: 640 });
          const middle = map.scrollTopOf(map.offsetOf(1_234_567));
          return [map.height, map.windowOf(0), map.windowOf(map.height - 640), middle];
        }""",
        module("lib/scroll-map.js"),
    )
    assert height <= 15_000_000
    assert first == {"first": 0, "last": 19}
    assert last == {"first": 999_980, "last": 999_999}
    assert back == pytest.approx(1_234_567)


def test_a_filter_narrows_the_rows_and_is_the_address(page: Page, many: str) -> None:
    opened(page, many)
    page.keyboard.press("/")
    page.keyboard.type("output:even")
    page.keyboard.press("Enter")
    expect(count_shown(page)).to_have_text("1,172 rows")
    expect(row_at(page, 1)).to_contain_text("Row 2")
    assert "q=output%3Aeven" in page.url
    page.go_back()
    expect(count_shown(page)).to_have_text("2,345 rows")


def test_a_filter_that_finds_nothing_is_not_an_empty_dataset(page: Page, small: str) -> None:
    page.goto(f"/ui/datasets/{small}?q=model:none")
    expect(page.get_by_role("heading", name="No row matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").last.click()
    expect(count_shown(page)).to_have_text("12 rows")


def test_an_empty_dataset_says_how_to_fill_it(page: Page, api: Api) -> None:
    page.goto(f"/ui/datasets/{api.dataset('Nothing yet')}")
    expect(page.get_by_role("heading", name="This dataset has no rows yet")).to_be_visible()
    for way in ("Sample from logs", "Import a file", "New row"):
        expect(page.get_by_role("button", name=way, exact=True)).to_be_visible()


def test_rows_that_cannot_be_loaded_say_so_and_come_with_retry(page: Page, small: str) -> None:
    page.expects(r"request failed: .*logs/list", r"ERR_FAILED .*logs/list")  # type: ignore[attr-defined]
    page.route("**/logs/list/**", lambda route: route.abort())
    page.goto(f"/ui/datasets/{small}")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute("**/logs/list/**")
    page.get_by_role("button", name="Retry").click()
    expect(row_at(page, 1)).to_contain_text("Question 1?")


# ----------------------------------------------------------------------------------------------------- columns


def test_any_json_path_can_be_a_column_and_the_address_keeps_it(page: Page, small: str) -> None:
    opened(page, small)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("combobox", name="Any JSON path").fill("input.n")
    page.keyboard.press("Enter")
    expect(cell(page, 7, "input.n")).to_have_text("7")
    page.keyboard.press("Escape")
    other = page.context.new_page()
    opened(other, small, "?" + page.url.partition("?")[2])
    expect(cell(other, 7, "input.n")).to_have_text("7")


def test_a_column_is_resized_by_pointer_and_by_key(page: Page, small: str) -> None:
    opened(page, small)
    edge = grid(page).get_by_role("separator", name="Width of Output")
    head = grid(page).get_by_role("columnheader").filter(has_text="Output")
    before = head.bounding_box()
    at = edge.bounding_box()
    assert before
    assert at
    page.mouse.move(at["x"] + 4, at["y"] + 10)
    page.mouse.down()
    page.mouse.move(at["x"] - 96, at["y"] + 10, steps=4)
    page.mouse.up()
    narrower = head.bounding_box()
    assert narrower
    assert narrower["width"] == pytest.approx(before["width"] - 100, abs=2)
    edge.focus()
    page.keyboard.press("ArrowRight")
    expect(edge).to_have_attribute("aria-valuenow", str(round(narrower["width"]) + 16))
    assert re.search(r"cols=.*output%3A\d+", page.url)


def test_the_head_of_a_column_sorts(page: Page, small: str) -> None:
    opened(page, small, "?cols=input,updated_at")
    updated = grid(page).get_by_role("columnheader").filter(has_text="Updated")
    expect(updated).to_have_attribute("aria-sort", "none")
    updated.get_by_role("button").click()
    expect(updated).to_have_attribute("aria-sort", "ascending")
    updated.get_by_role("button").click()
    expect(updated).to_have_attribute("aria-sort", "descending")
    assert "sort=-updated_at" in page.url


# ------------------------------------------------------------------------------------------------------- scores


def test_a_bar_of_the_scores_filters_to_its_rows(page: Page, demo_dataset: str, demo_report: str, api: Api) -> None:
    opened(page, demo_dataset)
    scores = page.get_by_role("region", name="Scores of the latest report")
    # The first of eight bins, 1 to 1.5.
    report = api.ok("GET", f"/api/datasets/{demo_dataset}/eval-reports/{demo_report}/")
    (task,) = [one for one in report["evaluators"] if one["evaluator_slug"] == "demo_plausible"]
    scores.locator(".histogram").get_by_role("button").first.click()
    expect(count_shown(page)).to_have_text(f"{task['summary']['histogram'][0]['count']} rows")
    assert "score.demo_plausible%3A1..1.5" in page.url
    scores.get_by_role("button", name="Show all scores").click()
    expect(count_shown(page)).to_have_text("400 rows")


# ---------------------------------------------------------------------------------------------------- one row


def test_a_row_opens_beside_the_table_and_the_next_key_shows_the_next(page: Page, small: str, api: Api) -> None:
    opened(page, small)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel).to_contain_text("Question 1?")
    page.keyboard.press("j")
    expect(panel).to_contain_text("Question 2?")
    expect(page).to_have_url(re.compile(f"row={api.rows(small)[1]['id']}"))
    address = page.url
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.goto(address)
    expect(panel).to_contain_text("Question 2?")


def test_a_value_of_the_panel_becomes_a_filter_and_a_column(page: Page, small: str) -> None:
    opened(page, small)
    row_at(page, 2).click()
    tree = page.get_by_role("tree", name="metadata as JSON")
    topic = tree.get_by_role("treeitem").filter(has_text="topic").last
    topic.hover()
    topic.get_by_role("button", name=re.compile("filter", re.I)).click()
    expect(count_shown(page)).to_have_text("6 rows")


def test_the_history_says_which_version_changed_what(page: Page, small: str, api: Api) -> None:
    row = api.rows(small)[0]["id"]
    api.ok("PATCH", f"/api/datasets/{small}/logs/{row}/", {"expected_output": "Something else"})
    opened(page, small, f"?row={row}")
    history = page.locator(".dataset-history")
    history.locator("summary").first.click()
    expect(history.get_by_role("listitem").first).to_contain_text("changed expected_output")
    expect(history.get_by_role("listitem").last).to_contain_text("added")


# ------------------------------------------------------------------------------------------------------ editing


def test_a_cell_is_edited_in_place_by_the_keyboard_alone(page: Page, small: str, api: Api) -> None:
    opened(page, small, "?cols=input.question,expected_output")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_label("Edit input.question")).to_be_focused()
    page.keyboard.type("Where is it?")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Edit Expected")).to_be_focused()
    page.keyboard.type("On its way")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "input.question")).to_have_text("Where is it?")
    expect(cell(page, 1, "expected_output")).to_have_text("On its way")
    expected = ({"question": "Where is it?", "n": 1}, "On its way")
    comes_to(page, expected, lambda: itemgetter("input", "expected_output")(api.rows(small)[0]))
    expect(page.locator(".page-meta")).to_contain_text(re.compile("v[23]"))


def test_a_number_stays_a_number_and_what_is_none_is_refused_in_the_cell(page: Page, small: str, api: Api) -> None:
    opened(page, small, "?cols=input.n")
    cell(page, 1, "input.n").dblclick()
    field = page.get_by_label("Edit input.n")
    field.fill("many")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is no JSON")
    field.fill("41")
    field.press("Enter")
    expect(cell(page, 1, "input.n")).to_have_text("41")
    expect(page.locator(".page-meta")).to_contain_text("v2")
    comes_to(page, 41, lambda: api.rows(small)[0]["input"]["n"])


def test_an_edit_that_the_server_refuses_is_taken_back_and_explained(page: Page, small: str) -> None:
    page.expects("answer 400 to PATCH")  # type: ignore[attr-defined]
    opened(page, small, "?cols=expected_output")

    def refuse(route: Any) -> None:
        if route.request.method == "PATCH":
            route.fulfill(status=400, content_type="application/json", body='{"expected_output": ["Too wise."]}')
        else:
            route.continue_()

    page.route("**/logs/*/", refuse)
    cell(page, 1, "expected_output").dblclick()
    page.get_by_label("Edit Expected").fill("42")
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Too wise.")
    expect(cell(page, 1, "expected_output")).to_have_text("Expected 1")


def test_a_row_is_edited_as_json_in_the_panel(page: Page, small: str, api: Api) -> None:
    opened(page, small)
    row_at(page, 3).click()
    page.get_by_role("button", name="Edit JSON").click()
    editor = page.get_by_role("textbox", name="The row as JSON")
    expect(page.locator(".cm-editor")).to_be_visible()
    editor.press("Control+a")
    page.keyboard.insert_text("{")
    expect(page.locator(".dataset-editor [role=alert]")).to_contain_text("This is no JSON")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    editor.press("Control+a")
    page.keyboard.insert_text(json.dumps({"input": "Plain now", "output": "Yes", "metadata": {"kind": "new"}}))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("complementary")).to_contain_text("Plain now")
    expect(cell(page, 3, "input")).to_have_text("Plain now")
    expected = ("Plain now", None, {"kind": "new"})
    comes_to(page, expected, lambda: itemgetter("input", "expected_output", "metadata")(api.rows(small)[2]))


# -------------------------------------------------------------------------------------------- adding, deleting


def test_a_new_row_has_the_shape_of_the_last_and_errors_stand_where_they_are(page: Page, small: str, api: Api) -> None:
    page.expects("answer 400 to POST")  # type: ignore[attr-defined]
    opened(page, small)
    page.get_by_role("button", name="Add rows").click()
    page.get_by_role("menuitem", name="New row").click()
    dialog = page.get_by_role("dialog", name="New row")
    editor = dialog.get_by_role("textbox", name="The new row as JSON")
    expect(dialog).to_contain_text('"question": ""')
    editor.press("Control+a")
    page.keyboard.insert_text('{"input": "How much?", "cost": "cheap"}')
    dialog.get_by_role("button", name="Add row", exact=True).click()
    expect(dialog.get_by_role("alert").first).to_contain_text("cost")
    editor.press("Control+a")
    page.keyboard.insert_text('{"input": {"question": "Thirteen?", "n": 13}, "output": {"answer": "Yes"}}')
    editor.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(count_shown(page)).to_have_text("13 rows")
    expect(row_at(page, 13)).to_contain_text("Thirteen?")
    comes_to(page, {"question": "Thirteen?", "n": 13}, lambda: api.rows(small)[-1]["input"])


def test_a_duplicate_is_the_last_row(page: Page, small: str, api: Api) -> None:
    opened(page, small)
    row_at(page, 4).click()
    page.get_by_role("button", name="Duplicate").click()
    expect(count_shown(page)).to_have_text("13 rows")
    comes_to(page, {"question": "Question 4?", "n": 4}, lambda: api.rows(small)[-1]["input"])


def test_a_deleted_row_comes_back_by_undo(page: Page, small: str, api: Api) -> None:
    opened(page, small)
    row_at(page, 1).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(count_shown(page)).to_have_text("11 rows")
    expect(page.get_by_role("complementary")).to_contain_text("Question 2?")
    page.get_by_role("button", name="Undo").click()
    expect(count_shown(page)).to_have_text("12 rows")
    expect(row_at(page, 1)).to_contain_text("Question 1?")
    assert len(api.rows(small)) == 12


def test_leaving_the_page_makes_a_delete_final(page: Page, small: str, api: Api) -> None:
    opened(page, small)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(count_shown(page)).to_have_text("9 rows")
    page.goto("/ui/settings/about")
    comes_to(page, list(range(4, 13)), lambda: [row["input"]["n"] for row in api.rows(small)])


def test_all_that_match_are_deleted_at_once_and_undone_at_once(page: Page, small: str, api: Api) -> None:
    opened(page, small, "?q=metadata.topic:refund")
    expect(count_shown(page)).to_have_text("6 rows")
    page.keyboard.press("Control+a")
    bar = page.get_by_role("toolbar")
    expect(bar).to_contain_text("All 6 matching rows selected")
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No row matches")).to_be_visible()
    comes_to(page, {"tax"}, lambda: {row["metadata"]["topic"] for row in api.rows(small)})
    page.get_by_role("button", name="Undo").click()
    expect(count_shown(page)).to_have_text("6 rows")
    comes_to(page, 12, lambda: len(api.rows(small)))


def test_deleting_every_row_asks_for_the_name(page: Page, small: str, api: Api) -> None:
    opened(page, small)
    page.keyboard.press("Control+a")
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete all rows?")
    final = dialog.get_by_role("button", name="Delete all rows")
    expect(final).to_be_disabled()
    dialog.get_by_role("textbox").fill("Rows of a journey")
    final.click()
    expect(page.get_by_role("heading", name="This dataset has no rows yet")).to_be_visible()
    comes_to(page, [], lambda: api.rows(small))


# ----------------------------------------------------------------------------------------------------- looks


def test_what_the_rows_look_like_and_who_can_use_them(
    page: Page, demo_dataset: str, axe: Callable[..., list[str]], screenshot: Callable[..., None]
) -> None:
    opened(page, demo_dataset)
    screenshot("dataset-rows")
    assert axe(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_contain_text("Facts")
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar")).to_be_visible()
    screenshot("dataset-row")
    assert axe(page) == []


def test_on_a_narrow_screen_the_row_is_a_sheet_and_the_focus_goes_along_and_back(
    new_page: Callable[..., Page], small: str
) -> None:
    page = new_page(viewport={"width": 720, "height": 450})
    opened(page, small)
    grid(page).focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_be_focused()
    page.keyboard.press("Escape")
    expect(grid(page)).to_be_focused()
