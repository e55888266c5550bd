"""Dataset rows in SQL: narrow lines for filtering beside bodies that hold the payloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, true

from assay.filters.expression import EVERYTHING, Expression
from assay.model.dataset import Change, DatasetLog, DatasetLogDraft, DatasetVersion, LogsSummary
from assay.model.errors import NotFound
from assay.model.ids import new_hex_id
from assay.model.log import ATTRIBUTE_NAMES, LogAttributes
from assay.model.page import Page, PageRequest, Sort
from assay.ports.dataset_logs import Edit
from assay.stores.sql import body
from assay.stores.sql.database import Connection, Database, Row
from assay.stores.sql.dataset_log_filter import filter_columns
from assay.stores.sql.dataset_versions import close_version, open_version
from assay.stores.sql.filter_sql import compile_filter
from assay.stores.sql.order import order_by
from assay.stores.sql.scope import dataset_at, in_version
from assay.stores.sql.tables import dataset_log as table
from assay.stores.sql.tables import dataset_log_body
from assay.stores.sql.times import from_microseconds, to_microseconds

# Rows of an unfinished import carry a version number beyond every real one, so that no version holds them.
STAGED = 1 << 62

# Fewer rows than this are prepared where they are; more go to a thread, so that the event loop stays free.
_PREPARED_INLINE = 8

_LINE_COLUMNS = (
    "sequence", "id", "dataset_sequence", "position", "added_in", "body_sequence", "source_log_id",
    "annotation_status", "created_at", "updated_at", *ATTRIBUTE_NAMES,
)  # fmt: skip
_PLACEHOLDERS = ", ".join(f":{name}" for name in _LINE_COLUMNS)
_INSERT_LINE = {
    "sqlite": f"INSERT INTO dataset_log ({', '.join(_LINE_COLUMNS)}, metadata)"
    f" VALUES ({_PLACEHOLDERS}, jsonb(:metadata))",
    "postgresql": f"INSERT INTO dataset_log ({', '.join(_LINE_COLUMNS)}, metadata)"
    f" VALUES ({_PLACEHOLDERS}, CAST(:metadata AS jsonb))",
}
_INSERT_BODY = {
    "sqlite": "INSERT INTO dataset_log_body (sequence, digest, codec, data) VALUES (:sequence, :digest, :codec, :data)",
    "postgresql": "INSERT INTO dataset_log_body (sequence, digest, codec, data)"
    " VALUES (:sequence, :digest, :codec, CAST(:data AS json))",
}
_FIND_BODIES = {
    "sqlite": "SELECT digest, sequence FROM dataset_log_body"
    " WHERE digest IN (SELECT unhex(value) FROM json_each(:digests))",
    "postgresql": "SELECT digest, sequence FROM dataset_log_body WHERE digest = ANY(:digests)",
}

_READ_COLUMNS = (
    table.c.id, table.c.sequence, table.c.position, table.c.added_in, table.c.removed_in, table.c.source_log_id,
    table.c.annotation_status, table.c.created_at, table.c.updated_at, *(table.c[name] for name in ATTRIBUTE_NAMES),
    dataset_log_body.c.codec, dataset_log_body.c.data,
)  # fmt: skip
_FIRST_ATTRIBUTE = 9
_attributes_of = attrgetter(*ATTRIBUTE_NAMES[2:])


@dataclass(slots=True)
class _Prepared:
    """A draft made ready outside the transaction: its line without sequence numbers, and its body."""

    line: dict[str, Any]
    digest: bytes
    codec: int
    data: Any


def prepare(drafts: Sequence[DatasetLogDraft], now: int, dialect_name: str) -> list[_Prepared]:
    """Encode, hash and compress drafts for insertion; `now` is in microseconds."""
    prepared = []
    for draft in drafts:
        text = body.joined(draft.content)
        attributes = draft.attributes
        line = dict(zip(ATTRIBUTE_NAMES[2:], _attributes_of(attributes), strict=True))
        line["timestamp"] = to_microseconds(attributes.timestamp)
        line["start_time"] = to_microseconds(attributes.start_time)
        line["source_log_id"] = draft.source_log_id
        line["annotation_status"] = "pending"
        line["created_at"] = line["updated_at"] = now
        metadata = draft.content.metadata
        line["metadata"] = metadata.decode() if metadata is not None else None
        prepared.append(_Prepared(line, body.digest(text), *body.packed(text, dialect_name)))
    return prepared


def insert_bodies(connection: Connection, rows: Sequence[_Prepared]) -> dict[bytes, int]:
    """Store the bodies that are not there yet and return the sequence of each, by digest."""
    wanted = {row.digest: row for row in rows}
    digests: Any = list(wanted)
    if connection.dialect_name == "sqlite":
        digests = '["' + '","'.join(digest.hex() for digest in digests) + '"]'
    found = {
        bytes(digest): sequence
        for digest, sequence in connection.rows(_FIND_BODIES[connection.dialect_name], {"digests": digests})
    }
    new = [row for digest, row in wanted.items() if digest not in found]
    if new:
        sequences = connection.allocate("dataset_log_body", len(new))
        connection.run_many(
            _INSERT_BODY[connection.dialect_name],
            [
                {"sequence": sequence, "digest": row.digest, "codec": row.codec, "data": row.data}
                for sequence, row in zip(sequences, new, strict=True)
            ],
        )
        found.update(zip((row.digest for row in new), sequences, strict=True))
    return found


def insert_lines(connection: Connection, dataset_sequence: int, rows: Sequence[_Prepared], added_in: int) -> list[str]:
    """Store prepared rows at the end of a dataset and return their new ids."""
    bodies = insert_bodies(connection, rows)
    ids = []
    for sequence, row in zip(connection.allocate("dataset_log", len(rows)), rows, strict=True):
        line = row.line
        line["sequence"] = line["position"] = sequence
        line["id"] = new_hex_id()
        line["dataset_sequence"] = dataset_sequence
        line["added_in"] = added_in
        line["body_sequence"] = bodies[row.digest]
        ids.append(line["id"])
    connection.run_many(_INSERT_LINE[connection.dialect_name], [row.line for row in rows])
    return ids


def read_log(dataset_id: str, row: Row) -> DatasetLog:
    """Make a dataset row from the columns of `joined_lines`."""
    attributes = row[_FIRST_ATTRIBUTE:-2]
    return DatasetLog(
        id=row[0],
        dataset_id=dataset_id,
        sequence=row[1],
        position=row[2],
        added_in=row[3],
        removed_in=row[4],
        source_log_id=row[5],
        annotation_status=row[6],
        created_at=from_microseconds(row[7]),
        updated_at=from_microseconds(row[8]),
        attributes=LogAttributes(from_microseconds(attributes[0]), from_microseconds(attributes[1]), *attributes[2:]),
        content=body.split(body.unpacked(row[-2], row[-1])),
    )


def joined_lines() -> Select[Any]:
    """Return the selection of lines with their bodies, to be narrowed by the caller."""
    return select(*_READ_COLUMNS).join(dataset_log_body, dataset_log_body.c.sequence == table.c.body_sequence)


@dataclass(frozen=True, slots=True)
class SqlDatasetLogs:
    """The rows of the datasets of one organisation."""

    database: Database
    organization_id: int

    def _dataset(self, connection: Connection, dataset_id: str, *, lock: bool = False) -> tuple[int, int]:
        return dataset_at(connection, self.organization_id, dataset_id, lock=lock)

    def _matching(self, dataset: int, version: int, expression: Expression) -> ColumnElement[bool]:
        belongs = in_version(dataset, version)
        if expression == EVERYTHING:
            return belongs
        name = self.database.dialect_name
        return and_(belongs, compile_filter(expression, filter_columns(dataset, name), name))

    async def _prepare(self, drafts: Sequence[DatasetLogDraft], change: Change) -> list[_Prepared]:
        arguments = (drafts, to_microseconds(change.at), self.database.dialect_name)
        if len(drafts) < _PREPARED_INLINE:
            return prepare(*arguments)
        return await asyncio.to_thread(prepare, *arguments)

    async def append(
        self, dataset_id: str, drafts: Sequence[DatasetLogDraft], change: Change
    ) -> tuple[Sequence[str], DatasetVersion]:
        """Add rows in order; return their new ids and the version that holds them."""
        prepared = await self._prepare(drafts, change)

        def work(connection: Connection) -> tuple[Sequence[str], DatasetVersion]:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            version = open_version(connection, dataset, newest, change)
            ids = insert_lines(connection, dataset, prepared, version)
            return ids, close_version(connection, dataset, version, change, added=len(ids), removed=0, changed=0)

        return await self.database.write(work)

    async def stage(self, dataset_id: str, job_id: str, drafts: Sequence[DatasetLogDraft], change: Change) -> None:
        """Store rows of an import that nobody sees until `publish`."""
        prepared = await self._prepare(drafts, change)

        def work(connection: Connection) -> None:
            dataset, _ = self._dataset(connection, dataset_id)
            insert_lines(connection, dataset, prepared, _staged_mark(connection, job_id))
            connection.run(
                "UPDATE job SET done_count = done_count + :count, updated_at = :now WHERE id = :id",
                {"count": len(prepared), "now": to_microseconds(change.at), "id": job_id},
            )

        await self.database.write(work)

    async def publish(self, dataset_id: str, job_id: str, change: Change) -> DatasetVersion:
        """Make all rows staged by a job visible at once, as one new version."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            version = open_version(connection, dataset, newest, change)
            added = connection.run(
                "UPDATE dataset_log SET added_in = :version WHERE dataset_sequence = :dataset AND added_in = :staged",
                {"version": version, "dataset": dataset, "staged": _staged_mark(connection, job_id)},
            )
            connection.run(
                "UPDATE job SET state = 'completed', total_count = done_count, updated_at = :now WHERE id = :id",
                {"now": to_microseconds(change.at), "id": job_id},
            )
            return close_version(connection, dataset, version, change, added=added, removed=0, changed=0)

        return await self.database.write(work)

    async def discard_staged(self, job_id: str) -> None:
        """Throw away the rows staged by a job, a slice at a time."""

        def work(connection: Connection) -> bool:
            removed = connection.rows(
                "DELETE FROM dataset_log WHERE sequence IN (SELECT l.sequence FROM dataset_log l"
                " JOIN dataset d ON d.sequence = l.dataset_sequence JOIN job j ON j.subject_id = d.id"
                " WHERE j.id = :job AND l.added_in = :staged LIMIT 1000) RETURNING body_sequence",
                {"job": job_id, "staged": _staged_mark(connection, job_id)},
            )
            connection.run_many(
                "DELETE FROM dataset_log_body WHERE sequence = :sequence"
                " AND NOT EXISTS (SELECT 1 FROM dataset_log WHERE body_sequence = :sequence)",
                [{"sequence": sequence} for (sequence,) in set(removed)],
            )
            return bool(removed)

        is_more = True
        while is_more:
            is_more = await self.database.write(work)

    async def page(
        self, dataset_id: str, version: int | None, expression: Expression, sort: Sort, page: PageRequest
    ) -> Page[DatasetLog]:
        """Return a page of the rows that match, with their content."""

        def work(connection: Connection) -> Page[DatasetLog]:
            dataset, newest = self._dataset(connection, dataset_id)
            at = newest if version is None else version
            condition = self._matching(dataset, at, expression)
            # Ids are made in row order, and position is what the index is sorted by.
            column = table.c.position if sort.field == "id" else table.c[sort.field]
            order = order_by(column, sort, tie_break=table.c.position)
            # Choose narrow lines first, then fetch the bodies of just these.
            chosen = select(table.c.sequence).where(condition).order_by(*order).limit(page.size).offset(page.offset)
            rows = connection.rows(joined_lines().where(table.c.sequence.in_(chosen)).order_by(*order))
            if expression == EVERYTHING:
                total = _log_count(connection, dataset, at)
            else:
                total = connection.rows(select(func.count()).select_from(table).where(condition))[0][0]
            return Page([read_log(dataset_id, row) for row in rows], total)

        return await self.database.read(work)

    async def iterate(
        self, dataset_id: str, version: int | None, expression: Expression, batch_size: int
    ) -> AsyncIterator[Sequence[DatasetLog]]:
        """Walk the rows that match in row order, a batch at a time; all batches are of one version."""
        after, at = -1, version

        def work(connection: Connection) -> tuple[int, list[DatasetLog]]:
            dataset, newest = self._dataset(connection, dataset_id)
            number = newest if at is None else at
            condition = self._matching(dataset, number, expression)
            wanted = joined_lines().where(condition, table.c.position > after)
            rows = connection.rows(wanted.order_by(table.c.position).limit(batch_size))
            return number, [read_log(dataset_id, row) for row in rows]

        while True:
            at, logs = await self.database.read(work)
            if not logs:
                return
            yield logs
            after = logs[-1].position

    async def get(self, dataset_id: str, log_id: str, version: int | None = None) -> DatasetLog:
        """Return one row; raises NotFound."""

        def work(connection: Connection) -> DatasetLog:
            dataset, newest = self._dataset(connection, dataset_id)
            return self._get(connection, dataset_id, dataset, newest if version is None else version, log_id)

        return await self.database.read(work)

    def _get(self, connection: Connection, dataset_id: str, dataset: int, version: int, log_id: str) -> DatasetLog:
        rows = connection.rows(joined_lines().where(table.c.id == log_id, in_version(dataset, version)))
        if not rows:
            raise NotFound("Log not found")
        return read_log(dataset_id, rows[0])

    async def revise(self, dataset_id: str, log_id: str, edit: Edit, change: Change) -> DatasetLog:
        """Replace a row by what `edit` makes of it, in one transaction; raises NotFound."""
        now = to_microseconds(change.at)

        def work(connection: Connection) -> DatasetLog:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            present = self._get(connection, dataset_id, dataset, newest, log_id)
            row = prepare([edit(present)], now, connection.dialect_name)[0]
            version = open_version(connection, dataset, newest, change)
            connection.run(
                "UPDATE dataset_log SET removed_in = :version WHERE sequence = :sequence",
                {"version": version, "sequence": present.sequence},
            )
            row.line["sequence"] = connection.allocate("dataset_log", 1)[0]
            row.line["id"] = log_id
            row.line["dataset_sequence"] = dataset
            row.line["position"] = present.position
            row.line["added_in"] = version
            row.line["body_sequence"] = insert_bodies(connection, [row])[row.digest]
            row.line["created_at"] = to_microseconds(present.created_at)
            row.line["source_log_id"] = present.source_log_id
            row.line["annotation_status"] = present.annotation_status
            connection.run_many(_INSERT_LINE[connection.dialect_name], [row.line])
            close_version(connection, dataset, version, change, added=0, removed=0, changed=1)
            return self._get(connection, dataset_id, dataset, version, log_id)

        return await self.database.write(work)

    async def remove(self, dataset_id: str, log_id: str, change: Change) -> None:
        """Take one row away; raises NotFound."""

        def work(connection: Connection) -> None:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            if not self._remove(connection, dataset, newest, table.c.id == log_id, change):
                raise NotFound("Log not found")

        await self.database.write(work)

    async def remove_matching(self, dataset_id: str, expression: Expression, change: Change) -> int:
        """Take the rows that match away and return how many there were."""

        def work(connection: Connection) -> int:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            condition: ColumnElement[bool] = true()
            if expression != EVERYTHING:
                name = connection.dialect_name
                condition = compile_filter(expression, filter_columns(dataset, name), name)
            return self._remove(connection, dataset, newest, condition, change)

        return await self.database.write(work)

    def _remove(
        self, connection: Connection, dataset: int, newest: int, condition: ColumnElement[bool], change: Change
    ) -> int:
        # The version is opened first but only kept when rows were removed: an empty version says nothing.
        doomed = and_(in_version(dataset, newest), condition)
        if not connection.rows(select(table.c.sequence).where(doomed).limit(1)):
            return 0
        version = open_version(connection, dataset, newest, change)
        removed = connection.run(table.update().where(doomed).values(removed_in=version))
        close_version(connection, dataset, version, change, added=0, removed=removed, changed=0)
        return removed

    async def summarize(self, dataset_id: str, version: int | None, expression: Expression) -> LogsSummary:
        """Return sums and means over the rows that match."""

        def work(connection: Connection) -> LogsSummary:
            dataset, newest = self._dataset(connection, dataset_id)
            condition = self._matching(dataset, newest if version is None else version, expression)
            zero = func.coalesce
            row = connection.rows(
                select(
                    func.count(),
                    zero(func.sum(table.c.cost), 0.0),
                    zero(func.sum(table.c.total_request_tokens), 0),
                    zero(func.sum(table.c.prompt_tokens), 0),
                    zero(func.sum(table.c.completion_tokens), 0),
                    zero(func.avg(table.c.latency), 0.0),
                    zero(func.avg(table.c.tokens_per_second), 0.0),
                    zero(func.avg(table.c.time_to_first_token), 0.0),
                ).where(condition)
            )[0]
            return LogsSummary(
                number_of_requests=row[0],
                total_cost=float(row[1]),
                total_tokens=int(row[2]),
                total_prompt_tokens=int(row[3]),
                total_completion_tokens=int(row[4]),
                avg_latency=float(row[5]),
                avg_tps=float(row[6]),
                avg_ttft=float(row[7]),
            )

        return await self.database.read(work)


def _log_count(connection: Connection, dataset: int, version: int) -> int:
    """Return the row count of a version without counting; version 0 is the empty beginning."""
    rows = connection.rows(
        "SELECT log_count FROM dataset_version WHERE dataset_sequence = :dataset AND number = :number",
        {"dataset": dataset, "number": version},
    )
    return int(rows[0][0]) if rows else 0


def _staged_mark(connection: Connection, job_id: str) -> int:
    return STAGED + int(connection.rows("SELECT sequence FROM job WHERE id = :id", {"id": job_id})[0][0])
