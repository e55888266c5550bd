"""What the Python client answers with about request logs, traces and samples of them; as in `assay.sdk.types`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from assay.sdk.types import AwareDatetime, BulkResult, JsonObject, LogsSummary, Page, Wire


class RequestLog(Wire, frozen=True, kw_only=True):
    """A recorded call or step; `latency` is seconds, `cost` USD, `timestamp` its end.

    `input` and `output` are text: a string as it is, anything else as JSON. Where previews were asked for, there are
    only their beginnings in `input_preview` and `output_preview`. An unknown cost is None there, elsewhere 0 with
    `is_cost_known` false. `log_method` says how the log came in.
    """

    id: str
    input: str | None = None
    output: str | None = None
    input_preview: str | None = None
    output_preview: str | None = None
    expected_output: Any = None
    metadata: JsonObject | None = None
    prompt_messages: Any = None
    completion_message: Any = None
    model: str | None = None
    provider_id: str | None = None
    log_type: str | None = None
    log_method: str | None = None
    status: str | None = None
    status_code: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    environment: str | None = None
    custom_identifier: str | None = None
    customer_identifier: str | None = None
    thread_identifier: str | None = None
    session_identifier: str | None = None
    trace_unique_id: str | None = None
    span_unique_id: str | None = None
    span_parent_id: str | None = None
    span_name: str | None = None
    span_workflow_name: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_request_tokens: int | None = None
    cost: float | None = None
    is_cost_known: bool | None = None
    latency: float | None = None
    time_to_first_token: float | None = None
    tokens_per_second: float | None = None
    tools: Any = None
    tool_calls: Any = None
    note: str | None = None
    positive_feedback: bool | None = None
    scores: Any = None
    timestamp: AwareDatetime | None = None
    start_time: AwareDatetime | None = None
    created_at: AwareDatetime | None = None


class RequestLogPage(Page[RequestLog], frozen=True, kw_only=True):
    """A page of request logs.

    `next_cursor` says where the next one goes on, None at the end; `default_window` tells that only the last hour was
    looked at because no time was given; `count` is a lower bound where it is not `count_is_exact`.
    """

    next_cursor: str | None = None
    default_window: bool = False
    count_is_exact: bool = True


class RequestLogCreated(Wire, frozen=True, kw_only=True):
    """The receipt for one recorded log, which can be found from now on; `cost` is USD, 0 where it is not known.

    `is_duplicate` tells that it had been recorded before.
    """

    id: str
    message: str = ""
    status: str | None = None
    cost: float | None = None
    is_cost_known: bool = True
    latency: float | None = None
    environment: str | None = None
    timestamp: AwareDatetime | None = None
    is_duplicate: bool = False


class RecordResult(BulkResult, frozen=True, kw_only=True):
    """What became of many logs: the ids of those that are there now, in their order, and which were refused.

    `duplicate_count` of them had been recorded before.
    """

    ids: Sequence[str] = ()
    duplicate_count: int = 0


class LogCount(Wire, frozen=True, kw_only=True):
    """How many logs match: exactly, or at least `count` where counting on would have taken too long."""

    count: int
    is_exact: bool = True


class RequestLogsSummary(LogsSummary, frozen=True, kw_only=True):
    """Aggregates over request logs; percentiles of their latency are seconds, None where no log has one."""

    error_count: int = 0
    latency_p50: float | None = None
    latency_p90: float | None = None
    latency_p95: float | None = None
    latency_p99: float | None = None


class TimeBucket(Wire, frozen=True, kw_only=True):
    """The logs of one interval: `start` belongs to it, `end` does not."""

    start: AwareDatetime
    end: AwareDatetime
    count: int
    error_count: int = 0


class Histogram(Wire, frozen=True, kw_only=True):
    """How many logs there are in intervals of one width without gaps, oldest first."""

    buckets: Sequence[TimeBucket] = ()
    width_seconds: int = 0


class FacetValue(Wire, frozen=True, kw_only=True):
    """One value of a field, and how many logs have it."""

    value: str | int | float | bool
    count: int


class Facet(Wire, frozen=True, kw_only=True):
    """The commonest values of a field, most frequent first."""

    values: Sequence[FacetValue] = ()
    is_exact: bool = True


class JsonPath(Wire, frozen=True, kw_only=True):
    """A path that occurs in logs, the JSON types of its values, and in how many of the logs looked at."""

    path: str
    types: Sequence[str] = ()
    count: int = 0


class JsonPaths(Wire, frozen=True, kw_only=True):
    """The paths in the newest `sampled` logs that match."""

    paths: Sequence[JsonPath] = ()
    sampled: int = 0


class RetentionDays(Wire, frozen=True, kw_only=True):
    """For how many days the logs of each environment are kept; None: for ever."""

    prod: int | None = None
    test: int | None = None


class Span(RequestLog, frozen=True, kw_only=True):
    """A log within its trace, and the logs below it."""

    end_time: AwareDatetime | None = None
    children: Sequence[Span] = ()


class Trace(Wire, frozen=True, kw_only=True):
    """The logs that share a trace id, summed up; `duration` is seconds, `total_cost` USD.

    `span_tree` holds the roots with what is below them, and only where one trace was asked for.
    """

    id: str
    status: str | None = None
    name: str | None = None
    model: str | None = None
    environment: str | None = None
    customer_identifier: str | None = None
    session_identifier: str | None = None
    trace_group_identifier: str | None = None
    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None
    duration: float | None = None
    span_count: int = 0
    llm_call_count: int = 0
    error_count: int = 0
    total_cost: float | None = None
    total_tokens: int = 0
    total_prompt_tokens: int = 0
    total_completion_tokens: int = 0
    input: str | None = None
    output: str | None = None
    metadata: JsonObject | None = None
    span_tree: Sequence[Span] = ()
    span_tree_is_complete: bool = True


class TracesSummary(Wire, frozen=True, kw_only=True):
    """Sums over traces; costs are USD, durations seconds."""

    total_count: int = 0
    total_cost: float = 0.0
    total_tokens: int = 0
    total_prompt_tokens: int = 0
    total_completion_tokens: int = 0
    total_duration: float = 0.0
    average_duration: float | None = None
    total_span_count: int = 0
    total_llm_call_count: int = 0
    total_error_count: int = 0
    error_rate: float | None = None


class Thread(Wire, frozen=True, kw_only=True):
    """The logs of one conversation; `total_cost` is USD."""

    thread_identifier: str
    environment: str | None = None
    log_count: int = 0
    first_at: AwareDatetime | None = None
    last_at: AwareDatetime | None = None
    total_cost: float | None = None
    total_tokens: int = 0


class Customer(Wire, frozen=True, kw_only=True):
    """The logs of one of your own users; `total_cost` is USD, averages are seconds."""

    customer_identifier: str
    environment: str | None = None
    name: str | None = None
    email: str | None = None
    first_seen: AwareDatetime | None = None
    last_active: AwareDatetime | None = None
    active_days: int = 0
    number_of_requests: int = 0
    total_tokens: int = 0
    total_cost: float | None = None
    average_latency: float | None = None
    average_ttft: float | None = None


class LogSample(Wire, frozen=True, kw_only=True):
    """Which request logs go into a dataset, for you to fill in.

    Those from `start_time` up to `end_time` (None: now) that match `filters` and `search`; of these `percent` (over 0
    to 100, rounded up) or `count`, without either all. `method` is random, newest, failures_first or stratified, the
    last by a field or path in `stratify_by`, with an `allocation` proportional or equal. The same `seed` takes the same
    logs. `similarity` (over 0 to 1) passes over inputs that similar to one taken before. `granularity` traces makes
    one row of each trace. `environments` are prod, test or both; None stands for the key's own.
    """

    start_time: datetime | str | None = None
    end_time: datetime | str | None = None
    filters: JsonObject | None = None
    search: str | None = None
    percent: float | None = None
    count: int | None = None
    method: str | None = None
    seed: int | None = None
    stratify_by: str | None = None
    allocation: str | None = None
    similarity: float | None = None
    granularity: str | None = None
    environments: Sequence[str] | None = None


class SamplePreview(Wire, frozen=True, kw_only=True):
    """What a sample would take: how many match, how many are taken, and up to three examples.

    Near duplicates, and logs that the dataset has already, are not taken off yet.
    """

    matched_count: int
    sample_count: int
    examples: Sequence[JsonObject] = ()
    sampling_recipe: JsonObject | None = None
    strata: Sequence[JsonObject] | None = None


class LogsAdded(Wire, frozen=True, kw_only=True):
    """What became of an import of logs; `count` is how many were added, None while the job still runs."""

    message: str = ""
    count: int | None = None
    job_id: str | None = None
    dataset_version: int | None = None
