"""Backup, restore and integrity of the embedded database."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import apsw

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
    connection = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = connection.execute("PRAGMA integrity_check").fetchall()
    except apsw.NotADBError:
        found = [("it is not a database",)]
    finally:
        connection.close()
    if found != [("ok",)]:
        raise Invalid(f"The backup in {directory} is damaged: {found[0][0]}")
    if target.exists():
        raise Conflict(f"{target} exists already: move it away first, nothing is overwritten.")
    data_directory.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    partial.replace(target)


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
    last = 0
    while rows := connection.rows(
        "SELECT sequence, digest, codec, data FROM dataset_log_body WHERE sequence > :last"
        " ORDER BY sequence LIMIT 1000",
        {"last": last},
    ):
        for sequence, digest, codec, data in rows:
            if body.digest(body.unpacked(codec, data)) != bytes(digest):
                found.append(f"body {sequence}: its content does not match its digest")
        last = rows[-1][0]
    return found
