"""Power, against statsmodels, Cohen's tables and simulation."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

from assay.statistics.power import (
    Design,
    detectable_difference_of_means,
    detectable_difference_of_rates,
    detectable_json,
    rows_to_detect_difference_of_means,
    rows_to_detect_difference_of_rates,
)

designs: st.SearchStrategy[Design] = st.sampled_from(["paired", "unpaired"])


@given(st.one_of(st.integers(2, 60), st.integers(60, 100_000)), designs, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_detectable_difference_of_means_has_the_wanted_power_by_statsmodels(
    rows: int, design: Design, level: float
) -> None:
    effect = detectable_difference_of_means(rows, 2.0, design=design, level=level)
    assert effect is not None
    reference = TTestPower() if design == "paired" else TTestIndPower()
    assert reference.power(effect / 2.0, rows, 1 - level) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize(("d", "rows"), [(0.2, 393), (0.5, 64), (0.8, 26)])
def test_two_samples_need_the_rows_that_cohen_lists(d: float, rows: int) -> None:
    # Cohen 1988, table 2.4.1 (two-sided 0.05, power 0.80): 393, 64, 26; exact arithmetic has 394 for the first.
    assert rows_to_detect_difference_of_means(d, 1.0, design="unpaired") in (rows, rows + 1)


@given(st.floats(0.05, 3.0), designs, st.floats(0.5, 0.95))
def test_one_row_fewer_than_needed_has_less_than_the_wanted_power(effect: float, design: Design, power: float) -> None:
    rows = rows_to_detect_difference_of_means(effect, 1.0, design=design, power=power)
    assert rows is not None
    enough = detectable_difference_of_means(rows, 1.0, design=design, power=power)
    too_few = detectable_difference_of_means(rows - 1, 1.0, design=design, power=power)
    assert enough is not None
    assert enough <= effect * (1 + 1e-12)
    assert too_few is None or too_few > effect * (1 - 1e-12)


def test_at_a_correlation_of_one_half_differences_spread_as_scores_do() -> None:
    plain = detectable_difference_of_means(50, 1.0)
    closer = detectable_difference_of_means(50, 1.0, correlation=0.875)
    clustered = detectable_difference_of_means(50, 1.0, design_effect=4.0)
    assert plain == pytest.approx(TTestPower().solve_power(nobs=50, alpha=0.05, power=0.8), rel=1e-5)
    assert plain is not None
    assert closer == pytest.approx(plain / 2, rel=1e-12)
    assert clustered == pytest.approx(plain * 2, rel=1e-12)


@given(st.floats(0.05, 0.9), st.floats(0.02, 0.5), st.sampled_from([0.5, 0.8, 0.9]))
def test_rows_for_two_rates_agree_with_statsmodels(rate: float, effect: float, power: float) -> None:
    ends = [end for end in (rate - effect, rate + effect) if 0 <= end <= 1]
    if not ends:
        with pytest.raises(ValueError, match="cannot rise or fall"):
            rows_to_detect_difference_of_rates(effect, rate, design="unpaired")
        return
    needed = [samplesize_proportions_2indep_onetail(end - rate, rate, power, alpha=0.05) for end in ends]
    rows = rows_to_detect_difference_of_rates(effect, rate, design="unpaired", power=power)
    assert rows is not None
    assert rows - 1 - 1e-6 <= max(needed) <= rows + 1e-6


@given(st.floats(0.05, 0.95), st.floats(0.02, 0.4), st.floats(0.0, 0.9))
def test_rows_for_pairs_agree_with_the_formula_of_connor(rate: float, effect: float, correlation: float) -> None:
    z_level, z_power = scipy.stats.norm.ppf([0.975, 0.8])
    needed = []
    for end in (rate - effect, rate + effect):
        if 0 <= end <= 1:
            joint = correlation * math.sqrt(rate * (1 - rate) * end * (1 - end))
            discordant = max(effect, rate * (1 - end) + end * (1 - rate) - 2 * joint)
            spread = math.sqrt(max(0.0, discordant - effect**2))
            needed.append(((z_level * math.sqrt(discordant) + z_power * spread) / effect) ** 2)
    if needed:
        rows = rows_to_detect_difference_of_rates(effect, rate, correlation=correlation)
        assert rows is not None
        assert rows - 1 - 1e-6 <= max(needed) <= rows + 1e-6


def test_mcnemars_test_has_about_the_promised_power_in_a_simulation() -> None:
    rate, rows, correlation = 0.8, 300, 0.5
    effect = detectable_difference_of_rates(rows, rate, correlation=correlation)
    assert effect is not None
    # The harder direction is the one with more variance: down from 0.8.
    other = rate - effect
    both = rate * other + correlation * math.sqrt(rate * (1 - rate) * other * (1 - other))
    cells = [both, rate - both, other - both, 1 - rate - other + both]
    _, lost, won, _ = np.random.default_rng(3).multinomial(rows, cells, size=20_000).T
    z = (lost - won) / np.sqrt(np.maximum(1, lost + won))
    assert np.mean(np.abs(z) > scipy.stats.norm.ppf(0.975)) == pytest.approx(0.8, abs=0.02)


@given(st.integers(1, 10_000), st.floats(0, 1), designs, st.floats(0, 0.9))
def test_a_detectable_difference_of_rates_is_one_that_so_many_rows_show(
    rows: int, rate: float, design: Design, correlation: float
) -> None:
    effect = detectable_difference_of_rates(rows, rate, design=design, correlation=correlation)
    if effect is None:
        return
    assert 0 < effect <= max(rate, 1 - rate)
    needed = rows_to_detect_difference_of_rates(
        min(effect * (1 + 1e-9), max(rate, 1 - rate)), rate, design=design, correlation=correlation
    )
    assert needed is not None
    assert needed <= rows


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_rate_of_all_or_none_can_change_in_one_direction_only(rate: float) -> None:
    effect = detectable_difference_of_rates(200, rate, design="unpaired")
    assert effect is not None
    assert 0.01 < effect < 0.1


def test_too_few_rows_or_no_spread_detect_nothing() -> None:
    assert detectable_difference_of_means(1, 1.0) is None
    assert detectable_difference_of_means(100, 0.0) is None
    assert detectable_difference_of_rates(0, 0.5) is None
    assert detectable_difference_of_rates(2, 0.5) is None
    assert detectable_json(rows=1, standard_deviation=1.0) is None
    assert detectable_json(rows=10) is None


def test_an_effect_too_small_for_any_run_needs_no_number_of_rows() -> None:
    assert rows_to_detect_difference_of_means(1e-9, 1.0) is None
    assert rows_to_detect_difference_of_rates(1e-9, 0.5) is None


@given(st.integers(2, 500), st.floats(1e-300, 1e300))
def test_the_detectable_difference_grows_with_the_spread_at_any_magnitude(rows: int, deviation: float) -> None:
    one, other = detectable_difference_of_means(rows, 1.0), detectable_difference_of_means(rows, deviation)
    assert one is not None
    assert other == pytest.approx(one * deviation, rel=1e-12)


def test_the_json_gives_both_designs_and_says_what_was_assumed() -> None:
    found = detectable_json(rows=100, standard_deviation=0.3, design_effect=0.5)
    assert found == {
        "paired": detectable_difference_of_means(100, 0.3),
        "unpaired": detectable_difference_of_means(100, 0.3, design="unpaired"),
        "rows": 100,
        "correlation": 0.5,
        "design_effect": 1.0,
        "level": 0.95,
        "power": 0.8,
        "method": "exact power of the t test (Cohen 1988)",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": 1.0}, "level"), ({"power": 0.0}, "power"), ({"power": 0.04}, "power"),
        ({"correlation": 1.0}, "correlation"),
        ({"design": "crossed"}, "design"), ({"design_effect": math.nan}, "design_effect"),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(changes: dict[str, float], message: str) -> None:
    for function in (detectable_difference_of_means, detectable_difference_of_rates):
        with pytest.raises(ValueError, match=message):
            function(10, 0.5, **changes)
    for search in (rows_to_detect_difference_of_means, rows_to_detect_difference_of_rates):
        with pytest.raises(ValueError, match=message):
            search(0.1, 0.5, **changes)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0])
def test_numbers_out_of_range_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="standard_deviation"):
        detectable_difference_of_means(10, wrong)
    with pytest.raises(ValueError, match="rate"):
        detectable_difference_of_rates(10, wrong)
    with pytest.raises(ValueError, match="effect"):
        rows_to_detect_difference_of_means(wrong, 1.0)
    with pytest.raises(ValueError, match="over 0"):
        rows_to_detect_difference_of_means(1.0, 0.0)
