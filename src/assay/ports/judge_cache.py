"""What a store of judge replies must do."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class JudgeCache(Protocol):
    """Replies of models by the content of the call, of one organisation."""

    async def find(self, key: bytes) -> bytes | None:
        """Return the stored reply (JSON), or None."""
        ...

    async def put(self, key: bytes, reply: bytes, at: datetime) -> None:
        """Store a reply; one that is there stays."""
        ...
