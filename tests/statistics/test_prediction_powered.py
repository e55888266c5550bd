"""The corrected mean of a judge: the published formulas, and how often its intervals hold the truth."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.statistics.intervals import Interval
from assay.statistics.prediction_powered import CorrectedMean, correct_mean
from assay.statistics.sample import summarize_numbers
from tests.statistics.coverage import four_errors, share_covered

number = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(-1e6, 1e6).map(lambda v: v if abs(v) > 1e-3 else 0.0))
rows = st.lists(st.tuples(number, number | st.none()), max_size=40)


def corrected(pairs: list[tuple[float, float | None]], **changes: Any) -> CorrectedMean:
    return correct_mean([judge for judge, _ in pairs], [human for _, human in pairs], **changes)


@given(rows, st.booleans())
def test_mean_error_and_interval_follow_the_published_formulas(
    pairs: list[tuple[float, float | None]], is_tuned: bool
) -> None:
    found = corrected(pairs, is_tuned=is_tuned)
    judged = np.array([judge for judge, human in pairs if human is not None])
    labels = np.array([human for _, human in pairs if human is not None])
    others = np.array([judge for judge, human in pairs if human is None])
    assert (found.n_labelled, found.n_unlabelled) == (labels.size, others.size)
    if labels.size < 2 or others.size < 2:
        assert found.standard_error is None
        assert found.reason is not None
        return
    weight = 1.0
    if is_tuned:
        every = np.array([judge for judge, _ in pairs])
        spread = (1 + labels.size / others.size) * np.var(every, ddof=1)
        weight = float(np.clip(np.cov(labels, judged)[0, 1] / spread, 0, 1)) if np.ptp(every) else 0.0
    scale = max(1.0, max(abs(judge) for judge, _ in pairs), float(np.abs(labels).max()))
    assert found.tuning == pytest.approx(weight, rel=1e-6, abs=1e-9)
    assert found.mean == pytest.approx(weight * others.mean() + (labels - weight * judged).mean(), abs=1e-7 * scale)
    if found.interval is None:
        assert np.ptp(labels - weight * judged) < 1e-9 * scale
        return
    from_judge = weight**2 * np.var(others, ddof=1) / others.size
    from_labels = np.var(labels - weight * judged, ddof=1) / labels.size
    assert found.standard_error == pytest.approx(math.sqrt(from_judge + from_labels), rel=1e-6, abs=1e-7 * scale)


def test_the_interval_without_tuning_is_welchs_interval_of_a_difference() -> None:
    rng = np.random.default_rng(61)
    human = rng.normal(size=60)
    judge = human + 0.3 + 0.5 * rng.normal(size=60)
    found = correct_mean(judge, [*human[:20].tolist(), *[None] * 40])
    reference = scipy.stats.ttest_ind(judge[20:], judge[:20] - human[:20], equal_var=False)
    expected = reference.confidence_interval(0.95)
    assert found.interval is not None
    assert (found.interval.lower, found.interval.upper) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert found.mean == pytest.approx(judge[20:].mean() - (judge[:20] - human[:20]).mean(), rel=1e-9)
    assert found.bias == pytest.approx((judge[:20] - human[:20]).mean(), rel=1e-9)
    assert found.human_interval == summarize_numbers(human[:20]).interval


def test_power_tuning_takes_the_weight_of_the_published_formula() -> None:
    rng = np.random.default_rng(64)
    human = rng.normal(size=60)
    judge = 0.5 * human + rng.normal(size=60)
    found = correct_mean(judge, [*human[:20].tolist(), *[None] * 40], is_tuned=True)
    weight = np.cov(human[:20], judge[:20])[0, 1] / ((1 + 20 / 40) * np.var(judge, ddof=1))
    assert 0.1 < weight < 0.9
    assert found.tuning == pytest.approx(weight, rel=1e-9)
    assert found.mean == pytest.approx(weight * judge[20:].mean() + (human[:20] - weight * judge[:20]).mean(), rel=1e-9)


def test_a_good_judge_narrows_the_interval_and_a_useless_one_does_no_harm_when_tuned() -> None:
    rng = np.random.default_rng(62)
    truth = rng.normal(size=1_000)
    labels: list[float | None] = [*truth[:100].tolist(), *[None] * 900]

    def width(interval: Interval | None) -> float:
        assert interval is not None
        return interval.upper - interval.lower

    good = correct_mean(truth + 0.3 * rng.normal(size=1_000), labels)
    noise = rng.normal(size=1_000)
    assert width(good.interval) < 0.6 * width(good.human_interval)
    assert width(correct_mean(noise, labels).interval) > 1.2 * width(good.human_interval)
    assert width(correct_mean(noise, labels, is_tuned=True).interval) < 1.05 * width(good.human_interval)


Sample = Callable[[np.random.Generator, int], tuple[Any, Any]]


def scores(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
    human = rng.normal(0.7, 1.0, n)
    return human + 0.3 + 0.4 * rng.normal(size=n), human


def marks(rng: np.random.Generator, n: int) -> tuple[Any, Any]:
    human = rng.random(n) < 0.7
    return np.where(rng.random(n) < 0.85, human, ~human).astype(float), human.astype(float)


@pytest.mark.parametrize(
    ("sample", "labelled", "is_tuned", "least"),
    [
        (scores, 10, False, 0.94),
        (scores, 100, False, 0.94),
        (marks, 40, False, 0.94),
        (marks, 100, False, 0.94),
        (marks, 100, True, 0.94),
        # The known shortfall of tuning by few labels.
        (scores, 20, True, 0.925),
        (marks, 40, True, 0.925),
    ],
)
def test_intervals_hold_the_truth_nearly_as_often_as_they_say(
    sample: Sample, labelled: int, is_tuned: bool, least: float
) -> None:
    rng, repeats = np.random.default_rng(63), 1_500

    def draw() -> Interval | None:
        judge, human = sample(rng, labelled + 300)
        return correct_mean(judge, [*human[:labelled].tolist(), *[None] * 300], is_tuned=is_tuned).interval

    covered = share_covered(draw, 0.7, repeats)
    assert least - four_errors(0.95, repeats) < covered < 0.95 + four_errors(0.95, repeats)


def test_mean_and_interval_stay_within_the_range_of_scores() -> None:
    pairs: list[tuple[float, float | None]] = [(1.0, None)] * 20 + [(0.0, 1.0), (1.0, 1.0), (0.0, 1.0), (1.0, 1.0)]
    free, cut = corrected(pairs), corrected(pairs, minimum=0.0, maximum=1.0)
    assert free.mean is not None
    assert free.mean > 1.0
    assert cut.mean == 1.0
    assert cut.interval is not None
    assert free.interval is not None
    assert cut.interval.upper == 1.0
    assert cut.interval.lower == free.interval.lower


def test_a_judge_that_never_differed_has_a_mean_and_no_interval() -> None:
    found = corrected([(1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.0, None), (1.0, None)])
    assert (found.mean, found.interval, found.standard_error) == (0.5, None, None)
    assert found.reason is not None
    assert "how often it errs cannot be told" in found.reason


def test_with_every_row_labelled_the_human_mean_stands() -> None:
    found = corrected([(0.2, 0.4), (0.5, 0.1), (0.3, 0.9)])
    assert found.mean == found.human_mean == pytest.approx(1.4 / 3)
    assert found.interval == summarize_numbers([0.4, 0.1, 0.9]).interval
    assert found.reason == "Nearly every row has a human label: their own mean stands."


def test_without_labels_there_is_nothing_to_correct_by() -> None:
    assert corrected([]).reason == "There are no rows."
    assert corrected([(0.5, None), (0.7, None)]).mean is None
    assert corrected([(0.5, None), (0.7, None)]).judge_mean == pytest.approx(0.6)
    assert corrected([(0.5, 0.1), (0.7, None), (0.7, None)]).interval is None


@pytest.mark.parametrize("exponent", [-900, 900])
@pytest.mark.parametrize("is_tuned", [False, True])
def test_figures_keep_their_digits_at_extreme_magnitudes(exponent: int, is_tuned: bool) -> None:
    pairs = [(0.5, 0.25), (0.75, 0.5), (0.125, 0.5), (0.5, None), (0.875, None), (0.25, None)]
    extreme = [(math.ldexp(j, exponent), None if h is None else math.ldexp(h, exponent)) for j, h in pairs]
    plain, found = corrected(pairs, is_tuned=is_tuned), corrected(extreme, is_tuned=is_tuned)
    assert plain.mean is not None
    assert plain.standard_error is not None
    assert found.mean == math.ldexp(plain.mean, exponent)
    assert found.standard_error == math.ldexp(plain.standard_error, exponent)
    assert found.tuning == plain.tuning


any_number = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(any_number, any_number | st.none()), max_size=15), st.booleans())
def test_any_finite_numbers_give_figures_that_json_can_hold(
    pairs: list[tuple[float, float | None]], is_tuned: bool
) -> None:
    json.dumps(corrected(pairs, is_tuned=is_tuned).as_json(), allow_nan=False)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_wrong_columns_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="judge must be finite"):
        correct_mean([wrong, 1.0], [None, 1.0])
    with pytest.raises(ValueError, match="human must be finite"):
        correct_mean([1.0, 1.0], [None, wrong])
    with pytest.raises(ValueError, match="human must have one entry"):
        correct_mean([1.0, 1.0], [None])
    with pytest.raises(ValueError, match="level"):
        correct_mean([1.0], [None], level=95.0)
