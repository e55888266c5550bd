"""What cells took: cost, latency and tokens, the unknown counted apart and never as 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from assay.statistics.sample import summarize_numbers


def cost_json(cost_usd: Sequence[float | None]) -> dict[str, Any]:
    """Return the sum of the known costs of cells in USD, null where none is known, as JSON.

    Raises ValueError where a cost is negative or not finite.
    """
    known = _known("cost_usd", cost_usd)
    return {
        "known": len(known),
        "total_usd": math.fsum(known) if known else None,
        "unknown": len(cost_usd) - len(known),
    }


def latency_json(latency_seconds: Sequence[float | None]) -> dict[str, Any]:
    """Return mean, maximum and percentiles (Hyndman and Fan 1996, type 7) of latencies in seconds as JSON.

    Raises ValueError where a latency is negative or not finite.
    """
    known = _known("latency_seconds", latency_seconds)
    numbers = summarize_numbers(known)
    return {
        "known": numbers.n,
        "mean": numbers.mean,
        "maximum": numbers.maximum,
        "percentiles": {f"p{percent}": value for percent, value in (numbers.percentiles or {}).items()} or None,
        "unknown": len(latency_seconds) - numbers.n,
    }


def tokens_json(name: str, tokens: Sequence[int | None]) -> dict[str, Any]:
    """Return the sum of the known token counts of cells, null where none is known, as JSON.

    Raises ValueError where a count is negative or not finite; the message calls the column `name`.
    """
    known = _known(name, tokens)
    return {"known": len(known), "total": int(sum(known)) if known else None, "unknown": len(tokens) - len(known)}


def _known(name: str, column: Sequence[float | None]) -> list[float]:
    known = [value for value in column if value is not None]
    wrong = next((value for value in known if not (math.isfinite(value) and value >= 0)), None)
    if wrong is not None:
        raise ValueError(f"{name} must be finite and not negative, or None where it is unknown, not {wrong}")
    return known
