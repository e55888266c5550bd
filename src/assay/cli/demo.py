"""`assay demo`: the main job on real input in one go, from request logs to a report, on a server of its own."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.output import console, print_line, text
from assay.cli.progress import row_progress
from assay.cli.report_runs import follow
from assay.cli.report_table import print_report
from assay.cli.session import session_of
from assay.demo.dataset import DESCRIPTION, NAME, REPORT_NAME, ROW_COUNT, SEED, filters_of, run_of
from assay.model.errors import Unavailable

if TYPE_CHECKING:
    from assay.cli.demo_server import DemoServer
    from assay.sdk import Client
    from assay.sdk.report_types import EvalReport
    from assay.sdk.types import Dataset


def demo(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(metavar="DIRECTORY", help="Where the server keeps its data; default ~/.assay-demo.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the server; default: a free one.")] = None,
    is_exiting: Annotated[
        bool, typer.Option("--exit", help="Stop the server at the end instead of keeping it.")
    ] = False,
    is_offline: Annotated[
        bool, typer.Option("--offline", help="Do not fetch the data file; use the bundled copy.")
    ] = False,
) -> None:
    """See it work: record real prompts as logs, sample a dataset, run three evaluators, show the report.

    Starts a server of its own and leaves it running until Ctrl-C; with --base-url (not $ASSAY_BASE_URL) it
    works with that server instead.
    """
    from assay.cli.demo_server import running_server
    from assay.sdk import Client

    session = session_of(context)
    if session.base_url is not None:
        with session.client() as client:
            _show_main_job(client, is_offline)
        return
    directory = (data or Path.home() / ".assay-demo").expanduser()
    with ExitStack() as stack:
        with _shown("Starting the server"):
            server = stack.enter_context(running_server(directory, port))
        print_line(f"Server: {server.url}, its data in {directory}")
        with Client(api_key=server.api_key, base_url=server.url) as client:
            dataset_id = _show_main_job(client, is_offline)
        if sys.stdout.isatty() and not is_exiting:
            _stay(server, dataset_id)


def _show_main_job(client: Client, is_offline: bool) -> str:
    """Fetch, record, sample, evaluate, report, saying what it does and how long it took; return the dataset's id."""
    from assay.cli.demo_data import fetch
    from assay.demo.rows import bundled

    if is_offline:
        found = bundled("--offline was given")
    else:
        with _shown("Fetching real data (44 MB, once)"):
            found = fetch(_cache_directory())
    print_line(f"Data: {len(found.rows):,} job titles and their occupations, from {found.source}")
    if found.reason:
        print_line(f"  (not downloaded: {found.reason})")
    print_line("Answers: three baselines without any model. Tokens, prices, times and customers are made up.")
    run = _record(client, found.rows)
    dataset = _sample(client, run)

    report = _evaluate(client, dataset)
    print_line("")
    print_report(report, dataset.name)
    _print_one_failure(client, report)
    if report.status != "completed":
        raise Unavailable(f"the run is {report.status}: {report.error_message or 'no reason was given'}")
    return dataset.id


def _record(client: Client, rows: Sequence[dict[str, Any]]) -> str:
    """Record the day's logs, once however often the demo is run; return what stands in their metadata."""
    from assay.demo.request_logs import questions_of, request_logs

    now = datetime.now(UTC)
    run = run_of(now)
    logs = list(request_logs(questions_of(rows), run, now))
    started = time.monotonic()
    with row_progress("Recording logs", len(logs)) as recorded:
        result = client.request_logs.record_many(logs, idempotency_key=run, progress=recorded)
    if result.error_count:
        raise Unavailable(f"the server refused {result.error_count} logs, the first because: {result.errors[0].error}")
    failed = sum("error_message" in log and log.get("log_type") is None for log in logs)
    before = ", recorded by a run before" if result.duplicate_count == len(logs) else ""
    print_line(
        f"Logs: {len(logs):,} of three models in {time.monotonic() - started:.1f} s, {failed} of them failed{before}"
    )
    return run


