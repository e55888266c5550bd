"""Agreement of a judge with people, against statsmodels and SciPy."""

import json
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from assay.statistics.agreement import Weights, cohen_kappa, compare_labels, compare_numbers, confusion_matrix
from assay.statistics.intervals import Interval
from assay.statistics.krippendorff import krippendorff_alpha
from assay.statistics.sample import summarize_numbers, summarize_passes
from tests.statistics.coverage import four_errors, share_covered

label = st.sampled_from(["bad", "fair", "good"])
pairs_of_labels = st.lists(st.tuples(label | st.none(), label | st.none()), max_size=40)
tables = st.integers(2, 5).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, 30), min_size=size, max_size=size), min_size=size, max_size=size)
)
kinds: st.SearchStrategy[Weights] = st.sampled_from(["unweighted", "linear", "quadratic"])


@given(tables, kinds)
def test_kappa_and_its_error_agree_with_statsmodels(counts: list[list[int]], weights: Weights) -> None:
    found, table = cohen_kappa(counts, weights), np.array(counts)
    if found.value is None:
        assert table.sum() == 0 or np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) == 1
        return
    with warnings.catch_warnings():
        # Its test of kappa 0 divides by an error of 0 where there is none.
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = cohens_kappa(table, wt=None if weights == "unweighted" else weights)
    assert found.value == pytest.approx(expected.kappa, rel=1e-9, abs=1e-12)
    if found.standard_error is not None:
        assert found.standard_error == pytest.approx(expected.std_kappa, rel=1e-7, abs=1e-9)
        assert found.interval is not None
        assert -1 <= found.interval.lower < found.value < found.interval.upper <= 1
    else:
        assert found.reason is not None


def test_a_table_worked_by_hand() -> None:
    # 20 and 15 of 50 agree; by chance half would: kappa = (0.7 - 0.5) / (1 - 0.5).
    found = cohen_kappa([[20, 5], [10, 15]])
    assert found.value == pytest.approx(0.4)


def test_two_categories_have_one_kappa_whatever_the_weights() -> None:
    found = [cohen_kappa([[20, 5], [10, 15]], weights) for weights in ("unweighted", "linear", "quadratic")]
    assert len({round(one.value or 0.0, 12) for one in found}) == 1


@pytest.mark.parametrize("weights", ["unweighted", "linear", "quadratic"])
def test_one_category_only_has_no_kappa_and_says_why(weights: Weights) -> None:
    for counts in ([[7, 0], [0, 0]], [[9]]):
        found = cohen_kappa(counts, weights)
        assert (found.value, found.interval) == (None, None)
        assert found.reason == "Only one category was used: agreement beyond chance cannot be told."
    assert cohen_kappa([[0, 0], [0, 0]], weights).reason == "No row has both labels."


def test_perfect_agreement_never_claims_certainty() -> None:
    found = cohen_kappa([[7, 0], [0, 5]])
    assert (found.value, found.interval) == (1.0, None)
    assert found.reason == "Every row agrees: the spread of kappa cannot be told from these rows."


def test_perfect_disagreement_is_minus_1_without_an_interval() -> None:
    found = cohen_kappa([[0, 6], [6, 0]])
    assert found.value == pytest.approx(-1.0)
    assert found.interval is None
    assert found.reason is not None


@pytest.mark.parametrize(
    ("shares", "weights", "n", "least"),
    [
        ([[0.4, 0.1], [0.1, 0.4]], "unweighted", 30, 0.94),
        ([[0.3, 0.05, 0.02], [0.05, 0.2, 0.05], [0.02, 0.06, 0.25]], "unweighted", 50, 0.94),
        ([[0.25, 0.25], [0.25, 0.25]], "unweighted", 100, 0.94),
        # The known shortfalls.
        ([[0.3, 0.05, 0.02], [0.05, 0.2, 0.05], [0.02, 0.06, 0.25]], "quadratic", 30, 0.90),
        ([[0.05, 0.02], [0.03, 0.9]], "unweighted", 50, 0.91),
    ],
)
def test_intervals_of_kappa_hold_it_nearly_as_often_as_they_say(
    shares: list[list[float]], weights: Weights, n: int, least: float
) -> None:
    rng, repeats = np.random.default_rng(41), 2_000
    truth = cohen_kappa(np.array(shares) * 1e9, weights).value
    assert truth is not None
    samples = iter(rng.multinomial(n, np.ravel(shares), size=repeats).reshape(repeats, len(shares), len(shares)))

    def draw() -> Interval | None:
        return cohen_kappa(next(samples), weights).interval

    assert share_covered(draw, truth, repeats) > least - four_errors(0.95, repeats)


