"""Reading the measured numbers of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.contract import describe


def find_metric(metrics: Mapping[str, Any], name: str) -> float | None:
    """Return metric `name` as a number, or None where the row does not have it.

    Raises ValueError where it is there and is not a finite number of at least 0.
    """
    value = metrics.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"metrics.{name} must be a finite number of at least 0, not {describe(value)}")
    return float(value)
