"""Dataset rows on the wire: their bodies, and every documented shape they are answered in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.model.dataset import DatasetLog, DatasetLogDraft, LogsSummary
from assay.model.score import Score, ScoreAggregate
from assay.wire import codec
from assay.wire.editors import editor
from assay.wire.scores import aggregates_out, last_annotator, score_out, scores_by_evaluator
from assay.wire.text import completion_text, is_message_list, prompt_text

REQUIRED = "This field is required."
LARGEST_LOG_BYTES = 20 * 1024 * 1024
MOST_BULK_LOGS = 500
# Beyond these no sum over a dataset could be relied on, and no count or measurement is real.
_LARGEST_COUNT = 10**12
_LARGEST_NUMBER = 1e15
_LONGEST_TEXT = 4096


class DatasetLogCreate(BaseModel):
    """A row in the unified log format. Each recognised key of `metadata` and `metrics` may also stand at the top."""

    model_config = ConfigDict(extra="allow")

    input: Any = Field(description="Any JSON: what went in.")
    output: Any = Field(default=None, description="Any JSON: what came out.")
    expected_output: Any = Field(default=None, description="Any JSON: what should have come out.")
    metadata: dict[str, Any] | None = None
    metrics: dict[str, Any] | None = None


class DatasetLogChange(BaseModel):
    """What an edit of a row sets; `metadata` is merged by PATCH, and a null value there removes its key."""

    model_config = ConfigDict(extra="allow")

    input: Any = None
    output: Any = None
    expected_output: Any = None
    metadata: dict[str, Any] | None = None
    metrics: dict[str, Any] | None = None


class DeleteLogs(BaseModel):
    """Which rows to take away: all, or those that match; one of the two must be said."""

    is_deleting_all_logs: bool | None = None
    delete_all: bool | None = Field(default=None, description="Another name of is_deleting_all_logs.")
    filters: Any = None
    operator: Any = None
    search: str | None = Field(default=None, description="Text in input or output, as in lists.")
    log_ids: list[str] | None = Field(default=None, description="Rows by id; what else is said narrows them.")
    start_time: Any = None
    end_time: Any = None
    dry_run: bool = Field(default=False, description="Only say how many rows would be deleted.")


class LogOut(BaseModel):
    """A row of a dataset."""

    model_config = ConfigDict(extra="allow")

    id: str
    unique_id: str
    dataset_id: str
    timestamp: datetime
    created_at: datetime
    updated_at: datetime
    input: Any
    output: Any
    expected_output: Any
    metadata: dict[str, Any]
    metrics: dict[str, Any]
    scores: Any
    status: str
    log_type: str


class LogCreated(BaseModel):
    """The answer to a row that was added."""

    message: str
    unique_id: str
    log_data: dict[str, Any]


class BulkError(BaseModel):
    """Why one row of a bulk was refused."""

    index: int
    error: str


class BulkCreated(BaseModel):
    """What became of the rows of a bulk."""

    model_config = ConfigDict(extra="allow")

    success_count: int
    error_count: int
    total_errors: int
    errors: list[BulkError]


class LogsDeleted(BaseModel):
    """How many rows were taken away; restoring `restore_version` undoes it. A dry run has `matched_count` instead."""

    model_config = ConfigDict(extra="allow")

    message: str
    deleted_count: int


class LineError(BaseModel):
    """Why one line of a file was refused."""

    line: int
    error: str


class FileImported(BaseModel):
    """What became of a file."""

    job_id: str
    imported_count: int
    duplicate_count: int
    error_count: int
    errors: list[LineError]
    version: int


class LogsSummaryOut(BaseModel):
    """Aggregates over rows."""

    number_of_requests: int
    total_cost: float
    total_tokens: int
    total_prompt_tokens: int
    total_completion_tokens: int
    avg_latency: float
    avg_tps: float
    avg_ttft: float
    scores: dict[str, Any]


def _common(log: DatasetLog, organization_unique_id: str) -> dict[str, Any]:
    attributes, content = log.attributes, log.content
    return {
        "id": log.id,
        "unique_id": log.id,
        "dataset_id": log.dataset_id,
        "organization_id": organization_unique_id,
        "unique_organization_id": organization_unique_id,
        "environment": attributes.environment,
        "timestamp": attributes.timestamp,
        "start_time": attributes.start_time,
        "created_at": log.created_at,
        "updated_at": log.updated_at,
        "model": attributes.model,
        "log_type": attributes.log_type,
        "status": attributes.status,
        "status_code": attributes.status_code,
        "error_code": attributes.error_code,
        "error_message": attributes.error_message,
        "prompt_tokens": attributes.prompt_tokens,
        "completion_tokens": attributes.completion_tokens,
        "total_request_tokens": attributes.total_request_tokens,
        "cost": attributes.cost,
        "latency": attributes.latency,
        "time_to_first_token": attributes.time_to_first_token,
        "tokens_per_second": attributes.tokens_per_second,
        "routing_time": None,
        "custom_identifier": attributes.custom_identifier,
        "customer_identifier": attributes.customer_identifier,
        "session_identifier": attributes.session_identifier,
        "thread_identifier": attributes.thread_identifier,
        "trace_unique_id": attributes.trace_unique_id,
        "prompt_id": attributes.prompt_id,
        "prompt_name": attributes.prompt_name,
        "span_name": attributes.span_name,
        "span_workflow_name": attributes.span_workflow_name,
        "original_copy_unique_id": log.source_log_id,
        "annotation_status": log.annotation_status,
        "input": codec.raw(content.input),
        "output": codec.raw(content.output),
        "expected_output": codec.raw(content.expected_output),
        "metadata": codec.raw(content.metadata) or {},
        "metrics": codec.raw(content.metrics) or {},
        "prompt": prompt_text(content.input),
        "completion": completion_text(content.output),
    }


def list_item(log: DatasetLog, organization_unique_id: str, scores: Sequence[Score]) -> dict[str, Any]:
    """Return a row of a list: its scores are an object keyed by evaluator id."""
    item = _common(log, organization_unique_id)
    item["scores"] = scores_by_evaluator(scores)
    item["annotation_completed_by"] = completed_by_out(scores)
    return item


def detail(log: DatasetLog, organization_unique_id: str, scores: Sequence[Score]) -> dict[str, Any]:
    """Return one row by itself: its scores are an array, and message lists stand in `messages` too."""
    item = _common(log, organization_unique_id)
    item["scores"] = [score_out(score) for score in scores]
    item["annotation_completed_by"] = completed_by_out(scores)
    item["messages"] = codec.raw(log.content.input) if is_message_list(_decoded(log.content.input)) else []
    item["system"] = ""
    item["blurred"] = False
    return item


def completed_by_out(scores: Sequence[Score]) -> dict[str, Any] | None:
    """Return the editor object of the person who scored a row last, None where nobody has."""
    person = last_annotator(scores)
    return None if person is None else editor(person)


def _decoded(text: bytes | None) -> Any:
    return codec.decode_stored(text) if text is not None and text.startswith(b"[") else None


def created(log_id: str, dataset_id: str, draft: DatasetLogDraft) -> dict[str, Any]:
    """Return the answer to a row that was added, in the union of the documented forms."""
    attributes, content = draft.attributes, draft.content
    return {
        "message": "Dataset log created successfully",
        "unique_id": log_id,
        "log_data": {
            "unique_id": log_id,
            # The documented example has the input as JSON text and the output as it was sent.
            "input": None if content.input is None else content.input.decode(),
            "output": codec.raw(content.output),
            "model": attributes.model,
            "log_type": attributes.log_type,
            "prompt_tokens": attributes.prompt_tokens,
            "completion_tokens": attributes.completion_tokens,
            "cost": attributes.cost,
            "latency": attributes.latency,
            "dataset_id": dataset_id,
            "status": attributes.status,
            "session_id": attributes.session_identifier,
            "custom_identifier": attributes.custom_identifier,
        },
    }


def summary_out(summary: LogsSummary, scores: Sequence[ScoreAggregate]) -> dict[str, Any]:
    """Return the aggregates over rows, with those of their scores by evaluator id."""
    names = LogsSummaryOut.model_fields
    return {
        **{name: getattr(summary, name) for name in names if name != "scores"},
        "scores": aggregates_out(scores),
    }
