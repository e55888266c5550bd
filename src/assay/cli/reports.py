"""`assay reports`: evaluate a dataset, read the reports, cancel and retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import DatasetArgument, JsonOption, PageOption
from assay.cli.output import day_and_time, print_error, print_line, print_table, shortened, table, text
from assay.cli.progress import report_progress
from assay.cli.report_table import print_report
from assay.cli.session import dataset_id_of, find_dataset, session_of
from assay.model.errors import NotFound

if TYPE_CHECKING:
    from assay.sdk import Client
    from assay.sdk.report_types import CellScore

app = typer.Typer(no_args_is_help=True, help="Evaluate a dataset and read the reports.")

ReportArgument = Annotated[str, typer.Argument(metavar="[REPORT]", help="Id of a report; default: the newest.")]
LATEST = "latest"


@app.command("list")
def list_reports(
    context: typer.Context, dataset: DatasetArgument, page: PageOption = 1, as_json: JsonOption = False
) -> None:
    """List a dataset's reports, newest first."""
    session = session_of(context)
    with session.client() as client:
        found = client.eval_reports.list(dataset_id_of(client, dataset), page=page, page_size=20)
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Id", {"no_wrap": True, "style": "dim"}), "Status", ("Name", {"ratio": 1}), ("Created", {"no_wrap": True})],
        [
            (one.id, one.status, one.name or ", ".join(one.evaluator_slugs), day_and_time(one.created_at))
            for one in found.results
        ],
    )
    print_table(made, "No reports. `assay reports run` makes one.", len(found.results), found.total_count)


@app.command()
def run(
    context: typer.Context,
    dataset: DatasetArgument,
    evaluators: Annotated[list[str], typer.Option("--evaluator", "-e", help="A slug; may be repeated.")],
    name: Annotated[str | None, typer.Option(help="A name for the report.")] = None,
    is_waiting: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end and show the report.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Run evaluators over a dataset and show the report; exits with 1 when the run fails."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        report = client.eval_reports.create(found.id, evaluators, name=name)
        if not is_waiting:
            if as_json:
                return session.print_last_answer()
            return print_line(f"Started report {report.id}.")
        try:
            with report_progress("Evaluating") as progress:
                report = client.eval_reports.wait(found.id, report.id, progress=progress)
        except KeyboardInterrupt:
            print_error(f"No longer waiting; the run goes on: assay reports show {found.id} {report.id}")
            raise typer.Exit(130) from None
    if as_json:
        session.print_last_answer()
    else:
        print_report(report, found.name)
    if report.status != "completed":
        print_error(f"The run is {report.status}: {report.error_message or 'see the rows for why'}")
        raise typer.Exit(1)


@app.command()
def show(
    context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST, as_json: JsonOption = False
) -> None:
    """Show a report: figures with their intervals, coverage, distribution."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        shown = client.eval_reports.get(found.id, _report_id(client, found.id, report))
    session.print_last_answer() if as_json else print_report(shown, found.name)


@app.command()
def rows(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    status: Annotated[str | None, typer.Option(help="scored, skipped or failed.")] = None,
    evaluator: Annotated[str | None, typer.Option("--evaluator", "-e", help="A slug.")] = None,
    sort: Annotated[str | None, typer.Option(help="worst or best, by the evaluator's score.")] = None,
    page: PageOption = 1,
    page_size: Annotated[int, typer.Option(min=1, max=100)] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the verdicts on the rows of a report."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        report_id = _report_id(client, dataset_id, report)
        found = client.eval_reports.rows(
            dataset_id,
            report_id,
            status=status,
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
        [(row.log_id, *(_verdict(row.scores.get(slug)) for slug in slugs)) for row in found.results],
    )
    print_table(made, "No rows match.", len(found.results), found.total_count)


@app.command()
def cancel(
    context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST, as_json: JsonOption = False
) -> None:
    """Stop a run; what was scored is kept."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        done = client.eval_reports.cancel(dataset_id, _report_id(client, dataset_id, report))
    session.print_last_answer() if as_json else print_line(f"Report {done.id} is {done.status}.")


@app.command("retry-failed")
def retry_failed(
    context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST, as_json: JsonOption = False
) -> None:
    """Run the failed cells of a report again, and show it."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        started = client.eval_reports.retry_failed(found.id, _report_id(client, found.id, report))
        with report_progress("Retrying") as progress:
            done = client.eval_reports.wait(found.id, started.id, progress=progress)
    session.print_last_answer() if as_json else print_report(done, found.name)


def _report_id(client: Client, dataset_id: str, text: str) -> str:
    """Return the id that `text` names: itself, or the newest report's for `latest`."""
    if text != LATEST:
        return text
    newest = client.eval_reports.list(dataset_id, page_size=1).results
    if not newest:
        raise NotFound("The dataset has no reports. `assay reports run` makes one.")
    return newest[0].id


def _verdict(score: CellScore | None) -> object:
    if score is None:
        return text("–", "dim")
    if score.status != "scored":
        reason = score.error_message or score.explanation or ""
        style = "red" if score.status == "failed" else "yellow"
        return text(f"{score.status}{': ' if reason else ''}{shortened(reason, 120)}", style)
    mark, style = ("", "") if score.is_passed is None else (" ✓", "green") if score.is_passed else (" ✗", "red")
    return text(shortened(score.score, 60) + mark, style)
