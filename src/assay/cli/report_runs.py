"""`assay reports run` and what steers a run: pause, resume, cancel, retry-failed, rerun."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import DatasetArgument, JsonOption, read_file, read_object
from assay.cli.output import print_error, print_line
from assay.cli.progress import report_progress
from assay.cli.report_reference import LATEST, ReportArgument, report_id_of
from assay.cli.report_table import print_report
from assay.cli.session import Session, dataset_id_of, find_dataset, session_of

if TYPE_CHECKING:
    from assay.sdk import Client
    from assay.sdk.report_types import EvalReport, ReportSnapshot

HOW = "How it runs"

NameOption = Annotated[str | None, typer.Option("--name", help="A name for the report.")]
TrialsOption = Annotated[
    int | None, typer.Option("--trials", min=1, max=20, help="Judge each row so often.", rich_help_panel=HOW)
]
BudgetOption = Annotated[
    float | None,
    typer.Option("--budget-usd", min=0, help="Stop before models cost more than this.", rich_help_panel=HOW),
]
ConcurrencyOption = Annotated[
    int | None,
    typer.Option("--max-concurrency", min=1, max=256, help="Model calls in flight at most.", rich_help_panel=HOW),
]
CacheOption = Annotated[
    bool | None,
    typer.Option("--cache/--no-cache", help="Let equal judge calls share one answer.", rich_help_panel=HOW),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster-by", metavar="PATH", help="Rows alike in metadata.PATH belong together.", rich_help_panel=HOW
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="For what is drawn in the statistics.", rich_help_panel=HOW)
]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end and show the report.")]


def run(
    context: typer.Context,
    dataset: DatasetArgument,
    evaluators: Annotated[
        list[str] | None,
        typer.Option("--evaluator", "-e", help="A slug, or <id>:3 for its version 3; may be repeated."),
    ] = None,
    name: NameOption = None,
    version: Annotated[
        str | None, typer.Option("--version", help="Number or tag of the dataset's version; default: newest.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Repeat the run of a manifest instead.")
    ] = None,
    trials: TrialsOption = None,
    budget_usd: BudgetOption = None,
    max_concurrency: ConcurrencyOption = None,
    is_cached: CacheOption = None,
    cluster_by: ClusterOption = None,
    method: Annotated[
        str | None,
        typer.Option(help="auto, llm or code: which way evaluators that have both judge.", rich_help_panel=HOW),
    ] = None,
    seed: SeedOption = None,
    is_waiting: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run evaluators over a dataset and show the report; exits with 1 unless it completes.

    Ctrl-C stops waiting and not the run.
    """
    if (manifest is None) == (not evaluators):
        raise typer.BadParameter("name evaluators, or give a --manifest", param_hint="--evaluator")
    given: Any = {"name": name, "trials": trials, "budget_usd": budget_usd, "max_concurrency": max_concurrency}
    given |= {"cache": is_cached, "cluster_by": cluster_by, "seed": seed}
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        if manifest is not None:
            described = read_object(read_file(manifest, "--manifest"), "--manifest")
            started = client.eval_reports.repeat(found.id, described, **given)
        else:
            started = client.eval_reports.create(
                found.id, evaluators or [], dataset_version=version, generation_method=method, **given
            )
        _see_through(session, client, started, found.name, is_waiting, as_json)


def rerun(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    name: NameOption = None,
    trials: TrialsOption = None,
    budget_usd: BudgetOption = None,
    max_concurrency: ConcurrencyOption = None,
    is_cached: CacheOption = None,
    cluster_by: ClusterOption = None,
    seed: SeedOption = None,
    is_waiting: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run the same definitions over the same rows again; options replace those of the first run."""
    given: Any = {"name": name, "trials": trials, "budget_usd": budget_usd, "max_concurrency": max_concurrency}
    given |= {"cache": is_cached, "cluster_by": cluster_by, "seed": seed}
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        started = client.eval_reports.rerun(found.id, report_id_of(client, found.id, report), **given)
        _see_through(session, client, started, found.name, is_waiting, as_json)


def retry_failed(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    is_waiting: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run the failed cells of a report again, and those that a cancel left out; scores stay."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        started = client.eval_reports.retry_failed(found.id, report_id_of(client, found.id, report))
        _see_through(session, client, started, found.name, is_waiting, as_json, "Retrying")


def resume(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    is_waiting: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Let a paused run go on with what is missing."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        started = client.eval_reports.resume(found.id, report_id_of(client, found.id, report))
        _see_through(session, client, started, found.name, is_waiting, as_json)


def pause(
    context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST, as_json: JsonOption = False
) -> None:
    """Let a run rest until `assay reports resume`; what was scored is kept."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        asked = client.eval_reports.pause(dataset_id, report_id_of(client, dataset_id, report))
    session.print_last_answer() if as_json else print_line(_stopped(asked, "paused"))


def cancel(
    context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST, as_json: JsonOption = False
) -> None:
    """Stop a run for good; what was scored is kept."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        asked = client.eval_reports.cancel(dataset_id, report_id_of(client, dataset_id, report))
    session.print_last_answer() if as_json else print_line(_stopped(asked, "cancelled"))


def watch(context: typer.Context, dataset: DatasetArgument, report: ReportArgument = LATEST) -> None:
    """Follow a run that was started elsewhere, and show its report at the end."""
    session = session_of(context)
    with session.client() as client:
        found = find_dataset(client, dataset)
        started = client.eval_reports.get(found.id, report_id_of(client, found.id, report))
        _see_through(session, client, started, found.name, True, False)


def follow(client: Client, report: EvalReport, title: str) -> EvalReport:
    """Show how a run goes until it ends or rests, and return its report."""
    with report_progress(title) as progress:
        last: ReportSnapshot | None = None
        for last in client.eval_reports.watch(report.dataset_id, report.id):
            progress(last)
    return client.eval_reports.get(report.dataset_id, report.id)


def _see_through(
    session: Session,
    client: Client,
    started: EvalReport,
    dataset_name: str,
    is_waiting: bool,
    as_json: bool,
    title: str = "Evaluating",
) -> None:
    """Wait for a run, show its report, and exit with 1 where it did not complete."""
    if not is_waiting:
        for name, reason in ({} if as_json else started.errors).items():
            print_error(f"{name} was left out: {reason}")
        return session.print_last_answer() if as_json else print_line(f"Started report {started.id}.")
    try:
        report = follow(client, started, title)
    except KeyboardInterrupt:
        print_error(f"No longer waiting; the run goes on: assay reports show {started.dataset_id} {started.id}")
        raise typer.Exit(130) from None
    if as_json:
        session.print_last_answer()
    else:
        print_report(report, dataset_name)
    for name, reason in started.errors.items():
        print_error(f"{name} was left out: {reason}")
    if report.state == "waiting_for_annotations":
        return
    if report.status != "completed":
        reason = report.error_message or ("its budget is used up" if report.cancel_reason == "budget" else "")
        print_error(f"The run is {report.state or report.status}{f': {reason}' if reason else ''}")
        raise typer.Exit(1)


def _stopped(report: EvalReport, what: str) -> str:
    state = (report.state or report.status).replace("_", " ")
    if state == what or report.is_finished:
        return f"Report {report.id} is {state}."
    return f"Report {report.id} will be {what} when the calls in flight have ended."
