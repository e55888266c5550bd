"""Slices of a run, against SciPy and statsmodels."""

import json
import math
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from assay.statistics.sample import summarize_numbers, summarize_passes
from assay.statistics.slices import Slice, fisher_exact, slice_means, slice_pass_rates, slices_json

values = st.one_of(
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.floats(-1e6, 1e6).map(lambda value: value if abs(value) > 1e-3 else 0.0),
)
labels = st.sampled_from(["a", "a", "a", "b", "b", "c", "d", None, 7])
numbers_of_slices = st.lists(st.tuples(values, labels), min_size=1, max_size=60)
passes_of_slices = st.lists(st.tuples(st.integers(0, 1), labels), min_size=1, max_size=60)


def parts(pairs: list[tuple[float, object]], label: object) -> tuple[list[float], list[float]]:
    return [v for v, one in pairs if one == label], [v for v, one in pairs if one != label]


@given(numbers_of_slices)
def test_tests_of_means_agree_with_welchs_test_of_scipy(pairs: list[tuple[float, object]]) -> None:
    found = slice_means([value for value, _ in pairs], [label for _, label in pairs])  # type: ignore[misc]
    assert sum(one.n for one in found) == len(pairs)
    for one in found:
        part, rest = parts(pairs, one.label)
        summary = summarize_numbers(part)
        assert one.estimate == pytest.approx(summary.mean, rel=1e-9, abs=1e-9)
        assert (one.interval is None) == (summary.interval is None)
        if one.interval is not None and summary.interval is not None:
            assert one.interval.upper == pytest.approx(summary.interval.upper, rel=1e-9, abs=1e-9)
        if one.test == "welch_t":
            with warnings.catch_warnings():
                # SciPy warns of numbers that hardly differ.
                warnings.simplefilter("ignore", RuntimeWarning)
                expected = scipy.stats.ttest_ind(part, rest, equal_var=False).pvalue
            assert one.p_value == pytest.approx(expected, rel=1e-6, abs=1e-9)
            assert one.difference == pytest.approx(np.mean(part) - np.mean(rest), rel=1e-9, abs=1e-6)


@given(passes_of_slices)
def test_tests_of_pass_rates_agree_with_fishers_test_of_scipy(pairs: list[tuple[float, object]]) -> None:
    found = slice_pass_rates([value for value, _ in pairs], [label for _, label in pairs])  # type: ignore[misc]
    for one in found:
        part, rest = parts(pairs, one.label)
        passed, rest_passed = int(sum(part)), int(sum(rest))
        assert one.interval == summarize_passes(passed, len(part)).interval
        assert (one.p_value is None) == (len(part) < 5 or len(rest) < 5)
        if one.p_value is not None:
            table = [[passed, len(part) - passed], [rest_passed, len(rest) - rest_passed]]
            assert one.p_value == pytest.approx(scipy.stats.fisher_exact(table).pvalue, rel=1e-9)


@given(passes_of_slices)
def test_tested_slices_are_adjusted_together_and_come_first_in_order(pairs: list[tuple[float, object]]) -> None:
    found = slice_pass_rates([value for value, _ in pairs], [label for _, label in pairs])  # type: ignore[misc]
    tested = [one for one in found if one.p_value is not None]
    assert found[: len(tested)] == tuple(tested)
    if tested:
        adjusted = multipletests([one.p_value for one in tested], method="fdr_bh")[1]
        assert [one.adjusted_p_value for one in tested] == pytest.approx(list(adjusted), rel=1e-12)
    assert [one.adjusted_p_value for one in tested] == sorted(one.adjusted_p_value or 0.0 for one in tested)


