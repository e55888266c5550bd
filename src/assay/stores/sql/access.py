"""Organisations and API keys in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.model.access import ApiKey, Identity, Organization, widest
from assay.model.errors import NotFound
from assay.stores.sql.database import Connection, Database, Row, insertion, one
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = "id, prefix, name, organization_id, environment, scopes, created_at, last_used_at, revoked_at"


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=row[0],
        prefix=row[1],
        name=row[2],
        organization_id=row[3],
        environment=row[4],
        scopes=widest(json.loads(row[5])),
        created_at=from_microseconds(row[6]),
        last_used_at=from_microseconds(row[7]),
        revoked_at=from_microseconds(row[8]),
    )


def _insert(connection: Connection, key: ApiKey, key_hash: bytes, *, is_from_environment: bool) -> None:
    values: dict[str, Any] = {
        "id": key.id,
        "organization_id": key.organization_id,
        "environment": key.environment,
        "prefix": key.prefix,
        "key_hash": key_hash,
        "name": key.name,
        "scopes": json.dumps(key.scopes),
        "is_from_environment": int(is_from_environment),
        "created_at": to_microseconds(key.created_at),
    }
    connection.insert_many(insertion("api_key", list(values)), [tuple(values.values())])


@dataclass(frozen=True, slots=True)
class SqlAccess:
    """Organisations and keys, across all organisations."""

    database: Database

    async def find_identity(self, key_hash: bytes) -> Identity | None:
        """Return who holds the key with this hash; None when there is none or it was revoked."""
        return await self._identity("k.key_hash = :value", key_hash)

    async def find_identity_of_key(self, key_id: str) -> Identity | None:
        """Return who holds the key with this id; None when there is none or it was revoked."""
        return await self._identity("k.id = :value", key_id)

    async def _identity(self, condition: str, value: bytes | str) -> Identity | None:
        statement = (
            "SELECT k.id, k.prefix, k.organization_id, o.unique_id, k.environment, k.scopes FROM api_key k"
            f" JOIN organization o ON o.id = k.organization_id WHERE {condition} AND k.revoked_at IS NULL"
        )
        row = await self.database.read(lambda connection: one(connection, statement, {"value": value}))
        return None if row is None else Identity(row[0], row[1], row[2], row[3], row[4], widest(json.loads(row[5])))

    async def note_use(self, key_ids: Sequence[str], at: datetime) -> None:
        """Remember when keys were last used."""
        used = [{"id": key_id, "at": to_microseconds(at)} for key_id in key_ids]
        statement = "UPDATE api_key SET last_used_at = :at WHERE id = :id"
        await self.database.write(lambda connection: connection.run_many(statement, used))

    async def create_organization(self, unique_id: str, name: str, at: datetime) -> Organization:
        """Store a new organisation."""
        statement = (
            "INSERT INTO organization (unique_id, name, created_at) VALUES (:unique_id, :name, :at) RETURNING id"
        )
        values = {"unique_id": unique_id, "name": name, "at": to_microseconds(at)}
        rows = await self.database.write(lambda connection: connection.rows(statement, values))
        return Organization(rows[0][0], unique_id, name, at)

    async def list_organizations(self) -> Sequence[Organization]:
        """Return all organisations, oldest first."""
        statement = "SELECT id, unique_id, name, created_at FROM organization ORDER BY id"
        rows = await self.database.read(lambda connection: connection.rows(statement))
        return [Organization(row[0], row[1], row[2], from_microseconds(row[3])) for row in rows]

    async def create_key(self, key: ApiKey, key_hash: bytes) -> None:
        """Store a new key by its hash."""
        await self.database.write(lambda connection: _insert(connection, key, key_hash, is_from_environment=False))

    async def set_environment_key(self, key: ApiKey | None, key_hash: bytes | None) -> None:
        """Make this the one key that the environment gives; None takes an earlier one away."""

        def work(connection: Connection) -> None:
            connection.run("DELETE FROM api_key WHERE is_from_environment = 1")
            if key is None or key_hash is None:
                return
            # The same text may be an ordinary key already: then that one is given all rights.
            values = {"hash": key_hash, "scopes": json.dumps(key.scopes)}
            if not connection.run(
                "UPDATE api_key SET revoked_at = NULL, scopes = :scopes WHERE key_hash = :hash", values
            ):
                _insert(connection, key, key_hash, is_from_environment=True)

        await self.database.write(work)

    async def list_keys(self, organization_id: int) -> Sequence[ApiKey]:
        """Return the keys of an organisation, oldest first, revoked ones among them."""
        statement = f"SELECT {_COLUMNS} FROM api_key WHERE organization_id = :id ORDER BY created_at, id"
        rows = await self.database.read(lambda connection: connection.rows(statement, {"id": organization_id}))
        return [_key(row) for row in rows]

    async def revoke_key(self, organization_id: int, key_id: str, at: datetime) -> ApiKey:
        """Make a key useless from now on; raises NotFound."""
        statement = (
            "UPDATE api_key SET revoked_at = coalesce(revoked_at, :at)"
            f" WHERE id = :id AND organization_id = :organization_id RETURNING {_COLUMNS}"
        )
        values = {"at": to_microseconds(at), "id": key_id, "organization_id": organization_id}
        rows = await self.database.write(lambda connection: connection.rows(statement, values))
        if not rows:
            raise NotFound("Key not found")
        return _key(rows[0])
