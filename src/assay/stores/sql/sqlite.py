"""SQLite through apsw: one writer thread that commits in groups, and a few read-only connections."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw
from sqlalchemy.dialects import sqlite as sqlalchemy_sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import LRUCache

from assay.model.errors import Full, Unavailable
from assay.stores.sql import compression, text_index
from assay.stores.sql.database import Connection, Parameters, Row, Statement, compiled
from assay.stores.sql.dialect import register_functions

Result = TypeVar("Result")

DIALECT = sqlalchemy_sqlite.dialect(paramstyle="named")

_compiled: LRUCache[Any, Any] = LRUCache(500)

_GROUP_LIMIT = 256
_QUEUE_LIMIT = 10_000
_BUSY_MILLISECONDS = 10_000
_READERS = 4


def open_connection(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """Open the file with the durability that the stores promise: WAL, and a flush at every commit."""
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    if not read_only:
        # Fewer, larger pages: a fifth less time to insert and to scan than with 4 KiB; no effect on an existing file.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -8192")
    connection.execute("PRAGMA temp_store = MEMORY")
    register_functions(connection)
    text_index.register(connection)
    connection.create_scalar_function("body_text", cast("Any", compression.text_of), 2, deterministic=True)
    return connection


class SqliteConnection:
    """A transaction on an apsw connection."""

    dialect_name = "sqlite"

    def __init__(self, raw: apsw.Connection) -> None:
        self.raw = raw

    def _execute(self, statement: Statement, parameters: Parameters | None) -> apsw.Cursor:
        if isinstance(statement, ClauseElement):
            text, values = compiled(statement, DIALECT, _compiled)
            return self.raw.execute(text, {**values, **(parameters or {})})
        return self.raw.execute(statement, parameters)

    def rows(self, statement: Statement, parameters: Parameters | None = None) -> list[Row]:
        """Run a statement that answers rows, and return them all."""
        return self._execute(statement, parameters).fetchall()

    def run(self, statement: Statement, parameters: Parameters | None = None) -> int:
        """Run a statement that answers nothing, and return how many rows it changed."""
        before = self.raw.total_changes()
        self._execute(statement, parameters)
        return self.raw.total_changes() - before

    def run_many(self, statement: str, parameters: Sequence[Parameters]) -> int:
        """Run one text statement for each parameter set, and return how many rows changed in all."""
        before = self.raw.total_changes()
        self.raw.executemany(statement, parameters)
        return self.raw.total_changes() - before

    def insert_many(self, statement: str, rows: Sequence[Row]) -> int:
        """Run one text statement with `?` placeholders for each row of values, and return how many rows changed."""
        before = self.raw.total_changes()
        self.raw.executemany(statement, rows)
        return self.raw.total_changes() - before

    def allocate(self, table: str, count: int) -> Sequence[int]:
        """Reserve `count` sequence numbers of an AUTOINCREMENT table, in rising order."""
        counted = {"count": count, "table": table}
        rows = self.rows("UPDATE sqlite_sequence SET seq = seq + :count WHERE name = :table RETURNING seq", counted)
        if not rows:
            self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :count)", counted)
            return range(1, count + 1)
        return range(rows[0][0] - count + 1, rows[0][0] + 1)


_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class SqliteDatabase:
    """One SQLite file. Writers queue up and share a commit, so that many small writes cost one flush."""

    dialect_name = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=_QUEUE_LIMIT)
        self._closed = False
        self._local = threading.local()
        self._reader_connections: list[apsw.Connection] = []
        self._beside: Path | None = None
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix=f"{path.stem}-read")
        self._writer_connection = open_connection(path)
        self._writer = threading.Thread(target=self._write_loop, name=f"{path.stem}-write", daemon=True)
        self._writer.start()

    def read_beside(self, path: Path) -> None:
        """Let readers find the tables of another file too, from the next connection on; it must be closed after this.

        A transaction sees a snapshot of each file, not one of both.
        """
        self._beside = path

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a read-only snapshot on a reader thread."""
        if self._closed:
            raise Unavailable("The server is shutting down.")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def read_now(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a read-only snapshot on this very thread, before there is an event loop."""
        return self._read(work)

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        raw: apsw.Connection | None = getattr(self._local, "connection", None)
        try:
            if raw is None:
                raw = self._local.connection = open_connection(self.path, read_only=True)
                if self._beside is not None:
                    raw.execute("ATTACH DATABASE ? AS beside", (str(self._beside),))
                self._reader_connections.append(raw)
            raw.execute("BEGIN")
            return work(SqliteConnection(raw))
        except apsw.Error as error:
            raise _domain_error(error) from error
        finally:
            # A failing disk ends a transaction by itself.
            if raw is not None and raw.in_transaction:
                raw.execute("ROLLBACK")

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a savepoint of the writer's next group commit; durable when this returns."""
        if self._closed:
            raise Unavailable("The server is shutting down.")
        future: Future[Result] = Future()
        try:
            self._jobs.put_nowait((work, future))
        except queue.Full:
            raise Unavailable("Too many writes are waiting; try again in a moment.") from None
        # Shielded: the writer may already be running the job when the caller is cancelled.
        return await asyncio.shield(asyncio.wrap_future(future))

    def _write_loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            finished = self._run_group(group)
            if finished:
                break
        self._writer_connection.close()

    def _run_group(self, group: list[_Job]) -> bool:
        """Run the waiting jobs in one transaction and settle their futures; True when the end mark was met."""
        raw = self._writer_connection
        connection = SqliteConnection(raw)
        settled: list[tuple[Future[Any], Any, BaseException | None]] = []
        finished = False
        try:
            raw.execute("BEGIN IMMEDIATE")
            while True:
                work, future = group[-1]
                settled.append((future, *self._run_job(raw, connection, work)))
                if len(group) == _GROUP_LIMIT:
                    break
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    finished = True
                    break
                group.append(following)
            raw.execute("COMMIT")
        except BaseException as error:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            for _, future in group:
                future.set_exception(_domain_error(error))
            return finished
        for future, result, error_of_job in settled:
            if error_of_job is None:
                future.set_result(result)
            else:
                future.set_exception(error_of_job)
        return finished

    @staticmethod
    def _run_job(
        raw: apsw.Connection, connection: SqliteConnection, work: Callable[[Connection], Any]
    ) -> tuple[Any, BaseException | None]:
        raw.execute("SAVEPOINT job")
        try:
            result = work(connection)
        except BaseException as error:
            # A full disk may have ended the whole transaction: then the group fails together.
            if not raw.in_transaction:
                raise
            raw.execute("ROLLBACK TO job")
            raw.execute("RELEASE job")
            return None, _domain_error(error)
        raw.execute("RELEASE job")
        return result, None

    def close(self) -> None:
        """Commit what was accepted, then close every connection."""
        if self._closed:
            return
        self._closed = True
        self._readers.shutdown(wait=True)
        for connection in self._reader_connections:
            connection.close()
        # The writer closes last: only a connection that may write can fold the log file into the database.
        self._jobs.put(None)
        self._writer.join()


def _domain_error(error: BaseException) -> BaseException:
    """Say a failure of the database in the words of the domain; any other error is left as it is."""
    if isinstance(error, apsw.FullError):
        return Full()
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return Unavailable("The database is busy; try again in a moment.")
    if isinstance(error, (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.CorruptError, apsw.NotADBError)):
        return Unavailable("The database cannot be reached.", retry_after_seconds=10.0)
    return error
