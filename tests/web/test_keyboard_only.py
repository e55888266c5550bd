"""The keyboard alone: from the start page to a row and back, the palette, the sheet of keys, where the focus goes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.web.visiting import settled, visit

_FOCUSED = """() => {
  const element = document.activeElement;
  return `${element.tagName} ${element.getAttribute("aria-label") ?? ""} ${element.textContent.trim().slice(0, 60)}`;
}"""


def press(page: Page, keys: str) -> None:
    """Press keys one after the other: `g d`."""
    for key in keys.split():
        page.keyboard.press(key)


def focused(page: Page) -> str:
    return str(page.evaluate(_FOCUSED))


def parameter(page: Page, name: str) -> str | None:
    found: str | None = page.evaluate("name => new URLSearchParams(location.search).get(name)", name)
    return found


def expect_parameter(page: Page, name: str) -> str:
    """Wait until the address has a parameter and return it."""
    expect(page).to_have_url(re.compile(rf"[?&]{name}=[^&]+"))
    value = parameter(page, name)
    assert value
    return value


def test_from_the_start_page_to_a_row_and_back_without_a_mouse(page: Page, demo_dataset: str) -> None:
    visit(page, "/ui/start")
    press(page, "g d")
    expect(page).to_have_url(re.compile(r"/ui/datasets$"))
    settled(page)
    # To the demo's dataset by the filter, whatever other tests made.
    press(page, "/")
    page.keyboard.type("Job titles")
    press(page, "Enter")
    settled(page)
    press(page, "Escape")
    press(page, "j Enter")
    expect(page).to_have_url(re.compile(rf"/ui/datasets/{demo_dataset}"))
    settled(page)

    press(page, "j j Enter")
    first = expect_parameter(page, "row")
    panel = page.get_by_role("complementary")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading").first).to_be_visible()
    press(page, "j")
    expect(page).not_to_have_url(re.compile(re.escape(f"row={first}")))
    second = expect_parameter(page, "row")
    press(page, "k")
    expect(page).to_have_url(re.compile(re.escape(f"row={first}")))
    assert first != second
    press(page, "Escape")
    expect(panel).to_have_count(0)
    assert parameter(page, "row") is None
    # The grid goes on where it was.
    press(page, "j Enter")
    assert expect_parameter(page, "row") == second
    press(page, "Escape")


def test_rows_are_selected_by_x_and_the_bar_says_how_many(page: Page, demo_dataset: str) -> None:
    visit(page, f"/ui/datasets/{demo_dataset}")
    press(page, "j x j x")
    bar = page.get_by_role("toolbar", name="Actions for the selected rows")
    expect(bar).to_contain_text("2")
    # A range from the last one: two more below it.
    press(page, "j j Shift+x")
    expect(bar).to_contain_text("4")
    press(page, "Control+a")
    expect(bar).to_contain_text("400")
    press(page, "Escape")
    expect(bar).to_have_count(0)


def test_the_filter_takes_the_focus_and_gives_it_back(page: Page, demo_dataset: str) -> None:
    visit(page, f"/ui/datasets/{demo_dataset}")
    press(page, "/")
    field = page.get_by_role("combobox", name=re.compile("filter|search", re.IGNORECASE))
    expect(field).to_be_focused()
    page.keyboard.type("model:last-word")
    # What is typed is no command.
    expect(page).to_have_url(re.compile(rf"/ui/datasets/{demo_dataset}"))
    press(page, "Enter")
    assert expect_parameter(page, "q") == "model:last-word"
    expect(page.get_by_text(re.compile(r"\b116\b")).first).to_be_visible()
    press(page, "Escape")
    expect(field).not_to_be_focused()
    press(page, "j Enter")
    expect_parameter(page, "row")


@pytest.mark.parametrize(("key", "path"), [("l", "logs"), ("d", "datasets"), ("r", "reports"), ("v", "evaluators")])
def test_g_and_a_letter_leads_to_a_place(page: Page, key: str, path: str) -> None:
    visit(page, "/ui/start")
    press(page, f"g {key}")
    expect(page).to_have_url(re.compile(rf"/ui/{path}$"))
    settled(page)


def test_letters_typed_before_the_palette_is_there_are_looked_for_in_it(page: Page) -> None:
    visit(page, "/ui/evaluators")
    held: list[Any] = []
    page.route("**/part/**palette**", lambda route: held.append(route))
    press(page, "Control+k")
    page.keyboard.type("g sdd")
    press(page, "Backspace Backspace")
    expect(page).to_have_url(re.compile(r"/ui/evaluators$"))
    held[0].continue_()
    field = page.get_by_role("combobox", name=re.compile("Search pages"))
    expect(field).to_have_value("g s")
    page.keyboard.type("ettings")
    press(page, "Enter")
    expect(page).to_have_url(re.compile(r"/ui/settings"))


def test_the_palette_finds_pages_and_things_by_name(page: Page, demo_dataset: str) -> None:
    visit(page, "/ui/evaluators")
    press(page, "Control+k")
    palette = page.get_by_role("dialog", name="Search and commands")
    expect(palette.get_by_role("combobox")).to_be_focused()
    expect(palette.get_by_role("option", name="Go to logs")).to_be_visible()
    page.keyboard.type("job tit")
    expect(palette.get_by_role("option").first).to_contain_text("Job titles")
    press(page, "Enter")
    expect(palette).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"/ui/datasets/{demo_dataset}"))
    press(page, "Control+k")
    page.keyboard.type("logs")
    press(page, "Enter")
    expect(page).to_have_url(re.compile(r"/ui/logs$"))


def test_the_question_mark_shows_all_keys(page: Page) -> None:
    visit(page, "/ui/datasets")
    press(page, "?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    for said in ("Next row", "Search and commands", "Go to logs"):
        expect(sheet.get_by_text(said, exact=True)).to_be_visible()
    # Keys of the page below do nothing meanwhile.
    press(page, "g l")
    expect(page).to_have_url(re.compile(r"/ui/datasets$"))
    press(page, "Escape")
    expect(sheet).to_have_count(0)


def test_the_focus_returns_to_what_opened_a_dialog(page: Page) -> None:
    visit(page, "/ui/datasets")
    opener = page.locator("main").get_by_role("button", name="New dataset")
    for _ in range(60):
        press(page, "Tab")
        if opener.evaluate("element => element === document.activeElement"):
            break
    expect(opener).to_be_focused()
    press(page, "Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    # The focus stays within: in the dialog however often one tabs.
    for _ in range(25):
        press(page, "Tab")
        assert page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    press(page, "Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


@pytest.mark.parametrize(
    "path", ["/ui/start", "/ui/logs", "/ui/datasets", "/ui/reports", "/ui/evaluators", "/ui/settings"]
)
def test_tabbing_goes_round_the_page_with_a_visible_focus(page: Page, path: str) -> None:
    visit(page, path)
    press(page, "Tab")
    assert "Skip to the content" in focused(page)
    unseen = []
    for _ in range(80):
        press(page, "Tab")
        state = page.evaluate(
            """() => {
              const element = document.activeElement;
              if (element === document.body) return null;
              const box = element.getBoundingClientRect();
              // A field within a frame may leave the ring to the frame.
              const frames = [element, element.parentElement, element.parentElement?.parentElement].filter(Boolean);
              const isRinged = frames.map(each => getComputedStyle(each)).some(style =>
                (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none");
              return { is: element.outerHTML.slice(0, 120), seen: box.width > 0 && box.height > 0,
                ringed: isRinged };
            }"""
        )
        if state is None:
            break
        if not (state["seen"] and state["ringed"]):
            unseen.append(state["is"])
    assert not unseen, "\n".join(unseen)


def test_the_skip_link_leads_past_the_rail(page: Page) -> None:
    visit(page, "/ui/datasets")
    press(page, "Tab Enter")
    assert page.evaluate("() => document.activeElement.id") == "content"
    press(page, "Tab")
    assert page.evaluate("() => document.activeElement.closest('nav.rail')") is None


def test_single_keys_can_be_switched_off(page: Page) -> None:
    visit(page, "/ui/settings/appearance")
    page.get_by_role("checkbox", name=re.compile("single", re.IGNORECASE)).press("Space")
    visit(page, "/ui/datasets")
    press(page, "g l ?")
    expect(page).to_have_url(re.compile(r"/ui/datasets$"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    # With a modifier they still work.
    press(page, "Control+k")
    expect(page.get_by_role("dialog", name="Search and commands")).to_be_visible()


def test_keys_with_modifiers_of_the_system_are_left_alone(page: Page, demo_dataset: str) -> None:
    visit(page, f"/ui/datasets/{demo_dataset}")
    press(page, "j")
    for keys in ("Alt+j", "Alt+x", "AltGraph+x", "Meta+k"):
        press(page, keys)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert parameter(page, "row") is None


def test_a_deleted_row_comes_back_by_undo(page: Page, api: Api) -> None:
    dataset = api.dataset("Undone", [{"input": f"question {row}", "output": f"answer {row}"} for row in range(3)])
    visit(page, f"/ui/datasets/{dataset}")
    press(page, "j x")
    delete = page.get_by_role("button", name=re.compile("^Delete")).last
    delete.focus()
    press(page, "Enter")
    undo = page.get_by_role("button", name=re.compile("Undo", re.IGNORECASE))
    undo.focus()
    press(page, "Enter")
    settled(page)
    assert len(api.rows(dataset)) == 3
    expect(page.get_by_role("grid").get_by_text("question 0")).to_be_visible()
