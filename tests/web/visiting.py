"""Pages as a visitor waits for them, every address of the UI, and what a page's layout hides or cuts off."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

# One address for each page and tab, with the parts that the demo's data fills in.
ADDRESSES = {
    "start": "/ui/start",
    "logs": "/ui/logs",
    "log": "/ui/logs/{log}",
    "datasets": "/ui/datasets",
    "dataset": "/ui/datasets/{dataset}",
    "dataset-row": "/ui/datasets/{dataset}?row={row}",
    "dataset-reports": "/ui/datasets/{dataset}/reports",
    "dataset-versions": "/ui/datasets/{dataset}/versions",
    "dataset-settings": "/ui/datasets/{dataset}/settings",
    "dataset-report": "/ui/datasets/{dataset}/reports/{report}",
    "reports": "/ui/reports",
    "report": "/ui/reports/{report}",
    "evaluators": "/ui/evaluators",
    "evaluator": "/ui/evaluators/{evaluator}",
    "settings": "/ui/settings",
    "settings-keys": "/ui/settings/keys",
    "settings-providers": "/ui/settings/providers",
    "settings-appearance": "/ui/settings/appearance",
    "settings-shortcuts": "/ui/settings/shortcuts",
    "settings-about": "/ui/settings/about",
}

_QUIET = """() => new Promise(done => {
  const calm = 250, most = 5000, began = performance.now();
  let timer = setTimeout(done, calm);
  const watch = new MutationObserver(() => {
    clearTimeout(timer);
    if (performance.now() - began > most) return done();
    timer = setTimeout(done, calm);
  });
  watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
})"""

# What one cannot reach by scrolling, and page-wide sideways scrolling. Tables, code and tabs may scroll within
# themselves; text may be cut with an ellipsis, a control may not.
_SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth, found = [];
  const inner = "[role=grid], [role=table], [role=tablist], [role=toolbar], table, pre, .cm-editor, [data-scrolls]";
  const named = element => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}">`
    + ` ${(element.textContent || "").trim().slice(0, 40)}`;
  const isSeen = element => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  for (const element of document.querySelectorAll("html, body, #app, .shell, main")) {
    const overflow = getComputedStyle(element).overflowX;
    if (element.scrollWidth > element.clientWidth + 1 && overflow !== "hidden" && overflow !== "clip") {
      found.push(`${named(element)} scrolls sideways: ${element.scrollWidth} > ${element.clientWidth}`);
    }
  }
  for (const element of document.querySelectorAll("h1, h2, a[href], button, input, select, textarea, summary")) {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || !isSeen(element)) continue;
    if (element.closest(inner) || element.closest(".visually-hidden, .shell-skip")) continue;
    let scroller = element.parentElement;
    while (scroller && !/auto|scroll/.test(getComputedStyle(scroller).overflowX)) scroller = scroller.parentElement;
    // A strip of its own that scrolls within the page, but not the page itself.
    const isStrip = scroller && !scroller.matches("html, body, main") && scroller.scrollWidth > scroller.clientWidth;
    if (!isStrip && (box.right > width + 1 || box.left < -1)) {
      found.push(`${named(element)} lies at ${Math.round(box.left)}…${Math.round(box.right)} of ${width}`);
    }
  }
  return found;
}"""


def settled(page: Page) -> None:
    """Wait until the page has its heading, shows no skeleton and stays as it is for a quarter of a second."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    page.evaluate(_QUIET)


def visit(page: Page, address: str) -> Any:
    """Go to an address and wait until the page is settled; return the answer of the document."""
    answer = page.goto(address)
    settled(page)
    return answer


def comes_to(page: Page, expected: Any, read: Callable[[], Any]) -> None:
    """Wait until what `read` asks of the API is as expected: a page shows a change before the server has answered."""
    deadline = time.monotonic() + 10
    while (found := read()) != expected and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert found == expected


def out_of_reach(page: Page) -> list[str]:
    """Return what makes the page scroll sideways, and the controls and headings that lie outside of the window."""
    found: list[str] = page.evaluate(_SIDEWAYS)
    return found
