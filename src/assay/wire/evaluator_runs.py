"""What evaluators answered, on the wire: one run, and the rows of a bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from assay.model.evaluator import Evaluator, EvaluatorInputs, EvaluatorVersion, Method
from assay.model.score import CellDetail, Outcome
from assay.wire.evaluator_inputs import inputs_out
from assay.wire.evaluators import evaluator_out
from assay.wire.scores import values_out

PREVIEW_CHARACTERS = 2_000
_MOST_MESSAGE_CHARACTERS = 20_000


class EvaluatorResult(BaseModel):
    """What an evaluator answered, in the union of the documented forms."""

    model_config = ConfigDict(extra="allow")

    score: Any
    score_type: str
    evaluator_id: str
    evaluator_name: str
    status: str
    is_passed: bool
    inputs: dict[str, Any]


class BenchOut(BaseModel):
    """What an evaluator answered on sampled rows, and how that differs from the version before."""

    evaluator_id: str
    version: int
    is_draft: bool
    dataset_id: str
    dataset_version: int
    row_count: int
    sample_size: int
    seed: int
    summary: dict[str, Any]
    comparison: dict[str, Any] | None
    rows: list[dict[str, Any]]
    warnings: list[str]


def result_out(
    evaluator: Evaluator,
    method: Method,
    inputs: EvaluatorInputs,
    outcome: Outcome,
    detail: CellDetail | None,
    *,
    result_id: str,
    at: datetime,
    environment: str,
) -> dict[str, Any]:
    """Return what an evaluator answered, in the union of the documented forms."""
    return {
        "id": result_id,
        "score": outcome.values.primary,
        "score_type": evaluator.current.score_value_type,
        "evaluator_id": evaluator.id,
        "evaluator_slug": evaluator.slug,
        "evaluator_name": evaluator.current.name,
        "evaluation_result": _evaluation_result(evaluator.current, method, outcome),
        "inputs": inputs_out(inputs),
        "execution_time": outcome.latency_seconds,
        "timestamp": at,
        "created_at": at,
        "type": evaluator.current.type,
        "environment": environment,
        **values_out(outcome.values),
        "is_passed": bool(outcome.is_passed),
        "cost": outcome.cost_usd,
        "status": outcome.status,
        "explanation": outcome.explanation,
        "error_kind": outcome.error_kind,
        "error_message": outcome.error_message,
        "input_tokens": outcome.input_tokens,
        "output_tokens": outcome.output_tokens,
        "attempts": outcome.attempts,
        "generation_method": method,
        "scorer": "",
        "log_id": None,
        "dataset_id": None,
        "detail": None if detail is None else detail_out(detail),
        "evaluator": evaluator_out(evaluator),
    }


def _evaluation_result(version: EvaluatorVersion, method: Method, outcome: Outcome) -> dict[str, Any]:
    value, passed = outcome.values.primary, bool(outcome.is_passed)
    if method == "human":
        return {"selected_choices": [], "choice_values": [], "note": outcome.explanation}
    if method == "llm":
        said = {"reasoning": outcome.explanation, "score": value, "passed": passed}
    else:
        said = {"result": value, "details": outcome.explanation, "passed": passed}
    chosen = outcome.values.categorical_value
    if chosen is not None:
        values = _choice_values(version)
        said |= {"selected_choices": list(chosen), "choice_values": [values.get(name, name) for name in chosen]}
    return said


def _choice_values(version: EvaluatorVersion) -> dict[str, Any]:
    if version.categorical_choices:
        return {choice.name: choice.value for choice in version.categorical_choices}
    listed = (version.score_config or {}).get("choices")
    objects = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return {str(item.get("name")): item["value"] for item in objects if item.get("value") is not None}


def detail_out(detail: CellDetail) -> dict[str, Any]:
    """Return how a verdict came about, texts of more than 20,000 characters cut."""
    return {
        "messages": [_cut_message(message) for message in detail.messages],
        "reply": _cut(detail.reply, _MOST_MESSAGE_CHARACTERS),
        "stdout": _cut(detail.stdout, _MOST_MESSAGE_CHARACTERS),
        "model": detail.model,
        "is_from_cache": detail.is_from_cache,
    }


def _cut_message(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    return {**message, "content": _cut(content, _MOST_MESSAGE_CHARACTERS) if isinstance(content, str) else content}


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None or len(text) <= most else text[: most - 1] + "…"


def preview(value: Any) -> Any:
    """Return a JSON value, or where that is long the beginning of its text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return value if len(text) <= PREVIEW_CHARACTERS else _cut(text, PREVIEW_CHARACTERS)


def outcome_out(outcome: Outcome) -> dict[str, Any]:
    """Return one outcome, as the bench and the rows of a report show it."""
    return {
        "status": outcome.status,
        "score": outcome.values.primary,
        "is_passed": outcome.is_passed,
        "explanation": outcome.explanation,
        "error_kind": outcome.error_kind,
        "error_message": outcome.error_message,
        "cost_usd": outcome.cost_usd,
        "latency_seconds": outcome.latency_seconds,
        "input_tokens": outcome.input_tokens,
        "output_tokens": outcome.output_tokens,
    }


def costs_out(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what outcomes cost together: the known costs, for a row on average, and how many are unknown."""
    known = [outcome.cost_usd for outcome in outcomes if outcome.cost_usd is not None]
    return {
        "cost_usd": sum(known),
        "cost_usd_per_row": sum(known) / len(known) if known else None,
        "unknown_cost_count": len(outcomes) - len(known),
    }
