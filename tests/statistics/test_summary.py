"""The JSON summary of one evaluator's cells: every figure, and none that does not apply."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.model.evaluator import ScoreRange
from assay.statistics.clusters import clustered_mean, clustered_rate
from assay.statistics.intervals import interval_json
from assay.statistics.power import detectable_difference_of_means, detectable_difference_of_rates
from assay.statistics.sample import summarize_numbers
from assay.statistics.summary import Coverage, summarize_cells
from assay.statistics.trials import rate_over_trials


def everything(values: Any, score_value_type: Any = "numerical", **changes: Any) -> dict[str, Any]:
    n = len(values)
    return summarize_cells(score_value_type, values, **({"coverage": Coverage(n, n)} | changes))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30))
def test_any_finite_numbers_give_a_summary_of_finite_numbers(values: list[float]) -> None:
    summary = everything(values)
    json.dumps(summary, allow_nan=False)
    assert summary["mean"] is None if not values else min(values) <= summary["mean"] <= max(values)


def test_the_summary_of_numbers_has_every_figure() -> None:
    summary = everything(
        [0.2, 0.4, 0.9], coverage=Coverage(6, 3, 1, 2), score_range=ScoreRange(0, 1), passed=2, level=0.9
    )
    json.dumps(summary, allow_nan=False)
    assert summary["coverage"] == {"total": 6, "scored": 3, "skipped": 1, "failed": 2}
    assert summary["mean"] == pytest.approx(0.5)
    assert summary["confidence_interval"]["method"] == "student_t"
    assert summary["confidence_interval"]["level"] == 0.9
    assert list(summary["percentiles"]) == ["p5", "p25", "p50", "p75", "p95", "p99"]
    assert summary["percentiles"]["p50"] == pytest.approx(0.4)
    assert sum(part["count"] for part in summary["histogram"]) == 3
    assert summary["mean_bounds"] == pytest.approx({"lower": 0.3, "upper": 0.7})
    assert (summary["pass_rate"]["passed"], summary["pass_rate"]["total"]) == (2, 3)
    assert summary["pass_rate"]["confidence_interval"]["method"] == "wilson"
    assert summary["counts"] is None


def test_numbers_without_a_pass_rule_have_no_pass_rate() -> None:
    assert everything([1.0, 2.0])["pass_rate"] is None


def test_a_failed_cell_never_counts_as_a_zero() -> None:
    summary = everything([1.0, 1.0], coverage=Coverage(4, 2, 0, 2), score_range=ScoreRange(0, 1))
    assert summary["mean"] == 1.0
    assert summary["mean_bounds"] == {"lower": 0.5, "upper": 1.0}


def test_skipped_cells_do_not_widen_the_bounds_of_the_mean() -> None:
    summary = everything([0.25, 0.75], coverage=Coverage(9, 2, 7, 0))
    assert summary["mean_bounds"] == {"lower": 0.5, "upper": 0.5}


def test_a_percentage_lies_between_0_and_100_without_saying_so() -> None:
    summary = everything([50.0, 70.0], "percentage", coverage=Coverage(3, 2, 0, 1))
    assert summary["mean_bounds"] == pytest.approx({"lower": 40.0, "upper": 220 / 3})


def test_the_mean_of_booleans_is_the_rate_of_true_with_wilsons_interval() -> None:
    summary = everything([True, False, True, True], "boolean", coverage=Coverage(5, 4, 0, 1))
    assert summary["mean"] == 0.75
    assert summary["counts"] == {"true": 3, "false": 1}
    assert summary["confidence_interval"] == summary["pass_rate"]["confidence_interval"]
    assert summary["confidence_interval"]["method"] == "wilson"
    assert summary["mean_bounds"] == pytest.approx({"lower": 0.6, "upper": 0.8})
    assert summary["standard_deviation"] is summary["histogram"] is summary["percentiles"] is None


def test_categories_have_counts_and_no_mean() -> None:
    summary = everything(["good", "bad", "good"], "single_select")
    assert summary["counts"] == {"good": 2, "bad": 1}
    assert summary["mean"] is summary["pass_rate"] is None


@pytest.mark.parametrize("score_value_type", ["text", "json", "comment"])
def test_texts_have_a_coverage_only(score_value_type: Any) -> None:
    summary = summarize_cells(score_value_type, [], coverage=Coverage(3, 2, 0, 1))
    assert summary["coverage"]["scored"] == 2
    assert {key for key, value in summary.items() if value is not None} == {"coverage", "method"}


@pytest.mark.parametrize("score_value_type", ["numerical", "percentage", "boolean", "single_select"])
def test_a_run_that_scored_nothing_has_a_summary_without_figures(score_value_type: Any) -> None:
    summary = summarize_cells(score_value_type, [], coverage=Coverage(2, 0, 0, 2), passed=0)
    json.dumps(summary, allow_nan=False)
    assert summary["mean"] is summary["confidence_interval"] is summary["pass_rate"]["rate"] is None


@pytest.mark.parametrize("score_value_type", ["numerical", "boolean", "categorical"])
def test_values_that_do_not_fit_the_coverage_are_refused(score_value_type: Any) -> None:
    values: list[Any] = ["a"] if score_value_type == "categorical" else [1]
    with pytest.raises(ValueError, match="one value for each"):
        summarize_cells(score_value_type, values, coverage=Coverage(2, 2))


def test_a_boolean_that_is_neither_0_nor_1_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        everything([0, 1, 2], "boolean")


def test_coverage_beyond_its_total_is_refused() -> None:
    with pytest.raises(ValueError, match="within total"):
        Coverage(2, 1, 1, 1)


def test_every_summary_has_the_same_keys() -> None:
    shapes = [everything([1.0]), everything([1], "boolean"), everything(["a"], "multi_select"), everything([], "json")]
    assert len({tuple(shape) for shape in shapes}) == 1


def test_trials_are_averaged_before_rows() -> None:
    values, rows = [0.0, 1.0, 1.0, 1.0, 0.5, 0.3], ["a", "a", "b", "b", "c", "c"]
    summary = everything(values, trials=2, rows=rows, score_range=ScoreRange(0, 1))
    by_row = summarize_numbers([0.5, 1.0, 0.4])
    assert by_row.interval is not None
    assert summary["mean"] == pytest.approx(by_row.mean)
    assert summary["standard_error"] == pytest.approx(by_row.standard_error)
    assert summary["confidence_interval"]["upper"] == pytest.approx(by_row.interval.upper)
    # The distribution is that of single scores.
    assert (summary["minimum"], summary["maximum"]) == (0.0, 1.0)
    assert sum(part["count"] for part in summary["histogram"]) == 6
    assert summary["trials"]["rows"] == 3
    assert summary["trials"]["trials"] == 2
    assert summary["trials"]["interval_width"] == pytest.approx(by_row.interval.upper - by_row.interval.lower)
    assert summary["trials"]["advice"] in ("more rows", "more trials")
    assert summary["trials"]["pass_at_k"] is None
    assert summary["minimum_detectable_effect"]["rows"] == 3
    assert "Chen et al. 2021" in summary["method"]


def test_a_row_with_a_failed_trial_counts_as_one_row_still() -> None:
    summary = everything([0.0, 1.0, 1.0], coverage=Coverage(4, 3, 0, 1), trials=2, rows=["a", "b", "b"])
    assert summary["mean"] == 0.5


def test_pass_rates_over_trials_are_shares_of_rows_with_intervals_across_them() -> None:
    pass_flags = [1, 0, 1, 1, 0, 0, 1, 1]
    summary = everything([0.5] * 8, trials=2, rows=list("aabbccdd"), pass_flags=pass_flags, passed=5)
    rate, interval = rate_over_trials(pass_flags, "aabbccdd")
    assert interval is not None
    assert summary["pass_rate"]["rate"] == rate == 0.625
    assert (summary["pass_rate"]["passed"], summary["pass_rate"]["total"]) == (5, 8)
    assert summary["pass_rate"]["confidence_interval"] == interval_json(interval)
    assert [one["k"] for one in summary["trials"]["pass_at_k"]] == [1, 2]
    assert summary["trials"]["pass_at_k"][1]["pass_at_k"] == 0.75
    assert summary["trials"]["pass_at_k"][1]["pass_hat_k"] == 0.5


def test_booleans_over_trials_have_the_mean_of_row_shares() -> None:
    summary = everything([1, 0, 1, 1, 1], "boolean", trials=3, rows=list("aabbb"))
    assert summary["mean"] == 0.75
    assert summary["counts"] == {"true": 4, "false": 1}
    assert summary["confidence_interval"] == summary["pass_rate"]["confidence_interval"]
    assert summary["confidence_interval"]["method"] == "wilson_clustered"


def test_categories_over_trials_say_how_often_trials_agree() -> None:
    summary = everything(["good", "good", "bad", "good"], "single_select", trials=2, rows=list("aabb"))
    assert summary["trials"]["agreement"] == 0.5
    assert summary["trials"]["cells"] == 4
    assert summary["trials"]["advice"] is summary["trials"]["pass_at_k"] is None
    several = everything([["x", "y"], ["y", "x"]], "multi_select", trials=2, rows=list("aa"), pass_flags=[1, 0])
    assert several["trials"]["agreement"] == 1.0
    assert several["trials"]["pass_at_k"][1]["pass_at_k"] == 1.0


def test_one_trial_has_no_block_of_trials() -> None:
    assert everything([1.0, 2.0], rows=["a", "b"])["trials"] is None


def test_clusters_have_an_interval_of_their_own_beside_the_plain_one() -> None:
    values, clusters = [0.1, 0.2, 0.8, 0.9, 0.5], list("aabbc")
    pass_flags = [0, 0, 1, 1, 1]
    summary = everything(values, clusters=clusters, pass_flags=pass_flags)
    assert summary["clustered"] == clustered_mean(values, clusters).as_json()
    assert summary["pass_rate"]["clustered"] == clustered_rate(pass_flags, clusters).as_json()
    assert summary["confidence_interval"] == everything(values)["confidence_interval"]
    boolean = everything(pass_flags, "boolean", clusters=clusters)
    assert boolean["clustered"] == boolean["pass_rate"]["clustered"] == clustered_rate(pass_flags, clusters).as_json()


def test_clusters_are_of_rows_where_there_are_trials() -> None:
    summary = everything([0.0, 1.0, 0.2, 0.4, 0.9, 0.7], trials=2, rows=list("aabbcc"), clusters=list("xxxxyy"))
    assert summary["clustered"] == clustered_mean([0.5, (0.2 + 0.4) / 2, (0.9 + 0.7) / 2], "xxy").as_json()
    with pytest.raises(ValueError, match="row 'a' is in 'x' and 'y'"):
        everything([0.0, 1.0], trials=2, rows=["a", "a"], clusters=["x", "y"])


def test_the_minimum_detectable_effect_is_that_of_a_run_over_as_many_rows() -> None:
    values = [0.1, 0.5, 0.4, 0.9, 0.6, 0.2]
    deviation = summarize_numbers(values).standard_deviation
    assert deviation is not None
    numbers = everything(values)["minimum_detectable_effect"]
    assert numbers["paired"] == detectable_difference_of_means(6, deviation)
    assert numbers["unpaired"] == detectable_difference_of_means(6, deviation, design="unpaired")
    many = [1] * 70 + [0] * 30
    for summary in (everything(many, "boolean"), everything(["x"] * 100, "single_select", pass_flags=many)):
        found = summary["minimum_detectable_effect"]
        assert found["paired"] == detectable_difference_of_rates(100, 0.7)
        assert found["unpaired"] == detectable_difference_of_rates(100, 0.7, design="unpaired")
    assert everything([0.5] * 6)["minimum_detectable_effect"] is None


def test_clusters_make_the_minimum_detectable_effect_larger() -> None:
    values = [0.1] * 10 + [0.9] * 10 + [0.5] * 10
    clustered = everything(values, clusters=["a"] * 10 + ["b"] * 10 + ["c"] * 10)
    plain = everything(values)["minimum_detectable_effect"]
    effect = clustered["clustered"]["design_effect"]
    found = clustered["minimum_detectable_effect"]
    assert effect > 9
    assert found["paired"] == pytest.approx(plain["paired"] * math.sqrt(effect), rel=1e-12)


def test_clusters_make_the_minimum_detectable_effect_on_a_rate_larger() -> None:
    marks, clusters = ([1] * 10 + [0] * 10) * 20, [place // 10 for place in range(400)]
    effect = clustered_rate(marks, clusters).design_effect
    assert effect is not None
    for summary in (
        everything(marks, "boolean", clusters=clusters),
        everything(["x"] * 400, "single_select", pass_flags=marks, clusters=clusters),
    ):
        found = summary["minimum_detectable_effect"]["paired"]
        assert found == detectable_difference_of_rates(400, 0.5, design_effect=effect)
        assert found > 2 * (detectable_difference_of_rates(400, 0.5) or 1.0)


def test_cost_latency_and_tokens_are_summed_with_the_unknown_apart() -> None:
    summary = everything(
        [1.0, 2.0],
        coverage=Coverage(4, 2, 0, 2),
        cost_usd=[0.1, 0.2, None, None],
        latency_seconds=[1.0, 2.0, 3.0, None],
        input_tokens=[10, 20, None, 0],
        output_tokens=[None, None, None, None],
    )
    assert summary["cost_usd"] == {"known": 2, "total_usd": pytest.approx(0.3), "unknown": 2}
    assert summary["latency_seconds"]["percentiles"]["p50"] == 2.0
    assert summary["latency_seconds"]["maximum"] == 3.0
    assert (summary["latency_seconds"]["known"], summary["latency_seconds"]["unknown"]) == (3, 1)
    assert summary["tokens"] == {
        "input": {"known": 3, "total": 30, "unknown": 1},
        "output": {"known": 0, "total": None, "unknown": 4},
    }


def test_what_was_not_measured_is_null() -> None:
    summary = everything([1.0])
    assert summary["cost_usd"] is summary["latency_seconds"] is summary["tokens"] is None


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_a_cost_that_cannot_be_is_refused(wrong: float) -> None:
    for column in ("cost_usd", "latency_seconds", "input_tokens"):
        with pytest.raises(ValueError, match=f"{column} must be finite and not negative"):
            everything([1.0], **{column: [wrong]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trials": 2}, "rows"),
        ({"trials": 0}, "trials must be 1"),
        ({"trials": 2, "rows": ["a"]}, "rows must have one entry for each of the 2 values, not 1"),
        ({"clusters": ["a"]}, "clusters must have one entry"),
        ({"pass_flags": [1]}, "pass_flags must have one entry"),
        ({"pass_flags": [1, 2]}, "pass_flags must be 0 or 1"),
        ({"pass_flags": [1, 0], "passed": 2}, "passed must be the number of pass_flags"),
        ({"trials": 2, "rows": ["a", "a"], "passed": 1}, "pass_flags must say which cells passed"),
    ],
)
def test_columns_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        everything([1.0, 0.0], **changes)


cells = st.lists(
    st.tuples(
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from("abcd"),
        st.booleans(),
        st.none() | st.floats(0, 1e300),
    ),
    max_size=25,
)


@given(cells, st.sampled_from(["numerical", "boolean", "single_select", "text"]), st.integers(1, 3))
def test_any_cells_give_a_summary_of_finite_numbers_with_the_same_keys(
    found: list[tuple[float, str, bool, float | None]], score_value_type: Any, trials: int
) -> None:
    values: dict[str, list[Any]] = {
        "numerical": [value for value, _, _, _ in found],
        "boolean": [passed for _, _, passed, _ in found],
        "single_select": [row for _, row, _, _ in found],
        "text": [],
    }
    summary = summarize_cells(
        score_value_type,
        values[score_value_type],
        coverage=Coverage(len(found), len(found)),
        trials=trials,
        rows=[row for _, row, _, _ in found],
        clusters=["x" if row in "ab" else None for _, row, _, _ in found] if trials == 1 else None,
        pass_flags=[passed for _, _, passed, _ in found],
        cost_usd=[cost for _, _, _, cost in found],
        latency_seconds=[cost for _, _, _, cost in found],
    )
    json.dumps(summary, allow_nan=False)
    assert tuple(summary) == tuple(everything([1.0]))
