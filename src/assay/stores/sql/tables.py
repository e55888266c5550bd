"""The tables as SQLAlchemy Core sees them: names to build statements from. The migrations are the schema's truth."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Double, LargeBinary, MetaData, Table, Text

from assay.model.log import ATTRIBUTE_NAMES
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES

metadata = MetaData()

_INTEGER_ATTRIBUTES = {
    "timestamp", "start_time", "status_code", "prompt_tokens", "completion_tokens", "total_request_tokens",
    "prompt_version_number", "prompt_cache_hit_tokens", "prompt_cache_creation_tokens", "reasoning_tokens",
    "stream", "cache_hit", "has_tool_calls", "positive_feedback", "blurred", "is_pinned",
}  # fmt: skip
_FLOAT_ATTRIBUTES = {"cost", "latency", "time_to_first_token", "tokens_per_second"}


def _attribute_columns(names: Sequence[str]) -> list[Column[object]]:
    columns: list[Column[object]] = []
    for name in names:
        if name in _INTEGER_ATTRIBUTES:
            columns.append(Column(name, BigInteger))
        elif name in _FLOAT_ATTRIBUTES:
            columns.append(Column(name, Double))
        else:
            columns.append(Column(name, Text))
    return columns


def _texts(*names: str) -> list[Column[object]]:
    return [Column(name, Text) for name in names]


def _integers(*names: str) -> list[Column[object]]:
    return [Column(name, BigInteger) for name in names]


dataset = Table(
    "dataset",
    metadata,
    *_integers("sequence", "organization_id", "starred", "log_count", "version", "running_progress", "running_at"),
    *_integers("created_at", "updated_at", "deleted_at"),
    *_texts("id", "name", "description", "type", "status", "granularity", "initial_log_filters", "tags"),
    *_texts("running_status", "updated_by", "sampling_recipe", "sampling_outcome"),
)

dataset_log_body = Table(
    "dataset_log_body",
    metadata,
    *_integers("sequence", "codec"),
    Column("digest", LargeBinary),
    # BLOB on SQLite, JSON on PostgreSQL: only the dialect's own constructs look inside.
    Column("data", Text),
)

dataset_log = Table(
    "dataset_log",
    metadata,
    *_integers("sequence", "dataset_sequence", "position", "added_in", "removed_in", "body_sequence"),
    *_integers("created_at", "updated_at"),
    *_texts("id", "source_log_id", "annotation_status"),
    *_attribute_columns(ATTRIBUTE_NAMES),
    Column("content_hash", LargeBinary),
    # JSONB bytes on SQLite, jsonb on PostgreSQL.
    Column("metadata", Text),
)

# What scores on dataset rows and on request logs have in common.
_SCORE_TEXTS = (
    "log_id", "evaluator_id", "scorer", "id", "environment", "evaluator_slug", "evaluator_name", "evaluator_type",
    "score_value_type", "status", "string_value", "categorical_value", "json_value", "explanation", "error_message",
    "prompt_id", "automation_id", "original", "corrected_by",
)  # fmt: skip
_SCORE_INTEGERS = (
    "organization_id", "boolean_value", "is_passed", "created_at", "updated_at", "prompt_version_number",
)  # fmt: skip

score = Table(
    "score",
    metadata,
    *_integers("dataset_sequence", "report_sequence", *_SCORE_INTEGERS),
    *_texts(*_SCORE_TEXTS),
    Column("numerical_value", Double),
    Column("cost_usd", Double),
)

log_score = Table(
    "log_score",
    metadata,
    *_integers("sequence", *_SCORE_INTEGERS),
    *_texts(*_SCORE_TEXTS),
    Column("numerical_value", Double),
    Column("cost_usd", Double),
)

evaluator = Table(
    "evaluator",
    metadata,
    *_integers("organization_id", "current_version", "starred", "is_builtin", "created_at", "updated_at"),
    *_texts("id", "slug", "tags", "created_by", "updated_by"),
)

evaluator_version = Table(
    "evaluator_version",
    metadata,
    *_integers("number", "is_read_only", "created_at"),
    *_texts("evaluator_id", "id", "name", "type", "score_value_type", "eval_class", "description", "definition"),
    *_texts("version_description", "created_by"),
)

eval_report = Table(
    "eval_report",
    metadata,
    *_integers("sequence", "organization_id", "dataset_sequence", "dataset_version", "log_count"),
    *_integers("is_cancel_requested", "is_pause_requested", "created_at", "updated_at", "started_at", "completed_at"),
    *_texts("id", "environment", "name", "status", "manifest", "error_message", "created_by"),
    *_texts("settings", "estimate", "cancel_reason"),
)

cell = Table(
    "cell",
    metadata,
    *_integers("report_sequence", "log_sequence", "ordinal", "trial", "boolean_value", "is_passed", "attempts"),
    *_integers("created_at", "input_tokens", "output_tokens"),
    *_texts("log_id", "status", "string_value", "categorical_value", "json_value", "explanation"),
    *_texts("error_kind", "error_message"),
    Column("numerical_value", Double),
    Column("cost_usd", Double),
    Column("latency_seconds", Double),
)

request_log = Table(
    "request_log",
    metadata,
    *_integers("sequence", "scope", "sampling_hash", "created_at"),
    *_texts("id", "input_preview", "output_preview"),
    # The environment is part of the scope.
    *_attribute_columns([name for name in ATTRIBUTE_NAMES if name != "environment"]),
    *_attribute_columns(SPAN_ATTRIBUTE_NAMES),
    # JSONB bytes on SQLite, jsonb on PostgreSQL.
    Column("metadata", Text),
)

request_log_body = Table(
    "request_log_body",
    metadata,
    *_integers("sequence", "codec"),
    # BLOB on SQLite, JSON on PostgreSQL: only the dialect's own constructs look inside.
    Column("data", Text),
)

trace = Table(
    "trace",
    metadata,
    *_integers("sequence", "scope", "start_time", "end_time", "span_count", "llm_call_count", "error_count"),
    *_integers("prompt_tokens", "completion_tokens", "total_tokens", "root_has_parent", "root_start_time"),
    *_integers("root_sequence"),
    *_texts("trace_unique_id"),
    Column("cost", Double),
)

annotation_task = Table(
    "annotation_task",
    metadata,
    *_integers("sequence", "organization_id", "report_sequence", "ordinal", "dataset_sequence", "log_sequence"),
    *_integers("created_at", "completed_at"),
    *_texts("id", "log_id", "evaluator_id", "evaluator_slug", "status", "completed_by"),
)

provider = Table(
    "provider",
    metadata,
    *_integers("organization_id", "is_enabled", "created_at", "updated_at"),
    *_texts("id", "name", "kind", "base_url", "models", "prices", "limits", "created_by"),
    Column("sealed_key", LargeBinary),
)

log_condition = Table(
    "log_condition",
    metadata,
    *_integers("organization_id", "created_at", "updated_at"),
    *_texts("id", "condition_slug", "name", "condition_type", "description", "condition_policy"),
)

automation = Table(
    "automation",
    metadata,
    *_integers("organization_id", "is_enabled", "seen", "created_at", "updated_at", "claimed_until"),
    *_integers("evaluated_count", "failed_count", "not_matched_count", "not_sampled_count"),
    *_texts("id", "environment", "automation_slug", "name", "automation_type", "condition_id", "evaluator_ids"),
    *_texts("claimed_by"),
    Column("sampling_rate", Double),
)

automation_event = Table(
    "automation_event",
    metadata,
    *_integers("sequence", "created_at"),
    *_texts("automation_id", "log_id", "decision", "reason"),
)

saved_view = Table(
    "saved_view",
    metadata,
    *_integers("organization_id", "is_shared", "is_pinned", "created_at", "updated_at"),
    *_texts("id", "key_id", "page", "subject_id", "name", "query", "created_by"),
)
