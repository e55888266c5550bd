"""Replies of models by the content of the call, in SQL: bounded in number and age."""

from __future__ import annotations

from datetime import datetime, timedelta

from assay.stores.sql.database import Connection, Database, one
from assay.stores.sql.times import to_microseconds

KEPT_REPLIES = 200_000
KEPT_FOR = timedelta(days=30)
# How many replies come in between two looks at what is too old or too many, and how many may go at once.
_PUTS_PER_SWEEP = 1_000
_FORGOTTEN_AT_ONCE = 5_000

_FIND = "SELECT reply FROM judge_reply WHERE organization_id = :organization AND call_key = :key"
_PUT = (
    "INSERT INTO judge_reply (organization_id, call_key, reply, created_at) VALUES (:organization, :key, :reply, :at)"
    " ON CONFLICT (organization_id, call_key) DO NOTHING"
)
_BEYOND = "SELECT created_at FROM judge_reply ORDER BY created_at DESC LIMIT 1 OFFSET :kept"
_FORGET = (
    "DELETE FROM judge_reply WHERE (organization_id, call_key) IN (SELECT organization_id, call_key FROM judge_reply"
    " WHERE created_at <= :until ORDER BY created_at LIMIT :most)"
)


class SqlJudgeCache:
    """The replies kept for one organisation. The bounds are of all organisations together: they share a disk."""

    def __init__(self, database: Database, organization_id: int, kept_replies: int = KEPT_REPLIES) -> None:
        self._database = database
        self._organization_id = organization_id
        self._kept_replies = kept_replies
        self._puts = 0

    async def find(self, key: bytes) -> bytes | None:
        """Return the stored reply (JSON), or None."""
        chosen = {"organization": self._organization_id, "key": key}
        row = await self._database.read(lambda connection: one(connection, _FIND, chosen))
        return None if row is None else bytes(row[0])

    async def put(self, key: bytes, reply: bytes, at: datetime) -> None:
        """Store a reply; one that is there stays. Now and then the oldest beyond the bounds are forgotten."""
        now = to_microseconds(at)
        values = {"organization": self._organization_id, "key": key, "reply": reply, "at": now}
        is_sweeping = self._puts % _PUTS_PER_SWEEP == 0
        self._puts += 1

        def work(connection: Connection) -> None:
            connection.run(_PUT, values)
            if is_sweeping:
                self._sweep(connection, at)

        await self._database.write(work)

    def _sweep(self, connection: Connection, at: datetime) -> None:
        until = to_microseconds(at - KEPT_FOR)
        beyond = one(connection, _BEYOND, {"kept": self._kept_replies})
        if beyond is not None:
            until = max(until, beyond[0])
        connection.run(_FORGET, {"until": until, "most": _FORGOTTEN_AT_ONCE})
