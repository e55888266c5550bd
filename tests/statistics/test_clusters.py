"""Clustered means and rates, against statsmodels, and how often their intervals hold the truth."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS

from assay.statistics.clusters import clustered_mean, clustered_rate
from assay.statistics.intervals import Interval
from assay.statistics.sample import summarize_numbers, summarize_passes
from tests.statistics.coverage import four_errors, share_covered

values = st.one_of(
    st.sampled_from([-2.0, 0.0, 0.1, 0.5, 1.0, 3.0]),
    st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-6 else 0.0),
)
labelled = st.lists(st.tuples(values, st.sampled_from("abcde")), min_size=3, max_size=50).filter(
    lambda pairs: len({label for _, label in pairs}) > 1 and len({value for value, _ in pairs}) > 1
)


@given(labelled)
def test_error_and_interval_agree_with_statsmodels(pairs: list[tuple[float, str]]) -> None:
    numbers, labels = [value for value, _ in pairs], [label for _, label in pairs]
    found = clustered_mean(numbers, labels)
    codes = [sorted(set(labels)).index(label) for label in labels]
    fit = OLS(numbers, np.ones(len(numbers))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(codes), "df_correction": True}, use_t=True
    )
    scale = max(map(abs, numbers))
    assert found.mean == pytest.approx(fit.params[0], rel=1e-9, abs=1e-12 * scale)
    # Where deviations cancel in every cluster, rounding is all that is left on both sides.
    assert found.standard_error == pytest.approx(fit.bse[0], rel=1e-9, abs=1e-12 * scale)
    assert found.interval is not None
    assert (found.interval.lower, found.interval.upper) == pytest.approx(
        tuple(fit.conf_int()[0]), rel=1e-9, abs=1e-9 * scale
    )


@given(st.lists(values, min_size=2, max_size=40))
def test_clusters_of_one_row_give_the_plain_standard_error(numbers: list[float]) -> None:
    plain = summarize_numbers(numbers)
    for labels in (list(range(len(numbers))), [None] * len(numbers)):
        found = clustered_mean(numbers, labels)
        assert found.clusters == len(numbers)
        assert found.standard_error == pytest.approx(plain.standard_error, rel=1e-9, abs=1e-300)
        assert found.design_effect is None if len(set(numbers)) == 1 else found.design_effect == pytest.approx(1.0)


def test_copies_of_a_row_add_no_information() -> None:
    once = clustered_mean([0.1, 0.5, 0.9, 0.4], "abcd")
    copied = clustered_mean([0.1, 0.5, 0.9, 0.4] * 10, "abcd" * 10)
    assert copied.standard_error == pytest.approx(once.standard_error, rel=1e-12)
    assert copied.interval is not None
    assert once.interval is not None
    assert copied.interval.upper == pytest.approx(once.interval.upper, rel=1e-12)


@pytest.mark.parametrize("exponent", [-1000, 1000])
def test_figures_keep_their_digits_at_extreme_magnitudes(exponent: int) -> None:
    numbers, labels = [1.25, 2.5, 8.0, 3.5, 4.0], "aabbc"
    plain = clustered_mean(numbers, labels)
    extreme = clustered_mean([math.ldexp(value, exponent) for value in numbers], labels)
    assert plain.standard_error is not None
    assert extreme.standard_error == math.ldexp(plain.standard_error, exponent)
    assert extreme.design_effect == plain.design_effect


def test_one_cluster_has_a_mean_and_no_interval() -> None:
    for found in (clustered_mean([0.0, 1.0], "aa"), clustered_rate([0.0, 1.0], "aa")):
        assert (found.mean, found.standard_error, found.interval) == (0.5, None, None)
        assert found.as_json()["note"] == "An interval needs two clusters at least."
    assert clustered_mean([], []).mean is clustered_rate([], []).mean is None


def test_few_clusters_of_unequal_sizes_are_pointed_out() -> None:
    assert clustered_mean([float(k) for k in range(12)], "aaaaaaaaabbc").note == (
        "Few clusters of unequal sizes: the interval may be too narrow."
    )
    assert clustered_mean([float(k) for k in range(12)], "aaabbbcccddd").note is None


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abcd")), min_size=2, max_size=30))
def test_the_interval_of_a_rate_stays_within_0_and_1_and_holds_the_rate(pairs: list[tuple[float, str]]) -> None:
    found = clustered_rate([share for share, _ in pairs], [label for _, label in pairs])
    if found.clusters > 1:
        assert found.interval is not None
        assert found.mean is not None
        assert 0 <= found.interval.lower <= found.mean * (1 + 1e-12)
        assert found.mean * (1 - 1e-12) <= found.interval.upper <= 1
        assert found.interval.lower < found.interval.upper


def test_a_rate_of_1_is_as_sure_as_there_are_clusters_not_rows() -> None:
    found = clustered_rate([1.0] * 100, [place // 10 for place in range(100)])
    ten = summarize_passes(10, 10).interval
    assert found.interval is not None
    assert ten is not None
    # Student's t with 9 degrees of freedom makes it wider still than ten rows alone.
    assert found.interval.upper == 1.0
    assert 0.55 < found.interval.lower < ten.lower


@pytest.mark.parametrize(
    ("values", "labels", "message"),
    [
        ([1.0, math.nan], "ab", "finite"),
        ([1.0, math.inf], "ab", "finite"),
        ([1.0], "ab", "each of the 1 values, not 2"),
    ],
)
def test_wrong_columns_are_refused(values: list[float], labels: str, message: str) -> None:
    for function in (clustered_mean, clustered_rate):
        with pytest.raises(ValueError, match=message):
            function(values, labels)


def test_a_share_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="within 0 and 1"):
        clustered_rate([0.5, 1.5], "ab")


@pytest.mark.parametrize(
    ("sizes", "least", "most"),
    [
        ([5] * 40, 0.94, 0.96),
        ([5] * 8, 0.94, 0.96),
        # The known shortfall: few clusters of very unequal sizes.
        ([2, 3, 4, 6, 10, 16, 25, 40], 0.85, 0.90),
    ],
)
def test_intervals_of_a_clustered_mean_hold_it_as_often_as_their_docstring_says(
    sizes: list[int], least: float, most: float
) -> None:
    rng, repeats = np.random.default_rng(11), 3_000
    labels = np.repeat(np.arange(len(sizes)), sizes)
    names = labels.tolist()

    def draw() -> Interval | None:
        sample = rng.normal(0, 0.7, len(sizes))[labels] + rng.normal(0, 0.7, labels.size)
        return clustered_mean(sample, names).interval

    error = four_errors(0.95, repeats)
    assert least - error < share_covered(draw, 0.0, repeats) < most + error


@pytest.mark.parametrize(
    ("clusters", "size", "rate", "correlation"), [(40, 5, 0.7, 0.3), (40, 5, 0.95, 0.3), (10, 20, 0.5, 0.5)]
)
def test_intervals_of_a_clustered_rate_hold_it_nearly_as_often_as_they_say_or_more(
    clusters: int, size: int, rate: float, correlation: float
) -> None:
    rng, repeats = np.random.default_rng(12), 2_000
    names = np.repeat(np.arange(clusters), size).tolist()
    total = 1 / correlation - 1

    def draw() -> Interval | None:
        chances = np.repeat(rng.beta(rate * total, (1 - rate) * total, clusters), size)
        return clustered_rate((rng.random(chances.size) < chances).astype(float), names).interval

    assert share_covered(draw, rate, repeats) > 0.94 - four_errors(0.95, repeats)
