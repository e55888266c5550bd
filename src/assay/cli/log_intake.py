"""`assay logs record`: send a file of request logs, and say which of its lines were refused."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer

from assay.cli.options import JsonOption
from assay.cli.output import counted, print_error, print_json, print_line, shortened
from assay.cli.progress import byte_progress
from assay.cli.session import session_of
from assay.model.errors import Invalid

SHOWN_ERRORS = 5


class LogLines:
    """The logs in a file of JSON lines, read as they are sent.

    `line_of` tells from which line the log with an index came; `errors` are the lines that hold no log.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lines = array("Q")
        self.errors: list[tuple[int, str]] = []
        self.byte_count = 0

    def __iter__(self) -> Iterator[dict[str, msgspec.Raw]]:
        # Values stay as they are written: numbers of any size, and no time spent on them here.
        for number, line in enumerate(self._file, 1):
            self.byte_count += len(line)
            if not line.strip():
                continue
            try:
                log = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            except msgspec.ValidationError:
                self.errors.append((number, 'not a JSON object like {"input": "…", "output": "…"}'))
                continue
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self.errors.append((number, f"not JSON: {error}"))
                continue
            self._lines.append(number)
            yield log

    def line_of(self, index: int) -> int:
        """Return the number of the line, from 1, of the log with this index, from 0."""
        return self._lines[index]


def record(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines, a log each; - reads standard input.")],
    as_json: JsonOption = False,
) -> None:
    """Record a file of logs of any size, one JSON object a line: input, output, model, timestamp, metadata, …"""
    is_stdin = str(file) == "-"
    session = session_of(context)
    with ExitStack() as stack:
        client = stack.enter_context(session.client())
        source = sys.stdin.buffer if is_stdin else stack.enter_context(_opened(file))
        size = None if is_stdin else file.stat().st_size
        progress: Callable[[int, int | None], None] = stack.enter_context(
            byte_progress(f"Recording {'standard input' if is_stdin else file.name}")
        )
        lines = LogLines(source)
        result = client.request_logs.record_many(lines, progress=lambda _: progress(lines.byte_count, size))
    errors = [*lines.errors, *((lines.line_of(one.index), shortened(one.error, 400)) for one in result.errors)]
    errors.sort()
    if as_json:
        told = [{"line": number, "error": message} for number, message in errors]
        counts = {"recorded_count": result.success_count, "duplicate_count": result.duplicate_count}
        print_json({**counts, "error_count": len(errors), "errors": told, "ids": result.ids})
    else:
        before = f", {result.duplicate_count:,} of them recorded before" if result.duplicate_count else ""
        print_line(f"Recorded {counted(result.success_count, 'log')}{before}.")
    if errors:
        shown = [f"line {number}: {shortened(message, 160)}" for number, message in errors[:SHOWN_ERRORS]]
        if len(errors) > SHOWN_ERRORS:
            shown.append(f"and {len(errors) - SHOWN_ERRORS:,} more; --json names all")
        print_error("\n".join([f"Refused {counted(len(errors), 'line')}:", *shown]))
        raise typer.Exit(1)


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("rb")
    except OSError as error:
        raise Invalid.field("file", f"{file} cannot be read: {error.strerror or error}.") from error
