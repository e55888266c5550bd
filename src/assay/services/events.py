"""Following reports and jobs: one look at the store for all who listen, and to each listener what is new."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from assay.model.errors import Unavailable
from assay.ports.store import Store
from assay.wire.events import job_snapshot, report_snapshot

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
_LOOK_EVERY_SECONDS = 0.25
# While the database is away.
_PAUSE_SECONDS = 2.0
_MOST_REPORTS = 200
_MOST_JOBS = 50
# What changed shortly before a look counts as new too: clocks of servers differ, and a commit takes time.
_OVERLAP = timedelta(seconds=5)

Snapshots = dict[str, dict[str, Any]]
Changes = tuple[list[dict[str, Any]], list[dict[str, Any]]]


class Listener:
    """One who listens: remembers what it was told, and gives what differs from that."""

    def __init__(self, report_id: str | None, told: Snapshots) -> None:
        self.report_id = report_id
        self.news = asyncio.Event()
        self._told = told
        self._told_jobs: Snapshots = {}

    def take(self, reports: Snapshots, jobs: Snapshots) -> Changes:
        """Return the reports and jobs that are not as they were when they were told last."""
        if self.report_id is not None:
            reports = {self.report_id: reports[self.report_id]} if self.report_id in reports else {}
            jobs = {}
        told, told_jobs = self._told, self._told_jobs
        changed = [seen for id_, seen in reports.items() if _lasting(seen) != _lasting(told.get(id_, {}))]
        changed_jobs = [seen for id_, seen in jobs.items() if seen != told_jobs.get(id_)]
        if reports:
            self._told = dict(reports)
        self._told_jobs = dict(jobs)
        return changed, changed_jobs


def _lasting(snapshot: dict[str, Any]) -> dict[str, Any]:
    """What counts as a change: an estimate moves with the clock alone."""
    return {name: value for name, value in snapshot.items() if name != "eta_seconds"}


class Feed:
    """What moves in one organisation; it looks at the store only while somebody listens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._reports: Snapshots = {}
        self._jobs: Snapshots = {}
        self._is_ended = False

    async def follow(self, report_id: str | None, first: Snapshots) -> AsyncIterator[Changes | None]:
        """Yield what changed, at most four times a second, and None after a while without changes.

        `first` is what the listener was told already. Ends when the feed does.
        """
        with self._listening(report_id, first) as listener:
            while not self._is_ended:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await listener.news.wait()
                except TimeoutError:
                    yield None
                    continue
                listener.news.clear()
                changes = listener.take(self._reports, self._jobs)
                if any(changes):
                    yield changes

    @contextmanager
    def _listening(self, report_id: str | None, first: Snapshots) -> Iterator[Listener]:
        listener = Listener(report_id, first)
        self._listeners.add(listener)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="what moves")
        elif self._reports or self._jobs:
            listener.news.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None
                self._reports, self._jobs = {}, {}

    async def _look(self) -> None:
        since = datetime.now(UTC) - _OVERLAP
        while True:
            now = datetime.now(UTC)
            try:
                reports = await self._store.eval_reports.list_moving(since, _MOST_REPORTS)
                jobs = await self._store.jobs.list_moving(since, _MOST_JOBS)
            except Unavailable as error:
                logger.warning("nobody is told what moves: %s", error.message)
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            since = now - _OVERLAP
            seen = {report.id: report_snapshot(report, now) for report in reports}
            seen_jobs = {job.id: job_snapshot(job) for job in jobs}
            if seen != self._reports or seen_jobs != self._jobs:
                self._reports, self._jobs = seen, seen_jobs
                self._tell()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.news.set()

    def end(self) -> None:
        """Let every listener go."""
        self._is_ended = True
        self._tell()


class Feeds:
    """The feeds of all organisations."""

    def __init__(self) -> None:
        self._feeds: dict[int, Feed] = {}
        self._is_ended = False

    def of(self, store: Store) -> Feed:
        """Return the feed of a store's organisation."""
        feed = self._feeds.get(store.organization_id)
        if feed is None:
            feed = self._feeds[store.organization_id] = Feed(store)
            if self._is_ended:
                feed.end()
        return feed

    def end(self) -> None:
        """Let all listeners go: the server stops."""
        self._is_ended = True
        for feed in self._feeds.values():
            feed.end()
