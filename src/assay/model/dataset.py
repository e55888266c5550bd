"""Datasets, their immutable versions and their rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from assay.model.log import LogAttributes, LogContent

DatasetStatus = Literal["initializing", "ready", "failed", "loading"]
RunningStatus = Literal["pending", "running", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named collection of rows; `version` is the number of its newest version, 0 while nothing was ever written.

    `sampling_recipe` and `sampling_outcome` are JSON objects: how its first rows were chosen, and what that came to.
    """

    id: str
    organization_id: int
    name: str
    description: str
    created_at: datetime
    updated_at: datetime
    updated_by: str
    type: Literal["sampling", "llm"] = "sampling"
    status: DatasetStatus = "ready"
    initial_log_filters: bytes = b"{}"
    granularity: Literal["logs", "traces"] = "logs"
    starred: bool = False
    tags: tuple[str, ...] = ()
    log_count: int = 0
    version: int = 0
    running_status: RunningStatus = "pending"
    running_progress: int = 0
    running_at: datetime | None = None
    sampling_recipe: bytes | None = None
    sampling_outcome: bytes | None = None


@dataclass(frozen=True, slots=True)
class DatasetChanges:
    """What an update sets; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    starred: bool | None = None
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """An immutable cut of a dataset.

    `content_hash` is the Merkle root over the rows' hashes in order, 64 hexadecimal characters, computed when first
    asked for or pinned. A pinned, tagged or hashed version never grows; the newest other one may, for a moment.
    """

    number: int
    change: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    log_count: int
    added_count: int = 0
    removed_count: int = 0
    changed_count: int = 0
    tag: str | None = None
    content_hash: str | None = None
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Who writes to a dataset, in which words, and when: what a new version records."""

    kind: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DatasetLogDraft:
    """A row that is not stored yet."""

    content: LogContent
    attributes: LogAttributes
    source_log_id: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetLog:
    """One stored row of a dataset.

    `id` names the row through all its revisions; `sequence` names this revision of it and is what evaluation cells
    refer to; `position` orders the rows and never changes.
    """

    id: str
    dataset_id: str
    sequence: int
    position: int
    added_in: int
    created_at: datetime
    updated_at: datetime
    attributes: LogAttributes
    content: LogContent = field(default_factory=LogContent)
    source_log_id: str | None = None
    removed_in: int | None = None
    annotation_status: str = "pending"


@dataclass(frozen=True, slots=True)
class RowDifference:
    """How one row differs between two versions; `fields` names the changed content fields of a changed row."""

    id: str
    kind: Literal["added", "removed", "changed"]
    before: LogContent | None = None
    after: LogContent | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogsSummary:
    """Aggregates over dataset rows: sums of tokens and US dollars; means over the rows that have the figure."""

    number_of_requests: int = 0
    total_cost: float = 0.0
    total_tokens: int = 0
    total_prompt_tokens: int = 0
    total_completion_tokens: int = 0
    avg_latency: float = 0.0
    avg_tps: float = 0.0
    avg_ttft: float = 0.0


@dataclass(frozen=True, slots=True)
class HoldingDataset:
    """A dataset whose newest version has a copy of a request log, and the first such row."""

    dataset_id: str
    name: str
    log_id: str


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """How many rows differ between a version of a dataset and its newest: added, removed, changed since."""

    newest: int
    added: int
    removed: int
    changed: int
