"""A small HTTP server that records what a client sends and answers what a test has prepared."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Recorded:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What to reply; `is_cut` closes the connection without a word, `length` lies about the body's length."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    length: int | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Recorder:
    """The server's other side: prepared answers in order, the last one repeated, and the requests seen."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.connection_count = 0
        self.answers: list[Answer | Callable[[Recorded], Answer]] = []
        self.url = ""

    def will_answer(self, *answers: Answer | Callable[[Recorded], Answer]) -> None:
        self.answers = list(answers)

    def next_answer(self, request: Recorded) -> Answer:
        chosen = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return chosen(request) if callable(chosen) else chosen


@contextmanager
def recording_server() -> Iterator[Recorder]:
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            recorder.connection_count += 1

        def answer(self) -> None:
            parts = urlsplit(self.path)
            request = Recorded(
                self.command,
                unquote(parts.path),
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                self.read_body(),
            )
            recorder.requests.append(request)
            answer = recorder.next_answer(request)
            if answer.is_cut:
                self.close_connection = True
                return
            content = b"" if answer.status == 204 else answer.content
            self.send_response(answer.status)
            for name, value in ({"content-type": "application/json"} | answer.headers).items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("content-length", str(answer.length or len(content)))
            self.end_headers()
            self.wfile.write(content)
            if answer.length is not None:
                self.close_connection = True

        def read_body(self) -> bytes:
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(results: list[Any], next: str | None = None, **more: Any) -> dict[str, Any]:
    """A list's envelope."""
    return {"count": len(results), "next": next, "previous": None, "results": results, **more}
