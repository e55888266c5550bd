"""Backup, restore and integrity of the embedded database."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import apsw
import zstandard

from assay.model.errors import Conflict, Invalid
from assay.stores.sql import body, sqlite
from assay.stores.sql.database import Connection

DATABASE_FILE = "meta.db"
_PAGES_PER_STEP = 2000


def copy_database(source: apsw.Connection, target: Path) -> None:
    """Copy a database through SQLite's online backup, page by page, beside running writers."""
    temporary = target.with_suffix(".partial")
    temporary.unlink(missing_ok=True)
    destination = apsw.Connection(str(temporary))
    try:
        with destination.backup("main", source, "main") as running:
            while not running.done:
                running.step(_PAGES_PER_STEP)
        destination.execute("PRAGMA journal_mode = DELETE")
    finally:
        destination.close()
    temporary.replace(target)


async def back_up(path: Path, directory: Path) -> None:
    """Write a consistent copy of the database at `path` into `directory`; raises Conflict when one is there already."""
    target = directory / DATABASE_FILE

    def work() -> None:
        if target.exists():
            raise Conflict(f"{target} exists already: choose an empty directory.")
        directory.mkdir(parents=True, exist_ok=True)
        source = sqlite.open_connection(path, read_only=True)
        try:
            copy_database(source, target)
        finally:
            source.close()

    await asyncio.to_thread(work)


def restore(directory: Path, data_directory: Path) -> None:
    """Put a backup in the place of the data; raises Invalid when it is none, Conflict when data is there already."""
    source, target = directory / DATABASE_FILE, data_directory / DATABASE_FILE
    if not source.is_file():
        raise Invalid(f"{directory} holds no backup: there is no {DATABASE_FILE} in it.")
    damage = _damage_of(source)
    if damage is not None:
        raise Invalid(f"The backup in {directory} is damaged: {damage}")
    # A log file that a killed server left would be played into the restored database.
    for taken in (target, target.with_name(f"{DATABASE_FILE}-wal")):
        if taken.exists():
            raise Conflict(f"{taken} exists already: move it away first, nothing is overwritten.")
    data_directory.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    partial.replace(target)


def _damage_of(path: Path) -> str | None:
    """Return what is wrong with a copy of the database; None when it is whole."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = str(connection.execute("PRAGMA integrity_check").fetchall()[0][0])
        if found != "ok":
            return found
        connection.execute("SELECT max(number) FROM schema_migration").fetchall()
    except apsw.Error as error:
        return f"{error}."
    finally:
        connection.close()
    return None


def problems(connection: Connection) -> list[str]:
    """Check files, references, counts and bodies; return what is wrong, one line each."""
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
    last = 0
    while rows := connection.rows(
        "SELECT sequence, digest, codec, data FROM dataset_log_body WHERE sequence > :last"
        " ORDER BY sequence LIMIT 1000",
        {"last": last},
    ):
        for sequence, digest, codec, data in rows:
            try:
                is_whole = body.digest(body.unpacked(codec, data)) == bytes(digest)
            except zstandard.ZstdError:
                is_whole = False
            if not is_whole:
                found.append(f"body {sequence}: its content does not match its digest")
        last = rows[-1][0]
    return found


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
