"""The report as people see it."""

from __future__ import annotations

import pytest

from assay.cli.figures import arrow, brief, dollars, duration, figure, interval, percent_interval, sparkline, verdict
from assay.cli.report_table import print_report
from assay.sdk.report_types import (
    ClusteredEstimate,
    Coverage,
    DetectableEffect,
    EvalReport,
    HistogramBin,
    LatencySummary,
    MeanBounds,
    PassRate,
    ReportEvaluator,
    RunSettings,
    ScoreSummary,
    TrialScore,
)
from assay.sdk.types import Interval


def bins(*counts: int) -> list[HistogramBin]:
    return [HistogramBin(lower=n, upper=n + 1, count=count) for n, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 2, 4, 8), "▁▂▄█"),
        ((0, 5, 0), " █ "),
        ((1000, 1), "█▁"),
        ((0, 0), "  "),
        ((), ""),
    ],
)
def test_a_histogram_is_a_line_of_bars_and_only_empty_bins_are_blank(counts: tuple[int, ...], expected: str) -> None:
    assert sparkline(bins(*counts)) == expected


def test_neighbouring_bins_merge_and_no_count_is_lost() -> None:
    assert sparkline(bins(*[1] * 24), width=12) == "█" * 12
    assert sparkline(bins(*[0] * 19, 7), width=12) == " " * 11 + "█"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0, "0"), (1.0, "1"), (0.14159, "0.1416"), (40.949, "40.95"), (12345.6, "12,346"), (-2.5, "-2.5")],
)
def test_figures_have_about_four_digits(value: float | None, expected: str) -> None:
    assert figure(value) == expected


def test_intervals_have_the_same_decimals_on_both_ends() -> None:
    assert interval(Interval(lower=40.1, upper=41.84)) == "40.1–41.8"
    assert interval(Interval(lower=0.1264, upper=0.2)) == "0.126–0.200"
    assert interval(Interval(lower=900, upper=12000)) == "900–12,000"
    assert interval(Interval()) == interval(None) == ""
    assert interval(Interval(lower=-0.0004, upper=0.4)) == "0.000–0.400"
    assert interval(Interval(lower=-1, upper=2.5)) == "-1.00 to 2.50"
    assert percent_interval(Interval(lower=0.126, upper=0.157)) == "12.6–15.7 %"


def test_an_arrow_says_which_way_is_better() -> None:
    assert [arrow(one) for one in ("higher", "lower", "none", None)] == ["↑", "↓", "", ""]


def test_the_table_shows_coverage_figures_and_failures_within_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    report = EvalReport(
        id="r",
        dataset_id="d",
        status="completed",
        name="Nightly [bold]",
        dataset_version=3,
        log_count=100,
        evaluators=[
            ReportEvaluator(
                evaluator_slug="exact_match",
                name="Exact match",
                direction="higher",
                scored_count=95,
                failed_count=4,
                skipped_count=1,
                summary=ScoreSummary(
                    coverage=Coverage(total=100, scored=95, skipped=1, failed=4),
                    mean=0.25,
                    confidence_interval=Interval(lower=0.2, upper=0.3),
                    histogram=bins(3, 1),
                    minimum=0,
                    maximum=1,
                    pass_rate=PassRate(
                        rate=0.25, passed=25, total=95, confidence_interval=Interval(lower=0.17, upper=0.35)
                    ),
                ),
            ),
            ReportEvaluator(evaluator_slug="tone", scored_count=5, summary=ScoreSummary(counts={"kind": 3, "rude": 2})),
        ],
    )
    print_report(report, "Refunds")
    words = capsys.readouterr().out
    assert "Nightly [bold] · completed\nRefunds · version 3 · 100 rows" in words
    for expected in (
        "Exact match ↑",
        "95/100",
        "4 failed",
        "1 skipped",
        "0.25",
        "0.200–0.300",
        "25.0 %",
        "17.0–35.0 %",
    ):
        assert expected in words
    assert "█▃" in words
    assert "kind 3" in words
    assert "exact_match: 4 of 100 cells failed, no score." in words
    assert max(len(line) for line in words.splitlines()) <= 80


