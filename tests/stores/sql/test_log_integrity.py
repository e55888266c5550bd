"""`verify` finds every kind of damage to request logs, and nothing where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from assay.ports.store import Stores
from assay.stores.sql.database import Database
from tests.conformance.builders import T0
from tests.conformance.log_builders import fresh_stores, log_draft, record


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Stores of each kind with three indexed logs, the spans of a trace."""

    async def fill(stores: Stores) -> None:
        organization = await stores.access.create_organization(str(uuid4()), "an organisation", T0)
        drafts = [log_draft(f"some words {n}", trace_unique_id="t") for n in range(3)]
        await record(stores.within(organization.id, "prod"), drafts)
        await stores.log_upkeep.index_text(100)

    with fresh_stores(request.param, tmp_path, request) as opened:
        asyncio.run(fill(opened))
        yield opened


def test_nothing_is_wrong_with_what_is_whole(stores: Stores) -> None:
    assert asyncio.run(stores.verify()) == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("DELETE FROM request_log_body WHERE sequence = 2", "its body is missing"),
        ("UPDATE request_log_body SET codec = 77 WHERE sequence = 2", "its body cannot be read"),
        ("UPDATE request_log_body SET codec = 1 WHERE sequence = 2", "its body cannot be read"),
        ("UPDATE trace SET span_count = 4", "trace t: says 4 spans and has 3"),
        ("DELETE FROM trace", "trace t: it has spans, but no line of its own"),
        ("UPDATE request_log SET trace_unique_id = NULL", "trace t: says 3 spans and has 0"),
        ("DELETE FROM request_log WHERE sequence = 2", "bodies: 1 belong to request logs that are gone"),
        ("DELETE FROM request_log WHERE sequence < 3", "text index: 2 belong to request logs that are gone"),
        ("UPDATE text_index SET watermark = 1000000", "text index: it says it has read up to 1000000"),
    ],
)
def test_damage_is_found(stores: Stores, damage: str, finding: str) -> None:
    logs: Database = stores._logs  # type: ignore[attr-defined]
    asyncio.run(logs.write(lambda connection: connection.run(damage)))
    assert any(finding in line for line in asyncio.run(stores.verify()))
