"""`assay providers`: where the calls of judges go. Keys are read from a prompt, standard input or the environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.figures import duration
from assay.cli.options import JsonOption, YesOption
from assay.cli.output import confirm, print_fields, print_json, print_line, print_table, table, text
from assay.cli.session import session_of

if TYPE_CHECKING:
    from assay.sdk.evaluator_types import Provider

app = typer.Typer(no_args_is_help=True, help="Providers of models: list, add, test, remove.")

LIMITS = "Limits and prices"

ProviderArgument = Annotated[str, typer.Argument(metavar="PROVIDER", help="Name or id.")]
KeyVariableOption = Annotated[
    str | None,
    typer.Option("--key-from-env", metavar="VARIABLE", help="Read the key from this environment variable."),
]
KeyInputOption = Annotated[bool, typer.Option("--key-stdin", help="Read the key from standard input.")]


@app.command("list")
def list_providers(context: typer.Context, as_json: JsonOption = False) -> None:
    """List providers; those of the server's own environment cannot be changed here."""
    session = session_of(context)
    with session.client() as client:
        found = client.providers.list()
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Name", {"no_wrap": True}), "Kind", ("Address", {"ratio": 1}), ("Models", {"ratio": 1}), "Key"],
        [
            (
                one.name,
                one.kind,
                one.base_url or "asks nobody",
                ", ".join(one.models) or "any",
                _key_state(one),
            )
            for one in found.results
        ],
    )
    print_table(made, "No providers. `assay providers add` makes one.", len(found.results), found.total_count)


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="NAME/MODEL means its model in evaluators.")],
    kind: Annotated[
        str, typer.Option(metavar="openai|anthropic|scripted", help="openai: anything that speaks its API.")
    ] = "openai",
    url: Annotated[
        str | None, typer.Option("--url", help="Its address, such as http://127.0.0.1:11434/v1; default: the maker's.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="A model it serves; may be repeated; default: any.")
    ] = None,
    key_variable: KeyVariableOption = None,
    is_key_piped: KeyInputOption = False,
    is_keyless: Annotated[bool, typer.Option("--no-key", help="It wants no key: do not ask for one.")] = False,
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--price", metavar="MODEL=IN,OUT", help="USD for a million tokens in and out.", rich_help_panel=LIMITS
        ),
    ] = None,
    requests: Annotated[
        int | None, typer.Option("--requests-per-minute", min=1, help="Ask at most so often.", rich_help_panel=LIMITS)
    ] = None,
    tokens: Annotated[
        int | None, typer.Option("--tokens-per-minute", min=1, help="Use at most so many.", rich_help_panel=LIMITS)
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option("--max-concurrency", min=1, help="Calls in flight at most.", rich_help_panel=LIMITS)
    ] = None,
    timeout_seconds: Annotated[
        float | None, typer.Option("--timeout-seconds", min=1, help="Give a call up then.", rich_help_panel=LIMITS)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a provider of models. Its key is asked for without being shown, and stored encrypted.

    The key is never an argument: those stay in the shell's history.
    """
    key = None if is_keyless or kind == "scripted" else _read_key(name, key_variable, is_key_piped)
    given = {
        "requests_per_minute": requests,
        "tokens_per_minute": tokens,
        "max_concurrency": concurrency,
        "timeout_seconds": timeout_seconds,
    }
    limits = {limit: value for limit, value in given.items() if value is not None}
    session = session_of(context)
    with session.client() as client:
        made = client.providers.create(
            name,
            kind,
            key=key,
            base_url=url,
            models=models,
            prices=dict(_price(one) for one in prices) if prices else None,
            limits=limits or None,
        )
    if as_json:
        return session.print_last_answer()
    print_line(f"Added {made.name}, {'with a key' if made.has_key else 'without a key'}.")
    print_line(f"`assay providers test {made.name}` asks it one tiny question.")


@app.command("set-key")
def set_key(
    context: typer.Context,
    provider: ProviderArgument,
    key_variable: KeyVariableOption = None,
    is_key_piped: KeyInputOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give a provider another key."""
    key = _read_key(provider, key_variable, is_key_piped)
    if not key:
        raise typer.BadParameter("there is no key to store", param_hint="--key-stdin")
    session = session_of(context)
    with session.client() as client:
        changed = client.providers.update(provider, key=key)
    session.print_last_answer() if as_json else print_line(f"{changed.name} has a new key.")


@app.command("test")
def try_out(
    context: typer.Context,
    provider: ProviderArgument,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Which model; default: its first.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a model one tiny question; exits with 1 when it does not answer."""
    session = session_of(context)
    with session.client() as client:
        found = client.providers.test(provider, model=model)
    if as_json:
        session.print_last_answer()
    else:
        tokens = None
        if found.input_tokens is not None or found.output_tokens is not None:
            tokens = f"{found.input_tokens or 0} in, {found.output_tokens or 0} out"
        print_fields(
            {
                "Works": text("yes", "green") if found.is_working else text("no", "red"),
                "Model": found.model,
                "Time": duration(found.latency_seconds),
                "Reply": found.reply,
                "Tokens": tokens,
                "Said": found.message,
            }
        )
    if not found.is_working:
        raise typer.Exit(1)


@app.command()
def remove(
    context: typer.Context, provider: ProviderArgument, is_confirmed: YesOption = False, as_json: JsonOption = False
) -> None:
    """Remove a provider and its key; evaluators that name it fail from then on."""
    session = session_of(context)
    with session.client() as client:
        found = client.providers.get(provider)
        confirm(f"Remove provider {found.name} and its key?", is_confirmed)
        client.providers.delete(found.id)
    print_json({"id": found.id, "deleted": True}) if as_json else print_line(f"Removed {found.name}.")


def _read_key(name: str, variable: str | None, is_piped: bool) -> str | None:
    """Return the key from where it is said to be, else from a prompt that shows nothing; None for none."""
    if variable is not None and is_piped:
        raise typer.BadParameter("give one of --key-from-env and --key-stdin", param_hint="--key-stdin")
    if variable is not None:
        if not os.environ.get(variable, "").strip():
            raise typer.BadParameter(f"the environment variable {variable} is not set", param_hint="--key-from-env")
        return os.environ[variable].strip()
    if is_piped:
        key = sys.stdin.readline().strip()
        if not key:
            raise typer.BadParameter("standard input is empty", param_hint="--key-stdin")
        return key
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "there is no terminal to ask for the key: give --key-from-env VARIABLE, --key-stdin or --no-key"
        )
    prompted: str = typer.prompt(
        f"Key of {name} (not shown; empty for none)", default="", hide_input=True, show_default=False, err=True
    )
    return prompted.strip() or None


def _price(words: str) -> tuple[str, dict[str, float]]:
    model, _, both = words.rpartition("=")
    try:
        into, out = (float(part) for part in both.split(","))
    except ValueError:
        model, into, out = "", 0.0, 0.0
    if not model:
        raise typer.BadParameter(f'"{words}" is not MODEL=IN,OUT, such as gpt-4o-mini=0.15,0.6', param_hint="--price")
    return model, {"input_usd": into, "output_usd": out}


def _key_state(one: Provider) -> Any:
    if one.is_from_environment:
        return text("of the server", "dim")
    return "stored" if one.has_key else text("none", "dim")
