"""From an HTTP answer to the error of `assay.model.errors` it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from assay.model.errors import (
    AssayError,
    Conflict,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    Unavailable,
)


def error_from_response(status: int, headers: Mapping[str, str], body: bytes, address: str) -> AssayError:
    """Return the error for a refused request.

    `address` is the server's base URL, named where the fault may lie there. Every body of the contract is understood:
    a field map, `{"detail": …}`, `{"detail": …, "errors": {…}}` and `{"error": …}`; anything else is quoted.
    """
    content = _decoded(body)
    detail = _detail(content)
    if status in (400, 422):
        fields = _fields(content)
        return Invalid(fields=fields) if fields else Invalid(detail or "Invalid input.")
    if status == 413:
        return TooLarge(detail or "The request is larger than the server takes.")
    if status == 401:
        return NotAuthenticated(detail or "The server did not accept the API key.")
    if status == 403:
        return NotAllowed(detail) if detail else NotAllowed()
    if status == 404:
        if content is None:
            return NotFound(f"Not found. {address} did not answer in JSON: is it the address of an Assay server?")
        return NotFound(detail or "Not found.")
    if status == 409:
        return Conflict(detail or "The request contradicts the present state.")
    if status == 429 or status >= 500 or status == 408:
        words = detail or _quoted(body) or "no explanation was given"
        wait = retry_after_seconds(headers, content)
        return Unavailable(f"{address} answered {status}: {words}", 1.0 if wait is None else wait)
    if 300 <= status < 400:
        return Unavailable(
            f"{address} redirects to {headers.get('location', 'another address')}: set base_url to where the server is."
        )
    return Invalid(detail or f"{address} answered {status}: {_quoted(body) or 'no explanation was given'}")


def retry_after_seconds(headers: Mapping[str, str], content: Any = None) -> float | None:
    """Return the wait a server asks for in seconds, or None.

    Reads `Retry-After` as seconds or as a date (RFC 9110 section 10.2.3), else `retry_after` of the JSON body.
    """
    text = headers.get("retry-after")
    if text is not None:
        try:
            return max(0.0, float(text))
        except ValueError:
            pass
        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (TypeError, ValueError):
            pass
    value = content.get("retry_after") if isinstance(content, dict) else None
    return max(0.0, float(value)) if isinstance(value, (int, float)) else None


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _detail(content: Any) -> str:
    if isinstance(content, dict):
        words = [content[name] for name in ("error", "detail", "message") if isinstance(content.get(name), str)]
        return " ".join(dict.fromkeys(words))
    return content if isinstance(content, str) else ""


def _fields(content: Any) -> dict[str, Sequence[str]]:
    """Return the field map of a refused body; empty where the body is only words."""
    if not isinstance(content, dict):
        return {}
    errors = content.get("errors")
    if isinstance(errors, dict):
        return {name: _messages(value) for name, value in errors.items()}
    if isinstance(content.get("detail"), str) or isinstance(content.get("error"), str):
        return {}
    return {name: _messages(value) for name, value in content.items()}


def _messages(value: Any) -> list[str]:
    """Return the texts of one field; nested maps are written as `inner: text`."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [f"{name}: {text}" for name, inner in value.items() for text in _messages(inner)]
    if isinstance(value, (list, tuple)):
        return [text for inner in value for text in _messages(inner)]
    return [msgspec.json.encode(value).decode()]


def _quoted(body: bytes, limit: int = 200) -> str:
    text = " ".join(body[: limit * 4].decode("utf-8", "replace").split())
    return text if len(text) <= limit else text[:limit] + "…"
