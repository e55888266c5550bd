"""The SQL stores as one bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from assay.model.access import Environment
from assay.model.errors import Invalid, Unavailable
from assay.model.server import DatabaseFacts
from assay.ports.store import Store
from assay.stores.sql import backup, integrity, log_integrity, migrate
from assay.stores.sql.access import SqlAccess
from assay.stores.sql.annotations import SqlAnnotations
from assay.stores.sql.automations import SqlAutomations
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.dataset_log_analytics import SqlDatasetLogAnalytics
from assay.stores.sql.dataset_logs import SqlDatasetLogs
from assay.stores.sql.dataset_versions import SqlDatasetVersions
from assay.stores.sql.datasets import SqlDatasets, SqlDeletedDatasets
from assay.stores.sql.eval_reports import SqlEvalReports
from assay.stores.sql.evaluators import SqlEvaluators
from assay.stores.sql.jobs import SqlAbandonedJobs, SqlJobs
from assay.stores.sql.judge_cache import SqlJudgeCache
from assay.stores.sql.log_analytics import SqlLogAnalytics
from assay.stores.sql.log_compression import LogCompression
from assay.stores.sql.log_intake import LogIntake
from assay.stores.sql.log_memory import ResultMemory
from assay.stores.sql.log_retention import SqlRetention
from assay.stores.sql.log_samples import SqlLogSamples
from assay.stores.sql.log_upkeep import SqlLogUpkeep
from assay.stores.sql.online import SqlOnline
from assay.stores.sql.providers import SqlProviders
from assay.stores.sql.rate_limits import SqlRateLimits
from assay.stores.sql.request_logs import SqlRequestLogs
from assay.stores.sql.runs import SqlRuns
from assay.stores.sql.saved_views import SqlSavedViews
from assay.stores.sql.scores import SqlScores
from assay.stores.sql.sqlite import SqliteDatabase
from assay.stores.sql.traces import SqlTraces


class SqlStores:
    """Everything that is kept: in two SQLite files, or in one PostgreSQL database that is both."""

    def __init__(self, database: Database, logs: Database) -> None:
        """`logs` holds request logs and what belongs to them, `database` all the rest."""
        self._database = database
        self._logs = logs
        self._compression = LogCompression(logs)
        if isinstance(logs, SqliteDatabase):
            logs.read_now(self._compression.load)
            if isinstance(database, SqliteDatabase):
                database.read_beside(logs.path)
        self._intake = LogIntake(logs, self._compression)
        self._memory = ResultMemory(logs)
        self.access = SqlAccess(database)
        self.runs = SqlRuns(database)
        self.online = SqlOnline(logs)
        self.rate_limits = SqlRateLimits(database)
        self.deleted_datasets = SqlDeletedDatasets(database)
        self.abandoned_jobs = SqlAbandonedJobs(database)
        self.log_upkeep = SqlLogUpkeep(logs, self._compression, self._intake, self._memory)
        self._within = lru_cache(maxsize=256)(self._make)

    def within(self, organization_id: int, environment: Environment) -> Store:
        """Return the stores of one organisation and environment."""
        return self._within(organization_id, environment)

    def _make(self, organization_id: int, environment: Environment) -> Store:
        database, logs = self._database, self._logs
        return Store(
            organization_id=organization_id,
            environment=environment,
            datasets=SqlDatasets(database, organization_id),
            dataset_versions=SqlDatasetVersions(database, organization_id),
            dataset_logs=SqlDatasetLogs(database, organization_id),
            dataset_log_analytics=SqlDatasetLogAnalytics(database, organization_id),
            evaluators=SqlEvaluators(database, organization_id),
            eval_reports=SqlEvalReports(database, organization_id),
            scores=SqlScores(database, logs, organization_id),
            annotations=SqlAnnotations(database, organization_id),
            automations=SqlAutomations(logs, organization_id, environment),
            providers=SqlProviders(database, organization_id),
            saved_views=SqlSavedViews(database, organization_id),
            judge_cache=SqlJudgeCache(database, organization_id),
            jobs=SqlJobs(database, organization_id),
            request_logs=SqlRequestLogs(logs, self._intake, self._memory, organization_id, environment),
            log_analytics=SqlLogAnalytics(logs, self._memory, organization_id, environment),
            log_samples=SqlLogSamples(logs, organization_id, environment),
            traces=SqlTraces(logs, self._memory, organization_id, environment),
            retention=SqlRetention(logs, organization_id),
        )

    async def check(self) -> None:
        """Read from the databases; raises Unavailable when one is away or its schema is not this release's."""
        for database, part in self._parts():
            known = [step.number for step in migrate.migrations(database.dialect_name, part)]
            applied = await database.read(_applied)
            # Another server may have migrated a PostgreSQL database since this one started.
            if applied != known:
                raise Unavailable(f"The database has schema {max(applied)}, this release needs {max(known)}.")

    def _parts(self) -> Sequence[tuple[Database, migrate.Part | None]]:
        if self._logs is self._database:
            return [(self._database, None)]
        return [(self._database, "meta"), (self._logs, "logs")]

    async def describe(self) -> DatabaseFacts:
        """Say what the database is and how large."""
        files = [database.path for database, _ in self._parts() if isinstance(database, SqliteDatabase)]
        if files:
            return DatabaseFacts("sqlite", await asyncio.to_thread(_size_of, files))
        size = await self._database.read(
            lambda connection: int(connection.rows("SELECT pg_database_size(current_database())")[0][0])
        )
        return DatabaseFacts("postgresql", size)

    async def back_up(self, directory: Path) -> None:
        """Write a consistent copy of everything into a directory, while others go on writing."""
        if not isinstance(self._database, SqliteDatabase):
            raise Invalid("A PostgreSQL database is backed up with pg_dump.")
        await backup.back_up(self._database.path.parent, directory)

    async def verify(self) -> list[str]:
        """Check the integrity of the files and references; return what is wrong, one line each."""
        found = await self._database.read(integrity.problems)
        return found + await self._logs.read(log_integrity.problems)

    def close(self) -> None:
        """Finish accepted writes and let go of the databases."""
        # Readers of the one have the other open too.
        self._database.close()
        self._logs.close()


def _size_of(files: Sequence[Path]) -> int:
    beside = [path.with_name(f"{path.name}-wal") for path in files]
    return sum(path.stat().st_size for path in (*files, *beside) if path.exists())


def _applied(connection: Connection) -> list[int]:
    return [row[0] for row in connection.rows("SELECT number FROM schema_migration ORDER BY number")]
