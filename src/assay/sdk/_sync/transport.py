# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/transport.py: change it there.
"""One connection pool, one way to ask: authentication, retries, errors."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from assay.model.errors import NotAuthenticated, Unavailable
from assay.sdk._sync.waiting import pause
from assay.sdk.addressing import decoded, encoded, is_loopback, query
from assay.sdk.errors import error_from_response, retry_after_seconds
from assay.sdk.retrying import RETRIED_STATUSES, is_repeatable, wait_seconds

Answer = TypeVar("Answer")
ResponseObserver = Callable[[str, str, int, bytes], None]

# Below uvicorn's 5 s, so that a kept connection is dropped by us before the server closes it under a request.
KEEP_ALIVE_SECONDS = 3.0
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: status and body."""

    status: int
    body: bytes


class Transport:
    """Sends requests to one server; `on_response(method, path, status, body)` sees every JSON answer as it came."""

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        timeout_seconds: float,
        maximum_retries: int,
        on_response: ResponseObserver | None,
    ) -> None:
        self.base_url = base_url
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._maximum_retries = maximum_retries
        self._on_response = on_response
        # Certificates are read for https alone: that costs 0.1 s, and redirects are never followed.
        verify = True if base_url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx2.Client(
            base_url=base_url,
            timeout=httpx2.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0)),
            limits=httpx2.Limits(
                max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE_SECONDS
            ),
            trust_env=not is_loopback(base_url),
            verify=verify,
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def ask(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        is_read: bool = False,
        is_patient: bool = False,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Send a request and read its answer as `answer`; errors as in `send`."""
        reply = self.send(
            method,
            path,
            parameters=parameters,
            body=body,
            content=content,
            is_read=is_read,
            is_patient=is_patient,
            idempotency_key=idempotency_key,
        )
        return decoded(reply.body, answer, self.base_url)

    def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        is_read: bool = False,
        is_public: bool = False,
        is_patient: bool = False,
        accepted: tuple[int, ...] = (),
        idempotency_key: str | None = None,
    ) -> Reply:
        """Send a request and return the answer when it is 2xx or one of `accepted`.

        `body` is encoded as JSON, `content` is JSON already; `is_read` marks a POST that only filters,
        `idempotency_key` one that the server does only once, `is_patient` one whose answer may take as long as models
        and code do. Requests that may be repeated are, on connection errors, 429 and 503. Raises the errors of
        `assay.model.errors`.
        """
        if body is not None:
            content = encoded(body)
        headers = self._headers(is_public) | ({"content-type": JSON} if content is not None else {})
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        is_repeated = is_repeatable(method, is_read or idempotency_key is not None)
        repeats = self._maximum_retries if is_repeated else 0
        timeout = self._patient() if is_patient else httpx2.USE_CLIENT_DEFAULT
        was_cut = False
        for attempt in range(repeats + 1):
            is_last = attempt == repeats
            try:
                response = self._http.request(
                    method, path, params=query(parameters or {}), content=content, headers=headers, timeout=timeout
                )
            except httpx2.HTTPError as error:
                if is_last or not isinstance(error, (httpx2.NetworkError, httpx2.RemoteProtocolError)):
                    raise self._unreachable(error) from error
                was_cut = True
                pause(wait_seconds(attempt, None))
                continue
            if response.status_code in RETRIED_STATUSES and not is_last:
                pause(wait_seconds(attempt, retry_after_seconds(response.headers)))
                continue
            if response.status_code == 404 and was_cut and method == "DELETE":
                # The first attempt reached the server although its answer was lost.
                return Reply(204, b"")
            return self._accept(method, path, response, response.content, accepted)
        raise AssertionError("the last attempt returns or raises")

    def upload(
        self, path: str, parts: Iterator[bytes], headers: Mapping[str, str], parameters: Mapping[str, Any]
    ) -> Reply:
        """Send a body in parts as they come; never repeated. The answer may take as long as the server works."""
        try:
            response = self._http.request(
                "POST",
                path,
                params=query(parameters),
                content=parts,
                headers=self._headers() | dict(headers),
                timeout=self._patient(),
            )
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        return self._accept("POST", path, response, response.content, ())

    def download(
        self,
        path: str,
        content: bytes | None,
        parameters: Mapping[str, Any],
        *,
        accept: str = JSON,
        silence_seconds: float | None = None,
    ) -> Generator[bytes]:
        """Yield the body of an answer as it arrives; POST when there is a JSON `content`, else GET.

        Raises Unavailable when nothing at all arrives for `silence_seconds`.
        """
        headers = self._headers() | {"accept": accept} | ({"content-type": JSON} if content is not None else {})
        method = "GET" if content is None else "POST"
        timeout = self._patient(silence_seconds)
        try:
            with self._http.stream(
                method, path, params=query(parameters), content=content, headers=headers, timeout=timeout
            ) as response:
                if response.status_code >= 300:
                    self._accept(method, path, response, response.read(), ())
                yield from response.iter_bytes()
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error

    def _accept(
        self, method: str, path: str, response: httpx2.Response, body: bytes, accepted: tuple[int, ...]
    ) -> Reply:
        status = response.status_code
        if self._on_response is not None:
            self._on_response(method, path, status, body)
        if not 200 <= status < 300 and status not in accepted:
            raise error_from_response(status, response.headers, body, self.base_url)
        return Reply(status, body)

    def _headers(self, is_public: bool = False) -> dict[str, str]:
        headers = {"accept": JSON}
        if self._api_key is not None:
            headers["authorization"] = f"Bearer {self._api_key}"
        elif not is_public:
            raise NotAuthenticated("No API key: pass api_key (on the command line --api-key) or set ASSAY_API_KEY.")
        return headers

    def _patient(self, silence_seconds: float | None = None) -> httpx2.Timeout:
        return httpx2.Timeout(self._timeout_seconds, read=silence_seconds)

    def _unreachable(self, error: httpx2.HTTPError) -> Unavailable:
        if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
            return Unavailable(f"cannot reach {self.base_url} — is the server running? start it with `assay serve`")
        if isinstance(error, httpx2.TimeoutException):
            return Unavailable(f"{self.base_url} did not answer within {self._timeout_seconds:g} s")
        reason = str(error) or type(error).__name__
        return Unavailable(f"the connection to {self.base_url} broke: {reason}")
