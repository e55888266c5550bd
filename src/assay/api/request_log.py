"""One log line a request: what was asked and how it went, never what it carried."""

from __future__ import annotations

import logging
import random
import sys
import time
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.wire.codec import encode

logger = logging.getLogger("assay.requests")

_SILENT = ("/health", "/ready")
# Ids of requests must be unique, not secret.
_random = random.Random()  # noqa: S311


class RequestLog:
    """ASGI middleware that writes a line for each request; queries and bodies stay out of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, request_id = time.perf_counter(), 0, f"{_random.getrandbits(64):016x}"

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            if scope["path"] not in _SILENT or status >= 500:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                fields = {"method": scope["method"], "path": scope["path"], "status": status}
                _write({**fields, "duration_ms": milliseconds, "id": request_id})


def _write(fields: dict[str, Any]) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    if _lines is not None:
        _lines.write_request(fields)
        return
    # Somebody else's logging is set up: a record made by hand, since looking for the caller would cost most.
    logger.handle(logger.makeRecord(logger.name, logging.INFO, "", 0, "request", (), None, extra={"fields": fields}))


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": _moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return encode(line).decode()


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines of JSON; that of a request without a record, which would cost several times the line itself."""

    def write_request(self, fields: dict[str, Any]) -> None:
        line = {"time": _moment(time.time()), "level": "info", "logger": logger.name, "event": "request", **fields}
        # A line that nobody can take must not cost a request its answer.
        with suppress(OSError, ValueError), self.lock or nullcontext():
            self.stream.write(encode(line).decode() + "\n")
            self.stream.flush()


def _moment(seconds: float) -> str:
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return f"{_second(whole)}.{milliseconds:03d}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


_lines: _Lines | None = None


def set_up_logging(level: str = "INFO") -> None:
    """Send all log records to standard error as lines of JSON."""
    global _lines
    _lines = handler = _Lines(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Our own line says more; uvicorn's start-up chatter stays readable as JSON too.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True
