"""Request logs in SQL: narrow lines for filtering beside compressed bodies that hold the payloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, select

from assay.filters.log_query import LogQuery
from assay.model.access import ENVIRONMENTS, Environment
from assay.model.errors import NotFound
from assay.model.page import PageRequest, Sort
from assay.model.request_log import Count, Recorded, RequestLog, RequestLogChanges, RequestLogDraft
from assay.ports.request_logs import Cursor
from assay.stores.sql import log_body
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.keyset import comes_after, comes_after_in_index
from assay.stores.sql.log_count import count_lines
from assay.stores.sql.log_intake import LogIntake
from assay.stores.sql.log_lines import read_many, read_where
from assay.stores.sql.log_memory import ResultMemory
from assay.stores.sql.log_query_sql import filter_columns, matching
from assay.stores.sql.log_scan import hinted, hinted_rows
from assay.stores.sql.log_scope import scope_of, scopes_of
from assay.stores.sql.log_upkeep import delete_lines
from assay.stores.sql.order import order_by
from assay.stores.sql.tables import request_log as table
from assay.stores.sql.text_index import is_better_probed
from assay.wire import codec

_NEWEST = Sort("timestamp", descending=True)
_NEVER_MISSING = ("timestamp", "start_time", "created_at", "status_code")


@dataclass(frozen=True, slots=True)
class SqlRequestLogs:
    """The request logs of one organisation, recorded into one environment."""

    database: Database
    intake: LogIntake
    memory: ResultMemory
    organization_id: int
    environment: Environment

    async def append(self, drafts: Sequence[RequestLogDraft]) -> Sequence[Recorded]:
        """Record logs, durably and visibly when this returns."""
        return await self.intake.append(scope_of(self.organization_id, self.environment), drafts)

    async def _matching(self, query: LogQuery, *, is_probed: bool = False) -> ColumnElement[bool]:
        return await matching(self.database, self.organization_id, self.environment, query, is_probed=is_probed)

    async def _is_probed(self, query: LogQuery, sort: Sort) -> bool:
        """Tell whether a page is found by a walk through time rather than through what the text index finds."""
        return query.search is not None and _is_by_time(sort) and await is_better_probed(self.database, query.search)

    async def page(
        self, query: LogQuery, sort: Sort, page: PageRequest, *, previews_only: bool = False
    ) -> tuple[Sequence[RequestLog], bool]:
        """Return a page of the logs that match, and whether more follow."""
        is_probed = page.number == 1 and await self._is_probed(query, sort)
        condition = await self._matching(query, is_probed=is_probed)
        is_walk = is_probed if query.search is not None else _is_by_time(sort)
        wanted = (
            select(table.c.sequence)
            .where(condition)
            .order_by(*self._order(sort))
            .limit(page.size + 1)
            .offset(page.offset)
        )

        def work(connection: Connection) -> tuple[Sequence[RequestLog], bool]:
            # Choose narrow lines first, then fetch the bodies of just these.
            sequences = [
                row[0] for row in hinted_rows(connection, self._hinted(connection, query, wanted, is_walk=is_walk))
            ]
            logs = read_many(connection, sequences[: page.size], previews_only=previews_only)
            return logs, len(sequences) > page.size

        return await self.database.read(work)

    async def page_after(
        self, query: LogQuery, sort: Sort, cursor: Cursor | None, size: int, *, previews_only: bool = False
    ) -> tuple[Sequence[RequestLog], Cursor | None]:
        """Return the logs that come after a cursor in the order of `sort`, and the next cursor."""
        is_probed = await self._is_probed(query, sort)
        condition = await self._matching(query, is_probed=is_probed)
        is_walk = is_probed if query.search is not None else _is_by_time(sort)
        column = self._sorted_by(sort)
        wanted = select(table.c.sequence, column).where(condition)
        if cursor is not None:
            value, place = cursor
            if sort.field in ("id", *_NEVER_MISSING) and isinstance(value, int):
                wanted = wanted.where(comes_after_in_index(column, table.c.sequence, sort, value, place))
            else:
                wanted = wanted.where(comes_after(column, table.c.sequence, sort, value, place))
        wanted = wanted.order_by(*self._order(sort)).limit(size + 1)

        def work(connection: Connection) -> tuple[Sequence[RequestLog], Cursor | None]:
            rows = hinted_rows(connection, self._hinted(connection, query, wanted, is_walk=is_walk))
            following = None
            if len(rows) > size:
                last = rows[size - 1]
                following = (last[1], last[0])
            return read_many(connection, [row[0] for row in rows[:size]], previews_only=previews_only), following

        return await self.database.read(work)

    def _hinted(self, connection: Connection, query: LogQuery, statement: Select[Any], *, is_walk: bool) -> Select[Any]:
        """Return the statement of a page; in a walk an index has the order and gives no more than the page needs."""
        if is_walk:
            return statement
        return hinted(connection, statement, self.organization_id, self.environment, query)

    def _sorted_by(self, sort: Sort) -> ColumnElement[Any]:
        # Ids of logs that may be sent twice are hashes: what people mean by the newest id is the newest log.
        name = "timestamp" if sort.field == "id" else sort.field
        return filter_columns(self.database.dialect_name).columns[name]

    def _order(self, sort: Sort) -> list[ColumnElement[Any]]:
        column = self._sorted_by(sort)
        if sort.field in ("id", *_NEVER_MISSING):
            # Without a word on what is missing an index can give this order.
            return [column.desc(), table.c.sequence.desc()] if sort.descending else [column, table.c.sequence]
        return order_by(column, sort, tie_break=table.c.sequence)

    async def count(self, query: LogQuery, *, within_seconds: float | None = None) -> Count:
        """Count the logs that match; with a limit of time, answer a lower bound when it takes longer."""
        # Of words that most logs have a bound is soon counted, where finding all logs first would count none.
        is_probed = within_seconds is not None and await self._is_probed(query, _NEWEST)

        def hint(connection: Connection, statement: Select[Any]) -> Select[Any]:
            return (
                statement if is_probed else hinted(connection, statement, self.organization_id, self.environment, query)
            )

        return await count_lines(
            self.database, table, await self._matching(query, is_probed=is_probed), within_seconds, hint
        )

    def _own(self, name: str) -> tuple[str, dict[str, Any]]:
        scopes = scopes_of(self.organization_id, self.environment, ENVIRONMENTS)
        return in_list(name, "l.scope", "scopes"), {"scopes": list_of(name, scopes)}

    async def get(self, log_id: str) -> RequestLog:
        """Return one log with its content, whatever its environment; raises NotFound."""
        found = await self.find_many([log_id])
        if not found:
            raise NotFound("Log not found")
        return found[0]

    async def find_many(self, log_ids: Sequence[str]) -> Sequence[RequestLog]:
        """Return the logs with these ids that are there, with their content, in the order asked."""
        return await self.database.read(lambda connection: self._find(connection, log_ids))

    def _find(self, connection: Connection, log_ids: Sequence[str]) -> list[RequestLog]:
        name = connection.dialect_name
        owned, parameters = self._own(name)
        condition = f"{in_list(name, 'l.id', 'ids')} AND {owned}"
        logs = read_where(connection, condition, {**parameters, "ids": list_of(name, log_ids)})
        found = {log.id: log for log in logs}
        return [found[log_id] for log_id in dict.fromkeys(log_ids) if log_id in found]

    def _lines(self, connection: Connection, log_id: str) -> list[Row]:
        """Return sequence, scope and trace of a log, and keep others from changing it until the transaction ends."""
        owned, parameters = self._own(connection.dialect_name)
        wanted = f"SELECT l.sequence, l.scope, l.trace_unique_id FROM request_log l WHERE l.id = :id AND {owned}"
        # On SQLite there is only one writer.
        lock = " FOR UPDATE" if connection.dialect_name == "postgresql" else ""
        return connection.rows(wanted + lock, {**parameters, "id": log_id})

    async def update(self, log_id: str, changes: RequestLogChanges) -> RequestLog:
        """Set what `changes` names and return the log as it is now; raises NotFound."""

        def work(connection: Connection) -> RequestLog:
            self._lines(connection, log_id)
            present = self._find(connection, [log_id])
            if not present:
                raise NotFound("Log not found")
            _update(connection, present[0], changes)
            return self._find(connection, [log_id])[0]

        return await self.memory.changing(self.database.write(work))

    async def delete(self, log_id: str) -> None:
        """Delete one log; raises NotFound."""

        def work(connection: Connection) -> None:
            lines = self._lines(connection, log_id)
            if not lines:
                raise NotFound("Log not found")
            delete_lines(connection, lines)

        await self.memory.changing(self.database.write(work))


# Values stay the text that they are: 1.10 does not become 1.1 because another key was set.
_members: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _is_by_time(sort: Sort) -> bool:
    return sort.field in ("id", "timestamp")


def _update(connection: Connection, present: RequestLog, changes: RequestLogChanges) -> None:
    values: dict[str, Any] = {}
    if changes.note is not None:
        values["note"] = changes.note or None
    if changes.custom_identifier is not None:
        values["custom_identifier"] = changes.custom_identifier or None
    for name in ("positive_feedback", "blurred", "is_pinned"):
        value = getattr(changes, name)
        if value is not None:
            values[name] = int(value)
    if changes.metadata is not None:
        metadata = _merged(present.metadata, changes.metadata)
        values["metadata"] = None if metadata is None else metadata.decode()
        if connection.dialect_name == "postgresql":
            _rewrite_body(connection, present, metadata)
    if values:
        json = {"sqlite": "jsonb(:metadata)", "postgresql": "CAST(:metadata AS jsonb)"}[connection.dialect_name]
        sets = ", ".join(f"{name} = {json if name == 'metadata' else f':{name}'}" for name in values)
        connection.run(
            f"UPDATE request_log SET {sets} WHERE sequence = :sequence", {**values, "sequence": present.sequence}
        )


def _merged(present: bytes | None, change: bytes) -> bytes | None:
    """Return metadata with the keys of a change; a null value removes its key."""
    merged = {} if present is None else _members.decode(present)
    for key, value in _members.decode(change).items():
        if bytes(value) == b"null":
            merged.pop(key, None)
        else:
            merged[key] = value
    return codec.encode(merged) if merged else None


def _rewrite_body(connection: Connection, present: RequestLog, metadata: bytes | None) -> None:
    # The text of metadata as it was written stands in the body there.
    text = log_body.with_metadata(present, metadata)
    connection.run(
        "UPDATE request_log_body SET data = CAST(:data AS json) WHERE sequence = :sequence",
        {"data": text.decode(), "sequence": present.sequence},
    )
