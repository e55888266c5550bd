"""Slices of a run: the mean or pass rate of rows that share a label, and which slices differ from the rest."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from assay.statistics.intervals import (
    Interval,
    check_equal_lengths,
    check_share,
    finite_numbers,
    flags,
    group_codes,
    interval_json,
    mean_and_deviation,
    scaled,
    student_interval,
    unscaled,
)
from assay.statistics.multiplicity import adjust_benjamini_hochberg
from assay.statistics.sample import summarize_passes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Kind = Literal["mean", "pass_rate"]
Test = Literal["welch_t", "fisher_exact"]

FEWEST_ROWS = 5
MOST_SLICES = 20
SLICE_METHODS: dict[Kind, str] = {
    "mean": "Student t intervals; each slice against the rest by Welch's t test (Welch 1947), "
    "adjusted by Benjamini and Hochberg 1995",
    "pass_rate": "Wilson score intervals; each slice against the rest by Fisher's exact test (Fisher 1935), "
    "adjusted by Benjamini and Hochberg 1995",
}


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: its estimate (mean or pass rate), that of all other rows, and the test of their difference.

    `is_other` marks what stands for all slices beyond the largest; `reason` says why there is no test.
    """

    label: Hashable
    n: int
    estimate: float | None
    interval: Interval | None
    rest: float | None
    difference: float | None
    is_other: bool = False
    test: Test | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the JSON object that API, CLI and UI show."""
        return {
            "label": self.label,
            "is_other": self.is_other,
            "n": self.n,
            "estimate": self.estimate,
            "confidence_interval": interval_json(self.interval),
            "rest": self.rest,
            "difference": self.difference,
            "test": self.test,
            "p_value": self.p_value,
            "adjusted_p_value": self.adjusted_p_value,
            "reason": self.reason,
        }


def slice_means(
    values: ArrayLike, labels: Sequence[Hashable], level: float = 0.95, most_slices: int = MOST_SLICES
) -> tuple[Slice, ...]:
    """Compare the mean of each slice with that of the rest; one finite number and one label for each row.

    Intervals by Student's t; p values by Welch 1947, "The generalization of 'Student's' problem when several different
    population variances are involved", two-sided. Where the numbers of a slice are all equal and those of the rest too,
    t has no spread to go by, and Fisher's exact test takes its place.

    The `most_slices` largest are shown, by first appearance among equals, and the rest of them as one, untested. Slices
    of fewer than 5 rows, or with fewer beside them, have no test. Order: tested ones by adjusted p value, then by size
    of the difference; untested ones by size; the folded last; remaining ties by label.

    Raises ValueError where a value is not finite, the lengths differ, or `level` or `most_slices` is out of its range.
    """
    check_share("level", level)
    numbers, exponent = scaled(finite_numbers(values))

    def measure(label: Hashable, is_other: bool, part: NDArray[np.float64], rest: NDArray[np.float64]) -> Slice:
        mean, deviation = mean_and_deviation(part)
        interval = None
        if deviation is not None:
            error = deviation / math.sqrt(part.size)
            interval = student_interval(mean, error, part.size - 1, level, exponent=exponent, method="student_t")
        if rest.size == 0:
            return Slice(label, part.size, unscaled(mean, exponent), interval, None, None, is_other)
        rest_mean, rest_deviation = mean_and_deviation(rest)
        figures = (unscaled(mean, exponent), interval, unscaled(rest_mean, exponent))
        test, p_value = _test_of_means((mean, deviation, part.size), (rest_mean, rest_deviation, rest.size))
        return Slice(label, part.size, *figures, unscaled(mean - rest_mean, exponent), is_other, test, p_value)

    return _in_order(_slices(numbers, labels, most_slices, measure))


def slice_pass_rates(
    passes: ArrayLike, labels: Sequence[Hashable], level: float = 0.95, most_slices: int = MOST_SLICES
) -> tuple[Slice, ...]:
    """Compare the pass rate of each slice with that of the rest; one flag 0 or 1 and one label for each row.

    Intervals by Wilson 1927; p values by `fisher_exact`. All else as in `slice_means`. Raises ValueError where a flag
    is not 0 or 1, the lengths differ, or `level` or `most_slices` is out of its range.
    """
    check_share("level", level)
    numbers = flags(passes, "passes")

    def measure(label: Hashable, is_other: bool, part: NDArray[np.float64], rest: NDArray[np.float64]) -> Slice:
        n, rest_n = int(part.size), int(rest.size)
        passed, rest_passed = int(part.sum()), int(rest.sum())
        summary = summarize_passes(passed, n, level)
        if rest_n == 0:
            return Slice(label, n, summary.rate, summary.interval, None, None, is_other)
        p_value = fisher_exact(passed, n - passed, rest_passed, rest_n - rest_passed)
        rate, rest_rate = passed / n, rest_passed / rest_n
        return Slice(label, n, rate, summary.interval, rest_rate, rate - rest_rate, is_other, "fisher_exact", p_value)

    return _in_order(_slices(numbers, labels, most_slices, measure))


def slices_json(kind: Kind, slices: Sequence[Slice], level: float = 0.95) -> dict[str, Any]:
    """Return slices as the JSON object that API, CLI and UI show."""
    return {"kind": kind, "level": level, "slices": [one.as_json() for one in slices], "method": SLICE_METHODS[kind]}


def fisher_exact(passed: int, failed: int, rest_passed: int, rest_failed: int) -> float:
    """Return the two-sided p value of Fisher's exact test of a table of two by two.

    Fisher 1935, "The logic of inductive inference"; two-sided as in R and SciPy: the chance, given the margins, of all
    tables no likelier than this one. Raises ValueError where a count is negative.
    """
    import numpy as np

    if min(passed, failed, rest_passed, rest_failed) < 0:
        raise ValueError("counts must not be negative")
    n, all_passed, all_failed = passed + failed, passed + rest_passed, failed + rest_failed
    fewest = max(0, n - all_failed)
    k = np.arange(fewest, min(n, all_passed), dtype=np.float64)
    # Each chance from its neighbour's, so that large tables lose no digits to logarithms of factorials.
    ratios = np.log((all_passed - k) * (n - k)) - np.log((k + 1) * (all_failed - n + k + 1))
    heights = np.concatenate(([0.0], np.cumsum(ratios)))
    chances = np.exp(heights - heights.max())
    observed = heights[passed - fewest]
    # R's tolerance: equal chances differ by rounding.
    as_unlikely = heights <= observed + 1e-7
    return min(1.0, float(chances[as_unlikely].sum() / chances.sum()))


def _test_of_means(
    one: tuple[float, float | None, int], other: tuple[float, float | None, int]
) -> tuple[Test | None, float | None]:
    from scipy.special import stdtr

    (mean, deviation, n), (other_mean, other_deviation, other_n) = one, other
    if deviation is None or other_deviation is None:
        return None, None
    if deviation == other_deviation == 0:
        return "fisher_exact", 1.0 if mean == other_mean else fisher_exact(n, 0, 0, other_n)
    # Relative to the larger, because the squares of tiny deviations vanish.
    largest = max(deviation, other_deviation)
    part, rest = (deviation / largest) ** 2 / n, (other_deviation / largest) ** 2 / other_n
    freedom = (part + rest) ** 2 / (part**2 / (n - 1) + rest**2 / (other_n - 1))
    t = abs(mean - other_mean) / largest / math.sqrt(part + rest)
    return "welch_t", 2 * float(stdtr(freedom, -t))


def _slices(numbers: NDArray[np.float64], labels: Sequence[Hashable], most_slices: int, measure: Any) -> list[Slice]:
    import numpy as np

    check_equal_lengths("labels", len(labels), numbers.size)
    if most_slices < 1:
        raise ValueError(f"most_slices must be 1 or more, not {most_slices}")
    names, codes = group_codes(labels)
    sizes = np.bincount(codes, minlength=len(names))
    by_size = np.argsort(-sizes, kind="stable")
    slices = []
    for code in by_size[:most_slices]:
        inside = codes == code
        slices.append(_without_unfit_test(measure(names[code], False, numbers[inside], numbers[~inside]), numbers.size))
    folded = by_size[most_slices:]
    if folded.size:
        inside = np.isin(codes, folded)
        other = measure("other", True, numbers[inside], numbers[~inside])
        slices.append(_untested(other, f"{folded.size} smaller slices together."))
    return slices


def _without_unfit_test(one: Slice, n: int) -> Slice:
    if one.n < FEWEST_ROWS:
        return _untested(one, f"Fewer than {FEWEST_ROWS} rows.")
    if n - one.n < FEWEST_ROWS:
        return _untested(one, f"Fewer than {FEWEST_ROWS} rows beside it.")
    return one


def _untested(one: Slice, reason: str) -> Slice:
    return replace(one, test=None, p_value=None, reason=reason)


def _in_order(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    tested = [one for one in slices if one.p_value is not None]
    adjusted = adjust_benjamini_hochberg([one.p_value for one in tested if one.p_value is not None])
    judged = [replace(one, adjusted_p_value=p_value) for one, p_value in zip(tested, adjusted, strict=True)]
    judged.sort(key=lambda one: (one.adjusted_p_value, one.p_value, -abs(one.difference or 0.0), *_by_label(one)))
    rest = [one for one in slices if one.p_value is None]
    rest.sort(key=lambda one: (one.is_other, -one.n, *_by_label(one)))
    return (*judged, *rest)


def _by_label(one: Slice) -> tuple[bool, str, str]:
    return one.label is None, str(one.label), type(one.label).__name__
