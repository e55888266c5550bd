"""Figures of one sample, against SciPy and statsmodels."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from assay.statistics.sample import (
    PERCENTILES,
    count_categories,
    mean_bounds,
    summarize_numbers,
    summarize_passes,
)

# SciPy squares without scaling, so that numbers below 1e-150 would vanish there.
finite = st.floats(-1e12, 1e12).map(lambda value: value if abs(value) > 1e-100 else 0.0)
with_ties = st.lists(st.sampled_from([-2.0, 0.0, 0.1, 0.5, 1.0, 3.0]), min_size=2, max_size=60)
samples = st.one_of(with_ties, st.lists(finite, min_size=2, max_size=60))
# Far from zero, where a sum of squares loses every digit of the variance.
far_samples = st.lists(st.integers(0, 1000).map(lambda k: 1e9 + k / 8), min_size=2, max_size=60)
levels = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@given(st.one_of(samples, far_samples))
def test_mean_deviation_and_error_agree_with_scipy(values: list[float]) -> None:
    summary = summarize_numbers(values)
    scale = max(map(abs, values)) or 1.0
    assert summary.n == len(values)
    assert summary.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9 * scale)
    assert summary.standard_deviation == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-15 * scale)
    assert summary.standard_error == pytest.approx(scipy.stats.sem(values), rel=1e-9, abs=1e-15 * scale)
    assert (summary.minimum, summary.maximum) == (min(values), max(values))


@given(st.one_of(samples, far_samples), levels)
def test_the_interval_of_the_mean_agrees_with_scipy(values: list[float], level: float) -> None:
    summary = summarize_numbers(values, level)
    assert summary.interval is not None
    if len(set(values)) == 1:
        assert summary.interval.lower == summary.interval.upper == values[0]
        return
    n = len(values)
    expected = scipy.stats.t.interval(level, n - 1, loc=np.mean(values), scale=scipy.stats.sem(values))
    assert (summary.interval.lower, summary.interval.upper) == pytest.approx(
        expected, rel=1e-9, abs=1e-9 * max(map(abs, values))
    )
    assert (summary.interval.level, summary.interval.method) == (level, "student_t")


@given(st.one_of(samples, far_samples))
def test_percentiles_agree_with_definition_7_of_hyndman_and_fan(values: list[float]) -> None:
    expected = scipy.stats.mstats.mquantiles(values, [p / 100 for p in PERCENTILES], alphap=1, betap=1)
    percentiles = summarize_numbers(values).percentiles
    assert percentiles is not None
    assert list(percentiles) == list(PERCENTILES)
    assert list(percentiles.values()) == pytest.approx(list(expected), rel=1e-9, abs=1e-9 * max(map(abs, values)))


@pytest.mark.parametrize("exponent", [-300, -160, 160, 300])
def test_figures_keep_their_digits_at_extreme_magnitudes(exponent: int) -> None:
    values = [1.25, 2.5, 8.0, 3.5]
    plain, extreme = summarize_numbers(values), summarize_numbers([v * 10.0**exponent for v in values])
    assert plain.standard_deviation is not None
    assert plain.interval is not None
    assert extreme.interval is not None
    assert extreme.mean == pytest.approx(np.mean(values) * 10.0**exponent, rel=1e-12)
    assert extreme.standard_deviation == pytest.approx(plain.standard_deviation * 10.0**exponent, rel=1e-12)
    assert extreme.interval.upper == pytest.approx(plain.interval.upper * 10.0**exponent, rel=1e-12)


def test_a_figure_beyond_the_largest_number_is_none_and_never_infinite() -> None:
    summary = summarize_numbers([-1.7e308, 1.7e308])
    assert summary.mean == 0.0
    assert summary.standard_deviation is None
    assert summary.interval is None


@given(st.lists(st.just(0.1), min_size=2, max_size=50))
def test_equal_values_have_no_spread_at_all(values: list[float]) -> None:
    summary = summarize_numbers(values)
    assert (summary.mean, summary.standard_deviation, summary.standard_error) == (0.1, 0.0, 0.0)


def test_no_values_have_no_figures() -> None:
    summary = summarize_numbers([])
    assert summary.n == 0
    assert (summary.mean, summary.interval, summary.percentiles) == (None, None, None)
    assert summary.histogram == ()


def test_one_value_has_a_mean_and_no_interval() -> None:
    summary = summarize_numbers([3.5])
    assert (summary.mean, summary.minimum, summary.maximum) == (3.5, 3.5, 3.5)
    assert (summary.standard_deviation, summary.standard_error, summary.interval) == (None, None, None)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        summarize_numbers([1.0, wrong, 2.0])


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_outside_0_to_1_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        summarize_numbers([1.0, 2.0], level)
    with pytest.raises(ValueError, match="level"):
        summarize_passes(1, 2, level)


@given(st.integers(1, 100_000), st.data(), levels)
def test_the_interval_of_a_pass_rate_agrees_with_statsmodels(total: int, data: st.DataObject, level: float) -> None:
    passed = data.draw(st.integers(0, total))
    summary = summarize_passes(passed, total, level)
    assert summary.interval is not None
    expected = proportion_confint(passed, total, alpha=1 - level, method="wilson")
    assert (summary.interval.lower, summary.interval.upper) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert summary.rate == passed / total


def test_a_pass_rate_of_all_or_none_ends_exactly_at_1_or_0() -> None:
    for total in range(1, 200):
        none, every = summarize_passes(0, total).interval, summarize_passes(total, total).interval
        assert none is not None
        assert every is not None
        assert none.lower == 0.0 < none.upper < 1.0
        assert every.upper == 1.0 > every.lower > 0.0


def test_a_pass_rate_of_nothing_is_none() -> None:
    summary = summarize_passes(0, 0)
    assert (summary.rate, summary.interval) == (None, None)


@pytest.mark.parametrize(("passed", "total"), [(-1, 3), (4, 3)])
def test_more_passes_than_cells_are_refused(passed: int, total: int) -> None:
    with pytest.raises(ValueError, match="within 0 and total"):
        summarize_passes(passed, total)


def test_95_percent_intervals_of_a_mean_cover_it_95_times_in_100() -> None:
    rng = np.random.default_rng(20_261_123)
    repeats, covered = 4_000, 0
    for sample in rng.normal(0.4, 2.0, size=(repeats, 7)):
        interval = summarize_numbers(sample).interval
        assert interval is not None
        covered += interval.lower <= 0.4 <= interval.upper
    # Four standard errors of a share of 0.95 in so many repeats.
    assert abs(covered / repeats - 0.95) < 4 * math.sqrt(0.95 * 0.05 / repeats)


@pytest.mark.parametrize(("n", "rate"), [(20, 0.1), (50, 0.5), (200, 0.97)])
def test_wilson_intervals_cover_the_rate_as_often_as_exact_arithmetic_says(n: int, rate: float) -> None:
    covered = {k for k in range(n + 1) if (i := summarize_passes(k, n).interval) and i.lower <= rate <= i.upper}
    exact = math.fsum(scipy.stats.binom.pmf(k, n, rate) for k in covered)
    draws = np.random.default_rng(7).binomial(n, rate, size=20_000)
    observed = np.isin(draws, sorted(covered)).mean()
    assert abs(observed - exact) < 4 * math.sqrt(exact * (1 - exact) / draws.size)
    # Brown, Cai and DasGupta 2001: Wilson's coverage stays near its level even for small n.
    assert 0.91 < exact < 0.99


def test_categories_are_counted_by_cell_the_most_chosen_first() -> None:
    counts = count_categories(["b", "a", "c", "b", ("a", "c", "a"), []])
    assert list(counts.items()) == [("a", 2), ("b", 2), ("c", 2)]
    assert list(count_categories(["x", "y", "y"])) == ["y", "x"]


def test_the_bounds_of_a_mean_place_the_missing_at_the_ends() -> None:
    assert mean_bounds(6.0, 8, 2, 0.0, 1.0) == pytest.approx((0.6, 0.8))
    assert mean_bounds(0.0, 0, 3, 1.0, 5.0) == pytest.approx((1.0, 5.0))
    assert mean_bounds(6.0, 8, 0, None, None) == pytest.approx((0.75, 0.75))


def test_a_mean_without_a_bounded_range_or_cells_has_no_bounds() -> None:
    assert mean_bounds(6.0, 8, 2, 0.0, None) is None
    assert mean_bounds(6.0, 8, 2, None, 1.0) is None
    assert mean_bounds(0.0, 0, 0, 0.0, 1.0) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.lists(st.floats(0, 1), max_size=20))
def test_whatever_the_missing_would_have_scored_the_mean_lies_within_its_bounds(
    scored: list[float], missing: list[float]
) -> None:
    bounds = mean_bounds(math.fsum(scored), len(scored), len(missing), 0.0, 1.0)
    assert bounds is not None
    assert bounds[0] - 1e-12 <= np.mean(scored + missing) <= bounds[1] + 1e-12
