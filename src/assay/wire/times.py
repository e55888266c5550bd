"""Times on the wire: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from assay.filters.literals import as_time
from assay.model.errors import Invalid


def read_time(value: Any, field: str) -> datetime | None:
    """Read a time as clients write it (ISO 8601, `T` or a space, no zone means UTC); None stays None.

    Raises Invalid that names `field`.
    """
    if value is None or value == "":
        return None
    moment = value if isinstance(value, datetime) else as_time(value) if isinstance(value, str) else None
    if moment is None:
        shown = str(value)[:60]
        raise Invalid.field(field, f"'{shown}' is not a time: use ISO 8601, such as 2026-01-31T09:30:00Z.")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
