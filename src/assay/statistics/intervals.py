"""What every estimate shares: checks of what comes in, scaling that loses nothing, groups, and confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval: `level` as a share (0.95), the ends, and the name of the method."""

    level: float
    lower: float
    upper: float
    method: str


def interval_json(interval: Interval | None) -> dict[str, Any] | None:
    """Return an interval as the JSON object that API, CLI and UI show."""
    if interval is None:
        return None
    return {"level": interval.level, "lower": interval.lower, "upper": interval.upper, "method": interval.method}


def check_share(name: str, value: float) -> None:
    """Raise ValueError where a level or a power is not between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must be between 0 and 1, not {value}")


def check_equal_lengths(name: str, found: int, wanted: int) -> None:
    """Raise ValueError where a column has not one entry for each value."""
    if found != wanted:
        raise ValueError(f"{name} must have one entry for each of the {wanted} values, not {found}")


def finite_numbers(values: ArrayLike, name: str = "values") -> NDArray[np.float64]:
    """Return numbers as doubles of one dimension; raises ValueError where one is not finite or there are more."""
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not {numbers.ndim}")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite; there is a NaN or an infinity among them")
    return numbers


def flags(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return booleans as doubles 0 and 1 of one dimension; raises ValueError where one is neither."""
    numbers = finite_numbers(values, name)
    if not ((numbers == 0) | (numbers == 1)).all():
        raise ValueError(f"{name} must be 0 or 1")
    return numbers


def group_codes(labels: Sequence[Hashable], *, is_none_alone: bool = False) -> tuple[list[Hashable], NDArray[np.intp]]:
    """Number the groups that labels name, in order of appearance: the distinct labels, and the number of each entry.

    With `is_none_alone` every None is a group of its own, because nothing says that such rows belong together.
    """
    import numpy as np

    numbers: dict[Hashable, int] = {}
    names: list[Hashable] = []
    codes = np.empty(len(labels), np.intp)
    for place, label in enumerate(labels):
        code = None if label is None and is_none_alone else numbers.get(label)
        if code is None:
            code = len(names)
            numbers[label] = code
            names.append(label)
        codes[place] = code
    return names, codes


def scaled(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return finite numbers times 2**-exponent so that all are within -1 and 1, and the exponent.

    Scaling by a power of two is exact, and keeps squares and sums of huge and tiny numbers representable.
    """
    import numpy as np

    exponent = math.frexp(float(np.abs(numbers).max()))[1] if numbers.size else 0
    return np.ldexp(numbers, -exponent), exponent


def unscaled(value: float | None, exponent: int) -> float | None:
    """Return `value` times 2**exponent, None where that is beyond the largest double."""
    if value is None:
        return None
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return None


def mean_and_deviation(numbers: NDArray[np.float64]) -> tuple[float, float | None]:
    """Return mean and standard deviation (n - 1; None for one number) of scaled numbers, of which there is one at
    least. Equal numbers have exactly their value and 0.
    """
    n = int(numbers.size)
    minimum, maximum = float(numbers.min()), float(numbers.max())
    if minimum == maximum:
        return minimum, 0.0 if n > 1 else None
    # Rounding alone may carry the mean an ulp past the smallest or largest value.
    mean = min(max(float(numbers.mean()), minimum), maximum)
    differences = numbers - mean
    # The second term corrects the rounding of the mean (Chan, Golub and LeVeque 1983).
    squares = float(differences @ differences) - float(differences.sum()) ** 2 / n
    return mean, math.sqrt(max(squares, 0.0) / (n - 1))


def student_interval(
    mean: float, standard_error: float, degrees_of_freedom: float, level: float, *, exponent: int, method: str
) -> Interval | None:
    """Return the interval of Student 1908, "The probable error of a mean", from figures scaled by 2**-exponent.

    None where an end is beyond the largest double.
    """
    from scipy.special import stdtrit

    margin = float(stdtrit(degrees_of_freedom, (1 + level) / 2)) * standard_error
    lower, upper = unscaled(mean - margin, exponent), unscaled(mean + margin, exponent)
    return None if lower is None or upper is None else Interval(level, lower, upper, method)


def wilson_interval(rate: float, n: float, quantile: float, level: float, method: str) -> Interval:
    """Return the score interval of Wilson 1927, "Probable inference, the law of succession, and statistical inference"
    (no continuity correction), of a rate among `n`, with the quantile of the reference distribution.
    """
    squared = quantile**2
    denominator = 1 + squared / n
    centre = (rate + squared / (2 * n)) / denominator
    variance = rate * (1 - rate) / n + squared / (4 * n * n)
    margin = math.sqrt(squared * variance) / denominator
    # At the ends the bound is exactly 0 or 1; the formula misses it by rounding.
    lower = 0.0 if rate == 0 else max(0.0, centre - margin)
    upper = 1.0 if rate == 1 else min(1.0, centre + margin)
    return Interval(level, lower, upper, method)


def grouped_rate_interval(rate: float, standard_error: float, groups: int, n: int, level: float) -> Interval:
    """Return Wilson's interval of a rate among `n` values that come in `groups`, two at least.

    The size is the effective one, rate (1 - rate) / standard_error², at most `n`, and Student's t with groups - 1
    degrees of freedom stands for the normal quantile: Korn and Graubard 1998, "Confidence intervals for proportions
    with small expected number of positive counts estimated from survey data"; with Wilson's interval: Dean and Pavlou
    2015, "Evaluating confidence interval methods for binomial proportions in clustered surveys". A rate of 0 or 1 has
    no standard error; then the size is the number of groups, as if each were of one piece.
    """
    from scipy.special import stdtrit

    if rate in (0.0, 1.0):
        size = float(groups)
    else:
        size = min(float(n), rate * (1 - rate) / standard_error / standard_error) if standard_error > 0 else float(n)
    return wilson_interval(rate, size, float(stdtrit(groups - 1, (1 + level) / 2)), level, "wilson_clustered")
