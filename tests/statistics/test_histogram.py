"""Histograms: nothing lost, edges that people can read."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.statistics.histogram import MAXIMUM_BINS, Bin, make_histogram


def histogram(values: list[float]) -> tuple[Bin, ...]:
    return make_histogram(np.asarray(values, dtype=float), min(values), max(values))


numbers = st.lists(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(0, 1),
        st.integers(-(2**60), 2**60).map(float),
        st.integers(0, 60).map(float),
    ),
    min_size=1,
    max_size=40,
)


@given(numbers)
def test_every_value_is_in_exactly_one_of_at_most_20_bins(values: list[float]) -> None:
    bins = histogram(values)
    assert 1 <= len(bins) <= MAXIMUM_BINS
    for index, part in enumerate(bins):
        is_last = index == len(bins) - 1
        inside = [v for v in values if part.lower <= v < part.upper or (is_last and v == part.upper)]
        assert len(inside) == part.count
    assert sum(part.count for part in bins) == len(values)


@given(numbers)
def test_bins_join_without_gaps_from_the_smallest_to_the_largest_value(values: list[float]) -> None:
    bins = histogram(values)
    assert bins[0].lower <= min(values)
    assert bins[-1].upper >= max(values)
    assert all(left.upper == right.lower for left, right in pairwise(bins))
    assert all(math.isfinite(part.lower) and math.isfinite(part.upper) for part in bins)
    assert len(bins) == 1 or all(part.lower < part.upper for part in bins)


def test_few_integers_get_a_bin_each() -> None:
    assert histogram([1, 2, 2, 5]) == (Bin(1, 2, 1), Bin(2, 3, 2), Bin(3, 4, 0), Bin(4, 5, 0), Bin(5, 6, 1))


def test_many_integers_get_bins_with_integer_edges() -> None:
    bins = histogram([float(k) for k in range(1_000)])
    assert [part.lower for part in bins] == [100.0 * k for k in range(10)]
    assert {part.count for part in bins} == {100}


def test_equal_values_get_one_bin() -> None:
    assert histogram([0.3, 0.3, 0.3]) == (Bin(0.3, 0.3, 3),)


def test_shares_get_decimal_edges_and_1_falls_in_the_last_bin() -> None:
    bins = histogram([0.0, 0.05, 0.3, 0.31, 1.0])
    assert [part.lower for part in bins] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert bins[-1] == Bin(0.9, 1.0, 1)
    assert bins[3].count == 2


@pytest.mark.parametrize("offset", [1e15, 1e17, -1e300])
def test_values_too_close_to_tell_apart_share_a_bin(offset: float) -> None:
    values = [offset, math.nextafter(offset, math.inf)]
    assert sum(part.count for part in histogram(values)) == 2
