"""A server without a browser: what the tests of assets, document and sessions ask over plain HTTP."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.server import Server, running


@dataclass(frozen=True)
class Raw:
    """An answer as it came over the wire: nothing decompressed, no redirect followed."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(server: Server, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Raw:
    """Send a request whose path is left as it is written; `_` in the name of a header stands for `-`."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Raw(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def sign_in(server: Server, **proof: str) -> requests.Session:
    """Return a client with the cookie that a key (or a token) gets; our pages' Origin goes with every request."""
    client = requests.Session()
    client.headers["Origin"] = server.url
    answer = client.post(f"{server.url}/ui/session/", json=proof or {"key": server.api_key}, timeout=30)
    assert answer.status_code == 200, answer.text
    return client


def login_token(server: Server) -> str:
    """Return the token of the link that the latest start printed."""
    return re.findall(r"http://\S+/ui/login#(\S+)", server.log.read_text())[-1]


@pytest.fixture(scope="module")
def plain() -> Iterator[Server]:
    """A server without data, for the tests of a file."""
    with running() as started:
        yield started
