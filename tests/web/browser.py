"""Chromium for tests: where it is, how it is started, and what a page may not do without the test having said so."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    sync_playwright,
)

VIEWPORT = {"width": 1440, "height": 900}
# Root cannot have the sandbox; the rest keeps Chromium from calling home.
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A request that a newer one replaces, or that a page leaves behind when it is left, is no failure.
_ABORTED = "net::ERR_ABORTED"
_IS_SAID_BY_THE_RESPONSE = re.compile(r"Failed to load resource: the server responded with a status of \d+")


def find_chromium() -> str | None:
    """Return the path of Chromium: $ASSAY_CHROMIUM, else the system's."""
    if given := os.environ.get("ASSAY_CHROMIUM"):
        return given
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def running_browser(executable: str) -> Iterator[Browser]:
    """Start Chromium; it ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class PageErrors:
    """What went wrong in the pages of a test: console, exceptions, requests that fail, answers of 400 and more."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        self._contexts: list[BrowserContext] = []

    def watch(self, context: BrowserContext, origin: str) -> None:
        """Listen to every page of a context; requests to another origin than this one are failures."""
        self._contexts.append(context)
        context.on("console", self._console)
        context.on("weberror", self._exception)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        context.on("request", lambda request: self._asked(request, origin))

    def expects(self, *patterns: str) -> None:
        """Say what this test provokes: regular expressions searched in the lines, such as `404 .*/api/datasets/`."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def unexpected(self) -> list[str]:
        """Return the lines so far that the test did not announce."""
        for page in self.pages():
            # Playwright hands out events only while it is waited for.
            page.evaluate("() => new Promise(done => setTimeout(done))")
        return [line for line in self.found if not any(pattern.search(line) for pattern in self._expected)]

    def pages(self) -> list[Page]:
        """Return the pages that are open."""
        return [page for context in self._contexts for page in context.pages if not page.is_closed()]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _IS_SAID_BY_THE_RESPONSE.match(message.text):
            self.found.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _exception(self, error: WebError) -> None:
        self.found.append(f"exception: {error.error.stack or error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure != _ABORTED:
            self.found.append(f"request failed: {request.failure} {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"answer {response.status} to {response.request.method} {response.url}")

    def _asked(self, request: Request, origin: str) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != origin:
            self.found.append(f"request to another host: {request.method} {request.url}")


def report_of(errors: list[str]) -> str:
    """Return the failure's text."""
    lines = "\n".join(f"  {line[:1500]}" for line in errors)
    return f"The page had {len(errors)} problems that the test did not announce with page.expects(…):\n{lines}"


def options_of(base_url: str, **given: Any) -> dict[str, Any]:
    """Return the options of a browser context: one screen, one zone and language everywhere."""
    return {"base_url": base_url, "viewport": VIEWPORT, "locale": "en-GB", "timezone_id": "UTC", **given}
