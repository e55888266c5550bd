"""PostgreSQL through psycopg: a few threads, each with a connection of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy.dialects import postgresql as sqlalchemy_postgresql
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import LRUCache

from assay.model.errors import Full, Unavailable
from assay.stores.sql.database import Connection, Parameters, Row, Statement, compiled, pyformat

Result = TypeVar("Result")

DIALECT: Dialect = sqlalchemy_postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]

_compiled: LRUCache[Any, Any] = LRUCache(500)

_THREADS = 8
_STATEMENT_TIMEOUT_MILLISECONDS = 60_000
# Another transaction won: the work itself was right and runs again on the new state.
_REPEATABLE = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
    # A body was freed, or found, by two transactions at once.
    psycopg.errors.ForeignKeyViolation,
)


def open_connection(url: str) -> psycopg.Connection[Row]:
    """Open a connection with the settings that the stores rely on; raises Unavailable when there is no server."""
    try:
        connection = psycopg.connect(url, connect_timeout=10, application_name="assay")
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database cannot be reached: {str(error).splitlines()[0]}") from error
    # Payload columns are text on their way through; nothing here wants them decoded.
    set_json_loads(_undecoded, connection)
    with connection.transaction():
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(f"SET statement_timeout = {_STATEMENT_TIMEOUT_MILLISECONDS}")
    return connection


def _undecoded(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


class PostgresqlConnection:
    """A transaction on a psycopg connection."""

    dialect_name = "postgresql"

    def __init__(self, raw: psycopg.Connection[Row]) -> None:
        self.raw = raw

    def _execute(self, statement: Statement, parameters: Parameters | None) -> psycopg.Cursor[Row]:
        if isinstance(statement, ClauseElement):
            text, values = compiled(statement, DIALECT, _compiled)
            return self.raw.execute(text.encode(), {**values, **(parameters or {})})
        return self.raw.execute(pyformat(statement).encode(), parameters or {})

    def rows(self, statement: Statement, parameters: Parameters | None = None) -> list[Row]:
        """Run a statement that answers rows, and return them all."""
        return self._execute(statement, parameters).fetchall()

    def run(self, statement: Statement, parameters: Parameters | None = None) -> int:
        """Run a statement that answers nothing, and return how many rows it changed."""
        return max(self._execute(statement, parameters).rowcount, 0)

    def run_many(self, statement: str, parameters: Sequence[Parameters]) -> int:
        """Run one text statement for each parameter set, and return how many rows changed in all."""
        if not parameters:
            return 0
        with self.raw.cursor() as cursor:
            cursor.executemany(pyformat(statement).encode(), parameters)
            return max(cursor.rowcount, 0)

    def insert_many(self, statement: str, rows: Sequence[Row]) -> int:
        """Run one text statement with `?` placeholders for each row of values, and return how many rows changed."""
        with self.raw.cursor() as cursor:
            cursor.executemany(statement.replace("?", "%s").encode(), rows)
            return max(cursor.rowcount, 0)

    def allocate(self, table: str, count: int) -> Sequence[int]:
        """Reserve `count` sequence numbers of `table`, in rising order."""
        rows = self.rows(
            "SELECT nextval(pg_get_serial_sequence(:table, 'sequence')) FROM generate_series(1, :count)",
            {"count": count, "table": table},
        )
        return sorted(row[0] for row in rows)


class PostgresqlDatabase:
    """One PostgreSQL database, by its `postgresql://` URL."""

    dialect_name = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url
        self._local = threading.local()
        self._closed = False
        self._connections: list[psycopg.Connection[Row]] = []
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="postgresql")

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a read-only snapshot."""
        return await self._submit(work, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction; durable when this returns. Run again when another transaction got in between."""
        return await self._submit(work, None)

    async def _submit(self, work: Callable[[Connection], Result], mode: str | None) -> Result:
        if self._closed:
            raise Unavailable("The server is shutting down.")
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._threads, self._run, work, mode))

    def _run(self, work: Callable[[Connection], Result], mode: str | None) -> Result:
        for attempt in range(5):
            raw = self._connection()
            try:
                with raw.transaction():
                    if mode is not None:
                        raw.execute(mode)
                    return work(PostgresqlConnection(raw))
            except _REPEATABLE:
                if attempt == 4:
                    raise
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if isinstance(error, psycopg.errors.DiskFull):
                    raise Full from error
                if isinstance(error, psycopg.errors.QueryCanceled):
                    raise Unavailable("The query took too long; narrow the filter.", 30.0) from error
                # A read may safely run again on a fresh connection; a write may have been committed already.
                self._drop(raw)
                if mode is None or attempt > 0:
                    raise Unavailable("The database cannot be reached.", 5.0) from error
        raise Unavailable("The database is busy; try again in a moment.")

    def _connection(self) -> psycopg.Connection[Row]:
        raw: psycopg.Connection[Row] | None = getattr(self._local, "connection", None)
        if raw is None or raw.closed:
            raw = self._local.connection = open_connection(self.url)
            self._connections.append(raw)
        return raw

    def _drop(self, raw: psycopg.Connection[Any]) -> None:
        raw.close()
        self._local.connection = None
        self._connections.remove(raw)

    def close(self) -> None:
        """Finish what runs, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._threads.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
