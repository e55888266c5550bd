"""Fixtures of the browser tests: a real server with the demo's data, Chromium, and pages that are signed in.

A test that uses `page` or `new_page` is a browser test: `make test-web` runs it, `make test` leaves it out. It fails
when a page logs an error or warning, raises, sends a request that fails or is refused, or asks another host, unless it
said so beforehand: `page.expects(r"answer 404 .*/api/datasets/")`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.flows.client import Api
from tests.server import Server
from tests.web.accessibility import violations
from tests.web.browser import PageErrors, find_chromium, options_of, report_of, running_browser
from tests.web.demo import demo_server, make_demo

SCREENSHOTS = Path(__file__).with_name("screenshots")
_BROWSER_FIXTURES = {"browser", "new_page"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, before -m is looked at."""
    for item in items:
        if _BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a test whose pages had problems, and keep a picture of what a failed one saw."""
    errors = pyfuncitem.funcargs.get("page_errors")
    try:
        result = yield
        if isinstance(errors, PageErrors) and (found := errors.unexpected()):
            pytest.fail(report_of(found), pytrace=False)
    except BaseException as failure:
        if isinstance(errors, PageErrors):
            if errors.found and not isinstance(failure, pytest.fail.Exception):
                failure.add_note(report_of(errors.found))
            _photograph(errors, pyfuncitem.name, failure)
        raise
    return result


def _photograph(errors: PageErrors, name: str, failure: BaseException) -> None:
    for place, page in enumerate(errors.pages()):
        path = SCREENSHOTS / "failed" / f"{_file_name(name)}-{place}.png"
        try:
            page.screenshot(path=path, timeout=5_000)
            failure.add_note(f"{page.url} looked like {path}")
        except Exception as error:
            failure.add_note(f"there is no picture of {page.url}: {error}")


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)


# ------------------------------------------------------------------------------------------------------ server


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo's logs, dataset and report. It is never served itself: copy it."""
    base = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a directory of its own in one that they share.
    return make_demo(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture(scope="session")
def server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with the demo's data for all tests that leave that data as it is, and it running."""
    with demo_server(demo_data, tmp_path_factory.mktemp("shared")) as started:
        yield started


@pytest.fixture
def own_server(demo_data: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with the demo's data for one test, which may spoil it; `page` is still the shared one's."""
    with demo_server(demo_data, tmp_path / "own") as started:
        yield started


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Server]:
    """A server without any data, as a stranger has it."""
    (tmp_path / "none").mkdir()
    with demo_server(tmp_path / "none", tmp_path / "empty") as started:
        yield started


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[Api]:
    """A client of the shared server, with the key that may do everything."""
    client = Api(server.url, server.api_key)
    yield client
    client.session.close()


@pytest.fixture(scope="session")
def demo_dataset(api: Api) -> str:
    """The id of the demo's dataset, 400 rows. Do not change it: make another one with `api.dataset(…)`."""
    (found,) = [one for one in api.ok("GET", "/api/datasets/")["results"] if one["name"] == "Job titles"]
    return str(found["id"])


@pytest.fixture(scope="session")
def demo_report(api: Api, demo_dataset: str) -> str:
    """The id of the demo's report on its dataset, completed, with 19 failed cells."""
    return str(api.ok("GET", f"/api/datasets/{demo_dataset}/eval-reports/list/")["results"][-1]["id"])


# ----------------------------------------------------------------------------------------------------- browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    executable = find_chromium()
    if executable is None:
        why = "Chromium is not installed: apt-get install chromium, or name one with ASSAY_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with running_browser(executable) as started:
        yield started


@pytest.fixture
def page_errors() -> PageErrors:
    """What the pages of this test did wrong; `page_errors.expects(…)` says what is meant to go wrong."""
    return PageErrors()


@pytest.fixture
def new_page(browser: Browser, server: Server, page_errors: PageErrors) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own: `new_page(viewport={…}, color_scheme="dark", at=own_server)`.

    Options are those of Playwright's contexts; `at` is another server than the shared one, and `is_signed_in=False`
    leaves the session cookie out.
    """
    contexts: list[BrowserContext] = []

    def open_page(*, at: Server | None = None, is_signed_in: bool = True, **options: Any) -> Page:
        host = at or server
        context = browser.new_context(**options_of(host.url, **options))
        contexts.append(context)
        if is_signed_in:
            answer = context.request.post("/ui/session/", data={"key": host.api_key}, headers={"Origin": host.url})
            assert answer.ok, f"POST /ui/session/ answered {answer.status}: {answer.text()[:500]}"
        page_errors.watch(context, host.url)
        context.set_default_timeout(10_000)
        page = context.new_page()
        # So that one fixture is enough for most tests.
        page.expects = page_errors.expects  # type: ignore[attr-defined]
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page of the shared server, signed in, 1440 × 900, light: `page.goto("/ui/logs")`."""
    return new_page()


@pytest.fixture
def axe() -> Callable[..., list[str]]:
    """Look for accessibility problems: `assert axe(page) == []`."""
    return violations


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Write `<name>-light.png` and `<name>-dark.png` into tests/web/screenshots: `screenshot("logs")`.

    It shows `page`, or the page that is given: `screenshot("logs-narrow", narrow)`. The page is light again afterwards.
    """

    def write(name: str, shown: Page | None = None) -> None:
        page = shown or request.getfixturevalue("page")
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            path = SCREENSHOTS / f"{_file_name(name)}-{scheme}.png"
            page.screenshot(path=path, animations="disabled", caret="hide")

    return write


@pytest.fixture
def module(page: Page) -> Callable[[str], str]:
    """Return the address of a module of the UI, for pure functions in the real browser.

    `page.evaluate("async url => (await import(url)).formatUsd(0.00031)", module("lib/format.js"))`
    """
    found = re.search(r'src="([^"]*/ui/static/\w+/)', page.request.get("/ui/start").text())
    assert found, "/ui/start has no script"
    # Any document of this origin will do, and this one brings nothing of its own.
    page.goto("/health")
    return lambda name: f"{found[1]}{name}"
