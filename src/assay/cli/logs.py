"""`assay logs`: find request logs, watch them come in, record and delete them, take them into datasets."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli import log_intake, log_retention, log_sampling
from assay.cli.log_options import (
    EnvironmentOption,
    SearchOption,
    SinceOption,
    UntilOption,
    read_environment,
    read_window,
)
from assay.cli.log_table import log_line, logs_table, print_log
from assay.cli.options import FilterOption, FiltersOption, JsonOption, YesOption, read_filters
from assay.cli.output import confirm, console, counted, print_error, print_json, print_line, text
from assay.cli.session import session_of
from assay.model.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.sdk import Client
    from assay.sdk.log_types import RequestLog

app = typer.Typer(no_args_is_help=True, help="Request logs: find, watch, record, delete.")

LogArgument = Annotated[str, typer.Argument(metavar="LOG", help="Id of a log.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many at most.")]

DEFAULT_SINCE = "24h"
# Logs that come in carry their own time: the newest may be some minutes old already.
_LATENESS = timedelta(minutes=15)
_OVERLAP = timedelta(seconds=5)
_REMEMBERED_IDS = 10_000


@app.command("list")
def list_logs(
    context: typer.Context,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    search: SearchOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    environment: EnvironmentOption = None,
    sort_by: Annotated[str | None, typer.Option("--sort", help='A field; "-" before it: descending.')] = None,
    limit: LimitOption = 20,
    has_ids: Annotated[bool, typer.Option("--ids", help="Show ids, as wide terminals always do.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List logs, newest first: those of the last 24 hours, unless --since or --until says otherwise."""
    session = session_of(context)
    wanted = read_filters(filters, filters_json)
    window = read_window(since, until, DEFAULT_SINCE) | read_environment(environment)
    with session.client() as client:
        found = client.request_logs.list(
            wanted, sort_by=sort_by, page_size=limit, search=search, previews=True, is_counted=False, **window
        )
    if as_json:
        return session.print_last_answer()
    is_default = since is None and until is None
    if not found.results:
        hint = " in the last 24 hours; --since 7d looks further back" if is_default else ""
        return print_line(f"No logs{hint}.")
    out = console()
    out.print(logs_table(found.results, has_ids=has_ids))
    if found.next is not None:
        out.print(text(f"The first {len(found.results):,}; --limit shows more.", "dim"))
    elif is_default:
        out.print(text("All of the last 24 hours; --since looks further back.", "dim"))


@app.command()
def show(context: typer.Context, log: LogArgument, as_json: JsonOption = False) -> None:
    """Show one log with all it holds."""
    session = session_of(context)
    with session.client() as client:
        found = client.request_logs.get(log)
    session.print_last_answer() if as_json else print_log(found)


@app.command()
def count(
    context: typer.Context,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    search: SearchOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count logs, of any time unless --since or --until is given."""
    session = session_of(context)
    wanted = read_filters(filters, filters_json)
    window = read_window(since, until) | read_environment(environment)
    with session.client() as client:
        found = client.request_logs.count(wanted, search=search, **window)
    if as_json:
        return session.print_last_answer()
    print_line(f"{'' if found.is_exact else 'At least '}{counted(found.count, 'log')}")


@app.command()
def tail(
    context: typer.Context,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    environment: EnvironmentOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, max=1000, help="Begin with so many.")] = 10,
    interval: Annotated[float, typer.Option(min=0.1, max=60, help="Look every so many seconds.")] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Show logs as they come in, until Ctrl-C; with --json one a line."""
    wanted = read_filters(filters, filters_json) or {}
    with session_of(context).client() as client:
        follower = _Follower(client, wanted, read_environment(environment))
        try:
            _print_new(follower.first(limit), as_json)
            while True:
                time.sleep(interval)
                _print_new(follower.next(), as_json)
        except KeyboardInterrupt:
            return


class _Follower:
    """Finds the logs that were recorded since the last look.

    It asks by the server's own clock: for what was recorded from shortly before the newest log that it knows.
    """

    def __init__(self, client: Client, filters: dict[str, Any], environment: dict[str, Any]) -> None:
        self._client = client
        self._filters = filters
        self._environment = environment
        self._began: datetime | None = None
        self._newest: datetime | None = None
        self._seen: dict[str, None] = {}
        self._is_away = False

    def first(self, limit: int) -> list[RequestLog]:
        """Return the newest logs, oldest first; what is recorded from now on is new."""
        list_logs = self._client.request_logs.list
        common: dict[str, Any] = {"is_counted": False, **self._environment}
        start = datetime.now(UTC) - _LATENESS
        last = list_logs(self._filters or None, sort_by="-created_at", page_size=1, start_time=start, **common).results
        self._began = self._newest = last[0].created_at if last else None
        start = datetime.now(UTC) - timedelta(days=1)
        page = list_logs(self._filters or None, page_size=limit, start_time=start, **common).results if limit else ()
        self._remember(page)
        return [*page][::-1]

    def next(self) -> list[RequestLog]:
        """Return what came in since, oldest first; nothing while the server is away, which is said once."""
        filters = dict(self._filters)
        if self._newest is not None and "created_at" not in filters:
            filters["created_at"] = {"operator": "gte", "value": (self._newest - _OVERLAP).isoformat()}
        start = datetime.now(UTC) - _LATENESS
        try:
            found = [*self._client.request_logs.iterate(filters or None, start_time=start, **self._environment)]
        except Unavailable as error:
            if not self._is_away:
                print_error(f"{error}; trying again")
            self._is_away = True
            return []
        self._is_away = False
        new = [log for log in found if log.id not in self._seen and not self._was_before(log)]
        self._remember(new)
        return new[::-1]

    def _was_before(self, log: RequestLog) -> bool:
        return self._began is not None and log.created_at is not None and log.created_at <= self._began

    def _remember(self, logs: Sequence[RequestLog]) -> None:
        self._seen.update(dict.fromkeys(log.id for log in logs))
        for known in list(self._seen)[: max(0, len(self._seen) - _REMEMBERED_IDS)]:
            del self._seen[known]
        times = [time for log in logs if (time := log.created_at) is not None]
        self._newest = max([*times, *([self._newest] if self._newest else [])], default=None)


def _print_new(logs: list[RequestLog], as_json: bool) -> None:
    out = console()
    for log in logs:
        if as_json:
            print_json(log)
        else:
            out.print(log_line(log, out.width))


@app.command()
def delete(
    context: typer.Context,
    logs: Annotated[list[str], typer.Argument(metavar="LOG...", help="Ids of logs.")],
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete logs by id; rows of datasets are copies and stay."""
    confirm(f"Delete {counted(len(logs), 'log')}?", is_confirmed)
    with session_of(context).client() as client:
        for log_id in logs:
            client.request_logs.delete(log_id)
    print_json({"deleted_count": len(logs)}) if as_json else print_line(f"Deleted {counted(len(logs), 'log')}.")


app.command("record")(log_intake.record)
app.command("import")(log_sampling.import_logs)
app.add_typer(log_retention.app, name="retention")
