"""Datasets and their versions on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assay.filters.canonical import canonical_form
from assay.model.access import Environment
from assay.model.dataset import Dataset, DatasetChanges, DatasetVersion, RowDifference
from assay.model.errors import Invalid
from assay.model.log import LogContent
from assay.model.sampling import Granularity
from assay.wire import codec
from assay.wire.editors import editor
from assay.wire.log_imports import LogRecipe, LogSelection, read_granularity, read_selection, seed_of
from assay.wire.problems import REQUIRED

BLANK = "This field may not be blank."
_LONGEST_NAME = 255

DatasetType = Literal["sampling", "llm"]


class DatasetCreate(LogSelection):
    """The body that creates a dataset: without rows, from request logs, or as a copy of another dataset."""

    name: str | None = Field(default=None, description="What people call it; need not be unique.")
    description: str | None = None
    type: Literal["sampling", "llm", "human", "dataset", "reference"] | None = None
    is_empty: bool = Field(default=False, description="True: start without rows.")
    source_dataset_id: str | None = Field(default=None, description="Copy this dataset; the selection is not used.")
    source_version: int | str | None = Field(default=None, description="Its number or tag. Default: the newest.")


@dataclass(frozen=True, slots=True)
class NewDataset:
    """A dataset that is to be: `filters` as they are shown, `recipe` for its first rows, None for none."""

    id: str
    name: str
    description: str
    type: DatasetType
    granularity: Granularity
    filters: bytes = b"{}"
    recipe: LogRecipe | None = None


class DatasetUpdate(BaseModel):
    """The body that changes a dataset; what is absent stays as it is."""

    name: str | None = None
    description: str | None = None
    starred: bool | None = None
    tags: list[str | int] | None = None


class DatasetReplace(DatasetUpdate):
    """The body that replaces a dataset's description; the name is required."""


