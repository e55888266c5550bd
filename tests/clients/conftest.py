"""Fixtures of the third-party clients' tests: one real server, and a dataset of three rows made with plain requests."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import requests
from respan import RespanClient

from tests.server import Server, server

__all__ = ["server"]

ROWS = [
    {"input": "one", "output": "1", "metadata": {"custom_identifier": "first", "rank": 1}},
    {"input": {"text": "two"}, "output": "22", "metadata": {"custom_identifier": "second", "rank": 2}},
    {"input": "three", "output": "333", "metadata": {"custom_identifier": "third", "rank": 3}},
]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEYWORDS_AI_BASE_URL", "KEYWORDSAI_API_KEY", "RESPAN_API_KEY", "RESPAN_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[RespanClient]:
    """The client `respan-api`, unmodified, but for an httpx client that can be closed: its options are its own."""
    with httpx.Client(timeout=60, follow_redirects=True) as http:
        yield RespanClient(base_url=server.url, authorization=f"Bearer {server.api_key}", httpx_client=http)


@pytest.fixture
def dataset_id(server: Server) -> Iterator[str]:
    """A dataset with the three rows of ROWS."""
    with requests.Session() as session:
        session.headers.update(server.headers)
        created = session.post(f"{server.url}/api/datasets/", json={"name": "three rows", "is_empty": True})
        address = f"{server.url}/api/datasets/{created.json()['id']}/"
        assert session.post(f"{address}logs/bulk/", json={"logs": ROWS}).status_code == 201
        yield created.json()["id"]
        session.delete(address)