@given(numbers_of_slices, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(pairs: list[tuple[float, object]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = slice_means([value for value, _ in pairs], [label for _, label in pairs])  # type: ignore[misc]
    other = slice_means([value for value, _ in shuffled], [label for _, label in shuffled])  # type: ignore[misc]
    assert {a.label: (a.n, a.test) for a in one} == {b.label: (b.n, b.test) for b in other}


@given(st.lists(st.integers(0, 400), min_size=4, max_size=4))
def test_fishers_exact_test_agrees_with_scipy(counts: list[int]) -> None:
    table = [counts[:2], counts[2:]]
    if 0 in (counts[0] + counts[2], counts[1] + counts[3], sum(counts[:2]), sum(counts[2:])):
        assert fisher_exact(*counts) == 1.0
    else:
        assert fisher_exact(*counts) == pytest.approx(scipy.stats.fisher_exact(table).pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "p_value"),
    # The lady tasting tea (Fisher 1935) and the convicts with twins (Fisher 1935), two-sided.
    [((3, 1, 1, 3), 34 / 70), ((4, 0, 0, 4), 2 / 70), ((10, 3, 2, 15), 0.0005367241)],
)
def test_fishers_own_examples(counts: tuple[int, int, int, int], p_value: float) -> None:
    assert fisher_exact(*counts) == pytest.approx(p_value, rel=1e-6)


def test_large_tables_lose_no_digits() -> None:
    table = (40_000, 10_000, 41_000, 9_000)
    assert fisher_exact(*table) == pytest.approx(scipy.stats.fisher_exact([table[:2], table[2:]]).pvalue, rel=1e-9)
    assert 0.0 <= fisher_exact(50_000, 0, 0, 50_000) < 1e-300


def test_slices_without_spread_on_either_side_are_told_apart_by_fishers_test() -> None:
    found = slice_means([0.1] * 6 + [0.7] * 8, "a" * 6 + "b" * 8)
    assert {one.test for one in found} == {"fisher_exact"}
    assert found[0].p_value == pytest.approx(1 / math.comb(14, 6))
    same = slice_means([0.1] * 14, "a" * 6 + "b" * 8)
    assert [one.p_value for one in same] == [1.0, 1.0]


def test_small_slices_are_listed_without_a_test() -> None:
    found = slice_means([0.0, 1.0, 2.0, 3.0] + [float(k) for k in range(20)], "a" * 4 + "b" * 20)
    assert [(one.label, one.n, one.p_value, one.reason) for one in found] == [
        ("b", 20, None, "Fewer than 5 rows beside it."),
        ("a", 4, None, "Fewer than 5 rows."),
    ]
    assert found[1].estimate == 1.5
    assert found[1].interval is not None


def test_one_slice_of_all_rows_has_no_rest() -> None:
    for found in (slice_means([0.0, 1.0] * 5, "a" * 10), slice_pass_rates([0, 1] * 5, "a" * 10)):
        assert found == (Slice("a", 10, 0.5, found[0].interval, None, None, reason="Fewer than 5 rows beside it."),)


def test_slices_beyond_the_largest_are_folded_into_one_at_the_end() -> None:
    names = ["large"] * 9 + ["middle"] * 8 + ["x"] * 5 + ["y"] * 5 + ["other"] * 2
    found = slice_pass_rates([1, 0] * 14 + [1], names, most_slices=2)
    assert {one.label for one in found[:2]} == {"large", "middle"}
    assert (found[2].label, found[2].is_other, found[2].n) == ("other", True, 12)
    assert found[2].p_value is None
    assert found[2].reason == "3 smaller slices together."
    assert sum(one.n for one in found) == len(names)


def test_the_worst_slice_comes_first() -> None:
    rng = np.random.default_rng(31)
    names = ["fine"] * 60 + ["bad"] * 40 + ["good"] * 40
    numbers = np.concatenate((rng.normal(0.5, 0.2, 60), rng.normal(0.2, 0.2, 40), rng.normal(0.55, 0.2, 40)))
    found = slice_means(numbers, names)
    assert found[0].label == "bad"
    assert found[0].difference is not None
    assert found[0].difference < -0.2
    assert found[0].adjusted_p_value is not None
    assert found[0].adjusted_p_value < 0.001


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), labels), min_size=1, max_size=40))
def test_any_finite_numbers_give_figures_that_json_can_hold(pairs: list[tuple[float, object]]) -> None:
    found = slice_means([value for value, _ in pairs], [label for _, label in pairs])  # type: ignore[misc]
    json.dumps(slices_json("mean", found), allow_nan=False)
    assert all(one.p_value is None or 0 <= one.p_value <= 1 for one in found)


def test_false_findings_stay_below_the_level_where_no_slice_differs() -> None:
    rng, repeats = np.random.default_rng(32), 400
    names = np.repeat(np.arange(8), 25).tolist()
    found = [slice_means(rng.normal(size=200), names)[0].adjusted_p_value or 0.0 for _ in range(repeats)]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / repeats)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_wrong_columns_are_refused(wrong: float) -> None:
    for function in (slice_means, slice_pass_rates):
        with pytest.raises(ValueError, match="finite"):
            function([1.0, wrong], "ab")
        with pytest.raises(ValueError, match="labels must have one entry"):
            function([1.0], "ab")
        with pytest.raises(ValueError, match="most_slices"):
            function([1.0], "a", most_slices=0)
    with pytest.raises(ValueError, match="0 or 1"):
        slice_pass_rates([0.5], "a")
    with pytest.raises(ValueError, match="negative"):
        fisher_exact(-1, 2, 3, 4)
