# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/retention.py: change it there.
"""Retention: for how many days request logs are kept."""

from __future__ import annotations

from collections.abc import Mapping

from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import path_to
from assay.sdk.log_types import RetentionDays


class Retention:
    """`client.retention`: days by environment; None keeps logs for ever. Rows of datasets are never touched."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> RetentionDays:
        """Return the days for each environment."""
        return self._transport.ask(RetentionDays, "GET", path_to("retention"))

    def set(self, days: Mapping[str, int | None]) -> RetentionDays:
        """Set the days of the environments named, such as `{"prod": 90, "test": 7}`; needs a key of scope admin."""
        return self._transport.ask(RetentionDays, "PUT", path_to("retention"), body=days)
