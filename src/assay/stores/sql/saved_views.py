"""Saved views in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select

from assay.model.errors import Conflict, NotFound
from assay.model.saved_view import SavedView, ViewPage
from assay.stores.sql.database import Connection, Database, Row, one
from assay.stores.sql.tables import saved_view as table
from assay.stores.sql.times import from_microseconds, to_microseconds

_SELECT = select(
    table.c.id, table.c.key_id, table.c.page, table.c.subject_id, table.c.name, table.c.query, table.c.is_shared,
    table.c.is_pinned, table.c.created_at, table.c.updated_at, table.c.created_by,
)  # fmt: skip


def _view(row: Row) -> SavedView:
    id_, key_id, page, subject_id, name, query, is_shared, is_pinned, created_at, updated_at, created_by = row
    return SavedView(
        id=id_,
        key_id=key_id,
        page=page,
        subject_id=subject_id,
        name=name,
        query=query,
        is_shared=bool(is_shared),
        is_pinned=bool(is_pinned),
        created_at=from_microseconds(created_at),
        updated_at=from_microseconds(updated_at),
        created_by=created_by,
    )


def _values(view: SavedView) -> dict[str, Any]:
    return {
        "page": view.page,
        "subject_id": view.subject_id,
        "name": view.name,
        "query": view.query,
        "is_shared": int(view.is_shared),
        "is_pinned": int(view.is_pinned),
        "updated_at": to_microseconds(view.updated_at),
    }


@dataclass(frozen=True, slots=True)
class SqlSavedViews:
    """The saved views of one organisation."""

    database: Database
    organization_id: int

    def _own(self) -> ColumnElement[bool]:
        return table.c.organization_id == self.organization_id

    def _seen(self, key_id: str) -> ColumnElement[bool]:
        return and_(self._own(), or_(table.c.key_id == key_id, table.c.is_shared == literal_column("1")))

    async def list(self, key_id: str, page: ViewPage | None, subject_id: str | None) -> Sequence[SavedView]:
        """Return the views that a key sees: pinned first, then by name."""
        wanted = _SELECT.where(self._seen(key_id))
        if page is not None:
            wanted = wanted.where(table.c.page == page)
        if subject_id is not None:
            wanted = wanted.where(or_(table.c.subject_id == subject_id, table.c.subject_id.is_(None)))
        ordered = wanted.order_by(table.c.is_pinned.desc(), table.c.name, table.c.created_at, table.c.id)
        rows = await self.database.read(lambda connection: connection.rows(ordered))
        return [_view(row) for row in rows]

    async def get(self, key_id: str, view_id: str) -> SavedView:
        """Return a view that a key sees; raises NotFound."""
        wanted = _SELECT.where(self._seen(key_id), table.c.id == view_id)
        row = await self.database.read(lambda connection: one(connection, wanted))
        if row is None:
            raise NotFound("View not found")
        return _view(row)

    async def create(self, view: SavedView, most: int) -> None:
        """Store a new view; raises Conflict for one too many, or a name that is taken."""
        values = {
            **_values(view),
            "id": view.id,
            "organization_id": self.organization_id,
            "key_id": view.key_id,
            "created_at": to_microseconds(view.created_at),
            "created_by": view.created_by,
        }
        of_key = select(func.count()).select_from(table).where(self._own(), table.c.key_id == view.key_id)

        def work(connection: Connection) -> None:
            if connection.rows(of_key)[0][0] >= most:
                raise Conflict(f"This key has {most} saved views, which is the most: delete one first.")
            self._check_name(connection, view)
            connection.run(table.insert().values(values))

        await self.database.write(work)

    def _check_name(self, connection: Connection, view: SavedView) -> None:
        subject = table.c.subject_id
        same = and_(
            self._own(),
            table.c.key_id == view.key_id,
            table.c.page == view.page,
            subject.is_(None) if view.subject_id is None else subject == view.subject_id,
            table.c.name == view.name,
            table.c.id != view.id,
        )
        if one(connection, select(table.c.id).where(same)) is not None:
            raise Conflict(f"You have a view named '{view.name[:60]}' of this page already: choose another name.")

    async def update(self, view: SavedView) -> None:
        """Store a changed view; raises NotFound, Conflict."""
        chosen = table.update().where(self._own(), table.c.id == view.id).values(_values(view))

        def work(connection: Connection) -> None:
            self._check_name(connection, view)
            if not connection.run(chosen):
                raise NotFound("View not found")

        await self.database.write(work)

    async def delete(self, view_id: str) -> None:
        """Delete a view; raises NotFound."""
        chosen = table.delete().where(self._own(), table.c.id == view_id)
        if not await self.database.write(lambda connection: connection.run(chosen)):
            raise NotFound("View not found")
