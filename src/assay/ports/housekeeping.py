"""What housekeeping must do: background work that nobody asked for and nobody waits for."""

from __future__ import annotations

from typing import Protocol


class Housekeeping(Protocol):
    """Keeps the stores tidy while the server runs."""

    async def start(self) -> None:
        """Clean up after the last process, and begin."""
        ...

    async def stop(self) -> None:
        """End, between two steps."""
        ...
