"""Settings become stores, an engine and an application: the only file that names a concrete store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from assay.api.app import Application, make_app
from assay.engine.inline import InlineEngine
from assay.engine.maintenance import SILENT_IMPORT, Maintenance
from assay.model.errors import Conflict, Invalid
from assay.ports.store import Stores
from assay.providers.prices import load_prices
from assay.services import access
from assay.services.access import NewKey
from assay.settings import Settings
from assay.stores.sql import backup, migrate
from assay.stores.sql.sqlite import SqliteDatabase
from assay.stores.sql.store import SqlStores

_BACKUPS = "backups"
_SQLITE_FILES: tuple[tuple[migrate.Part, str], ...] = (("meta", backup.DATABASE_FILE), ("logs", backup.LOGS_FILE))


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name, at this release's schema.

    A SQLite file is created and migrated, after a backup of what was there; a PostgreSQL database must have been
    migrated with `assay migrate` unless it is empty. Raises Conflict for a schema that does not fit, Unavailable when
    there is no database to reach.
    """
    if settings.database_url is not None:
        return _open_postgresql(settings.database_url)
    migrate_stores(settings)
    directory = settings.data_directory
    return SqlStores(SqliteDatabase(directory / backup.DATABASE_FILE), SqliteDatabase(directory / backup.LOGS_FILE))


def _backup_path(directory: Path, name: str) -> Path:
    return directory / _BACKUPS / f"{name.removesuffix('.db')}-before-migration-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"


def _open_postgresql(url: str) -> Stores:
    _check_url(url)
    from assay.stores.sql.postgresql import PostgresqlDatabase

    pending = migrate.pending_postgresql(url)
    if pending and pending[0] == 1:
        migrate.migrate_postgresql(url)
    elif pending:
        steps = ", ".join(str(number) for number in pending)
        raise Conflict(f"The database lacks migrations {steps}: stop the servers, back up, run `assay migrate`.")
    database = PostgresqlDatabase(url)
    return SqlStores(database, database)


def _check_url(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        scheme = url.partition(":")[0][:20]
        message = f"'{scheme}:' names no database that Assay knows: use postgresql://… or leave it unset for SQLite."
        raise Invalid.field("ASSAY_DATABASE_URL", message)
    if find_spec("psycopg") is None:
        message = "PostgreSQL needs a driver that is not installed: pip install 'assay[postgres]'"
        raise Invalid.field("ASSAY_DATABASE_URL", message)


def migrate_stores(settings: Settings) -> list[int]:
    """Bring the database that the settings name to this release's schema and return the migrations applied."""
    if settings.database_url is not None:
        _check_url(settings.database_url)
        return migrate.migrate_postgresql(settings.database_url)
    directory = settings.data_directory
    directory.mkdir(parents=True, exist_ok=True)
    done: list[int] = []
    for part, name in _SQLITE_FILES:
        copy = partial(backup.copy_database, target=_backup_path(directory, name))
        done += migrate.migrate_sqlite(directory / name, part, copy)
    return sorted(done)


def restore_stores(settings: Settings, directory: Path) -> None:
    """Put a backup in the place of the data directory's database; raises Invalid or Conflict when it cannot."""
    if settings.database_url is not None:
        raise Invalid("A PostgreSQL database is restored with pg_restore.")
    backup.restore(directory, settings.data_directory)


def set_up(stores: Stores, settings: Settings) -> NewKey | None:
    """Make the data ready to be served; returns the first key when one was made now."""
    return asyncio.run(access.set_up(stores, settings.api_key, datetime.now(UTC)))


def build_app(stores: Stores, settings: Settings) -> Application:
    """Return the application over opened stores, with its engine and housekeeping; raises Invalid for wrong prices."""
    # One process owns a SQLite file: at its start every running import is one that the last process left behind.
    silent = timedelta(0) if settings.database_url is None else SILENT_IMPORT
    load_prices(settings.prices_file)
    engine = InlineEngine(stores)
    return make_app(stores, engine, Maintenance(stores, engine, silent))
