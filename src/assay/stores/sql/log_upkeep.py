"""The work behind request logs: forgetting them after their time, the text index, compression dictionaries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from assay.stores.sql import log_scores, text_index, trace_sums
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.log_compression import LogCompression
from assay.stores.sql.log_intake import LogIntake
from assay.stores.sql.log_memory import ResultMemory
from assay.stores.sql.times import to_microseconds

# Logs deleted in one transaction: those who record meanwhile wait for no more than this.
SLICE = 200
_RUSH_LOGS_PER_SECOND = 3_000
# A search looks through so many logs by itself in about a tenth of a second.
_MOST_BEHIND = 20_000


def delete_lines(connection: Connection, lines: Sequence[Row]) -> None:
    """Delete logs, given as (sequence, scope, trace id or None), with all that belongs to them."""
    if not lines:
        return
    sequences = [line[0] for line in lines]
    text_index.forget(connection, sequences)
    logs = log_scores.ids_of(connection, lines)
    chosen = in_list(connection.dialect_name, "sequence", "sequences")
    listed = {"sequences": list_of(connection.dialect_name, sequences)}
    # The line first, as an update does: two transactions must not wait for each other.
    connection.run(f"DELETE FROM request_log WHERE {chosen}", listed)
    connection.run(f"DELETE FROM request_log_body WHERE {chosen}", listed)
    log_scores.delete_of(connection, logs)
    trace_sums.recount_after(connection, lines)


class SqlLogUpkeep:
    """The work behind the request logs of all organisations."""

    def __init__(
        self, database: Database, compression: LogCompression, intake: LogIntake, memory: ResultMemory
    ) -> None:
        self.database = database
        self.compression = compression
        self._intake = intake
        self._memory = memory
        self._seen = (time.monotonic(), 0)

    async def delete_expired(self, now: datetime, most_logs: int) -> bool:
        """Delete up to `most_logs` logs recorded longer ago than they are kept; True when more are left.

        A pinned log is never deleted by this.
        """
        kept = await self.database.read(lambda connection: connection.rows("SELECT scope, days FROM log_retention"))
        left = most_logs
        for scope, days in sorted(kept):
            cutoff = to_microseconds(now - timedelta(days=days))
            expired = await self.database.read(partial(_expired, scope=scope, cutoff=cutoff, most=left))
            for place in range(0, len(expired), SLICE):
                delete = partial(_delete_unpinned, sequences=expired[place : place + SLICE])
                await self._memory.changing(self.database.write(delete))
            left -= len(expired)
            if left <= 0:
                return True
        return False

    async def index_text(self, most_logs: int) -> bool:
        """Put up to `most_logs` logs into the text index; True when more are left.

        In a rush of logs recording comes first, until the index is so far behind that searches would feel it.
        """
        if self._is_rush() and await self.database.read(text_index.backlog) < _MOST_BEHIND:
            return False
        return await text_index.index_next(self.database, most_logs)

    def _is_rush(self) -> bool:
        now, count = time.monotonic(), self._intake.recorded_count
        then, counted = self._seen
        self._seen = (now, count)
        return count - counted > _RUSH_LOGS_PER_SECOND * (now - then)

    async def train_compression(self) -> bool:
        """Learn a compression dictionary from the logs when it is time to; True when one was made."""
        return await self.compression.train()


def _expired(connection: Connection, *, scope: int, cutoff: int, most: int) -> list[int]:
    """Return up to `most` sequences of logs of a scope that were recorded before a moment and are not pinned."""
    last = _last_before(connection, cutoff)
    # `+` keeps the planner to the index of the scope: there may be a million older logs of others.
    rows = connection.rows(
        "SELECT sequence FROM request_log WHERE scope = :scope AND +sequence <= :last AND is_pinned = 0 LIMIT :most",
        {"scope": scope, "last": last, "most": most},
    )
    return [row[0] for row in rows]


def _last_before(connection: Connection, cutoff: int) -> int:
    """Return a sequence up to which all logs were recorded before a moment, and after which none was; 0 for none.

    Logs recorded later have a higher sequence and are never older, so that halving finds it.
    """
    low, high = 0, connection.rows("SELECT max(sequence) FROM request_log")[0][0] or 0
    while low < high:
        middle = (low + high + 1) // 2
        following = connection.rows(
            "SELECT sequence, created_at FROM request_log WHERE sequence >= :middle ORDER BY sequence LIMIT 1",
            {"middle": middle},
        )
        if following and following[0][1] < cutoff:
            low = max(middle, following[0][0])
        else:
            high = middle - 1
    return low


def _delete_unpinned(connection: Connection, *, sequences: Sequence[int]) -> None:
    name = connection.dialect_name
    chosen = f"{in_list(name, 'sequence', 'sequences')} AND is_pinned = 0"
    lines = f"SELECT sequence, scope, trace_unique_id FROM request_log WHERE {chosen}"
    delete_lines(connection, connection.rows(lines, {"sequences": list_of(name, sequences)}))
