"""`assay reports rows`, `row`, `export`, `manifest` and `verify`: the verdicts one by one, and as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.figures import dollars, duration, model_words, verdict
from assay.cli.options import DatasetArgument, JsonOption, PageOption, read_file, read_object
from assay.cli.output import (
    console,
    counted,
    print_error,
    print_fields,
    print_json,
    print_line,
    print_table,
    shortened,
    table,
    text,
)
from assay.cli.progress import byte_progress
from assay.cli.report_reference import LATEST, ReportArgument, ReportOption, report_id_of
from assay.cli.session import dataset_id_of, session_of

if TYPE_CHECKING:
    from rich.text import Text

    from assay.sdk.report_types import CellScore, ReportRowDetail, TrialScore


def rows(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    status: Annotated[str | None, typer.Option(help="scored, skipped or failed.")] = None,
    is_passed: Annotated[bool | None, typer.Option("--passed/--not-passed", help="Only those that did.")] = None,
    minimum: Annotated[float | None, typer.Option("--min-score", help="Scores from here on.")] = None,
    maximum: Annotated[float | None, typer.Option("--max-score", help="Scores up to here.")] = None,
    label: Annotated[
        str | None, typer.Option(metavar="PATH:VALUE", help="Only rows with this, such as metadata.topic:billing.")
    ] = None,
    evaluator: Annotated[str | None, typer.Option("--evaluator", "-e", help="A slug.")] = None,
    sort: Annotated[str | None, typer.Option(help="worst or best, by the evaluator's score.")] = None,
    page: PageOption = 1,
    page_size: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the verdicts on the rows of a report."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        found = client.eval_reports.rows(
            dataset_id,
            report_id_of(client, dataset_id, report),
            status=status,
            is_passed=is_passed,
            min_score=minimum,
            max_score=maximum,
            label=label,
            evaluator_slug=evaluator,
            sort=sort,
            page=page,
            page_size=page_size,
        )
    if as_json:
        return session.print_last_answer()
    slugs = [evaluator] if evaluator else list(dict.fromkeys(slug for row in found.results for slug in row.scores))
    made = table(
        [("Row", {"no_wrap": True, "style": "dim"}), *((slug, {"ratio": 1}) for slug in slugs)],
        [(row.log_id, *(_cell(row.scores.get(slug)) for slug in slugs)) for row in found.results],
    )
    print_table(made, "No rows match.", len(found.results), found.total_count)


def row(
    context: typer.Context,
    dataset: DatasetArgument,
    log_id: Annotated[str, typer.Argument(metavar="ROW", help="Id of a row, as `assay reports rows` shows it.")],
    report: ReportOption = LATEST,
    as_json: JsonOption = False,
) -> None:
    """Show one row as it was judged: of each trial what was asked, answered and printed."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        found = client.eval_reports.row(dataset_id, report_id_of(client, dataset_id, report), log_id)
    session.print_last_answer() if as_json else _print_row(found)


def export(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    destination: Annotated[str, typer.Option("--to", metavar="FILE", help="A file, - for standard output.")] = "-",
    format: Annotated[
        str | None, typer.Option(help="jsonl or csv; default: as the file is called, else jsonl.")
    ] = None,
    is_full: Annotated[bool, typer.Option("--full", help="All of each row, not its beginning.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the rows with every verdict into a file, streamed."""
    chosen = format or ("csv" if destination.lower().endswith(".csv") else "jsonl")
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        report_id = report_id_of(client, dataset_id, report)
        content = "full" if is_full else "preview"
        if destination == "-":
            sys.stdout.flush()
            client.eval_reports.export(dataset_id, report_id, sys.stdout.buffer, format=chosen, content=content)
            sys.stdout.buffer.flush()
            return
        with byte_progress("Exporting") as progress:
            size = client.eval_reports.export(
                dataset_id, report_id, destination, format=chosen, content=content, progress=progress
            )
    if as_json:
        return print_json({"file": destination, "bytes": size})
    print_line(f"Wrote {size:,} bytes to {destination}.")


def manifest(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    as_json: JsonOption = False,  # what it prints anyway, taken so that every command takes it
) -> None:
    """Print all that a run was made of, as JSON that `assay reports run --manifest` repeats."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        client.eval_reports.manifest(dataset_id, report_id_of(client, dataset_id, report))
    session.print_last_answer()


def verify(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    described: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE.json", help="Check this manifest, too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the hashes of a report's rows and definitions anew; exits with 1 where one differs."""
    given = None if described is None else read_object(read_file(described, "--manifest"), "--manifest")
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        found = client.eval_reports.verify(dataset_id, report_id_of(client, dataset_id, report), manifest=given)
    if as_json:
        session.print_last_answer()
    else:
        made = table(
            ["What", ("Recorded", {"ratio": 1}), ("Now", {"ratio": 1}), ""],
            [(one.subject, _hash(one.expected), _hash(one.actual), _same(one.is_equal)) for one in found.checks],
        )
        print_table(made, "Nothing to check.", len(found.checks))
    if not found.is_verified:
        print_error("the report is not what was recorded")
        raise typer.Exit(1)


def _hash(value: Any) -> str:
    return shortened(value, 16) if value is not None else ""


def _same(is_equal: bool) -> Text:
    return text("same", "green") if is_equal else text("differs", "red")


def _cell(score: CellScore | None) -> object:
    if score is None:
        return text("–", "dim")
    if score.status != "scored":
        reason = score.error_message or score.explanation or ""
        style = "red" if score.status == "failed" else "yellow"
        return text(f"{score.status}{': ' if reason else ''}{shortened(reason, 120)}", style)
    return verdict(score)


def _print_row(found: ReportRowDetail) -> None:
    out = console()
    log = found.log
    print_fields(
        {
            "Row": found.log_id,
            "Input": shortened(log.input, 2000),
            "Output": shortened(log.output, 2000),
            "Expected": shortened(log.expected_output, 2000),
            "Metadata": shortened(log.metadata) if log.metadata else None,
        }
    )
    for slug, score in found.scores.items():
        trials = score.trials or (score,)
        for number, trial in enumerate(trials, 1):
            out.print()
            name = f"{slug}, trial {number} of {len(trials)}" if len(trials) > 1 else slug
            out.print(text(name, "bold"))
            print_fields(_trial(trial))


def _trial(trial: TrialScore) -> dict[str, Any]:
    detail = trial.detail
    tokens = trial.input_tokens is not None or trial.output_tokens is not None
    fields: dict[str, Any] = {
        "Score": verdict(trial),
        "Explanation": trial.explanation,
        "Error": text(trial.error_message, "red") if trial.error_message else None,
        "Attempts": counted(trial.attempts, "attempt") if trial.attempts and trial.attempts > 1 else None,
        "Time": duration(trial.latency_seconds),
        "Cost": dollars(trial.cost_usd) if tokens else None,
    }
    if detail is not None:
        fields |= {"Model": model_words(detail.model), "From cache": "yes" if detail.is_from_cache else None}
        fields |= {str(one.get("role", "asked")).capitalize(): one.get("content") for one in detail.messages}
        fields |= {"Reply": detail.reply, "Printed": detail.stdout}
    return fields
