"""How often intervals hold the truth, in seeded simulations."""

import math
from collections.abc import Callable

from assay.statistics.intervals import Interval


def share_covered(draw: Callable[[], Interval | None], truth: float, repeats: int) -> float:
    """Return the share of drawn intervals that hold the truth; samples without an interval count for nothing."""
    intervals = [interval for _ in range(repeats) if (interval := draw()) is not None]
    assert len(intervals) > repeats / 2
    return sum(interval.lower <= truth <= interval.upper for interval in intervals) / len(intervals)


def four_errors(share: float, repeats: int) -> float:
    """Return four Monte-Carlo standard errors of a share."""
    return 4 * math.sqrt(share * (1 - share) / repeats)
