"""Providers of models in SQL; keys come and go in sealed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from assay.model.errors import Conflict, NotFound
from assay.model.provider import ModelPrice, Provider, ProviderLimits
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.tables import provider as table
from assay.stores.sql.times import from_microseconds, to_microseconds

_SELECT = select(
    table.c.id, table.c.name, table.c.kind, table.c.base_url, table.c.created_at, table.c.updated_at, table.c.models,
    table.c.prices, table.c.limits, table.c.sealed_key.is_not(None), table.c.is_enabled, table.c.created_by,
)  # fmt: skip
_encode = msgspec.json.encode


def _provider(row: Row) -> Provider:
    return Provider(
        id=row[0],
        name=row[1],
        kind=row[2],
        base_url=row[3],
        created_at=from_microseconds(row[4]),
        updated_at=from_microseconds(row[5]),
        models=msgspec.json.decode(row[6], type=tuple[str, ...]),
        prices=msgspec.json.decode(row[7], type=Mapping[str, ModelPrice]),
        limits=msgspec.json.decode(row[8], type=ProviderLimits),
        has_key=bool(row[9]),
        is_enabled=bool(row[10]),
        created_by=row[11],
    )


def _values(provider: Provider) -> dict[str, Any]:
    return {
        "name": provider.name,
        "kind": provider.kind,
        "base_url": provider.base_url,
        "models": _encode(provider.models).decode(),
        "prices": _encode(provider.prices).decode(),
        "limits": _encode(provider.limits).decode(),
        "is_enabled": int(provider.is_enabled),
        "updated_at": to_microseconds(provider.updated_at),
    }


@dataclass(frozen=True, slots=True)
class SqlProviders:
    """The providers of one organisation."""

    database: Database
    organization_id: int

    def _own(self) -> ColumnElement[bool]:
        return table.c.organization_id == self.organization_id

    async def list(self) -> Sequence[Provider]:
        """Return all providers by name."""
        wanted = _SELECT.where(self._own()).order_by(table.c.name)
        rows = await self.database.read(lambda connection: connection.rows(wanted))
        return [_provider(row) for row in rows]

    async def get(self, provider_id: str) -> Provider:
        """Return a provider by its id or name; raises NotFound."""
        wanted = _SELECT.where(self._own(), or_(table.c.id == provider_id, table.c.name == provider_id))
        rows = await self.database.read(lambda connection: connection.rows(wanted))
        # An id wins over an equal name.
        found = next((row for row in rows if row[0] == provider_id), rows[0] if rows else None)
        if found is None:
            raise NotFound("Provider not found")
        return _provider(found)

    async def create(self, provider: Provider, sealed_key: bytes | None) -> None:
        """Store a new provider; raises Conflict when its name is taken."""
        values = {
            **_values(provider),
            "id": provider.id,
            "organization_id": self.organization_id,
            "sealed_key": sealed_key or None,
            "created_at": to_microseconds(provider.created_at),
            "created_by": provider.created_by,
        }

        def work(connection: Connection) -> None:
            self._check_name(connection, provider)
            connection.run(table.insert().values(values))

        await self.database.write(work)

    async def update(self, provider: Provider, sealed_key: bytes | None) -> None:
        """Store a changed provider; `sealed_key` None keeps the key, empty bytes remove it.

        Raises NotFound, or Conflict when its name is taken.
        """
        values = _values(provider)
        if sealed_key is not None:
            values["sealed_key"] = sealed_key or None

        def work(connection: Connection) -> None:
            self._check_name(connection, provider)
            if not connection.run(table.update().where(self._own(), table.c.id == provider.id).values(values)):
                raise NotFound("Provider not found")

        await self.database.write(work)

    def _check_name(self, connection: Connection, provider: Provider) -> None:
        same = and_(self._own(), table.c.name == provider.name, table.c.id != provider.id)
        if one(connection, select(table.c.id).where(same)) is not None:
            raise Conflict("A provider with this name already exists.")

    async def delete(self, provider_id: str) -> None:
        """Delete a provider and its key; raises NotFound."""
        chosen = table.delete().where(self._own(), table.c.id == provider_id)
        if not await self.database.write(lambda connection: connection.run(chosen)):
            raise NotFound("Provider not found")

    async def find_sealed_key(self, provider_id: str) -> bytes | None:
        """Return the sealed key of a provider, None where it has none."""
        wanted = select(table.c.sealed_key).where(self._own(), table.c.id == provider_id)
        row = await self.database.read(lambda connection: one(connection, wanted))
        return None if row is None or row[0] is None else bytes(row[0])
