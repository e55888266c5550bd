"""Repeated judgements of the same rows: averages over trials before rows, where the variance is, pass@k and pass^k."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assay.statistics.intervals import (
    Interval,
    check_equal_lengths,
    check_share,
    finite_numbers,
    flags,
    group_codes,
    grouped_rate_interval,
    interval_json,
    mean_and_deviation,
    scaled,
    unscaled,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Advice = Literal["more rows", "more trials", "neither matters"]

TRIALS_METHOD = (
    "rows averaged over trials first; variances: one-way random effects ANOVA, unbalanced (Searle, Casella and "
    "McCulloch 1992); pass@k: Chen et al. 2021; pass^k: Yao et al. 2024"
)
# More trials are advised where they narrow the interval nearly as much as more rows: rows have to be found first.
_NEARLY_AS_MUCH = 0.75


@dataclass(frozen=True, slots=True)
class TrialVariance:
    """Where the variance of repeated scores is, and how wide the interval of the mean would be with twice the work.

    `width` and its predictions are from end to end. None where rows or trials are too few, or a figure is too large.
    """

    rows: int
    cells: int
    trials: int
    variance_between_rows: float | None = None
    variance_within_rows: float | None = None
    width: float | None = None
    width_with_rows_doubled: float | None = None
    width_with_trials_doubled: float | None = None
    advice: Advice | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the JSON object that API, CLI and UI show."""
        return {
            "rows": self.rows,
            "cells": self.cells,
            "trials": self.trials,
            "variance_between_rows": self.variance_between_rows,
            "variance_within_rows": self.variance_within_rows,
            "interval_width": self.width,
            "interval_width_with_rows_doubled": self.width_with_rows_doubled,
            "interval_width_with_trials_doubled": self.width_with_trials_doubled,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class PassAtK:
    """The chance that at least one (`pass_at_k`), or every one (`pass_hat_k`), of k trials of a row passes.

    Means over the `rows` that have k trials; the intervals, across rows, are None below two rows.
    """

    k: int
    rows: int
    pass_at_k: float
    pass_at_k_interval: Interval | None
    pass_hat_k: float
    pass_hat_k_interval: Interval | None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the JSON object that API, CLI and UI show."""
        return {
            "k": self.k,
            "rows": self.rows,
            "pass_at_k": self.pass_at_k,
            "pass_at_k_confidence_interval": interval_json(self.pass_at_k_interval),
            "pass_hat_k": self.pass_hat_k,
            "pass_hat_k_confidence_interval": interval_json(self.pass_hat_k_interval),
        }


def average_over_trials(values: ArrayLike, rows: Sequence[Hashable]) -> tuple[list[Hashable], NDArray[np.float64]]:
    """Return the rows in order of appearance and the mean of each; rows may have different numbers of trials.

    `rows` labels each value. Raises ValueError where a value is not finite or the lengths differ.
    """
    import numpy as np

    numbers, exponent = scaled(finite_numbers(values))
    names, _, _, means, _ = _by_row(numbers, rows)
    return names, np.ldexp(means, exponent)


def measure_trials(
    values: ArrayLike, rows: Sequence[Hashable], level: float = 0.95, *, enough_width: float = 0.0
) -> TrialVariance:
    """Split the variance of scores into that between and that within rows, and say what would narrow the interval.

    `rows` labels each value; rows may have different numbers of trials. Variance components by one-way random effects
    analysis of variance for unequal group sizes (Searle, Casella and McCulloch 1992, "Variance components", section
    3.6); a negative component counts as 0. The mean over rows of row means has variance V / R with V the variance of
    row means, of which W = within / (harmonic mean of trials) is due to trials; the predictions put V / 2R, or
    (V - W / 2) / R, under Student's t with as many rows. Twice the rows never narrow less than twice the trials, at
    the same price; but rows must be found and trials need not, so that `more trials` is advised where they gain three
    quarters as much, and `neither matters` where the interval is at most `enough_width` wide.

    Raises ValueError where a value is not finite, the lengths differ or `level` is not between 0 and 1.
    """
    check_share("level", level)
    numbers, exponent = scaled(finite_numbers(values))
    names, sizes, _, means, deviations = _by_row(numbers, rows)
    n, n_rows = int(numbers.size), len(names)
    trials = int(sizes.max()) if n else 0
    if n_rows == 0:
        return TrialVariance(0, 0, 0)
    within_squares = float(deviations @ deviations)
    within = within_squares / (n - n_rows) if n > n_rows else None
    if n_rows == 1:
        return TrialVariance(1, n, trials, None, unscaled(within, 2 * exponent), advice="more rows")
    between = None
    if within is not None:
        grand_mean, _ = mean_and_deviation(numbers)
        between_squares = float(sizes @ (means - grand_mean) ** 2)
        typical_size = (n - float(sizes @ sizes) / n) / (n_rows - 1)
        between = max(0.0, (between_squares / (n_rows - 1) - within) / typical_size)
    _, deviation = mean_and_deviation(means)
    of_means = (deviation or 0.0) ** 2
    due_to_trials = min(of_means, (within or 0.0) * float((1 / sizes).mean()))
    width = _width(of_means, n_rows, level)
    more_rows = _width(of_means, 2 * n_rows, level)
    more_trials = None if within is None else _width(of_means - due_to_trials / 2, n_rows, level)
    return TrialVariance(
        rows=n_rows,
        cells=n,
        trials=trials,
        variance_between_rows=unscaled(between, 2 * exponent),
        variance_within_rows=unscaled(within, 2 * exponent),
        width=unscaled(width, exponent),
        width_with_rows_doubled=unscaled(more_rows, exponent),
        width_with_trials_doubled=unscaled(more_trials, exponent),
        advice=_advice(width, more_rows, more_trials, math.ldexp(enough_width, -exponent)),
    )


def _width(variance: float, n_rows: int, level: float) -> float:
    from scipy.special import stdtrit

    return 2 * float(stdtrit(n_rows - 1, (1 + level) / 2)) * math.sqrt(variance / n_rows)


def _advice(width: float, more_rows: float, more_trials: float | None, enough_width: float) -> Advice | None:
    if width <= enough_width:
        return "neither matters"
    if more_trials is None:
        return None
    return "more trials" if width - more_trials >= _NEARLY_AS_MUCH * (width - more_rows) else "more rows"


def measure_passes(passes: ArrayLike, rows: Sequence[Hashable], level: float = 0.95) -> tuple[PassAtK, ...]:
    """Give pass@k and pass^k for each k up to the largest number of trials of a row.

    `passes` holds 0 or 1 for each trial, `rows` its row. With c of n trials passed, pass@k is 1 - C(n - c, k) / C(n, k)
    (Chen et al. 2021, "Evaluating large language models trained on code", arXiv 2107.03374) and pass^k is
    C(c, k) / C(n, k) (Yao et al. 2024, "τ-bench", arXiv 2406.12045), both unbiased; the mean is over rows with at
    least k trials. Intervals: `intervals.grouped_rate_interval` with rows as groups.

    Raises ValueError where a flag is not 0 or 1, the lengths differ or `level` is not between 0 and 1.
    """
    check_share("level", level)
    _, sizes, sums, _, _ = _by_row(flags(passes, "passes"), rows)
    # Few kinds of rows differ, so that exact integers cost nothing.
    kinds = Counter(zip((int(size) for size in sizes), (int(total) for total in sums), strict=True))
    return tuple(_pass_at_k(k, kinds, level) for k in range(1, max((n for n, _ in kinds), default=0) + 1))


def _pass_at_k(k: int, kinds: Counter[tuple[int, int]], level: float) -> PassAtK:
    eligible = {kind: count for kind, count in kinds.items() if kind[0] >= k}
    any_passes = [(1 - math.comb(n - c, k) / math.comb(n, k), count) for (n, c), count in eligible.items()]
    all_pass = [(math.comb(c, k) / math.comb(n, k), count) for (n, c), count in eligible.items()]
    cells = sum(n * count for (n, _), count in eligible.items())
    at_k, at_k_interval = _mean_of_rates(any_passes, cells, level)
    hat_k, hat_k_interval = _mean_of_rates(all_pass, cells, level)
    return PassAtK(k, sum(eligible.values()), at_k, at_k_interval, hat_k, hat_k_interval)


def _mean_of_rates(rates: Sequence[tuple[float, int]], cells: int, level: float) -> tuple[float, Interval | None]:
    """Return the mean of rates that occur so many times each, from so many cells, and its interval."""
    n = sum(count for _, count in rates)
    mean = min(1.0, math.fsum(rate * count for rate, count in rates) / n)
    if n < 2:
        return mean, None
    variance = math.fsum(count * (rate - mean) ** 2 for rate, count in rates) / (n - 1)
    return mean, grouped_rate_interval(mean, math.sqrt(variance / n), n, cells, level)


def rate_over_trials(
    passes: ArrayLike, rows: Sequence[Hashable], level: float = 0.95
) -> tuple[float | None, Interval | None]:
    """Return the mean over rows of the share of trials that passed, and its interval across rows.

    Interval: `intervals.grouped_rate_interval` with rows as groups; None below two rows. Raises as `measure_passes`.
    """
    check_share("level", level)
    numbers = flags(passes, "passes")
    _, _, _, means, _ = _by_row(numbers, rows)
    if means.size == 0:
        return None, None
    mean, deviation = mean_and_deviation(means)
    if deviation is None:
        return mean, None
    return mean, grouped_rate_interval(mean, deviation / math.sqrt(means.size), means.size, numbers.size, level)


def share_of_agreeing_trials(values: Sequence[Hashable], rows: Sequence[Hashable]) -> float | None:
    """Return how often two trials of the same row say the same: the mean over rows of the share of equal pairs.

    This is the observed agreement of Fleiss 1971, "Measuring nominal scale agreement among many raters". None where no
    row has two trials. Raises ValueError where the lengths differ.
    """
    check_equal_lengths("rows", len(rows), len(values))
    by_row: dict[Hashable, Counter[Hashable]] = {}
    for value, row in zip(values, rows, strict=True):
        by_row.setdefault(row, Counter())[value] += 1
    shares = [
        sum(count * (count - 1) for count in counts.values()) / (n * (n - 1))
        for counts in by_row.values()
        if (n := counts.total()) > 1
    ]
    return math.fsum(shares) / len(shares) if shares else None


def _by_row(
    numbers: NDArray[np.float64], rows: Sequence[Hashable]
) -> tuple[list[Hashable], NDArray[np.intp], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows, their numbers of trials, their sums, their means, and each number's deviation from its row's."""
    import numpy as np

    check_equal_lengths("rows", len(rows), numbers.size)
    names, codes = group_codes(rows)
    sizes = np.bincount(codes, minlength=len(names))
    sums = np.asarray(np.bincount(codes, weights=numbers, minlength=len(names)), np.float64)
    # Deviations from the first trial make equal trials have exactly their value as the mean.
    firsts = np.empty(len(names))
    firsts[codes[::-1]] = numbers[::-1]
    means = firsts + np.bincount(codes, weights=numbers - firsts[codes], minlength=len(names)) / sizes
    return names, sizes, sums, means, numbers - means[codes]
