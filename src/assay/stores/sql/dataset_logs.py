"""Dataset rows in SQL: narrow lines for filtering beside bodies that hold the payloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence, Set
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from assay.filters.expression import EVERYTHING, Expression
from assay.model.dataset import Change, DatasetLog, DatasetLogDraft, DatasetVersion, LogsSummary
from assay.model.errors import Conflict, NotFound
from assay.model.ids import new_hex_id
from assay.model.log import ATTRIBUTE_NAMES, LogAttributes
from assay.model.page import Page, PageRequest, Sort
from assay.ports.dataset_logs import Edit
from assay.stores.sql import body, compression
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.dataset_log_filter import rows_matching
from assay.stores.sql.dataset_versions import close_version, open_version
from assay.stores.sql.exact_sum import exact, exact_sum
from assay.stores.sql.jobs import settle_dataset
from assay.stores.sql.order import order_by
from assay.stores.sql.scope import IN_VERSION, dataset_at, in_version
from assay.stores.sql.tables import dataset_log as table
from assay.stores.sql.times import from_microseconds, to_microseconds

# Rows of an unfinished import carry a version number beyond every real one, so that no version holds them.
STAGED = 1 << 62

# Fewer rows than this are prepared where they are; more go to a thread, so that the event loop stays free.
_PREPARED_INLINE = 8

# What an insert writes: first what is known before the transaction, then what it decides.
_PREPARED_COLUMNS = (
    "timestamp", "start_time", *ATTRIBUTE_NAMES[2:], "source_log_id", "annotation_status", "created_at", "updated_at",
    "metadata",
)  # fmt: skip
_DECIDED_COLUMNS = ("sequence", "position", "id", "dataset_sequence", "added_in", "body_sequence")
_INSERT_LINE = {
    name: f"INSERT INTO dataset_log ({', '.join((*_PREPARED_COLUMNS, *_DECIDED_COLUMNS))}) VALUES"
    f" ({'?, ' * (len(_PREPARED_COLUMNS) - 1)}{json}{', ?' * len(_DECIDED_COLUMNS)})"
    for name, json in (("sqlite", "jsonb(?)"), ("postgresql", "CAST(? AS jsonb)"))
}
_INSERT_BODY = {
    name: f"INSERT INTO dataset_log_body (sequence, digest, codec, data) VALUES (?, ?, ?, {data})"
    for name, data in (("sqlite", "?"), ("postgresql", "CAST(? AS json)"))
}
_FIND_BODIES = {
    "sqlite": "SELECT digest, sequence FROM dataset_log_body"
    " WHERE digest IN (SELECT unhex(value) FROM json_each(:digests))",
    "postgresql": "SELECT digest, sequence FROM dataset_log_body WHERE digest = ANY(:digests)",
}

_READ_COLUMNS = ", ".join(
    (
        *("l.id", "l.sequence", "l.position", "l.added_in", "l.removed_in", "l.source_log_id", "l.annotation_status"),
        *("l.created_at", "l.updated_at", *(f"l.{name}" for name in ATTRIBUTE_NAMES), "b.codec", "b.data"),
    )
)
_FIRST_ATTRIBUTE = 9
_READ = f"SELECT {_READ_COLUMNS} FROM dataset_log l JOIN dataset_log_body b ON b.sequence = l.body_sequence WHERE "
_READ_MANY = {name: _READ + in_list(name, "l.sequence", "sequences") for name in ("sqlite", "postgresql")}
_attributes_of = attrgetter(*ATTRIBUTE_NAMES[2:])


@dataclass(slots=True)
class _Prepared:
    """A draft made ready outside the transaction: the known part of its line, and its body."""

    line: tuple[Any, ...]
    digest: bytes
    codec: int
    data: Any


def prepare(
    drafts: Sequence[DatasetLogDraft],
    now: int,
    dialect_name: str,
    annotation_status: str = "pending",
    created_at: int | None = None,
) -> list[_Prepared]:
    """Encode, hash and compress drafts for insertion; times are in microseconds."""
    prepared = []
    created = now if created_at is None else created_at
    for draft in drafts:
        text = body.joined(draft.content)
        attributes, metadata = draft.attributes, draft.content.metadata
        line = (
            to_microseconds(attributes.timestamp),
            to_microseconds(attributes.start_time),
            *_attributes_of(attributes),
            draft.source_log_id,
            annotation_status,
            created,
            now,
            None if metadata is None else metadata.decode(),
        )
        prepared.append(_Prepared(line, body.digest(text), *compression.packed(text, dialect_name)))
    return prepared


def insert_bodies(connection: Connection, rows: Sequence[_Prepared]) -> dict[bytes, int]:
    """Store the bodies that are not there yet and return the sequence of each, by digest."""
    if connection.dialect_name == "postgresql":
        # In one order for everybody, so that two transactions never wait for each other in a circle.
        rows = sorted(rows, key=attrgetter("digest"))
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
        lines = [(sequence, row.digest, row.codec, row.data) for sequence, row in zip(sequences, new, strict=True)]
        connection.insert_many(_INSERT_BODY[connection.dialect_name], lines)
        found.update(zip((row.digest for row in new), sequences, strict=True))
    return found


def free_bodies(connection: Connection, removed: Sequence[Row]) -> None:
    """Delete the bodies that removed lines referred to (their `body_sequence` each), where no other line does."""
    connection.run_many(
        "DELETE FROM dataset_log_body WHERE sequence = :sequence"
        " AND NOT EXISTS (SELECT 1 FROM dataset_log WHERE body_sequence = :sequence)",
        [{"sequence": sequence} for (sequence,) in set(removed)],
    )


def insert_lines(connection: Connection, dataset_sequence: int, rows: Sequence[_Prepared], added_in: int) -> list[str]:
    """Store prepared rows at the end of a dataset and return their new ids."""
    bodies = insert_bodies(connection, rows)
    ids = [new_hex_id() for _ in rows]
    sequences = connection.allocate("dataset_log", len(rows))
    lines = [
        (*row.line, sequence, sequence, log_id, dataset_sequence, added_in, bodies[row.digest])
        for row, sequence, log_id in zip(rows, sequences, ids, strict=True)
    ]
    connection.insert_many(_INSERT_LINE[connection.dialect_name], lines)
    return ids


def _read_log(dataset_id: str, row: Row) -> DatasetLog:
    """Make a dataset row from `_READ_COLUMNS`."""
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
        content=body.split(compression.unpacked(row[-2], row[-1])),
    )


def read_many(connection: Connection, dataset_id: str, sequences: Sequence[int]) -> list[DatasetLog]:
    """Return the rows with these sequences, in the given order."""
    name = connection.dialect_name
    rows = connection.rows(_READ_MANY[name], {"sequences": list_of(name, sequences)})
    found = {row[1]: _read_log(dataset_id, row) for row in rows}
    return [found[sequence] for sequence in sequences]


@dataclass(frozen=True, slots=True)
class SqlDatasetLogs:
    """The rows of the datasets of one organisation."""

    database: Database
    organization_id: int

    def _dataset(self, connection: Connection, dataset_id: str, *, lock: bool = False) -> tuple[int, int]:
        return dataset_at(connection, self.organization_id, dataset_id, lock=lock)

    def _matching(self, dataset: int, version: int, expression: Expression) -> ColumnElement[bool]:
        return rows_matching(dataset, version, expression, self.database.dialect_name)

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

    async def publish(
        self, dataset_id: str, job_id: str, change: Change, outcome: bytes | None = None
    ) -> DatasetVersion:
        """Make all rows staged by a job visible at once, as one new version; the job is completed with its outcome."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            version = open_version(connection, dataset, newest, change)
            added = connection.run(
                "UPDATE dataset_log SET added_in = :version WHERE dataset_sequence = :dataset AND added_in = :staged",
                {"version": version, "dataset": dataset, "staged": _staged_mark(connection, job_id)},
            )
            staged = connection.rows(
                "UPDATE job SET state = 'completed', total_count = done_count, outcome = :outcome, updated_at = :now"
                " WHERE id = :id AND state = 'running' RETURNING done_count",
                {
                    "now": to_microseconds(change.at),
                    "outcome": None if outcome is None else outcome.decode(),
                    "id": job_id,
                },
            )
            # Another server may have taken a slow import for dead and thrown its rows, or some of them, away.
            if staged != [(added,)]:
                raise Conflict("The import was given up meanwhile and nothing was added: send the file again.")
            settle_dataset(connection, job_id, "completed", outcome)
            return close_version(connection, dataset, version, change, added=added, removed=0, changed=0)

        return await self.database.write(work)

    async def find_source_ids(self, dataset_id: str, log_ids: Sequence[str]) -> Set[str]:
        """Return which of these logs the newest version has a copy of."""
        name = self.database.dialect_name
        is_wanted = in_list(name, "l.source_log_id", "ids")
        statement = f"SELECT l.source_log_id FROM dataset_log l WHERE {is_wanted} AND {IN_VERSION}"

        def work(connection: Connection) -> Set[str]:
            dataset, newest = self._dataset(connection, dataset_id)
            chosen = {"ids": list_of(name, log_ids), "dataset": dataset, "version": newest}
            return {row[0] for row in connection.rows(statement, chosen)}

        return await self.database.read(work)

    async def discard_staged(self, job_id: str) -> None:
        """Throw away the rows staged by a job, a slice at a time."""

        def work(connection: Connection) -> bool:
            removed = connection.rows(
                "DELETE FROM dataset_log WHERE sequence IN (SELECT l.sequence FROM dataset_log l"
                " JOIN dataset d ON d.sequence = l.dataset_sequence JOIN job j ON j.subject_id = d.id"
                " WHERE j.id = :job AND l.added_in = :staged LIMIT 1000) RETURNING body_sequence",
                {"job": job_id, "staged": _staged_mark(connection, job_id)},
            )
            free_bodies(connection, removed)
            return bool(removed)

        is_more = True
        while is_more:
            is_more = await self.database.write(work)

    async def page(
        self, dataset_id: str, version: int | None, expression: Expression, sort: Sort, page: PageRequest
    ) -> Page[DatasetLog]:
        """Return a page of the rows that match, with their content."""

        def of_version(connection: Connection) -> tuple[int, int, Page[DatasetLog] | None]:
            dataset, newest = self._dataset(connection, dataset_id)
            at = newest if version is None else version
            if expression != EVERYTHING:
                return dataset, at, None
            return dataset, at, self._page_of_version(connection, dataset_id, dataset, at, sort, page)

        dataset, at, whole = await self.database.read(of_version)
        if whole is not None:
            return whole
        condition = self._matching(dataset, at, expression)

        def matching(connection: Connection) -> list[DatasetLog]:
            order = order_by(table.c[_sort_column(sort)], sort, tie_break=table.c.position)
            # Choose narrow lines first, then fetch the bodies of just these.
            wanted = select(table.c.sequence).where(condition).order_by(*order).limit(page.size).offset(page.offset)
            return read_many(connection, dataset_id, [row[0] for row in connection.rows(wanted)])

        def count(connection: Connection) -> int:
            return int(connection.rows(select(func.count()).select_from(table).where(condition))[0][0])

        # Both look at one version, so they may look at the same time; only a row added in that very moment can come
        # between them.
        logs, total = await asyncio.gather(self.database.read(matching), self.database.read(count))
        return Page(logs, total)

    async def page_uncounted(
        self, dataset_id: str, version: int | None, expression: Expression, sort: Sort, page: PageRequest
    ) -> tuple[Sequence[DatasetLog], bool]:
        """Return a page of the rows that match, and whether more follow: nothing is counted."""

        def work(connection: Connection) -> tuple[Sequence[DatasetLog], bool]:
            dataset, newest = self._dataset(connection, dataset_id)
            condition = self._matching(dataset, newest if version is None else version, expression)
            order = order_by(table.c[_sort_column(sort)], sort, tie_break=table.c.position)
            wanted = select(table.c.sequence).where(condition).order_by(*order).limit(page.size + 1).offset(page.offset)
            sequences = [row[0] for row in connection.rows(wanted)]
            return read_many(connection, dataset_id, sequences[: page.size]), len(sequences) > page.size

        return await self.database.read(work)

    def _page_of_version(
        self, connection: Connection, dataset_id: str, dataset: int, version: int, sort: Sort, page: PageRequest
    ) -> Page[DatasetLog]:
        # The page that everybody opens first, so its statement is text and its count is known.
        column, direction = _sort_column(sort), "DESC" if sort.descending else "ASC"
        order = f"l.position {direction}"
        if column != "position":
            order = f"l.{column} {direction} NULLS LAST, {order}"
        rows = connection.rows(
            f"SELECT l.sequence FROM dataset_log l WHERE {IN_VERSION} ORDER BY {order} LIMIT :limit OFFSET :offset",
            {"dataset": dataset, "version": version, "limit": page.size, "offset": page.offset},
        )
        logs = read_many(connection, dataset_id, [row[0] for row in rows])
        return Page(logs, log_count(connection, dataset, version))

    async def iterate(
        self, dataset_id: str, version: int | None, expression: Expression, batch_size: int
    ) -> AsyncIterator[Sequence[DatasetLog]]:
        """Walk the rows that match in row order, a batch at a time; all batches are of one version."""
        after, at = -1, version

        def work(connection: Connection) -> tuple[int, list[DatasetLog]]:
            dataset, newest = self._dataset(connection, dataset_id)
            number = newest if at is None else at
            condition = self._matching(dataset, number, expression)
            wanted = select(table.c.sequence).where(condition, table.c.position > after)
            rows = connection.rows(wanted.order_by(table.c.position).limit(batch_size))
            return number, read_many(connection, dataset_id, [row[0] for row in rows])

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
        chosen = {"id": log_id, "dataset": dataset, "version": version}
        rows = connection.rows(f"{_READ}l.id = :id AND {IN_VERSION}", chosen)
        if not rows:
            raise NotFound("Log not found")
        return _read_log(dataset_id, rows[0])

    async def revise(self, dataset_id: str, log_id: str, edit: Edit, change: Change) -> DatasetLog:
        """Replace a row by what `edit` makes of it, in one transaction; raises NotFound."""
        now = to_microseconds(change.at)

        def work(connection: Connection) -> DatasetLog:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            present = self._get(connection, dataset_id, dataset, newest, log_id)
            draft = replace(edit(present), source_log_id=present.source_log_id)
            created_at = to_microseconds(present.created_at)
            row = prepare([draft], now, connection.dialect_name, present.annotation_status, created_at)[0]
            version = open_version(connection, dataset, newest, change)
            connection.run(
                "UPDATE dataset_log SET removed_in = :version WHERE sequence = :sequence",
                {"version": version, "sequence": present.sequence},
            )
            sequence = connection.allocate("dataset_log", 1)[0]
            body_sequence = insert_bodies(connection, [row])[row.digest]
            line = (*row.line, sequence, present.position, log_id, dataset, version, body_sequence)
            connection.insert_many(_INSERT_LINE[connection.dialect_name], [line])
            close_version(connection, dataset, version, change, added=0, removed=0, changed=1)
            return self._get(connection, dataset_id, dataset, version, log_id)

        return await self.database.write(work)

    async def remove(self, dataset_id: str, log_id: str, change: Change) -> None:
        """Take one row away; raises NotFound."""

        def work(connection: Connection) -> None:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            doomed = and_(in_version(dataset, newest), table.c.id == log_id)
            if not _remove(connection, dataset, newest, doomed, change):
                raise NotFound("Log not found")

        await self.database.write(work)

    async def remove_matching(self, dataset_id: str, expression: Expression, change: Change) -> int:
        """Take the rows that match away and return how many there were."""

        def work(connection: Connection) -> int:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            return _remove(connection, dataset, newest, self._matching(dataset, newest, expression), change)

        return await self.database.write(work)

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
                    *exact_sum(table.c.total_request_tokens),
                    *exact_sum(table.c.prompt_tokens),
                    *exact_sum(table.c.completion_tokens),
                    zero(func.avg(table.c.latency), 0.0),
                    zero(func.avg(table.c.tokens_per_second), 0.0),
                    zero(func.avg(table.c.time_to_first_token), 0.0),
                ).where(condition)
            )[0]
            return LogsSummary(
                number_of_requests=row[0],
                total_cost=float(row[1]),
                total_tokens=exact(row[2], row[3]),
                total_prompt_tokens=exact(row[4], row[5]),
                total_completion_tokens=exact(row[6], row[7]),
                avg_latency=float(row[8]),
                avg_tps=float(row[9]),
                avg_ttft=float(row[10]),
            )

        return await self.database.read(work)


def _remove(connection: Connection, dataset: int, newest: int, doomed: ColumnElement[bool], change: Change) -> int:
    # Looked for first: a version in which nothing happened says nothing.
    if not connection.rows(select(table.c.sequence).where(doomed).limit(1)):
        return 0
    version = open_version(connection, dataset, newest, change)
    removed = connection.run(table.update().where(doomed).values(removed_in=version))
    close_version(connection, dataset, version, change, added=0, removed=removed, changed=0)
    return removed


def log_count(connection: Connection, dataset: int, version: int) -> int:
    """Return the row count of a version without counting; version 0 is the empty beginning."""
    rows = connection.rows(
        "SELECT log_count FROM dataset_version WHERE dataset_sequence = :dataset AND number = :number",
        {"dataset": dataset, "number": version},
    )
    return int(rows[0][0]) if rows else 0


def _staged_mark(connection: Connection, job_id: str) -> int:
    return STAGED + int(connection.rows("SELECT sequence FROM job WHERE id = :id", {"id": job_id})[0][0])


def _sort_column(sort: Sort) -> str:
    # Ids are made in row order, and position is what the index is sorted by.
    return "position" if sort.field == "id" else table.c[sort.field].name
