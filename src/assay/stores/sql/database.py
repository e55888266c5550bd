"""A database as the stores see it: short functions over one connection, run in a transaction off the event loop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement

Result = TypeVar("Result")
Row = tuple[Any, ...]
Parameters = Mapping[str, Any]
Statement = str | ClauseElement

_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


class Connection(Protocol):
    """One open transaction. Statements are SQLAlchemy Core, or text with `:name` placeholders."""

    dialect_name: str

    def rows(self, statement: Statement, parameters: Parameters | None = None) -> list[Row]:
        """Run a statement that answers rows, and return them all."""
        ...

    def run(self, statement: Statement, parameters: Parameters | None = None) -> int:
        """Run a statement that answers nothing, and return how many rows it changed."""
        ...

    def run_many(self, statement: str, parameters: Sequence[Parameters]) -> int:
        """Run one text statement for each parameter set, and return how many rows changed in all."""
        ...

    def insert_many(self, statement: str, rows: Sequence[Row]) -> int:
        """Run one text statement with `?` placeholders for each row of values, and return how many rows changed."""
        ...

    def allocate(self, table: str, count: int) -> Sequence[int]:
        """Reserve `count` sequence numbers of `table`, in rising order."""
        ...


def one(connection: Connection, statement: Statement, parameters: Parameters | None = None) -> Row | None:
    """Return the first row of a statement, or None."""
    rows = connection.rows(statement, parameters)
    return rows[0] if rows else None


class Database(Protocol):
    """Where stores keep their rows; every call is one transaction."""

    dialect_name: str

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a read-only snapshot on a reader thread; raises Unavailable when the database is away."""
        ...

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction that is durable when this returns; an exception undoes all of it.

        Raises Unavailable when the database is away, full or overloaded.
        """
        ...

    def close(self) -> None:
        """Finish the writes that were accepted, then let go of every connection."""
        ...


@lru_cache(maxsize=1024)
def pyformat(text: str) -> str:
    """Turn `:name` placeholders into psycopg's `%(name)s`."""
    return _PLACEHOLDER.sub(r"%(\1)s", text.replace("%", "%%"))


def compiled(statement: ClauseElement, dialect: Dialect, cache: MutableMapping[Any, Any]) -> tuple[str, dict[str, Any]]:
    """Return the text and bound values of a Core statement; statements of the same shape are compiled once.

    Lists are bound as one value (`list_of`, or the dialect's `in_texts`): SQLAlchemy's `in_` writes its text anew for
    every number of values, which this does not do.

    Compiling takes a millisecond or two, finding a shape again a tenth of that. SQLAlchemy offers this to its own
    connections only, hence the private name; it has been the same since 1.4.
    """
    found, extracted, parameters, _ = statement._compile_w_cache(dialect, compiled_cache=cache, column_keys=[])
    values = found.construct_params(parameters or {}, extracted_parameters=extracted, escape_names=False)
    return str(found), dict(values or {})


def insertion(table: str, columns: Sequence[str]) -> str:
    """Return the statement that inserts a row of values for these columns, for `insert_many`."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def in_list(dialect_name: str, column: str, name: str) -> str:
    """Return the condition that a column is among the values of one parameter, which `list_of` makes."""
    if dialect_name == "postgresql":
        return f"{column} = ANY(:{name})"
    return f"{column} IN (SELECT value FROM json_each(:{name}))"


def list_of(dialect_name: str, values: Sequence[int | str]) -> Any:
    """Return many values as one parameter, so that the statement's text is the same for any number of them."""
    return list(values) if dialect_name == "postgresql" else json.dumps(list(values))
