"""Fixtures of the flows: a real server, and a client for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from tests.flows.client import Api
from tests.postgresql import postgresql_url
from tests.server import Server, running, server

__all__ = ["postgresql_url", "server"]


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[Api]:
    """A client whose key may do everything."""
    client = Api(server.url, server.api_key)
    yield client
    client.close()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server on each database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("server")
        return
    url = request.getfixturevalue("postgresql_url")
    name = f"flows_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    with running(environment={"ASSAY_DATABASE_URL": url.replace("/postgres?", f"/{name}?")}) as started:
        yield started


@pytest.fixture(scope="module")
def any_api(any_server: Server) -> Iterator[Api]:
    """A client for the server on each database."""
    client = Api(any_server.url, any_server.api_key)
    yield client
    client.close()
