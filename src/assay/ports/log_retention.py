"""What a store must do to forget request logs after their time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from assay.model.access import Environment


class RetentionStore(Protocol):
    """How many days the request logs of one organisation are kept, by environment; None keeps them for ever."""

    async def get(self) -> Mapping[Environment, int | None]:
        """Return the days for each environment."""
        ...

    async def set(self, days: Mapping[Environment, int | None]) -> None:
        """Set the days of the environments named."""
        ...


class LogUpkeep(Protocol):
    """The work behind request logs, for all organisations."""

    async def delete_expired(self, now: datetime, most_logs: int) -> bool:
        """Delete up to `most_logs` logs recorded longer ago than they are kept; True when more are left."""
        ...

    async def index_text(self, most_logs: int) -> bool:
        """Put up to `most_logs` logs into the text index; True when more are left."""
        ...

    async def train_compression(self) -> bool:
        """Learn a compression dictionary from the logs when it is time to; True when one was made."""
        ...
