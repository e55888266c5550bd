"""Adjusted p values, against statsmodels and the example of Benjamini and Hochberg."""

import gc
import math
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from assay.statistics.multiplicity import adjust_benjamini_hochberg, adjust_holm

p_values = st.lists(
    st.one_of(st.sampled_from([0.0, 0.01, 0.05, 0.5, 1.0]), st.floats(0, 1), st.floats(0, 1e-300)), max_size=40
)


@pytest.fixture(scope="module")
def little_garbage() -> Iterator[None]:
    """statsmodels collects garbage at every call of Holm's method: what other tests left is not to be looked at."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("little_garbage")
@settings(max_examples=30)
@given(p_values.filter(bool))
def test_holm_agrees_with_statsmodels(given_p_values: list[float]) -> None:
    expected = multipletests(given_p_values, method="holm")[1]
    assert adjust_holm(given_p_values) == pytest.approx(list(expected), rel=1e-12, abs=1e-305)


@given(p_values.filter(bool))
def test_benjamini_hochberg_agrees_with_statsmodels(given_p_values: list[float]) -> None:
    expected = multipletests(given_p_values, method="fdr_bh")[1]
    assert adjust_benjamini_hochberg(given_p_values) == pytest.approx(list(expected), rel=1e-12, abs=1e-305)


@given(p_values)
def test_adjusting_never_lowers_a_p_value_and_keeps_the_order(given_p_values: list[float]) -> None:
    for adjust in (adjust_holm, adjust_benjamini_hochberg):
        adjusted = adjust(given_p_values)
        assert all(p <= q <= 1 for p, q in zip(given_p_values, adjusted, strict=True))
        by_p = sorted(zip(given_p_values, adjusted, strict=True))
        assert [q for _, q in by_p] == sorted(adjusted)


def test_the_fifteen_p_values_of_benjamini_and_hochberg_give_four_findings_and_holm_three() -> None:
    published = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
        1.0,
    ]  # fmt: skip
    assert sum(p <= 0.05 for p in adjust_benjamini_hochberg(published)) == 4
    assert sum(p <= 0.05 for p in adjust_holm(published)) == 3


def test_one_p_value_stays_as_it_is_and_none_gives_none() -> None:
    for adjust in (adjust_holm, adjust_benjamini_hochberg):
        assert adjust([0.03]) == [0.03]
        assert adjust([]) == []


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -0.1, 1.1])
def test_a_p_value_outside_0_to_1_is_refused(wrong: float) -> None:
    for adjust in (adjust_holm, adjust_benjamini_hochberg):
        with pytest.raises(ValueError, match="p value must be within 0 and 1"):
            adjust([0.2, wrong])
