"""What models and users write is text: nothing of it runs, breaks the layout or holds up the page."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.client import Api
from tests.server import Server
from tests.web.demo import demo_server
from tests.web.visiting import out_of_reach, settled, visit

_BREAKOUTS = [
    "<img src=x onerror='window.ran=1'>",
    "<script>window.ran=1</script>",
    "</script><script>window.ran=1</script>",
    "<svg/onload=window.ran=1>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "[click me](javascript:window.ran=1)",
    "javascript:window.ran=1",
    "<a href='javascript:window.ran=1'>click me</a>",
    "'\"><input autofocus onfocus=window.ran=1>",
    "${window.ran=1} {{constructor.constructor('window.ran=1')()}}",
    "<style>*{display:none}</style><link rel=stylesheet href=http://198.51.100.7/x.css>",
    "![pixel](http://198.51.100.7/pixel.png)",
]
_HTML = "\n".join(_BREAKOUTS)
_WORD = "W" * 10_000
_RIGHT_TO_LEFT = "مرحبا بالعالم ‮gnp.exe‬ שלום עולם ‏(abc)‏ " * 20
_CONTROL = (
    "\x01\x07\x1b[31mred\x1b[0m\r\n\x08\x08\x7f\x85\u2028\u2029\u200b\ufeff\ufffe " * 20
    + "🏳️‍🌈 e\u0301"
    + "\u0301" * 300
)
_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300_000)).decode()
_IMAGE = f"data:image/png;base64,{_PNG}"
_FIVE_MEGABYTES = "All work and no play makes Jack a dull boy. <b>Bold</b>\n" * 90_000


def _deep(levels: int) -> Any:
    value: Any = "the bottom"
    for level in range(levels):
        value = {"deeper": value} if level % 2 else [value, level]
    return value


def chat(content: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


# By name: what a log or row has as input and output.
CONTENTS: dict[str, tuple[Any, Any]] = {
    "html": (chat(_HTML), {"role": "assistant", "content": _HTML}),
    "html as keys": ({part: part for part in _BREAKOUTS}, {"__proto__": {"ran": 1}, "constructor": 1, "toString": ""}),
    "a word of 10,000 letters": (_WORD, {"answer": _WORD, _WORD: _WORD}),
    "right to left": (chat(_RIGHT_TO_LEFT), _RIGHT_TO_LEFT),
    "control characters": (chat(_CONTROL), {_CONTROL[:40]: _CONTROL}),
    "five megabytes of text": ("short", _FIVE_MEGABYTES),
    "five megabytes of JSON": ("short", {"items": [{"id": item, "text": "x" * 80} for item in range(50_000)]}),
    "2,000 keys": ({f"key {number:04d}": number for number in range(2_000)}, {"k" * 500: None}),
    "base64 image": (
        chat([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": _IMAGE}}]),
        _IMAGE,
    ),
    "image elsewhere": (
        chat([{"type": "image_url", "image_url": {"url": "http://198.51.100.7/pixel.png"}}]),
        "![x](http://198.51.100.7/pixel.png)",
    ),
    "as deep as the API takes it": (_deep(97), _deep(97)),
    "odd messages": (
        [{"role": 5, "content": None}, {"role": "<b>tool</b>", "content": [[]], "tool_calls": "none"}, "text", None],
        [{"role": "assistant", "tool_calls": [{"function": {"name": _HTML, "arguments": "{not json"}}]}],
    ),
    "lone and odd values": ([None, True, -0.0, 1e308, 12345678901234567890, "", [], {}], ""),
}
_LONG_TASKS = """
globalThis.longest = 0;
new PerformanceObserver(list => list.getEntries().forEach(each => (longest = Math.max(longest, each.duration))))
  .observe({ type: "longtask", buffered: true });
"""
_MOST_MILLISECONDS = 4_000
_JSON = {"Content-Type": "application/json"}


def body_of(name: str) -> dict[str, Any]:
    given, answered = CONTENTS[name]
    return {"input": given, "output": answered, "metadata": {"kind": name, "html": _HTML, "word": _WORD[:500]}}


@pytest.fixture(scope="module")
def hostile_server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: other tests count what they have."""
    with demo_server(demo_data, tmp_path_factory.mktemp("hostile")) as started:
        yield started


@pytest.fixture(scope="module")
def hostile_api(hostile_server: Server) -> Iterator[Api]:
    """A client of that server."""
    client = Api(hostile_server.url, hostile_server.api_key)
    yield client
    client.session.close()


@pytest.fixture(scope="module")
def hostile_logs(hostile_api: Api) -> dict[str, str]:
    """The ids of the hostile request logs by name."""
    made = {}
    for name in CONTENTS:
        body = json.dumps({**body_of(name), "model": "<b>hostile</b>"})
        made[name] = hostile_api.ok("POST", "/api/request-logs/", data=body, headers=_JSON, status=201)["id"]
    return made


@pytest.fixture(scope="module")
def hostile_dataset(hostile_api: Api) -> tuple[str, dict[str, str]]:
    """A dataset of the hostile contents, with the ids of its rows by name."""
    dataset = hostile_api.dataset("<img src=x onerror=window.ran=1>")
    rows = {}
    for name in CONTENTS:
        body = json.dumps(body_of(name))
        made = hostile_api.ok("POST", f"/api/datasets/{dataset}/logs/", data=body, headers=_JSON, status=201)
        rows[name] = str(made.get("unique_id") or made["id"])
    return dataset, rows


