"""Settings become stores, an engine and an application: the only file that names a concrete store."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from assay.api.app import Application, make_app
from assay.engine.inline import InlineEngine
from assay.engine.maintenance import SILENT_IMPORT, Maintenance
from assay.model.errors import Conflict, Invalid
from assay.ports.store import Stores
from assay.services import access
from assay.services.access import NewKey
from assay.settings import Settings
from assay.stores.sql import backup, migrate
from assay.stores.sql.sqlite import SqliteDatabase
from assay.stores.sql.store import SqlStores

_BACKUPS = "backups"


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name, at this release's schema.

    A SQLite file is created and migrated, after a backup of what was there; a PostgreSQL database must have been
    migrated with `assay migrate` unless it is empty. Raises Conflict for a schema that does not fit, Unavailable when
    there is no database to reach.
    """
    if settings.database_url is not None:
        return _open_postgresql(settings.database_url)
    migrate_stores(settings)
    return SqlStores(SqliteDatabase(settings.data_directory / backup.DATABASE_FILE))


def _backup_path(directory: Path) -> Path:
    backups = directory / _BACKUPS
    backups.mkdir(exist_ok=True)
    return backups / f"before-migration-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"


def _open_postgresql(url: str) -> Stores:
    _check_url(url)
    from assay.stores.sql.postgresql import PostgresqlDatabase

    pending = migrate.pending_postgresql(url)
    if pending and pending[0] == 1:
        migrate.migrate_postgresql(url)
    elif pending:
        steps = ", ".join(str(number) for number in pending)
        raise Conflict(f"The database lacks migrations {steps}: stop the servers, back up, run `assay migrate`.")
    return SqlStores(PostgresqlDatabase(url))


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
    return migrate.migrate_sqlite(
        directory / backup.DATABASE_FILE,
        lambda connection: backup.copy_database(connection, _backup_path(directory)),
    )


def restore_stores(settings: Settings, directory: Path) -> None:
    """Put a backup in the place of the data directory's database; raises Invalid or Conflict when it cannot."""
    if settings.database_url is not None:
        raise Invalid("A PostgreSQL database is restored with pg_restore.")
    backup.restore(directory, settings.data_directory)


def set_up(stores: Stores, settings: Settings) -> NewKey | None:
    """Make the data ready to be served; returns the first key when one was made now."""
    return asyncio.run(access.set_up(stores, settings.api_key, datetime.now(UTC)))


def build_app(stores: Stores, settings: Settings) -> Application:
    """Return the application over opened stores, with its engine and housekeeping."""
    # One process owns a SQLite file: at its start every running import is one that the last process left behind.
    silent = timedelta(0) if settings.database_url is None else SILENT_IMPORT
    return make_app(stores, InlineEngine(stores.runs), Maintenance(stores, silent))
