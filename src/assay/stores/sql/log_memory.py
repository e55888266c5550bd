"""What was computed over request logs, kept for the next one who asks while the logs it is of are the same."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, literal_column, select

from assay.model.page import Page
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.dialect import number_literal
from assay.stores.sql.log_scan import hinted_rows
from assay.stores.sql.tables import request_log as table

Result = TypeVar("Result")

_MOST_ENTRIES = 64
_MOST_GROUPS = 10_000
# Among more logs than this, whether one belongs to a result takes too long to find out: twenty milliseconds.
_MOST_LOOKED_AT = 20_000


@dataclass(slots=True)
class _Entry:
    """A result, the newest sequence and the number of changes when its computation began."""

    result: Any
    newest: int
    changes: int


class ResultMemory:
    """Results over the request logs of all organisations, as long as no log of theirs came, went or was changed.

    On SQLite only, where one process writes. On PostgreSQL other servers do too, and everything is computed anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._running: dict[Hashable, asyncio.Task[_Entry]] = {}
        self._changes = 0

    async def remembered(
        self, key: Hashable, condition: ColumnElement[bool], compute: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Return what `compute` comes to now: perhaps from memory, and computed once for all who ask meanwhile.

        `key` says which question it is; its answer must be read only. `condition` holds for every log, of those that
        may be recorded from now on, that the answer depends on. What `compute` raises is raised and not remembered.
        """
        if self._database.dialect_name != "sqlite":
            return await compute()
        running = self._running.get(key)
        entry = await asyncio.shield(running) if running is not None else self._entries.get(key)
        if entry is None or not await self._is_valid(entry, condition):
            # Whoever asked for it, what is found now was begun after this was asked.
            newer = self._entries.get(key)
            entry = newer if newer is not None and newer is not entry else await self._computed(key, compute)
        if key in self._entries:
            self._entries.move_to_end(key)
        result: Result = entry.result
        return result

    async def changing(self, write: Coroutine[Any, Any, Result]) -> Result:
        """Run a write that deletes logs or changes them: what was remembered until its end is forgotten."""
        task = asyncio.ensure_future(write)
        # Not after the wait below: the write goes on when whoever waits is cancelled.
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, _: object) -> None:
        self._changes += 1
        self._entries.clear()

    async def _is_valid(self, entry: _Entry, condition: ColumnElement[bool]) -> bool:
        if entry.changes != self._changes:
            return False
        newest = await self._database.read(partial(_newest_without, condition=condition, seen=entry.newest))
        if newest is None:
            return False
        entry.newest = max(entry.newest, newest)
        return True

    async def _computed(self, key: Hashable, compute: Callable[[], Awaitable[Any]]) -> _Entry:
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = asyncio.create_task(self._compute(key, compute), name="log analytics")
            running.add_done_callback(lambda _: self._running.pop(key))
        # Shielded: others may wait for it too.
        return await asyncio.shield(running)

    async def _compute(self, key: Hashable, compute: Callable[[], Awaitable[Any]]) -> _Entry:
        self._entries.pop(key, None)
        # Before the computation: what changes during it may be in the result or not.
        changes, newest = self._changes, await self._database.read(_newest)
        entry = _Entry(await compute(), newest, changes)
        if changes == self._changes and _size(entry.result) <= _MOST_GROUPS:
            self._entries[key] = entry
            if len(self._entries) > _MOST_ENTRIES:
                self._entries.popitem(last=False)
        return entry


def _newest(connection: Connection) -> int:
    return connection.rows("SELECT max(sequence) FROM request_log")[0][0] or 0


def _newest_without(connection: Connection, *, condition: ColumnElement[bool], seen: int) -> int | None:
    """Return the newest sequence; None if a log after `seen` meets a condition, or if there are too many to tell."""
    newest = _newest(connection)
    if newest <= seen:
        return newest
    if newest - seen > _MOST_LOOKED_AT:
        return None
    met: Select[Any] = select(literal_column("1")).where(table.c.sequence > number_literal(seen), condition).limit(1)
    # Through the primary key: an index on time has all the older logs too.
    return None if hinted_rows(connection, met.with_hint(table, "NOT INDEXED", "sqlite")) else newest


def _size(result: object) -> int:
    counted = result.items if isinstance(result, Page) else result
    return len(counted) if isinstance(counted, Sized) else 1
