"""Repeated judgements: against SciPy's analysis of variance, enumeration of all draws, and simulation."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.statistics.intervals import Interval
from assay.statistics.sample import summarize_numbers
from assay.statistics.trials import (
    average_over_trials,
    measure_passes,
    measure_trials,
    rate_over_trials,
    share_of_agreeing_trials,
)
from tests.statistics.coverage import four_errors, share_covered

values = st.one_of(
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-6 else 0.0),
)
ragged = st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=12)
ragged_passes = st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=6), min_size=1, max_size=8)


def columns(trials_of_rows: Any) -> tuple[list[Any], list[str]]:
    """Return trials as columns of values and rows, the first trial of every row before the second of any."""
    cells = [
        (place, f"row-{row}", value) for row, trials in enumerate(trials_of_rows) for place, value in enumerate(trials)
    ]
    cells.sort(key=lambda cell: cell[0])
    return [value for _, _, value in cells], [row for _, row, _ in cells]


@given(ragged)
def test_rows_are_averaged_whatever_their_number_of_trials(rows: list[list[float]]) -> None:
    names, means = average_over_trials(*columns(rows))
    assert names == [f"row-{row}" for row in range(len(rows))]
    assert means == pytest.approx([np.mean(trials) for trials in rows], rel=1e-9, abs=1e-9)


@given(ragged)
def test_the_components_of_variance_follow_from_the_analysis_of_variance_of_scipy(rows: list[list[float]]) -> None:
    found = measure_trials(*columns(rows))
    sizes = [len(trials) for trials in rows]
    n, scale = sum(sizes), max(abs(value) for trials in rows for value in trials) ** 2 or 1.0
    assert (found.rows, found.cells, found.trials) == (len(rows), n, max(sizes))
    if n == len(rows):
        assert found.variance_within_rows is None
        return
    within = sum(float(np.var(trials)) * len(trials) for trials in rows) / (n - len(rows))
    assert found.variance_within_rows == pytest.approx(within, rel=1e-9, abs=1e-12 * scale)
    if len(rows) > 1 and within > 1e-9 * scale:
        ratio = float(scipy.stats.f_oneway(*rows).statistic)
        typical = (n - sum(size**2 for size in sizes) / n) / (len(rows) - 1)
        expected = max(0.0, (ratio - 1) * within / typical)
        assert found.variance_between_rows == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


def test_the_components_are_right_on_average_for_rows_of_different_lengths() -> None:
    rng, repeats = np.random.default_rng(21), 1_500
    sizes = [1, 2, 2, 3, 3, 4, 5, 6, 8, 10]
    rows = np.repeat(np.arange(len(sizes)), sizes)
    between, within = [], []
    for _ in range(repeats):
        found = measure_trials(rng.normal(0, 2, len(sizes))[rows] + rng.normal(0, 1, rows.size), rows.tolist())
        assert found.variance_between_rows is not None
        assert found.variance_within_rows is not None
        between.append(found.variance_between_rows)
        within.append(found.variance_within_rows)
    assert np.mean(within) == pytest.approx(1.0, abs=4 * np.std(within) / math.sqrt(repeats))
    # Cutting at 0 biases upwards, by nothing to speak of where the variance between rows is four times as large.
    assert np.mean(between) == pytest.approx(4.0, abs=4 * np.std(between) / math.sqrt(repeats))


@given(ragged.filter(lambda rows: len(rows) > 1))
def test_the_width_is_that_of_the_interval_of_row_means(rows: list[list[float]]) -> None:
    found = measure_trials(*columns(rows))
    interval = summarize_numbers([math.fsum(trials) / len(trials) for trials in rows]).interval
    scale = max(abs(value) for trials in rows for value in trials)
    assert interval is not None
    assert found.width == pytest.approx(interval.upper - interval.lower, rel=1e-9, abs=1e-9 * scale)
    assert found.width_with_rows_doubled is not None
    # Twice the rows narrow the interval at least as much as twice the trials.
    if found.width_with_trials_doubled is not None:
        assert found.width_with_rows_doubled <= found.width_with_trials_doubled * (1 + 1e-12)
        assert found.width_with_trials_doubled <= found.width * (1 + 1e-12)


def test_the_predicted_widths_are_those_of_a_run_twice_as_large() -> None:
    rng = np.random.default_rng(22)

    def width(rows: int, trials: int) -> list[float | None]:
        found = []
        names = np.repeat(np.arange(rows), trials)
        for _ in range(300):
            sample = rng.normal(0, 1, rows)[names] + rng.normal(0, 1.5, names.size)
            found.append(measure_trials(sample, names.tolist()))
        columns = zip(
            *((one.width, one.width_with_rows_doubled, one.width_with_trials_doubled) for one in found), strict=True
        )
        return [float(np.mean(np.array(column, dtype=float))) for column in columns]

    _, with_rows, with_trials = width(30, 3)
    assert with_rows == pytest.approx(width(60, 3)[0], rel=0.02)
    assert with_trials == pytest.approx(width(30, 6)[0], rel=0.02)


def test_more_trials_take_away_half_of_the_variance_that_trials_cause_also_where_rows_differ_in_length() -> None:
    rows = [[0.1, 0.3], [0.9], [0.5, 0.7, 0.4, 0.8], [2.0, 2.2], [1.4, 1.2, 1.6]]
    found = measure_trials(*columns(rows))
    of_means = float(np.var([np.mean(trials) for trials in rows], ddof=1))
    within = sum(float(np.var(trials)) * len(trials) for trials in rows) / (12 - 5)
    caused = within * (1 / 2 + 1 + 1 / 4 + 1 / 2 + 1 / 3) / 5
    t = scipy.stats.t.ppf(0.975, 4)
    assert found.width_with_trials_doubled == pytest.approx(2 * t * math.sqrt((of_means - caused / 2) / 5), rel=1e-9)
    assert found.width_with_rows_doubled == pytest.approx(
        2 * scipy.stats.t.ppf(0.975, 9) * math.sqrt(of_means / 10), rel=1e-9
    )


def test_rows_are_advised_where_trials_cause_half_of_the_variance_of_row_means() -> None:
    rng = np.random.default_rng(26)
    names = np.repeat(np.arange(400), 3)
    found = measure_trials(rng.normal(0, 1, 400)[names] + rng.normal(0, math.sqrt(3), 1200), names.tolist())
    assert found.advice == "more rows"


def test_the_advice_follows_where_the_variance_is() -> None:
    rng = np.random.default_rng(23)
    names = np.repeat(np.arange(50), 3)
    from_rows = rng.normal(0, 1, 50)[names] + rng.normal(0, 0.1, 150)
    from_trials = rng.normal(0, 0.1, 50)[names] + rng.normal(0, 1, 150)
    assert measure_trials(from_rows, names.tolist()).advice == "more rows"
    assert measure_trials(from_trials, names.tolist()).advice == "more trials"
    assert measure_trials(from_trials, names.tolist(), enough_width=5.0).advice == "neither matters"
    assert measure_trials([0.3] * 150, names.tolist()).advice == "neither matters"
    assert measure_trials([0.3, 0.4, 0.1], ["a"] * 3).advice == "more rows"
    assert measure_trials([0.3, 0.4, 0.1], "abc").advice is None


@given(st.lists(st.lists(st.just(0.1), min_size=1, max_size=7), min_size=2, max_size=9))
def test_equal_scores_have_no_variance_at_all(rows: list[list[float]]) -> None:
    found = measure_trials(*columns(rows))
    assert found.width == 0.0
    assert found.variance_within_rows in (None, 0.0)
    assert found.variance_between_rows in (None, 0.0)


@pytest.mark.parametrize("exponent", [-500, 500])
def test_figures_keep_their_digits_at_extreme_magnitudes(exponent: int) -> None:
    numbers, rows = [1.25, 2.5, 8.0, 3.5, 4.0, 6.0], "aabbcc"
    plain = measure_trials(numbers, rows)
    extreme = measure_trials([math.ldexp(value, exponent) for value in numbers], rows)
    assert plain.variance_between_rows is not None
    assert plain.width is not None
    assert extreme.variance_between_rows == math.ldexp(plain.variance_between_rows, 2 * exponent)
    assert extreme.width == math.ldexp(plain.width, exponent)
    assert extreme.advice == plain.advice


def test_a_variance_beyond_the_largest_number_is_none() -> None:
    found = measure_trials([1e300, -1e300, 1e300, -1e300], "aabb")
    assert found.variance_within_rows is None
    assert found.width is not None


@given(ragged_passes)
def test_pass_at_k_is_the_share_of_all_draws_of_k_trials_with_a_pass(rows: list[list[int]]) -> None:
    found = measure_passes(*columns(rows))
    assert [at_k.k for at_k in found] == list(range(1, max(map(len, rows)) + 1))
    for at_k in found:
        eligible = [trials for trials in rows if len(trials) >= at_k.k]
        drawn = [list(itertools.combinations(trials, at_k.k)) for trials in eligible]
        assert at_k.rows == len(eligible)
        assert at_k.pass_at_k == pytest.approx(np.mean([np.mean([any(d) for d in ds]) for ds in drawn]), abs=1e-12)
        assert at_k.pass_hat_k == pytest.approx(np.mean([np.mean([all(d) for d in ds]) for ds in drawn]), abs=1e-12)
        if at_k.rows > 1:
            assert at_k.pass_at_k_interval is not None
            assert at_k.pass_at_k_interval.lower <= at_k.pass_at_k + 1e-12
            assert at_k.pass_at_k_interval.upper >= at_k.pass_at_k - 1e-12


def test_pass_at_k_agrees_with_the_stable_formula_of_chen() -> None:
    n, c = 20, 7
    found = measure_passes([1] * c + [0] * (n - c), ["row"] * n)
    for at_k in found:
        published = 1.0 if n - c < at_k.k else 1.0 - np.prod(1.0 - at_k.k / np.arange(n - c + 1, n + 1))
        assert at_k.pass_at_k == pytest.approx(published, rel=1e-12)


@given(ragged_passes)
def test_one_trial_of_k_is_the_pass_rate_over_trials(rows: list[list[int]]) -> None:
    rate, interval = rate_over_trials(*columns(rows))
    first = measure_passes(*columns(rows))[0]
    assert rate == pytest.approx(first.pass_at_k, abs=1e-12)
    assert first.pass_at_k == pytest.approx(first.pass_hat_k, abs=1e-12)
    assert (interval is None) == (len(rows) == 1) == (first.pass_at_k_interval is None)


@pytest.mark.parametrize(("rows", "trials", "rate", "correlation"), [(30, 5, 0.8, 0.5), (100, 3, 0.95, 0.7)])
def test_intervals_of_a_pass_rate_over_trials_hold_it_nearly_as_often_as_they_say_or_more(
    rows: int, trials: int, rate: float, correlation: float
) -> None:
    rng, repeats = np.random.default_rng(24), 2_000
    names = np.repeat(np.arange(rows), trials).tolist()
    total = 1 / correlation - 1

    def draw() -> Interval | None:
        chances = np.repeat(rng.beta(rate * total, (1 - rate) * total, rows), trials)
        return rate_over_trials((rng.random(chances.size) < chances).astype(float), names)[1]

    assert share_covered(draw, rate, repeats) > 0.94 - four_errors(0.95, repeats)


def test_intervals_of_pass_at_3_and_pass_hat_3_hold_them_as_often_as_they_say() -> None:
    rng, repeats, rows, trials = np.random.default_rng(25), 600, 60, 5
    names = np.repeat(np.arange(rows), trials).tolist()
    a, b = 1.8, 1.2
    some = 1 - scipy.special.beta(a, b + 3) / scipy.special.beta(a, b)
    every = scipy.special.beta(a + 3, b) / scipy.special.beta(a, b)

    def draw() -> tuple[Interval | None, Interval | None]:
        chances = np.repeat(rng.beta(a, b, rows), trials)
        found = measure_passes((rng.random(chances.size) < chances).astype(float), names)[2]
        return found.pass_at_k_interval, found.pass_hat_k_interval

    drawn = [draw() for _ in range(repeats)]
    for place, truth in enumerate((some, every)):
        column = iter(drawn)
        covered = share_covered(lambda place=place, column=column: next(column)[place], truth, repeats)  # type: ignore[misc]
        assert abs(covered - 0.95) < four_errors(0.95, repeats)


def test_agreement_of_trials_is_the_mean_share_of_equal_pairs() -> None:
    chosen = ["good", "good", "bad", "good", "bad", frozenset({"a"}), frozenset({"a"})]
    assert share_of_agreeing_trials(chosen, "xxxyyzz") == pytest.approx((1 / 3 + 0 + 1) / 3)
    assert share_of_agreeing_trials(["good", "bad"], "xy") is None


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused(wrong: float) -> None:
    for function in (measure_trials, average_over_trials, measure_passes, rate_over_trials):
        with pytest.raises(ValueError, match="finite"):
            function([1.0, wrong], "ab")


def test_wrong_columns_are_refused() -> None:
    for function in (measure_trials, average_over_trials, measure_passes, rate_over_trials):
        with pytest.raises(ValueError, match="each of the 2 values, not 3"):
            function([1.0, 0.0], "abc")
    for function in (measure_passes, rate_over_trials):
        with pytest.raises(ValueError, match="0 or 1"):
            function([1.0, 0.5], "ab")


def test_no_trials_give_no_figures() -> None:
    assert measure_trials([], []).advice is None
    assert measure_passes([], []) == ()
    assert rate_over_trials([], []) == (None, None)
