"""An eval report as a table for people: figures with their intervals, coverage and distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assay.cli.output import clean, console, counted, table, text

if TYPE_CHECKING:
    from rich.text import Text

    from assay.sdk.types import EvalReport, HistogramBin, Interval, ReportEvaluator

BARS = "▁▂▃▄▅▆▇█"
HISTOGRAM_WIDTH = 12
NOTHING = "–"
STATUS_STYLES = {"completed": "green", "failed": "red", "cancelled": "yellow"}


def print_report(report: EvalReport, dataset_name: str | None = None) -> None:
    """Print a report: what it is, one line pair for each evaluator, and what failed."""
    out = console()
    out.print(_heading(report, dataset_name))
    if report.error_message:
        out.print(text(report.error_message, "red"))
    out.print()
    right = {"justify": "right", "no_wrap": True}
    out.print(
        table(
            [
                ("Evaluator", {"ratio": 1}),
                ("Scored", right),
                ("Mean, 95 % CI", right),
                ("Pass, 95 % CI", right),
                ("Distribution", {"no_wrap": True}),
            ],
            [_row(one) for one in report.evaluators],
        )
    )
    failed = sum(one.failed_count for one in report.evaluators)
    if failed:
        out.print(text(f"{counted(failed, 'cell')} failed: `assay reports rows … --status failed` says why.", "yellow"))


def arrow(direction: str | None) -> str:
    """Return which way is better: ↑ higher, ↓ lower, nothing where neither is."""
    return {"higher": "↑", "lower": "↓"}.get(direction or "", "")


def sparkline(bins: Sequence[HistogramBin], width: int = HISTOGRAM_WIDTH) -> str:
    """Return a histogram as one line of bars, neighbouring bins merged to at most `width`; empty bins stay blank."""
    if not bins:
        return ""
    count = min(width, len(bins))
    merged = [0] * count
    for position, one in enumerate(bins):
        merged[position * count // len(bins)] += one.count
    tallest = max(merged) or 1
    return "".join(" " if height == 0 else BARS[-(-height * len(BARS) // tallest) - 1] for height in merged)


def figure(value: float | None) -> str:
    """Return a number with about four significant digits."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def interval(found: Interval | None) -> str:
    """Return an interval as `lower–upper`, both with the same decimals, about four significant digits; else nothing."""
    if found is None or found.lower is None or found.upper is None:
        return ""
    largest = max(abs(found.lower), abs(found.upper))
    decimals = 3 if largest < 1 else max(0, 3 - len(str(int(largest))))
    return f"{found.lower:,.{decimals}f}–{found.upper:,.{decimals}f}"


def percent_interval(found: Interval | None) -> str:
    """Return an interval of shares as `lower–upper %`, empty without one."""
    if found is None or found.lower is None or found.upper is None:
        return ""
    return f"{found.lower * 100:.1f}–{found.upper * 100:.1f} %"


def _heading(report: EvalReport, dataset_name: str | None) -> Text:
    from rich.text import Text

    heading = Text(clean(report.name or f"Report {report.id}"), style="bold")
    heading.append(" · ", "dim").append(clean(report.status), STATUS_STYLES.get(report.status, ""))
    parts = []
    if dataset_name:
        parts.append(dataset_name)
    if report.dataset_version is not None:
        parts.append(f"version {report.dataset_version}")
    if report.log_count is not None:
        parts.append(counted(report.log_count, "row"))
    if report.started_at is not None and report.completed_at is not None:
        parts.append(f"{(report.completed_at - report.started_at).total_seconds():.1f} s")
    elif report.progress is not None and not report.is_finished:
        parts.append(f"{report.progress.percent:.0f} % done")
    if parts:
        heading.append("\n" + clean(" · ".join(parts)), "not bold dim")
    return heading


def _row(one: ReportEvaluator) -> tuple[Text, Text, Text, Text, Text]:
    summary = one.summary
    name = text(f"{one.name or one.evaluator_slug} {arrow(one.direction)}".rstrip())
    if one.name and one.name != one.evaluator_slug:
        name.append("\n" + clean(one.evaluator_slug), "dim")
    total = one.scored_count + one.skipped_count + one.failed_count
    if summary is not None and summary.coverage is not None:
        total = summary.coverage.total
    scored = text(f"{one.scored_count:,}/{total:,}")
    for count, word, style in ((one.failed_count, "failed", "red"), (one.skipped_count, "skipped", "yellow")):
        if count:
            scored.append(f"\n{count:,} {word}", style)
    mean = summary.mean if summary is not None and summary.mean is not None else one.score
    means = text(figure(mean), "bold")
    if summary is not None:
        means.append("\n" + interval(summary.confidence_interval), "not bold dim")
    return name, scored, means, _passed(one), _distribution(one)


def _passed(one: ReportEvaluator) -> Text:
    rate = one.summary.pass_rate if one.summary is not None else None
    if rate is None or rate.rate is None:
        return text(NOTHING, "dim")
    cell = text(f"{rate.rate * 100:.1f} %", "bold")
    cell.append("\n" + percent_interval(rate.confidence_interval), "not bold dim")
    return cell


def _distribution(one: ReportEvaluator) -> Text:
    summary = one.summary
    if summary is None:
        return text("")
    if summary.histogram:
        cell = text(sparkline(summary.histogram), "cyan")
        if summary.minimum is not None and summary.maximum is not None:
            cell.append(f"\n{figure(summary.minimum)} … {figure(summary.maximum)}", "dim")
        return cell
    if isinstance(summary.counts, Mapping):
        counted = [(name, count) for name, count in summary.counts.items() if isinstance(count, int)]
        largest = sorted(counted, key=lambda pair: -pair[1])[:3]
        return text("\n".join(f"{name} {count:,}" for name, count in largest))
    return text("")
