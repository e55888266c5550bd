"""`assay keys`: make, list and revoke API keys; needs a key of scope admin."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.options import JsonOption, YesOption
from assay.cli.output import confirm, console, day, print_json, print_line, print_table, table, text
from assay.cli.session import session_of

app = typer.Typer(no_args_is_help=True, help="API keys: make, list, revoke.")


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    environment: Annotated[str, typer.Option(help="prod or test.")] = "prod",
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="read, write or admin; may be repeated; default read and write.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key; its secret is shown this once."""
    session = session_of(context)
    with session.client() as client:
        made = client.keys.create(name, environment=environment, scopes=scopes or ["read", "write"])
    if as_json:
        return session.print_last_answer()
    # The key alone on standard output, so that `KEY=$(assay keys create ci)` works.
    print_line(made.api_key)
    console(to_stderr=True).print(text("Keep it now: it is never shown again.", "dim"))


@app.command("list")
def list_keys(context: typer.Context, as_json: JsonOption = False) -> None:
    """List keys, without their secrets."""
    session = session_of(context)
    with session.client() as client:
        found = client.keys.list()
    if as_json:
        return session.print_last_answer()
    made = table(
        [
            ("Id", {"no_wrap": True, "style": "dim"}),
            ("Name", {"ratio": 1}),
            "Prefix",
            "Scopes",
            ("Used", {"no_wrap": True}),
        ],
        [
            (
                one.id,
                f"{one.name} ({one.environment})",
                one.prefix,
                "revoked" if one.revoked_at is not None else ", ".join(one.scopes),
                day(one.last_used_at) or "never",
            )
            for one in found.results
        ],
    )
    print_table(made, "No keys.", len(found.results), found.total_count)


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="Id of the key, as `assay keys list` shows.")],
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a key useless from now on."""
    confirm(f"Revoke key {key_id}?", is_confirmed)
    session = session_of(context)
    with session.client() as client:
        client.keys.revoke(key_id)
    if as_json:
        return print_json({"id": key_id, "revoked": True})
    print_line(f"Revoked key {key_id}.")
