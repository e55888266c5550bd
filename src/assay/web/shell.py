"""The one HTML document of the UI, and what it lets the browser fetch before any script runs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from importlib.metadata import version
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from assay.web.assets import STYLES
from assay.web.place import base_of
from assay.web.shelf import Shelf
from assay.web.sign_in import SignIn
from assay.wire.sessions import read_cookie

# Pages by the pattern of their path below /ui: the same table as in static/app.js, which a test compares.
PAGES = {
    "/": "pages/home.js",
    "/login": "pages/login.js",
    "/start": "pages/start.js",
    "/logs": "pages/logs.js",
    "/logs/:log_id": "pages/log.js",
    "/datasets": "pages/datasets.js",
    "/datasets/:dataset_id": "pages/dataset.js",
    "/datasets/:dataset_id/:tab": "pages/dataset.js",
    "/datasets/:dataset_id/reports/:report_id": "pages/report.js",
    "/reports": "pages/reports.js",
    "/reports/:report_id": "pages/report.js",
    "/evaluators": "pages/evaluators.js",
    "/evaluators/:evaluator_id": "pages/evaluator.js",
    "/settings": "pages/settings.js",
    "/settings/:tab": "pages/settings.js",
}
_SHAPES = [(re.compile(re.sub(r":\w+", "[^/]+", pattern)), page) for pattern, page in PAGES.items()]
_ICON = "favicon.svg"
_FONT = "vendor/inter.woff2"
_THEMES = ("system", "light", "dark")
_DENSITIES = ("normal", "compact", "roomy")
_VERSION = version("assay")
_LOGS_WINDOW = timedelta(hours=24)


def _first_logs(now: datetime) -> str:
    start = (now - _LOGS_WINDOW).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    asked = {"page": 1, "page_size": 100, "count": "false", "fields": "preview", "start_time": start}
    return f"/api/request-logs/?{urlencode(asked)}"


# What a page asks the API first when its address says nothing else; `request` in static/lib/api.js takes the answer.
_FIRST_REQUESTS: dict[str, Callable[[datetime], str]] = {"/logs": _first_logs}


class Document:
    """Answers every address of the UI with the document, 404 where no page has that address."""

    def __init__(self, shelf: Shelf, sign_in: SignIn) -> None:
        self._shelf = shelf
        self._sign_in = sign_in

    async def serve(self, request: Request) -> Response:
        """Answer `/ui` and every path below it."""
        base, now = base_of(request), datetime.now(UTC)
        path = "/" + request.path_params.get("path", "").strip("/")
        page = next((page for shape, page in _SHAPES if shape.fullmatch(path)), None)
        session = self._sign_in.session_of(request, now)
        # An early request without a session would be an error in the browser's console, and nothing else.
        first = _FIRST_REQUESTS.get(path) if session is not None and not request.url.query else None
        nonce = secrets.token_urlsafe(16)
        text = document(
            self._shelf,
            page,
            base=base,
            nonce=nonce,
            theme=_chosen(request, "assay_theme", _THEMES),
            density=_chosen(request, "assay_density", _DENSITIES),
            first_request=None if first is None else base + first(now),
        )
        response = Response(text, 404 if page is None else 200, _headers(nonce), "text/html")
        if session is not None and session.is_old:
            self._sign_in.set_cookie(response, request, session.key_id, now)
        return response


def document(
    shelf: Shelf,
    page: str | None,
    *,
    base: str,
    nonce: str,
    theme: str,
    density: str,
    first_request: str | None,
) -> str:
    """Return the HTML of a page; `base` is the path below which a proxy serves Assay, `nonce` lets an editor style."""
    static = f"{base}/ui/static/{shelf.assets().content_hash}"
    scripts = [escape(f"{static}/{path}") for path in shelf.scripts_of(page)]
    early = [f'<link rel="modulepreload" href="{script}">' for script in scripts]
    if first_request is not None:
        href = escape(first_request)
        early.insert(0, f'<link id="first-request" rel="preload" as="fetch" crossorigin="anonymous" href="{href}">')
    links = "\n".join(early)
    return f"""<!doctype html>
<html lang="en" data-theme="{theme}" data-density="{density}">
<head>
<meta charset="utf-8">
<title>Assay</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{"light dark" if theme == "system" else theme}">
<meta name="referrer" content="same-origin">
<meta name="assay-base" content="{escape(base)}">
<meta name="assay-nonce" content="{nonce}">
<meta name="assay-version" content="{escape(_VERSION)}">
<link rel="icon" type="image/svg+xml" href="{escape(f"{static}/{_ICON}")}">
<link rel="preload" as="font" type="font/woff2" crossorigin href="{escape(f"{static}/{_FONT}")}">
<link rel="stylesheet" href="{escape(f"{static}/{STYLES}")}">
{links}
<script type="module" src="{scripts[0]}"></script>
</head>
<body>
<div id="app"></div>
<noscript>Assay's pages need JavaScript. Without it, use the API ({escape(base)}/docs) or the command assay.</noscript>
</body>
</html>
"""


def _chosen(request: Request, cookie: str, choices: tuple[str, ...]) -> str:
    """Return what a cookie chooses, the first choice where it says something else."""
    value = read_cookie(request.headers.get("cookie"), cookie)
    return value if value in choices else choices[0]


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        f"style-src 'self' 'nonce-{nonce}'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        # Not `no-store`, which would take the page out of the browser's memory for "back": it holds nothing private.
        "Cache-Control": "private, no-cache",
    }
