"""The summary of one task of a report from its cells: at the end of a run, and while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluators.scale import number_range
from assay.model.eval_report import EvalReport, EvalTask, TaskCells
from assay.statistics.summary import Coverage, summarize_cells

_NUMERIC = ("numerical", "percentage", "boolean")
_CHOICES = ("single_select", "multi_select", "categorical")


def summarize_task(
    report: EvalReport, task: EvalTask, cells: TaskCells, labels: Mapping[str, str | None] | None
) -> dict[str, Any]:
    """Return the summary of a task's finished cells, as `summarize_cells` gives it.

    `labels` are the clusters of rows by row id, None where the report asks for none.
    """
    version = task.version
    scored = [place for place, status in enumerate(cells.status) if status == "scored"]
    coverage = Coverage(
        total=report.log_count * report.trials_of(task),
        scored=len(scored),
        skipped=sum(status == "skipped" for status in cells.status),
        failed=sum(status == "failed" for status in cells.status),
    )
    rows = [cells.log_id[place] for place in scored]
    flags = [cells.is_passed[place] for place in scored]
    has_rule = version.score_value_type != "boolean" and any(flag is not None for flag in flags)
    values: list[Any] = []
    if version.score_value_type in _NUMERIC:
        values = [cells.value[place] for place in scored]
    elif version.score_value_type in _CHOICES:
        values = [cells.categories[place] or () for place in scored]
    return summarize_cells(
        version.score_value_type,
        values,
        coverage=coverage,
        score_range=number_range(version),
        passed=sum(map(bool, flags)) if has_rule else None,
        pass_flags=[bool(flag) for flag in flags] if has_rule else None,
        trials=report.trials_of(task),
        rows=rows if report.trials_of(task) > 1 else None,
        clusters=None if labels is None else [labels.get(row) for row in rows],
        cost_usd=cells.cost_usd,
        latency_seconds=cells.latency_seconds,
        input_tokens=cells.input_tokens if task.method == "llm" else None,
        output_tokens=cells.output_tokens if task.method == "llm" else None,
    )