@pytest.mark.parametrize(
    ("amount", "unknown", "expected"),
    [
        (None, 0, "unknown"),
        (0.0, 0, "$0.00"),
        (1234.5, 0, "$1,234.50"),
        (0.0123, 0, "$0.01"),
        (0.001234, 0, "$0.0012"),
        (0.00000045, 0, "$0.00000045"),
        (0.5, 3, "$0.50 + ?"),
    ],
)
def test_an_amount_that_is_not_known_is_no_amount(amount: float | None, unknown: int, expected: str) -> None:
    assert dollars(amount, unknown) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "–"),
        (0.0000021, "2 µs"),
        (0.0123, "12.3 ms"),
        (0.9999, "1.0 s"),
        (59.0, "59.0 s"),
        (61.0, "1 min 1 s"),
        (3720.0, "1 h 2 min"),
    ],
)
def test_a_time_is_said_in_the_unit_that_suits_it(seconds: float | None, expected: str) -> None:
    assert duration(seconds) == expected


def test_counts_are_brief() -> None:
    assert [brief(number) for number in (7, 950, 12_345, 4_560_000)] == ["7", "950", "12.3k", "4.56M"]


def test_a_failed_verdict_shows_no_score() -> None:
    assert verdict(TrialScore(status="failed", score=0.0, is_passed=False)).plain == "failed"
    assert verdict(TrialScore(status="scored", score=0.0, is_passed=False)).plain == "0 ✗"
    assert verdict(TrialScore(status="scored", score=True, is_passed=True)).plain == "true ✓"
    assert verdict(TrialScore(status="scored", score=2.0)).plain == "2"


@pytest.mark.parametrize("width", [80, 120])
def test_a_scripted_judge_is_labelled_and_failures_stand_apart(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    judge = ReportEvaluator(
        evaluator_slug="plausible",
        name="Plausible",
        method="llm",
        model="scripted",
        is_scripted=True,
        cell_count=100,
        scored_count=98,
        failed_count=2,
        cost_usd=0.25,
        unknown_cost_count=1,
        input_tokens=12_345,
        output_tokens=900,
        summary=ScoreSummary(
            mean=3.0,
            confidence_interval=Interval(lower=2.9, upper=3.1),
            clustered=ClusteredEstimate(clusters=4, confidence_interval=Interval(lower=2.5, upper=3.5)),
            mean_bounds=MeanBounds(lower=2.96, upper=3.04),
            latency_seconds=LatencySummary(percentiles={"p50": 0.2, "p95": 1.5}),
            minimum_detectable_effect=DetectableEffect(paired=0.159, rows=98),
        ),
    )
    real = ReportEvaluator(evaluator_slug="kind", method="llm", model="gpt-4o-mini", cell_count=100, scored_count=100)
    report = EvalReport(
        id="r",
        dataset_id="d",
        status="running",
        state="paused",
        settings=RunSettings(cluster_by="metadata.topic"),
        evaluators=[judge, real],
    )
    print_report(report)
    words = capsys.readouterr().out
    assert "Report r · paused" in words
    assert "clustered by metadata.topic" in words
    assert "scripted, no model asked" in words
    assert "gpt-4o-mini" in words
    assert "2.50–3.50" in words
    assert "2.90–3.10" not in words
    assert "98/100" in words
    assert "2 failed" in words
    assert "the mean is 2.96 to 3.04" in " ".join(words.split())
    for figures in ("$0.25 + ?", "200 ms", "1.5 s", "12.3k, 900", "±0.159"):
        assert figures in words
    assert "their scores mean nothing" in words
    assert max(len(line) for line in words.splitlines()) <= width


def test_evaluators_that_were_left_out_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(EvalReport(id="r", dataset_id="d", status="completed", errors={"tone": "It has no prompt."}))
    assert "tone was left out: It has no prompt." in capsys.readouterr().out
