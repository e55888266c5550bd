"""What `assay verify` checks: that everything stored is whole and agrees with everything else."""

from __future__ import annotations

import msgspec
import zstandard

from assay.model.merkle import MerkleTree
from assay.stores.sql import body, compression
from assay.stores.sql.database import Connection
from assay.stores.sql.scope import IN_VERSION
from assay.wire import codec


def problems(connection: Connection) -> list[str]:
    """Check files, references, counts, bodies and version hashes; return what is wrong, one line each."""
    found: list[str] = []
    if connection.dialect_name == "sqlite":
        found += [f"integrity: {line}" for (line,) in connection.rows("PRAGMA integrity_check") if line != "ok"]
        found += [
            f"reference: {table} line {line} points to a missing {parent}"
            for table, line, parent, _ in connection.rows("PRAGMA foreign_key_check")
        ]
    found += [
        f"dataset {id_}: log_count says {stated}, its newest version holds {actual} rows"
        for id_, stated, actual in connection.rows(
            "SELECT d.id, d.log_count, (SELECT count(*) FROM dataset_log l WHERE l.dataset_sequence = d.sequence"
            " AND l.added_in <= d.version AND (l.removed_in IS NULL OR l.removed_in > d.version))"
            " FROM dataset d WHERE d.deleted_at IS NULL"
        )
        if stated != actual
    ]
    found += _wrong_version_counts(connection)
    found += [
        f"report {id_}: task {ordinal} says {stated} cells and has {actual}"
        for id_, ordinal, stated, actual in connection.rows(
            "SELECT r.id, t.ordinal, t.scored_count + t.skipped_count + t.failed_count, (SELECT count(*) FROM cell c"
            " WHERE c.report_sequence = t.report_sequence AND c.ordinal = t.ordinal)"
            " FROM eval_task t JOIN eval_report r ON r.sequence = t.report_sequence"
            " JOIN dataset d ON d.sequence = r.dataset_sequence WHERE d.deleted_at IS NULL"
        )
        if stated != actual
    ]
    found += _damaged_bodies(connection)
    found += _wrong_version_hashes(connection)
    return found


def _damaged_bodies(connection: Connection) -> list[str]:
    """Compare every body with the digest that it is addressed by."""
    found: list[str] = []
    last = 0
    while rows := connection.rows(
        "SELECT sequence, digest, codec, data FROM dataset_log_body WHERE sequence > :last"
        " ORDER BY sequence LIMIT 1000",
        {"last": last},
    ):
        for sequence, digest, stored_as, data in rows:
            try:
                is_whole = body.digest(compression.unpacked(stored_as, data)) == bytes(digest)
            except zstandard.ZstdError:
                is_whole = False
            if not is_whole:
                found.append(f"body {sequence}: its content does not match its digest")
        last = rows[-1][0]
    return found


def _wrong_version_hashes(connection: Connection) -> list[str]:
    """Compute the hash of every hashed version again from the content of its rows."""
    found = []
    hashed = connection.rows(
        "SELECT v.dataset_sequence, d.id, v.number, v.content_hash FROM dataset_version v"
        " JOIN dataset d ON d.sequence = v.dataset_sequence"
        " WHERE d.deleted_at IS NULL AND v.content_hash IS NOT NULL"
    )
    for dataset, id_, number, stated in hashed:
        tree, after = MerkleTree(), -1
        try:
            while rows := connection.rows(_CONTENT, {"dataset": dataset, "version": number, "after": after}):
                for position, stored_as, data in rows:
                    tree.append(codec.content_hash(compression.unpacked(stored_as, data)))
                    after = position
        except (zstandard.ZstdError, msgspec.MsgspecError):
            found.append(f"dataset {id_}: version {number} holds a row that cannot be read")
            continue
        if tree.root() != stated:
            found.append(f"dataset {id_}: the rows of version {number} do not give its content hash")
    return found


_CONTENT = (
    "SELECT l.position, b.codec, b.data FROM dataset_log l JOIN dataset_log_body b ON b.sequence = l.body_sequence"
    f" WHERE {IN_VERSION} AND l.position > :after ORDER BY l.position LIMIT 1000"
)


def _wrong_version_counts(connection: Connection) -> list[str]:
    """Compare the row count of every version with its rows, in one walk over what was added and removed in each."""
    grown: dict[tuple[int, int], int] = {}
    for column, sign in (("added_in", 1), ("removed_in", -1)):
        counted = f"SELECT dataset_sequence, {column}, count(*) FROM dataset_log WHERE {column} > 0 GROUP BY 1, 2"
        for dataset, number, count in connection.rows(counted):
            grown[dataset, number] = grown.get((dataset, number), 0) + sign * count
    found, present, total = [], None, 0
    for dataset, id_, number, stated in connection.rows(
        "SELECT v.dataset_sequence, d.id, v.number, v.log_count FROM dataset_version v"
        " JOIN dataset d ON d.sequence = v.dataset_sequence WHERE d.deleted_at IS NULL"
        " ORDER BY v.dataset_sequence, v.number"
    ):
        total = (total if dataset == present else 0) + grown.get((dataset, number), 0)
        present = dataset
        if stated != total:
            found.append(f"dataset {id_}: version {number} says {stated} rows and holds {total}")
    return found
