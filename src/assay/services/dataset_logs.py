"""What people do with the rows of a dataset."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.filters.expression import EVERYTHING, Expression
from assay.model.access import Identity
from assay.model.dataset import Change, DatasetLog, DatasetLogDraft
from assay.model.errors import Invalid
from assay.ports.store import Store
from assay.wire.unified_log import edited, read_log


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one item of many was refused; `place` is its index in a list or its line in a file."""

    place: int
    message: str


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of many rows."""

    ids: Sequence[str]
    refusals: Sequence[Refusal]
    version: int


async def create(store: Store, who: Identity, dataset_id: str, draft: DatasetLogDraft, at: datetime) -> str:
    """Add one row and return its id."""
    ids, _ = await store.dataset_logs.append(dataset_id, [draft], Change("create", who.key_prefix, at))
    return ids[0]


async def create_many(
    store: Store, who: Identity, dataset_id: str, items: Sequence[Any], environment: str, at: datetime
) -> BulkResult:
    """Add the rows that can be read, in one transaction; the others are refused one by one with their reason."""
    # Reading hundreds of rows takes milliseconds: not on the event loop.
    drafts, refusals = await asyncio.to_thread(read_many, items, environment, at)
    if not drafts:
        return BulkResult((), refusals, 0)
    ids, version = await store.dataset_logs.append(dataset_id, drafts, Change("bulk create", who.key_prefix, at))
    return BulkResult(ids, refusals, version.number)


def read_many(items: Sequence[Any], environment: str, at: datetime) -> tuple[list[DatasetLogDraft], list[Refusal]]:
    """Read rows in the unified format; return what could be read and why the rest could not."""
    drafts: list[DatasetLogDraft] = []
    refusals: list[Refusal] = []
    for index, item in enumerate(items):
        try:
            drafts.append(read_log(item, environment=environment, now=at))
        except Invalid as error:
            refusals.append(Refusal(index, error.message))
    return drafts, refusals


async def update(
    store: Store, who: Identity, dataset_id: str, log_id: str, body: Mapping[str, Any], *, replace: bool, at: datetime
) -> DatasetLog:
    """Edit a row: merge what `body` names, or replace the content by it. Raises NotFound, Invalid."""

    def edit(present: DatasetLog) -> DatasetLogDraft:
        return edited(present, body, replace=replace, now=at)

    return await store.dataset_logs.revise(dataset_id, log_id, edit, Change("update", who.key_prefix, at))


async def delete(store: Store, who: Identity, dataset_id: str, log_id: str, at: datetime) -> None:
    """Take one row away; it stays in the versions that held it. Raises NotFound."""
    await store.dataset_logs.remove(dataset_id, log_id, Change("delete", who.key_prefix, at))


async def delete_matching(store: Store, who: Identity, dataset_id: str, expression: Expression, at: datetime) -> int:
    """Take the rows that match away (EVERYTHING: all rows) and return how many there were."""
    kind = "delete all" if expression == EVERYTHING else "delete by filter"
    return await store.dataset_logs.remove_matching(dataset_id, expression, Change(kind, who.key_prefix, at))
