"""What a store of model providers must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.model.provider import Provider


class ProviderStore(Protocol):
    """Providers of one organisation; their keys go in and out only in sealed form."""

    async def list(self) -> Sequence[Provider]:
        """Return all providers by name."""
        ...

    async def get(self, provider_id: str) -> Provider:
        """Return a provider by its id or name; raises NotFound."""
        ...

    async def create(self, provider: Provider, sealed_key: bytes | None) -> None:
        """Store a new provider; raises Conflict when its name is taken."""
        ...

    async def update(self, provider: Provider, sealed_key: bytes | None) -> None:
        """Store a changed provider; `sealed_key` None keeps the key, empty bytes remove it.

        Raises NotFound, or Conflict when its name is taken.
        """
        ...

    async def delete(self, provider_id: str) -> None:
        """Delete a provider and its key; raises NotFound."""
        ...

    async def find_sealed_key(self, provider_id: str) -> bytes | None:
        """Return the sealed key of a provider, None where it has none."""
        ...
