"""Histograms of numbers with bins that people can read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

MAXIMUM_BINS = 20
# Beyond this, neighbouring doubles are more than 1 apart.
_MAXIMUM_EXACT_INTEGER = 2.0**53


@dataclass(frozen=True, slots=True)
class Bin:
    """The count of values from `lower` up to but not including `upper`; the last bin includes its upper end."""

    lower: float
    upper: float
    count: int


def make_histogram(numbers: np.ndarray[Any, np.dtype[np.float64]], minimum: float, maximum: float) -> tuple[Bin, ...]:
    """Count finite `numbers` (one dimension, not empty) in 1 to 20 bins of equal width.

    Widths are 1, 2 or 5 times a power of ten and edges their multiples. Integers get integer edges, one bin for each
    where there are at most 20. The number of bins is at most that of Sturges 1926, "The choice of a class interval",
    or 10 where that is more. Equal values get one bin, whose ends are that value. Counts add up to the size of
    `numbers`.
    """
    import numpy as np

    if minimum == maximum:
        return (Bin(minimum, maximum, int(numbers.size)),)
    wanted = min(MAXIMUM_BINS, max(10, math.ceil(math.log2(numbers.size)) + 1))
    is_integral = max(abs(minimum), abs(maximum)) < _MAXIMUM_EXACT_INTEGER and bool(np.all(numbers == np.rint(numbers)))
    edges = (_integer_edges if is_integral else _round_edges)(minimum, maximum, wanted)
    places = np.searchsorted(edges[1:-1], numbers, side="right")
    counts = np.bincount(places, minlength=len(edges) - 1)
    return tuple(Bin(lower, upper, int(count)) for lower, upper, count in zip(edges, edges[1:], counts, strict=False))


def _integer_edges(smallest: float, largest: float, wanted: int) -> list[float]:
    minimum, maximum = int(smallest), int(largest)
    if maximum - minimum < MAXIMUM_BINS:
        return [float(edge) for edge in range(minimum, maximum + 2)]
    step = 1
    while True:
        for width in (step, 2 * step, 5 * step):
            first, last = minimum // width, maximum // width
            if last - first < wanted:
                return [float(index * width) for index in range(first, last + 2)]
        step *= 10


def _round_edges(minimum: float, maximum: float, wanted: int) -> list[float]:
    """Return edges that are multiples of a round width; of one bin where doubles cannot tell such edges apart."""
    spread = maximum - minimum
    if spread > 1e300 or spread < 1e-300 or spread < 1e-12 * max(abs(minimum), abs(maximum)):
        return [minimum, maximum]
    power = math.floor(math.log10(spread / wanted))
    for exponent, factor in ((power, 1), (power, 2), (power, 5), (power + 1, 1), (power + 1, 2), (power + 1, 5)):
        # Written and read as decimals, edges are the nearest doubles to the round numbers: 0.3, not 3 * 0.1.
        width = float(f"{factor}e{exponent}")
        first, last = math.floor(minimum / width), math.ceil(maximum / width)
        if last - first > wanted + 1:
            continue
        # One step more on either side, then away with those that are not needed, because the division rounds.
        edges = [float(f"{index * factor}e{exponent}") for index in range(first - 1, last + 2)]
        while edges[1] <= minimum:
            del edges[0]
        while edges[-2] >= maximum:
            del edges[-1]
        if len(edges) - 1 <= wanted:
            return edges
    return [minimum, maximum]
