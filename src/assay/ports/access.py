"""What a store of organisations and API keys must do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assay.model.access import ApiKey, Identity, Organization


class AccessStore(Protocol):
    """Organisations and keys, across all organisations: how a request finds the place it stands in."""

    async def find_identity(self, key_hash: bytes) -> Identity | None:
        """Return who holds the key with this hash; None when there is none or it was revoked."""
        ...

    async def find_identity_of_key(self, key_id: str) -> Identity | None:
        """Return who holds the key with this id; None when there is none or it was revoked."""
        ...

    async def note_use(self, key_ids: Sequence[str], at: datetime) -> None:
        """Remember when keys were last used."""
        ...

    async def create_organization(self, unique_id: str, name: str, at: datetime) -> Organization:
        """Store a new organisation."""
        ...

    async def list_organizations(self) -> Sequence[Organization]:
        """Return all organisations, oldest first."""
        ...

    async def create_key(self, key: ApiKey, key_hash: bytes) -> None:
        """Store a new key by its hash."""
        ...

    async def set_environment_key(self, key: ApiKey | None, key_hash: bytes | None) -> None:
        """Make this the one key that the environment gives; None takes an earlier one away."""
        ...

    async def list_keys(self, organization_id: int) -> Sequence[ApiKey]:
        """Return the keys of an organisation, oldest first, revoked ones among them."""
        ...

    async def revoke_key(self, organization_id: int, key_id: str, at: datetime) -> ApiKey:
        """Make a key useless from now on; raises NotFound."""
        ...
