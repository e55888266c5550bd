"""The charts by themselves: what they say, what can be done with them by mouse and by key, and the table behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

# As eval reports give them: eight bins of a judge's scores from 1 to 5.
BINS = [
    {"from": 1 + step / 2, "to": 1.5 + step / 2, "count": count}
    for step, count in enumerate((36, 47, 43, 57, 53, 50, 61, 53))
]
_SHOW = """async ([url, preact, styles, name, component, props, heard]) => {
    const { html, render } = await import(preact);
    const shown = (await import(url))[component];
    for (const event of heard) {
        window.heard = [];
        props[event] = (...said) => window.heard.push([event, ...said]);
    }
    if (!document.querySelector("link")) {
        await new Promise(done => {
            const link = document.createElement("link");
            Object.assign(link, { rel: "stylesheet", href: styles, onload: done });
            document.head.append(link);
        });
    }
    document.body.innerHTML = '<main><h1>Chart</h1><div id="chart"></div></main>';
    document.body.style.width = "260px";
    document.title = name;
    document.documentElement.lang = "en";
    render(html`<${shown} ...${props} />`, document.getElementById("chart"));
}"""

Show = Callable[..., None]


@pytest.fixture
def show(page: Page, module: Callable[[str], str]) -> Show:
    """Draw a component alone on a page; the calls of the handlers in `heard` are kept in `window.heard`."""
    shell = page.request.get("/ui/start").text()
    styles = next(part for part in shell.split('"') if part.endswith(".css"))

    def draw(file: str, component: str, props: dict[str, Any], heard: tuple[str, ...] = ()) -> None:
        urls = [module(f"components/{file}"), module("vendor/preact.js"), styles]
        page.evaluate(_SHOW, [*urls, component, component, props, list(heard)])

    return draw


def _heard(page: Page) -> Any:
    return page.evaluate("window.heard")


def test_a_histogram_says_itself_in_a_sentence_and_has_its_table_behind_it(
    page: Page, show: Show, axe: Callable[..., list[str]]
) -> None:
    show("histogram.js", "Histogram", {"bins": BINS, "label": "tone", "mark": 4})
    sentence = "tone: 400 rows from 1 to 5; most, 61, between 4 and 4.5; below 4 fails."
    expect(page.get_by_role("img", name=sentence)).to_be_visible()
    page.get_by_role("button", name="tone as a table").click()
    table = page.get_by_role("dialog", name="tone").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(9)
    expect(table.get_by_role("row").nth(7)).to_have_text("44.561")
    assert axe(page) == []


def test_a_click_on_a_bar_filters_to_it_and_a_drag_to_a_range(page: Page, show: Show) -> None:
    show("histogram.js", "Histogram", {"bins": BINS, "label": "tone"}, ("onRange",))
    page.get_by_role("button", name="2 to 2.5: 43 rows").click()
    assert _heard(page) == [["onRange", 2, 2.5]]
    first = page.get_by_role("button", name="1 to 1.5: 36 rows").bounding_box()
    last = page.get_by_role("button", name="3 to 3.5: 53 rows").bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(last["x"] + 5, last["y"] + 20)
    page.mouse.down()
    page.mouse.move(first["x"] + 5, first["y"] + 20, steps=4)
    expect(page.get_by_role("status")).to_have_text("236 rows")
    page.mouse.up()
    assert _heard(page)[1:] == [["onRange", 1, 3.5]]


def test_arrow_keys_move_over_the_bars_enter_filters_and_shift_takes_a_range(page: Page, show: Show) -> None:
    show("histogram.js", "Histogram", {"bins": BINS, "label": "tone"}, ("onRange",))
    page.get_by_role("button", name="1 to 1.5").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="1.5 to 2: 47 rows")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press(" ")
    assert _heard(page) == [["onRange", 1.5, 2], ["onRange", 1.5, 3], ["onRange", 4.5, 5]]


def test_only_what_lies_under_the_pass_mark_is_red_and_the_mark_can_be_dragged(page: Page, show: Show) -> None:
    props = {"bins": BINS, "label": "tone", "mark": 2.25}
    show("histogram.js", "Histogram", props, ("onMark",))
    # Two whole bars, and the half of the third that fails.
    widths = page.locator(".histogram-bar-failed").evaluate_all("bars => bars.map(bar => +bar.getAttribute('width'))")
    assert widths == [9, 9, 4.5]
    mark = page.get_by_role("slider", name="Pass mark of tone")
    expect(mark).to_have_attribute("aria-valuetext", "2.25")
    mark.focus()
    page.keyboard.press("ArrowRight")
    assert _heard(page) == [["onMark", 2.29, True]]
    box = mark.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + 10, steps=3)
    page.mouse.up()
    (_, value, is_final) = _heard(page)[-1]
    assert 2.8 < value < 3.8
    assert is_final


def test_a_lower_score_that_is_better_fails_above_the_mark(page: Page, show: Show) -> None:
    show("histogram.js", "Histogram", {"bins": BINS, "label": "edits", "mark": 4.5, "fails": "above"})
    assert page.locator(".histogram-bar-failed").count() == 1


def test_bars_are_high_by_the_root_of_their_count_until_linear_is_chosen(page: Page, show: Show) -> None:
    bins = [{"from": 0, "to": 1, "count": 100}, {"from": 1, "to": 2, "count": 25}]
    show("histogram.js", "Histogram", {"bins": bins, "label": "words"})
    heights = "bars => bars.map(bar => +bar.getAttribute('height'))"
    assert page.locator(".histogram-bar").evaluate_all(heights) == [100, 50]
    page.get_by_role("button", name="words as a table").click()
    page.get_by_role("radio", name="Linear").check()
    assert page.locator(".histogram-bar").evaluate_all(heights) == [100, 25]


def test_edges_are_written_with_just_the_decimals_that_tell_them_apart(
    module: Callable[[str], str], page: Page
) -> None:
    write = """async ([url, bins]) => {
        const write = (await import(url)).formatEdge(bins);
        return bins.map(bin => write(bin.from));
    }"""
    tenths = [{"from": step / 10, "to": (step + 1) / 10, "count": 1} for step in range(3)]
    assert page.evaluate(write, [module("lib/histogram.js"), tenths]) == ["0", "0.1", "0.2"]
    thousands = [{"from": step * 1000, "to": (step + 1) * 1000, "count": 1} for step in (-1, 0, 12)]
    assert page.evaluate(write, [module("lib/histogram.js"), thousands]) == ["−1,000", "0", "12,000"]


def test_an_empty_histogram_says_that_there_are_no_numbers(page: Page, show: Show) -> None:
    show("histogram.js", "Histogram", {"bins": [], "label": "tone"})
    expect(page.locator("#chart")).to_have_text("No numbers yet")


def test_pass_and_fail_are_one_bar_whose_parts_filter(page: Page, show: Show, axe: Callable[..., list[str]]) -> None:
    segments = [
        {"id": "pass", "label": "pass", "count": 388, "tone": "plain"},
        {"id": "fail", "label": "fail", "count": 14, "tone": "bad"},
    ]
    show("stacked-bar.js", "StackedBar", {"segments": segments, "label": "json_valid"}, ("onSegment",))
    page.get_by_role("button", name="fail: 14 of 402").click()
    assert _heard(page) == [["onSegment", "fail"]]
    expect(page.get_by_role("group", name="json_valid: 388 pass, 14 fail.")).to_be_visible()
    assert axe(page) == []


def test_wins_ties_and_losses_are_told_in_words(page: Page, show: Show) -> None:
    show("win-loss.js", "WinLoss", {"wins": 71, "ties": 391, "losses": 38, "label": "B against A"})
    expect(page.locator("#chart")).to_have_text("71 better · 391 same · 38 worse")
    expect(page.get_by_role("img", name="B against A: 71 better, 391 same, 38 worse.")).to_be_visible()


def test_a_forest_plot_puts_estimates_on_one_scale_and_is_a_table(
    page: Page, show: Show, axe: Callable[..., list[str]]
) -> None:
    rows = [
        {"id": "b", "label": "B", "estimate": 0.05, "lower": 0.02, "upper": 0.08, "tone": "good", "cells": ["500"]},
        {"id": "c", "label": "C", "estimate": -0.01, "lower": -0.04, "upper": 0.02, "cells": ["500"]},
    ]
    show("forest.js", "Forest", {"rows": rows, "label": "against A", "name": "run", "zero": 0, "columns": ["rows"]})
    expect(page.get_by_role("img", name="B: 0.050, 95 % interval 0.020 to 0.080.")).to_be_visible()
    expect(page.get_by_role("table", name="against A").get_by_role("row")).to_have_count(3)
    zeros = page.locator(".interval-zero").evaluate_all("lines => lines.map(line => line.getAttribute('x1'))")
    assert len(zeros) == 2
    assert len(set(zeros)) == 1
    assert axe(page) == []


def test_a_confusion_matrix_has_its_numbers_in_the_cells_and_a_cell_lists_its_rows(
    page: Page, show: Show, axe: Callable[..., list[str]]
) -> None:
    props = {"categories": ["fail", "pass"], "counts": [[31, 4], [9, 156]], "rowName": "People", "columnName": "Judge"}
    show("confusion-matrix.js", "ConfusionMatrix", props, ("onCell",))
    page.get_by_role("button", name="People pass, Judge fail: 9").click()
    assert _heard(page) == [["onCell", "pass", "fail"]]
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_have_text("fail314")
    assert axe(page) == []


def test_a_sparkline_tells_its_first_and_last_value_and_leaves_gaps(page: Page, show: Show) -> None:
    show("sparkline.js", "Sparkline", {"points": [0.7, None, 0.72, 0.741], "label": "tone"})
    name = "tone, the last 4: from 0.700 to 0.741, between 0.700 and 0.741."
    expect(page.get_by_role("img", name=name)).to_be_visible()
    assert (page.locator(".sparkline-line").get_attribute("d") or "").count("M") == 2


def test_a_score_is_never_told_by_colour_alone(page: Page, show: Show) -> None:
    show("score.js", "Score", {"value": False})
    expect(page.locator("#chart")).to_have_text("✗ fail")
    show("score.js", "Score", {"value": 0.2, "range": [0, 1], "isPassed": False})
    expect(page.locator("#chart")).to_have_text("0.20 fail")
    show("score.js", "Score", {"value": ["warm", "short"]})
    expect(page.locator(".score-label")).to_have_text(["warm", "short"])
    show("score.js", "Score", {"value": None})
    expect(page.locator("#chart")).to_have_text("–")


def test_a_run_is_a_letter_with_a_colour(page: Page, show: Show) -> None:
    show("run-badge.js", "RunBadge", {"position": 2, "name": "prompt v13"})
    expect(page.locator("#chart")).to_have_text("C prompt v13")


def test_charts_change_their_colours_in_the_dark(page: Page, show: Show) -> None:
    show("histogram.js", "Histogram", {"bins": BINS, "label": "tone", "mark": 4})
    fill = "bar => getComputedStyle(bar).fill"
    bar = page.locator(".histogram-bar").first
    light = bar.evaluate(fill)
    page.emulate_media(color_scheme="dark")
    assert bar.evaluate(fill) != light
