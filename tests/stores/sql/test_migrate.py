"""Migrations: a fresh schema is the migrated one, and the tables of the code are those of the database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import apsw
import psycopg
import pytest

from assay import assembly
from assay.model.errors import Conflict
from assay.settings import Settings
from assay.stores.sql import migrate, tables
from assay.stores.sql.sqlite import SqliteDatabase
from assay.stores.sql.store import SqlStores
from tests.recovery.operations import assay

Schema = dict[str, list[tuple[str, str]]]
PARTS: tuple[migrate.Part, ...] = ("meta", "logs")


def sqlite_schema(path: Path) -> Schema:
    """Return the columns (name, declared type) of every table."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({name})")] for name in names}


def full_sqlite_schema(path: Path) -> list[tuple[str, ...]]:
    """Return the text of every table and index."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").fetchall()


@pytest.fixture(scope="module")
def empty_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """A database without any schema."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrations")
        yield postgresql_url.replace("/postgres?", "/migrations?")
        connection.execute("DROP DATABASE migrations WITH (FORCE)")


def both_files(directory: Path) -> Schema:
    """Return the tables of the two SQLite files of a fresh data directory, the table of migrations once."""
    schema: Schema = {}
    for part in PARTS:
        migrate.migrate_sqlite(directory / f"{part}.db", part)
        schema.update(sqlite_schema(directory / f"{part}.db"))
    return schema


def test_every_migration_belongs_to_one_of_the_files_and_they_are_numbered_together() -> None:
    numbers = sorted(step.number for part in PARTS for step in migrate.migrations("sqlite", part))
    assert numbers == [step.number for step in migrate.migrations("sqlite")] == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("part", PARTS)
def test_migrating_step_by_step_gives_the_schema_of_a_fresh_start(tmp_path: Path, part: migrate.Part) -> None:
    steps = migrate.migrations("sqlite", part)
    fresh, stepwise = tmp_path / "fresh.db", tmp_path / "stepwise.db"
    assert migrate.migrate_sqlite(fresh, part) == [step.number for step in steps]
    with contextlib.closing(apsw.Connection(str(stepwise))) as connection:
        connection.execute(migrate._TABLE)
        for step in steps:
            connection.execute(step.text)
            values = (step.number, step.name, step.checksum, 0)
            connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?, ?)", values)
    assert full_sqlite_schema(stepwise) == full_sqlite_schema(fresh)
    assert migrate.migrate_sqlite(stepwise, part) == migrate.migrate_sqlite(fresh, part) == []


def test_both_dialects_have_the_same_migrations() -> None:
    named = {dialect: [(step.number, step.name) for step in migrate.migrations(dialect)] for dialect in _TYPES}
    assert named["sqlite"] == named["postgresql"]


_TYPES = {
    "sqlite": {"BIGINT": "INTEGER", "TEXT": "TEXT", "DOUBLE": "REAL", "BLOB": "BLOB"},
    "postgresql": {"BIGINT": "bigint", "TEXT": "text", "DOUBLE": "double precision", "BLOB": "bytea"},
}
# What only the dialect's own constructs look into is named as text in the code.
_OPAQUE = {
    *(("dataset_log", "metadata"), ("dataset_log_body", "data")),
    *(("request_log", "metadata"), ("request_log_body", "data")),
}
# Text search and compression are each database's own affair.
_OWN_OF_A_DIALECT = ("request_log_text", "compression_dictionary")


def assert_tables_match(schema: Schema, dialect: str) -> None:
    for name, table in tables.metadata.tables.items():
        found = dict(schema[name])
        assert set(found) >= set(table.c.keys()), f"{name} lacks columns that the code names"
        for column in table.c:
            if (name, column.name) not in _OPAQUE:
                assert found[column.name] == _TYPES[dialect][str(column.type)], f"{name}.{column.name}"
        assert set(found) - set(table.c.keys()) == set(), f"the code does not know all columns of {name}"


def test_the_tables_of_the_code_are_those_of_a_sqlite_file(tmp_path: Path) -> None:
    assert_tables_match(both_files(tmp_path), "sqlite")


