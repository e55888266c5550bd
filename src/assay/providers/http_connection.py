"""HTTP/1.1 to the endpoints of providers: kept-alive connections on asyncio's own protocol, a tenth of a client's CPU.

The parser is httptools'. A judge at 64 calls at once costs 50 µs of CPU a call here and 950 through httpx2's client,
whose pool moreover searches all its connections twice a call (docs/decisions/0022). Behind a proxy httpx2 is used.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from assay.model.errors import Invalid

MAXIMUM_REPLY_BYTES = 10_000_000
# Shorter than what routers and load balancers forget connections after.
_IDLE_SECONDS = 30.0
_MOST_IDLE = 512


class HttpError(Exception):
    """The exchange ended without an answer that can be read; the message says why, `is_retryable` if it may pass."""

    def __init__(self, message: str, *, is_retryable: bool = True) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable


class ReplyTooLarge(HttpError):
    """The answer is larger than 10 MB."""

    def __init__(self) -> None:
        super().__init__(f"The reply is larger than {MAXIMUM_REPLY_BYTES // 1_000_000} MB.", is_retryable=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a call is posted to, and the start of every request there."""

    scheme: str
    host: str
    port: int
    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    head: bytes = field(repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What connections can be shared by."""
        return self.scheme, self.host, self.port


def read_endpoint(base_url: str, path: str, headers: Mapping[str, str]) -> Endpoint:
    """Join a base URL and a path, and prepare the head of every request.

    Raises Invalid naming `base_url` or `key` where they cannot be sent.
    """
    split = urlsplit(base_url.strip())
    try:
        port = split.port or (443 if split.scheme == "https" else 80)
    except ValueError:
        port = 0
    if not _URL.fullmatch(base_url.strip()) or not split.hostname or not port:
        raise Invalid.field("base_url", "Must be an address such as https://api.openai.com/v1.")
    if split.username is not None or split.password is not None:
        raise Invalid.field("base_url", "Must not carry a user or password: give the key as the key.")
    if not all(_HEADER_VALUE.fullmatch(value) for value in headers.values()):
        raise Invalid.field("key", "Holds characters that no HTTP header may carry: check for line ends and quotes.")
    target = split.path.rstrip("/") + path + (f"?{split.query}" if split.query else "")
    sent = {
        "host": split.netloc,
        "user-agent": "assay",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    head = f"POST {target} HTTP/1.1\r\n{lines}".encode("ascii")
    return Endpoint(split.scheme, split.hostname, port, target, tuple(sent.items()), head)


_URL = re.compile(r"https?://[\x21-\x7e]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpPool(Protocol):
    """Posts to endpoints, many at once."""

    async def post(self, endpoint: Endpoint, body: bytes) -> HttpReply:
        """Return the answer, whatever its status; raises HttpError. Cancelling it closes its connection."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class DirectPool:
    """Connections without a proxy: the one used last is taken first, and as many are opened as calls wait at once."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str, int], list[_HttpConnection]] = {}
        self._open: set[_HttpConnection] = set()
        self._ssl: ssl.SSLContext | None = None

    async def post(self, endpoint: Endpoint, body: bytes) -> HttpReply:
        """See HttpPool."""
        connection = self._take(endpoint) or await self._connect(endpoint)
        try:
            reply = await connection.exchange(b"%scontent-length: %d\r\n\r\n%s" % (endpoint.head, len(body), body))
        except BaseException:
            connection.abort()
            raise
        self._give_back(endpoint, connection)
        return reply

    def _take(self, endpoint: Endpoint) -> _HttpConnection | None:
        idle = self._idle.get(endpoint.origin)
        oldest = asyncio.get_running_loop().time() - _IDLE_SECONDS
        while idle:
            connection = idle.pop()
            if connection.is_usable and connection.idle_since > oldest:
                return connection
            connection.abort()
        return None

    def _give_back(self, endpoint: Endpoint, connection: _HttpConnection) -> None:
        idle = self._idle.setdefault(endpoint.origin, [])
        if not connection.is_usable or len(idle) >= _MOST_IDLE:
            connection.abort()
            return
        connection.idle_since = asyncio.get_running_loop().time()
        idle.append(connection)
        if idle[0].idle_since < connection.idle_since - _IDLE_SECONDS:
            idle.pop(0).abort()

    async def _connect(self, endpoint: Endpoint) -> _HttpConnection:
        secured = endpoint.scheme == "https"
        if secured and self._ssl is None:
            self._ssl = ssl.create_default_context()
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _HttpConnection(self._open.discard),
                endpoint.host,
                endpoint.port,
                ssl=self._ssl if secured else None,
            )
        except ssl.SSLCertVerificationError as error:
            message = f"The certificate of {endpoint.host} is not trusted: {error.verify_message.rstrip('.')}."
            raise HttpError(message, is_retryable=False) from None
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise HttpError(f"{endpoint.host}:{endpoint.port} cannot be reached: {reason}.") from None
        self._open.add(connection)
        return connection

    async def close(self) -> None:
        """See HttpPool."""
        for connection in list(self._open):
            connection.abort()
        self._idle.clear()
        # Sockets are closed by the next turn of the loop.
        await asyncio.sleep(0)


class _HttpConnection(asyncio.Protocol):
    """One connection with at most one exchange under way."""

    def __init__(self, on_lost: Callable[[_HttpConnection], None]) -> None:
        from httptools import HttpResponseParser

        self._on_lost = on_lost
        self._parser: Any = HttpResponseParser(self)
        self._reply: asyncio.Future[HttpReply] | None = None
        self._transport: asyncio.Transport | None = None
        self.idle_since = 0.0
        self.is_usable = True
        self._reset()

    def _reset(self) -> None:
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._received_bytes = 0
        self._has_head = False

    async def exchange(self, request: bytes) -> HttpReply:
        """Send a request and wait for its answer."""
        if self._transport is None:
            raise HttpError("The connection was lost.")
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._reply

    def abort(self) -> None:
        """Close the connection at once."""
        self.is_usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Transports of uvloop are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._reply is None or self._reply.done():
            # Nobody asked: whatever this is, it is not the answer to the next call.
            self.abort()
            return
        self._received_bytes += len(data)
        if self._received_bytes > MAXIMUM_REPLY_BYTES:
            self._fail(ReplyTooLarge())
            return
        try:
            self._parser.feed_data(data)
        except Exception as error:  # httptools has a dozen, and an upgrade is one of them
            self._fail(HttpError(f"The reply is not HTTP/1.1 ({type(error).__name__}).", is_retryable=False))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_usable = False
        self._transport = None
        self._on_lost(self)
        if self._reply is None or self._reply.done():
            return
        if self._has_head and error is None and self._ends_with_the_connection():
            self._finish()
        else:
            when = "in the middle of" if self._received_bytes else "before"
            self._fail(HttpError(f"The connection was closed {when} the reply."))

    def _ends_with_the_connection(self) -> bool:
        return "content-length" not in self._headers and "transfer-encoding" not in self._headers

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self._reply is None or self._reply.done():
            # More than was asked for came with the last answer; what follows it may be incomplete.
            self.is_usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser, for an interim answer (1xx) too."""
        if self._parser.get_status_code() < 200:
            self._reset()
            return
        self.is_usable = self.is_usable and self._parser.should_keep_alive()
        self._finish()

    def _finish(self) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(HttpReply(self._parser.get_status_code(), self._headers, b"".join(self._parts)))
        self._reset()

    def _fail(self, error: HttpError) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
        self.abort()
