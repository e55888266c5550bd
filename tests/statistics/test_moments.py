"""Running moments: parts give the moments of the whole."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.statistics.moments import Moments

parts = st.lists(st.lists(st.integers(-1000, 1000).map(lambda k: 1e6 + k / 16), max_size=15), min_size=1, max_size=8)


@given(parts)
def test_merged_parts_have_the_moments_of_the_whole(lists: list[list[float]]) -> None:
    merged = Moments()
    for part in lists:
        merged = merged.merge(Moments.of(part))
    whole = [value for part in lists for value in part]
    assert merged.count == len(whole)
    if whole:
        assert merged.mean == pytest.approx(np.mean(whole), rel=1e-12)
    if len(whole) > 1:
        assert merged.variance == pytest.approx(np.var(whole, ddof=1), rel=1e-9, abs=1e-12)


# Halves of the very smallest doubles round to 0.
ordinary = st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-100 else 0.0)


@given(st.lists(ordinary, min_size=2, max_size=40))
def test_numbers_one_by_one_give_what_they_give_together(values: list[float]) -> None:
    running = Moments()
    for value in values:
        running = running.add(value)
    together = Moments.of(values)
    scale = max(map(abs, values)) or 1.0
    assert running.mean == pytest.approx(together.mean, rel=1e-9, abs=1e-12 * scale)
    assert running.m2 == pytest.approx(together.m2, rel=1e-9, abs=1e-12 * scale**2)
    assert running.standard_error == pytest.approx(
        np.std(values, ddof=1) / math.sqrt(len(values)), rel=1e-6, abs=1e-9 * scale
    )


def test_the_order_of_merging_does_not_matter() -> None:
    left, right = Moments.of([1.0, 2.0, 4.0]), Moments.of([10.0])
    assert left.merge(right).mean == right.merge(left).mean == 4.25
    assert left.merge(right).m2 == pytest.approx(right.merge(left).m2, rel=1e-15)


def test_fewer_than_two_numbers_have_no_variance() -> None:
    for moments in (Moments(), Moments.of([3.0])):
        assert moments.variance is moments.standard_deviation is moments.standard_error is None


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Moments().add(wrong)
    with pytest.raises(ValueError, match="finite"):
        Moments.of([1.0, wrong])
