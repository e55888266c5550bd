"""Values by themselves: conversations, trees, texts, differences and the editor, of any size and content."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

_SHOW = """async ([url, preact, styles, component, props, heard]) => {
    const { html, render } = await import(preact);
    const shown = (await import(url))[component];
    window.heard = [];
    for (const event of heard) props[event] = (...said) => window.heard.push([event, ...said]);
    if (!document.querySelector("link")) {
        await new Promise(done => {
            const link = document.createElement("link");
            Object.assign(link, { rel: "stylesheet", href: styles, onload: done });
            document.head.append(link);
        });
    }
    document.body.innerHTML = '<main><h1>Value</h1><div id="shown"></div></main>';
    document.body.style.overflow = "auto";
    document.title = component;
    document.documentElement.lang = "en";
    render(html`<${shown} ...${props} />`, document.getElementById("shown"));
}"""
# A PNG of ten by ten pixels.
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
_CHAT = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "You help people. " * 40},
        {"role": "user", "content": [{"type": "text", "text": "Where is <b>it</b>?"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "function": {"name": "track", "arguments": '{"parcel": "P-9"}'}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": '{"state": "late"}'},
        {"role": "assistant", "content": "It is late."},
    ],
}
_ANTHROPIC = {
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t", "name": "weather", "input": {"town": "Ulm"}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": "rain", "is_error": False}],
        },
    ],
}
Show = Callable[..., Locator]


@pytest.fixture
def show(page: Page, module: Callable[[str], str]) -> Show:
    """Draw a component alone on a page; the calls of the handlers in `heard` are kept in `window.heard`."""
    shell = page.request.get("/ui/start").text()
    styles = next(part for part in shell.split('"') if part.endswith(".css"))

    def draw(file: str, component: str, props: dict[str, Any], heard: tuple[str, ...] = ()) -> Locator:
        urls = [module(f"components/{file}"), module("vendor/preact.js"), styles]
        page.evaluate(_SHOW, [*urls, component, props, list(heard)])
        return page.locator("#shown")

    return draw


@pytest.fixture
def pane(show: Show) -> Show:
    """Draw a value pane labelled "output"."""

    def draw(value: Any, *heard: str, **props: Any) -> Locator:
        return show("value-pane.js", "ValuePane", {"label": "output", "value": value, **props}, heard)

    return draw


# ------------------------------------------------------------------------------------------------- conversations


def test_a_conversation_is_shown_by_its_roles_with_tool_calls_folded(
    pane: Show, axe: Callable[..., list[str]], page: Page
) -> None:
    shown = pane(_CHAT)
    assert shown.locator(".chat-role").all_inner_texts() == ["System", "User", "Assistant", "Tool", "Assistant"]
    expect(shown).to_contain_text("Where is <b>it</b>?")
    call = shown.locator("details", has_text="Calls track")
    expect(call.get_by_role("tree")).to_have_count(0)
    call.locator("summary").click()
    expect(call.get_by_role("tree")).to_contain_text("P-9")
    # What stands beside the messages is not lost.
    expect(shown).to_contain_text("1 other key")
    assert axe(page) == []


def test_the_conversations_of_other_houses_are_recognised(page: Page, module: Callable[[str], str]) -> None:
    read = "async ([url, value]) => (await import(url)).messagesOf(value)"
    url = module("lib/messages.js")
    found = page.evaluate(read, [url, _ANTHROPIC])
    assert [message["role"] for message in found] == ["system", "user", "assistant", "user"]
    assert (found[2]["parts"][0]["kind"], found[2]["parts"][0]["name"]) == ("call", "weather")
    assert (found[3]["parts"][0]["kind"], found[3]["parts"][0]["value"]) == ("result", "rain")
    gemini = {"contents": [{"role": "model", "parts": [{"text": "Yes."}]}]}
    assert page.evaluate(read, [url, gemini])[0]["role"] == "assistant"
    response = {"choices": [{"message": {"role": "assistant", "content": "Hello"}}]}
    assert page.evaluate(read, [url, response])[0]["parts"] == [{"kind": "text", "text": "Hello"}]
    assert page.evaluate(read, [url, {"role": "admin", "name": "Ada"}]) is None
    assert page.evaluate(read, [url, [1, 2]]) is None


def test_messages_as_json_in_a_text_are_a_conversation_too(pane: Show) -> None:
    shown = pane('[{"role": "user", "content": "Hello"}]')
    expect(shown.get_by_role("button", name="Chat")).to_have_attribute("aria-pressed", "true")
    shown.get_by_role("button", name="Raw", exact=True).click()
    expect(shown.locator(".value-text")).to_have_text('[{"role": "user", "content": "Hello"}]')


# --------------------------------------------------------------------------------------------------------- trees


def test_the_keyboard_walks_a_tree(pane: Show, page: Page, axe: Callable[..., list[str]]) -> None:
    shown = pane({"a": {"b": {"c": {"d": 1}}}, "z": "end"})
    tree = shown.get_by_role("tree")
    # Three levels are open, the fourth is not.
    expect(tree.get_by_role("treeitem")).to_have_count(5)
    tree.get_by_role("treeitem").first.focus()
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_contain_text("end")
    page.keyboard.press("ArrowUp")
    expect(page.locator(":focus")).to_contain_text("c: {1 key}")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem")).to_have_count(6)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(":focus")).to_have_attribute("aria-level", "3")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(tree.get_by_role("treeitem")).to_have_count(1)
    assert axe(page) == []


def test_a_value_of_a_tree_becomes_a_filter_and_its_path_a_column(pane: Show, page: Page) -> None:
    shown = pane({"answer": {"label": "yes"}}, "onFilter", "onColumn", path="output")
    shown.get_by_role("treeitem", name="label").hover()
    shown.get_by_role("button", name="Filter", exact=True).click()
    shown.get_by_role("button", name="Column").click()
    assert page.evaluate("window.heard") == [
        ["onFilter", "output.answer.label", "yes"],
        ["onColumn", "output.answer.label"],
    ]


def test_an_object_of_two_thousand_keys_is_shown_fifty_at_a_time_and_searched_whole(pane: Show, page: Page) -> None:
    shown = pane({f"key{number}": number for number in range(2_000)})
    expect(shown.get_by_role("treeitem")).to_have_count(52)
    shown.get_by_text("Show 50 more of 1,950").click()
    expect(shown.get_by_role("treeitem")).to_have_count(102)
    shown.get_by_role("searchbox").fill("key1999")
    expect(shown.get_by_role("status")).to_have_text("1 match")
    shown.get_by_role("searchbox").press("Enter")
    expect(page.locator(":focus")).to_contain_text("key1999: 1999")


def test_a_hundred_levels_stay_inside_the_page(pane: Show, page: Page) -> None:
    value: Any = "the bottom"
    for _ in range(100):
        value = {"deeper": value}
    # As text: the browser's own protocol does not carry so many levels.
    shown = pane(json.dumps(value))
    shown.get_by_role("treeitem").first.focus()
    for _ in range(220):
        page.keyboard.press("ArrowRight")
    expect(shown).to_contain_text("the bottom")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# --------------------------------------------------------------------------------------------------------- texts


def test_control_characters_are_named_and_markup_is_text(pane: Show, page: Page) -> None:
    shown = pane("a\u0000b\u202ec <img src=x onerror=alert(1)>\r\nd")
    expect(shown.locator(".value-text")).to_contain_text("a⟨U+0000⟩b⟨U+202E⟩c <img src=x onerror=alert(1)>")
    expect(shown.locator("img")).to_have_count(0)


def test_five_megabytes_show_their_beginning_and_all_on_demand(pane: Show, page: Page) -> None:
    text = "All work and no play.\n" * 240_000
    shown = pane(text)
    expect(shown.locator(".value-cut")).to_contain_text("The first 262 KB of 5.3 MB are shown.")
    assert page.evaluate("document.querySelector('.value-text').textContent.length") < 300_000
    shown.get_by_role("button", name="Load all").click()
    page.wait_for_function("document.querySelector('.value-text').textContent.length > 5000000")
    with page.expect_download() as download:
        shown.get_by_role("button", name="Download").first.click()
    assert download.value.suggested_filename == "output.txt"


def test_a_word_without_end_wraps(pane: Show, page: Page) -> None:
    pane("W" * 20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_image_is_named_and_opened_by_a_click_but_never_a_script_of_images(pane: Show) -> None:
    svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>" * 4).decode()
    shown = pane({"shot": f"data:image/png;base64,{_PNG}", "drawing": f"data:image/svg+xml;base64,{svg}"})
    expect(shown.get_by_text("image, 236 B")).not_to_have_role("button")
    expect(shown.locator("img")).to_have_count(0)
    shown.get_by_role("button", name="image, 78 B").click()
    expect(shown.locator("img")).to_have_count(1)
    assert shown.locator("img").evaluate("async image => (await image.decode(), image.naturalWidth)") == 10


def test_a_preview_says_the_text_and_not_the_braces(page: Page, module: Callable[[str], str]) -> None:
    preview = "async ([url, value]) => (await import(url)).previewOf(value)"
    url = module("lib/preview.js")
    said = [
        ({"id": 7, "question": "How long?"}, "How long?"),
        (_CHAT, "It is late."),
        ({"n": 4, "ok": True}, '"n":4,"ok":true'),
        ({"result": {"text": "deep"}}, "deep"),
        ("two\n\tlines", "two lines"),
        (None, ""),
        (3.5, "3.5"),
    ]
    assert [page.evaluate(preview, [url, value]) for value, _ in said] == [text for _, text in said]
    assert len(page.evaluate(preview, [url, {"n": ["x" * 9] * 100_000}])) <= 200


# --------------------------------------------------------------------------------------------------- differences


def test_a_text_differs_from_the_expected_one_by_words(pane: Show, page: Page, axe: Callable[..., list[str]]) -> None:
    shown = pane("Refunds take 5-7 business days.", expected="Refunds take about two weeks.")
    shown.get_by_role("button", name="Diff").click()
    expect(shown.locator(".diff-text del")).to_have_text("about two weeks")
    expect(shown.locator(".diff-text ins")).to_have_text("5-7 business days")
    assert axe(page) == []


def test_json_differs_by_structure(pane: Show) -> None:
    before = {"answer": "no", "n": 3, "list": [1, 2, 3], "gone": True}
    shown = pane({"answer": "yes", "n": 3, "list": [0, 1, 2, 3], "new": [1]}, expected=before, mode="diff")
    assert shown.locator(".diff-change dt").all_inner_texts() == ["answer", "list.0", "gone", "new"]
    expect(shown).to_contain_text("4 differences, 4 equal")


def test_the_difference_of_a_comparison_is_exact(page: Page, module: Callable[[str], str]) -> None:
    compare = "async ([url, before, after]) => (await import(url)).compare(before, after)"
    url = module("lib/diff.js")
    assert page.evaluate(compare, [url, "a b", "a b"]) == {"kind": "same"}
    spaced = page.evaluate(compare, [url, "a b", "a  b"])
    assert spaced["kind"] == "words"
    assert any(part["change"] for part in spaced["parts"])
    lists = page.evaluate(compare, [url, {"l": [{"a": 1}, {"b": 2}]}, {"l": [{"b": 3}]}])
    # By place or as come and gone: either way what was there and what is there are told.
    assert {change["kind"] for change in lists["changes"]} <= {"changed", "removed", "added"}
    for before, after in (("one two three", "one 2 three"), ("", "new"), ("日本語の文章", "日本語の本")):
        parts = page.evaluate(compare, [url, before, after])["parts"]
        assert "".join(part["text"] for part in parts if part["change"] != "added").split() == before.split()
        assert "".join(part["text"] for part in parts if part["change"] != "removed").split() == after.split()


def test_long_texts_differ_by_lines_and_too_long_ones_say_so(pane: Show) -> None:
    common = "The quick brown fox.\n" * 20_000
    shown = pane(f"{common}new\n", expected=f"{common}old\n", mode="diff")
    expect(shown.locator(".diff-line.diff-removed")).to_contain_text("old")
    expect(shown).to_contain_text("equal lines")
    huge = "word " * 500_000
    shown = pane(f"{huge}a", expected=f"{huge}b", mode="diff")
    expect(shown).to_contain_text("Too large to compare: 5.0 MB together. Up to 4.0 MB are compared.")


# -------------------------------------------------------------------------------------------------------- editor


def test_fast_typing_loses_no_letter(page: Page) -> None:
    page.goto("/ui/evaluators/demo_plausible")
    editor = page.get_by_role("textbox", name="Prompt")
    expect(editor).to_have_class("cm-content cm-lineWrapping")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" and twelve quick words more, all of them typed without any pause.")
    expect(editor).to_contain_text("and twelve quick words more, all of them typed without any pause.")
