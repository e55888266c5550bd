"""The stores under test: each kind that ships, over a real database of its own, reached through the ports only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest

from assay.assembly import open_stores
from assay.ports.store import Store, Stores
from assay.settings import Settings
from tests.conformance.builders import T0
from tests.postgresql import postgresql_url

__all__ = ["postgresql_url"]

Result = TypeVar("Result")
Run = Callable[[Coroutine[Any, Any, Result]], Result]

KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(scope="session")
def run() -> Iterator[Run[Any]]:
    """Run a coroutine to its end, all on one event loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def sqlite_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores over a SQLite file."""
    stores = open_stores(Settings(tmp_path_factory.mktemp("sqlite")))
    yield stores
    stores.close()


@pytest.fixture(scope="session")
def postgresql_stores(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """Stores over a PostgreSQL database whose own sorting is a language's: ours must not depend on it."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE conformance TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'"
        )
    url = postgresql_url.replace("/postgres?", "/conformance?")
    stores = open_stores(Settings(tmp_path_factory.mktemp("postgresql"), database_url=url))
    yield stores
    stores.close()


@pytest.fixture(params=KINDS, scope="session")
def stores(request: pytest.FixtureRequest) -> Stores:
    """The stores of each kind in turn."""
    found: Stores = request.getfixturevalue(f"{request.param}_stores")
    return found


@pytest.fixture
def store(stores: Stores, run: Run[Any]) -> Store:
    """The store of a new organisation."""
    organization = run(stores.access.create_organization(str(uuid4()), "an organisation", T0))
    return stores.within(organization.id, "prod")
