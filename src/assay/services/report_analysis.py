"""What the cells of a report say beside their means: its slices, and what the next run could show."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from assay.model.errors import Invalid
from assay.model.eval_report import EvalReport, EvalTask, TaskCells
from assay.ports.store import Store
from assay.statistics.clusters import clustered_mean
from assay.statistics.power import (
    MEAN_METHOD,
    RATE_METHOD,
    detectable_json,
    rows_to_detect_difference_of_means,
    rows_to_detect_difference_of_rates,
)
from assay.statistics.sample import summarize_numbers
from assay.statistics.slices import slice_means, slice_pass_rates, slices_json
from assay.statistics.trials import average_over_trials, measure_trials

_WITHOUT_NUMBERS = "has no numbers and no pass rule: there is nothing to compare."

# One value for each row, by row id.
ByRow = Mapping[str, float]


async def slices(store: Store, report: EvalReport, task: EvalTask, path: str) -> dict[str, Any]:
    """Compare the rows of each label at a metadata path with all others; raises Invalid where there are no numbers."""
    cells = await store.eval_reports.cells(report.dataset_id, report.id, task.ordinal)
    labels = await store.eval_reports.labels(report.dataset_id, report.id, path)
    return {"by": path, **about(report, task, cells), **await asyncio.to_thread(_slices, task, cells, labels)}


async def power(
    store: Store, report: EvalReport, task: EvalTask, effect: float | None, rows: int | None
) -> dict[str, Any]:
    """Say what difference another run could show, at so many rows, and how many rows `effect` needs.

    Both from the spread of this report's scores over rows, with the clusters that the report was asked to respect.
    """
    cells = await store.eval_reports.cells(report.dataset_id, report.id, task.ordinal)
    path = report.settings.cluster_by
    clusters = await store.eval_reports.labels(report.dataset_id, report.id, path) if path is not None else None
    return {
        "cluster_by": path,
        **about(report, task, cells),
        **await asyncio.to_thread(_power, task, cells, clusters, effect, rows),
    }


def about(report: EvalReport, task: EvalTask, cells: TaskCells) -> dict[str, Any]:
    """Return what every analysis says first: of which evaluator it is, and how many of the rows it stands on."""
    return {
        "report_id": report.id,
        "evaluator_slug": task.evaluator_slug,
        "version": task.version.number,
        "score_value_type": task.version.score_value_type,
        "direction": task.version.direction,
        "row_count": report.log_count,
        "scored_row_count": len(
            {row for row, status in zip(cells.log_id, cells.status, strict=True) if is_scored(status)}
        ),
    }


def is_scored(status: str) -> bool:
    """Tell whether a cell has a score."""
    return status == "scored"


def scores_of(cells: TaskCells) -> tuple[list[str], list[float]]:
    """Return the rows and numbers of the scored cells that have one."""
    scored = [
        (row, value)
        for row, status, value in zip(cells.log_id, cells.status, cells.value, strict=True)
        if is_scored(status) and value is not None
    ]
    return [row for row, _ in scored], [value for _, value in scored]


def passes_of(task: EvalTask, cells: TaskCells) -> tuple[list[str], list[float]]:
    """Return the rows and pass marks 0 and 1 of the scored cells; nothing where no rule says what passing is."""
    marks = [
        (row, float(flag))
        for row, status, flag in zip(cells.log_id, cells.status, cells.is_passed, strict=True)
        if is_scored(status) and flag is not None
    ]
    if task.version.score_value_type == "boolean":
        marks = list(zip(*scores_of(cells), strict=True))
    return [row for row, _ in marks], [mark for _, mark in marks]


def over_trials(rows: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Return the mean over the trials of each row."""
    names, means = average_over_trials(values, rows)
    return {str(name): float(mean) for name, mean in zip(names, means, strict=True)}


def _measures(task: EvalTask, cells: TaskCells) -> tuple[ByRow | None, ByRow | None]:
    """Return the mean score and the share of passed trials of each row; None for what an evaluator does not have."""
    scores = None
    if task.version.score_value_type != "boolean":
        scores = over_trials(*scores_of(cells)) or None
    passes = over_trials(*passes_of(task, cells)) or None
    if scores is None and passes is None and any(map(is_scored, cells.status)):
        raise Invalid.field("evaluator_slug", f"'{task.evaluator_slug}' {_WITHOUT_NUMBERS}")
    return scores, passes


