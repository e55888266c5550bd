"""The command `assay`: global options, and the list of commands, each imported when it is called."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from assay.cli.lazy import LazyGroup, Mounted
from assay.cli.session import Session

WORK = "Work with a server"
RUN = "Run a server"
# Options of the root that are understood anywhere on the line, as people write them.
GLOBAL_OPTIONS = ("--base-url", "--api-key")


class Commands(LazyGroup):
    """Every command, in the order `assay --help` shows."""

    mounted = {  # noqa: RUF012 read only, as a declaration
        "demo": Mounted("assay.cli.demo", "demo", "See it work: real logs, a sample of them, a report.", WORK),
        "logs": Mounted("assay.cli.logs", "app", "Request logs: find, watch, record, delete.", WORK),
        "traces": Mounted("assay.cli.traces", "app", "Traces: list, show as a tree, delete.", WORK),
        "datasets": Mounted("assay.cli.datasets", "app", "Datasets, their rows and versions.", WORK),
        "evaluators": Mounted("assay.cli.evaluators", "app", "Evaluators: define, try, keep versions.", WORK),
        "reports": Mounted("assay.cli.reports", "app", "Evaluate a dataset and read the reports.", WORK),
        "scores": Mounted("assay.cli.scores", "app", "Scores of logs, by people and machines.", WORK),
        "automations": Mounted("assay.cli.automations", "app", "Judge new logs by themselves.", WORK),
        "providers": Mounted("assay.cli.providers", "app", "Providers of models: list, add, test, remove.", WORK),
        "keys": Mounted("assay.cli.keys", "app", "API keys: make, list, revoke.", WORK),
        "serve": Mounted("assay.cli.serve", "serve", "Start the server.", RUN),
        "worker": Mounted("assay.cli.operate", "worker", "Work on reports beside other workers.", RUN),
        "migrate": Mounted("assay.cli.operate", "migrate", "Bring the database to this release's schema.", RUN),
        "backup": Mounted("assay.cli.operate", "backup", "Write a consistent copy of the data.", RUN),
        "restore": Mounted("assay.cli.operate", "restore", "Put a backup into an empty data directory.", RUN),
        "verify": Mounted("assay.cli.operate", "verify", "Check files, references, counts and contents.", RUN),
        "organizations": Mounted("assay.cli.operate", "organizations", "Make and list organisations.", RUN),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from assay import __version__

        print(f"assay {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The server; else $ASSAY_BASE_URL, else http://127.0.0.1:8000.")
    ] = None,
    api_key: Annotated[str | None, typer.Option(metavar="KEY", help="The API key; else $ASSAY_API_KEY.")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Curate datasets from LLM logs, evaluate them, and decide with evidence."""
    context.obj = Session(base_url=base_url, api_key=api_key)


def with_global_options_first(arguments: list[str]) -> list[str]:
    """Move --base-url and --api-key with their values to the front, wherever they stand before `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    front: list[str] = []
    rest: list[str] = []
    position = 0
    while position < end:
        word = arguments[position]
        if word in GLOBAL_OPTIONS:
            front += arguments[position : min(position + 2, end)]
            position += 2
            continue
        (front if word.startswith(tuple(f"{option}=" for option in GLOBAL_OPTIONS)) else rest).append(word)
        position += 1
    return front + rest + arguments[end:]


def main() -> None:
    """Run the command line; the exit code is 0, 1 for a failure, 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show an arrow gets a question mark, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app(args=with_global_options_first(sys.argv[1:]), prog_name="assay")


if __name__ == "__main__":
    main()
