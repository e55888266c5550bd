"""Progress bars on standard error: only where a person looks on, so that pipes stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assay.cli.figures import dollars, duration
from assay.cli.output import clean, console

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from assay.sdk.report_types import ReportSnapshot


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
def report_progress(title: str) -> Iterator[Callable[[ReportSnapshot], None]]:
    """Show finished cells of a run, how many failed, what they cost and the time left; yields `progress(snapshot)`."""
    from rich.progress import TextColumn

    with _bar(_count_column(), TextColumn("{task.fields[told]}", markup=False), is_timed=False) as bar:
        task = bar.add_task(clean(title), total=None, told="")

        def show(snapshot: ReportSnapshot) -> None:
            bar.update(task, completed=snapshot.finished_count, total=snapshot.cell_count, told=_told(snapshot))

        yield show


def _told(snapshot: ReportSnapshot) -> str:
    parts = [f"{snapshot.failed_count:,} failed"] if snapshot.failed_count else []
    if snapshot.cost_usd:
        parts.append(dollars(snapshot.cost_usd, snapshot.unknown_cost_count))
    if snapshot.is_cancel_requested or snapshot.is_pause_requested:
        parts.append("stopping")
    elif snapshot.eta_seconds is not None and not snapshot.is_finished:
        parts.append(f"{duration(snapshot.eta_seconds)} left")
    return clean(" · ".join(parts))


def _count_column() -> ProgressColumn:
    from rich.progress import MofNCompleteColumn

    return MofNCompleteColumn()


def _bar(*columns: ProgressColumn, is_timed: bool = True) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    err = console(to_stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *columns,
        *((TimeRemainingColumn(),) if is_timed else ()),
        console=err,
        disable=not err.is_terminal,
    )
