"""Measurements: repeated samples of a figure beside its budget, and the table that shows them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Samples of one figure. `budget` None: shown for comparison only; a floor where higher is better, else a cap."""

    figure: str
    what: str
    unit: str
    samples: tuple[float, ...]
    budget: float | None = None
    better: Better = "lower"
    note: str = ""
    load_average: float = field(default_factory=lambda: os.getloadavg()[0])

    @property
    def median(self) -> float:
        """The middle sample."""
        return statistics.median(self.samples)

    @property
    def is_within_budget(self) -> bool | None:
        """Whether the median keeps the budget; None without one."""
        if self.budget is None:
            return None
        return self.median >= self.budget if self.better == "higher" else self.median <= self.budget

    @property
    def verdict(self) -> str:
        """Whether the budget is kept, and by which factor it is missed."""
        if self.budget is None:
            return ""
        if self.is_within_budget:
            return "ok"
        larger, smaller = sorted((self.budget, self.median), reverse=True)
        return f"missed {larger / smaller:.1f} ×" if smaller else "missed"

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        names = ("figure", "what", "unit", "budget", "better", "note", "load_average", "median", "is_within_budget")
        return {**{name: getattr(self, name) for name in names}, "samples": list(self.samples)}


def machine() -> dict[str, Any]:
    """Return what a reader needs to know of the machine and the moment."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def shown(value: float) -> str:
    """Return a number with three significant digits, or whole when it is large."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def line(measurement: Measurement) -> tuple[str, ...]:
    """Return the cells of a table line."""
    low, high = min(measurement.samples), max(measurement.samples)
    budget = "" if measurement.budget is None else ("≥ " if measurement.better == "higher" else "≤ ")
    budget += "" if measurement.budget is None else shown(measurement.budget)
    return (
        measurement.figure,
        measurement.what,
        f"{shown(measurement.median)} {measurement.unit}".strip(),
        f"{shown(low)}–{shown(high)}",
        budget,
        measurement.verdict,
        f"{measurement.load_average:.1f}",
        measurement.note,
    )


HEADINGS = ("figure", "what", "median", "min–max", "budget", "", "load", "")


def table(measurements: Iterable[Measurement]) -> str:
    """Return all measurements as an aligned table."""
    lines: list[Sequence[str]] = [HEADINGS, *(line(measurement) for measurement in measurements)]
    widths = [max(len(cells[column]) for cells in lines) for column in range(len(HEADINGS))]
    right = (2, 3, 4, 6)
    drawn = []
    for cells in lines:
        padded = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        drawn.append("  ".join(padded).rstrip())
    drawn.insert(1, "-" * max(len(text) for text in drawn))
    return "\n".join(drawn)
