# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/events.py: change it there.
"""The server's stream of events, as far as it tells of reports."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from assay.model.errors import NotFound, Unavailable
from assay.sdk._sync.transport import Transport
from assay.sdk.addressing import decoded, path_to
from assay.sdk.report_types import EventData, ReportSnapshot
from assay.sdk.server_sent_events import EventReader

# The server says that it is there every 15 s.
SILENCE_SECONDS = 40.0


def follow(transport: Transport, report_id: str) -> Generator[ReportSnapshot]:
    """Yield how a report stands, now and each time that it moved; ends when the stream does, breaks or is not there."""
    reader = EventReader()
    stream = transport.download(
        path_to("events"),
        None,
        {"report_id": report_id},
        accept="text/event-stream",
        silence_seconds=SILENCE_SECONDS,
    )
    try:
        with closing(stream) as parts:
            for part in parts:
                for event in reader.feed(part):
                    if event.name == "progress":
                        yield from decoded(event.data, EventData, transport.base_url).reports
    except (NotFound, Unavailable):
        return