def _slices(task: EvalTask, cells: TaskCells, labels: Mapping[str, str | None]) -> dict[str, Any]:
    scores, passes = _measures(task, cells)
    of_scores = of_passes = None
    if scores is not None:
        found = slice_means(list(scores.values()), [labels.get(row) for row in scores])
        of_scores = slices_json("mean", found)
    if passes is not None:
        marks, named = list(passes.values()), [labels.get(row) for row in passes]
        # Shares of trials are no marks: their means are compared.
        is_marked = all(mark in (0.0, 1.0) for mark in marks)
        found = slice_pass_rates(marks, named) if is_marked else slice_means(marks, named)
        of_passes = slices_json("pass_rate" if is_marked else "mean", found)
    return {"mean": of_scores, "pass_rate": of_passes}


def _power(
    task: EvalTask, cells: TaskCells, clusters: Mapping[str, str | None] | None, effect: float | None, rows: int | None
) -> dict[str, Any]:
    scores, passes = _measures(task, cells)
    has_shares = passes is not None and any(0 < share < 1 for share in passes.values())
    return {
        "mean": None if scores is None else _power_of_mean(scores, scores_of(cells), clusters, effect, rows),
        "pass_rate": None
        if passes is None
        else _power_of_mean(passes, passes_of(task, cells), clusters, effect, rows)
        if has_shares
        else _power_of_rate(passes, clusters, effect, rows),
    }


def _power_of_mean(
    by_row: ByRow,
    trials: tuple[Sequence[str], Sequence[float]],
    clusters: Mapping[str, str | None] | None,
    effect: float | None,
    rows: int | None,
) -> dict[str, Any]:
    names, values = trials
    deviation = summarize_numbers(list(by_row.values())).standard_deviation
    design_effect = _design_effect(by_row, clusters)
    advised = measure_trials(values, names)
    needed: dict[str, Any] = {"paired": None, "unpaired": None}
    if effect is not None and deviation:
        for design in ("paired", "unpaired"):
            needed[design] = rows_to_detect_difference_of_means(
                effect, deviation, design=design, design_effect=design_effect
            )
    return {
        "rows": len(by_row),
        "mean": sum(by_row.values()) / len(by_row),
        "standard_deviation": deviation,
        "minimum_detectable_effect": detectable_json(
            rows=rows or len(by_row), standard_deviation=deviation, design_effect=design_effect
        ),
        "rows_needed": None if effect is None else {"effect": effect, **needed, "method": MEAN_METHOD},
        "trials": advised.as_json(),
    }


def _power_of_rate(
    by_row: ByRow, clusters: Mapping[str, str | None] | None, effect: float | None, rows: int | None
) -> dict[str, Any]:
    rate = sum(by_row.values()) / len(by_row)
    design_effect = _design_effect(by_row, clusters)
    needed: dict[str, Any] = {"paired": None, "unpaired": None, "reason": None}
    if effect is not None:
        for design in ("paired", "unpaired"):
            try:
                needed[design] = rows_to_detect_difference_of_rates(
                    effect, rate, design=design, design_effect=design_effect
                )
            except ValueError as error:
                needed["reason"] = f"{error}.".capitalize()
    return {
        "rows": len(by_row),
        "rate": rate,
        "minimum_detectable_effect": detectable_json(rows=rows or len(by_row), rate=rate, design_effect=design_effect),
        "rows_needed": None if effect is None else {"effect": effect, **needed, "method": RATE_METHOD},
        "trials": measure_trials(list(by_row.values()), list(by_row)).as_json(),
    }


def _design_effect(by_row: ByRow, clusters: Mapping[str, str | None] | None) -> float:
    if clusters is None:
        return 1.0
    found = clustered_mean(list(by_row.values()), [clusters.get(row) for row in by_row]).design_effect
    # Clusters that seem to help are taken for chance.
    return max(1.0, found or 1.0)
