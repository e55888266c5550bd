"""Summaries of one column of scores: arrays in, values out; the same figures for API, CLI and UI.

NumPy and scipy.special do the arithmetic and are imported when first needed (scipy.stats takes long to import).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.model.evaluator import ScoreRange, ScoreValueType
from assay.statistics.histogram import Bin, make_histogram

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

PERCENTILES = (5, 25, 50, 75, 95, 99)

NUMBER_METHOD = (
    "mean: Student t interval (Student 1908); standard deviation: n - 1; "
    "percentiles: linear interpolation (Hyndman and Fan 1996, type 7)"
)
RATE_METHOD = "rate: Wilson score interval (Wilson 1927)"


def load_arithmetic() -> None:
    """Import what the figures are computed with, for a caller who has time now and none later."""
    import numpy  # noqa: F401
    import scipy.special  # noqa: F401


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval: `level` as a share (0.95), the ends, and the name of the method."""

    level: float
    lower: float
    upper: float
    method: str


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


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of the cells that a summary is about; cells that never ran are in `total` alone."""

    total: int
    scored: int
    skipped: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        if min(self.scored, self.skipped, self.failed) < 0 or self.scored + self.skipped + self.failed > self.total:
            raise ValueError(f"scored, skipped and failed must be counts within total: {self}")


def summarize_numbers(values: ArrayLike, level: float = 0.95) -> NumberSummary:
    """Describe a sample of finite numbers (one dimension, any order).

    Standard deviation with n - 1; confidence interval of the mean by Student's t (Student 1908, "The probable error
    of a mean"); percentiles by linear interpolation between order statistics, definition 7 of Hyndman and Fan 1996,
    "Sample quantiles in statistical packages"; a histogram of at most 20 bins. One value has no deviation and no
    interval; equal values have an interval of width 0.

    Raises ValueError where a value is not finite, `values` is not of one dimension or `level` is not between 0 and 1.
    """
    import numpy as np
    from scipy.special import stdtrit

    _check_level(level)
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise ValueError(f"values must have one dimension, not {numbers.ndim}")
    n = int(numbers.size)
    if n == 0:
        return NumberSummary(0)
    minimum, maximum = float(numbers.min()), float(numbers.max())
    if not (math.isfinite(minimum) and math.isfinite(maximum)):
        raise ValueError("values must be finite; there is a NaN or an infinity among them")
    # Scaling by a power of two is exact, and keeps squares and sums of huge and tiny numbers representable.
    exponent = math.frexp(max(abs(minimum), abs(maximum)))[1]
    scaled = np.ldexp(numbers, -exponent)
    mean, deviation = _mean_and_deviation(scaled, math.ldexp(minimum, -exponent), math.ldexp(maximum, -exponent))
    error = interval = None
    if deviation is not None:
        error = deviation / math.sqrt(n)
        margin = float(stdtrit(n - 1, (1 + level) / 2)) * error
        lower, upper = _unscale(mean - margin, exponent), _unscale(mean + margin, exponent)
        if lower is not None and upper is not None:
            interval = Interval(level, lower, upper, "student_t")
    quantiles = np.percentile(scaled, PERCENTILES, method="linear")
    return NumberSummary(
        n=n,
        mean=math.ldexp(mean, exponent),
        standard_deviation=_unscale(deviation, exponent),
        standard_error=_unscale(error, exponent),
        interval=interval,
        minimum=minimum,
        maximum=maximum,
        percentiles={
            percent: math.ldexp(float(value), exponent) for percent, value in zip(PERCENTILES, quantiles, strict=True)
        },
        histogram=make_histogram(numbers, minimum, maximum),
    )


def _mean_and_deviation(
    numbers: np.ndarray[Any, np.dtype[np.float64]], minimum: float, maximum: float
) -> tuple[float, float | None]:
    n = int(numbers.size)
    if minimum == maximum:
        return minimum, 0.0 if n > 1 else None
    # Rounding alone may carry the mean an ulp past the smallest or largest value.
    mean = min(max(float(numbers.mean()), minimum), maximum)
    differences = numbers - mean
    # The second term corrects the rounding of the mean (Chan, Golub and LeVeque 1983).
    squares = float(differences @ differences) - float(differences.sum()) ** 2 / n
    return mean, math.sqrt(max(squares, 0.0) / (n - 1))


def _unscale(value: float | None, exponent: int) -> float | None:
    if value is None:
        return None
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return None


def summarize_passes(passed: int, total: int, level: float = 0.95) -> PassSummary:
    """Give the share that passed with the score interval of Wilson 1927, "Probable inference, the law of succession,
    and statistical inference" (no continuity correction).

    Raises ValueError where `passed` is not within 0 and `total`, or `level` is not between 0 and 1.
    """
    from scipy.special import ndtri

    _check_level(level)
    if not 0 <= passed <= total:
        raise ValueError(f"passed must be within 0 and total ({total}), not {passed}")
    if total == 0:
        return PassSummary(0, 0, None, None)
    rate = passed / total
    z_squared = float(ndtri((1 + level) / 2)) ** 2
    denominator = 1 + z_squared / total
    centre = (rate + z_squared / (2 * total)) / denominator
    variance = rate * (1 - rate) / total + z_squared / (4 * total * total)
    margin = math.sqrt(z_squared * variance) / denominator
    # At the ends the bound is exactly 0 or 1; the formula misses it by rounding.
    lower = 0.0 if passed == 0 else max(0.0, centre - margin)
    upper = 1.0 if passed == total else min(1.0, centre + margin)
    return PassSummary(passed, total, rate, Interval(level, lower, upper, "wilson"))


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


def summarize_cells(
    score_value_type: ScoreValueType,
    values: ArrayLike | Sequence[str | Sequence[str]],
    *,
    coverage: Coverage,
    score_range: ScoreRange = ScoreRange(),  # noqa: B008 - frozen
    passed: int | None = None,
    level: float = 0.95,
) -> dict[str, Any]:
    """Summarise the scored cells of one evaluator as the JSON object that API, CLI and UI show.

    `values` holds one value for each scored cell: numbers; booleans as 0 and 1; category names, or lists of them;
    nothing for text and JSON scores. `passed` counts the cells that passed, None where there is no pass rule. Figures
    that do not apply are null. `mean_bounds` places the failed cells at the ends of the range of scores.

    Raises ValueError where `values` or `passed` do not fit the coverage, or a number is not finite.
    """
    summary: dict[str, Any] = {
        "coverage": {
            "total": coverage.total,
            "scored": coverage.scored,
            "skipped": coverage.skipped,
            "failed": coverage.failed,
        },
        "mean": None,
        "standard_deviation": None,
        "standard_error": None,
        "confidence_interval": None,
        "minimum": None,
        "maximum": None,
        "percentiles": None,
        "histogram": None,
        "mean_bounds": None,
        "pass_rate": None,
        "counts": None,
        "method": "",
    }
    match score_value_type:
        case "numerical" | "percentage":
            _add_numbers(summary, score_value_type, values, coverage, score_range, level)
        case "boolean":
            true_count = _count_true(values, coverage)
            _add_boolean(summary, true_count, coverage, level)
            passed = true_count if passed is None else passed
        case "single_select" | "multi_select" | "categorical":
            categories: Any = values
            _check_count(len(categories), coverage)
            summary |= {"counts": count_categories(categories), "method": "counts of cells"}
        case "text" | "json" | "comment":
            summary["method"] = "not aggregated"
    if passed is not None:
        passes = summarize_passes(passed, coverage.scored, level)
        summary["pass_rate"] = {
            "rate": passes.rate,
            "passed": passes.passed,
            "total": passes.total,
            "confidence_interval": _interval_json(passes.interval),
        }
        if score_value_type != "boolean":
            summary["method"] = f"{summary['method']}; pass {RATE_METHOD}"
    return summary


def _add_numbers(
    summary: dict[str, Any],
    score_value_type: ScoreValueType,
    values: Any,
    coverage: Coverage,
    score_range: ScoreRange,
    level: float,
) -> None:
    numbers = summarize_numbers(values, level)
    _check_count(numbers.n, coverage)
    minimum, maximum = score_range.minimum, score_range.maximum
    if score_value_type == "percentage":
        minimum, maximum = 0.0 if minimum is None else minimum, 100.0 if maximum is None else maximum
    summary |= {
        "mean": numbers.mean,
        "standard_deviation": numbers.standard_deviation,
        "standard_error": numbers.standard_error,
        "confidence_interval": _interval_json(numbers.interval),
        "minimum": numbers.minimum,
        "maximum": numbers.maximum,
        "percentiles": {f"p{percent}": value for percent, value in (numbers.percentiles or {}).items()} or None,
        "histogram": [{"lower": bin.lower, "upper": bin.upper, "count": bin.count} for bin in numbers.histogram],
        "mean_bounds": _bounds_json(numbers.mean, coverage, minimum, maximum),
        "method": NUMBER_METHOD,
    }


def _add_boolean(summary: dict[str, Any], true_count: int, coverage: Coverage, level: float) -> None:
    rate = summarize_passes(true_count, coverage.scored, level)
    summary |= {
        "mean": rate.rate,
        "confidence_interval": _interval_json(rate.interval),
        "mean_bounds": _bounds_json(rate.rate, coverage, 0.0, 1.0),
        "counts": {"true": true_count, "false": coverage.scored - true_count},
        "method": RATE_METHOD,
    }


def _count_true(values: Any, coverage: Coverage) -> int:
    import numpy as np

    array = np.asarray(values)
    _check_count(int(array.size), coverage)
    true_count = int(np.count_nonzero(array == 1))
    if true_count + int(np.count_nonzero(array == 0)) != array.size:
        raise ValueError("boolean values must be 0 or 1")
    return true_count


def _check_count(found: int, coverage: Coverage) -> None:
    if found != coverage.scored:
        raise ValueError(f"there must be one value for each of the {coverage.scored} scored cells, not {found}")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")


def _interval_json(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"level": interval.level, "lower": interval.lower, "upper": interval.upper, "method": interval.method}


def _bounds_json(
    mean: float | None, coverage: Coverage, minimum: float | None, maximum: float | None
) -> dict[str, float] | None:
    if coverage.failed == 0 and mean is not None:
        return {"lower": mean, "upper": mean}
    bounds = mean_bounds((mean or 0.0) * coverage.scored, coverage.scored, coverage.failed, minimum, maximum)
    if bounds is None or not all(map(math.isfinite, bounds)):
        return None
    return {"lower": bounds[0], "upper": bounds[1]}
