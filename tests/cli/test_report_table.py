"""The report as people see it."""

from __future__ import annotations

import pytest

from assay.cli.report_table import arrow, figure, interval, percent_interval, print_report, sparkline
from assay.sdk.types import (
    Coverage,
    EvalReport,
    HistogramBin,
    Interval,
    PassRate,
    ReportEvaluator,
    ScoreSummary,
)


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
    assert "4 cells failed" in words
    assert max(len(line) for line in words.splitlines()) <= 80
