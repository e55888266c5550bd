"""`assay logs retention`: for how many days request logs are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.options import JsonOption, YesOption
from assay.cli.output import confirm, counted, print_fields
from assay.cli.session import session_of

if TYPE_CHECKING:
    from assay.sdk.log_types import RetentionDays

app = typer.Typer(no_args_is_help=True, help="For how many days logs are kept.")

ENVIRONMENTS = ("prod", "test")
FOREVER = "forever"


@app.command("get")
def get_retention(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show for how many days logs are kept, by environment."""
    session = session_of(context)
    with session.client() as client:
        found = client.retention.get()
    session.print_last_answer() if as_json else _print_days(found)


@app.command("set")
def set_retention(
    context: typer.Context,
    settings: Annotated[
        list[str], typer.Argument(metavar="ENV=DAYS...", help="prod=90 test=7; prod=forever keeps all.")
    ],
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set for how many days logs are kept; older ones are deleted soon. Rows of datasets are copies and stay."""
    days = _read_days(settings)
    told = ", ".join(f"{name} logs after {counted(number, 'day')}" for name, number in days.items() if number)
    if told:
        confirm(f"Delete {told}, those there are and those to come?", is_confirmed)
    session = session_of(context)
    with session.client() as client:
        found = client.retention.set(days)
    session.print_last_answer() if as_json else _print_days(found)


def _read_days(settings: list[str]) -> dict[str, int | None]:
    days: dict[str, int | None] = {}
    for setting in settings:
        name, _, number = (part.strip().lower() for part in setting.partition("="))
        if name not in ENVIRONMENTS or not (number == FOREVER or (number.isascii() and number.isdigit())):
            raise typer.BadParameter(
                f'"{setting}" is not ENV=DAYS, such as prod=90, test=7 or prod={FOREVER}', param_hint="ENV=DAYS"
            )
        days[name] = None if number == FOREVER else int(number)
    return days


def _print_days(found: RetentionDays) -> None:
    kept = {"prod": found.prod, "test": found.test}
    print_fields({name: FOREVER if number is None else counted(number, "day") for name, number in kept.items()})
