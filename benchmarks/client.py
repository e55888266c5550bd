"""The cheapest HTTP client that will do: prebuilt request bytes over a kept-alive socket, answers read by length."""

from __future__ import annotations

import json
import socket
from typing import Any

Address = tuple[str, int]


def request(
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    key: str | None = None,
    content_type: str = "application/json",
) -> bytes:
    """Return the bytes of a request, ready to be sent."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if key is not None:
        head += f"Authorization: Bearer {key}\r\n"
    if body is not None:
        head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + (body or b"")


class Connection:
    """One kept-alive connection with at most one request under way."""

    def __init__(self, address: Address, timeout_seconds: float = 600.0) -> None:
        self.socket = socket.create_connection(address, timeout_seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def fileno(self) -> int:
        """Return the descriptor, so that a selector can watch the connection."""
        return self.socket.fileno()

    def send(self, data: bytes) -> None:
        """Send a request without waiting for the answer."""
        self._buffer.clear()
        self.socket.sendall(data)

    def receive_some(self) -> tuple[int, bytes] | None:
        """Read what is there; return status and body when the answer is complete.

        Raises ConnectionError when the server hangs up, ValueError for an answer without a length.
        """
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("The server closed the connection in the middle of an answer.")
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self._buffer[:end]).lower()
        status = int(head[9:12])
        length = 0
        if status != 204:
            place = head.find(b"content-length:")
            if place < 0:
                raise ValueError(f"The answer has no Content-Length: {head[:200]!r}")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return None
        return status, bytes(self._buffer[end + 4 :])

    def ask(self, data: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        self.send(data)
        while (answer := self.receive_some()) is None:
            pass
        return answer

    def json(self, method: str, path: str, value: Any = None, *, key: str) -> Any:
        """Ask and return the decoded answer; raises RuntimeError for any status beyond 2xx."""
        body = None if value is None else json.dumps(value).encode()
        status, answer = self.ask(request(method, path, body, key=key))
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path} answered {status}: {answer[:500]!r}")
        return json.loads(answer) if answer else None

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
