"""Progress bars on standard error: only where a person looks on, so that pipes stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assay.cli.output import clean, console

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from assay.sdk.types import EvalReport


@contextmanager
def byte_progress(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show bytes done of bytes in all; yields `progress(bytes_done, bytes_total)`."""
    from rich.progress import DownloadColumn, TransferSpeedColumn

    with _bar(DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task(clean(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def row_progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show rows done of rows in all; yields `progress(rows_done)`."""
    with _bar(_count_column()) as bar:
        task = bar.add_task(clean(title), total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def report_progress(title: str) -> Iterator[Callable[[EvalReport], None]]:
    """Show finished cells of a run; yields `progress(report)`."""
    with _bar(_count_column()) as bar:
        task = bar.add_task(clean(title), total=None)

        def show(report: EvalReport) -> None:
            if report.progress is not None:
                bar.update(task, completed=report.progress.finished_count, total=report.progress.cell_count)

        yield show


def _count_column() -> ProgressColumn:
    from rich.progress import MofNCompleteColumn

    return MofNCompleteColumn()


def _bar(*columns: ProgressColumn) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    err = console(to_stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *columns,
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    )
