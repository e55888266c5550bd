"""Options that many commands share, and how their texts are read."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's JSON and nothing else.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before deleting.")]
PageOption = Annotated[int, typer.Option("--page", min=1, help="Which page.")]
DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="Id or exact name of a dataset.")]
VersionOption = Annotated[str | None, typer.Option("--version", help="Number or tag of a version; default: newest.")]
FilterOption = Annotated[
    list[str] | None,
    typer.Option("--filter", "-f", metavar="FIELD=VALUE", help="Only rows where FIELD is VALUE; may be repeated."),
]
FiltersOption = Annotated[
    str | None, typer.Option("--filters", metavar="JSON", help="Filters in the API's own form, a JSON object.")
]

# The longest spellings first, so that `>=` is not read as `>`.
OPERATORS = {"!=": "not", ">=": "gte", "<=": "lte", "~": "contains", "=": "", ">": "gt", "<": "lt"}


def read_filters(shorthands: list[str] | None, filters: str | None) -> dict[str, Any] | None:
    """Return the filter object of both options, or None without any.

    A shorthand is FIELD=VALUE, or with one of != > >= < <= ~ (contains); VALUE is JSON where it is a number, true or
    false, else text. Conditions are joined by AND. Raises BadParameter, naming what cannot be read.
    """
    merged: dict[str, Any] = read_object(filters, "--filters") if filters is not None else {}
    for shorthand in shorthands or []:
        field, operator, value = read_comparison(shorthand, "--filter")
        if field in merged:
            raise typer.BadParameter(
                f"{field} is filtered twice; write both conditions in --filters.", param_hint="--filter"
            )
        merged[field] = value if operator == "" else {"operator": operator, "value": value}
    return merged or None


def read_object(words: str, option: str) -> dict[str, Any]:
    """Return a JSON object. Raises BadParameter."""
    try:
        value = json.loads(words)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint=option) from error
    if not isinstance(value, dict):
        raise typer.BadParameter('must be a JSON object like {"field": "value"}', param_hint=option)
    return value


def read_value(words: str | None) -> Any:
    """Return a JSON value where the text is JSON, else the text itself; None for None."""
    if words is None:
        return None
    try:
        return json.loads(words)
    except ValueError:
        return words


def read_comparison(shorthand: str, option: str) -> tuple[str, str, Any]:
    """Return the field, operator and value of FIELD=VALUE; the operator is one of the values of `OPERATORS`.

    Raises BadParameter.
    """
    positions = [
        (shorthand.find(spelling), -len(spelling), spelling) for spelling in OPERATORS if spelling in shorthand
    ]
    if not positions:
        raise typer.BadParameter(f'"{shorthand}" is not FIELD=VALUE', param_hint=option)
    at, _, spelling = min(positions)
    field = shorthand[:at].strip()
    if not field:
        raise typer.BadParameter(f'"{shorthand}" names no field', param_hint=option)
    value = shorthand[at + len(spelling) :].strip()
    parsed = read_value(value)
    return field, OPERATORS[spelling], parsed if isinstance(parsed, (bool, int, float)) else value


def read_text(words: str, option: str) -> str:
    """Return a text that is given as it is, as @FILE, or as - for standard input. Raises BadParameter."""
    if words == "-":
        return sys.stdin.read()
    return read_file(Path(words[1:]), option) if words.startswith("@") else words


def read_file(path: Path, option: str) -> str:
    """Return the text of a file. Raises BadParameter."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise typer.BadParameter(f"{path} cannot be read: {reason}", param_hint=option) from error


def slug_of(name: str) -> str:
    """Return a name as a slug: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unnamed"