@pytest.fixture
def watched(new_page: Callable[..., Page], hostile_server: Server) -> Iterator[Page]:
    """A page that must run nothing of what it shows, nor stand still for seconds."""
    page = new_page(at=hostile_server)
    page.add_init_script(_LONG_TASKS)
    yield page
    expect_unharmed(page)


def expect_unharmed(page: Page) -> None:
    """Look for what ran, what was made of the text, and how long the page did not answer."""
    assert page.evaluate("() => window.ran") is None
    assert page.evaluate("() => ({}).ran") is None
    assert page.locator("main :is(iframe, object, embed, script, style, link)").count() == 0
    # A link may lead anywhere but to code.
    assert page.locator("a[href^='javascript' i], a[href^='data:text' i], a[href^='vbscript' i]").count() == 0
    assert page.locator("img[src^='http']").count() == 0
    assert page.evaluate("() => longest") < _MOST_MILLISECONDS


def look_at_every_mode(page: Page) -> None:
    """Press every button of the value panes that shows a value another way."""
    for mode in ("JSON", "Raw", "Chat"):
        for button in page.get_by_role("button", name=mode, exact=True).all():
            button.click()
            settled(page)
            expect_unharmed(page)
            assert out_of_reach(page) == []


@pytest.mark.parametrize("name", CONTENTS)
def test_a_log_is_shown_as_text(watched: Page, hostile_logs: dict[str, str], name: str) -> None:
    visit(watched, f"/ui/logs/{hostile_logs[name]}")
    expect(watched.locator("main")).to_contain_text(name)
    assert out_of_reach(watched) == []
    look_at_every_mode(watched)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_row_is_shown_as_text_in_the_panel(
    watched: Page, hostile_dataset: tuple[str, dict[str, str]], name: str
) -> None:
    dataset, rows = hostile_dataset
    visit(watched, f"/ui/datasets/{dataset}?row={rows[name]}")
    panel = watched.get_by_role("complementary")
    expect(panel).to_contain_text(name)
    assert out_of_reach(watched) == []
    look_at_every_mode(watched)
    # The page still answers.
    watched.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_a_table_of_hostile_rows_keeps_its_form(
    watched: Page, hostile_dataset: tuple[str, dict[str, str]], screenshot: Callable[..., None]
) -> None:
    dataset, rows = hostile_dataset
    visit(watched, f"/ui/datasets/{dataset}")
    grid = watched.get_by_role("grid")
    lines = grid.get_by_role("row")
    expect(lines).to_have_count(len(rows) + 1)
    heights = {round(box["height"]) for line in lines.all()[1:] if (box := line.bounding_box())}
    assert len(heights) == 1, f"rows are {heights} px high"
    assert out_of_reach(watched) == []
    screenshot("hostile-rows", watched)


def test_a_table_of_hostile_logs_keeps_its_form(
    watched: Page, hostile_logs: dict[str, str], screenshot: Callable[..., None]
) -> None:
    visit(watched, "/ui/logs?q=model:%22%3Cb%3Ehostile%3C/b%3E%22")
    lines = watched.get_by_role("grid").get_by_role("row")
    expect(lines).to_have_count(len(hostile_logs) + 1)
    heights = {round(box["height"]) for line in lines.all()[1:] if (box := line.bounding_box())}
    assert len(heights) == 1, f"rows are {heights} px high"
    assert out_of_reach(watched) == []
    screenshot("hostile-logs", watched)


def test_the_name_of_a_dataset_is_text_everywhere(watched: Page, hostile_dataset: tuple[str, dict[str, str]]) -> None:
    dataset, _ = hostile_dataset
    name = "<img src=x onerror=window.ran=1>"
    for path in ("/ui/datasets", f"/ui/datasets/{dataset}", f"/ui/datasets/{dataset}/settings"):
        visit(watched, path)
        expect_unharmed(watched)
    visit(watched, f"/ui/datasets/{dataset}")
    expect(watched.get_by_role("heading", level=1)).to_have_text(name)
    assert name in watched.title()
    watched.keyboard.press("Control+k")
    expect(watched.get_by_role("option", name=name)).to_be_visible()


def test_a_filter_in_the_address_is_text(watched: Page, hostile_dataset: tuple[str, dict[str, str]]) -> None:
    dataset, _ = hostile_dataset
    # An order that nobody offers: the page says so, and stays.
    watched.expects(r"answer 400 to POST .*sort_by")  # type: ignore[attr-defined]
    watched.goto(
        f"/ui/datasets/{dataset}?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.ran%3D1%3E&sort=%3Cscript%3E&cols=__proto__"
    )
    settled(watched)
    expect(watched.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize(
    "next_page", ["javascript:window.ran=1", "//198.51.100.7/", "https://198.51.100.7/", "/\\198.51.100.7"]
)
def test_signing_in_leads_to_no_other_site(new_page: Callable[..., Page], server: Server, next_page: str) -> None:
    page = new_page(is_signed_in=False)
    page.expects(r"answer 401 ")  # type: ignore[attr-defined]
    page.goto(f"/ui/login?next={next_page}")
    page.get_by_label(re.compile("key", re.IGNORECASE)).first.fill(server.api_key)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"^{re.escape(server.url)}/ui/(?!login)"))
    assert page.evaluate("() => window.ran") is None
