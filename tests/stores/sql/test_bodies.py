"""Payloads are stored once however many rows hold them, and freed when the last of these rows is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay import assembly
from assay.model.log import CONTENT_NAMES, LogContent
from assay.ports.store import Store, Stores
from assay.settings import Settings
from assay.stores.sql import body, compression
from assay.stores.sql.database import Database
from tests.conformance.builders import T0, at, change, draft, drafts, logs_of, new_dataset, new_job

BODIES = "SELECT count(*) FROM dataset_log_body"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores of each kind."""
    if request.param == "sqlite":
        opened = assembly.open_stores(Settings(tmp_path))
        yield opened
        opened.close()
        return
    url, name = request.getfixturevalue("postgresql_url"), f"bodies_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        opened = assembly.open_stores(Settings(tmp_path, database_url=url.replace("/postgres?", f"/{name}?")))
        yield opened
        opened.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def count_bodies(stores: Stores) -> int:
    database: Database = stores._database  # type: ignore[attr-defined]
    return int(asyncio.run(database.read(lambda connection: connection.rows(BODIES)[0][0])))


def store_of(stores: Stores) -> Store:
    organization = asyncio.run(stores.access.create_organization(str(uuid4()), "an organisation", T0))
    return stores.within(organization.id, "prod")


def test_equal_rows_share_one_body_across_datasets_versions_and_organisations(stores: Stores) -> None:
    async def fill(store: Store) -> None:
        first, second = await new_dataset(store), await new_dataset(store)
        await store.dataset_logs.append(first, drafts(*["same"] * 50, "other"), change())
        (log_id,), _ = await store.dataset_logs.append(second, drafts("same"), change())
        await store.dataset_logs.revise(second, log_id, lambda _: draft("same", model="m"), change("update", 10))
        await store.dataset_logs.revise(second, log_id, lambda _: draft("third"), change("update", 20))
        await store.dataset_versions.restore(second, 1, change("restore", 30))
        job = await new_job(store, second)
        await store.dataset_logs.stage(second, job, drafts("other", "third"), change("import"))

    for store in (store_of(stores), store_of(stores)):
        asyncio.run(fill(store))
    assert count_bodies(stores) == 3


def test_only_bodies_that_no_row_holds_are_freed(stores: Stores) -> None:
    store = store_of(stores)

    async def fill() -> tuple[str, str]:
        kept, deleted = await new_dataset(store), await new_dataset(store)
        ids, _ = await store.dataset_logs.append(kept, drafts("a", "b"), change())
        await store.dataset_logs.append(deleted, drafts("a", "b", "c", "d"), change())
        # An old version still holds the row.
        await store.dataset_logs.remove(kept, ids[0], change("delete", 10))
        job = await new_job(store, kept)
        await store.dataset_logs.stage(kept, job, drafts("b", "c", "e"), change("import"))
        return deleted, job

    async def clear(deleted: str) -> None:
        await store.datasets.delete(deleted, at(1))
        while await stores.deleted_datasets.purge(3):
            pass

    deleted, job = asyncio.run(fill())
    assert count_bodies(stores) == 5
    asyncio.run(clear(deleted))
    assert count_bodies(stores) == 4
    asyncio.run(store.dataset_logs.discard_staged(job))
    assert count_bodies(stores) == 2
    assert asyncio.run(stores.verify()) == []
    # What was freed can be stored again.
    again = asyncio.run(new_dataset(store))
    asyncio.run(store.dataset_logs.append(again, drafts("c", "d"), change()))
    assert [log.content.input for log in asyncio.run(logs_of(store, again))] == [b'"c"', b'"d"']


_JSON = st.sampled_from(
    (b"null", b'""', b"0", b"-0.0", b"[]", b"{}", b'{"input":1}', b'"\xc3\xa9"', b"1e300", b'"' + b"x" * 5000 + b'"')
)


@given(st.builds(LogContent, *[st.none() | _JSON] * len(CONTENT_NAMES)), st.sampled_from(("sqlite", "postgresql")))
def test_payloads_come_out_of_a_body_byte_for_byte(content: LogContent, dialect: str) -> None:
    text = body.joined(content)
    codec, data = compression.packed(text, dialect)
    stored = data.encode() if isinstance(data, str) else data
    assert body.split(compression.unpacked(codec, stored)) == content
    assert compression.text_of(codec, stored) == text.decode()


def test_what_compresses_is_stored_compressed() -> None:
    text = body.joined(LogContent(input=b'"' + b"the same again. " * 500 + b'"'))
    _, data = compression.packed(text, "sqlite")
    assert len(data) < len(text) / 20
