"""Evaluators and their versions in SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSON

from assay.filters.expression import EVERYTHING, Expression
from assay.model.errors import Conflict, NotAllowed, NotFound
from assay.model.evaluator import Evaluator, EvaluatorVersion
from assay.model.page import Page, PageRequest, Sort
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.dialect import dialect_named
from assay.stores.sql.evaluator_definitions import (
    VERSION_COLUMNS,
    is_same_definition,
    read_version,
    version_values,
)
from assay.stores.sql.filter_sql import FilterColumns, compile_filter
from assay.stores.sql.order import order_by
from assay.stores.sql.tables import evaluator as table
from assay.stores.sql.tables import evaluator_version as versions
from assay.stores.sql.times import from_microseconds, to_microseconds

_OF_VERSIONS = versions.alias("of_versions")
_VERSION_COUNT = (
    select(func.count()).select_from(_OF_VERSIONS).where(_OF_VERSIONS.c.evaluator_id == table.c.id).scalar_subquery()
)
_COLUMNS = (
    table.c.id, table.c.organization_id, table.c.slug, table.c.created_at, table.c.updated_at, table.c.created_by,
    table.c.updated_by, table.c.starred, table.c.tags, table.c.is_builtin, _VERSION_COUNT, *VERSION_COLUMNS,
)  # fmt: skip
_SELECT = select(*_COLUMNS)
_PLAIN_COLUMNS = {
    "id": table.c.id,
    "evaluator_slug": table.c.slug,
    "starred": table.c.starred,
    "created_at": table.c.created_at,
    "updated_at": table.c.updated_at,
    **{name: versions.c[name] for name in ("name", "type", "score_value_type", "eval_class", "description")},
}
_FILTER_COLUMNS = {
    "sqlite": FilterColumns(columns=_PLAIN_COLUMNS, json={"tags": table.c.tags}),
    "postgresql": FilterColumns(columns=_PLAIN_COLUMNS, json={"tags": cast(table.c.tags, JSON)}),
}
_CURRENT = and_(versions.c.evaluator_id == table.c.id, versions.c.number == table.c.current_version)
_WITH_VERSION = re.compile(r"(.+):(0|[1-9]\d{0,8})", re.ASCII | re.DOTALL)
_TAKEN = "An evaluator with this slug already exists."


def _evaluator(row: Row) -> Evaluator:
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
        current=read_version(row[11:]),
    )


def _insert_version(connection: Connection, evaluator_id: str, version: EvaluatorVersion, now: int) -> None:
    values = {
        **version_values(version),
        "evaluator_id": evaluator_id,
        "number": version.number,
        "id": version.id,
        "created_at": now if version.created_at is None else to_microseconds(version.created_at),
        "created_by": version.created_by,
    }
    connection.run(versions.insert().values(values))


@dataclass(frozen=True, slots=True)
class SqlEvaluators:
    """The evaluators of one organisation."""

    database: Database
    organization_id: int

    def _own(self) -> ColumnElement[bool]:
        return table.c.organization_id == self.organization_id

    def _condition(self, expression: Expression) -> ColumnElement[bool]:
        own = and_(self._own(), _CURRENT)
        if expression == EVERYTHING:
            return own
        name = self.database.dialect_name
        return and_(own, compile_filter(expression, _FILTER_COLUMNS[name], name))

    async def list(self, expression: Expression, sort: Sort, page: PageRequest) -> Page[Evaluator]:
        """Return a page of the evaluators that match."""
        condition = self._condition(expression)
        order = order_by(_PLAIN_COLUMNS[sort.field], sort, tie_break=table.c.id)
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
        """Return an evaluator by its id or slug; `<id>:<n>` has version n as its current one. Raises NotFound."""
        found = await self.find_many([reference])
        if reference not in found:
            raise NotFound("Evaluator not found")
        return found[reference]

    async def find_many(self, references: Sequence[str]) -> dict[str, Evaluator]:
        """Return the evaluators that these references name; an id wins over an equal slug, a slug over a version."""

        def work(connection: Connection) -> dict[str, Evaluator]:
            found = self._named(connection, references)
            for reference in references:
                split = None if reference in found else _WITH_VERSION.fullmatch(reference)
                if split is not None:
                    wanted = and_(versions.c.evaluator_id == table.c.id, versions.c.number == int(split[2]))
                    row = one(connection, _SELECT.where(self._own(), wanted, _is_named(split[1])))
                    found |= {} if row is None else {reference: _evaluator(row)}
            return found

        return await self.database.read(work)

    def _named(self, connection: Connection, references: Sequence[str]) -> dict[str, Evaluator]:
        dialect = dialect_named(self.database.dialect_name)
        named = or_(dialect.in_texts(table.c.id, references), dialect.in_texts(table.c.slug, references))
        evaluators = [_evaluator(row) for row in connection.rows(_SELECT.where(self._own(), _CURRENT, named))]
        by_slug = {evaluator.slug: evaluator for evaluator in evaluators}
        by_reference = by_slug | {evaluator.id: evaluator for evaluator in evaluators}
        return {reference: by_reference[reference] for reference in references if reference in by_reference}

    def _is_taken(self, connection: Connection, slug: str, evaluator_id: str) -> bool:
        others = select(table.c.id).where(self._own(), table.c.slug == slug, table.c.id != evaluator_id)
        return one(connection, others) is not None

    async def create(self, evaluator: Evaluator) -> None:
        """Store a new evaluator with its first version; raises Conflict when its slug is taken."""

        def work(connection: Connection) -> None:
            if self._is_taken(connection, evaluator.slug, evaluator.id):
                raise Conflict(_TAKEN)
            self._insert(connection, evaluator)

        await self.database.write(work)

    def _insert(self, connection: Connection, evaluator: Evaluator) -> None:
        now = to_microseconds(evaluator.created_at)
        values = {
            "id": evaluator.id,
            "organization_id": self.organization_id,
            "slug": evaluator.slug,
            "starred": int(evaluator.starred),
            "tags": json.dumps(evaluator.tags),
            "is_builtin": int(evaluator.is_builtin),
            "current_version": evaluator.current.number,
            "created_at": now,
            "updated_at": to_microseconds(evaluator.updated_at),
            "created_by": evaluator.created_by,
            "updated_by": evaluator.updated_by,
        }
        connection.run(table.insert().values(values))
        _insert_version(connection, evaluator.id, evaluator.current, now)

    async def update(self, evaluator: Evaluator, at: datetime) -> None:
        """Store an evaluator as it is now, and its current version, which must be a draft.

        Raises NotFound, NotAllowed where the stored version is read-only, Conflict when the slug is taken or somebody
        changed the evaluator since its `updated_at`.
        """
        # Later than what was seen, so that the next one who has seen less than this notices.
        now = to_microseconds(max(at, evaluator.updated_at + timedelta(microseconds=1)))
        described = {
            "slug": evaluator.slug,
            "starred": int(evaluator.starred),
            "tags": json.dumps(evaluator.tags),
            "updated_at": now,
            "updated_by": evaluator.updated_by,
        }
        seen = table.c.updated_at == to_microseconds(evaluator.updated_at)
        draft = and_(versions.c.evaluator_id == evaluator.id, versions.c.number == evaluator.current.number)

        def work(connection: Connection) -> None:
            own = and_(self._own(), table.c.id == evaluator.id)
            row = one(connection, select(versions.c.is_read_only).where(own, draft))
            if row is None:
                raise NotFound("Evaluator not found")
            if row[0]:
                raise NotAllowed
            if self._is_taken(connection, evaluator.slug, evaluator.id):
                raise Conflict(_TAKEN)
            if not connection.run(table.update().where(own, seen).values(described)):
                raise Conflict("The evaluator was changed meanwhile.")
            connection.run(versions.update().where(draft).values(version_values(evaluator.current)))

        await self.database.write(work)

    async def commit(self, evaluator_id: str, description: str, next_version: EvaluatorVersion) -> Evaluator:
        """Freeze the current version and make `next_version` the current one; returns the evaluator as it is then.

        Raises NotFound, Conflict when another version was committed meanwhile.
        """
        frozen = next_version.number - 1
        now = 0 if next_version.created_at is None else to_microseconds(next_version.created_at)

        def work(connection: Connection) -> Evaluator:
            own = and_(self._own(), table.c.id == evaluator_id)
            moved = {"current_version": next_version.number, "updated_at": now, "updated_by": next_version.created_by}
            if not connection.run(table.update().where(own, table.c.current_version == frozen).values(moved)):
                if one(connection, select(table.c.id).where(own)) is None:
                    raise NotFound("Evaluator not found")
                raise Conflict("Another version was committed meanwhile.")
            committed = and_(versions.c.evaluator_id == evaluator_id, versions.c.number == frozen)
            said = {"is_read_only": 1, "version_description": description}
            connection.run(versions.update().where(committed).values(said))
            _insert_version(connection, evaluator_id, next_version, now)
            return _evaluator(connection.rows(_SELECT.where(own, _CURRENT))[0])

        return await self.database.write(work)

    async def delete(self, evaluator_id: str) -> None:
        """Delete an evaluator and all its versions; its scores and reports stay. Raises NotFound."""

        def work(connection: Connection) -> None:
            own = and_(self._own(), table.c.id == evaluator_id)
            if one(connection, select(table.c.id).where(own)) is None:
                raise NotFound("Evaluator not found")
            connection.run(versions.delete().where(versions.c.evaluator_id == evaluator_id))
            connection.run(table.delete().where(own))

        await self.database.write(work)

    async def list_versions(self, evaluator_id: str, page: PageRequest) -> Page[EvaluatorVersion]:
        """Return a page of versions, newest first; raises NotFound."""
        own = and_(self._own(), table.c.id == evaluator_id, versions.c.evaluator_id == evaluator_id)
        counted = select(func.count()).select_from(versions).join(table, own)
        wanted = select(*VERSION_COLUMNS).where(own).order_by(versions.c.number.desc())
        wanted = wanted.limit(page.size).offset(page.offset)

        def work(connection: Connection) -> Page[EvaluatorVersion]:
            total = connection.rows(counted)[0][0]
            if not total:
                raise NotFound("Evaluator not found")
            return Page([read_version(row) for row in connection.rows(wanted)], total)

        return await self.database.read(work)

    async def get_version(self, evaluator_id: str, number: int) -> EvaluatorVersion:
        """Return one version; raises NotFound."""
        own = and_(self._own(), table.c.id == evaluator_id, versions.c.evaluator_id == evaluator_id)
        wanted = select(*VERSION_COLUMNS).where(own, versions.c.number == number)
        row = await self.database.read(lambda connection: one(connection, wanted))
        if row is None:
            raise NotFound(f"Version {number} not found")
        return read_version(row)

    async def ensure(self, evaluators: Sequence[Evaluator]) -> None:
        """Store the evaluators that are not there yet, and a new version of those whose definition changed."""

        def work(connection: Connection) -> None:
            for evaluator in evaluators:
                self._ensure(connection, evaluator)

        await self.database.write(work)

    def _ensure(self, connection: Connection, evaluator: Evaluator) -> None:
        present = one(connection, _SELECT.where(_CURRENT, table.c.id == evaluator.id))
        if present is None:
            if self._is_taken(connection, evaluator.slug, evaluator.id):
                # Somebody used the name of a built-in before this release had it: theirs keeps it.
                evaluator = replace(evaluator, slug=f"{evaluator.slug}_{evaluator.id[-6:]}")
            self._insert(connection, evaluator)
            return
        now = to_microseconds(evaluator.created_at)
        stored = _evaluator(present).current
        wanted = evaluator.current
        if is_same_definition(stored, wanted) and stored.description == wanted.description:
            return
        number = stored.number + 1
        _insert_version(connection, evaluator.id, replace(wanted, number=number), now)
        connection.run(table.update().where(table.c.id == evaluator.id).values(current_version=number, updated_at=now))


def _is_named(reference: str) -> ColumnElement[bool]:
    return or_(table.c.id == reference, table.c.slug == reference)
