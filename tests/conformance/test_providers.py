"""Providers of models, and the replies of models that are kept; the same in every store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from assay.model.errors import Conflict, NotFound
from assay.model.ids import new_uuid
from assay.model.provider import ModelPrice, Provider, ProviderLimits
from assay.ports.store import Store, Stores
from tests.conformance.builders import T0, at
from tests.conformance.conftest import Run

SEALED = bytes(range(256))


def provider(name: str, **fields: Any) -> Provider:
    """Return a provider that is not stored yet."""
    return Provider(new_uuid(), name, "openai", "http://localhost:11434/v1", T0, T0, created_by="someone", **fields)


def test_a_provider_comes_back_as_it_was_stored_and_says_that_it_has_a_key(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        limits = ProviderLimits(60, None, 512, 0.5)
        made = provider("é local", models=("a", "ü/b"), prices={"a": ModelPrice(0.15, 2)}, limits=limits)
        await store.providers.create(made, SEALED)
        found = await store.providers.get(made.id)
        assert found == replace(made, has_key=True) == await store.providers.get("é local")
        assert await store.providers.find_sealed_key(made.id) == SEALED
        bare = provider("bare", is_enabled=False)
        await store.providers.create(bare, None)
        assert await store.providers.list() == [bare, found]
        assert await store.providers.find_sealed_key(bare.id) is None

    run(work())


def test_a_change_keeps_the_key_unless_it_brings_one_or_removes_it(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        made = provider("one")
        await store.providers.create(made, SEALED)
        changed = replace(made, name="two", kind="anthropic", base_url="https://x", updated_at=at(1))
        await store.providers.update(changed, None)
        assert await store.providers.get("two") == replace(changed, has_key=True)
        assert await store.providers.find_sealed_key(made.id) == SEALED
        await store.providers.update(changed, b"other")
        assert await store.providers.find_sealed_key(made.id) == b"other"
        await store.providers.update(changed, b"")
        assert (await store.providers.get(made.id)).has_key is False
        assert await store.providers.find_sealed_key(made.id) is None

    run(work())


def test_two_providers_of_an_organisation_have_two_names(store: Store, run: Run[Any]) -> None:
    async def work() -> None:
        first, second = provider("one"), provider("two")
        await store.providers.create(first, None)
        await store.providers.create(second, None)
        for attempt in (
            store.providers.create(provider("one"), None),
            store.providers.update(replace(second, name="one"), None),
        ):
            with pytest.raises(Conflict, match="already exists"):
                await attempt
        # The name of one may be the id of another: the id wins.
        await store.providers.update(replace(second, name=first.id), None)
        assert (await store.providers.get(first.id)).name == "one"

    run(work())


def test_nobody_reaches_the_providers_of_another_organisation(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        made = provider("one")
        await store.providers.create(made, SEALED)
        organization = await stores.access.create_organization(str(uuid4()), "others", T0)
        other = stores.within(organization.id, "prod").providers
        for attempt in (other.get(made.id), other.get("one"), other.update(made, b"x"), other.delete(made.id)):
            with pytest.raises(NotFound):
                await attempt
        assert (await other.list(), await other.find_sealed_key(made.id)) == ([], None)
        await other.create(provider("one"), None)
        await store.providers.delete(made.id)
        with pytest.raises(NotFound):
            await store.providers.delete(made.id)
        assert await store.providers.list() == []

    run(work())


def test_a_reply_is_found_by_its_call_and_the_first_one_stays(store: Store, stores: Stores, run: Run[Any]) -> None:
    async def work() -> None:
        key = bytes(range(32))
        assert await store.judge_cache.find(key) is None
        await store.judge_cache.put(key, b'{"a":"\xc3\xa9"}', at(1))
        await store.judge_cache.put(key, b"later", at(2))
        assert await store.judge_cache.find(key) == b'{"a":"\xc3\xa9"}'
        organization = await stores.access.create_organization(str(uuid4()), "others", T0)
        assert await stores.within(organization.id, "prod").judge_cache.find(key) is None

    run(work())
