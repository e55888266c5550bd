"""Leaving out rows of a file that a dataset has already: by the value at a path, such as input or metadata.ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.filters.expression import EVERYTHING
from assay.model.dataset import DatasetLogDraft
from assay.model.errors import Invalid
from assay.model.log import LogContent
from assay.ports.store import Store
from assay.wire import codec

_ROOTS = ("input", "output", "expected_output", "metadata")
_ROWS_AT_ONCE = 500


def read_dedupe_path(text: str | None) -> str | None:
    """Return the path whose value makes a row the same as another, None for none; raises Invalid for no such path."""
    if not text:
        return None
    root, _, rest = text.partition(".")
    if root not in _ROOTS or (root == "metadata" and not rest) or "\0" in text:
        raise Invalid.field(
            "dedupe_by", f"'{text[:60]}' is no path in a row: use input, metadata.ticket or another one below {_ROOTS}."
        )
    return text


class Deduplicator:
    """Knows the values at a path of the rows that are there, and of those that came since; a row without one is new."""

    def __init__(self, path: str) -> None:
        self._root, _, rest = path.partition(".")
        self._steps = rest
        self._seen: set[bytes] = set()

    async def learn(self, store: Store, dataset_id: str) -> None:
        """Look at every row of a dataset's newest version."""
        async for rows in store.dataset_logs.iterate(dataset_id, None, EVERYTHING, _ROWS_AT_ONCE):
            for row in rows:
                if (key := self._key(row.content)) is not None:
                    self._seen.add(key)

    def new_of(self, drafts: Sequence[DatasetLogDraft]) -> list[DatasetLogDraft]:
        """Return the drafts whose value was not seen before, in their order."""
        new = []
        for draft in drafts:
            key = self._key(draft.content)
            if key is None or key not in self._seen:
                new.append(draft)
            if key is not None:
                self._seen.add(key)
        return new

    def _key(self, content: LogContent) -> bytes | None:
        payload: bytes | None = getattr(content, self._root)
        if payload is None:
            return None
        if not self._steps:
            return codec.content_hash(payload)
        found, value = _at(codec.decode_stored(payload), self._steps)
        return codec.content_hash(codec.encode(value)) if found else None


def _at(value: Any, path: str) -> tuple[bool, Any]:
    # A key with dots in it, as an import keeps it, comes before a path.
    if isinstance(value, dict) and path in value:
        return True, value[path]
    for step in path.split("."):
        if not isinstance(value, dict) or step not in value:
            return False, None
        value = value[step]
    return value is not None, value
