"""Sizes of samples and their shares among strata: exact, whatever the numbers."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.statistics.sampling import equal_quotas, proportional_quotas, sample_size

sizes = st.dictionaries(st.none() | st.text("abcxyz", max_size=3), st.integers(0, 60), max_size=9)


@given(st.integers(0, 10**7), st.integers(1, 10_000))
def test_a_percentage_of_two_decimals_is_rounded_up_exactly(matched: int, hundredths: int) -> None:
    percent = Decimal(hundredths) / 100
    exact = (matched * percent / 100).to_integral_value(ROUND_CEILING)
    assert sample_size(matched, float(percent), None) == exact


@pytest.mark.parametrize(
    ("matched", "percent", "count", "size"),
    [(100, 7.0, None, 7), (1000, 0.7, None, 7), (3, 1.0, None, 1), (0, 50.0, None, 0), (9, None, None, 9),
     (9, None, 5, 5), (9, None, 50, 9), (7, 100.0, None, 7)],
)  # fmt: skip
def test_a_match_is_never_rounded_to_nothing_nor_taken_twice(
    matched: int, percent: float | None, count: int | None, size: int
) -> None:
    assert sample_size(matched, percent, count) == size


@given(sizes, st.integers(0, 400))
def test_proportional_quotas_sum_exactly_and_are_within_one_of_the_share(
    sizes: dict[str | None, int], total: int
) -> None:
    quotas, whole = proportional_quotas(sizes, total), sum(sizes.values())
    assert sum(quotas.values()) == min(total, whole)
    assert quotas.keys() == sizes.keys()
    for value, quota in quotas.items():
        assert 0 <= quota <= sizes[value]
        if whole:
            assert abs(quota - min(total, whole) * sizes[value] / whole) < 1


@given(sizes, st.integers(0, 400))
def test_equal_quotas_differ_by_one_at_most_where_strata_do_not_run_out(
    sizes: dict[str | None, int], total: int
) -> None:
    quotas = equal_quotas(sizes, total)
    assert sum(quotas.values()) == min(total, sum(sizes.values()))
    assert all(quota <= sizes[value] for value, quota in quotas.items())
    largest = max(quotas.values(), default=0)
    # Whoever got less than the most had nothing more to give, or came later by value.
    assert all(quota >= largest - 1 or quota == sizes[value] for value, quota in quotas.items())


def test_equal_remainders_go_to_the_first_by_value_and_to_those_without_one_last() -> None:
    three: dict[str | None, int] = {None: 10, "b": 10, "a": 10}
    assert proportional_quotas(three, 4) == {"a": 2, "b": 1, None: 1}
    assert proportional_quotas(three, 5) == {"a": 2, "b": 2, None: 1}
    assert equal_quotas(three, 5) == {"a": 2, "b": 2, None: 1}


def test_what_a_small_stratum_lacks_is_shared_out_among_the_others() -> None:
    assert equal_quotas({"a": 1, "b": 50, "c": 50}, 31) == {"a": 1, "b": 15, "c": 15}
