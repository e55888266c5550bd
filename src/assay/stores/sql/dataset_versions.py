"""Dataset versions in SQL: lines that are added in one version and removed in a later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from assay.model.dataset import Change, DatasetVersion, RowDifference
from assay.model.errors import Conflict, NotFound
from assay.model.job import LOG_IMPORT
from assay.model.log import ATTRIBUTE_NAMES, CONTENT_NAMES, LogContent
from assay.model.page import Page, PageRequest
from assay.ports.dataset_versions import DifferenceCounts, RowHashes
from assay.stores.sql import body, compression
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.scope import IN_VERSION, dataset_at
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = (
    "number, change, created_by, created_at, updated_at, log_count, added_count, removed_count, changed_count, tag,"
    " content_hash, is_pinned"
)
# Consecutive small writes of one kind and author share a version while it is this fresh.
_EXTENDABLE_AFTER_LAST_WRITE = timedelta(seconds=2) // timedelta(microseconds=1)
_EXTENDABLE_AFTER_FIRST_WRITE = timedelta(seconds=60) // timedelta(microseconds=1)
_NEVER_EXTENDED = ("import", LOG_IMPORT, "copy", "restore", "delete all", "delete by filter")

# What restoring copies from an old revision: everything but its own place in history.
_COPIED = ", ".join(
    ("id", "dataset_sequence", "position", "body_sequence", "content_hash", "source_log_id", "annotation_status",
     "created_at", *ATTRIBUTE_NAMES, "metadata")
)  # fmt: skip


def _version(row: Row) -> DatasetVersion:
    (number, change, created_by, created_at, updated_at, log_count, added, removed, changed, tag, content_hash,
     is_pinned) = row  # fmt: skip
    return DatasetVersion(
        number=number,
        change=change,
        created_by=created_by,
        created_at=from_microseconds(created_at),
        updated_at=from_microseconds(updated_at),
        log_count=log_count,
        added_count=added,
        removed_count=removed,
        changed_count=changed,
        tag=tag,
        content_hash=content_hash,
        is_pinned=bool(is_pinned),
    )


def open_version(connection: Connection, dataset_sequence: int, newest: int, change: Change) -> int:
    """Return the number of the version that a write goes into: the newest one if it may still grow, else a new one.

    The caller holds the dataset (`dataset_at(lock=True)`) and calls `close_version` when the rows are written.
    """
    now = to_microseconds(change.at)
    if change.kind not in _NEVER_EXTENDED:
        row = one(
            connection,
            "SELECT number FROM dataset_version WHERE dataset_sequence = :dataset AND number = :number"
            " AND change = :change AND created_by = :author AND updated_at >= :last AND created_at >= :first"
            " AND tag IS NULL AND content_hash IS NULL AND is_pinned = 0",
            {
                "dataset": dataset_sequence,
                "number": newest,
                "change": change.kind,
                "author": change.author,
                "last": now - _EXTENDABLE_AFTER_LAST_WRITE,
                "first": now - _EXTENDABLE_AFTER_FIRST_WRITE,
            },
        )
        if row is not None:
            return newest
    connection.run(
        "INSERT INTO dataset_version (dataset_sequence, number, change, created_by, created_at, updated_at, log_count)"
        " SELECT sequence, :number, :change, :author, :now, :now, log_count FROM dataset WHERE sequence = :dataset",
        {"dataset": dataset_sequence, "number": newest + 1, "change": change.kind, "author": change.author, "now": now},
    )
    return newest + 1


def close_version(
    connection: Connection,
    dataset_sequence: int,
    number: int,
    change: Change,
    *,
    added: int,
    removed: int,
    changed: int,
) -> DatasetVersion:
    """Make a version the dataset's newest, with what a write did to it, and return it."""
    counts = {
        "dataset": dataset_sequence,
        "number": number,
        "now": to_microseconds(change.at),
        "author": change.author,
        "grown": added - removed,
        "added": added,
        "removed": removed,
        "changed": changed,
    }
    connection.run(
        "UPDATE dataset SET version = :number, log_count = log_count + :grown, updated_at = :now, updated_by = :author"
        " WHERE sequence = :dataset",
        counts,
    )
    rows = connection.rows(
        "UPDATE dataset_version SET updated_at = :now, log_count = log_count + :grown,"
        " added_count = added_count + :added, removed_count = removed_count + :removed,"
        " changed_count = changed_count + :changed"
        f" WHERE dataset_sequence = :dataset AND number = :number RETURNING {_COLUMNS}",
        counts,
    )
    return _version(rows[0])


