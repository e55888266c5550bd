"""What the answers of providers that are no replies mean: the kind of error, whether and when to ask again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from assay.providers.contract import ProviderError, ProviderErrorKind

_KINDS: dict[int, ProviderErrorKind] = {
    401: "not_authenticated",
    403: "not_authenticated",
    404: "not_found",
    408: "timeout",
    409: "server_error",
    429: "rate_limited",
}
_RETRYABLE = (408, 409, 429)
# A quota that is used up does not come back by waiting, though OpenAI answers 429.
_USED_UP = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_FILTERED = ("content_filter", "content_policy_violation")
_LONGEST_WAIT_SECONDS = 86_400.0


def error_of_status(
    status: int,
    body: bytes | str = b"",
    headers: Mapping[str, str] | None = None,
    *,
    key: str = "",
    now: datetime | None = None,
) -> ProviderError:
    """Make the error for an answer beyond 2xx, with the provider's own message where its body has one.

    Retryable are 408, 409, 429 and 5xx; not a 429 that says that a quota is used up.
    """
    message, code = _said(body)
    kind = _KINDS.get(status, "server_error" if status >= 500 else "bad_request")
    if code in _FILTERED:
        kind = "refused"
    is_retryable = (status in _RETRYABLE or status >= 500) and code not in _USED_UP
    return ProviderError(
        kind,
        f"The model's endpoint answered {status}: {message}" if message else f"The model's endpoint answered {status}.",
        status=status,
        retry_after_seconds=retry_after_seconds(headers or {}, now) if is_retryable else None,
        is_retryable=is_retryable,
        key=key,
    )


def _said(body: bytes | str) -> tuple[str, str | None]:
    """Return the message and the code in the shapes that are seen: OpenAI's, Anthropic's, FastAPI's, bare text."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        value = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    code = None
    for _ in range(3):
        if not isinstance(value, Mapping):
            break
        found = value.get("code") or value.get("type")
        code = found if isinstance(found, str) else code
        parameter = value.get("param")
        inner = next((value[name] for name in ("error", "message", "detail", "errors") if value.get(name)), None)
        if isinstance(inner, str) and isinstance(parameter, str) and parameter not in inner:
            inner = f"{inner} (parameter '{parameter}')"
        value = value if inner is None else inner
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return " ".join(text.split()), code


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return how long a provider asks to wait, at most a day, or None when it does not say.

    `retry-after-ms` before `retry-after` (seconds or an HTTP date, RFC 9110 10.2.3) before the resets of those limits
    of which nothing remains: OpenAI's `x-ratelimit-reset-requests: 6m0s`, Anthropic's
    `anthropic-ratelimit-requests-reset: 2026-01-01T00:00:00Z`, others' `x-ratelimit-reset` in seconds, or in seconds or
    milliseconds since 1970.
    """
    now = now or datetime.now(UTC)
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = _seconds_until(headers.get(name, ""), now)
        if seconds is not None:
            return _bounded(seconds)
    waits = [
        seconds
        for name, value in headers.items()
        if (kept := _remaining_name(name)) is not None
        and _number(headers.get(kept, "")) == 0
        and (seconds := _seconds_until(value, now)) is not None
    ]
    return _bounded(max(waits)) if waits else None


def _remaining_name(name: str) -> str | None:
    """Return the header that says what remains of the limit whose reset `name` tells; None: it tells none."""
    if name.startswith("x-ratelimit-reset-"):
        return name.replace("reset", "remaining", 1)
    if name.startswith("anthropic-ratelimit-") and name.endswith("-reset"):
        return name.removesuffix("reset") + "remaining"
    return None


_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def _seconds_until(text: str, now: datetime) -> float | None:
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number > 1e11:
            return number / 1000 - now.timestamp()
        return number - now.timestamp() if number > 1e9 else number
    found = _DURATION.fullmatch(text)
    if found is not None and text:
        units = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
        return sum(float(value) * unit for value, unit in zip(found.groups(), units, strict=True) if value)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)
