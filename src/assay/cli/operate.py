"""Commands for the operator, which open the database themselves: migrate, back up, restore, verify, work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from assay import assembly
from assay.api.request_log import set_up_logging
from assay.ports.store import Stores
from assay.services import access
from assay.settings import Settings, read_settings

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Directory of the data; default $ASSAY_DATA_DIR, else ~/.assay.")
]

Result = TypeVar("Result")

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

app = typer.Typer()
organizations = typer.Typer(help="Make and list organisations; each sees only its own data.", no_args_is_help=True)
app.add_typer(organizations, name="organizations")


def _run(settings: Settings, work: Callable[[Stores], Coroutine[Any, Any, Result]]) -> Result:
    stores = assembly.open_stores(settings)
    try:
        return asyncio.run(work(stores))
    finally:
        stores.close()


@app.command()
def migrate(data: DataOption = None) -> None:
    """Bring the database to this release's schema. SQLite is backed up first; back up PostgreSQL yourself."""
    done = assembly.migrate_stores(read_settings(data_directory=data))
    _out.print(f"applied migrations: {', '.join(map(str, done))}" if done else "nothing to do: the schema is current")


@app.command()
def backup(
    directory: Annotated[Path, typer.Argument(help="An empty or new directory for the copy.")], data: DataOption = None
) -> None:
    """Write a consistent copy of the data into a directory, while the server goes on."""
    _run(read_settings(data_directory=data), lambda stores: stores.back_up(directory))
    _out.print(f"backed up into {directory}")


@app.command()
def restore(
    directory: Annotated[Path, typer.Argument(help="A directory that `assay backup` wrote.")], data: DataOption = None
) -> None:
    """Put a backup into an empty data directory; stop the server first."""
    settings = read_settings(data_directory=data)
    assembly.restore_stores(settings, directory)
    _out.print(f"restored into {settings.data_directory}")


@app.command()
def verify(data: DataOption = None) -> None:
    """Check files, references, counts and contents; exits 1 when something is wrong."""
    problems = _run(read_settings(data_directory=data), lambda stores: stores.verify())
    for problem in problems:
        _err.print(problem)
    if problems:
        raise typer.Exit(1)
    _out.print("everything is in order")


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Chunks of reports that are worked on at once.")] = 4,
    data: DataOption = None,
) -> None:
    """Work on eval reports beside other workers on one PostgreSQL database (ASSAY_ENGINE=procrastinate)."""
    import uvloop

    settings = read_settings(data_directory=data)
    set_up_logging()
    stores = assembly.open_stores(settings)
    try:
        work = assembly.build_worker(stores, settings, concurrency)
        _err.print(f"Assay worker: {concurrency} chunks at once; Ctrl-C or SIGTERM stops it")
        uvloop.run(work.run())
    finally:
        stores.close()


@organizations.command("create")
def create_organization(
    name: Annotated[str, typer.Argument(help="What people call it.")], data: DataOption = None
) -> None:
    """Make an organisation and print its first key, which may do everything there."""
    organization, key = _run(
        read_settings(data_directory=data), lambda stores: access.create_organization(stores, name, datetime.now(UTC))
    )
    _out.print(f"organisation {organization.id}: {organization.name}\nits API key, shown only this once: {key.text}")


@organizations.command("list")
def list_organizations(data: DataOption = None) -> None:
    """List the organisations."""
    found = _run(read_settings(data_directory=data), lambda stores: stores.access.list_organizations())
    for organization in found:
        _out.print(f"{organization.id}\t{organization.name}\t{organization.unique_id}")
