"""`assay reports`: evaluate a dataset, read the reports, steer the runs."""

from __future__ import annotations

import typer

from assay.cli import report_analysis, report_rows, report_runs
from assay.cli.options import DatasetArgument, JsonOption, PageOption, YesOption
from assay.cli.output import confirm, day_and_time, print_json, print_line, print_table, table
from assay.cli.report_reference import LATEST, ReportArgument, report_id_of
from assay.cli.report_table import print_report
from assay.cli.session import dataset_id_of, find_dataset, session_of

READ = "Read a report"
STEER = "Steer a run"
REPEAT = "Files, repetition and proof"

app = typer.Typer(no_args_is_help=True, help="Evaluate a dataset and read the reports.")

app.command("run")(report_runs.run)


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
            (
                one.id,
                (one.state or one.status).replace("_", " "),
                one.name or ", ".join(one.evaluator_slugs),
                day_and_time(one.created_at),
            )
            for one in found.results
        ],
    )
    print_table(made, "No reports. `assay reports run` makes one.", len(found.results), found.total_count)


@app.command()
def show(
    context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST, as_json: JsonOption = False
) -> None:
    """Show a report: figures with their intervals, coverage, distribution, costs."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        shown = client.eval_reports.get(found.id, report_id_of(client, found.id, report))
    session.print_last_answer() if as_json else print_report(shown, found.name)


@app.command()
def delete(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument,
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a finished report; the scores on the rows stay."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        report_id = report_id_of(client, dataset_id, report)
        confirm(f"Delete report {report_id}?", is_confirmed)
        client.eval_reports.delete(dataset_id, report_id)
    print_json({"id": report_id, "deleted": True}) if as_json else print_line(f"Deleted report {report_id}.")


app.command("rows", rich_help_panel=READ)(report_rows.rows)
app.command("row", rich_help_panel=READ)(report_rows.row)
app.command("slices", rich_help_panel=READ)(report_analysis.slices)
app.command("agreement", rich_help_panel=READ)(report_analysis.agreement)
app.command("power", rich_help_panel=READ)(report_analysis.power)
app.command("watch", rich_help_panel=STEER)(report_runs.watch)
app.command("pause", rich_help_panel=STEER)(report_runs.pause)
app.command("resume", rich_help_panel=STEER)(report_runs.resume)
app.command("cancel", rich_help_panel=STEER)(report_runs.cancel)
app.command("retry-failed", rich_help_panel=STEER)(report_runs.retry_failed)
app.command("export", rich_help_panel=REPEAT)(report_rows.export)
app.command("manifest", rich_help_panel=REPEAT)(report_rows.manifest)
app.command("rerun", rich_help_panel=REPEAT)(report_runs.rerun)
app.command("verify", rich_help_panel=REPEAT)(report_rows.verify)
