"""What tests of recovery share: a server of the test's own, on each database."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from tests.postgresql import postgresql_url
from tests.server import Server, running

__all__ = ["postgresql_url"]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of the test's own, on each database."""
    environment = {}
    if request.param == "postgresql":
        url, name = request.getfixturevalue("postgresql_url"), f"recovery_{secrets.token_hex(4)}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        environment = {"ASSAY_DATABASE_URL": url.replace("/postgres?", f"/{name}?")}
    with running(environment=environment) as started:
        yield started
