"""The SQL stores as one bundle over one database."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from assay.model.access import Environment
from assay.model.errors import Invalid, Unavailable
from assay.ports.store import Store
from assay.stores.sql import backup, integrity, migrate
from assay.stores.sql.access import SqlAccess
from assay.stores.sql.database import Database
from assay.stores.sql.dataset_logs import SqlDatasetLogs
from assay.stores.sql.dataset_versions import SqlDatasetVersions
from assay.stores.sql.datasets import SqlDatasets, SqlDeletedDatasets
from assay.stores.sql.eval_reports import SqlEvalReports
from assay.stores.sql.evaluators import SqlEvaluators
from assay.stores.sql.jobs import SqlAbandonedJobs, SqlJobs
from assay.stores.sql.runs import SqlRuns
from assay.stores.sql.scores import SqlScores
from assay.stores.sql.sqlite import SqliteDatabase


class SqlStores:
    """Everything that is kept in one SQLite file or PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._schema_number = migrate.migrations(database.dialect_name)[-1].number
        self.access = SqlAccess(database)
        self.runs = SqlRuns(database)
        self.deleted_datasets = SqlDeletedDatasets(database)
        self.abandoned_jobs = SqlAbandonedJobs(database)
        self._within = lru_cache(maxsize=256)(self._make)

    def within(self, organization_id: int, environment: Environment) -> Store:
        """Return the stores of one organisation and environment."""
        return self._within(organization_id, environment)

    def _make(self, organization_id: int, environment: Environment) -> Store:
        database = self._database
        return Store(
            organization_id=organization_id,
            environment=environment,
            datasets=SqlDatasets(database, organization_id),
            dataset_versions=SqlDatasetVersions(database, organization_id),
            dataset_logs=SqlDatasetLogs(database, organization_id),
            evaluators=SqlEvaluators(database, organization_id),
            eval_reports=SqlEvalReports(database, organization_id),
            scores=SqlScores(database, organization_id),
            jobs=SqlJobs(database, organization_id),
        )

    async def check(self) -> None:
        """Read from the database; raises Unavailable when it is away or its schema is not this release's."""
        statement = "SELECT max(number) FROM schema_migration"
        newest = await self._database.read(lambda connection: connection.rows(statement)[0][0])
        # Another server may have migrated a PostgreSQL database since this one started.
        if newest != self._schema_number:
            raise Unavailable(f"The database has schema {newest}, this release needs {self._schema_number}.")

    async def back_up(self, directory: Path) -> None:
        """Write a consistent copy of everything into a directory, while others go on writing."""
        if not isinstance(self._database, SqliteDatabase):
            raise Invalid("A PostgreSQL database is backed up with pg_dump.")
        await backup.back_up(self._database.path, directory)

    async def verify(self) -> list[str]:
        """Check the integrity of the files and references; return what is wrong, one line each."""
        return await self._database.read(integrity.problems)

    def close(self) -> None:
        """Finish accepted writes and let go of the database."""
        self._database.close()