def _sample(client: Client, run: str) -> Dataset:
    """Make a dataset of the day's calls that succeeded: 400 of them, in proportion to their models."""
    from assay.sdk.log_types import LogSample

    sample = LogSample(
        start_time=datetime.now(UTC) - timedelta(days=3),
        filters=filters_of(run),
        count=ROW_COUNT,
        stratify_by="model",
        seed=SEED,
    )
    started = time.monotonic()
    dataset = client.datasets.create(_free_name(client), DESCRIPTION, from_logs=sample)
    dataset = client.datasets.wait(dataset.id)
    if dataset.status != "ready":
        raise Unavailable(f'the dataset "{dataset.name}" is {dataset.status}')
    outcome = dataset.sampling_outcome or {}
    strata = ", ".join(f"{one['taken']} {one['value']}" for one in outcome.get("strata", ()))
    print_line(
        f'Dataset: "{dataset.name}", {dataset.log_count:,} of {outcome.get("matched_count", 0):,} successful calls '
        f"by model ({strata}) in {time.monotonic() - started:.1f} s"
    )
    return dataset


def _free_name(client: Client) -> str:
    """Return a name that no dataset has, so that every run of the demo can be named."""
    taken = {one.name for one in client.datasets.iterate()}
    names = itertools.chain([NAME], (f"{NAME} {number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _evaluate(client: Client, dataset: Dataset) -> EvalReport:
    """Run the three evaluators over the dataset, and say what they are and what failed."""
    from assay.cli.demo_evaluators import demo_evaluators

    slugs = demo_evaluators(client)
    print_line(f"Evaluators: {slugs[0]}, a judge by a scripted model: no model is asked, its scores mean nothing;")
    print_line(f"  {slugs[1]}, Python code in the sandbox, with a fault on purpose; {slugs[2]}, built in")
    started = time.monotonic()
    report = follow(client, client.eval_reports.create(dataset.id, slugs, name=REPORT_NAME), "Evaluating")
    cells = dataset.log_count * len(slugs)
    print_line(f"Evaluation: {cells:,} cells in {time.monotonic() - started:.1f} s")
    return report


def _print_one_failure(client: Client, report: EvalReport) -> None:
    """Show one failed cell with its reason: it counts as failed, and not as a score of 0."""
    found = client.eval_reports.rows(report.dataset_id, report.id, status="failed", page_size=1, has_logs=True).results
    for slug, score in found[0].scores.items() if found else ():
        if score.status == "failed":
            title = ((found[0].log or {}).get("metadata") or {}).get("job_title")
            print_line(f'For example "{title}": {slug} failed, {score.error_message}')


def _stay(server: DemoServer, dataset_id: str) -> None:
    """Keep the server up until Ctrl-C, or until it stops by itself."""
    print_line("")
    print_line(f"Open {server.login_link}")
    print_line("It signs this browser in: once, within an hour. Ctrl-C stops the server.")
    print_line("")
    print_line("To work with it from another terminal:")
    print_line(f"  export ASSAY_BASE_URL={server.url} ASSAY_API_KEY={server.api_key}")
    print_line("  assay logs list --limit 5")
    print_line("  assay traces list")
    print_line(f"  assay reports rows {dataset_id} --status failed")
    print_line(f"  assay reports slices {dataset_id} --by metadata.plan --evaluator exact_match")
    print_line(f"  assay evaluators bench demo_shared_words --dataset {dataset_id}")
    try:
        code = server.process.wait()
    except KeyboardInterrupt:
        print_line("\nStopping the server.")
        return
    raise Unavailable(f"the server stopped by itself with code {code}")


def _cache_directory() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "assay"


@contextmanager
def _shown(title: str) -> Iterator[None]:
    """Show a spinner where a person looks on, else the plain title."""
    err = console(to_stderr=True)
    if not err.is_terminal:
        err.print(text(f"{title} …"))
        yield
        return
    with err.status(f"{title} …"):
        yield
