"""`assay traces`: list traces, show one as a tree, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.log_options import EnvironmentOption, SinceOption, UntilOption, read_environment, read_window
from assay.cli.log_table import print_trace, traces_table
from assay.cli.options import FilterOption, FiltersOption, JsonOption, PageOption, YesOption, read_filters
from assay.cli.output import confirm, print_json, print_line, print_table
from assay.cli.session import session_of

app = typer.Typer(no_args_is_help=True, help="Traces: list, show as a tree, delete.")

TraceArgument = Annotated[str, typer.Argument(metavar="TRACE", help="Id of a trace.")]


@app.command("list")
def list_traces(
    context: typer.Context,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    environment: EnvironmentOption = None,
    sort_by: Annotated[
        str | None, typer.Option("--sort", help='duration, total_cost, span_count, …; "-" before it: descending.')
    ] = None,
    page: PageOption = 1,
    page_size: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: JsonOption = False,
) -> None:
    """List traces, the one that ended last first: those of the last 24 hours, unless a time is given."""
    session = session_of(context)
    wanted = read_filters(filters, filters_json)
    window = read_window(since, until, "24h") | read_environment(environment)
    with session.client() as client:
        found = client.traces.list(wanted, page=page, page_size=page_size, sort_by=sort_by, **window)
    if as_json:
        return session.print_last_answer()
    hint = " in the last 24 hours; --since 7d looks further back" if since is None and until is None else ""
    print_table(traces_table(found.results), f"No traces{hint}.", len(found.results), found.total_count)


@app.command()
def show(context: typer.Context, trace: TraceArgument, as_json: JsonOption = False) -> None:
    """Show a trace as a tree: durations, tokens, costs, and when each span ran."""
    session = session_of(context)
    with session.client() as client:
        found = client.traces.get(trace)
    session.print_last_answer() if as_json else print_trace(found)


@app.command()
def delete(
    context: typer.Context, trace: TraceArgument, is_confirmed: YesOption = False, as_json: JsonOption = False
) -> None:
    """Delete all logs of a trace; rows of datasets are copies and stay."""
    confirm(f"Delete all logs of trace {trace}?", is_confirmed)
    with session_of(context).client() as client:
        client.traces.delete(trace)
    print_json({"id": trace, "deleted": True}) if as_json else print_line(f"Deleted trace {trace}.")
