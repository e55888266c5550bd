"""Figures of one sample: numbers with their spread and percentiles, pass rates, counts of categories.

NumPy and scipy.special do the arithmetic and are imported when first needed (scipy.stats takes long to import).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.statistics.histogram import Bin, make_histogram
from assay.statistics.intervals import (
    Interval,
    check_share,
    finite_numbers,
    mean_and_deviation,
    scaled,
    student_interval,
    unscaled,
    wilson_interval,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PERCENTILES = (5, 25, 50, 75, 95, 99)


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """Figures of a sample of numbers; None where the sample is too small, or a figure too large, to have one."""

    n: int
    mean: float | None = None
    standard_deviation: float | None = None
    standard_error: float | None = None
    interval: Interval | None = None
    minimum: float | None = None
    maximum: float | None = None
    percentiles: Mapping[int, float] | None = None
    histogram: tuple[Bin, ...] = ()


@dataclass(frozen=True, slots=True)
class PassSummary:
    """How many of `total` passed; `rate` and `interval` are None where there is none."""

    passed: int
    total: int
    rate: float | None
    interval: Interval | None


def summarize_numbers(values: ArrayLike, level: float = 0.95) -> NumberSummary:
    """Describe a sample of finite numbers (one dimension, any order).

    Standard deviation with n - 1; confidence interval of the mean by Student's t (Student 1908, "The probable error
    of a mean"); percentiles by linear interpolation between order statistics, definition 7 of Hyndman and Fan 1996,
    "Sample quantiles in statistical packages"; a histogram of at most 20 bins. One value has no deviation and no
    interval; equal values have an interval of width 0.

    Raises ValueError where a value is not finite, `values` is not of one dimension or `level` is not between 0 and 1.
    """
    import numpy as np

    check_share("level", level)
    numbers = finite_numbers(values)
    n = int(numbers.size)
    if n == 0:
        return NumberSummary(0)
    minimum, maximum = float(numbers.min()), float(numbers.max())
    small, exponent = scaled(numbers)
    mean, deviation = mean_and_deviation(small)
    error = interval = None
    if deviation is not None:
        error = deviation / math.sqrt(n)
        interval = student_interval(mean, error, n - 1, level, exponent=exponent, method="student_t")
    quantiles = np.percentile(small, PERCENTILES, method="linear")
    return NumberSummary(
        n=n,
        mean=math.ldexp(mean, exponent),
        standard_deviation=unscaled(deviation, exponent),
        standard_error=unscaled(error, exponent),
        interval=interval,
        minimum=minimum,
        maximum=maximum,
        percentiles={
            percent: math.ldexp(float(value), exponent) for percent, value in zip(PERCENTILES, quantiles, strict=True)
        },
        histogram=make_histogram(numbers, minimum, maximum),
    )


def summarize_passes(passed: int, total: int, level: float = 0.95) -> PassSummary:
    """Give the share that passed with the score interval of Wilson 1927, "Probable inference, the law of succession,
    and statistical inference" (no continuity correction).

    Raises ValueError where `passed` is not within 0 and `total`, or `level` is not between 0 and 1.
    """
    from scipy.special import ndtri

    check_share("level", level)
    if not 0 <= passed <= total:
        raise ValueError(f"passed must be within 0 and total ({total}), not {passed}")
    if total == 0:
        return PassSummary(0, 0, None, None)
    rate = passed / total
    return PassSummary(
        passed, total, rate, wilson_interval(rate, total, float(ndtri((1 + level) / 2)), level, "wilson")
    )


def count_categories(values: Iterable[str | Sequence[str]]) -> dict[str, int]:
    """Count the cells that chose each category, most chosen first, equals by name.

    A value is one category or several; a category named twice in one cell counts once, so that counts are of cells.
    """
    counts: Counter[str] = Counter()
    for value in values:
        if isinstance(value, str):
            counts[value] += 1
        else:
            counts.update(set(value))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def mean_bounds(
    total: float, n_scored: int, n_missing: int, minimum: float | None, maximum: float | None
) -> tuple[float, float] | None:
    """Return the smallest and largest mean there could be had the missing cells scored at the ends of the range.

    `total` is the sum of the `n_scored` scores. None where the range has no such end or there are no cells. These are
    the worst-case bounds of Manski 1989, "Anatomy of the selection problem": they assume nothing about the missing.
    """
    n = n_scored + n_missing
    if n == 0:
        return None
    if n_missing == 0:
        return total / n, total / n
    if minimum is None or maximum is None:
        return None
    return total / n + n_missing / n * minimum, total / n + n_missing / n * maximum