@dataclass(frozen=True, slots=True)
class SqlDatasetVersions:
    """The versions of the datasets of one organisation."""

    database: Database
    organization_id: int

    def _dataset(self, connection: Connection, dataset_id: str, *, lock: bool = False) -> tuple[int, int]:
        return dataset_at(connection, self.organization_id, dataset_id, lock=lock)

    async def list(self, dataset_id: str, page: PageRequest) -> Page[DatasetVersion]:
        """Return versions, newest first."""

        def work(connection: Connection) -> Page[DatasetVersion]:
            dataset, newest = self._dataset(connection, dataset_id)
            rows = connection.rows(
                f"SELECT {_COLUMNS} FROM dataset_version WHERE dataset_sequence = :dataset"
                " ORDER BY number DESC LIMIT :limit OFFSET :offset",
                {"dataset": dataset, "limit": page.size, "offset": page.offset},
            )
            return Page([_version(row) for row in rows], newest)

        return await self.database.read(work)

    async def get(self, dataset_id: str, reference: str) -> DatasetVersion:
        """Return the version with this number (as digits) or tag."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, _ = self._dataset(connection, dataset_id)
            by = "number" if reference.isascii() and reference.isdigit() and len(reference) < 10 else "tag"
            row = one(
                connection,
                f"SELECT {_COLUMNS} FROM dataset_version WHERE dataset_sequence = :dataset AND {by} = :reference",
                {"dataset": dataset, "reference": int(reference) if by == "number" else reference},
            )
            if row is None:
                raise NotFound("Version not found")
            return _version(row)

        return await self.database.read(work)

    def _set(self, connection: Connection, dataset: int, number: int, assignment: str, value: object) -> DatasetVersion:
        rows = connection.rows(
            f"UPDATE dataset_version SET {assignment} = :value"
            f" WHERE dataset_sequence = :dataset AND number = :number RETURNING {_COLUMNS}",
            {"dataset": dataset, "number": number, "value": value},
        )
        if not rows:
            raise NotFound("Version not found")
        return _version(rows[0])

    async def set_tag(self, dataset_id: str, number: int, tag: str | None) -> DatasetVersion:
        """Name a version, or take its name away; raises Conflict when another version has the tag."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, _ = self._dataset(connection, dataset_id, lock=True)
            holder = one(
                connection,
                "SELECT number FROM dataset_version WHERE dataset_sequence = :dataset AND tag = :tag",
                {"dataset": dataset, "tag": tag},
            )
            if holder is not None and holder[0] != number:
                raise Conflict(f"Version {holder[0]} has the tag '{tag}' already.")
            return self._set(connection, dataset, number, "tag", tag)

        return await self.database.write(work)

    async def pin(self, dataset_id: str, number: int) -> DatasetVersion:
        """Make sure that the version never grows again, because something refers to it."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, _ = self._dataset(connection, dataset_id, lock=True)
            return self._set(connection, dataset, number, "is_pinned", 1)

        return await self.database.write(work)

    async def set_content_hash(self, dataset_id: str, number: int, content_hash: str) -> DatasetVersion:
        """Store the Merkle root of the version; it never grows again."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, _ = self._dataset(connection, dataset_id, lock=True)
            return self._set(connection, dataset, number, "content_hash", content_hash)

        return await self.database.write(work)

    async def row_hashes(self, dataset_id: str, number: int, after_position: int, limit: int) -> RowHashes:
        """Return the stored content hashes of the next rows of a version, in order."""

        def work(connection: Connection) -> RowHashes:
            dataset, _ = self._dataset(connection, dataset_id)
            rows = connection.rows(
                "SELECT l.sequence, l.position, l.content_hash, b.codec, b.data"
                " FROM dataset_log l JOIN dataset_log_body b ON b.sequence = l.body_sequence"
                f" WHERE {IN_VERSION} AND l.position > :after ORDER BY l.position LIMIT :limit",
                {"dataset": dataset, "after": after_position, "version": number, "limit": limit},
            )
            return [
                (sequence, position, bytes(stored), None)
                if stored is not None
                else (sequence, position, None, compression.unpacked(codec, data))
                for sequence, position, stored, codec, data in rows
            ]

        return await self.database.read(work)

    async def store_row_hashes(self, hashes: Sequence[tuple[int, bytes]]) -> None:
        """Store the content hashes of row revisions, by sequence."""
        parameters = [{"sequence": sequence, "hash": content_hash} for sequence, content_hash in hashes]
        update = "UPDATE dataset_log SET content_hash = :hash WHERE sequence = :sequence"
        await self.database.write(lambda connection: connection.run_many(update, parameters))

    async def list_differences(
        self, dataset_id: str, before: int, after: int, page: PageRequest
    ) -> tuple[Page[RowDifference], DifferenceCounts]:
        """Return how the rows differ between two versions, in row order, and the counts by kind."""

        def work(connection: Connection) -> tuple[Page[RowDifference], DifferenceCounts]:
            dataset, newest = self._dataset(connection, dataset_id)
            for number in (before, after):
                if not 0 <= number <= newest:
                    raise NotFound(f"Version {number} not found")
            chosen = {"dataset": dataset, "before": before, "after": after}
            counts = connection.rows(
                "SELECT count(*), coalesce(sum(CASE WHEN before_line IS NULL THEN 1 ELSE 0 END), 0),"
                " coalesce(sum(CASE WHEN after_line IS NULL THEN 1 ELSE 0 END), 0)"
                f" FROM ({_DIFFERENCES}) AS difference",
                chosen,
            )[0]
            rows = connection.rows(
                f"SELECT id, before_line, after_line FROM ({_DIFFERENCES}) AS difference"
                " ORDER BY place, id LIMIT :limit OFFSET :offset",
                {**chosen, "limit": page.size, "offset": page.offset},
            )
            items = [_difference(connection, *row) for row in rows]
            total, added, removed = (int(value) for value in counts)
            return Page(items, total), (added, removed, total - added - removed)

        return await self.database.read(work)

    async def restore(self, dataset_id: str, number: int, change: Change) -> DatasetVersion:
        """Make a new version that holds exactly the rows of an old one."""

        def work(connection: Connection) -> DatasetVersion:
            dataset, newest = self._dataset(connection, dataset_id, lock=True)
            if not 0 <= number <= newest:
                raise NotFound(f"Version {number} not found")
            version = open_version(connection, dataset, newest, change)
            chosen = {"dataset": dataset, "old": number, "newest": newest, "version": version}
            # Rows of the old version that the present one holds unchanged are left alone.
            missing = "dataset_sequence = :dataset AND added_in <= :old AND removed_in > :old AND removed_in <= :newest"
            extra = "dataset_sequence = :dataset AND removed_in IS NULL AND added_in > :old AND added_in <= :newest"
            copied = connection.run(
                f"INSERT INTO dataset_log (added_in, removed_in, updated_at, {_COPIED})"
                f" SELECT :version, NULL, :now, {_COPIED} FROM dataset_log WHERE {missing}",
                {
                    "version": version,
                    "now": to_microseconds(change.at),
                    "dataset": dataset,
                    "old": number,
                    "newest": newest,
                },
            )
            removed = connection.run(f"UPDATE dataset_log SET removed_in = :version WHERE {extra}", chosen)
            changed = int(
                connection.rows(
                    "SELECT count(*) FROM dataset_log a JOIN dataset_log b ON b.id = a.id"
                    " WHERE a.dataset_sequence = :dataset AND a.added_in = :version"
                    " AND b.dataset_sequence = :dataset AND b.removed_in = :version",
                    {"dataset": dataset, "version": version},
                )[0][0]
            )
            return close_version(
                connection,
                dataset,
                version,
                change,
                added=copied - changed,
                removed=removed - changed,
                changed=changed,
            )

        return await self.database.write(work)


