"""A model server of OpenAI's and Anthropic's form for tests and benchmarks, with a log of its own: no model behind it.

`python -m benchmarks.fake_model_server --port 9000 --latency 0.2 --rate-limited 0.05`; a raw asyncio protocol, because
it shares the processor with the server under test.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import msgspec

from benchmarks.fake_model_answers import Asked, Reply, chance, nonsense, prompt_digest, refused_call, verdict
from benchmarks.fake_model_log import Call, CallLog

_decode = msgspec.json.Decoder().decode
_READY = "The fake model server listens on port "
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


def _option(default: Any, described: str) -> Any:
    return field(default=default, metadata={"described": described})


@dataclass(frozen=True, slots=True)
class FakeModelOptions:
    """How the server behaves; the probabilities are for each attempt at a prompt, drawn from prompt, seed, attempt."""

    port: int = _option(0, "0 is any free port")
    latency: float = _option(0.0, "seconds from a request to its answer, whatever it is")
    rate_limited: float = _option(0.0, "probability of a 429")
    failing: float = _option(0.0, "probability of a 500")
    nonsense: float = _option(0.0, "probability of a 200 without a verdict in it")
    hanging: float = _option(0.0, "probability of no answer at all")
    requests_per_minute: int = _option(0, "calls admitted in any 60 seconds, beyond which 429 is answered; 0: any")
    retry_after: float = _option(0.5, "seconds that a drawn 429 asks to wait")
    seed: int = _option(0, "other verdicts, other draws")
    key: str = _option("", "the key that calls must carry; empty: any")
    log: str = _option("", "file for one JSON line a call")


class FakeModel:
    """Decides the answer of every call and keeps the log."""

    def __init__(self, options: FakeModelOptions) -> None:
        self.options = options
        self.log = CallLog(options.log)
        self._attempts: dict[bytes, int] = {}

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[Reply, Call]:
        """Return the answer to a call and its entry in the log."""
        call = self.log.received(time.time())
        is_anthropic = path == "/v1/messages"
        if path not in ("/v1/chat/completions", "/v1/messages"):
            return refused_call(404, f"No such path: {path}"), call
        given = headers.get("x-api-key", "") if is_anthropic else headers.get("authorization", "")
        if self.options.key and given.removeprefix("Bearer ") != self.options.key:
            return refused_call(401, f"Incorrect API key provided: {given}."), call
        try:
            decoded = _decode(body)
            digest = prompt_digest(decoded, self.options.seed)
        except (msgspec.MsgspecError, AttributeError) as error:
            return refused_call(400, f"The body is not a call: {error}"), call
        call.prompt = digest.hex()
        call.model = str(decoded.get("model", ""))
        call.attempt = self._attempts[digest] = self._attempts.get(digest, 0) + 1
        seconds = self.log.admit(call, self.options.requests_per_minute)
        if seconds > 0:
            headers_of_limit = (("retry-after-ms", str(int(seconds * 1000) + 1)),)
            return refused_call(429, "Requests per minute exceeded.", "over_limit", headers=headers_of_limit), call
        return self._drawn(Asked(decoded, is_anthropic, given, digest), call.attempt), call

    def _drawn(self, asked: Asked, attempt: int) -> Reply:
        options = self.options
        drawn = chance(asked.digest, attempt)
        if drawn < options.rate_limited:
            wait = (("retry-after", f"{options.retry_after:g}"),)
            return refused_call(429, "Rate limit reached, try again.", "rate_limited", headers=wait)
        drawn -= options.rate_limited
        if 0 <= drawn < options.failing:
            return Reply(500, b"Internal Server Error", "failed")
        drawn -= options.failing
        if 0 <= drawn < options.nonsense:
            return nonsense(asked)
        drawn -= options.nonsense
        if 0 <= drawn < options.hanging:
            return Reply(200, b"", "hanging", fault="hang")
        return verdict(asked)


class _Protocol(asyncio.Protocol):
    """One kept-alive connection: a request with a length, its answer after the latency, the next request."""

    def __init__(self, model: FakeModel) -> None:
        self._model = model
        self._buffer = bytearray()
        self._open: tuple[Call, str] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Transports of uvloop are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, error: Exception | None) -> None:
        if self._open is not None:
            call, kind = self._open
            self._model.log.closed(call, kind if kind == "hanging" else "abandoned")
            self._open = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        method, path, _ = first.split(" ", 2)
        if method == "GET":
            self._show(path)
            return
        reply, call = self._model.answer(path, headers, body)
        self._open = call, reply.kind
        self._loop.call_later(self._model.options.latency, self._send, reply, call)

    def _show(self, path: str) -> None:
        log = self._model.log
        shown: dict[str, Any] = {"/log/summary": log.summary, "/log": lambda: [call.as_json() for call in log.calls]}
        found = shown.get(path)
        self._write(
            200 if found else 404, json.dumps(found() if found else {"error": f"No such path: {path}"}).encode()
        )

    def _send(self, reply: Reply, call: Call) -> None:
        if self._transport.is_closing() or reply.fault == "hang":
            return
        if reply.fault == "drip":
            self._write(reply.status, reply.body[:1], length=len(reply.body))
            self._loop.call_later(0.02, self._drip, reply.body[1:])
            return
        self._open = None
        self._model.log.answered(call, reply.kind, reply.status, reply.text, time.time())
        if reply.fault == "hang_up":
            self._transport.close()
            return
        self._write(reply.status, reply.body, reply.headers, len(reply.body) + (reply.fault == "cut"))
        if reply.fault == "cut":
            self._transport.close()

    def _drip(self, rest: bytes) -> None:
        if rest and not self._transport.is_closing():
            self._transport.write(rest[:1])
            self._loop.call_later(0.02, self._drip, rest[1:])

    def _write(
        self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = (), length: int | None = None
    ) -> None:
        more = "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = f"HTTP/1.1 {status} {_REASONS.get(status, 'Answer')}\r\ncontent-type: application/json\r\n{more}"
        self._transport.write(
            f"{head}content-length: {len(body) if length is None else length}\r\n\r\n".encode() + body
        )


async def serve(options: FakeModelOptions) -> None:
    """Answer until SIGTERM or SIGINT, after one line on standard output that names the port."""
    loop = asyncio.get_running_loop()
    model = FakeModel(options)
    server = await loop.create_server(lambda: _Protocol(model), "127.0.0.1", options.port, backlog=1_024)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    print(f"{_READY}{server.sockets[0].getsockname()[1]}", flush=True)
    await stopped.wait()
    server.close()
    model.log.close()


@dataclass(frozen=True, slots=True)
class FakeModelServer:
    """A running server: `base_url` is OpenAI's form (ends in /v1), `root_url` Anthropic's."""

    port: int

    @property
    def root_url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """The address as OpenAI's clients want it."""
        return f"{self.root_url}/v1"

    def summary(self) -> dict[str, Any]:
        """Return what the log comes to."""
        return dict(self._get("/log/summary"))

    def calls(self) -> list[dict[str, Any]]:
        """Return every call of the log, in the order they came."""
        return list(self._get("/log"))

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.root_url}{path}", timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())


@contextlib.contextmanager
def running_fake_model_server(**options: Any) -> Iterator[FakeModelServer]:
    """Run the server as a process of its own, with the fields of FakeModelOptions; it ends with the block."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "benchmarks.fake_model_server", *flags]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        printed = process.stdout.readline()
        if not printed.startswith(_READY):
            raise RuntimeError(f"The fake model server did not start: {printed or 'it said nothing'}")
        yield FakeModelServer(int(printed.removeprefix(_READY)))
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def main() -> None:
    """Run the server with the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fake_model_server", description=__doc__)
    for option in fields(FakeModelOptions):
        kind = type(option.default)
        described = f"{option.metadata['described']} (default {option.default!r})"
        parser.add_argument(f"--{option.name.replace('_', '-')}", type=kind, default=option.default, help=described)
    options = FakeModelOptions(**vars(parser.parse_args()))
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(options))
    else:
        uvloop.run(serve(options))


if __name__ == "__main__":
    main()
