"""How long request logs are kept, in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.model.access import ENVIRONMENTS, Environment
from assay.stores.sql.database import Connection, Database
from assay.stores.sql.log_scope import scope_of

_SET = (
    "INSERT INTO log_retention (scope, days) VALUES (:scope, :days)"
    " ON CONFLICT (scope) DO UPDATE SET days = excluded.days"
)


@dataclass(frozen=True, slots=True)
class SqlRetention:
    """How many days the request logs of one organisation are kept; no line means for ever."""

    database: Database
    organization_id: int

    async def get(self) -> Mapping[Environment, int | None]:
        """Return the days for each environment."""

        def work(connection: Connection) -> dict[Environment, int | None]:
            found: dict[int, int] = dict(connection.rows("SELECT scope, days FROM log_retention"))
            return {name: found.get(scope_of(self.organization_id, name)) for name in ENVIRONMENTS}

        return await self.database.read(work)

    async def set(self, days: Mapping[Environment, int | None]) -> None:
        """Set the days of the environments named."""

        def work(connection: Connection) -> None:
            for environment, number in days.items():
                line = {"scope": scope_of(self.organization_id, environment), "days": number}
                connection.run("DELETE FROM log_retention WHERE scope = :scope" if number is None else _SET, line)

        await self.database.write(work)