_IN_BEFORE = "(added_in <= :before AND (removed_in IS NULL OR removed_in > :before))"
_IN_AFTER = "(added_in <= :after AND (removed_in IS NULL OR removed_in > :after))"
# One line a row id that is not the same in both versions; a row that came back with the same body is the same.
_DIFFERENCES = f"""
SELECT id, min(position) AS place,
       max(CASE WHEN {_IN_BEFORE} THEN sequence END) AS before_line,
       max(CASE WHEN {_IN_AFTER} THEN sequence END) AS after_line
FROM dataset_log
WHERE dataset_sequence = :dataset AND (({_IN_BEFORE} AND NOT {_IN_AFTER}) OR ({_IN_AFTER} AND NOT {_IN_BEFORE}))
GROUP BY id
HAVING coalesce(max(CASE WHEN {_IN_BEFORE} THEN body_sequence END), -1)
    <> coalesce(max(CASE WHEN {_IN_AFTER} THEN body_sequence END), -1)
"""


def _difference(connection: Connection, id_: str, before_line: int | None, after_line: int | None) -> RowDifference:
    before, after = (_content(connection, line) for line in (before_line, after_line))
    if before is None or after is None:
        return RowDifference(id_, "removed" if after is None else "added", before, after)
    names = tuple(name for name in CONTENT_NAMES if getattr(before, name) != getattr(after, name))
    return RowDifference(id_, "changed", before, after, names)


def _content(connection: Connection, sequence: int | None) -> LogContent | None:
    if sequence is None:
        return None
    codec, data = connection.rows(
        "SELECT b.codec, b.data FROM dataset_log l JOIN dataset_log_body b ON b.sequence = l.body_sequence"
        " WHERE l.sequence = :sequence",
        {"sequence": sequence},
    )[0]
    return body.split(compression.unpacked(codec, data))
