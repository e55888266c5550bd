"""Before a run: the smallest effect that so many rows can show, and how many rows a wanted effect needs.

Two-sided tests. Means: the exact power of Student's t test, from the noncentral t distribution (Cohen 1988,
"Statistical power analysis for the behavioral sciences", chapter 2). Pass rates: normal approximations, for two samples
Fleiss, Levin and Paik 2003, "Statistical methods for rates and proportions", section 4.1; for pairs Connor 1987,
"Sample size for testing differences in proportions for the paired-sample design". What evals need: Miller 2024 (arXiv
2411.00640), section 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from assay.statistics.intervals import check_share

# Two runs over the same rows are compared in pairs; over different rows, as two samples of so many rows each.
Design = Literal["paired", "unpaired"]

# Where it is not known how alike two runs score a row. Differences then vary exactly as much as scores do.
GUESSED_CORRELATION = 0.5
MOST_ROWS = 10**9

MEAN_METHOD = "exact power of the t test (Cohen 1988)"
RATE_METHOD = "normal approximation (paired: Connor 1987; unpaired: Fleiss, Levin and Paik 2003)"


def detectable_difference_of_means(
    rows: int,
    standard_deviation: float,
    *,
    design: Design = "paired",
    correlation: float = GUESSED_CORRELATION,
    design_effect: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
) -> float | None:
    """Return the smallest difference between the means of two runs that a two-sided test shows with `power`.

    `standard_deviation` is that of scores across rows, from the last report or guessed; `correlation` that of the two
    runs' scores of a row (paired only). The design effect of clusters multiplies the variance (Kish 1965). The answer
    has the unit of the scores; None where there are fewer than 2 rows, or no spread to tell it from.

    Raises ValueError where an argument is out of its range.
    """
    _check(design, correlation, design_effect, level, power)
    _check_deviation(standard_deviation)
    if rows < 2 or standard_deviation == 0:
        return None
    noncentrality = _solve(lambda value: _power_of_t(value, rows, design, level), power)
    effect = noncentrality * _standard_error(rows, standard_deviation, design, correlation, design_effect)
    return effect if math.isfinite(effect) else None


def rows_to_detect_difference_of_means(
    effect: float,
    standard_deviation: float,
    *,
    design: Design = "paired",
    correlation: float = GUESSED_CORRELATION,
    design_effect: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
) -> int | None:
    """Return the fewest rows with which a difference of `effect` is shown with `power`; None beyond 10**9.

    Arguments as in `detectable_difference_of_means`. Raises ValueError where one is out of its range, or `effect` or
    `standard_deviation` is not over 0.
    """
    _check(design, correlation, design_effect, level, power)
    _check_deviation(standard_deviation)
    _check_effect(effect)
    if standard_deviation == 0:
        raise ValueError("standard_deviation must be over 0")

    def is_enough(rows: int) -> bool:
        error = _standard_error(rows, standard_deviation, design, correlation, design_effect)
        # Beyond 40 standard errors the power is 1 to the last bit; more would leave what doubles can hold.
        noncentrality = 40.0 if error == 0 else min(40.0, effect / error)
        return _power_of_t(noncentrality, rows, design, level) >= power

    return _fewest(is_enough)


def detectable_difference_of_rates(
    rows: int,
    rate: float,
    *,
    design: Design = "paired",
    correlation: float = GUESSED_CORRELATION,
    design_effect: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
) -> float | None:
    """Return the smallest difference from a pass rate that a two-sided test shows with `power`, as a share.

    Of a rise and a fall the harder one counts, of those that 0 and 1 leave room for; None where neither can be shown.
    `correlation` is that of the two runs' passes of a row (paired only). Raises ValueError where an argument is out of
    its range.
    """
    _check(design, correlation, design_effect, level, power)
    _check_rate(rate)
    if rows < 1:
        return None

    def power_of(change: float) -> float:
        return _power_of_rates(rows / design_effect, rate, rate + change, design, correlation, level)

    found = []
    for sign, room in ((1, 1 - rate), (-1, rate)):
        if room > 0 and power_of(sign * room) >= power:
            found.append(_solve(lambda change, sign=sign: power_of(sign * change), power, room))  # type: ignore[misc]
    return max(found, default=None)


def rows_to_detect_difference_of_rates(
    effect: float,
    rate: float,
    *,
    design: Design = "paired",
    correlation: float = GUESSED_CORRELATION,
    design_effect: float = 1.0,
    level: float = 0.95,
    power: float = 0.8,
) -> int | None:
    """Return the fewest rows with which a change of a pass rate by `effect` is shown with `power`; None beyond 10**9.

    Of a rise and a fall the harder one counts, of those that 0 and 1 leave room for. Raises ValueError where an
    argument is out of its range or there is room for neither.
    """
    _check(design, correlation, design_effect, level, power)
    _check_rate(rate)
    _check_effect(effect)
    ends = [end for end in (rate + effect, rate - effect) if 0 <= end <= 1]
    if not ends:
        raise ValueError(f"a rate of {rate} cannot rise or fall by {effect}")
    needed = [
        _fewest(
            lambda rows, end=end: (  # type: ignore[misc]
                _power_of_rates(rows / design_effect, rate, end, design, correlation, level) >= power
            )
        )
        for end in ends
    ]
    return None if None in needed else max(rows for rows in needed if rows is not None)


def detectable_json(
    *,
    rows: int,
    standard_deviation: float | None = None,
    rate: float | None = None,
    design_effect: float | None = None,
    correlation: float = GUESSED_CORRELATION,
    level: float = 0.95,
    power: float = 0.8,
) -> dict[str, Any] | None:
    """Return the minimum detectable effects at so many rows as JSON; `standard_deviation` or `rate` says of what.

    A design effect below 1 is taken for 1. None where neither is given or no design has an effect.
    """
    shared: dict[str, Any] = {
        "correlation": correlation,
        "design_effect": max(1.0, design_effect or 1.0),
        "level": level,
        "power": power,
    }
    if standard_deviation is not None:
        both = [
            detectable_difference_of_means(rows, standard_deviation, design=design, **shared)
            for design in ("paired", "unpaired")
        ]
    elif rate is not None:
        both = [
            detectable_difference_of_rates(rows, rate, design=design, **shared) for design in ("paired", "unpaired")
        ]
    else:
        return None
    if both == [None, None]:
        return None
    method = MEAN_METHOD if standard_deviation is not None else RATE_METHOD
    return {"paired": both[0], "unpaired": both[1], "rows": rows, **shared, "method": method}


def _standard_error(
    rows: int, standard_deviation: float, design: Design, correlation: float, design_effect: float
) -> float:
    spread = 2 * (1 - correlation) if design == "paired" else 2.0
    return standard_deviation * math.sqrt(spread * design_effect / rows)


def _power_of_t(noncentrality: float, rows: int, design: Design, level: float) -> float:
    from scipy.special import stdtrit

    freedom = rows - 1 if design == "paired" else 2 * rows - 2
    if freedom < 1:
        return 0.0
    critical = float(stdtrit(freedom, (1 + level) / 2))
    return 1 - _below(critical, freedom, noncentrality) + _below(-critical, freedom, noncentrality)


def _below(value: float, freedom: int, noncentrality: float) -> float:
    """Return the chance that a noncentral t is below `value`."""
    from scipy.special import nctdtr

    chance = float(nctdtr(freedom, noncentrality, value))
    # SciPy has no number for some chances too small to matter.
    return 0.0 if math.isnan(chance) else chance


def _power_of_rates(rows: float, one: float, other: float, design: Design, correlation: float, level: float) -> float:
    from scipy.special import ndtr, ndtri

    difference = abs(other - one)
    if design == "paired":
        joint = correlation * math.sqrt(one * (1 - one) * other * (1 - other))
        # The share of rows on which the runs differ; it cannot be less than the rates do.
        without_effect = max(difference, one * (1 - other) + other * (1 - one) - 2 * joint)
        with_effect = max(0.0, without_effect - difference**2)
    else:
        pooled = (one + other) / 2
        without_effect = 2 * pooled * (1 - pooled)
        with_effect = one * (1 - one) + other * (1 - other)
    excess = difference * math.sqrt(rows) - float(ndtri((1 + level) / 2)) * math.sqrt(without_effect)
    if with_effect == 0:
        return 1.0 if excess > 0 else 0.0
    return float(ndtr(excess / math.sqrt(with_effect)))


def _solve(power_of: Callable[[float], float], wanted: float, upper: float | None = None) -> float:
    """Return where an increasing power reaches `wanted`, by bisection to the last bits; `upper` is known to reach."""
    lower, end = 0.0, 1.0 if upper is None else upper
    while upper is None and power_of(end) < wanted:
        lower, end = end, 2 * end
    while True:
        middle = (lower + end) / 2
        if not lower < middle < end or end - lower < 1e-15 * end:
            return end
        if power_of(middle) >= wanted:
            end = middle
        else:
            lower = middle


def _fewest(is_enough: Callable[[int], bool]) -> int | None:
    too_few, enough = 0, 1
    while not is_enough(enough):
        too_few, enough = enough, 2 * enough
        if too_few >= MOST_ROWS:
            return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if is_enough(middle):
            enough = middle
        else:
            too_few = middle
    return enough if enough <= MOST_ROWS else None


def _check(design: str, correlation: float, design_effect: float, level: float, power: float) -> None:
    check_share("level", level)
    check_share("power", power)
    if power <= 1 - level:
        raise ValueError(f"power must be over 1 - level, which a test has without any effect, not {power}")
    if design not in ("paired", "unpaired"):
        raise ValueError(f"design must be paired or unpaired, not {design!r}")
    if not -1 <= correlation < 1:
        raise ValueError(f"correlation must be at least -1 and below 1, not {correlation}")
    if not 0 < design_effect < math.inf:
        raise ValueError(f"design_effect must be over 0, not {design_effect}")


def _check_deviation(standard_deviation: float) -> None:
    if not 0 <= standard_deviation < math.inf:
        raise ValueError(f"standard_deviation must be a finite number of at least 0, not {standard_deviation}")


def _check_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be within 0 and 1, not {rate}")


def _check_effect(effect: float) -> None:
    if not 0 < effect < math.inf:
        raise ValueError(f"effect must be a finite number over 0, not {effect}")
