"""Counting what matches: exactly, or as far as a limit of time allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import apsw
from sqlalchemy import ColumnElement, FromClause, Select, func, literal_column, select
from sqlalchemy.sql import ClauseElement

from assay.model.request_log import Count
from assay.stores.sql.database import Connection, Database, compiled
from assay.stores.sql.log_scan import compiled_hinted, hinted_rows
from assay.stores.sql.sqlite import SqliteConnection

# What is left of the time goes into a lower bound.
_SHARE_FOR_EXACT = 0.6
# Between two looks at the clock SQLite runs this many of its steps: a fraction of a millisecond.
_STEPS = 5_000
_MOVE = b"MOVE FORWARD 5000 IN met"

Hint = Callable[[Connection, Select[Any]], Select[Any]]


async def count_lines(
    database: Database,
    table: FromClause,
    condition: ColumnElement[bool],
    within_seconds: float | None = None,
    hint: Hint = lambda _, statement: statement,
) -> Count:
    """Count the rows of a table, or of a join, for which a condition holds.

    With a limit of time the answer comes within about that time: when counting takes longer, it is how many were met
    until then, and says that it is not exact. Without one it is exact. `hint` may say how the table is to be read.
    """
    met: Select[Any] = select(literal_column("1")).select_from(table).where(condition)

    def work(connection: Connection) -> Count:
        begun = time.monotonic()
        chosen = hint(connection, met)
        number: Select[Any] = select(func.count()).select_from(chosen.subquery())
        if within_seconds is None:
            return Count(int(hinted_rows(connection, number)[0][0]))
        counted = _counted_on_sqlite if connection.dialect_name == "sqlite" else _counted_on_postgresql
        return counted(connection, number, chosen, begun + within_seconds * _SHARE_FOR_EXACT, begun + within_seconds)

    return await database.read(work)


def _counted_on_sqlite(
    connection: Connection, number: Select[Any], met: ClauseElement, middle: float, end: float
) -> Count:
    raw = cast("SqliteConnection", connection).raw
    met_count = 0
    try:
        _interrupt_after(raw, middle)
        try:
            return Count(int(hinted_rows(connection, number)[0][0]))
        except apsw.InterruptError:
            pass
        _interrupt_after(raw, end)
        try:
            for _ in raw.execute(*compiled_hinted(met)):
                met_count += 1
        except apsw.InterruptError:
            return Count(met_count, is_exact=False)
        return Count(met_count)
    finally:
        raw.set_progress_handler(None)


def _interrupt_after(raw: apsw.Connection, moment: float) -> None:
    raw.set_progress_handler(lambda: time.monotonic() > moment, _STEPS)


def _counted_on_postgresql(
    connection: Connection, number: ClauseElement, met: ClauseElement, middle: float, end: float
) -> Count:
    import psycopg  # comes with an extra of its own

    from assay.stores.sql.postgresql import DIALECT, PostgresqlConnection

    raw = cast("PostgresqlConnection", connection).raw

    def stop_after(moment: float) -> None:
        milliseconds = max(1, int((moment - time.monotonic()) * 1000))
        raw.execute(f"SET LOCAL statement_timeout = {milliseconds}".encode())

    try:
        with raw.transaction():
            stop_after(middle)
            return Count(int(connection.rows(number)[0][0]))
    except psycopg.errors.QueryCanceled:
        pass
    met_count = 0
    text, values = compiled(met, DIALECT, {})
    try:
        with raw.transaction(), raw.cursor(name="met") as cursor:
            stop_after(end)
            cursor.execute(text.encode(), values)
            while moved := max(raw.execute(_MOVE).rowcount, 0):
                met_count += moved
                stop_after(end)
    except psycopg.errors.QueryCanceled:
        return Count(met_count, is_exact=False)
    return Count(met_count)
