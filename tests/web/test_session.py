"""Signing in from a browser: the cookie, the one-time link, and what a session may not do. Over HTTP, without one."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import requests

from assay.providers.vault import Vault, open_vault
from assay.services.sessions import Sessions
from tests.flows.client import Api
from tests.server import Server, running
from tests.web.served import ask, login_token, plain, sign_in

__all__ = ["plain"]


def cookie_of(client: requests.Session) -> str:
    (cookie,) = client.cookies
    return f"{cookie.name}={cookie.value}"


# ------------------------------------------------------------------------------------------------------- cookie


def test_a_key_gets_a_cookie_that_no_script_and_no_other_site_can_use(plain: Server) -> None:
    answer = ask(plain, "/ui/session/", "POST", json.dumps({"key": plain.api_key}).encode())
    assert answer.status == 200
    value, *flags = answer.headers["set-cookie"].split("; ")
    assert value.startswith("assay_session_")
    assert {flag.lower() for flag in flags} == {"httponly", "max-age=2592000", "path=/", "samesite=strict"}
    assert answer.headers["cache-control"] == "no-store"


def test_over_tls_and_below_a_path_the_cookie_stays_there(plain: Server) -> None:
    body = json.dumps({"key": plain.api_key}).encode()
    answer = ask(plain, "/ui/session/", "POST", body, X_Forwarded_Proto="https", X_Forwarded_Prefix="/assay")
    assert {"secure", "path=/assay"} <= {flag.lower() for flag in answer.headers["set-cookie"].split("; ")}


def test_the_cookie_does_not_show_what_it_holds(plain: Server) -> None:
    client = sign_in(plain)
    told = client.get(f"{plain.url}/ui/session/", timeout=30).json()
    value = cookie_of(client)
    assert told["key_id"] not in value
    assert told["key_prefix"] not in value
    assert cookie_of(sign_in(plain)) != value


def test_a_session_says_who_is_signed_in_until_they_sign_out(plain: Server) -> None:
    client = sign_in(plain)
    told = client.get(f"{plain.url}/ui/session/", timeout=30).json()
    assert told["organization"]["name"] == "default"
    assert (told["environment"], told["scopes"]) == ("prod", ["read", "write", "admin"])
    assert datetime.fromisoformat(told["expires_at"]) > datetime.now(UTC) + timedelta(days=29)
    out = client.delete(f"{plain.url}/ui/session/", timeout=30)
    assert (out.status_code, list(client.cookies)) == (204, [])
    assert client.get(f"{plain.url}/ui/session/", timeout=30).status_code == 401


def test_the_api_answers_a_session_as_it_answers_the_key(plain: Server) -> None:
    client = sign_in(plain)
    made = client.post(f"{plain.url}/api/datasets/", json={"name": "by cookie", "is_empty": True}, timeout=30)
    assert made.status_code == 201, made.text
    by_cookie = client.get(f"{plain.url}/api/datasets/list/", timeout=30)
    by_key = requests.get(f"{plain.url}/api/datasets/list/", headers=plain.headers, timeout=30)
    assert by_cookie.json() == by_key.json()
    assert by_cookie.headers["cache-control"] == "private"
    assert "cache-control" not in by_key.headers


def test_a_session_may_record_logs(plain: Server) -> None:
    client = sign_in(plain)
    log = {"model": "gpt-4o-mini", "input": "hello", "output": "hi"}
    assert client.post(f"{plain.url}/api/request-logs/create/", json=log, timeout=30).status_code == 201
    del client.headers["Origin"]
    assert client.post(f"{plain.url}/api/request-logs/create/", json=log, timeout=30).status_code == 403


def test_a_wrong_header_is_not_made_good_by_a_cookie(plain: Server) -> None:
    client = sign_in(plain)
    for header in ("Bearer wrong.key", "", "Basic abc"):
        answer = client.get(f"{plain.url}/api/datasets/list/", headers={"Authorization": header}, timeout=30)
        assert answer.status_code == 401


def test_the_cookie_of_another_server_is_no_session_here(plain: Server) -> None:
    name, value = cookie_of(sign_in(plain)).split("=", 1)
    assert Sessions(open_vault(plain.data, None)).open(value, datetime.now(UTC)) is not None
    foreign = Sessions(Vault(b"x" * 32)).seal("any", datetime.now(UTC))
    for wrong in (foreign, value[:-4] + "AAAA", value[:40], "", "x" * 5_000, "ä".encode().decode("latin-1")):
        answer = ask(plain, "/api/datasets/list/", Cookie=f"{name}={wrong}")
        assert (answer.status, answer.body) == (401, b'{"detail":"This session has ended: sign in again."}')
    with running() as other:
        assert cookie_of(sign_in(other)).split("=")[0] != name


def test_a_session_ends_after_thirty_days_and_lasts_longer_while_it_is_used(plain: Server) -> None:
    client = sign_in(plain)
    name = cookie_of(client).split("=")[0]
    key_id = client.get(f"{plain.url}/ui/session/", timeout=30).json()["key_id"]
    sessions, now = Sessions(open_vault(plain.data, None)), datetime.now(UTC)

    def sealed(**ago: float) -> str:
        return f"{name}={sessions.seal(key_id, now - timedelta(**ago))}"

    assert ask(plain, "/api/datasets/list/", Cookie=sealed(days=31)).status == 401
    assert ask(plain, "/api/datasets/list/", Cookie=sealed(days=29)).status == 200
    assert "set-cookie" not in ask(plain, "/ui/logs", Cookie=sealed(hours=1)).headers
    renewed = ask(plain, "/ui/logs", Cookie=sealed(days=29)).headers["set-cookie"]
    session = sessions.open(renewed.partition("=")[2].partition(";")[0], now)
    assert session is not None
    assert (session.key_id, session.is_old) == (key_id, False)


def test_a_revoked_key_takes_its_sessions_with_it(plain: Server) -> None:
    with closing(Api(plain.url, plain.api_key)) as admin:
        made = admin.ok("POST", "/api/keys/", {"name": "lent", "scopes": ["read"]}, status=201)
        client = sign_in(plain, key=made["api_key"])
        assert client.get(f"{plain.url}/api/datasets/list/", timeout=30).status_code == 200
        forbidden = client.post(f"{plain.url}/api/datasets/", json={"name": "x"}, timeout=30)
        assert (forbidden.status_code, "may not write" in forbidden.text) == (403, True)
        admin.ok("DELETE", f"/api/keys/{made['id']}/", status=204)
    assert client.get(f"{plain.url}/api/datasets/list/", timeout=30).status_code == 401
    assert client.get(f"{plain.url}/ui/session/", timeout=30).status_code == 401


def test_a_session_outlives_a_restart() -> None:
    with running() as server:
        client = sign_in(server)
        server.stop()
        server.start()
        assert client.get(f"{server.url}/api/datasets/list/", timeout=30).status_code == 200
        server.stop()
        server.api_key = "another0.key-of-the-environment"
        server.start()
        assert client.get(f"{server.url}/api/datasets/list/", timeout=30).status_code == 401


# ------------------------------------------------------------------------------------------------------- origin


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "{url}", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "{url}", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "{url}"}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://assay.example", "Host": "assay.example"}, 201),
        ({"Origin": "https://assay.example:443", "Host": "Assay.example"}, 201),
        ({"Origin": "https://assay.example:8443", "Host": "assay.example"}, 403),
        ({"Origin": "https://assay.example:8443", "X-Forwarded-Host": "assay.example:8443"}, 201),
        ({"Origin": "https://assay.example", "X-Forwarded-Host": "assay.example, proxy.local"}, 201),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "assay.example"}, 403),
    ],
)
def test_only_our_own_pages_write_with_a_session(plain: Server, headers: dict[str, str], status: int) -> None:
    cookie = cookie_of(sign_in(plain))
    sent = {name.replace("-", "_"): value.replace("{url}", plain.url) for name, value in headers.items()}
    body = json.dumps({"name": "by a page", "is_empty": True}).encode()
    answer = ask(plain, "/api/datasets/", "POST", body, Cookie=cookie, **sent)
    assert answer.status == status
    assert (b"A page of another site" in answer.body) == (status == 403)


def test_a_page_of_another_site_signs_nobody_in_or_out(plain: Server) -> None:
    body = json.dumps({"key": plain.api_key}).encode()
    for headers in ({"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        for method in ("POST", "DELETE"):
            answer = ask(plain, "/ui/session/", method, body, **headers)
            assert (answer.status, "set-cookie" in answer.headers) == (403, False)


def test_no_other_site_may_read_an_answer(plain: Server) -> None:
    cookie = cookie_of(sign_in(plain))
    answer = ask(plain, "/api/datasets/list/", Cookie=cookie, Origin="http://evil.example")
    assert [name for name in answer.headers if name.startswith("access-control")] == []


# --------------------------------------------------------------------------------------------------------- link


def test_every_start_prints_a_link_that_signs_in_once() -> None:
    with running() as server:
        token = login_token(server)
        told = sign_in(server, token=token).get(f"{server.url}/ui/session/", timeout=30).json()
        assert told["scopes"] == ["read", "write", "admin"]
        again = ask(server, "/ui/session/", "POST", json.dumps({"token": token}).encode())
        assert again.status == 401
        assert b"was used before" in again.body
        assert token not in server.log.read_text().split("documentation at", 1)[1]
        server.stop()
        server.start()
        assert login_token(server) != token
        stale = ask(server, "/ui/session/", "POST", json.dumps({"token": token}).encode())
        assert stale.status == 401
        assert b"not one of the server's latest start" in stale.body


# ---------------------------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"key": "wrong.key"}', 401, "unknown here, or was revoked"),
        (b'{"token": "wrong"}', 401, "not one of the server's latest start"),
        (b"{}", 400, "Send {"),
        (b'{"key": "a", "token": "b"}', 400, "Send {"),
        (b'{"key": 7}', 400, "Not a valid string"),
        (b"[]", 400, "The body must be"),
        (b"key=a", 400, "JSON parse error"),
        (b'{"key": "' + b"a" * 5_000 + b'"}', 400, "longer than 4096 bytes"),
    ],
)
def test_what_does_not_sign_in_says_why(plain: Server, body: bytes, status: int, said: str) -> None:
    answer = ask(plain, "/ui/session/", "POST", body)
    assert (answer.status, "set-cookie" in answer.headers) == (status, False)
    assert said in answer.body.decode().replace('\\"', '"')


# ------------------------------------------------------------------------------------------------------ compression


def test_over_a_network_a_browser_gets_long_answers_compressed(plain: Server) -> None:
    with closing(Api(plain.url, plain.api_key)) as client:
        client.dataset("long", [{"input": f"row {number}"} for number in range(60)])
    cookie = cookie_of(sign_in(plain))
    dataset = json.loads(ask(plain, "/api/datasets/list/?name=long", Cookie=cookie).body)["results"][0]["id"]
    path = f"/api/datasets/{dataset}/logs/list/"
    far = {"Accept_Encoding": "gzip, br", "X_Forwarded_For": "203.0.113.9"}
    near = ask(plain, path, Cookie=cookie, Accept_Encoding="gzip")
    sent = ask(plain, path, Cookie=cookie, **far)
    assert "content-encoding" not in near.headers
    assert (sent.headers["content-encoding"], sent.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(sent.body) == near.body
    assert len(sent.body) == int(sent.headers["content-length"]) < len(near.body) / 4
    for other in ({"X_Forwarded_For": "203.0.113.9"}, {**far, "Authorization": f"Bearer {plain.api_key}"}):
        answer = ask(plain, path, **other)
        assert "content-encoding" not in answer.headers
    short = ask(plain, "/ui/session/", Cookie=cookie, **far)
    assert "content-encoding" not in short.headers
