"""Evaluators and their versions in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from assay.filters.expression import EVERYTHING, Expression
from assay.model.errors import NotFound
from assay.model.evaluator import Direction, Evaluator, EvaluatorVersion, PassRule, ScoreRange
from assay.model.page import Page, PageRequest, Sort
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.order import order_by
from assay.stores.sql.tables import evaluator as table
from assay.stores.sql.tables import evaluator_version as versions
from assay.stores.sql.times import from_microseconds, to_microseconds

_COLUMNS = (
    table.c.id, table.c.organization_id, table.c.slug, table.c.created_at, table.c.updated_at, table.c.created_by,
    table.c.updated_by, table.c.starred, table.c.tags, table.c.is_builtin, table.c.current_version,
    versions.c.id, versions.c.number, versions.c.name, versions.c.type, versions.c.score_value_type,
    versions.c.eval_class, versions.c.description, versions.c.definition, versions.c.is_read_only,
    versions.c.version_description, versions.c.created_at,
)  # fmt: skip
_SELECT = select(*_COLUMNS)
_FILTER_COLUMNS = FilterColumns(
    columns={
        "id": table.c.id,
        "evaluator_slug": table.c.slug,
        "starred": table.c.starred,
        "created_at": table.c.created_at,
        "updated_at": table.c.updated_at,
        **{name: versions.c[name] for name in ("name", "type", "score_value_type", "eval_class", "description")},
    }
)
_CURRENT = and_(versions.c.evaluator_id == table.c.id, versions.c.number == table.c.current_version)


class _Definition(msgspec.Struct, frozen=True):
    """The part of a version that no query looks into."""

    direction: Direction
    score_range: ScoreRange
    pass_rule: PassRule | None
    parameters: Mapping[str, Any]


def _definition(version: EvaluatorVersion) -> str:
    definition = _Definition(version.direction, version.score_range, version.pass_rule, version.parameters)
    return msgspec.json.encode(definition).decode()


def _evaluator(row: Row) -> Evaluator:
    definition = msgspec.json.decode(row[18], type=_Definition)
    return Evaluator(
        id=row[0],
        organization_id=row[1],
        slug=row[2],
        created_at=from_microseconds(row[3]),
        updated_at=from_microseconds(row[4]),
        created_by=row[5],
        updated_by=row[6],
        starred=bool(row[7]),
        tags=tuple(json.loads(row[8])),
        is_builtin=bool(row[9]),
        version_count=row[10],
        current=EvaluatorVersion(
            id=row[11],
            number=row[12],
            name=row[13],
            type=row[14],
            score_value_type=row[15],
            eval_class=row[16],
            description=row[17],
            direction=definition.direction,
            score_range=definition.score_range,
            pass_rule=definition.pass_rule,
            parameters=definition.parameters,
            is_read_only=bool(row[19]),
            version_description=row[20],
            created_at=from_microseconds(row[21]),
        ),
    )


def _insert_version(connection: Connection, evaluator_id: str, version: EvaluatorVersion, now: int) -> None:
    values = {
        "evaluator_id": evaluator_id,
        "number": version.number,
        "id": version.id,
        "name": version.name,
        "type": version.type,
        "score_value_type": version.score_value_type,
        "eval_class": version.eval_class,
        "description": version.description,
        "definition": _definition(version),
        "is_read_only": int(version.is_read_only),
        "version_description": version.version_description,
        "created_at": now,
    }
    connection.run(versions.insert().values(values))


@dataclass(frozen=True, slots=True)
class SqlEvaluators:
    """The evaluators of one organisation."""

    database: Database
    organization_id: int

    def _condition(self, expression: Expression) -> ColumnElement[bool]:
        own = and_(table.c.organization_id == self.organization_id, _CURRENT)
        if expression == EVERYTHING:
            return own
        return and_(own, compile_filter(expression, _FILTER_COLUMNS, self.database.dialect_name))

    async def list(self, expression: Expression, sort: Sort, page: PageRequest) -> Page[Evaluator]:
        """Return a page of the evaluators that match."""
        condition = self._condition(expression)
        order = order_by(_FILTER_COLUMNS.columns[sort.field], sort, tie_break=table.c.id)
        wanted = _SELECT.where(condition).order_by(*order).limit(page.size).offset(page.offset)
        counted = select(func.count(table.c.id)).where(condition)

        def work(connection: Connection) -> Page[Evaluator]:
            total = connection.rows(counted)[0][0]
            return Page([_evaluator(row) for row in connection.rows(wanted)], total)

        return await self.database.read(work)

    async def count(self, expression: Expression) -> int:
        """Return how many evaluators match."""
        counted = select(func.count(table.c.id)).where(self._condition(expression))
        return await self.database.read(lambda connection: int(connection.rows(counted)[0][0]))

    async def get(self, reference: str) -> Evaluator:
        """Return an evaluator by its id or slug; raises NotFound."""
        found = await self.find_many([reference])
        if reference not in found:
            raise NotFound("Evaluator not found")
        return found[reference]

    async def find_many(self, references: Sequence[str]) -> dict[str, Evaluator]:
        """Return the evaluators that these ids or slugs name; an id wins over an equal slug."""
        dialect = dialect_named(self.database.dialect_name)
        named = or_(dialect.in_texts(table.c.id, references), dialect.in_texts(table.c.slug, references))
        wanted = _SELECT.where(self._condition(EVERYTHING), named)
        rows = await self.database.read(lambda connection: connection.rows(wanted))
        evaluators = [_evaluator(row) for row in rows]
        by_slug = {evaluator.slug: evaluator for evaluator in evaluators}
        by_reference = by_slug | {evaluator.id: evaluator for evaluator in evaluators}
        return {reference: by_reference[reference] for reference in references if reference in by_reference}

    async def ensure(self, evaluators: Sequence[Evaluator]) -> None:
        """Store the evaluators that are not there yet, and a new version of those whose definition changed."""

        def work(connection: Connection) -> None:
            for evaluator in evaluators:
                self._ensure(connection, evaluator)

        await self.database.write(work)

    def _ensure(self, connection: Connection, evaluator: Evaluator) -> None:
        now = to_microseconds(evaluator.created_at)
        present = one(connection, _SELECT.where(_CURRENT, table.c.id == evaluator.id))
        if present is None:
            values = {
                "id": evaluator.id,
                "organization_id": self.organization_id,
                "slug": evaluator.slug,
                "tags": json.dumps(evaluator.tags),
                "is_builtin": int(evaluator.is_builtin),
                "current_version": evaluator.current.number,
                "created_at": now,
                "updated_at": now,
                "created_by": evaluator.created_by,
                "updated_by": evaluator.updated_by,
            }
            connection.run(table.insert().values(values))
            _insert_version(connection, evaluator.id, evaluator.current, now)
            return
        stored = _evaluator(present).current
        wanted = evaluator.current
        # Compared as values: a bound of 0 comes back as 0.0 and is no change.
        old, new = (msgspec.json.decode(_definition(version), type=_Definition) for version in (stored, wanted))
        if old == new and stored.description == wanted.description:
            return
        number = stored.number + 1
        _insert_version(connection, evaluator.id, replace(wanted, number=number), now)
        connection.run(table.update().where(table.c.id == evaluator.id).values(current_version=number, updated_at=now))
