"""Which requests are repeated, and after how long."""

from __future__ import annotations

from itertools import islice

import pytest

from assay.sdk.retrying import LONGEST_WAIT_SECONDS, PollingIntervals, is_repeatable, wait_seconds


@pytest.mark.parametrize(
    ("method", "is_read", "expected"),
    [
        ("GET", False, True),
        ("DELETE", False, True),
        ("PUT", False, True),
        ("POST", False, False),
        ("POST", True, True),
        ("PATCH", False, False),
    ],
)
def test_only_requests_that_do_no_more_when_sent_twice_are_repeated(method: str, is_read: bool, expected: bool) -> None:
    assert is_repeatable(method, is_read) is expected


def test_pauses_double_with_at_most_a_quarter_more_and_stay_bounded() -> None:
    for attempt, least in enumerate([0.2, 0.4, 0.8, 1.6]):
        assert least <= wait_seconds(attempt, None) <= least * 1.25
    assert wait_seconds(50, None) == LONGEST_WAIT_SECONDS


def test_what_the_server_asked_for_wins_up_to_the_bound() -> None:
    assert wait_seconds(5, 0.0) == 0.0
    assert wait_seconds(0, 2.5) == 2.5
    assert wait_seconds(0, 3600.0) == LONGEST_WAIT_SECONDS


def test_polling_grows_from_a_tenth_of_a_second_to_five() -> None:
    pauses = list(islice(PollingIntervals(), 20))
    assert pauses[0] == 0.1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0
