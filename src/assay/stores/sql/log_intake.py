"""Recording logs: everything that waits is written in one transaction, and acknowledged when it is durable."""

from __future__ import annotations

import asyncio
import hashlib
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from assay.model.errors import AssayError, Unavailable
from assay.model.ids import new_hex_id
from assay.model.log import ATTRIBUTE_NAMES
from assay.model.request_log import MODEL_CALL_TYPES, SPAN_ATTRIBUTE_NAMES, Recorded, RequestLogDraft
from assay.model.sampling import PRIME
from assay.stores.sql import compression, log_body, trace_sums
from assay.stores.sql.database import Connection, Database, in_list, list_of
from assay.stores.sql.log_compression import LogCompression
from assay.stores.sql.times import to_microseconds
from assay.stores.sql.trace_sums import TraceLine

# Fewer logs than this are made ready where they are; more go to a thread, so that the event loop stays free.
_PREPARED_INLINE = 8
_MOST_LOGS_AT_ONCE = 5_000
_MOST_BYTES_AT_ONCE = 32 * 1024 * 1024
# What may wait to be written. Beyond it senders are told to come again: memory must not grow with their number.
_MOST_WAITING_BYTES = 128 * 1024 * 1024
# Any number that nothing else in the database uses for advisory locks.
_LOCK_KEY = 0x4C4F4753

_BOOLEANS = ("stream", "cache_hit", "has_tool_calls", "positive_feedback", "blurred", "is_pinned")
_SPAN_NAMES = tuple(name for name in SPAN_ATTRIBUTE_NAMES if name not in _BOOLEANS)
_ATTRIBUTES = tuple(name for name in ATTRIBUTE_NAMES if name not in ("timestamp", "start_time", "environment"))
# What an insert writes: first what is known before the transaction, then what it decides.
_COLUMNS = (
    *("scope", "id", "sampling_hash", "timestamp", "start_time", *_ATTRIBUTES, *_SPAN_NAMES, *_BOOLEANS),
    *("input_preview", "output_preview", "metadata", "created_at", "sequence"),
)
_INSERT_LINE = {
    name: f"INSERT INTO request_log ({', '.join(_COLUMNS)}) VALUES ({'?, ' * (len(_COLUMNS) - 3)}{json}, ?, ?)"
    for name, json in (("sqlite", "jsonb(?)"), ("postgresql", "CAST(? AS jsonb)"))
}
_INSERT_BODY = {
    name: f"INSERT INTO request_log_body (sequence, codec, data) VALUES (?, ?, {data})"
    for name, data in (("sqlite", "?"), ("postgresql", "CAST(? AS json)"))
}
_FIND_IDS = {
    name: "SELECT id FROM request_log WHERE " + in_list(name, "id", "ids") for name in ("sqlite", "postgresql")
}
_attributes_of = attrgetter(*_ATTRIBUTES)
_span_of = attrgetter(*_SPAN_NAMES)
_booleans_of = attrgetter(*_BOOLEANS)


@dataclass(slots=True)
class _Prepared:
    """A draft made ready outside the transaction: the known part of its line, its body, and what its trace counts."""

    id: str
    is_identified: bool
    line: tuple[Any, ...]
    codec: int
    data: Any
    trace: tuple[Any, ...] | None


@dataclass(slots=True)
class _Batch:
    """The logs of one request, waiting."""

    logs: Sequence[_Prepared]
    size: int
    answer: asyncio.Future[Sequence[Recorded]] = field(init=False)

    def __post_init__(self) -> None:
        self.answer = asyncio.get_running_loop().create_future()


class LogIntake:
    """The one way into `request_log` for all organisations.

    While one transaction is being written the next ones gather, so that many small requests share a commit.
    """

    def __init__(self, database: Database, compression: LogCompression) -> None:
        self._database = database
        self._compression = compression
        self._waiting: list[_Batch] = []
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self.recorded_count = 0
        """How many logs were written since the start."""

    async def append(self, scope: int, drafts: Sequence[RequestLogDraft]) -> Sequence[Recorded]:
        """Record logs; returns when they are durable. Raises Unavailable when too much is waiting already."""
        if not drafts:
            return []
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            raise Unavailable("More logs come in than can be written; try again in a moment.")
        arguments = (scope, drafts, self._database.dialect_name, self._compression.dictionary_id)
        # Counted before anything is waited for: many senders may come between here and the queue.
        size = sum(map(_size_of, drafts))
        self._waiting_bytes += size
        try:
            if len(drafts) < _PREPARED_INLINE:
                logs = _prepare(*arguments)
            else:
                logs = await asyncio.to_thread(_prepare, *arguments)
        except BaseException:
            self._waiting_bytes -= size
            raise
        batch = _Batch(logs, size)
        self._waiting.append(batch)
        if self._task is None:
            self._task = asyncio.create_task(self._write_waiting(), name="log intake")
        # Shielded: what a caller no longer waits for may already be on its way to the disk.
        return await asyncio.shield(batch.answer)

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                group = self._take()
                await self._write(group)
                self.recorded_count += sum(len(batch.logs) for batch in group)
                self._waiting_bytes -= sum(batch.size for batch in group)
        finally:
            self._task = None

    def _take(self) -> list[_Batch]:
        """Take what is written next: at least one batch, and no more than a transaction should hold."""
        count, size, taken = 0, 0, 0
        for batch in self._waiting:
            count, size = count + len(batch.logs), size + batch.size
            if taken and (count > _MOST_LOGS_AT_ONCE or size > _MOST_BYTES_AT_ONCE):
                break
            taken += 1
        group = self._waiting[:taken]
        del self._waiting[:taken]
        return group

    async def _write(self, group: Sequence[_Batch]) -> None:
        try:
            answers = await self._database.write(lambda connection: _insert(connection, group))
        except BaseException as error:
            if len(group) > 1 and not isinstance(error, AssayError | asyncio.CancelledError):
                # One of them cannot be stored: the others must not suffer for it.
                for batch in group:
                    await self._write([batch])
                return
            for batch in group:
                _settle(batch.answer, None, error)
            return
        for batch, answer in zip(group, answers, strict=True):
            _settle(batch.answer, answer, None)


