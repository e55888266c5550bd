"""Saved views: made, changed and deleted by the key that they belong to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assay.model.access import Identity
from assay.model.errors import NotAllowed
from assay.model.ids import new_uuid
from assay.model.saved_view import SavedView
from assay.ports.store import Store
from assay.wire.saved_views import ViewCreate, ViewUpdate, read_name, read_query, read_subject

MOST_VIEWS_OF_A_KEY = 500


async def create(store: Store, who: Identity, body: ViewCreate, at: datetime) -> SavedView:
    """Store a new view of the key; raises Invalid, Conflict."""
    view = SavedView(
        id=new_uuid(),
        key_id=who.key_id,
        page=body.page,
        subject_id=read_subject(body.subject_id),
        name=read_name(body.name),
        query=read_query(body.query),
        is_shared=bool(body.is_shared),
        is_pinned=bool(body.is_pinned),
        created_at=at,
        updated_at=at,
        created_by=who.key_prefix,
    )
    await store.saved_views.create(view, MOST_VIEWS_OF_A_KEY)
    return view


async def update(store: Store, who: Identity, view_id: str, body: ViewUpdate, at: datetime) -> SavedView:
    """Change what the body names; raises NotFound, Invalid, Conflict, NotAllowed for a view of another key."""
    present = await _changeable(store, who, view_id)
    view = replace(
        present,
        name=present.name if body.name is None else read_name(body.name),
        query=present.query if body.query is None else read_query(body.query),
        is_shared=present.is_shared if body.is_shared is None else body.is_shared,
        is_pinned=present.is_pinned if body.is_pinned is None else body.is_pinned,
        updated_at=at,
    )
    await store.saved_views.update(view)
    return view


async def delete(store: Store, who: Identity, view_id: str) -> None:
    """Delete a view; raises NotFound, NotAllowed."""
    await store.saved_views.delete((await _changeable(store, who, view_id)).id)


async def _changeable(store: Store, who: Identity, view_id: str) -> SavedView:
    view = await store.saved_views.get(who.key_id, view_id)
    if view.key_id != who.key_id and not who.may("admin"):
        message = f"This shared view belongs to the key {view.created_by}: save one of your own, or use an admin key."
        raise NotAllowed(message)
    return view
