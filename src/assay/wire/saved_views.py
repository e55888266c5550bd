"""Saved views on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from assay.model.errors import Invalid
from assay.model.saved_view import SavedView, ViewPage

MOST_QUERY_BYTES = 4096
_LONGEST_NAME = 120
_LONGEST_ID = 200


class ViewUpdate(BaseModel):
    """What changes of a view."""

    name: str | None = Field(default=None, description=f"1 to {_LONGEST_NAME} characters.")
    query: str | None = Field(default=None, description="The query string of its URL, at most 4096 bytes.")
    is_shared: bool | None = Field(default=None, description="Seen by every key of the organisation.")
    is_pinned: bool | None = None


class ViewCreate(ViewUpdate):
    """A new view; `subject_id` is the dataset or report that the page shows, none for a view that fits all."""

    name: str
    query: str
    page: ViewPage
    subject_id: str | None = None


class ViewOut(BaseModel):
    """A saved view; `is_own` says whether the key that asks made it."""

    id: str
    page: ViewPage
    subject_id: str | None
    name: str
    query: str
    is_shared: bool
    is_pinned: bool
    is_own: bool
    created_by: str
    created_at: datetime
    updated_at: datetime


def view_out(view: SavedView, key_id: str) -> dict[str, Any]:
    """Return a view as a key sees it."""
    shown = {name: getattr(view, name) for name in ViewOut.model_fields if name != "is_own"}
    return {**shown, "is_own": view.key_id == key_id}


def read_name(name: str) -> str:
    """Return the name of a view; raises Invalid."""
    name = name.strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid.field("name", f"A name has 1 to {_LONGEST_NAME} characters, this has {len(name)}.")
    return name


def read_query(query: str) -> str:
    """Return a query string without its question mark; raises Invalid."""
    query = query.removeprefix("?")
    size = len(query.encode(errors="replace"))
    if size > MOST_QUERY_BYTES:
        raise Invalid.field("query", f"A query string may have {MOST_QUERY_BYTES:,} bytes, this has {size:,}.")
    return query


def read_subject(subject_id: str | None) -> str | None:
    """Return the id of what a page shows; raises Invalid."""
    if subject_id is not None and (not 1 <= len(subject_id) <= _LONGEST_ID or "\0" in subject_id):
        raise Invalid.field("subject_id", f"An id has 1 to {_LONGEST_ID} characters; leave it out for every subject.")
    return subject_id