@given(pairs_of_labels)
def test_labels_are_described_by_figures_that_agree_with_each_other(pairs: list[tuple[str | None, str | None]]) -> None:
    judge, human = [one for one, _ in pairs], [other for _, other in pairs]
    found = compare_labels(judge, human, categories=["bad", "fair", "good"], draws=20)
    json.dumps(found, allow_nan=False)
    both = [pair for pair in pairs if None not in pair]
    counts = np.array(found["confusion_matrix"]["human_by_judge"])
    assert (found["n"], found["missing"]) == (len(both), len(pairs) - len(both))
    assert counts.sum() == len(both)
    for row, one in enumerate(["bad", "fair", "good"]):
        for column, other in enumerate(["bad", "fair", "good"]):
            assert counts[row, column] == both.count((other, one))
    agreed = sum(one == other for one, other in both)
    assert found["accuracy"]["rate"] == summarize_passes(agreed, len(both)).rate
    assert found["quadratic_kappa"] == cohen_kappa(counts, "quadratic").as_json()
    expected = krippendorff_alpha(pairs, "ordinal", categories=["bad", "fair", "good"], draws=20).as_json()
    assert found["ordinal_alpha"] == expected


def test_labels_without_an_order_have_no_weighted_figures() -> None:
    found = compare_labels(["b", "a", True], ["b", "b", True], draws=10)
    assert found["linear_kappa"] is found["quadratic_kappa"] is found["ordinal_alpha"] is None
    assert found["confusion_matrix"] == {
        "categories": [True, "a", "b"],
        "human_by_judge": [[1, 0, 0], [0, 0, 0], [0, 1, 1]],
    }
    assert found["accuracy"]["agreed"] == 2


def test_no_labelled_row_gives_reasons_and_no_figures() -> None:
    for judge, human in (([], []), (["a"], [None])):
        found = compare_labels(judge, human)
        assert found["n"] == 0
        assert found["accuracy"]["rate"] is found["kappa"]["value"] is found["alpha"]["value"] is None
        assert found["kappa"]["reason"]
        assert found["alpha"]["reason"]
    numbers = compare_numbers([], [])
    assert numbers["bias"]["value"] is numbers["mean_absolute_difference"]["value"] is None


def test_bias_and_difference_of_scores_are_means_with_intervals() -> None:
    judge: Sequence[float | None] = [0.5, 0.7, None, 0.9, 0.2, 0.3]
    human: Sequence[float | None] = [0.4, 0.9, 0.5, 0.6, None, 0.3]
    found = compare_numbers(judge, human, draws=50)
    differences = [0.1, -0.2, 0.3, 0.0]
    summary = summarize_numbers(differences)
    assert (found["n"], found["missing"]) == (4, 2)
    assert found["bias"]["value"] == pytest.approx(0.05)
    assert summary.interval is not None
    assert found["bias"]["confidence_interval"]["upper"] == pytest.approx(summary.interval.upper)
    assert found["mean_absolute_difference"]["value"] == pytest.approx(0.15)
    # The plain interval would reach below 0, which no size of a difference can.
    assert found["mean_absolute_difference"]["confidence_interval"]["lower"] == 0.0
    assert (
        found["alpha"]["value"]
        == krippendorff_alpha([(a, b) for a, b in zip(judge, human, strict=True)], "interval").value
    )


any_number = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(any_number, any_number), max_size=12))
def test_any_finite_scores_give_figures_that_json_can_hold(pairs: list[tuple[float, float]]) -> None:
    found = compare_numbers([one for one, _ in pairs], [other for _, other in pairs], draws=20)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(wrong: float) -> None:
    for function in (compare_labels, compare_numbers):
        with pytest.raises(ValueError, match="finite"):
            function([1.0, wrong], [1.0, 2.0])
    with pytest.raises(ValueError, match="finite and not negative"):
        cohen_kappa([[wrong, 1], [1, 2]])


def test_wrong_columns_and_tables_are_refused() -> None:
    for function in (compare_labels, compare_numbers):
        with pytest.raises(ValueError, match="human must have one entry for each of the 1 values, not 2"):
            function([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="must not repeat"):
        confusion_matrix(["a"], ["a"], ["a", "a"])
    with pytest.raises(ValueError, match="one of the categories \\['a'\\], not 'b'"):
        confusion_matrix(["a"], ["b"], ["a"])
    with pytest.raises(ValueError, match="square"):
        cohen_kappa([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="not negative"):
        cohen_kappa([[1, -2], [3, 4]])
    wrong: Any = "cubic"
    with pytest.raises(ValueError, match="cubic"):
        cohen_kappa([[1, 2], [3, 4]], wrong)
