"""A database as the stores see it: short functions over one connection, run in a transaction off the event loop."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
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


def compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    """Compile a Core statement to its text and bound values for `dialect`."""
    result = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return str(result), dict(result.params)
