"""Krippendorff's alpha, against his own example and his definition worked out pair by pair."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.statistics.intervals import Interval
from assay.statistics.krippendorff import Metric, krippendorff_alpha
from tests.statistics.coverage import four_errors, share_covered

metrics: st.SearchStrategy[Metric] = st.sampled_from(["nominal", "ordinal", "interval"])
ratings = st.lists(st.lists(st.integers(1, 5) | st.none(), max_size=5), max_size=14)

# Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section D: four observers, twelve units.
PUBLISHED = list(
    zip(
        (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
        (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
        (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
        (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
        strict=True,
    )
)


def alpha_by_definition(rows: Sequence[Sequence[int | None]], metric: Metric) -> float | None:
    """Return alpha from the matrix of coincidences, as Krippendorff 2011 writes it."""
    coincidences: Counter[tuple[int, int]] = Counter()
    for row in rows:
        known = [value for value in row if value is not None]
        for one, other in itertools.permutations(range(len(known)), 2):
            coincidences[known[one], known[other]] += 1 / (len(known) - 1)  # type: ignore[assignment]
    totals: Counter[int] = Counter()
    for (one, _), count in coincidences.items():
        totals[one] += count
    values, n = sorted(totals), sum(totals.values())

    def difference(one: int, other: int) -> float:
        low, high = min(one, other), max(one, other)
        if metric == "nominal":
            return float(one != other)
        if metric == "interval":
            return (one - other) ** 2
        between = sum(totals[value] for value in values if low <= value <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    observed = sum(count * difference(*pair) for pair, count in coincidences.items())
    expected = sum(totals[one] * totals[other] * difference(one, other) for one in values for other in values)
    return None if expected == 0 else 1 - (n - 1) * observed / expected


@pytest.mark.parametrize(("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_the_published_example(metric: Metric, published: float) -> None:
    found = krippendorff_alpha(PUBLISHED, metric)
    assert found.value is not None
    assert round(found.value, 3) == published
    assert found.interval is not None
    assert found.interval.lower < published < found.interval.upper


@given(ratings, metrics)
def test_alpha_is_what_the_definition_says(rows: list[list[int | None]], metric: Metric) -> None:
    found = krippendorff_alpha(rows, metric, draws=5)
    pairable = sum(sum(value is not None for value in row) > 1 for row in rows)
    if pairable < 2:
        assert found.reason == "Fewer than two rows have two ratings."
    elif found.value is None:
        assert found.reason == "Only one value was used: agreement beyond chance cannot be told."
        assert len({value for row in rows if sum(v is not None for v in row) > 1 for value in row} - {None}) == 1
    else:
        assert found.value == pytest.approx(alpha_by_definition(rows, metric), abs=1e-9)


@given(ratings, metrics, st.integers(0, 2**32))
def test_the_interval_depends_on_the_seed_and_on_nothing_else(
    rows: list[list[int | None]], metric: Metric, seed: int
) -> None:
    once = krippendorff_alpha(rows, metric, draws=30, seed=seed)
    assert krippendorff_alpha(rows, metric, draws=30, seed=seed) == once
    if once.interval is not None:
        assert -1 - 1e-9 <= once.interval.lower <= once.interval.upper <= 1


def test_many_ratings_are_resampled_in_parts_that_add_up() -> None:
    rng = np.random.default_rng(51)
    truth = rng.normal(size=6_000)
    rows = (truth[:, None] + 0.5 * rng.normal(size=(6_000, 2))).tolist()
    found = krippendorff_alpha(rows, "interval", draws=200)
    assert found.value == pytest.approx(0.8, abs=0.03)
    assert found.interval is not None
    # The large-sample error of an intraclass correlation of two ratings: (1 - rho²) / sqrt(n).
    assert found.standard_error == pytest.approx((1 - 0.8**2) / math.sqrt(6_000), rel=0.3)


def test_labels_in_an_order_are_ordinal_by_their_places() -> None:
    words, places = ["bad", "fair", "good", "best"], [[0, 1], [2, 2], [3, 3], [0, 0], [1, 3]]
    named = [[words[place] for place in row] for row in places]
    by_place = krippendorff_alpha(places, "ordinal", draws=50)
    assert krippendorff_alpha(named, "ordinal", categories=words, draws=50) == by_place


@pytest.mark.parametrize("exponent", [-1000, 900])
def test_alpha_does_not_depend_on_the_magnitude(exponent: int) -> None:
    rows = [[0.1, 0.2], [0.5, 0.5], [0.9, 0.4], [0.3, 0.35]]
    extreme = [[math.ldexp(value, exponent) for value in row] for row in rows]
    assert krippendorff_alpha(extreme, "interval", draws=50) == krippendorff_alpha(rows, "interval", draws=50)


def test_perfect_agreement_never_claims_certainty() -> None:
    for metric in ("nominal", "ordinal", "interval"):
        found = krippendorff_alpha([[0.1, 0.1, 0.1], [0.7, 0.7, 0.7]] * 5, metric)
        assert (found.value, found.interval) == (1.0, None)
        assert found.reason == "Every row agrees: the spread of alpha cannot be told from these rows."


def test_rows_of_which_most_resamplings_use_one_value_have_no_interval() -> None:
    found = krippendorff_alpha([["a", "a"], ["a", "b"]], draws=1)
    one_of_four = [krippendorff_alpha([["a", "a"], ["a", "b"]], draws=1, seed=seed) for seed in range(8)]
    assert found.value is not None
    assert all(one.interval is None and one.reason for one in one_of_four)


@pytest.mark.parametrize(
    ("metric", "units", "least"), [("nominal", 60, 0.93), ("ordinal", 60, 0.92), ("interval", 100, 0.93)]
)
def test_bootstrap_intervals_hold_alpha_as_often_as_their_docstring_says(
    metric: Metric, units: int, least: float
) -> None:
    rng, repeats = np.random.default_rng(52), 400

    def sample(size: int) -> list[list[float]]:
        numbers = rng.normal(size=size)[:, None] + 0.6 * rng.normal(size=(size, 3))
        return (numbers if metric == "interval" else np.clip(np.round(numbers + 2), 0, 4)).tolist()

    truth = krippendorff_alpha(sample(100_000), metric, draws=1).value
    assert truth is not None

    def draw() -> Interval | None:
        return krippendorff_alpha(sample(units), metric, draws=200, seed=int(rng.integers(2**32))).interval

    assert share_covered(draw, truth, repeats) > least - four_errors(0.95, repeats)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_rating_that_is_not_finite_is_refused(wrong: float) -> None:
    for metric in ("nominal", "ordinal", "interval"):
        with pytest.raises(ValueError, match="finite"):
            krippendorff_alpha([[1.0, 2.0], [wrong, 2.0]], metric)


def test_wrong_arguments_are_refused() -> None:
    wrong: Any = "ratio"
    with pytest.raises(ValueError, match="ratio"):
        krippendorff_alpha(PUBLISHED, wrong)
    with pytest.raises(ValueError, match="must be numbers, not 'a'"):
        krippendorff_alpha([["a", "b"], ["a", "a"]], "interval")
    with pytest.raises(ValueError, match="one of the categories"):
        krippendorff_alpha([["a", "b"], ["a", "a"]], "ordinal", categories=["a"])
    with pytest.raises(ValueError, match="draws"):
        krippendorff_alpha(PUBLISHED, draws=0)
    with pytest.raises(ValueError, match="level"):
        krippendorff_alpha(PUBLISHED, level=1.0)
