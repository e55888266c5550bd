"""What a store of saved views must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.model.saved_view import SavedView, ViewPage


class SavedViewStore(Protocol):
    """Saved views of one organisation. A key sees its own and the shared ones; others are as if not there."""

    async def list(self, key_id: str, page: ViewPage | None, subject_id: str | None) -> Sequence[SavedView]:
        """Return the views that a key sees, of a page and a subject where they are named: pinned first, then by name.

        A view without a subject fits every subject of its page.
        """
        ...

    async def get(self, key_id: str, view_id: str) -> SavedView:
        """Return a view that a key sees; raises NotFound."""
        ...

    async def create(self, view: SavedView, most: int) -> None:
        """Store a new view.

        Raises Conflict when its key has `most` already, or one of the same name for the same page and subject.
        """
        ...

    async def update(self, view: SavedView) -> None:
        """Store a changed view; raises NotFound, or Conflict for a name that its key uses already there."""
        ...

    async def delete(self, view_id: str) -> None:
        """Delete a view; raises NotFound."""
        ...
