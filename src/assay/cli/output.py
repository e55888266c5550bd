"""How the command line speaks: tables for people, JSON for programs, errors on standard error."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# Everything that moves a terminal's cursor or changes its state; data must not be able to.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def console(to_stderr: bool = False) -> Console:
    """Return a console; it uses colours on a terminal only, and 80 columns where there is none."""
    from rich.console import Console

    return Console(stderr=to_stderr, highlight=False, soft_wrap=False)


def clean(value: Any) -> str:
    """Return data as text that cannot steer the terminal; control characters become U+FFFD."""
    return _CONTROL.sub("�", str(value))


def text(value: Any, style: str = "") -> Text:
    """Return data as rich text, so that square brackets in it are not taken for markup."""
    from rich.text import Text

    return Text(clean(value), style=style)


def table(columns: Sequence[str | tuple[str, dict[str, Any]]], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table without frame; a column is its title, or title and rich's options. Text cells pass as they are."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        title, options = (column, {}) if isinstance(column, str) else column
        made.add_column(title, **({"overflow": "fold"} | options))
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else text("" if cell is None else cell) for cell in row))
    return made


def fitted_table(columns: Sequence[tuple[str, dict[str, Any]]], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table of one line a row: columns with a `ratio` share what the others leave of the terminal's width.

    Other columns may have a `max_width`. Cells that are too long end in an ellipsis.
    """
    own = ("ratio", "max_width")
    titles = [
        (title, {"no_wrap": True, **{name: value for name, value in options.items() if name not in own}})
        for title, options in columns
    ]
    return table(titles, cut_to_fit([(len(title), options) for title, options in columns], rows))


def cut_to_fit(columns: Sequence[tuple[int, dict[str, Any]]], rows: Iterable[Sequence[Any]]) -> list[list[Text]]:
    """Return cells cut so that a row fits the terminal's width, two blanks between columns.

    A column is the least width it takes, and `ratio` or `max_width` as in `fitted_table`.
    """
    from rich.text import Text

    lines = [
        [cell.copy() if isinstance(cell, Text) else text("" if cell is None else cell) for cell in row] for row in rows
    ]
    limits = []
    for place, (least, options) in enumerate(columns):
        widest = max([least, *(line[place].cell_len for line in lines)])
        limits.append(0 if "ratio" in options else min(widest, options.get("max_width", widest)))
    left = console().width - sum(limits) - 2 * (len(columns) - 1)
    ratios = [options.get("ratio", 0) for _, options in columns]
    shares = [limit or max(8, left * ratio // sum(ratios)) for limit, ratio in zip(limits, ratios, strict=True)]
    for line in lines:
        for cell, share in zip(line, shares, strict=True):
            cell.truncate(share, overflow="ellipsis")
    return lines


def print_table(made: Table, empty: str, row_count: int, total: int | None = None) -> None:
    """Print a table, or one line where it has no rows; say how many rows there are beyond this page."""
    out = console()
    if row_count == 0:
        out.print(text(empty))
        return
    out.print(made)
    if total is not None and total > row_count:
        out.print(text(f"{row_count:,} of {total:,}; --page shows the others.", style="dim"))


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values of one thing, leaving out those without value."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in fields.items():
        if value not in (None, "", (), [], {}):
            grid.add_row(name, value if isinstance(value, Text) else text(value))
    console().print(grid)


def print_line(message: str) -> None:
    """Print a sentence for people to standard output."""
    typer.echo(clean(message))


def print_json(body: bytes | Any) -> None:
    """Print one JSON document: the bytes of an answer as they came, or a value."""
    import msgspec

    encoded = body if isinstance(body, bytes) else msgspec.json.encode(body)
    sys.stdout.flush()
    sys.stdout.buffer.write(encoded.rstrip(b"\n") + b"\n")
    sys.stdout.buffer.flush()


def print_error(message: str) -> None:
    """Print what went wrong to standard error."""
    typer.echo("\n".join(clean(line) for line in f"Error: {message}".splitlines()), err=True)


def confirm(question: str, is_confirmed: bool) -> None:
    """Ask before something is destroyed, unless `is_confirmed`; without a terminal, refuse with exit code 1."""
    if is_confirmed:
        return
    if not sys.stdin.isatty():
        print_error(f"{question} There is nobody to ask here: give --yes.")
        raise typer.Exit(1)
    typer.confirm(question, abort=True, err=True)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural by s where it is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def day_and_time(moment: datetime | None) -> str:
    """Return a time in the reader's zone, to the minute."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def day(moment: datetime | None) -> str:
    """Return a date in the reader's zone."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d")


def shortened(value: Any, limit: int = 200) -> str:
    """Return a JSON value on one line of at most `limit` characters; strings stand without quotes."""
    import msgspec

    words = value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
    words = " ".join(words[: limit * 8].split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def last_words(value: Any) -> Any:
    """Return what a person would read of an input: the last message of a chat, anything else as it is."""
    if isinstance(value, list) and value and isinstance(value[-1], dict) and "content" in value[-1]:
        return value[-1]["content"]
    return value
