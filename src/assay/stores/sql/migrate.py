"""Migrations: numbered, forward-only SQL files, each applied once, in a transaction, and remembered by checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import apsw

from assay.model.errors import Conflict, Unavailable
from assay.stores.sql import sqlite
from assay.stores.sql.dialect import POSTGRESQL_FUNCTIONS

# Each part is a file of its own on SQLite: two files are two writers.
Part = Literal["meta", "logs"]

_FILE_NAME = re.compile(r"(\d{4})_(meta|logs)\.(sqlite|postgresql)\.sql")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
)"""
# Any number that nothing else in the database uses for pg_advisory_lock: it keeps two migrations apart.
_LOCK_KEY = 0x41535341


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, as its file says it."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(dialect_name: str, part: Part | None = None) -> list[Migration]:
    """Return all steps for a dialect in order; a part is what stands in one SQLite file."""
    found = []
    for entry in resources.files("assay.stores.sql").joinpath("migrations").iterdir():
        match = _FILE_NAME.fullmatch(entry.name)
        if match and match[3] == dialect_name and part in (None, match[2]):
            text = entry.read_text("utf-8")
            if dialect_name == "postgresql" and match[1] == "0001":
                text = POSTGRESQL_FUNCTIONS + "\n" + text
            found.append(Migration(int(match[1]), match[2], text))
    return sorted(found, key=lambda migration: migration.number)


def _pending(applied: dict[int, str], dialect_name: str, part: Part | None = None) -> Iterator[Migration]:
    steps = {step.number: step for step in migrations(dialect_name, part)}
    for number, checksum in applied.items():
        if number not in steps:
            raise Conflict(f"The database was written by a newer Assay: it has migration {number}, unknown here.")
        if steps[number].checksum != checksum:
            raise Conflict(f"Migration {number} of the database differs from this release's: refusing to touch it.")
    yield from (step for number, step in sorted(steps.items()) if number not in applied)


def migrate_sqlite(path: Path, part: Part, back_up: Callable[[apsw.Connection], None] | None = None) -> list[int]:
    """Bring the SQLite file of a part to this release's schema and return the numbers applied.

    `back_up` is called before the first step when the file already holds a schema. Raises Conflict when the file is
    newer than this release, Unavailable when it cannot be opened or is no database.
    """
    try:
        connection = sqlite.open_connection(path)
    except apsw.Error as error:
        raise Unavailable(f"{path} cannot be opened: {error}.") from error
    try:
        connection.execute(_TABLE)
        rows: list[Any] = connection.execute("SELECT number, checksum FROM schema_migration").fetchall()
        applied: dict[int, str] = dict(rows)
        done: list[int] = []
        for step in _pending(applied, "sqlite", part):
            if applied and not done and back_up is not None:
                back_up(connection)
            with connection:
                connection.execute(step.text)
                connection.execute(
                    "INSERT INTO schema_migration VALUES (?, ?, ?, ?)",
                    (step.number, step.name, step.checksum, _now_microseconds()),
                )
            done.append(step.number)
        return done
    finally:
        connection.close()


def migrate_postgresql(url: str) -> list[int]:
    """Bring a PostgreSQL database to this release's schema and return the numbers applied; raises Conflict as above."""
    from assay.stores.sql import postgresql  # psycopg comes with an extra of its own

    with postgresql.open_connection(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        connection.execute(_TABLE)
        applied: dict[int, str] = dict(connection.execute("SELECT number, checksum FROM schema_migration").fetchall())
        done = []
        for step in _pending(applied, "postgresql"):
            connection.execute(step.text.encode())
            connection.execute(
                "INSERT INTO schema_migration VALUES (%s, %s, %s, %s)",
                (step.number, step.name, step.checksum, _now_microseconds()),
            )
            done.append(step.number)
        return done


def add_jobs(url: str, schema: str) -> None:
    """Make the tables of a job queue in a PostgreSQL database where they are not there yet; `schema` is their SQL."""
    from assay.stores.sql import postgresql

    with postgresql.open_connection(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        found = connection.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()
        if found and not found[0]:
            connection.execute(schema.encode())


def pending_postgresql(url: str) -> list[int]:
    """Return the migrations that a PostgreSQL database still lacks; raises Conflict when it is newer than this."""
    from assay.stores.sql import postgresql

    with postgresql.open_connection(url) as connection:
        known = connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL").fetchone()
        applied: dict[int, str] = {}
        if known and known[0]:
            applied = dict(connection.execute("SELECT number, checksum FROM schema_migration").fetchall())
        return [step.number for step in _pending(applied, "postgresql")]


def _now_microseconds() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)
