"""The work of an eval report: a chunk of rows through all its evaluators, and the summary at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assay.evaluators.run import Evaluation, prepare
from assay.model.eval_report import CellResult, EvalReport, EvalTask, ReportStatus, RowToJudge
from assay.model.evaluator import EvaluatorInputs
from assay.ports.eval_reports import RunStore
from assay.statistics.summary import Coverage, summarize_cells
from assay.wire import codec

ROWS_PER_CHUNK = 500


def prepare_evaluations(report: EvalReport) -> dict[int, Evaluation]:
    """Return the function of each task, by ordinal; raises Invalid when an evaluator version cannot run here."""
    return {task.ordinal: prepare(task.version) for task in report.tasks}


async def evaluate_chunk(
    runs: RunStore, report: EvalReport, evaluations: Mapping[int, Evaluation], first: int, last: int, at: datetime
) -> EvalReport:
    """Judge what is missing in a range of row positions, store it, and return the report as it is then."""
    missing = await runs.list_missing(report.id, first, last)
    if not missing:
        return report
    # The evaluators are plain CPU work: a thread keeps the event loop free for requests.
    results = await asyncio.to_thread(_evaluate, missing, evaluations)
    return await runs.record(report.id, results, at)


def _evaluate(
    missing: Sequence[tuple[RowToJudge, Sequence[int]]], evaluations: Mapping[int, Evaluation]
) -> list[CellResult]:
    results = []
    for log, ordinals in missing:
        inputs = inputs_of(log)
        results += [CellResult(log.sequence, log.id, ordinal, evaluations[ordinal](inputs)) for ordinal in ordinals]
    return results


def inputs_of(log: RowToJudge) -> EvaluatorInputs:
    """Return what evaluators get of a row: its decoded payloads, and metrics that include the lifted columns."""
    content = log.content
    return EvaluatorInputs(
        input=_decoded(content.input),
        output=_decoded(content.output),
        expected_output=_decoded(content.expected_output),
        metadata=_decoded(content.metadata) or {},
        metrics={**log.metrics, **(_decoded(content.metrics) or {})},
    )


def _decoded(text: bytes | None) -> Any:
    return None if text is None else codec.decode_stored(text)


async def finish_report(runs: RunStore, report: EvalReport, at: datetime) -> EvalReport:
    """Summarise every task from its stored cells and give the report its final state.

    A report is cancelled when that was asked for before its last cell was done, failed when every cell failed, and
    completed otherwise.
    """
    summaries: dict[int, Mapping[str, Any]] = {}
    failed, finished = 0, 0
    for task in report.tasks:
        counts, numbers, categories, passed = await runs.values_of(report.id, task.ordinal)
        failed += counts.get("failed", 0)
        finished += sum(counts.values())
        summaries[task.ordinal] = await asyncio.to_thread(
            _summary, report, task, counts, numbers if numbers else categories, passed
        )
    status: ReportStatus = "completed"
    message = None
    if report.is_cancel_requested and finished < report.cell_count:
        status = "cancelled"
    elif failed and failed == report.cell_count:
        status, message = "failed", "Every cell failed; the rows of the report say why."
    return await runs.finish(report.id, status, summaries, message, at)


def _summary(report: EvalReport, task: EvalTask, counts: Mapping[str, int], values: Any, passed: int) -> dict[str, Any]:
    coverage = Coverage(
        total=report.log_count,
        scored=counts.get("scored", 0),
        skipped=counts.get("skipped", 0),
        failed=counts.get("failed", 0),
    )
    version = task.version
    return summarize_cells(
        version.score_value_type,
        values,
        coverage=coverage,
        score_range=version.score_range,
        passed=passed if version.pass_rule is not None else None,
    )
