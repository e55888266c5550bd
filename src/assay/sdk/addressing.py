"""How requests are addressed: the base URL, path segments, query parameters and JSON bodies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from assay.model.errors import Invalid, Unavailable

Answer = TypeVar("Answer")

DEFAULT_BASE_URL = "http://127.0.0.1:8000"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def base_url_from(given: str | None) -> str:
    """Return the server's address without final slash and without `/api`: given, else ASSAY_BASE_URL, else loopback.

    Raises Invalid for anything that is not an http or https address.
    """
    text = (given or os.environ.get("ASSAY_BASE_URL") or DEFAULT_BASE_URL).strip().rstrip("/")
    text = text.removesuffix("/api")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid.field("base_url", f'"{text}" is not an address; write it like {DEFAULT_BASE_URL}.')
    return text


def api_key_from(given: str | None) -> str | None:
    """Return the API key: given, else ASSAY_API_KEY, else None. Raises Invalid when it cannot stand in a header."""
    key = (given or os.environ.get("ASSAY_API_KEY") or "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Invalid.field("api_key", "holds characters that no API key has; copy it again.")
    return key or None


def is_loopback(base_url: str) -> bool:
    """Tell whether the server is on this machine, where no proxy must stand between."""
    return urlsplit(base_url).hostname in LOOPBACK_HOSTS


def path_to(*segments: str | int) -> str:
    """Return `/api/<segment>/…/` with every segment escaped. Raises Invalid for an empty segment, `.` and `..`."""
    for segment in segments:
        if str(segment) in ("", ".", ".."):
            raise Invalid.field("id", f'"{segment}" is not an id.')
    return "/api/" + "/".join(quote(str(segment), safe="") for segment in segments) + "/"


def query(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters as text; None is left out, booleans are written true and false."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
        if value is not None
    }


def written_time(value: datetime | str | None, name: str) -> str | None:
    """Return a time as ISO 8601; text passes as it is. Raises Invalid for a datetime without zone."""
    if not isinstance(value, datetime):
        return value
    if value.utcoffset() is None:
        raise Invalid.field(name, f"{value} has no time zone: add one, such as tzinfo=datetime.UTC.")
    return value.isoformat()


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def encoded(body: Any) -> bytes:
    """Return a JSON body. Raises Invalid for a value JSON cannot hold."""
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, UnicodeError) as error:
        raise Invalid(f"The request cannot be written as JSON: {error}.") from error


def filter_body(filters: Mapping[str, Any] | None) -> bytes | None:
    """Return the body of a list that is asked for with filters, None without."""
    return None if filters is None else encoded({"filters": filters})


def decoded(body: bytes, answer: type[Answer], address: str) -> Answer:
    """Read an answer. Raises Unavailable when `address` answered something else, naming where it differs."""
    try:
        return msgspec.json.decode(body, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(
            f"{address} gave an answer this client cannot read ({error}): is it an Assay server of this version?"
        ) from error
