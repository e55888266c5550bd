"""Settings become stores, an engine and an application: the only file that names a concrete store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from assay.api.app import Application, make_app
from assay.engine.evaluations import Workshop
from assay.engine.inline import InlineEngine
from assay.engine.maintenance import SILENT_IMPORT, Maintenance
from assay.engine.models import Models, NamedConnection, known_from
from assay.engine.rate_limit import Reserve
from assay.evaluators.sandbox.pool import SandboxPool
from assay.model.errors import Conflict, Invalid
from assay.model.server import ServerFacts
from assay.ports.engine import Engine
from assay.ports.store import Stores
from assay.providers.environment import environment_providers
from assay.providers.prices import load_prices
from assay.providers.vault import Vault, open_vault
from assay.services import access
from assay.services.access import NewKey
from assay.services.sessions import LoginLinks, Sessions
from assay.settings import Settings
from assay.stores.sql import backup, migrate
from assay.stores.sql.sqlite import SqliteDatabase
from assay.stores.sql.store import SqlStores
from assay.web.routes import make_routes

if TYPE_CHECKING:
    from assay.engine.worker import Worker

_INLINE, _PROCRASTINATE = "inline", "procrastinate"
_BACKUPS = "backups"
_SQLITE_FILES: tuple[tuple[migrate.Part, str], ...] = (("meta", backup.DATABASE_FILE), ("logs", backup.LOGS_FILE))


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name, at this release's schema.

    A SQLite file is created and migrated, after a backup of what was there; a PostgreSQL database must have been
    migrated with `assay migrate` unless it is empty. Raises Conflict for a schema that does not fit, Unavailable when
    there is no database to reach.
    """
    _check_engine(settings)
    if settings.database_url is not None:
        return _open_postgresql(settings.database_url, _job_schema(settings))
    migrate_stores(settings)
    directory = settings.data_directory
    return SqlStores(SqliteDatabase(directory / backup.DATABASE_FILE), SqliteDatabase(directory / backup.LOGS_FILE))


def _backup_path(directory: Path, name: str) -> Path:
    return directory / _BACKUPS / f"{name.removesuffix('.db')}-before-migration-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"


def _open_postgresql(url: str, job_schema: str | None) -> Stores:
    _check_url(url)
    from assay.stores.sql.postgresql import PostgresqlDatabase

    pending = migrate.pending_postgresql(url)
    if pending and pending[0] == 1:
        migrate.migrate_postgresql(url)
    elif pending:
        steps = ", ".join(str(number) for number in pending)
        raise Conflict(f"The database lacks migrations {steps}: stop the servers, back up, run `assay migrate`.")
    if job_schema is not None:
        # Tables of its own beside ours: nothing that is there changes, so this waits for no operator.
        migrate.add_jobs(url, job_schema)
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


def _check_engine(settings: Settings) -> None:
    if settings.engine == _INLINE:
        return
    if settings.engine != _PROCRASTINATE:
        message = f"'{settings.engine[:20]}' names no engine: use {_INLINE}, or {_PROCRASTINATE} with PostgreSQL."
        raise Invalid.field("ASSAY_ENGINE", message)
    if settings.database_url is None:
        message = f"{_PROCRASTINATE} needs a PostgreSQL database: set ASSAY_DATABASE_URL, or leave this unset."
        raise Invalid.field("ASSAY_ENGINE", message)
    if find_spec("procrastinate") is None:
        message = "Procrastinate is not installed: pip install 'assay[postgres]'"
        raise Invalid.field("ASSAY_ENGINE", message)


def _job_schema(settings: Settings) -> str | None:
    """Return the SQL of the job queue's tables, None when the engine has no queue."""
    if settings.engine != _PROCRASTINATE:
        return None
    from assay.engine.job_queue import job_schema

    return job_schema()


def migrate_stores(settings: Settings) -> list[int]:
    """Bring the database that the settings name to this release's schema and return the migrations applied."""
    _check_engine(settings)
    if settings.database_url is not None:
        _check_url(settings.database_url)
        done = migrate.migrate_postgresql(settings.database_url)
        schema = _job_schema(settings)
        if schema is not None:
            migrate.add_jobs(settings.database_url, schema)
        return done
    directory = settings.data_directory
    directory.mkdir(parents=True, exist_ok=True)
    done = []
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


def build_app(stores: Stores, settings: Settings, links: LoginLinks | None = None) -> Application:
    """Return the application over opened stores, with its engine and housekeeping; raises Invalid, Unavailable.

    `links` are the one-time links that sign browsers in; without them a browser needs a key.
    """
    # One process owns a SQLite file: at its start every running import is one that the last process left behind.
    silent = timedelta(0) if settings.database_url is None else SILENT_IMPORT
    load_prices(settings.prices_file)
    vault = open_vault(settings.data_directory, settings.secret)
    environment = known_from(environment_providers(settings.model_environment), datetime.now(UTC))
    engine = _engine(stores, settings, _workshop(stores, settings, vault, environment))
    housekeeping = Maintenance(stores, engine, silent)
    sessions = Sessions(vault)
    pages = make_routes(stores, sessions, links if links is not None else LoginLinks())
    providers = [named.provider for named in environment]
    facts = ServerFacts(settings.engine, str(settings.data_directory), settings.is_code_unsafe, datetime.now(UTC))
    return make_app(stores, engine, housekeeping, vault, providers, sessions, facts, pages)


def _workshop(stores: Stores, settings: Settings, vault: Vault, environment: Sequence[NamedConnection]) -> Workshop:
    unsafe = SandboxPool(is_isolated=False) if settings.is_code_unsafe else None
    return Workshop(_models(stores, settings, vault, environment), SandboxPool(), unsafe)


def _models(stores: Stores, settings: Settings, vault: Vault, environment: Sequence[NamedConnection]) -> Models:
    if settings.engine == _INLINE:
        return Models(stores, vault, environment)

    def reservations(provider_id: str, unit: str) -> Reserve:
        return partial(stores.rate_limits.reserve, f"{provider_id}:{unit}")

    return Models(stores, vault, environment, reservations)


def _engine(stores: Stores, settings: Settings, workshop: Workshop) -> Engine:
    url = settings.database_url
    if settings.engine == _INLINE or url is None:
        return InlineEngine(stores, workshop)
    from assay.engine.distributed import DistributedEngine
    from assay.engine.job_queue import JobQueue

    return DistributedEngine(stores, workshop, JobQueue(url))


def build_worker(stores: Stores, settings: Settings, chunks_at_once: int) -> Worker:
    """Return a worker of the distributed engine over opened stores; raises Invalid, Unavailable."""
    url = settings.database_url
    if settings.engine != _PROCRASTINATE or url is None:
        message = f"Workers, and the servers that they work for, need {_PROCRASTINATE}."
        raise Invalid.field("ASSAY_ENGINE", message)
    from assay.engine.job_queue import JobQueue
    from assay.engine.worker import Worker

    load_prices(settings.prices_file)
    vault = open_vault(settings.data_directory, settings.secret)
    environment = known_from(environment_providers(settings.model_environment), datetime.now(UTC))
    workshop = _workshop(stores, settings, vault, environment)
    return Worker(stores, workshop, JobQueue(url), chunks_at_once)
