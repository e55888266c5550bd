"""The rows of a report on the wire: a verdict over trials for each evaluator, and how each trial came about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel, ConfigDict

from assay.model.dataset import DatasetLog
from assay.model.eval_report import EvalReport, ReportRow
from assay.model.score import CellDetail, Outcome
from assay.wire.codec import raw
from assay.wire.evaluator_runs import outcome_out
from assay.wire.text import completion_text, prompt_text

PREVIEW_CHARACTERS = 500


class ReportRowOut(BaseModel):
    """A row of a report with its scores by evaluator slug; `trials` of a score are the single verdicts."""

    model_config = ConfigDict(extra="allow")

    log_id: str
    scores: dict[str, Any]


class ReportRowDetail(ReportRowOut):
    """A row of a report in full: the row, and for each trial the messages, the raw reply and what was printed."""

    log: dict[str, Any]


def row_out(row: ReportRow, log: DatasetLog | None = None) -> dict[str, Any]:
    """Return a row of a report with its scores by evaluator slug, and a preview of the row where it is given."""
    scores = {slug: score_out(outcomes) for slug, outcomes in row.outcomes.items()}
    shown: dict[str, Any] = {"log_id": row.log_id, "scores": scores}
    if log is not None:
        shown["log"] = preview(log)
    return shown


def preview(log: DatasetLog) -> dict[str, Any]:
    """Return the beginnings of what a row holds, and its metadata."""
    content = log.content
    return {
        "input": _beginning(prompt_text(content.input)),
        "output": _beginning(completion_text(content.output)),
        "expected_output": _beginning(completion_text(content.expected_output)),
        "metadata": raw(content.metadata) or {},
        "model": log.attributes.model,
    }


def _beginning(text: str | None) -> str | None:
    return text if text is None or len(text) <= PREVIEW_CHARACTERS else text[: PREVIEW_CHARACTERS - 1] + "…"


def score_out(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the verdict over the trials of a cell, as the score of the row has it, and each trial beside it.

    `score` is the mean of numbers, the majority of booleans, else what the first scored trial says. `mean` is that of
    the numbers, booleans counting 0 and 1.
    """
    scored = [outcome for outcome in outcomes if outcome.status == "scored"]
    first = scored[0] if scored else outcomes[0]
    passes = [outcome.is_passed for outcome in scored if outcome.is_passed is not None]
    mean = mean_of(scored)
    score = first.values.primary
    if isinstance(score, bool):
        score = None if mean is None else mean > 0.5
    elif isinstance(score, float):
        score = mean
    return {
        "status": first.status,
        "score": score,
        "mean": mean,
        "is_passed": 2 * sum(passes) > len(passes) if passes else None,
        "explanation": first.explanation,
        "error_kind": first.error_kind,
        "error_message": first.error_message,
        "attempts": sum(outcome.attempts for outcome in outcomes),
        "cost_usd": total_cost(outcomes),
        "latency_seconds": math.fsum(outcome.latency_seconds for outcome in outcomes) / len(outcomes),
        "trials": [trial_out(outcome) for outcome in outcomes],
    }


def mean_of(outcomes: Sequence[Outcome]) -> float | None:
    """Return the mean of the numbers among outcomes, booleans counting 0 and 1; None where there is none."""
    values = (outcome.values for outcome in outcomes)
    numbers = [
        float(number)
        for value in values
        if (number := value.boolean_value if value.numerical_value is None else value.numerical_value) is not None
    ]
    return math.fsum(numbers) / len(numbers) if numbers else None


def total_cost(outcomes: Sequence[Outcome]) -> float | None:
    """Return what outcomes cost together in USD, None where one is not known."""
    costs = [outcome.cost_usd for outcome in outcomes]
    return None if None in costs else math.fsum(cost for cost in costs if cost is not None)


def trial_out(outcome: Outcome) -> dict[str, Any]:
    """Return one trial."""
    return {**outcome_out(outcome), "attempts": outcome.attempts}


def row_detail(
    report: EvalReport, row: ReportRow, log: Mapping[str, Any], details: Mapping[tuple[int, int], CellDetail]
) -> dict[str, Any]:
    """Return a row in full; `log` is the row as it is read by itself, `details` are by ordinal and trial."""
    shown = row_out(row)
    for task in report.tasks:
        of_task = [details.get((task.ordinal, trial)) for trial in range(report.trials_of(task))]
        trials = shown["scores"].get(task.evaluator_slug, {}).get("trials", [])
        if len(trials) < len(of_task):
            # Trials of a running report need not come in their order.
            of_task = [detail for detail in of_task if detail is not None]
        for trial, detail in zip_longest(trials, of_task[: len(trials)]):
            trial["detail"] = None if detail is None else detail_out(detail)
    return {**shown, "report_id": report.id, "log": log}


def detail_out(detail: CellDetail) -> dict[str, Any]:
    """Return how a trial came about, in full."""
    return {
        "messages": list(detail.messages),
        "reply": detail.reply,
        "stdout": detail.stdout,
        "model": detail.model,
        "is_from_cache": detail.is_from_cache,
    }
