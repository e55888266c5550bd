"""What an engine must do: work that outlives the request that asked for it."""

from __future__ import annotations

from typing import Protocol


class Engine(Protocol):
    """Runs eval reports. The stored cells are the truth: what is missing is what is left to do."""

    async def start(self) -> None:
        """Begin to work, and take up every report that is not finished."""
        ...

    async def submit(self, report_id: str) -> None:
        """Work on a stored report; one that is being worked on is looked at once more afterwards."""
        ...

    def is_alive(self) -> bool:
        """Tell whether submitted reports are being worked on."""
        ...

    async def stop(self) -> None:
        """Stop between two chunks; what is not finished is taken up by the next `start`."""
        ...
