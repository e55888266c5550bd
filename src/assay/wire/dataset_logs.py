"""Dataset rows on the wire: the unified log format in, every documented row shape out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assay.model.dataset import DatasetLog, DatasetLogDraft, LogsSummary
from assay.model.errors import Invalid, TooLarge
from assay.model.log import CONTENT_NAMES, LogAttributes, LogContent
from assay.model.score import Score, ScoreAggregate
from assay.wire import codec
from assay.wire.scores import aggregates_out, score_entry, score_out
from assay.wire.text import completion_text, is_message_list, prompt_text
from assay.wire.times import read_time

REQUIRED = "This field is required."
LARGEST_LOG_BYTES = 20 * 1024 * 1024
MOST_BULK_LOGS = 500
_LARGEST_INTEGER = 2**63 - 1
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


class BulkCreate(BaseModel):
    """Rows to add: 1 to 500 of them."""

    model_config = ConfigDict(extra="allow")

    logs: Any = Field(default=None, description="1 to 500 rows in the unified log format.")


class DeleteLogs(BaseModel):
    """Which rows to take away: all, or those that match; one of the two must be said."""

    is_deleting_all_logs: bool | None = None
    delete_all: bool | None = Field(default=None, description="Another name of is_deleting_all_logs.")
    filters: Any = None
    operator: Any = None
    start_time: Any = None
    end_time: Any = None


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
    """How many rows were taken away."""

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


# Where each text attribute may come from: names at the top of the body, then in metadata.
_TEXTS: dict[str, tuple[str, ...]] = {
    "model": ("model",),
    "log_type": ("log_type",),
    "custom_identifier": ("custom_identifier",),
    "customer_identifier": ("customer_identifier",),
    "session_identifier": ("session_identifier", "session_id"),
    "thread_identifier": ("thread_identifier", "thread_id"),
    "trace_unique_id": ("trace_unique_id", "trace_id"),
    "prompt_id": ("prompt_id",),
    "prompt_name": ("prompt_name",),
    "span_name": ("span_name",),
    "span_workflow_name": ("span_workflow_name",),
    "error_code": ("error_code",),
    "error_message": ("error_message",),
    "status": ("status",),
}
_INTEGERS: dict[str, tuple[str, ...]] = {
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "completion_tokens": ("completion_tokens", "output_tokens"),
    "total_request_tokens": ("total_request_tokens", "total_tokens"),
}
_NUMBERS: dict[str, tuple[str, ...]] = {
    "cost": ("cost",),
    "latency": ("latency", "generation_time"),
    "time_to_first_token": ("time_to_first_token", "ttft"),
    "tokens_per_second": ("tokens_per_second",),
}
RECOGNISED_NAMES = frozenset(
    (
        *("status_code", "timestamp", "start_time"),
        *(name for table in (_TEXTS, _INTEGERS, _NUMBERS) for names in table.values() for name in names),
    )
)
_INPUT_NAMES = ("input", "messages", "prompt_messages", "prompt")
_OUTPUT_NAMES = ("output", "completion_message", "completion")


def _first(names: Sequence[str], body: Mapping[str, Any]) -> tuple[str, Any]:
    for name in names:
        value = body.get(name)
        if value is not None:
            return name, value
    return names[0], None


class _Reader:
    """Reads the attributes of one body and collects what is wrong with it."""

    def __init__(self, body: Mapping[str, Any], metadata: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
        self.body, self.metadata, self.metrics = body, metadata, metrics
        self.problems: dict[str, list[str]] = {}

    def text(self, names: Sequence[str]) -> str | None:
        name, value = _first(names, self.body)
        if value is not None:
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                self.problems[name] = [f"Not a valid string: {_shown(value)}."]
                return None
            return str(value)[:_LONGEST_TEXT]
        # Metadata is the client's own: what is no text there stays there and is not lifted.
        value = _first(names, self.metadata)[1]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return None
        return str(value)[:_LONGEST_TEXT]

    def number(self, names: Sequence[str]) -> float | None:
        for where, source in (("", self.body), ("metrics.", self.metrics)):
            name, value = _first(names, source)
            if value is None:
                continue
            number = _as_number(value)
            if number is None:
                self.problems[where + name] = [f"A valid number is required, not {_shown(value)}."]
            return number
        return _as_number(_first(names, self.metadata)[1])

    def integer(self, names: Sequence[str]) -> int | None:
        number = self.number(names)
        if number is None:
            return None
        if number != math.floor(number) or not 0 <= number <= _LARGEST_INTEGER:
            self.problems[names[0]] = [f"A valid count is required, not {_shown(number)}."]
            return None
        return int(number)

    def time(self, name: str) -> datetime | None:
        try:
            return read_time(self.body.get(name), name)
        except Invalid as error:
            self.problems.update(error.fields)
        return None


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None


def _shown(value: Any) -> str:
    text = codec.encode(value).decode() if not isinstance(value, float) or math.isfinite(value) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _mapping(body: Mapping[str, Any], name: str, problems: dict[str, list[str]]) -> dict[str, Any] | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        problems[name] = [f"Expected an object of keys and values, but got {_shown(value)}."]
        return None
    return value


def read_log(body: Any, *, environment: str, now: datetime) -> DatasetLogDraft:
    """Read one row in the unified format (contract 4.2); raises Invalid that names every wrong field.

    `metadata` keeps the keys that are lifted from it, and the top of the body wins over both bags.
    """
    if not isinstance(body, dict):
        raise Invalid(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    problems: dict[str, list[str]] = {}
    metadata, metrics = _mapping(body, "metadata", problems), _mapping(body, "metrics", problems)
    input_value, output_value = _payload(body, _INPUT_NAMES), _payload(body, _OUTPUT_NAMES)
    if input_value is _ABSENT:
        problems["input"] = [REQUIRED]
    expected = body.get("expected_output", _ABSENT)
    if expected is _ABSENT and isinstance(input_value, dict) and "expected_output" in input_value:
        input_value = dict(input_value)
        expected = input_value.pop("expected_output")
    reader = _Reader(body, metadata or {}, metrics or {})
    attributes = _attributes(reader, input_value, environment, now)
    problems.update(reader.problems)
    if problems:
        raise Invalid(fields=problems)
    content = LogContent(
        input=_encoded(input_value),
        output=_encoded(output_value),
        expected_output=_encoded(expected),
        metadata=_encoded(metadata or _ABSENT),
        metrics=_encoded(metrics or _ABSENT),
    )
    size = sum(len(part) for part in (content.input, content.output, content.expected_output, content.metadata) if part)
    if size > LARGEST_LOG_BYTES:
        raise TooLarge(f"The row is {size:,} bytes of JSON; at most {LARGEST_LOG_BYTES:,} are taken.")
    return DatasetLogDraft(content, attributes)


_ABSENT: Any = object()


def _payload(body: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in body:
            return body[name]
    return _ABSENT


def _encoded(value: Any) -> bytes | None:
    return None if value is _ABSENT else codec.encode(value)


def _attributes(reader: _Reader, input_value: Any, environment: str, now: datetime) -> LogAttributes:
    values: dict[str, Any] = {name: reader.text(names) for name, names in _TEXTS.items()}
    values.update({name: reader.integer(names) for name, names in _INTEGERS.items()})
    values.update({name: reader.number(names) for name, names in _NUMBERS.items()})
    status_code = reader.integer(("status_code",))
    timestamp = reader.time("timestamp") or now
    if values["log_type"] is None:
        values["log_type"] = "chat" if is_message_list(input_value) else "workflow"
    if values["status"] is None:
        values["status"] = "success"
    if values["total_request_tokens"] is None and None not in (values["prompt_tokens"], values["completion_tokens"]):
        values["total_request_tokens"] = values["prompt_tokens"] + values["completion_tokens"]
    return LogAttributes(
        timestamp=timestamp,
        start_time=reader.time("start_time") or timestamp,
        environment=environment,
        status_code=200 if status_code is None else status_code,
        **values,
    )


def edited(present: DatasetLog, body: Mapping[str, Any], *, replace: bool, now: datetime) -> DatasetLogDraft:
    """Return the next revision of a row.

    PATCH (`replace` false) sets what the body names and merges `metadata` one level deep, a null value removing its
    key; PUT clears what it does not name. Ids, times and environment stay. Raises Invalid as `read_log` does.
    """
    merged: dict[str, Any] = {}
    if not replace:
        for name in CONTENT_NAMES:
            text = getattr(present.content, name)
            if text is not None:
                merged[name] = codec.decode_stored(text)
        merged.setdefault("input", None)
        # What an earlier body said at its top is in no payload: carry over what the payloads do not explain.
        explained = read_log(merged, environment=present.attributes.environment, now=now).attributes
        for name in (*_TEXTS, *_INTEGERS, *_NUMBERS, "status_code"):
            value = getattr(present.attributes, name)
            if value is not None and value != getattr(explained, name):
                merged[name] = value
    given = dict(body)
    for target, spellings in (("input", _INPUT_NAMES), ("output", _OUTPUT_NAMES)):
        value = _payload(given, spellings)
        for spelling in spellings:
            given.pop(spelling, None)
        if value is not _ABSENT:
            given[target] = value
    for bag in ("metadata", "metrics"):
        change = given.pop(bag, _ABSENT)
        if change is _ABSENT:
            continue
        if not isinstance(change, dict):
            if change is not None:
                raise Invalid.field(bag, f"Expected an object of keys and values, but got {_shown(change)}.")
            merged.pop(bag, None)
            continue
        combined = {**merged.get(bag, {}), **change}
        merged[bag] = {key: value for key, value in combined.items() if value is not None or key not in change}
    merged.update(given)
    merged.setdefault("input", None)
    for name in ("timestamp", "start_time"):
        merged[name] = getattr(present.attributes, name)
    draft = read_log(merged, environment=present.attributes.environment, now=now)
    return DatasetLogDraft(draft.content, draft.attributes, present.source_log_id)


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
        "annotation_completed_by": None,
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
    item["scores"] = {score.evaluator_id: score_entry(score) for score in scores}
    return item


def detail(log: DatasetLog, organization_unique_id: str, scores: Sequence[Score]) -> dict[str, Any]:
    """Return one row by itself: its scores are an array, and message lists stand in `messages` too."""
    item = _common(log, organization_unique_id)
    item["scores"] = [score_out(score) for score in scores]
    item["messages"] = codec.raw(log.content.input) if is_message_list(_decoded(log.content.input)) else []
    item["system"] = ""
    item["blurred"] = False
    return item


def _decoded(text: bytes | None) -> Any:
    return codec.decode(text) if text is not None and text.startswith(b"[") else None


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
