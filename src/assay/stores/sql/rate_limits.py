"""Rate limits of several processes in SQL: one row a limit, and the database's clock, which all of them share."""

from __future__ import annotations

from dataclasses import dataclass

from assay.stores.sql.database import Connection, Database

_SECOND_MICROSECONDS = 1_000_000
_CLOCK = {
    "sqlite": "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)",
    # Not the time of the transaction's begin: it may have waited for the row.
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
}
_LATER = {"sqlite": "max", "postgresql": "greatest"}


def _reserve(dialect_name: str) -> str:
    clock, later = _CLOCK[dialect_name], _LATER[dialect_name]
    return (
        f"INSERT INTO rate_limit (name, free_at) VALUES (:name, {clock} + :taken) ON CONFLICT (name) DO UPDATE"
        f" SET free_at = {later}(rate_limit.free_at, {clock}) + :taken"
        f" RETURNING free_at - :taken - :tolerance - {clock}"
    )


@dataclass(frozen=True, slots=True)
class SqlRateLimits:
    """The limits of all organisations: a provider's id is part of the name."""

    database: Database

    async def reserve(self, name: str, interval_seconds: float, tolerance_seconds: float, units: int) -> float:
        """Take `units` of the limit of this name and return how many seconds to wait before they may leave."""
        values = {
            "name": name,
            "taken": round(units * interval_seconds * _SECOND_MICROSECONDS),
            "tolerance": round(tolerance_seconds * _SECOND_MICROSECONDS),
        }
        statement = _reserve(self.database.dialect_name)

        def work(connection: Connection) -> float:
            return float(connection.rows(statement, values)[0][0])

        return max(0.0, await self.database.write(work) / _SECOND_MICROSECONDS)
