"""An eval report for people: coverage, figures with their intervals, distribution, failures apart, what it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.cli.figures import (
    NOTHING,
    arrow,
    brief,
    dollars,
    duration,
    figure,
    interval,
    percent,
    percent_interval,
    sparkline,
)
from assay.cli.output import clean, console, counted, table, text

if TYPE_CHECKING:
    from rich.text import Text

    from assay.sdk.report_types import EvalReport, ReportEvaluator

STATUS_STYLES = {"completed": "green", "failed": "red", "cancelled": "yellow"}
SCRIPTED = "scripted, no model asked"
SCRIPTED_NOTE = "Scripted judges answer from a script: their scores mean nothing."
DETECTABLE_NOTE = "Detectable: the smallest change that a run over as many rows would likely show."
_RIGHT: dict[str, Any] = {"justify": "right", "no_wrap": True}


def print_report(report: EvalReport, dataset_name: str | None = None) -> None:
    """Print a report: what it is, what each evaluator says and took, and what failed."""
    out = console()
    out.print(_heading(report, dataset_name))
    if report.error_message:
        out.print(text(report.error_message, "red"))
    for name, reason in report.errors.items():
        out.print(text(f"{name} was left out: {reason}", "red"))
    out.print()
    out.print(
        table(
            [
                ("Evaluator", {"ratio": 1}),
                ("Scored", _RIGHT),
                ("Mean, 95 % CI", _RIGHT),
                ("Pass, 95 % CI", _RIGHT),
                ("Distribution", {"no_wrap": True}),
            ],
            [_row(one) for one in report.evaluators],
        )
    )
    if any(one.summary is not None and one.summary.latency_seconds is not None for one in report.evaluators):
        out.print()
        out.print(_taken(report))
    for line in _notes(report):
        out.print(line)


def _heading(report: EvalReport, dataset_name: str | None) -> Text:
    from rich.text import Text

    state = (report.state or report.status).replace("_", " ")
    heading = Text(clean(report.name or f"Report {report.id}"), style="bold")
    heading.append(" · ", "dim").append(clean(state), STATUS_STYLES.get(state, ""))
    if report.cancel_reason == "budget":
        heading.append(": the budget is used up", "yellow")
    parts = [] if not dataset_name else [dataset_name]
    if report.dataset_version is not None:
        parts.append(f"version {report.dataset_version}")
    if report.log_count is not None:
        parts.append(counted(report.log_count, "row"))
    if report.trials > 1:
        parts.append(f"{report.trials} trials")
    if report.started_at is not None and report.completed_at is not None:
        parts.append(duration((report.completed_at - report.started_at).total_seconds()))
    elif report.progress is not None and not report.is_finished:
        parts.append(f"{report.progress.percent:.0f} % done")
        if report.estimate is not None and report.estimate.cost_usd:
            parts.append(f"about {dollars(report.estimate.cost_usd)} in all")
    if report.settings is not None and report.settings.cluster_by:
        parts.append(f"clustered by {report.settings.cluster_by}")
    if parts:
        heading.append("\n" + clean(" · ".join(parts)), "not bold dim")
    return heading


def _row(one: ReportEvaluator) -> tuple[Text, Text, Text, Text, Text]:
    summary = one.summary
    scored = text(f"{one.scored_count:,}/{_cell_count(one):,}")
    for count, word, style in ((one.failed_count, "failed", "red"), (one.skipped_count, "skipped", "yellow")):
        if count:
            scored.append(f"\n{count:,} {word}", style)
    mean = summary.mean if summary is not None and summary.mean is not None else one.score
    means = text(figure(mean), "bold")
    if summary is not None:
        clustered = summary.clustered
        shown = clustered.confidence_interval if clustered is not None else summary.confidence_interval
        means.append("\n" + interval(shown), "not bold dim")
    return _name(one), scored, means, _passed(one), _distribution(one)


def _cell_count(one: ReportEvaluator) -> int:
    if one.cell_count is not None:
        return one.cell_count
    if one.summary is not None and one.summary.coverage is not None:
        return one.summary.coverage.total
    return one.scored_count + one.skipped_count + one.failed_count


def _name(one: ReportEvaluator) -> Text:
    """Return the name, below it the slug and who judged; a judge that asked no model says so."""
    cell = text(f"{one.name or one.evaluator_slug} {arrow(one.direction)}".rstrip())
    if one.name and one.name != one.evaluator_slug:
        cell.append("\n" + clean(one.evaluator_slug), "dim")
    if one.is_scripted:
        cell.append("\n" + SCRIPTED, "yellow")
    elif one.model:
        cell.append("\n" + clean(one.model), "dim")
    return cell


def _passed(one: ReportEvaluator) -> Text:
    rate = one.summary.pass_rate if one.summary is not None else None
    if rate is None or rate.rate is None:
        return text(NOTHING, "dim")
    shown = rate.clustered.confidence_interval if rate.clustered is not None else rate.confidence_interval
    cell = text(percent(rate.rate), "bold")
    cell.append("\n" + percent_interval(shown), "not bold dim")
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
        numbers = [(name, count) for name, count in summary.counts.items() if isinstance(count, int)]
        largest = sorted(numbers, key=lambda pair: -pair[1])[:3]
        return text("\n".join(f"{name} {count:,}" for name, count in largest))
    return text("")


def _taken(report: EvalReport) -> Any:
    """Return the table of what each evaluator cost and took, and what a later run could show."""
    return table(
        [
            ("What it took", {"ratio": 1}),
            ("Cost", _RIGHT),
            ("Time p50", _RIGHT),
            ("p95", _RIGHT),
            ("Tokens in, out", _RIGHT),
            ("Detectable", _RIGHT),
        ],
        [_taken_by(one) for one in report.evaluators],
    )


def _taken_by(one: ReportEvaluator) -> tuple[Any, ...]:
    summary = one.summary
    times = summary.latency_seconds.percentiles if summary is not None and summary.latency_seconds is not None else None
    tokens = f"{brief(one.input_tokens)}, {brief(one.output_tokens)}" if one.input_tokens or one.output_tokens else ""
    return (
        text(one.evaluator_slug, "dim"),
        dollars(one.cost_usd, one.unknown_cost_count) if one.method == "llm" else "",
        duration((times or {}).get("p50")),
        duration((times or {}).get("p95")),
        tokens,
        _detectable(one),
    )


def _detectable(one: ReportEvaluator) -> str:
    found = one.summary.minimum_detectable_effect if one.summary is not None else None
    if found is None or found.paired is None:
        return NOTHING
    is_share = one.score_value_type == "boolean" or one.summary is None or one.summary.mean is None
    return f"±{found.paired * 100:.1f} points" if is_share else f"±{found.paired:.3g}"


def _notes(report: EvalReport) -> list[Text]:
    """Return what has to be said below the tables, failures first."""
    lines = []
    for one in report.evaluators:
        if one.failed_count:
            words = (
                f"{one.evaluator_slug}: {one.failed_count:,} of {counted(_cell_count(one), 'cell')} failed, no score"
            )
            bounds = one.summary.mean_bounds if one.summary is not None else None
            if bounds is not None and bounds.lower < bounds.upper:
                words += f"; with them at the ends the mean is {figure(bounds.lower)} to {figure(bounds.upper)}"
            lines.append(text(f"{words}.", "yellow"))
    if lines:
        lines.append(text("`assay reports rows … --status failed` says why; `retry-failed` tries again.", "yellow"))
    if report.awaited_count:
        lines.append(
            text(f"{counted(report.awaited_count, 'verdict')} wanted of people: `assay scores tasks`.", "yellow")
        )
    if any(one.is_scripted for one in report.evaluators):
        lines.append(text("Scripted judges answer from a script: their scores mean nothing.", "yellow"))
    lines += [line for one in report.evaluators if (line := _trials(one)) is not None]
    if any(_detectable(one) != NOTHING for one in report.evaluators):
        lines.append(
            text(
                "Detectable: the smallest change that a run over as many rows would likely show.",
                "dim",
            )
        )
    return lines


def _trials(one: ReportEvaluator) -> Text | None:
    found = one.summary.trials if one.summary is not None else None
    if found is None or not found.cells:
        return None
    words = f"{one.evaluator_slug}, {one.trials} trials"
    if found.pass_at_k:
        last = found.pass_at_k[-1]
        words += f": pass@{last.k} {percent(last.pass_at_k)}, pass^{last.k} {percent(last.pass_hat_k)}"
    if found.variance_between_rows is not None and found.variance_within_rows is not None:
        between, within = figure(found.variance_between_rows), figure(found.variance_within_rows)
        words += f"; variance {between} between rows, {within} within"
    if found.advice in ("more rows", "more trials"):
        words += f"; {found.advice} would narrow the interval faster"
    return text(f"{words}.", "dim")
