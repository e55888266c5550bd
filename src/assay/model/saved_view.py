"""Saved views: named query strings of pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ViewPage = Literal["logs", "datasets", "dataset", "reports", "report", "evaluators"]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view of a page, of the subject `subject_id` where the page is of one (a dataset, a report).

    `query` is the query string of its URL, without the question mark. Unless it is shared, only the key `key_id` sees
    it; `created_by` is the prefix of that key.
    """

    id: str
    key_id: str
    page: ViewPage
    subject_id: str | None
    name: str
    query: str
    is_shared: bool
    is_pinned: bool
    created_at: datetime
    updated_at: datetime
    created_by: str