class DatasetOut(BaseModel):
    """A dataset."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    description: str
    type: str
    status: Literal["initializing", "ready", "failed", "loading"]
    log_count: int
    version: int
    created_at: datetime
    updated_at: datetime
    organization: int
    organization_id: int
    initial_log_filters: dict[str, Any]
    running_status: str
    running_progress: int
    running_at: datetime | None
    updated_by: dict[str, Any]
    granularity: str
    starred: bool
    tags: list[Any]
    sampling_recipe: dict[str, Any] | None
    sampling_outcome: dict[str, Any] | None


class VersionOut(BaseModel):
    """A version of a dataset: an immutable cut that runs are pinned to."""

    number: int
    change: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    log_count: int
    added_count: int
    removed_count: int
    changed_count: int
    tag: str | None
    content_hash: str | None
    is_pinned: bool


class VersionUpdate(BaseModel):
    """The body that names a version; null takes the name away."""

    tag: str | None = Field(description="Letters, digits, '.', '_' and '-', not digits alone.")


class DifferenceOut(BaseModel):
    """How one row differs between two versions."""

    id: str
    kind: Literal["added", "removed", "changed"]
    fields: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Summary(BaseModel):
    """How many things match."""

    total_count: int


def read_name(value: str | None) -> str:
    """Return a name without surrounding space; raises Invalid for none, a blank one, and one of over 255 characters."""
    if value is None:
        raise Invalid.field("name", REQUIRED)
    if not value.strip():
        raise Invalid.field("name", BLANK)
    if len(value) > _LONGEST_NAME:
        raise Invalid.field("name", f"Ensure this field has no more than {_LONGEST_NAME} characters.")
    return value.strip()


def read_create(body: DatasetCreate, dataset_id: str, environment: Environment) -> NewDataset:
    """Return what a body wants made, unless it is a copy; raises Invalid for what is missing or contradicts itself."""
    name = read_name(body.name)
    filters = body.filters if body.initial_log_filters is None else body.initial_log_filters
    if not isinstance(filters, dict | list | None):
        given = type(filters).__name__
        raise Invalid.field("initial_log_filters", f"Expected an object or a list of conditions, but got {given}.")
    granularity = read_granularity(body.granularity) or "logs"
    recipe = None
    if not _starts_empty(body):
        recipe = read_selection(body, granularity, seed_of(dataset_id), environment)
    elif body.dry_run:
        raise Invalid.field("dry_run", "There is nothing to try: this dataset starts without rows.")
    return NewDataset(
        id=dataset_id,
        name=name,
        description=body.description or "",
        type="llm" if body.type == "llm" else "sampling",
        granularity=granularity,
        filters=codec.encode(_as_objects(filters) if filters else {}),
        recipe=recipe,
    )


def _starts_empty(body: DatasetCreate) -> bool:
    # The oldest SDK cannot say is_empty; its own type, with nothing to select, names a dataset that is filled by hand.
    selected = (body.initial_log_filters, body.filters, body.start_time, body.end_time, body.search)
    return body.is_empty or (body.type == "llm" and not any(selected))


def read_copy(body: DatasetCreate, dataset_id: str, source: Dataset) -> NewDataset:
    """Return the copy that a body wants made of `source`; raises Invalid for a blank name."""
    return NewDataset(
        id=dataset_id,
        name=read_name(body.name if body.name is not None else f"{source.name[: _LONGEST_NAME - 7]} (copy)"),
        description=source.description if body.description is None else body.description,
        type=source.type,
        granularity=source.granularity,
        filters=source.initial_log_filters,
    )


def _as_objects(filters: Any) -> dict[str, Any]:
    """Return filters in object form, with the value of a single condition as it was sent.

    respan-api reads a value of `status_code` back as one integer, which is what its users send; a list would fail it.
    """
    written = canonical_form(filters)
    if not isinstance(filters, dict):
        return written
    for name, entry in written.items():
        sent = filters.get(name)
        value = sent.get("value") if isinstance(sent, dict) else sent
        if "filter_params" not in entry and isinstance(value, str | int | float):
            entry["value"] = value
    return written


def read_update(body: DatasetUpdate) -> DatasetChanges:
    """Return what an update sets; raises Invalid for a blank name."""
    name = read_name(body.name) if body.name is not None else None
    tags = None if body.tags is None else tuple(str(tag) for tag in body.tags)
    return DatasetChanges(name, body.description, body.starred, tags)


def read_replace(body: DatasetReplace) -> DatasetChanges:
    """Return what a replacement sets: everything, with defaults for what is absent; raises Invalid without a name."""
    tags = tuple(str(tag) for tag in body.tags or ())
    return DatasetChanges(read_name(body.name), body.description or "", bool(body.starred), tags)


def dataset_out(dataset: Dataset) -> dict[str, Any]:
    """Return a dataset in the union of all shapes that clients parse: never null where one of them would break."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "description": dataset.description,
        "type": dataset.type,
        "status": dataset.status,
        "log_count": dataset.log_count,
        "version": dataset.version,
        "created_at": dataset.created_at,
        "updated_at": dataset.updated_at,
        "organization": dataset.organization_id,
        "organization_id": dataset.organization_id,
        "initial_log_filters": codec.raw(dataset.initial_log_filters),
        "log_ids": [],
        "unique_organization_ids": [],
        "timestamps": [],
        "evaluator": None,
        "running_status": dataset.running_status,
        "running_progress": dataset.running_progress,
        "running_at": dataset.running_at,
        "completed_annotation_count": 0,
        "updated_by": editor(dataset.updated_by),
        "granularity": dataset.granularity,
        "starred": dataset.starred,
        "tags": [{"id": tag, "name": tag, "color": ""} for tag in dataset.tags],
        "project": None,
        "ingest_workflow_id": None,
        "sampling_recipe": codec.raw(dataset.sampling_recipe),
        "sampling_outcome": codec.raw(dataset.sampling_outcome),
    }


def version_out(version: DatasetVersion) -> dict[str, Any]:
    """Return a version as it is shown."""
    return {name: getattr(version, name) for name in VersionOut.model_fields}


def difference_out(difference: RowDifference) -> dict[str, Any]:
    """Return how one row differs, with the content before and after."""
    return {
        "id": difference.id,
        "kind": difference.kind,
        "fields": difference.fields,
        "before": content_out(difference.before),
        "after": content_out(difference.after),
    }


def content_out(content: LogContent | None) -> dict[str, Any] | None:
    """Return the payloads of a row as raw JSON; absent ones are null."""
    if content is None:
        return None
    return {
        "input": codec.raw(content.input),
        "output": codec.raw(content.output),
        "expected_output": codec.raw(content.expected_output),
        "metadata": codec.raw(content.metadata),
        "metrics": codec.raw(content.metrics),
    }


def read_tag(value: str | None) -> str | None:
    """Return a version tag; raises Invalid for one that could be a number or does not fit into a URL."""
    if value is None:
        return None
    allowed = value.replace(".", "").replace("_", "").replace("-", "")
    if not (value.isascii() and allowed.isalnum() and not value.isdigit() and len(value) <= 100):
        raise Invalid.field(
            "tag", f"'{value[:100]}' is not a tag: use up to 100 letters, digits, '.', '_' and '-', not digits alone."
        )
    return value
