"""What the Python client answers with: frozen structures decoded from the wire; unknown fields are ignored.

Times are aware datetimes; names carry their unit except where the wire contract named them first (`latency` is seconds,
`cost` US dollars).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

Item = TypeVar("Item")
AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]
JsonObject = Mapping[str, Any]


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every answer."""


class Page(Wire, Generic[Item], frozen=True, kw_only=True):
    """One page of a list; `total_count` counts all matches, `next` is the address of the next page or None."""

    results: Sequence[Item]
    count: int = 0
    next: str | None = None
    previous: str | None = None
    total_count: int | None = None
    current_filters: JsonObject | None = None


class Health(Wire, frozen=True, kw_only=True):
    """Whether the server answers: `status` is ok when it does."""

    status: str


class Interval(Wire, frozen=True, kw_only=True):
    """A confidence interval; `level` such as 0.95, `method` names the formula."""

    lower: float | None = None
    upper: float | None = None
    level: float = 0.95
    method: str = ""


class Dataset(Wire, frozen=True, kw_only=True):
    """A named collection of rows; `version` is the number of its newest version where the server tells it."""

    id: str
    name: str
    description: str = ""
    type: str = "sampling"
    status: str = "ready"
    log_count: int = 0
    version: int | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    updated_by: Any = None
    organization: Any = None
    initial_log_filters: JsonObject | None = None
    granularity: str = "logs"
    starred: bool = False
    tags: Sequence[Any] = ()
    running_status: str = "pending"
    running_progress: float = 0
    running_at: AwareDatetime | None = None
    sampling_recipe: JsonObject | None = None
    sampling_outcome: JsonObject | None = None


class DatasetVersion(Wire, frozen=True, kw_only=True):
    """An immutable cut of a dataset; `content_hash` is 64 hexadecimal characters once it was computed."""

    number: int
    change: str = ""
    created_by: Any = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    log_count: int = 0
    added_count: int = 0
    removed_count: int = 0
    changed_count: int = 0
    tag: str | None = None
    content_hash: str | None = None
    is_pinned: bool = False


class RowDifference(Wire, frozen=True, kw_only=True):
    """How one row differs between two versions: `kind` is added, removed or changed; `fields` what changed."""

    id: str
    kind: str
    fields: Sequence[str] = ()
    before: JsonObject | None = None
    after: JsonObject | None = None


class DatasetDiff(Page[RowDifference], frozen=True, kw_only=True):
    """A page of row differences and how many rows were added, removed and changed in all."""

    added_count: int | None = None
    removed_count: int | None = None
    changed_count: int | None = None


class DatasetLog(Wire, frozen=True, kw_only=True):
    """One row of a dataset; payloads are JSON values, `scores` what evaluators said, `latency` seconds, `cost` USD."""

    id: str
    dataset_id: str | None = None
    input: Any = None
    output: Any = None
    expected_output: Any = None
    metadata: JsonObject | None = None
    metrics: JsonObject | None = None
    prompt: Any = None
    completion: Any = None
    model: str | None = None
    log_type: str | None = None
    status: str | None = None
    status_code: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    environment: str | None = None
    custom_identifier: str | None = None
    customer_identifier: str | None = None
    thread_identifier: str | None = None
    trace_unique_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_request_tokens: int | None = None
    cost: float | None = None
    latency: float | None = None
    time_to_first_token: float | None = None
    tokens_per_second: float | None = None
    annotation_status: str | None = None
    scores: Any = None
    timestamp: AwareDatetime | None = None
    start_time: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class LogCreated(Wire, frozen=True, kw_only=True):
    """The receipt for one new row: its id and the row as the server stored it."""

    unique_id: str
    message: str = ""
    log_data: JsonObject = {}


class BulkError(Wire, frozen=True, kw_only=True):
    """A row that was refused; `index` counts from 0 over everything that was passed in."""

    index: int
    error: Any


class BulkResult(Wire, frozen=True, kw_only=True):
    """How many rows were stored and which were refused."""

    success_count: int = 0
    error_count: int = 0
    errors: Sequence[BulkError] = ()


class LineError(Wire, frozen=True, kw_only=True):
    """A line of an imported file that was refused; `line` counts from 1."""

    line: int
    error: Any


class ImportResult(Wire, frozen=True, kw_only=True):
    """What became of an imported file; `errors` holds the first hundred, `version` the dataset version it made."""

    imported_count: int = 0
    error_count: int = 0
    errors: Sequence[LineError] = ()
    job_id: str | None = None
    version: int | None = None


class DeleteResult(Wire, frozen=True, kw_only=True):
    """How many rows a delete took."""

    message: str = ""
    deleted_count: int = 0


class LogsSummary(Wire, frozen=True, kw_only=True):
    """Aggregates over dataset rows: sums in tokens and USD, averages in seconds; `scores` by evaluator id."""

    number_of_requests: int = 0
    total_cost: float = 0.0
    total_tokens: int = 0
    total_prompt_tokens: int = 0
    total_completion_tokens: int = 0
    avg_latency: float | None = None
    avg_tps: float | None = None
    avg_ttft: float | None = None
    has_output: int | None = None
    scores: JsonObject | None = None


class ApiKey(Wire, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: str
    name: str = ""
    prefix: str = ""
    environment: str = ""
    scopes: Sequence[str] = ()
    created_at: AwareDatetime | None = None
    last_used_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None


class NewApiKey(ApiKey, frozen=True, kw_only=True):
    """A key that was just made; `api_key` is the secret and is never shown again."""

    api_key: str


class Job(Wire, frozen=True, kw_only=True):
    """Work that outlives a request; `total_count` is None while it is not known, `outcome` until the end."""

    id: str
    kind: str = ""
    state: str = ""
    done_count: int = 0
    total_count: int | None = None
    error_message: str | None = None
    outcome: JsonObject | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
