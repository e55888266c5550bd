"""Retention: for how many days request logs are kept."""

from __future__ import annotations

from collections.abc import Mapping

from assay.sdk._async.transport import AsyncTransport
from assay.sdk.addressing import path_to
from assay.sdk.log_types import RetentionDays


class AsyncRetention:
    """`client.retention`: days by environment; None keeps logs for ever. Rows of datasets are never touched."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get(self) -> RetentionDays:
        """Return the days for each environment."""
        return await self._transport.ask(RetentionDays, "GET", path_to("retention"))

    async def set(self, days: Mapping[str, int | None]) -> RetentionDays:
        """Set the days of the environments named, such as `{"prod": 90, "test": 7}`; needs a key of scope admin."""
        return await self._transport.ask(RetentionDays, "PUT", path_to("retention"), body=days)
