"""axe-core in a page: what it finds against WCAG 2.2 AA and good practice, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """async ([tags, off]) => {
  const rules = Object.fromEntries(off.map(rule => [rule, { enabled: false }]));
  // Hints of keys are hidden from screen readers; axe-core would count them as part of a button's visible name.
  const hints = [...document.querySelectorAll("kbd[aria-hidden=true]:not([hidden])")];
  hints.forEach(hint => (hint.hidden = true));
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, rules, resultTypes: ["violations"] });
  hints.forEach(hint => (hint.hidden = false));
  return found.violations.map(({ id, help, impact, nodes }) => ({
    id, help, impact, nodes: nodes.map(({ target, html, failureSummary }) => ({ target, html, failureSummary })),
  }));
}"""
_MOST_NODES = 5


def violations(page: Page, without: tuple[str, ...] = ()) -> list[str]:
    """Return what axe-core finds wrong in the page as it is now, one text a rule; `without` names rules to leave out.

    The script comes in through the debugger: the page's content security policy stays as it is.
    """
    if not page.evaluate("() => typeof globalThis.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN, [list(RULES), list(without)])
    return [_text(violation) for violation in found]


def _text(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    lines = [f"{violation['id']} ({violation['impact']}): {violation['help']}; {len(nodes)} elements"]
    for node in nodes[:_MOST_NODES]:
        reasons = " ".join(line.strip() for line in node["failureSummary"].splitlines()[1:])
        lines.append(f"    {node['target']}  {node['html'][:300]}\n        {reasons}")
    return "\n".join(lines)