def _settle(
    future: asyncio.Future[Sequence[Recorded]], answer: Sequence[Recorded] | None, error: BaseException | None
) -> None:
    if future.cancelled():
        return
    if error is None and answer is not None:
        future.set_result(answer)
    elif error is not None:
        future.set_exception(error)
        # Nobody may be waiting any more; then the error is not worth a warning either.
        future.exception()


def _size_of(draft: RequestLogDraft) -> int:
    """Return about how many bytes of memory a draft takes."""
    content = draft.content
    parts = (content.input, content.output, content.expected_output, content.metadata, draft.details)
    return 1_000 + sum([len(part) for part in parts if part is not None])


def _id_of(identity: bytes, scope: int) -> str:
    """Return the id that a log with this identity always has, another one in every organisation and environment."""
    return hashlib.blake2b(identity, digest_size=16, salt=scope.to_bytes(16, "big")).hexdigest()


def _prepare(scope: int, drafts: Iterable[RequestLogDraft], dialect_name: str, dictionary_id: int) -> list[_Prepared]:
    """Encode and compress drafts for insertion."""
    prepared = []
    for draft in drafts:
        attributes, span, metadata = draft.attributes, draft.span, draft.content.metadata
        log_id = new_hex_id() if draft.identity is None else _id_of(draft.identity, scope)
        timestamp, start_time = to_microseconds(attributes.timestamp), to_microseconds(attributes.start_time)
        line = (
            scope,
            log_id,
            zlib.crc32(log_id.encode()) % PRIME,
            timestamp,
            start_time,
            *_attributes_of(attributes),
            *_span_of(span),
            *[None if value is None else int(value) for value in _booleans_of(span)],
            draft.input_preview,
            draft.output_preview,
            None if metadata is None else metadata.decode(),
        )
        trace = None
        if attributes.trace_unique_id is not None:
            trace = (
                *(start_time, timestamp, span.span_parent_id is not None, attributes.log_type in MODEL_CALL_TYPES),
                *(attributes.status != "success", attributes.prompt_tokens or 0, attributes.completion_tokens or 0),
                *(attributes.total_request_tokens or 0, attributes.cost or 0.0),
            )
        codec, data = compression.packed(log_body.joined(draft, dialect_name), dialect_name, dictionary_id)
        prepared.append(_Prepared(log_id, draft.identity is not None, line, codec, data, trace))
    return prepared


def _insert(connection: Connection, group: Sequence[_Batch]) -> list[list[Recorded]]:
    """Store what is not there yet, and say for every log of every batch what became of it."""
    name = connection.dialect_name
    if name == "postgresql":
        # One at a time over all servers: what is recorded later has a higher sequence and is seen later. The text
        # index and whoever else follows the sequence rely on it.
        connection.rows("SELECT pg_advisory_xact_lock(:key)", {"key": _LOCK_KEY})
    present = _present_ids(connection, group)
    new: list[_Prepared] = []
    answers = []
    for batch in group:
        answer = []
        for log in batch.logs:
            is_duplicate = log.is_identified and log.id in present
            answer.append(Recorded(log.id, is_duplicate))
            if not is_duplicate:
                new.append(log)
                if log.is_identified:
                    present.add(log.id)
        answers.append(answer)
    if new:
        now = _now(connection)
        sequences = connection.allocate("request_log", len(new))
        numbered = list(zip(new, sequences, strict=True))
        connection.insert_many(_INSERT_LINE[name], [(*log.line, now, sequence) for log, sequence in numbered])
        connection.insert_many(_INSERT_BODY[name], [(sequence, log.codec, log.data) for log, sequence in numbered])
        trace_sums.count_in(
            connection,
            [
                TraceLine(log.line[0], log.line[_TRACE_ID], sequence, *log.trace)
                for log, sequence in numbered
                if log.trace is not None
            ],
        )
    return answers


_TRACE_ID = _COLUMNS.index("trace_unique_id")


def _present_ids(connection: Connection, group: Sequence[_Batch]) -> set[str]:
    wanted = [log.id for batch in group for log in batch.logs if log.is_identified]
    if not wanted:
        return set()
    name = connection.dialect_name
    return {row[0] for row in connection.rows(_FIND_IDS[name], {"ids": list_of(name, wanted)})}


def _now(connection: Connection) -> int:
    """Return the time in microseconds, never before that of a log recorded earlier: retention relies on the order."""
    newest = connection.rows("SELECT created_at FROM request_log ORDER BY sequence DESC LIMIT 1")
    now = time.time_ns() // 1000
    return max(now, newest[0][0]) if newest else now
