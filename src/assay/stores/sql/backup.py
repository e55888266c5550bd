"""Copies of the embedded database: taken while others write, and put in an empty place."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import apsw

from assay.model.errors import Conflict, Invalid
from assay.stores.sql import sqlite

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
