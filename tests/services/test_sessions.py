"""One-time links: how long they are good, for how many, and which key they sign in with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay import assembly
from assay.model.errors import NotAuthenticated
from assay.ports.store import Stores
from assay.services.access import create_key
from assay.services.sessions import LoginLinks
from assay.settings import Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    settings = Settings(data_directory=tmp_path)
    opened = assembly.open_stores(settings)
    assembly.set_up(opened, settings)
    yield opened
    opened.close()


def test_a_link_expires_after_an_hour(stores: Stores) -> None:
    links = LoginLinks()
    token = links.make(NOW)
    with pytest.raises(NotAuthenticated, match="has expired"):
        asyncio.run(links.redeem(token, stores, NOW + timedelta(hours=1)))
    assert asyncio.run(links.redeem(token, stores, NOW + timedelta(minutes=59))).scopes == ("read", "write", "admin")


def test_two_who_open_a_link_at_once_are_one(stores: Stores) -> None:
    links = LoginLinks()
    token = links.make(NOW)

    async def both() -> list[object]:
        return await asyncio.gather(*(links.redeem(token, stores, NOW) for _ in range(2)), return_exceptions=True)

    assert sum(isinstance(one, NotAuthenticated) for one in asyncio.run(both())) == 1


def test_a_link_signs_in_with_the_newest_of_the_widest_keys_in_production(stores: Stores) -> None:
    async def prefix_of_the_key() -> str:
        links = LoginLinks()
        return (await links.redeem(links.make(NOW), stores, NOW)).key_prefix

    async def keys() -> None:
        (first,) = await stores.access.list_keys(1)
        assert await prefix_of_the_key() == first.prefix
        later = first.created_at + timedelta(days=1)
        newer = (await create_key(stores, 1, "newer", "prod", ("admin",), later)).key
        await create_key(stores, 1, "narrow", "prod", ("read", "write"), later + timedelta(days=1))
        await create_key(stores, 1, "for tests", "test", ("admin",), later + timedelta(days=1))
        assert await prefix_of_the_key() == newer.prefix
        await stores.access.revoke_key(1, newer.id, NOW)
        assert await prefix_of_the_key() == first.prefix

    asyncio.run(keys())


def test_where_every_key_is_revoked_the_link_says_how_to_make_one_and_stays_good(stores: Stores) -> None:
    async def revoked() -> None:
        links = LoginLinks()
        token = links.make(NOW)
        (first,) = await stores.access.list_keys(1)
        await stores.access.revoke_key(1, first.id, NOW)
        with pytest.raises(NotAuthenticated, match="ASSAY_API_KEY"):
            await links.redeem(token, stores, NOW)
        made = await create_key(stores, 1, "new", "prod", ("admin",), NOW)
        assert (await links.redeem(token, stores, NOW)).key_id == made.key.id

    asyncio.run(revoked())
