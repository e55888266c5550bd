"""Copies of the embedded database: taken while others write, and put in an empty place."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import apsw

from assay.model.errors import Conflict, Invalid
from assay.stores.sql import sqlite

DATABASE_FILE = "meta.db"
LOGS_FILE = "logs.db"
# The precious one first: what it refers to in the other was there before.
_FILES = (DATABASE_FILE, LOGS_FILE)
_PAGES_PER_STEP = 2000


def copy_database(source: apsw.Connection, target: Path) -> None:
    """Copy a database through SQLite's online backup, page by page, beside running writers."""
    target.parent.mkdir(parents=True, exist_ok=True)
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


async def back_up(data_directory: Path, directory: Path) -> None:
    """Write a consistent copy of each database file into `directory`; raises Conflict when one is there already."""

    def work() -> None:
        for name in _FILES:
            if (directory / name).exists():
                raise Conflict(f"{directory / name} exists already: choose an empty directory.")
        for name in _FILES:
            source = sqlite.open_connection(data_directory / name, read_only=True)
            try:
                copy_database(source, directory / name)
            finally:
                source.close()

    await asyncio.to_thread(work)


def restore(directory: Path, data_directory: Path) -> None:
    """Put a backup in the place of the data; raises Invalid when it is none, Conflict when data is there already.

    A backup of a release that had no request logs lacks their file, which is then made anew.
    """
    if not (directory / DATABASE_FILE).is_file():
        raise Invalid(f"{directory} holds no backup: there is no {DATABASE_FILE} in it.")
    names = [name for name in _FILES if (directory / name).is_file()]
    for name in names:
        damage = _damage_of(directory / name)
        if damage is not None:
            raise Invalid(f"The backup in {directory} is damaged: {name}: {damage}")
    # A log file that a killed server left would be played into the restored database.
    for name in _FILES:
        for taken in (data_directory / name, data_directory / f"{name}-wal"):
            if taken.exists():
                raise Conflict(f"{taken} exists already: move it away first, nothing is overwritten.")
    data_directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        partial = (data_directory / name).with_suffix(".partial")
        shutil.copyfile(directory / name, partial)
        partial.replace(data_directory / name)


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
