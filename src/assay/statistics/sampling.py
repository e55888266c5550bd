"""How many are taken: the size of a sample, and how it is shared out among strata."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

# A stratum is named by its value as text; None holds those without one.
Value = str | None


def sample_size(matched: int, percent: float | None, count: int | None) -> int:
    """Return how many of `matched` are taken: a percentage rounded up, or at most `count`, or all.

    The percentage is the decimal number that its shortest text says, so that 7 percent of 100 is 7 and not 8.
    """
    if count is not None:
        return min(count, matched)
    if percent is None:
        return matched
    return min(matched, math.ceil(matched * Fraction(repr(percent)) / 100))


def proportional_quotas(sizes: Mapping[Value, int], total: int) -> dict[Value, int]:
    """Share `total` out among strata by their sizes, so that the quotas sum to it; each is within 1 of its exact share.

    Largest remainder (Hamilton's method): every stratum gets its share rounded down, what is left goes to the largest
    remainders, of equal ones to the first by value. `total` beyond the sum of sizes takes everything.
    """
    whole = sum(sizes.values())
    total = min(total, whole)
    shares = {value: divmod(total * size, whole) for value, size in sizes.items() if size}
    quotas = dict.fromkeys(sizes, 0) | {value: share for value, (share, _) in shares.items()}
    left = total - sum(quotas.values())
    for value in sorted(shares, key=lambda value: (-shares[value][1], by_value(value)))[:left]:
        quotas[value] += 1
    return quotas


def equal_quotas(sizes: Mapping[Value, int], total: int) -> dict[Value, int]:
    """Share `total` out evenly; what small strata cannot give is shared out among the others, one each by value."""
    left = min(total, sum(sizes.values()))
    quotas = dict.fromkeys(sizes, 0)
    waiting = sorted((value for value in sizes if sizes[value]), key=lambda value: (sizes[value], by_value(value)))
    while waiting and sizes[waiting[0]] * len(waiting) <= left:
        value = waiting.pop(0)
        quotas[value] = sizes[value]
        left -= sizes[value]
    if waiting:
        share, left = divmod(left, len(waiting))
        quotas.update(dict.fromkeys(waiting, share))
        for value in sorted(waiting, key=by_value)[:left]:
            quotas[value] += 1
    return quotas


def quotas(sizes: Mapping[Value, int], total: int, allocation: Literal["proportional", "equal"]) -> dict[Value, int]:
    """Share `total` out among strata in the way that `allocation` names."""
    return (proportional_quotas if allocation == "proportional" else equal_quotas)(sizes, total)


def by_value(value: Value) -> tuple[bool, str]:
    """Return the key that strata are ordered by: their text, the one without a value last."""
    return value is None, value or ""
