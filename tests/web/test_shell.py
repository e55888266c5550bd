"""The document that every page of the UI begins with, over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from assay.web.shell import PAGES
from tests.server import Server
from tests.web.served import ask, plain, sign_in
from tests.web.test_assets import STATIC

__all__ = ["plain"]
MODULES = re.compile(r'<link rel="modulepreload" href="[^"]*/ui/static/[0-9a-f]{16}/([^"]+)">')
EARLY = re.compile(r'<link id="first-request" rel="preload" as="fetch" crossorigin="anonymous" href="([^"]+)">')


def test_scripts_and_styles_come_from_this_server_alone(plain: Server) -> None:
    headers = ask(plain, "/ui/datasets").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    style = policy.pop("style-src")
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data: blob:",
        "script-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert re.fullmatch(r"'self' 'nonce-[\w-]{22}'", style)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "private, no-cache"


def test_the_nonce_is_a_new_one_each_time_and_the_one_of_the_policy(plain: Server) -> None:
    nonces = []
    for _ in range(2):
        answer = ask(plain, "/ui/")
        (nonce,) = re.findall(r'<meta name="assay-nonce" content="([^"]+)">', answer.body.decode())
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
        nonces.append(nonce)
    assert nonces[0] != nonces[1]


def test_the_document_holds_no_script_and_no_style_of_its_own(plain: Server) -> None:
    page = ask(plain, "/ui/logs").body.decode()
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert "<style" not in page
    assert not re.search(r"\s(style|on\w+)=", page)
    assert "<noscript>" in page


@pytest.mark.parametrize(("pattern", "module"), PAGES.items())
def test_a_page_has_its_address_and_its_modules_on_the_way(plain: Server, pattern: str, module: str) -> None:
    path = re.sub(r":\w+", "some-id", pattern)
    answer = ask(plain, f"/ui{path}")
    assert answer.status == 200
    modules = MODULES.findall(answer.body.decode())
    assert modules[:2] == [f"page/{module}", "vendor/preact.js"]
    assert all(path.startswith("vendor/") for path in modules[1:])
    assert ask(plain, f"/ui{path.rstrip('/')}/").status == 200


def test_the_application_and_the_server_know_the_same_pages() -> None:
    source = (STATIC / "app.js").read_text()
    loads = dict(re.findall(r'^const (\w+) = \(\) => import\("\./(pages/[\w-]+\.js)"\)', source, re.MULTILINE))
    table = source[source.index("ROUTES = [") : source.index("];")]
    routes = re.findall(r'\["(/[^"]*)", (?:(\w+)|\(\) => import\("\./(pages/[\w-]+\.js)"\))\]', table)
    assert {pattern: module or loads[name] for pattern, name, module in routes} == PAGES


@pytest.mark.parametrize(
    "path", ["/ui/nothing", "/ui/logs/a/b/c", "/ui/datasets/a/reports/b/c", "/ui/static", "/ui/x.js"]
)
def test_an_unknown_page_is_not_found_and_the_application_says_so(plain: Server, path: str) -> None:
    answer = ask(plain, path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b"/app.js" in answer.body


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/ui/logs", "/ui/login"])
def test_head_answers_like_get_without_a_body(plain: Server, path: str) -> None:
    got, headed = ask(plain, path), ask(plain, path, "HEAD")
    assert (headed.status, headed.body) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_a_page_cannot_be_written_to(plain: Server) -> None:
    assert ask(plain, "/ui/logs", "POST", b"{}").status == 405


def test_the_look_is_that_of_the_cookies_before_any_script_runs(plain: Server) -> None:
    assert b'<html lang="en" data-theme="system" data-density="normal">' in ask(plain, "/ui/").body
    page = ask(plain, "/ui/", Cookie="assay_theme=dark; assay_density=compact").body
    assert b'<html lang="en" data-theme="dark" data-density="compact">' in page
    assert b'<meta name="color-scheme" content="dark">' in page


def test_cookies_cannot_write_into_the_document(plain: Server) -> None:
    page = ask(plain, "/ui/", Cookie='assay_theme="><script>alert(1)</script>; assay_density=x').body
    assert b'<html lang="en" data-theme="system" data-density="normal">' in page
    assert b"alert" not in page


def test_behind_a_path_of_a_proxy_every_address_begins_with_it(plain: Server) -> None:
    client = sign_in(plain)
    client.headers["X-Forwarded-Prefix"] = "/tools/assay/"
    page = client.get(f"{plain.url}/ui/logs", timeout=30).text
    assert '<meta name="assay-base" content="/tools/assay">' in page
    assert re.findall(r'(?:href|src)="(?!/tools/assay/)', page) == []
    assert EARLY.search(page)[1].startswith("/tools/assay/api/")
    answer = ask(plain, "/", Accept="text/html", X_Forwarded_Prefix="/tools/assay")
    assert answer.headers["location"] == "/tools/assay/ui/"


@pytest.mark.parametrize("prefix", ["//evil.example", '/"><script>', "/a b", "evil", "/a?b", "/../.."])
def test_a_prefix_that_is_no_path_is_ignored(plain: Server, prefix: str) -> None:
    answer = ask(plain, "/ui/", X_Forwarded_Prefix=prefix)
    assert b'<meta name="assay-base" content="">' in answer.body
    assert ask(plain, "/", Accept="text/html", X_Forwarded_Prefix=prefix).headers["location"] == "/ui/"


def test_browsers_at_the_root_are_led_to_the_ui_and_clients_are_not(plain: Server) -> None:
    browser = ask(plain, "/", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (browser.status, browser.headers["location"]) == (302, "/ui/")
    for method, accept in [("GET", "*/*"), ("GET", "application/json"), ("POST", "text/html"), ("DELETE", "text/html")]:
        answer = ask(plain, "/", method, Accept=accept)
        assert (answer.status, answer.body) == (404, b'{"detail":"Not found."}')


def test_the_first_logs_are_fetched_before_any_script_for_those_who_are_signed_in(plain: Server) -> None:
    client = sign_in(plain)
    early = EARLY.search(client.get(f"{plain.url}/ui/logs", timeout=30).text)
    assert early
    address = unescape(early[1])
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    start = datetime.fromisoformat(asked.pop("start_time"))
    assert asked == {"page": "1", "page_size": "100", "count": "false", "fields": "preview"}
    assert timedelta(hours=23) < datetime.now(UTC) - start < timedelta(hours=25)
    answer = client.get(plain.url + address, timeout=30)
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert not EARLY.search(client.get(f"{plain.url}/ui/logs?q=refund", timeout=30).text)
    assert not EARLY.search(ask(plain, "/ui/logs").body.decode())
