"""What people do with request logs: record them, note things on them, delete them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assay.model.access import Identity
from assay.model.errors import Invalid, NotFound
from assay.model.ids import new_hex_id
from assay.model.request_log import Recorded, RequestLog, RequestLogDraft
from assay.ports.store import Store
from assay.providers.prices import are_list_prices_loaded, load_list_prices, price_of
from assay.services.dataset_logs import Refusal
from assay.wire.request_log_reading import read_request_log
from assay.wire.request_log_updates import read_batch_update, read_update


@dataclass(frozen=True, slots=True)
class RecordedMany:
    """What became of many logs: `recorded` and `drafts` are those of the logs taken, in their order."""

    recorded: Sequence[Recorded]
    drafts: Sequence[RequestLogDraft]
    refusals: Sequence[Refusal]


async def record(
    store: Store,
    who: Identity,
    decode: Callable[[], Any],
    at: datetime,
    *,
    log_method: str = "api",
    idempotency_key: str | None = None,
    turn: AbstractAsyncContextManager[Any] | None = None,
) -> tuple[Recorded, RequestLogDraft]:
    """Record one log, durably and visibly when this returns. Raises Invalid, TooLarge, Unavailable.

    `decode` returns the body. One that is large has a `turn`, and is decoded and read in a thread while it has it:
    that would hold up the event loop, and decoded it may be very large.
    """

    def read() -> RequestLogDraft:
        return _read(store, who, decode(), at, log_method, idempotency_key)

    if not are_list_prices_loaded():
        await asyncio.to_thread(load_list_prices)
    if turn is None:
        draft = read()
    else:
        async with turn:
            draft = await asyncio.to_thread(read)
    recorded = await store.request_logs.append([draft])
    return recorded[0], draft


async def record_many(
    store: Store,
    who: Identity,
    bodies: Sequence[Any],
    at: datetime,
    *,
    log_method: str = "batch",
    idempotency_key: str | None = None,
    is_span: bool = False,
    turn: AbstractAsyncContextManager[Any] | None = None,
) -> RecordedMany:
    """Record the logs that can be read, all of them or none; the others are refused one by one with their reason.

    With `is_span` a log that names no trace becomes the one span of its own. Bodies are asked for while the `turn` is
    held, and not after it. Raises Unavailable.
    """
    reading = (store, who, bodies, at, log_method, idempotency_key, is_span)
    async with turn or nullcontext():
        # Reading hundreds of logs takes milliseconds: not on the event loop.
        drafts, refusals = await asyncio.to_thread(_read_many, *reading)
    recorded = await store.request_logs.append(drafts) if drafts else ()
    return RecordedMany(recorded, drafts, refusals)


def _read(
    store: Store, who: Identity, body: Any, at: datetime, log_method: str, idempotency_key: str | None
) -> RequestLogDraft:
    return read_request_log(
        body,
        environment=store.environment,
        now=at,
        price=price_of,
        log_method=log_method,
        organization_key_id=who.key_prefix,
        idempotency_key=idempotency_key,
    )


def _read_many(
    store: Store,
    who: Identity,
    bodies: Sequence[Any],
    at: datetime,
    log_method: str,
    idempotency_key: str | None,
    is_span: bool,
) -> tuple[list[RequestLogDraft], list[Refusal]]:
    drafts: list[RequestLogDraft] = []
    refusals: list[Refusal] = []
    for index in range(len(bodies)):
        key = None if idempotency_key is None else f"{idempotency_key}/{index}"
        try:
            # Asking for a body may decode it.
            draft = _read(store, who, bodies[index], at, log_method, key)
        except Invalid as error:
            refusals.append(Refusal(index, error.message))
            continue
        drafts.append(_in_a_trace(draft) if is_span and draft.attributes.trace_unique_id is None else draft)
    return drafts, refusals


def _in_a_trace(draft: RequestLogDraft) -> RequestLogDraft:
    """Return a log as a span of a trace of its own."""
    return replace(
        draft,
        attributes=replace(draft.attributes, trace_unique_id=new_hex_id()),
        span=replace(draft.span, span_unique_id=draft.span.span_unique_id or new_hex_id()),
    )


async def update(store: Store, log_id: str, body: Any) -> RequestLog:
    """Note something on a log and return it as it is now. Raises NotFound, ImmutableField, Invalid."""
    return await store.request_logs.update(log_id, read_update(body))


async def update_many(store: Store, body: Any) -> tuple[int, Sequence[Refusal]]:
    """Note something on many logs; return how many there were, and which were not. Raises ImmutableField, Invalid."""
    updated, missing = 0, []
    for index, (log_id, changes) in enumerate(read_batch_update(body)):
        try:
            await store.request_logs.update(log_id, changes)
            updated += 1
        except NotFound:
            missing.append(Refusal(index, f"There is no log {log_id[:60]}."))
    return updated, missing


async def delete(store: Store, log_id: str) -> None:
    """Delete one log. Raises NotFound."""
    await store.request_logs.delete(log_id)
