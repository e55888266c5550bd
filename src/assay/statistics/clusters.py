"""Means and pass rates of rows that come in clusters, whose scores are alike: honest errors and intervals.

Miller 2024, "Adding error bars to evals" (arXiv 2411.00640), section 2.2, is where evals took this from; the estimator
is that of Liang and Zeger 1986, "Longitudinal data analysis using generalized linear models".
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.statistics.intervals import (
    Interval,
    check_equal_lengths,
    check_share,
    finite_numbers,
    group_codes,
    grouped_rate_interval,
    interval_json,
    mean_and_deviation,
    scaled,
    student_interval,
    unscaled,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

CLUSTERED_METHOD = (
    "clustered standard error (Miller 2024, Liang and Zeger 1986), factor G/(G - 1), t with G - 1 degrees of freedom"
)
CLUSTERED_RATE_METHOD = (
    "Wilson score interval at the effective sample size (Korn and Graubard 1998), t with G - 1 degrees of freedom"
)


TOO_FEW_NOTE = "An interval needs two clusters at least."
UNEQUAL_NOTE = "Few clusters of unequal sizes: the interval may be too narrow."


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """The mean of `n` values in `clusters`; figures are None where there are fewer than two clusters.

    `design_effect` is the variance of the mean over what it would be without clusters (Kish 1965, "Survey sampling");
    None where the values do not vary.
    """

    n: int
    clusters: int
    mean: float | None
    standard_error: float | None
    design_effect: float | None
    interval: Interval | None
    method: str
    note: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the JSON object that API, CLI and UI show."""
        return {
            "clusters": self.clusters,
            "mean": self.mean,
            "standard_error": self.standard_error,
            "design_effect": self.design_effect,
            "confidence_interval": interval_json(self.interval),
            "note": self.note,
            "method": self.method,
        }


def clustered_mean(values: ArrayLike, clusters: Sequence[Hashable], level: float = 0.95) -> ClusteredMean:
    """Give the mean of finite numbers, its cluster-robust standard error and its interval.

    `clusters` labels each value; every None is a cluster of its own. The variance is sum over clusters of (sum of the
    cluster's deviations)² / n², times G / (G - 1) for G clusters, so that clusters of one value give exactly the plain
    standard error; the interval is Student's t with G - 1 degrees of freedom (Cameron and Miller 2015, "A
    practitioner's guide to cluster-robust inference"). With few clusters of unequal sizes the interval covers less
    than its level says: for 95 %, about 87 % with 8 clusters of 2 to 40, 75 % with 4 clusters of 2 to 40, and what it
    should with 30. `note` says so where there are fewer than 30 and their effective number, n² / sum of sizes² (Kish
    1965), is below four fifths of them.

    Raises ValueError where a value is not finite, the lengths differ or `level` is not between 0 and 1.
    """
    check_share("level", level)
    numbers, exponent = scaled(finite_numbers(values))
    mean, error, groups, design_effect, note = _error_of_mean(numbers, clusters)
    interval = None
    if mean is not None and error is not None:
        interval = student_interval(mean, error, groups - 1, level, exponent=exponent, method="student_t_clustered")
    figures = (unscaled(mean, exponent), unscaled(error, exponent), design_effect, interval)
    return ClusteredMean(numbers.size, groups, *figures, CLUSTERED_METHOD, note)


def clustered_rate(shares: ArrayLike, clusters: Sequence[Hashable], level: float = 0.95) -> ClusteredMean:
    """Give the mean of pass marks 0 and 1, or of each row's share of passed trials, with its cluster-robust standard
    error, and Wilson's interval at the effective sample size, which stays within 0 and 1
    (`intervals.grouped_rate_interval`).

    Raises ValueError where a share is not within 0 and 1, the lengths differ or `level` is not between 0 and 1.
    """
    check_share("level", level)
    numbers = finite_numbers(shares, "shares")
    if ((numbers < 0) | (numbers > 1)).any():
        raise ValueError("shares must be within 0 and 1")
    mean, error, groups, design_effect, note = _error_of_mean(numbers, clusters)
    interval = None
    if mean is not None and error is not None:
        interval = grouped_rate_interval(mean, error, groups, numbers.size, level)
    return ClusteredMean(numbers.size, groups, mean, error, design_effect, interval, CLUSTERED_RATE_METHOD, note)


def _error_of_mean(
    numbers: NDArray[np.float64], clusters: Sequence[Hashable]
) -> tuple[float | None, float | None, int, float | None, str | None]:
    """Return the mean, its clustered standard error, the number of clusters, the design effect, and a note."""
    import numpy as np

    n = numbers.size
    check_equal_lengths("clusters", len(clusters), n)
    names, codes = group_codes(clusters, is_none_alone=True)
    groups = len(names)
    if n == 0:
        return None, None, 0, None, TOO_FEW_NOTE
    mean, deviation = mean_and_deviation(numbers)
    if groups < 2 or deviation is None:
        return mean, None, groups, None, TOO_FEW_NOTE
    sizes = np.bincount(codes, minlength=groups)
    note = UNEQUAL_NOTE if groups < 30 and n**2 / float(sizes @ sizes) < 0.8 * groups else None
    sums = np.bincount(codes, weights=numbers - mean, minlength=groups)
    error = math.sqrt(float(sums @ sums) * groups / (groups - 1)) / n
    design_effect = (error / deviation) ** 2 * n if deviation > 0 else None
    return mean, error, groups, design_effect, note