@pytest.mark.postgres
def test_the_tables_of_the_code_are_those_of_postgresql_and_both_schemas_agree(
    empty_postgresql_url: str, tmp_path: Path
) -> None:
    assert migrate.pending_postgresql(empty_postgresql_url) == [
        step.number for step in migrate.migrations("postgresql")
    ]
    migrate.migrate_postgresql(empty_postgresql_url)
    assert migrate.migrate_postgresql(empty_postgresql_url) == migrate.pending_postgresql(empty_postgresql_url) == []
    with psycopg.connect(empty_postgresql_url) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
        ).fetchall()
    schema: Schema = {}
    for table, column, kind, _ in columns:
        schema.setdefault(table, []).append((column, kind))
    assert_tables_match(schema, "postgresql")
    embedded = {
        table: [name for name, _ in found]
        for table, found in both_files(tmp_path).items()
        if not table.startswith(("sqlite_", *_OWN_OF_A_DIALECT))
    }
    assert {
        table: [name for name, _ in found] for table, found in schema.items() if not table.startswith(_OWN_OF_A_DIALECT)
    } == embedded
    by_bytes = [(table, kind, collation) for table, _, kind, collation in columns if table != "schema_migration"]
    assert {collation for _, kind, collation in by_bytes if kind == "text"} == {"C"}


@pytest.mark.postgres
def test_a_changed_or_newer_postgresql_database_is_refused(empty_postgresql_url: str, tmp_path: Path) -> None:
    migrate.migrate_postgresql(empty_postgresql_url)
    settings = Settings(tmp_path, database_url=empty_postgresql_url)
    with psycopg.connect(empty_postgresql_url, autocommit=True) as connection:
        connection.execute("INSERT INTO schema_migration VALUES (9999, 'future', 'x', 0)")
        with pytest.raises(Conflict, match="written by a newer Assay: it has migration 9999"):
            assembly.open_stores(settings)
        connection.execute("DELETE FROM schema_migration WHERE number = 9999")
        (checksum,) = connection.execute("SELECT checksum FROM schema_migration WHERE number = 1").fetchone() or ("",)
        connection.execute("UPDATE schema_migration SET checksum = 'other' WHERE number = 1")
        for attempt in (assembly.open_stores, assembly.migrate_stores):
            with pytest.raises(Conflict, match="Migration 1 of the database differs"):
                attempt(settings)
        connection.execute("UPDATE schema_migration SET checksum = %s WHERE number = 1", (checksum,))
    assembly.open_stores(settings).close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE schema_migration SET checksum = 'other'", "Migration 1 of the database differs"),
        ("INSERT INTO schema_migration VALUES (9999, 'future', 'x', 0)", "newer Assay: it has migration 9999"),
    ],
)
def test_a_changed_or_newer_file_is_refused_and_left_alone(tmp_path: Path, statement: str, message: str) -> None:
    path = tmp_path / "meta.db"
    migrate.migrate_sqlite(path, "meta")
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute(statement)
    before = full_sqlite_schema(path)
    with pytest.raises(Conflict, match=message):
        assembly.open_stores(Settings(tmp_path))
    ended = assay("verify", data=tmp_path)
    assert ended.returncode == 1
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert full_sqlite_schema(path) == before


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "meta.db"
    migrate.migrate_sqlite(path, "meta")
    before = full_sqlite_schema(path)
    steps = migrate.migrations("sqlite", "meta")
    text = "CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER)"
    broken = migrate.Migration(9999, "broken", text)
    monkeypatch.setattr(migrate, "migrations", lambda dialect, part: [*steps, broken])
    backups: list[int] = []
    with pytest.raises(apsw.SQLError, match="already exists"):
        migrate.migrate_sqlite(path, "meta", lambda connection: backups.append(1))
    assert full_sqlite_schema(path) == before
    assert backups == [1]


def test_a_file_that_is_no_database_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "meta.db").write_bytes(b"this is a letter, not a database. " * 100)
    ended = assay("verify", data=tmp_path)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "meta.db" in ended.stderr


def test_the_stores_can_be_opened_closed_and_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        assembly.open_stores(Settings(tmp_path)).close()
    stores = SqlStores(SqliteDatabase(tmp_path / "meta.db"), SqliteDatabase(tmp_path / "logs.db"))
    stores.close()
    stores.close()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["logs.db", "meta.db"]
