"""Conditions and automations in SQL, and what automations decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, func, select

from assay.filters.expression import Condition, Expression, Field, Operator, Or
from assay.model.access import Environment
from assay.model.automation import DECISIONS, Automation, AutomationDecision, AutomationEvent, LogCondition
from assay.model.errors import Conflict, NotFound
from assay.model.page import Page, PageRequest
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of, one
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.tables import automation, log_condition
from assay.stores.sql.times import from_microseconds, to_microseconds

_CONDITION_COLUMNS = (
    log_condition.c.id, log_condition.c.condition_slug, log_condition.c.name, log_condition.c.condition_type,
    log_condition.c.description, log_condition.c.condition_policy, log_condition.c.created_at,
    log_condition.c.updated_at,
)  # fmt: skip
AUTOMATION_COLUMNS = (
    automation.c.id, automation.c.organization_id, automation.c.environment, automation.c.automation_slug,
    automation.c.name, automation.c.automation_type, automation.c.evaluator_ids, automation.c.sampling_rate,
    automation.c.is_enabled, automation.c.created_at, automation.c.updated_at, *_CONDITION_COLUMNS,
)  # fmt: skip
WITH_CONDITION = automation.join(log_condition, log_condition.c.id == automation.c.condition_id)
NEWEST_LOG = "SELECT coalesce(max(sequence), 0) FROM request_log"
_NAMED_IN_CONFLICT = 3


def read_condition(row: Sequence[object]) -> LogCondition:
    """Make a condition from its columns."""
    id_, slug, name, condition_type, description, policy, created_at, updated_at = row
    return LogCondition(
        id=str(id_),
        condition_slug=str(slug),
        name=str(name),
        condition_type=str(condition_type),
        description=str(description),
        condition_policy=json.loads(str(policy)),
        created_at=from_microseconds(created_at),  # type: ignore[call-overload]
        updated_at=from_microseconds(updated_at),  # type: ignore[call-overload]
    )


def read_automation(row: Row) -> Automation:
    """Make an automation from `AUTOMATION_COLUMNS`."""
    return Automation(
        id=row[0],
        organization_id=row[1],
        environment=row[2],
        automation_slug=row[3],
        name=row[4],
        automation_type=row[5],
        evaluator_ids=tuple(json.loads(row[6])),
        sampling_rate=row[7],
        is_enabled=bool(row[8]),
        created_at=from_microseconds(row[9]),
        updated_at=from_microseconds(row[10]),
        condition=read_condition(row[11:19]),
    )


@dataclass(frozen=True, slots=True)
class SqlAutomations:
    """The conditions of one organisation, and the automations of one of its environments."""

    database: Database
    organization_id: int
    environment: Environment

    # Conditions -------------------------------------------------------------------------------------------------------

    async def list_conditions(self, search: str, condition_type: str, page: PageRequest) -> Page[LogCondition]:
        """Return a page of conditions, newest first."""
        wanted = and_(
            log_condition.c.organization_id == self.organization_id,
            *self._named(log_condition, ("name", "condition_slug"), search),
            *([log_condition.c.condition_type == condition_type] if condition_type else []),
        )

        def work(connection: Connection) -> Page[LogCondition]:
            total = connection.rows(select(func.count()).select_from(log_condition).where(wanted))[0][0]
            newest = log_condition.c.created_at.desc(), log_condition.c.id.desc()
            listed = select(*_CONDITION_COLUMNS).where(wanted).order_by(*newest).limit(page.size).offset(page.offset)
            return Page([read_condition(row) for row in connection.rows(listed)], total)

        return await self.database.read(work)

    def _named(self, table: Table, names: Sequence[str], search: str) -> list[ColumnElement[bool]]:
        if not search:
            return []
        found: Expression = Or(tuple(Condition(Field(name), Operator.ICONTAINS, (search,)) for name in names))
        columns = FilterColumns(columns={name: table.c[name] for name in names})
        return [compile_filter(found, columns, self.database.dialect_name)]

    async def get_condition(self, reference: str) -> LogCondition:
        """Return a condition by its id or slug; raises NotFound."""
        return await self.database.read(lambda connection: self._condition(connection, reference))

    def _condition(self, connection: Connection, reference: str, *, lock: bool = False) -> LogCondition:
        named = (log_condition.c.id == reference) | (log_condition.c.condition_slug == reference)
        wanted = select(*_CONDITION_COLUMNS).where(log_condition.c.organization_id == self.organization_id, named)
        if lock and connection.dialect_name == "postgresql":
            wanted = wanted.with_for_update()
        # An id wins over an equal slug.
        rows = sorted(connection.rows(wanted), key=lambda row: row[0] != reference)
        if not rows:
            raise NotFound("Condition not found")
        return read_condition(rows[0])

    async def put_condition(self, condition: LogCondition) -> None:
        """Store a new or changed condition; raises Conflict when its slug is taken."""
        values = {
            "condition_slug": condition.condition_slug,
            "name": condition.name,
            "condition_type": condition.condition_type,
            "description": condition.description,
            "condition_policy": json.dumps(dict(condition.condition_policy), ensure_ascii=False),
            "updated_at": to_microseconds(condition.updated_at),
        }
        own = log_condition.c.organization_id == self.organization_id

        def work(connection: Connection) -> None:
            taken = select(log_condition.c.id).where(own, log_condition.c.condition_slug == condition.condition_slug)
            _check_slug(connection.rows(taken), condition.id, "condition_slug", condition.condition_slug)
            changed = log_condition.update().where(own, log_condition.c.id == condition.id).values(values)
            if connection.run(changed):
                return
            made = {
                "id": condition.id,
                "organization_id": self.organization_id,
                "created_at": to_microseconds(condition.created_at),
            }
            connection.run(log_condition.insert().values({**values, **made}))

        await self.database.write(work)

    async def delete_condition(self, reference: str) -> None:
        """Delete a condition; raises NotFound, or Conflict while an automation uses it."""

        def work(connection: Connection) -> None:
            condition = self._condition(connection, reference, lock=True)
            users = connection.rows(
                "SELECT automation_slug, environment FROM automation WHERE condition_id = :id ORDER BY created_at, id",
                {"id": condition.id},
            )
            if users:
                names = ", ".join(f"{slug} ({environment})" for slug, environment in users[:_NAMED_IN_CONFLICT])
                more = f" and {len(users) - _NAMED_IN_CONFLICT} more" if len(users) > _NAMED_IN_CONFLICT else ""
                raise Conflict(f"The condition is used by {names}{more}: delete or change those automations first.")
            connection.run("DELETE FROM log_condition WHERE id = :id", {"id": condition.id})

        await self.database.write(work)

    # Automations ------------------------------------------------------------------------------------------------------

    def _own(self) -> ColumnElement[bool]:
        return and_(automation.c.organization_id == self.organization_id, automation.c.environment == self.environment)

    async def list_automations(self, search: str, page: PageRequest) -> Page[Automation]:
        """Return a page of automations, newest first."""
        wanted = and_(self._own(), *self._named(automation, ("name", "automation_slug"), search))

        def work(connection: Connection) -> Page[Automation]:
            total = connection.rows(select(func.count()).select_from(automation).where(wanted))[0][0]
            listed = select(*AUTOMATION_COLUMNS).select_from(WITH_CONDITION).where(wanted)
            listed = listed.order_by(automation.c.created_at.desc(), automation.c.id.desc())
            return Page(
                [read_automation(row) for row in connection.rows(listed.limit(page.size).offset(page.offset))], total
            )

        return await self.database.read(work)

    async def get_automation(self, reference: str) -> Automation:
        """Return an automation by its id or slug; raises NotFound."""
        return await self.database.read(lambda connection: self._automation(connection, reference))

    def _automation(self, connection: Connection, reference: str) -> Automation:
        named = (automation.c.id == reference) | (automation.c.automation_slug == reference)
        wanted = select(*AUTOMATION_COLUMNS).select_from(WITH_CONDITION).where(self._own(), named)
        rows = sorted(connection.rows(wanted), key=lambda row: row[0] != reference)
        if not rows:
            raise NotFound("Automation not found")
        return read_automation(rows[0])

    async def put_automation(self, changed: Automation) -> None:
        """Store a new or changed automation; raises Conflict when its slug is taken."""
        values = {
            "automation_slug": changed.automation_slug,
            "name": changed.name,
            "automation_type": changed.automation_type,
            "condition_id": changed.condition.id,
            "evaluator_ids": json.dumps(changed.evaluator_ids),
            "sampling_rate": changed.sampling_rate,
            "is_enabled": int(changed.is_enabled),
            "updated_at": to_microseconds(changed.updated_at),
        }

        def work(connection: Connection) -> None:
            taken = select(automation.c.id).where(self._own(), automation.c.automation_slug == changed.automation_slug)
            _check_slug(connection.rows(taken), changed.id, "automation_slug", changed.automation_slug)
            # It may have been deleted since it was looked up.
            self._condition(connection, changed.condition.id)
            newest = connection.rows(NEWEST_LOG)[0][0]
            present = select(automation.c.is_enabled).where(self._own(), automation.c.id == changed.id)
            if connection.dialect_name == "postgresql":
                present = present.with_for_update()
            rows = connection.rows(present)
            if rows:
                is_starting = changed.is_enabled and not rows[0][0]
                if is_starting:
                    connection.run("DELETE FROM automation_evaluator WHERE automation_id = :id", {"id": changed.id})
                place = {"seen": newest} if is_starting else {}
                connection.run(automation.update().where(automation.c.id == changed.id).values({**values, **place}))
            else:
                made = {
                    "id": changed.id,
                    "organization_id": self.organization_id,
                    "environment": self.environment,
                    "seen": newest,
                    "created_at": to_microseconds(changed.created_at),
                }
                connection.run(automation.insert().values({**values, **made}))
            _put_evaluators(connection, changed, newest)

        await self.database.write(work)

    async def delete_automation(self, reference: str) -> None:
        """Delete an automation and its events; raises NotFound. Scores stay."""

        def work(connection: Connection) -> None:
            found = {"id": self._automation(connection, reference).id}
            if connection.dialect_name == "postgresql":
                connection.rows("SELECT 1 FROM automation WHERE id = :id FOR UPDATE", found)
            for table in ("automation_event", "automation_evaluator"):
                connection.run(f"DELETE FROM {table} WHERE automation_id = :id", found)
            connection.run("DELETE FROM automation WHERE id = :id", found)

        await self.database.write(work)

    # What they decided ------------------------------------------------------------------------------------------------

    async def list_events(
        self, automation_id: str, decision: AutomationDecision | None, page: PageRequest
    ) -> Page[AutomationEvent]:
        """Return a page of what an automation decided lately, newest first."""
        condition = "automation_id = :automation" + ("" if decision is None else " AND decision = :decision")
        chosen = {"automation": automation_id, "decision": decision, "size": page.size, "offset": page.offset}

        def work(connection: Connection) -> Page[AutomationEvent]:
            total = connection.rows(f"SELECT count(*) FROM automation_event WHERE {condition}", chosen)[0][0]
            rows = connection.rows(
                f"SELECT log_id, decision, reason, created_at FROM automation_event WHERE {condition}"
                " ORDER BY sequence DESC LIMIT :size OFFSET :offset",
                chosen,
            )
            events = [
                AutomationEvent(automation_id, log_id, made, reason, from_microseconds(at))
                for log_id, made, reason, at in rows
            ]
            return Page(events, total)

        return await self.database.read(work)

    async def count_decisions(self, automation_id: str) -> Mapping[AutomationDecision, int]:
        """Return how often an automation decided what, ever; raises NotFound."""
        columns = [automation.c[f"{decision}_count"] for decision in DECISIONS]
        wanted = select(*columns).where(self._own(), automation.c.id == automation_id)
        row = await self.database.read(lambda connection: one(connection, wanted))
        if row is None:
            raise NotFound("Automation not found")
        return dict(zip(DECISIONS, row, strict=True))


def _check_slug(rows: Sequence[Row], own_id: str, name: str, slug: str) -> None:
    if any(row[0] != own_id for row in rows):
        raise Conflict(f"{name}: '{slug[:100]}' is taken.")


def _put_evaluators(connection: Connection, changed: Automation, newest: int) -> None:
    """Let new evaluators of an automation start now, and forget how far those were that it has no more."""
    name = connection.dialect_name
    chosen = {"id": changed.id, "evaluators": list_of(name, changed.evaluator_ids)}
    connection.run(
        "DELETE FROM automation_evaluator WHERE automation_id = :id"
        f" AND NOT ({in_list(name, 'evaluator_id', 'evaluators')})",
        chosen,
    )
    connection.insert_many(
        "INSERT INTO automation_evaluator (automation_id, evaluator_id, seen) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(changed.id, evaluator_id, newest) for evaluator_id in changed.evaluator_ids],
    )
