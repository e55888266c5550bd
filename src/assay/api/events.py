"""The stream of events: what moves, told as it moves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from weakref import WeakSet

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from assay.api.auth import Authenticator, Reader
from assay.api.routes import READ_ERRORS
from assay.model.errors import NotAuthenticated
from assay.services.events import HEARTBEAT_SECONDS, Feed, Feeds, Snapshots
from assay.wire.events import GREETING, HEARTBEAT, event, report_snapshot

router = APIRouter(prefix="/api/events", tags=["events"])

_STREAM: dict[int | str, dict[str, Any]] = {
    **READ_ERRORS,
    200: {"description": "The stream.", "content": {"text/event-stream": {}}},
}
_open: WeakSet[Feeds] = WeakSet()


def end_streams() -> None:
    """Let everybody go who follows events: a server that stops waits for its connections."""
    for feeds in _open:
        feeds.end()


@router.get("/", responses=_STREAM, response_class=StreamingResponse)
async def follow_events(
    request: Request,
    caller: Reader,
    report_id: Annotated[str | None, Query(description="Only this report, finished or not.")] = None,
) -> Response:
    """Follow the reports and jobs of the organisation as Server-Sent Events.

    An event `progress` holds a complete snapshot of each report and job that changed; there are at most four a second.
    """
    first: Snapshots = {}
    if report_id is not None:
        report = await caller.store.eval_reports.find(report_id)
        first = {report.id: report_snapshot(report, datetime.now(UTC))}
    events = _events(_feeds(request).of(caller.store), report_id, first, request)
    # A proxy that gathers the stream into blocks would hold back every event.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _feeds(request: Request) -> Feeds:
    state = request.app.state
    if not hasattr(state, "feeds"):
        state.feeds = Feeds()
        _open.add(state.feeds)
    feeds: Feeds = state.feeds
    return feeds


async def _events(feed: Feed, report_id: str | None, first: Snapshots, request: Request) -> AsyncIterator[bytes]:
    authenticator: Authenticator = request.app.state.authenticator
    yield GREETING
    if first:
        yield event(list(first.values()), [])
    checked = time.monotonic()
    async for changes in feed.follow(report_id, first):
        if time.monotonic() - checked >= HEARTBEAT_SECONDS:
            checked = time.monotonic()
            try:
                await authenticator.admit(request.method, request.headers)
            except NotAuthenticated:
                # The key was revoked meanwhile.
                return
        yield HEARTBEAT if changes is None else event(*changes)
